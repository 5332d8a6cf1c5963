"""Clusters by any search for the points within eps: brute force, mostly.

Lists of neighbours are taken a piece at a time. Those of the first pieces are kept, as many as take
a few numbers a point; the others are found again when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.nearest_neighbors import Search

from ..kernels.components import number_components
from ..kernels.first_clusters import NO_CLUSTER
from ..kernels.found import claim_found, connect_found, weigh_found
from .clusters import NOISE, Clusters, index_type

PIECE_NEIGHBORS = 2**22
"""Neighbours that are listed at once, about."""

FIRST_ROWS = 512
"""Queries of the first piece, when nothing is known about how many neighbours they have."""

MOST_ROWS = 2**14
"""Queries of a piece, at most: enough for searches by blocks to be at their best."""

KEPT_NEIGHBORS = 16
"""Neighbours for each point, on average, that are kept."""


class Piece(NamedTuple):
    """The lists of neighbours of some points."""

    rows: np.ndarray
    """int64[n_queries]: which points."""
    starts: np.ndarray
    """int64[n_queries + 1]: where the list of each starts, and where the last one ends."""
    indices: np.ndarray
    """int32[n_found] or int64[n_found]"""


def look_around(search: Search, points: Any, rows: np.ndarray, eps: float) -> Iterator[Piece]:
    """The neighbours of some of the points, in pieces of about the same number of neighbours.

    Rows are taken from all over the data, so that a piece has about as many as those before it.
    """
    stride = -(-len(rows) // FIRST_ROWS)
    rows = np.concatenate([rows[begin::stride] for begin in range(stride)] or [rows])
    begin, n_rows, most = 0, FIRST_ROWS, 1.0
    index = index_type(points.shape[0])
    while begin < len(rows):
        some = rows[begin : begin + n_rows]
        found = search.within(points[some], np.full(len(some), float(eps)), False)
        yield Piece(some, found.starts, found.indices.astype(index))
        begin += len(some)
        most = max(most, len(found.indices) / len(some))
        n_rows = max(1, min(int(PIECE_NEIGHBORS / most), MOST_ROWS, 4 * n_rows))


def cluster_by_search(
    search: Search, points: Any, eps: float, min_samples: int, weights: np.ndarray | None
) -> Clusters:
    """The clusters of points whose neighbours a search finds.

    Parameters
    ----------
    search : Search
        Among the points.
    points : float[n_samples, n_features] or CSR
    eps : float
    min_samples : int
    weights : float64[n_samples] or None

    Notes
    -----
    Takes at most two searches for the neighbours of each point, and O(n) memory beyond theirs.
    """
    n = points.shape[0]
    totals = np.empty(n)
    kept, again, room = [], [], KEPT_NEIGHBORS * n
    for piece in look_around(search, points, np.arange(n), eps):
        if weights is None:
            totals[piece.rows] = np.diff(piece.starts)
        else:
            weighed = np.empty(len(piece.rows))
            weigh_found(piece.starts, piece.indices, weights, weighed)
            totals[piece.rows] = weighed
        room -= len(piece.indices)
        if room >= 0:
            kept.append(piece)
        else:
            again.append(piece.rows)
    is_core = totals >= min_samples
    rows_again = np.concatenate([np.empty(0, np.int64), *again])

    def pieces_of(rows: np.ndarray) -> Iterator[Piece]:
        yield from kept
        yield from look_around(search, points, rows, eps)

    core_indices = np.flatnonzero(is_core)
    ranks = np.where(is_core, np.cumsum(is_core) - 1, -1)
    parents = np.arange(len(core_indices), dtype=index_type(n))
    for piece in pieces_of(rows_again[is_core[rows_again]]):
        connect_found(piece.rows, piece.starts, piece.indices, ranks, parents)
    clusters = np.full(n, NO_CLUSTER)
    labels = np.empty(len(core_indices), np.int64)
    number_components(parents, labels)
    clusters[core_indices] = labels
    result = np.where(is_core, clusters, NOISE)
    for piece in pieces_of(rows_again[~is_core[rows_again]]):
        found = np.empty(len(piece.rows), np.int64)
        claim_found(piece.starts, piece.indices, clusters, found)
        is_border = ~is_core[piece.rows] & (found != NO_CLUSTER)
        result[piece.rows[is_border]] = found[is_border]
    return Clusters(result, core_indices, n * (n + len(rows_again)))


def clusters_by_search(search: Search, queries: Any, eps: float, labels: np.ndarray) -> np.ndarray:
    """The first cluster that reaches each query, by a search among the core points.

    Parameters
    ----------
    search : Search
    queries : float[n_queries, n_features] or CSR
    eps : float
    labels : int64[n_core]

    Returns
    -------
    int64[n_queries]
    """
    clusters = np.empty(queries.shape[0], np.int64)
    for piece in look_around(search, queries, np.arange(len(clusters)), eps):
        found = np.empty(len(piece.rows), np.int64)
        claim_found(piece.starts, piece.indices, labels, found)
        clusters[piece.rows] = found
    clusters[clusters == NO_CLUSTER] = NOISE
    return clusters
