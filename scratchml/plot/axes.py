"""Where pictures are drawn: the check for matplotlib, axes, grids of axes, texts, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

LETTER_WIDTH = 0.55
"""Width of a letter over the size of its font, about."""

_LEAST_FONT_SIZE = 7


def require_matplotlib(caller: str) -> None:
    """Raise ImportError, with what to do, if matplotlib is not installed.

    Parameters
    ----------
    caller : str
        Who needs it, as the user writes it.
    """
    try:
        import matplotlib as _  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} requires matplotlib. Install it with `pip install 'scratchml[plot]'`."
        ) from error


def axes_or_new(ax: Any, figsize: tuple[float, float] | None = None) -> Any:
    """The axes given, or those of a new pyplot figure whose layout makes room for legends.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Where to draw.
    figsize : (float, float), optional
        Width and height of a new figure in inches.
    """
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def literal(text: Any) -> str:
    """Text that matplotlib shows as it is: the dollar signs of a name enclose no formula.

    It is for texts made at once, while the setting ``text.parse_math`` is what it is now.
    """
    import matplotlib

    escaped = matplotlib.rcParams["text.parse_math"]
    return str(text).replace("$", r"\$") if escaped else str(text)


def percent(share: float) -> str:
    """A share of the whole as text; less than a hundredth with the first digit that counts."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share <= 0 else f"{100 * share:.1g} %"


def draw_titles(axes: Sequence[Any], texts: Sequence[str], **options: Any) -> None:
    """Titles in letters of one size, small enough for the width of the axes, if they can be read.

    Parameters
    ----------
    axes : sequence of matplotlib Axes
        Which get the titles.
    texts : sequence of str
        One for each, shown as it is.
    **options
        Passed to `matplotlib.axes.Axes.set_title`.
    """
    titles = [ax.set_title(literal(text), **options) for ax, text in zip(axes, texts, strict=True)]
    fitting = [
        ax.get_window_extent().width * 72 / ax.figure.dpi / (LETTER_WIDTH * max(len(text), 1))
        for ax, text in zip(axes, texts, strict=True)
    ]
    for title in titles:
        title.set_fontsize(min(title.get_fontsize(), max(min(fitting), _LEAST_FONT_SIZE)))


def grid_shape(n_cells: int, ratio: float) -> tuple[int, int]:
    """Rows and columns of a grid with room for `n_cells`.

    Parameters
    ----------
    n_cells : int
        How many cells are needed.
    ratio : float
        Wanted ratio of columns to rows; within a factor of two the fullest grid is taken.
    """
    wanted = np.sqrt(n_cells * ratio)
    least, most = np.ceil([wanted / np.sqrt(2), min(wanted * np.sqrt(2), n_cells)]).astype(int)
    n_columns = min(range(least, most + 1), key=lambda n: (-n_cells % n, abs(n - wanted)))
    return -(-n_cells // n_columns), n_columns


def divide_axes(ax: Any, n_cells: int, n_rows: int, n_columns: int) -> np.ndarray:
    """Replace axes by a grid of small ones in the same place.

    Parameters
    ----------
    ax : matplotlib Axes
        Turned off, and left as the frame of the grid.
    n_cells, n_rows, n_columns : int
        Number of small axes, and the shape of the grid they fill row by row.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), dtype object
        The small axes, and None where there are no more.

    Raises
    ------
    ValueError
        If `ax` is no subplot, or was divided before.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "ax has no place in a grid of subplots. Make it with plt.subplots or"
            " Figure.add_subplot."
        )
    if not ax.axison:
        raise ValueError("ax is turned off: it was divided by an earlier plot. Pass another one.")
    ax.set_axis_off()
    grid = place.subgridspec(n_rows, n_columns)
    axes = np.full((n_rows, n_columns), None, dtype=object)
    for i in range(n_cells):
        axes.flat[i] = ax.figure.add_subplot(grid[divmod(i, n_columns)])
    return axes


def legend_with_room(ax: Any, *entries: Any, **options: Any) -> Any:
    """A legend within the axes, if they are large enough for the picture to be seen beside it.

    Parameters
    ----------
    ax : matplotlib Axes
        Which get the legend.
    *entries, **options
        Passed to `matplotlib.axes.Axes.legend`.

    Returns
    -------
    matplotlib Legend or None
        None if it was wider than the axes, or higher than half of them.
    """
    legend = ax.legend(*entries, **options)
    box, frame = legend.get_window_extent(), ax.get_window_extent()
    if box.width <= frame.width and 2 * box.height <= frame.height:
        return legend
    legend.remove()
    return None


def dot_legend(ax: Any, entries: Sequence[tuple[str, Any, float]], title: str) -> Any:
    """A legend on the right of the axes, of dots in the colours of the samples.

    Parameters
    ----------
    ax : matplotlib Axes
        Which gets the legend.
    entries : sequence of (str, color, float)
        Text, colour and diameter in points of each dot.
    title : str
        Heading.

    Returns
    -------
    matplotlib Legend
    """
    from matplotlib.lines import Line2D

    legend = ax.legend(
        [
            Line2D([], [], ls="", marker="o", ms=size, mfc=color, mec="none")
            for _, color, size in entries
        ],
        [""] * len(entries),
        title=title,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        handletextpad=0.2,
    )
    # Set afterwards: as labels, texts that begin with an underscore would be left out.
    for line, (text, _, _) in zip(legend.get_texts(), entries, strict=True):
        line.set_text(literal(text))
    return legend
