"""Distances that are all there: the nearest of them, or all in order."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import NO_POINT, make_heap, offer, sort_heap


@kernel(STRICT, allocates=False)
def select_neighbors(distances, out_distances, out_indices):
    """The nearest points of each query, out of the distances to all; NaN counts as infinity.

    Parameters
    ----------
    distances : float64[n_queries, n_points]
    out_distances : float64[n_queries, n_neighbors]
        In ascending order.
    out_indices : int64[n_queries, n_neighbors]
    """
    for q in range(distances.shape[0]):
        heap, indices = out_distances[q], out_indices[q]
        heap[:] = np.inf
        indices[:] = NO_POINT
        for i in range(distances.shape[1]):
            distance = distances[q, i]
            # Written so that NaN, which is neither, is offered as infinity.
            if not distance > heap[0]:
                offer(distance if distance == distance else np.inf, i, heap, indices)
        sort_heap(heap, indices)


@kernel(STRICT, allocates=False)
def sort_lists(starts, inout_distances, inout_indices):
    """Sort the list of each query by (distance, index).

    Parameters
    ----------
    starts : int64[n_queries + 1]
        Where the lists begin, and where the last one ends.
    inout_distances : float64[n_found]
    inout_indices : int64[n_found]
    """
    for q in range(starts.shape[0] - 1):
        distances = inout_distances[starts[q] : starts[q + 1]]
        indices = inout_indices[starts[q] : starts[q + 1]]
        make_heap(distances, indices)
        sort_heap(distances, indices)


@kernel(STRICT, allocates=False)
def put_in_lists(queries, indices, inout_places, out_indices):
    """Put the points of each query one after the other, in the order in which they come.

    Parameters
    ----------
    queries : int64[n_found]
        Who has found each point.
    indices : int64[n_found]
        The points.
    inout_places : int64[n_queries + 1]
        Where the list of each query begins; afterwards where it ends.
    out_indices : int64[n_found]
    """
    for t in range(queries.shape[0]):
        q = queries[t]
        out_indices[inout_places[q]] = indices[t]
        inout_places[q] += 1
