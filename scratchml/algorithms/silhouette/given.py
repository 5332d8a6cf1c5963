"""Mean distances from distances that are given, or that some function computes."""

from __future__ import annotations

from collections.abc import Callable
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

    _map(step, len(own), len(codes), in_threads)
    return Means(within_of_sums(sums, sizes[own]), nearest)


def distances_to_points(
    X: Any, codes: np.ndarray, points: np.ndarray, metric: Any, params: dict[str, Any]
) -> Means:
    """Distances from each row to the point of its own cluster, and to the nearest other.

    Parameters
    ----------
    X, codes, metric, params
        As of `mean_distances_by`.
    points : intp[n_clusters]
        Which row stands for each cluster.
    """
    distances, in_threads = _distances(X[points], metric, params)
    own, nearest = np.empty(len(codes)), np.empty(len(codes))

    def step(_: int, piece: slice) -> None:
        stop_if_cancelled()
        rows = X[piece][:, points] if metric == "precomputed" else X[piece]
        found = np.array(distances(rows), np.float64)
        of_own = np.arange(len(found)), codes[piece]
        own[piece] = found[of_own]
        found[of_own] = np.inf
        nearest[piece] = found.min(axis=1)

    _map(step, len(codes), len(points), in_threads)
    return Means(own, nearest)


def _map(
    step: Callable[[int, slice], None], n_rows: int, n_distances: int, in_threads: bool
) -> None:
    """Call `step` for pieces of rows, so many that their distances take `PIECE_BYTES`."""
    size = max(PIECE_BYTES // (8 * n_distances), 1)
    pieces = [slice(a, min(a + size, n_rows)) for a in range(0, n_rows, size)]
    if in_threads:
        map_blocks(step, pieces)
    else:
        for index, piece in enumerate(pieces):
            step(index, piece)


def _distances(X: Any, metric: Any, params: dict[str, Any]) -> tuple[Distances, bool]:
    """What gives the distances, and whether it may be called from several threads at once."""
    if metric == "precomputed":
        return (lambda rows: rows.toarray()) if is_sparse(X) else (lambda rows: rows), True
    if metric == "braycurtis":
        # As SciPy and silhouettes of scikit-learn have it, unlike neighbours.
        from scipy.spatial import distance

        return (lambda rows: distance.cdist(rows, X, "braycurtis", **params)), True
    if metric == "sqeuclidean" and is_sparse(X):
        of_roots, in_threads = _distances(X, "euclidean", params)
        return (lambda rows: np.square(of_roots(rows))), in_threads
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
