"""Neighbours among rows of CSR matrices.

The sums run over the columns where either of two rows has an entry, in feature order: what is zero
in both adds nothing, so that they are those of the dense rows, bit for bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import offer, sort_heaps

from .direct import EUCLIDEAN

LEAST_NORMS = 1e-280
"""Squares of numbers much smaller than these lengths may lose digits."""


class CsrRows(NamedTuple):
    """Rows of a CSR matrix with sorted indices."""

    data: np.ndarray
    """float[nnz]."""
    indices: np.ndarray
    """int32[nnz] or int64[nnz]."""
    indptr: np.ndarray
    """Of the same dtype, [n_rows + 1]."""
    sq_norms: np.ndarray
    """Squared lengths, float64[n_rows]."""


@kernel(STRICT, allocates=False)
def reduced_csr_distance(queries, q, points, i, metric):
    """Sum of squared (`EUCLIDEAN`) or absolute differences of two rows, in float64.

    Plain form: as `reduced_distance` of the dense rows.
    """
    a, a_end = queries.indptr[q], queries.indptr[q + 1]
    b, b_end = points.indptr[i], points.indptr[i + 1]
    total = 0.0
    while a < a_end or b < b_end:
        takes_a = b >= b_end or (a < a_end and queries.indices[a] <= points.indices[b])
        takes_b = a >= a_end or (b < b_end and points.indices[b] <= queries.indices[a])
        u = 0.0
        if takes_a:
            u += np.float64(queries.data[a])
            a += 1
        if takes_b:
            u -= np.float64(points.data[b])
            b += 1
        total += u * u if metric == EUCLIDEAN else abs(u)
    return total


@kernel(STRICT, allocates=False)
def least_sq_distance(dot, q_sq_norm, x_sq_norm, slack):
    """A bound that the plain sum of squares of two rows is not below, from their dot product.

    With N = |x|^2 + |q|^2, n terms and eps = 2 u, squared lengths and twice the dot product err by
    n u N each, the plain sum by (n + 2) u |x - q|^2 <= 2 (n + 2) u N: together less than the
    ``slack`` of (2 n + 16) eps. Where squares may underflow there is no bound but 0.
    """
    norms = q_sq_norm + x_sq_norm
    return norms - 2 * dot - norms * slack if norms > LEAST_NORMS else 0.0


@kernel(STRICT, allocates=False)
def nearest_csr(queries, points, dots, metric, slack, out_distances, out_indices):
    """The nearest points of each query.

    Parameters
    ----------
    queries, points : CsrRows
    dots : float64[n_queries, n_points]
        Dot products, for `EUCLIDEAN`; else of any shape.
    metric : int
        `EUCLIDEAN` or `MANHATTAN`.
    slack : float
        As of `least_sq_distance`.
    out_distances : float64[n_queries, n_neighbors]
        Reduced distances, in ascending order.
    out_indices : int64[n_queries, n_neighbors]

    Notes
    -----
    The plain sums, which take O(entries of both rows), are computed where `least_sq_distance` is
    not above the farthest neighbour so far.
    """
    n_points = points.indptr.shape[0] - 1
    for q in range(out_distances.shape[0]):
        heap, indices = out_distances[q], out_indices[q]
        for i in range(n_points):
            if metric == EUCLIDEAN:
                least = least_sq_distance(
                    dots[q, i], queries.sq_norms[q], points.sq_norms[i], slack
                )
                if least > heap[0]:
                    continue
            distance = reduced_csr_distance(queries, q, points, i, metric)
            offer(distance, i, heap, indices)
    sort_heaps(out_distances, out_indices)


@kernel(STRICT, allocates=False)
def within_csr(
    queries, points, dots, metric, slack, reduced_radii, inout_ends, out_indices, out_distances
):
    """Count, and list unless there is no room, the points within the radii.

    Parameters
    ----------
    queries, points, dots, metric, slack
        As of `nearest_csr`.
    reduced_radii : float64[n_queries]
    inout_ends : int64[n_queries]
        Where the list of each query ends; raised by what is found.
    out_indices : int64[n_found] or int64[0]
        The lists. Empty: the points are counted only.
    out_distances : float64[n_found] or float64[0]
        Their reduced distances.
    """
    n_points = points.indptr.shape[0] - 1
    for q in range(inout_ends.shape[0]):
        end = inout_ends[q]
        for i in range(n_points):
            if metric == EUCLIDEAN:
                least = least_sq_distance(
                    dots[q, i], queries.sq_norms[q], points.sq_norms[i], slack
                )
                if least > reduced_radii[q]:
                    continue
            distance = reduced_csr_distance(queries, q, points, i, metric)
            if distance <= reduced_radii[q]:
                if out_indices.shape[0] > 0:
                    out_indices[end] = i
                    out_distances[end] = distance
                end += 1
        inout_ends[q] = end
