"""The silhouettes of one labeling, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .axes import literal
from .bands import Bands, names_with_room, stack_bands
from .palette import NOISE, cluster_colors, shade

_MOST_LARGE = 12  # so many clusters have names in larger letters
_LINE = 1.3  # height of a line of text, over the size of its font
_DARK = 0.55  # how much of a colour is left where scores are negative


class Labeling(NamedTuple):
    """Scores of samples under one labeling.

    Attributes
    ----------
    scores : ndarray of shape (n_scored,), float64
        The silhouette of each sample that was scored.
    names : ndarray of shape (n_clusters,)
        Labels of the clusters.
    codes : ndarray of shape (n_scored,)
        Index into `names` for each sample; -1 is noise.
    """

    scores: np.ndarray
    names: np.ndarray
    codes: np.ndarray


class Panel(NamedTuple):
    """What was drawn of one labeling.

    Attributes
    ----------
    bands, negative_bands : matplotlib PolyCollection
        The samples with scores of at least 0, and those below.
    mean_marks : matplotlib PathCollection
        The means of the clusters.
    mean_line : matplotlib Line2D
        The mean of all samples.
    """

    bands: Any
    negative_bands: Any
    mean_marks: Any
    mean_line: Any


def draw_panel(ax: Any, labeling: Labeling, alone: bool, band_kwargs: Mapping[str, Any]) -> Panel:
    """Draw the silhouettes of one labeling.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    labeling : Labeling
        What to draw.
    alone : bool
        Whether there are no others beside it: then the means of the clusters are written, too.
    band_kwargs : mapping
        More arguments of `matplotlib.collections.PolyCollection`.

    Returns
    -------
    Panel
    """
    scores, labels, codes = labeling
    colors, names = cluster_colors(len(labels)), [str(label) for label in labels]
    if (codes < 0).any():
        colors, names = np.vstack([colors, _noise_color()]), [*names, "noise"]
        codes = np.where(codes < 0, len(labels), codes)
    fontsize = 9 if alone and len(names) <= _MOST_LARGE else 7
    n_points = ax.get_window_extent().height * 72 / ax.figure.dpi
    n_lines = max(int(n_points / (_LINE * fontsize)), 1)
    bands = stack_bands(scores, codes, len(names), n_lines)

    ax.axvline(0, color="0.2", lw=0.8, zorder=2.5)
    good = _add_polygons(ax, bands.good, colors, band_kwargs)
    bad = _add_polygons(ax, bands.bad, shade(colors, _DARK), band_kwargs)
    drawn = np.isfinite(bands.means)
    marks = ax.scatter(
        bands.means[drawn],
        bands.middles[drawn],
        s=2.2 * fontsize,
        facecolors="white",
        edgecolors=shade(colors, 0.7)[drawn],
        linewidths=1.2,
        zorder=4,
        clip_on=False,
    )
    line = ax.axvline(scores.mean(), color="0.15", lw=1.2, ls=(0, (4, 2)), zorder=3)
    ax.set_ylim(bands.height, 0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    _write_names(ax, names, bands, fontsize, bands.height / n_lines, with_means=alone)
    return Panel(good, bad, marks, line)


def _add_polygons(
    ax: Any,
    polygons: Sequence[tuple[int, np.ndarray]],
    colors: np.ndarray,
    options: Mapping[str, Any],
) -> Any:
    from matplotlib.collections import PolyCollection

    tones = colors[[band for band, _ in polygons]]
    # The edge keeps in sight what is thinner than a pixel.
    style = {"facecolors": tones, "edgecolors": tones, "lw": 0.6, "zorder": 2, **options}
    return ax.add_collection(
        PolyCollection([polygon for _, polygon in polygons], **style), autolim=False
    )


def _write_names(
    ax: Any, names: Sequence[str], bands: Bands, fontsize: float, least: float, with_means: bool
) -> None:
    """The names of the clusters on the left of the axes, and their means on the right."""
    named = names_with_room(bands.middles, 2 * (bands.middles - bands.tops), least)
    ax.set_yticks(bands.middles[named], [literal(names[band]) for band in named])
    ax.tick_params(axis="y", length=0, labelsize=fontsize)
    if not with_means:
        return
    style = {"transform": ax.get_yaxis_transform(), "fontsize": fontsize, "color": "0.3"}
    ax.text(1.02, 0, "mean", va="bottom", **style)
    for band in named[np.isfinite(bands.means[named])]:
        ax.text(1.02, bands.middles[band], f"{bands.means[band]:.2f}", va="center", **style)


def _noise_color() -> np.ndarray:
    from matplotlib.colors import to_rgb

    return np.array(to_rgb(NOISE))
