"""What is drawn over a density, and beside it: ellipses, numbers of components, the scale."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_LARGE = 8
"""So many components have large numbers, wide lines, and a legend."""

_MOST_NUMBERS = 100
_NUMBER_SIZE = 17.0  # of a number in its circle, in points
_TICK_WIDTH = 38  # room for the number at a tick, in points
_LEAST_HEIGHT = 130  # of axes that have a scale, in points
_SCALE_GAP, _SCALE_HEIGHT = 8.0, 7.0  # of the scale, below what is written at the axis, in points


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


def spread_numbers(ax: Any, x: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Places for numbers below peaks, such that none hides another if there is room.

    Parameters
    ----------
    ax : matplotlib Axes
        Where they will be drawn, with its limits.
    x : ndarray of shape (n_components,)
        Where the peaks are.
    peaks : ndarray of shape (n_components,)
        How high they are.

    Returns
    -------
    ndarray of shape (n_components, 2)
        Half as high as the peak, or as near to that as there is room.
    """
    frame = ax.get_window_extent()
    size = np.array([frame.width, frame.height]) * 72 / ax.figure.dpi
    unit = size / [np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())]
    shares = np.array([0.5, 0.65, 0.35, 0.8, 0.2, 0.95, 0.05])
    places: list[np.ndarray] = []
    for place, peak in zip(x, peaks, strict=True):
        candidates = np.column_stack([np.full(len(shares), place), shares * peak])
        distances = np.full(len(shares), np.inf)
        for taken in places:
            distances = np.minimum(distances, np.hypot(*((candidates - taken) * unit).T))
        free = np.flatnonzero(distances >= _NUMBER_SIZE)
        places.append(candidates[free[0] if free.size else distances.argmax()])
    return np.array(places)


def has_room_for_scale(ax: Any) -> bool:
    """Whether axes are high enough for the picture to be seen above a scale."""
    return bool(ax.get_window_extent().height * 72 / ax.figure.dpi >= _LEAST_HEIGHT)


def draw_scale(ax: Any, contours: Any) -> Any:
    """Draw below the axes, as wide as these, which shade stands for which log-density.

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
    from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

    ax.apply_aspect()
    frame, points = ax.get_window_extent(), 72 / ax.figure.dpi
    written = ax.xaxis.get_tightbbox()
    depth = (frame.y0 - written.y0) * points + _SCALE_GAP + _SCALE_HEIGHT
    # Along the axes, and so many points below them, whatever the layout makes of their size.
    below = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans
    below += ScaledTranslation(0, 0, ax.transAxes)
    place = ax.inset_axes(
        (0, -depth, 1, _SCALE_HEIGHT), transform=blended_transform_factory(ax.transAxes, below)
    )
    scale = ax.figure.colorbar(contours, cax=place, orientation="horizontal")
    # Both ends, and as many steps between them as there is room for.
    n_shades = len(contours.levels) - 1
    stride = -(-n_shades // max(int(frame.width * points / _TICK_WIDTH) - 1, 1))
    chosen = [i for i in range(0, n_shades, stride) if i == 0 or i + stride <= n_shades]
    steps = contours.levels[[*chosen, n_shades]]
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
