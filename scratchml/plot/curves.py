"""One criterion over the number of clusters, as several pictures draw it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import LETTER_WIDTH, draw_titles, literal
from .palette import OKABE_ITO

_FONT_SIZE = 8  # of reasons, in points
_LINE = 1.4  # height of a line, over it
_MARGIN = 0.05  # beside the curve, over the length of the axis
_TICK_WIDTH = 20  # room for the number at a tick, in points


def check_curve(ks: Any, values: Any, name: str, k: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of clusters, and the values of a criterion at each, as arrays.

    Raises
    ------
    ValueError
        If they are not one-dimensional and of equal length, not ascending, or `k` is none of them.
    """
    ks, values = np.asarray(ks), np.asarray(values, dtype=np.float64)
    if ks.ndim != 1 or ks.shape != values.shape:
        raise ValueError(
            f"ks and {name} should be one-dimensional and of equal length, got shapes {ks.shape}"
            f" and {values.shape}."
        )
    if len(ks) == 0 or (np.diff(ks) <= 0).any():
        raise ValueError("ks should be ascending, and at least one.")
    if k is not None and k not in ks:
        raise ValueError(f"k={k} is none of ks.")
    return ks, values


def choice_of(choice: Any, criterion: str, owner: str) -> Any:
    """What a criterion chose.

    Parameters
    ----------
    choice : KChoice
        What `scratchml.model_selection.choose_k` returned.
    criterion : str
        Its name.
    owner : str
        Who draws it.

    Raises
    ------
    ValueError
        If it was not computed.
    """
    if criterion not in choice.scores:
        raise ValueError(
            f"{owner} draws {criterion!r}, but the criteria computed are"
            f" {', '.join(map(repr, choice.scores))}."
        )
    return choice.choices[criterion]


def draw_curve(
    ax: Any,
    ks: np.ndarray,
    values: np.ndarray,
    k: int | None,
    *,
    errors: np.ndarray | None = None,
    line_kwargs: Mapping[str, Any] | None = None,
) -> tuple[Any, Any]:
    """Draw a criterion over the number of clusters, and mark the number that it chose.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    ks, values : ndarray of shape (n_ks,)
        What to draw; values that are not finite are left out.
    k : int or None
        The number that was chosen, if one was.
    errors : ndarray of shape (n_ks,), optional
        Standard errors, as bars.
    line_kwargs : mapping, optional
        More arguments of `matplotlib.axes.Axes.plot`.

    Returns
    -------
    matplotlib Line2D
        The curve.
    matplotlib Line2D or None
        The mark.
    """
    from matplotlib.ticker import MaxNLocator

    known = np.isfinite(values)
    style = {"color": OKABE_ITO[0], "lw": 2, "marker": "o", "ms": 4, "zorder": 3}
    (line,) = ax.plot(ks[known], values[known], **{**style, **(line_kwargs or {})})
    if errors is not None:
        bars = {"fmt": "none", "ecolor": line.get_color(), "elinewidth": 1.2, "capsize": 3}
        ax.errorbar(ks[known], values[known], np.nan_to_num(errors[known]), **bars, zorder=3)
    mark = None
    if k is not None:
        ax.axvline(k, color=OKABE_ITO[1], lw=1, ls=":", zorder=1)
        (mark,) = ax.plot([k], values[ks == k], color=OKABE_ITO[1], marker="o", ms=9, zorder=4)
    ax.set_xlabel("number of clusters")
    most = int(np.clip(_width(ax) / _TICK_WIDTH, 1, 10))
    ax.xaxis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))
    # Those without a value have their place, too.
    margin = _MARGIN * np.ptp(ks) or 0.5
    ax.set_xlim(ks.min() - margin, ks.max() + margin)
    ax.spines[["top", "right"]].set_visible(False)
    return line, mark


def draw_rule(ax: Any, ks: np.ndarray, gap: np.ndarray, k: int | None) -> Any:
    """Draw the rule of the gap: from the one that was chosen to the bar of the next.

    Returns
    -------
    matplotlib Line2D or None
        None if none was chosen, or there is no next one.
    """
    if k is None:
        return None
    later = np.flatnonzero(np.isfinite(gap) & (ks > k))
    if len(later) == 0:
        return None
    value = float(gap[ks == k][0])
    return ax.plot([k, ks[later[0]]], [value, value], color=OKABE_ITO[1], lw=1.2, zorder=2)[0]


def use_logarithmic_axes(ax: Any, ks: np.ndarray, values: np.ndarray) -> None:
    """Make both axes logarithmic, with numbers of clusters at the ticks, as far as there is room.

    What is not positive is left out.
    """
    from matplotlib.ticker import NullLocator

    places = _width(ax) * np.log(ks / ks[0]) / max(np.log(ks[-1] / ks[0]), 1e-9)
    shown = [len(ks) - 1]
    for i in reversed(range(len(ks) - 1)):
        if places[shown[-1]] - places[i] >= _TICK_WIDTH:
            shown.append(i)
    ax.set_xscale("log")
    if (values > 0).any():
        ax.set_yscale("log", nonpositive="mask")
    ax.set_xticks(ks[shown[::-1]], [str(ks[i]) for i in shown[::-1]])
    ax.xaxis.set_minor_locator(NullLocator())
    margin = (ks[-1] / ks[0]) ** _MARGIN if len(ks) > 1 else 2
    ax.set_xlim(ks[0] / margin, ks[-1] * margin)


def draw_reason(ax: Any, k: int | None, reason: str) -> None:
    """Write above the axes which k was chosen, and why."""
    draw_title_and_reason(ax, "no k chosen" if k is None else f"k = {k}", reason)


def draw_title_and_reason(ax: Any, title: str, reason: str) -> None:
    """Write above the axes what was chosen, and why, unless that takes half of their height."""
    lines = textwrap.wrap(reason, max(int(_width(ax) / (LETTER_WIDTH * _FONT_SIZE)), 20))
    height = _LINE * _FONT_SIZE * len(lines)
    if 2 * height > ax.get_window_extent().height * 72 / ax.figure.dpi:
        lines, height = [], 0
    pad = 6 + height
    draw_titles([ax], [title], pad=pad)
    ax.annotate(
        literal("\n".join(lines)),
        (0.5, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=_FONT_SIZE,
        color="0.3",
    )


def _width(ax: Any) -> float:
    """Of the axes, in points."""
    return ax.get_window_extent().width * 72 / ax.figure.dpi
