"""Mean distances from distances that are given, or that some function computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scratchml.algorithms.nearest_neighbors import PairwiseSearch, brute_force
from scratchml.core.blocks import map_blocks, stop_if_cancelled
from scratchml.core.containers import is_sparse
from scratchml.core.jit import kernel_view

from .kernels.sums import sum_by_cluster
from .means import Means, split_sums, within_of_sums

PIECE_BYTES = 2**22
"""Distances that are held at once, in each thread."""

Distances = Callable[[Any], np.ndarray]
"""Takes rows of the data, returns their distances to all points, float[n_rows, n_samples]."""


def mean_distances_by(
    X: Any, codes: np.ndarray, n_clusters: int, metric: Any, params: dict[str, Any], rows: Any
) -> Means:
    """Mean distances of the rows asked for, by any metric.

    Parameters
    ----------
    X : float[n_samples, n_features] or CSR; or float[n_samples, n_samples], distances
    codes : int32[n_samples]
    n_clusters : int
    metric : str or callable
    params : dict
        Its parameters.
    rows : slice or intp[n_rows]

    Notes
    -----
    The time of n_rows n_samples distances, memory for some megabytes of them in each thread.
    """
    distances, in_threads = _distances(X, metric, params)
    points, own, itself = X[rows], codes[rows], np.arange(len(codes))[rows]
    sizes = np.bincount(codes, minlength=n_clusters)
    sums, nearest = np.empty(len(own)), np.empty(len(own))

    def step(_: int, piece: slice) -> None:
        stop_if_cancelled()
        given = np.ascontiguousarray(distances(points[piece]))
        to_clusters = np.zeros((n_clusters, len(given)))
        sum_by_cluster(kernel_view(given), codes, to_clusters)
        sums[piece], nearest[piece] = split_sums(to_clusters.T, own[piece], sizes)
        # By some metrics, a row is not at distance 0 from itself.
        sums[piece] -= given[np.arange(len(given)), itself[piece]]

    n_rows = max(PIECE_BYTES // (8 * len(codes)), 1)
    pieces = [slice(a, min(a + n_rows, len(own))) for a in range(0, len(own), n_rows)]
    if in_threads:
        map_blocks(step, pieces)
    else:
        for index, piece in enumerate(pieces):
            step(index, piece)
    return Means(within_of_sums(sums, sizes[own]), nearest)


def distances_between(
    X: Any, points: np.ndarray, metric: Any, params: dict[str, Any]
) -> Iterator[tuple[slice, np.ndarray]]:
    """Distances of all rows to a few points, piece by piece.

    Parameters
    ----------
    X, metric, params
        As of `mean_distances_by`.
    points : intp[n_points]
        Which rows the points are.

    Yields
    ------
    piece : slice
        Of the rows.
    distances : float64[n_rows, n_points]
    """
    of_points = None if metric == "precomputed" else _distances(X[points], metric, params)[0]
    n_rows = max(PIECE_BYTES // (8 * len(points)), 1)
    for start in range(0, X.shape[0], n_rows):
        piece = slice(start, min(start + n_rows, X.shape[0]))
        rows = X[piece]
        if of_points is not None:
            yield piece, np.array(of_points(rows), np.float64)
        else:
            given = rows[:, points]
            yield piece, (given.toarray() if is_sparse(given) else given).astype(np.float64)


def _distances(X: Any, metric: Any, params: dict[str, Any]) -> tuple[Distances, bool]:
    """What gives the distances, and whether it may be called from several threads at once."""
    if metric == "precomputed":
        return (lambda rows: rows.toarray()) if is_sparse(X) else (lambda rows: rows), True
    if metric == "braycurtis":
        # As SciPy and silhouettes of scikit-learn have it, unlike neighbours.
        from scipy.spatial import distance

        return (lambda rows: distance.cdist(rows, X, "braycurtis", **params)), True
    search = brute_force(X, metric, params)
    if isinstance(search, PairwiseSearch):
        return search.distances, search.in_threads

    def by_search(rows: Any) -> np.ndarray:
        found = search.within(rows, np.full(rows.shape[0], np.inf), return_distance=True)
        distances = np.empty((rows.shape[0], X.shape[0]))
        of_row = np.repeat(np.arange(rows.shape[0]), np.diff(found.starts))
        distances[of_row, found.indices] = found.distances
        return distances

    return by_search, False
