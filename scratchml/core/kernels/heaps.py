"""Heaps of the nearest points found so far, ordered by (distance, index).

The root of a heap is the farthest of them, the one to beat; the heap is sorted in the end. It
begins with entries (infinity, NO_POINT), which every point comes before.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

NO_POINT = np.iinfo(np.int64).max
"""Index where there is no point: after that of any point."""


@kernel(STRICT, allocates=False)
def is_before(distance, index, other_distance, other_index):
    """Whether one entry comes before another."""
    return distance < other_distance or (distance == other_distance and index < other_index)


@kernel(STRICT, allocates=False)
def sink(place, size, distance, index, inout_distances, inout_indices):
    """Put an entry at a place of a heap and let it sink to where it belongs.

    Parameters
    ----------
    place : int
        Below it everything is in order already.
    size : int
        Entries of the heap; whatever follows them is left alone.
    distance : float
    index : int
        The entry.
    inout_distances : float64[>= size]
    inout_indices : int64[>= size]

    Notes
    -----
    O(log size).
    """
    child = 2 * place + 1
    while child < size:
        x, i = inout_distances[child], inout_indices[child]
        if child + 1 < size:
            y, j = inout_distances[child + 1], inout_indices[child + 1]
            if is_before(x, i, y, j):
                x, i = y, j
                child += 1
        if not is_before(distance, index, x, i):
            break
        inout_distances[place] = x
        inout_indices[place] = i
        place, child = child, 2 * child + 1
    inout_distances[place] = distance
    inout_indices[place] = index


@kernel(STRICT, allocates=False)
def offer(distance, index, inout_distances, inout_indices):
    """Put an entry into a heap in place of its root, if it comes before that.

    Parameters
    ----------
    distance : float
        Not NaN.
    index : int
    inout_distances : float64[size]
    inout_indices : int64[size]
    """
    if is_before(distance, index, inout_distances[0], inout_indices[0]):
        sink(0, inout_distances.shape[0], distance, index, inout_distances, inout_indices)


@kernel(STRICT, allocates=False)
def push(size, distance, index, inout_distances, inout_indices):
    """Add an entry to a heap of so many entries.

    Parameters
    ----------
    size : int
    distance : float
    index : int
    inout_distances : float64[> size]
    inout_indices : int64[> size]
    """
    place = size
    while place > 0:
        parent = (place - 1) // 2
        if is_before(distance, index, inout_distances[parent], inout_indices[parent]):
            break
        inout_distances[place] = inout_distances[parent]
        inout_indices[place] = inout_indices[parent]
        place = parent
    inout_distances[place] = distance
    inout_indices[place] = index


@kernel(STRICT, allocates=False)
def make_heap(inout_distances, inout_indices):
    """Order a list as a heap, its last entry in order at the root (Floyd 1964)."""
    size = inout_distances.shape[0]
    for place in range(size // 2 - 1, -1, -1):
        x, i = inout_distances[place], inout_indices[place]
        sink(place, size, x, i, inout_distances, inout_indices)


@kernel(STRICT, allocates=False)
def sort_heap(inout_distances, inout_indices):
    """Sort a heap; O(size log size)."""
    for last in range(inout_distances.shape[0] - 1, 0, -1):
        x, i = inout_distances[last], inout_indices[last]
        inout_distances[last] = inout_distances[0]
        inout_indices[last] = inout_indices[0]
        sink(0, last, x, i, inout_distances, inout_indices)


@kernel(STRICT, allocates=False)
def sort_heaps(inout_distances, inout_indices):
    """Sort the heap of each query.

    Parameters
    ----------
    inout_distances : float64[n_queries, n_neighbors]
    inout_indices : int64[n_queries, n_neighbors]
    """
    for q in range(inout_distances.shape[0]):
        sort_heap(inout_distances[q], inout_indices[q])
