"""What is drawn over a density, and beside it: ellipses, numbers of components, the scale."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_LARGE = 8
"""So many components have large numbers, wide lines, and a legend."""

_MOST_NUMBERS = 100
_TICK_WIDTH = 38  # room for the number at a tick, in points
_LEAST_HEIGHT = 130  # of axes that have a scale, in points
_SHRINK = 0.8  # length of the scale, over that of the axes


def draw_ellipses(ax: Any, curves: np.ndarray, colors: np.ndarray) -> Any:
    """Draw closed curves, seen on light and on dark.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    curves : ndarray of shape (n_components, n_vertices, 2)
        The curves.
    colors : ndarray of shape (n_components, 3)
        The colour of each.

    Returns
    -------
    matplotlib LineCollection
    """
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import withStroke

    width = 1.6 if len(colors) <= MOST_LARGE else 1.0
    collection = LineCollection(
        list(curves),
        colors=list(colors),
        linewidths=width,
        path_effects=[withStroke(linewidth=width + 1.4, foreground="white")],
        zorder=4,
    )
    return ax.add_collection(collection, autolim=False)


def draw_numbers(ax: Any, places: np.ndarray, colors: np.ndarray) -> list[Any]:
    """Number the components, unless they are very many.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    places : ndarray of shape (n_components, 2)
        Where the numbers stand.
    colors : ndarray of shape (n_components, 3)
        The colour of each.

    Returns
    -------
    list of matplotlib Text
    """
    if len(colors) > _MOST_NUMBERS:
        return []
    fontsize, width = (9, 1.8) if len(colors) <= MOST_LARGE else (6, 1.0)
    texts = []
    for component, (place, color) in enumerate(zip(places, colors, strict=True)):
        text = ax.text(
            *place,
            str(component),
            ha="center",
            va="center",
            weight="bold",
            fontsize=fontsize,
            zorder=6,
            clip_on=True,
            bbox={"boxstyle": "circle,pad=0.2", "fc": "white", "ec": color, "lw": width},
        )
        texts.append(text)
    return texts


def has_room_for_scale(ax: Any) -> bool:
    """Whether axes are high enough for the picture to be seen above a scale."""
    return bool(ax.get_window_extent().height * 72 / ax.figure.dpi >= _LEAST_HEIGHT)


def draw_scale(ax: Any, contours: Any) -> Any:
    """Draw below the axes which shade stands for which log-density.

    Parameters
    ----------
    ax : matplotlib Axes
        Which get the scale.
    contours : matplotlib QuadContourSet
        The shades.

    Returns
    -------
    matplotlib Colorbar
    """
    scale = ax.figure.colorbar(
        contours, ax=ax, location="bottom", aspect=40, shrink=_SHRINK, pad=0.02
    )
    # The end of the last shade says nothing.
    steps = contours.levels[:-1]
    length = _SHRINK * ax.get_window_extent().width * 72 / ax.figure.dpi
    steps = steps[:: -(-len(steps) // max(int(length / _TICK_WIDTH), 1))]
    scale.set_ticks(steps, labels=_rounded(steps))
    scale.set_label("log-density")
    scale.outline.set_visible(False)
    return scale


def settle_layout(figure: Any) -> None:
    """Lay out a figure once before it is drawn.

    A constrained layout measures what is beside axes of one scale before it has changed their size:
    the first one leaves too little room.
    """
    root = figure.canvas.figure
    engine = root.get_layout_engine()
    if engine is not None:
        engine.execute(root)


def _rounded(values: np.ndarray) -> list[str]:
    """Numbers with as many digits as it takes to tell most of them apart."""
    step = float(np.median(np.diff(values))) if len(values) > 1 else 1.0
    n_digits = int(np.clip(1 - np.floor(np.log10(step)), 0, 6))
    return [f"{value:.{n_digits}f}" for value in values]
