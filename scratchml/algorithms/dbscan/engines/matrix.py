"""Clusters by precomputed distances, dense or sparse, in the order of the textbook.

A matrix need not be symmetric: who reaches whom depends on the direction then, and which cluster
comes first on the order. Clusters are expanded one after the other, each from its first core point.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.blocks import PIECE_OPERATIONS, map_blocks, row_blocks, row_pieces
from scratchml.core.containers import is_sparse
from scratchml.core.jit import kernel_view

from ..kernels.expand import expand_dense, expand_sparse, make_expansion
from .clusters import Clusters


def cluster_by_matrix(
    distances: Any, eps: float, min_samples: int, weights: np.ndarray | None
) -> Clusters:
    """The clusters of points whose distances are known.

    Parameters
    ----------
    distances : float[n_samples, n_samples] or CSR of that shape
        From the point of each row to all points. What a sparse matrix does not hold is no
        neighbour, but for each point itself.
    eps : float
        A number that the dtype of the distances has.
    min_samples : int
    weights : float64[n_samples] or None

    Notes
    -----
    Takes O(n^2) time, or that of the entries, and O(n) memory.
    """
    count, expand = (by_entries if is_sparse(distances) else by_rows)(distances, eps, weights)
    is_core = count >= min_samples
    expansion = make_expansion(len(is_core))
    while not expand(is_core, PIECE_OPERATIONS, expansion):
        pass
    return Clusters(expansion.labels, np.flatnonzero(is_core), 0)


def by_rows(distances: np.ndarray, eps: float, weights: np.ndarray | None) -> tuple[Any, Any]:
    """Number or weight of the neighbours of each point, and the function that expands clusters."""
    n = len(distances)
    limit = distances.dtype.type(eps)
    totals = np.empty(n)

    def count(_: int, block: slice) -> None:
        for piece in row_pieces(block, n, n):
            near = distances[piece] <= limit
            totals[piece] = (
                np.count_nonzero(near, axis=1)
                if weights is None
                else np.where(near, weights, 0.0).sum(axis=1)
            )

    map_blocks(count, row_blocks(n, n))
    view = kernel_view(distances)
    return totals, lambda *rest: expand_dense(view, limit, *rest)


def by_entries(distances: Any, eps: float, weights: np.ndarray | None) -> tuple[Any, Any]:
    """As `by_rows`, of a sparse matrix."""
    n = distances.shape[0]
    of_entry = np.repeat(np.arange(n), np.diff(distances.indptr))
    near = distances.data <= eps
    weights_near = near if weights is None else near * weights[distances.indices]
    totals = np.bincount(of_entry, weights_near, minlength=n).astype(np.float64)
    has_itself = np.bincount(of_entry[of_entry == distances.indices], minlength=n) > 0
    totals += np.where(has_itself, 0.0, 1.0 if weights is None else weights)
    arrays = (kernel_view(part) for part in (distances.data, distances.indices, distances.indptr))
    values, indices, starts = arrays
    return totals, lambda *rest: expand_sparse(
        values, indices, starts, distances.dtype.type(eps), *rest
    )
