"""The k nearest points found so far, for each query, as a heap with the farthest one on top.

Neighbours are pairs (distance, index), in lexicographic order: of equal distances the lower index
is nearer. A heap begins with pairs (infinity, NOBODY), which every point precedes.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

NOBODY = np.iinfo(np.int64).max
"""Index of a place that no point has taken yet."""


@kernel(STRICT)
def is_nearer(distance, index, other_distance, other_index):
    """Whether one neighbour comes before another."""
    return distance < other_distance or (distance == other_distance and index < other_index)


@kernel(STRICT)
def offer_neighbor(distance, index, inout_distances, inout_indices):
    """Put a point into the heap of a query if it is nearer than the farthest one there.

    Parameters
    ----------
    distance : float
        Not NaN.
    index : int
    inout_distances : float64[n_neighbors]
    inout_indices : int64[n_neighbors]

    Notes
    -----
    O(log n_neighbors).
    """
    if is_nearer(distance, index, inout_distances[0], inout_indices[0]):
        sift_down(distance, index, inout_distances.shape[0], inout_distances, inout_indices)


@kernel(STRICT)
def sift_down(distance, index, size, inout_distances, inout_indices):
    """Replace the top of a heap of some size, and restore its order."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        right = child + 1
        if right < size and is_nearer(
            inout_distances[child],
            inout_indices[child],
            inout_distances[right],
            inout_indices[right],
        ):
            child = right
        if is_nearer(inout_distances[child], inout_indices[child], distance, index):
            break
        inout_distances[place] = inout_distances[child]
        inout_indices[place] = inout_indices[child]
        place = child
    inout_distances[place] = distance
    inout_indices[place] = index


@kernel(STRICT)
def sort_neighbors(inout_distances, inout_indices):
    """Turn the heap of each query into a list, the nearest first.

    Parameters
    ----------
    inout_distances : float64[n_queries, n_neighbors]
    inout_indices : int64[n_queries, n_neighbors]

    Notes
    -----
    O(n_neighbors log n_neighbors) for each query, in place.
    """
    for q in range(inout_distances.shape[0]):
        distances, indices = inout_distances[q], inout_indices[q]
        for end in range(distances.shape[0] - 1, 0, -1):
            distance, index = distances[end], indices[end]
            distances[end], indices[end] = distances[0], indices[0]
            sift_down(distance, index, end, distances, indices)


@kernel(STRICT)
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
        out_distances[q, :] = np.inf
        out_indices[q, :] = NOBODY
        heap, indices = out_distances[q], out_indices[q]
        for i in range(distances.shape[1]):
            distance = distances[q, i]
            # Written so that NaN, which is neither, is offered as infinity.
            if not distance > heap[0]:
                offer_neighbor(distance if distance == distance else np.inf, i, heap, indices)
    sort_neighbors(out_distances, out_indices)
