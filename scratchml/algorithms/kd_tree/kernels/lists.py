"""Lists of the nearest neighbours found so far, ordered by (distance, index).

A short list is kept sorted: its last entry is the one to beat. A long one is a heap whose root is
the one to beat, sorted at the end.
"""

from __future__ import annotations

from scratchml.core.jit import STRICT, kernel

LONG_LIST = 48
"""From so many neighbours on, a heap takes less time than moving half of a sorted list."""


@kernel(STRICT)
def is_before(distance, index, other_distance, other_index):
    """Whether one entry comes before another."""
    return distance < other_distance or (distance == other_distance and index < other_index)


@kernel(STRICT)
def insert_sorted(distance, index, inout_distances, inout_indices):
    """Put an entry into a sorted list at its place; the last entry falls off.

    Parameters
    ----------
    distance : float
    index : int
        Before the last entry of the list.
    inout_distances : float64[n]
    inout_indices : int64[n]
    """
    s = inout_distances.shape[0] - 1
    while s > 0 and is_before(distance, index, inout_distances[s - 1], inout_indices[s - 1]):
        inout_distances[s] = inout_distances[s - 1]
        inout_indices[s] = inout_indices[s - 1]
        s -= 1
    inout_distances[s] = distance
    inout_indices[s] = index


@kernel(STRICT)
def sink(root, size, distance, index, inout_distances, inout_indices):
    """Put an entry at a place of a heap and let it sink to where it belongs.

    Parameters
    ----------
    root : int
        The place, below which everything is in order already.
    size : int
        Entries of the heap; whatever follows them is left alone.
    distance : float
    index : int
        The entry.
    inout_distances : float64[>= size]
    inout_indices : int64[>= size]
    """
    place, child = root, 2 * root + 1
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


@kernel(STRICT)
def make_heap(inout_distances, inout_indices):
    """Order a list as a heap, its last entry in order at the root (Floyd 1964)."""
    n = inout_distances.shape[0]
    for s in range(n // 2 - 1, -1, -1):
        sink(s, n, inout_distances[s], inout_indices[s], inout_distances, inout_indices)


@kernel(STRICT)
def sort_heap(inout_distances, inout_indices):
    """Sort a heap."""
    for last in range(inout_distances.shape[0] - 1, 0, -1):
        x, i = inout_distances[last], inout_indices[last]
        inout_distances[last] = inout_distances[0]
        inout_indices[last] = inout_indices[0]
        sink(0, last, x, i, inout_distances, inout_indices)


@kernel(STRICT)
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
