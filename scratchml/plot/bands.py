"""The shapes of a silhouette picture: where the bands of clusters are, and their outlines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Steps of all outlines together: more than pixels along the axis. Of each band a few in any case.
_MOST_STEPS = 4_000
_LEAST_STEPS = 20


class Bands(NamedTuple):
    """Scores as bands, one below the other: from the top down, the best sample of each first.

    Attributes
    ----------
    tops : ndarray of shape (n_bands,)
        Where each begins; heights are counted in samples.
    middles : ndarray of shape (n_bands,)
        The middle of each.
    height : float
        Of all bands and the room around them.
    means : ndarray of shape (n_bands,)
        Mean score of each; NaN where there is no sample.
    good, bad : list of (int, ndarray of shape (n_vertices, 2))
        Polygons of the samples with scores of at least 0, and of those below, each with the number
        of its band.
    """

    tops: np.ndarray
    middles: np.ndarray
    height: float
    means: np.ndarray
    good: list[tuple[int, np.ndarray]]
    bad: list[tuple[int, np.ndarray]]


def stack_bands(scores: np.ndarray, codes: np.ndarray, n_bands: int, n_lines: int) -> Bands:
    """Where to draw the scores of samples.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        The scores.
    codes : ndarray of shape (n_samples,)
        Band of each, from 0 to n_bands - 1.
    n_bands : int
        Number of bands, those without samples among them.
    n_lines : int
        Lines of text that have room in the height of the picture: so far are bands apart, that each
        can be named, as long as that leaves half of the height for the samples.

    Notes
    -----
    O(n_samples log n_samples) time. An outline has a bounded number of vertices.
    """
    n_samples = len(scores)
    sizes = np.bincount(codes, minlength=n_bands)
    pitch = n_samples / max(n_lines - n_bands, n_bands, 1)
    slots = np.maximum(sizes + pitch / 4, pitch)
    tops = pitch / 4 + np.cumsum(slots) - slots + (slots - sizes) / 2

    order = np.lexsort((-scores, codes))
    ends = np.cumsum(sizes)
    sums = np.bincount(codes, weights=scores, minlength=n_bands)
    with np.errstate(invalid="ignore"):
        means = sums / sizes
    bands = Bands(tops, tops + sizes / 2, float(slots.sum() + pitch / 2), means, [], [])
    for band in np.flatnonzero(sizes):
        own = scores[order[ends[band] - sizes[band] : ends[band]]]
        n_good = int(np.count_nonzero(own >= 0))
        n_steps = max(_MOST_STEPS * sizes[band] // n_samples, _LEAST_STEPS)
        for parts, part, top in (
            (bands.good, own[:n_good], tops[band]),
            (bands.bad, own[n_good:], tops[band] + n_good),
        ):
            if len(part):
                parts.append((int(band), outline(part, top, n_steps)))
    return bands


def outline(scores: np.ndarray, top: float, n_steps: int) -> np.ndarray:
    """Polygon between a line at score 0 and the steps of sorted scores, each of height 1.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        In the order in which they are drawn.
    top : float
        Where the first begins.
    n_steps : int
        At most so many steps: then they are higher, and each has the score it begins with.

    Returns
    -------
    ndarray of shape (n_vertices, 2), float64
        Score and height.
    """
    n = len(scores)
    starts = np.linspace(0, n, min(n, n_steps), endpoint=False).astype(np.int64)
    edges = top + np.append(starts, n)
    x = np.concatenate([[0], np.repeat(scores[starts], 2), [0]])
    return np.column_stack([x, np.repeat(edges, 2)])


def names_with_room(middles: np.ndarray, sizes: np.ndarray, least: float) -> np.ndarray:
    """Which bands can be named such that no name covers another; large bands come first.

    Parameters
    ----------
    middles : ndarray of shape (n_bands,)
        Where the names would stand.
    sizes : ndarray of shape (n_bands,)
        How large the bands are.
    least : float
        The least distance between two names.

    Returns
    -------
    ndarray of shape (n_named,), intp
        Their numbers, ascending.
    """
    taken = np.empty(0)
    named = []
    for band in np.argsort(-sizes, kind="stable"):
        if np.all(np.abs(taken - middles[band]) >= least):
            taken = np.append(taken, middles[band])
            named.append(band)
    return np.sort(np.array(named, dtype=np.intp))
