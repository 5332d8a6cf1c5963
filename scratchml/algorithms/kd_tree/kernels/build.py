"""Building a KD-tree in place: rows are moved until each leaf's are together.

A split puts the points whose coordinate is smaller before the place where the right child begins,
and the others behind it: selection, not sorting. The place is a multiple of the leaf size, so that
all leaves but the last are full.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

SAMPLE = 128
"""Points that show which side of a node is the widest. The boxes of the nodes are exact."""

SHORT_RANGE = 600
"""Rows among which a value is selected by counting; in longer ranges by a sample first."""


@kernel(STRICT, allocates=False)
def widest_axis(points, begin, end):
    """Feature in which a sample of the rows extends the most.

    Parameters
    ----------
    points : float[n_points, n_features]
    begin, end : int
        Which rows.

    Returns
    -------
    int
    """
    step = max(1, (end - begin) // SAMPLE)
    best, widest = 0, points.dtype.type(-1)
    for j in range(points.shape[1]):
        low = high = points[begin, j]
        for i in range(begin, end, step):
            low = min(low, points[i, j])
            high = max(high, points[i, j])
        if high - low > widest:
            widest = high - low
            best = j
    return best


@kernel(STRICT, allocates=False)
def swap_rows(inout_points, inout_indices, a, b):
    """Exchange two rows and their indices."""
    for j in range(inout_points.shape[1]):
        x = inout_points[a, j]
        inout_points[a, j] = inout_points[b, j]
        inout_points[b, j] = x
    i = inout_indices[a]
    inout_indices[a] = inout_indices[b]
    inout_indices[b] = i


@kernel(STRICT, allocates=False)
def partition_rows(inout_points, inout_indices, left, right, axis, pivot):
    """Move rows that are smaller than a value in one feature before all others.

    Every row is exchanged with the first one that is not smaller, whatever it is itself, and only
    the place of that one depends on a comparison: there is no branch to mispredict (Lomuto's
    scheme). A row that is not smaller changes places with another such row.

    Parameters
    ----------
    inout_points : float[n_points, n_features]
        Rows ``left`` to ``right``, both included, are permuted in place.
    inout_indices : int64[n_points]
        Permuted alike.
    left, right, axis : int
    pivot : float

    Returns
    -------
    place : int
        Where the rows that are not smaller begin.
    n_equal : int
        How many of them are equal to the pivot.
    """
    points, indices = inout_points, inout_indices
    n_features = points.shape[1]
    place, n_equal = np.intp(left), np.intp(0)
    if n_features == 3:
        for i in range(left, right + 1):
            x0, x1, x2, key = points[i, 0], points[i, 1], points[i, 2], points[i, axis]
            points[i, 0], points[i, 1] = points[place, 0], points[place, 1]
            points[i, 2] = points[place, 2]
            points[place, 0], points[place, 1], points[place, 2] = x0, x1, x2
            index = indices[i]
            indices[i] = indices[place]
            indices[place] = index
            place += np.intp(key < pivot)
            n_equal += np.intp(key == pivot)
    else:
        for i in range(left, right + 1):
            key = points[i, axis]
            for j in range(n_features):
                x = points[i, j]
                points[i, j] = points[place, j]
                points[place, j] = x
            index = indices[i]
            indices[i] = indices[place]
            indices[place] = index
            place += np.intp(key < pivot)
            n_equal += np.intp(key == pivot)
    return place, n_equal


@kernel(STRICT, allocates=False)
def find_key(points, left, right, target, axis, keys):
    """The value in one feature that sorting a short range of rows would bring to a place.

    The interval that holds it is halved until it holds no other: each time the values that are not
    above its middle are counted, on SIMD lanes.

    Parameters
    ----------
    points : float[n_points, n_features]
    left, right, target, axis : int
        Rows ``left`` to ``right``, both included, at most ``SHORT_RANGE``.
    keys : float[SHORT_RANGE]
        Overwritten.

    Returns
    -------
    float
    """
    n, n_below, n_within = right - left + 1, 0, right - left + 1
    low = high = points[left, axis]
    for i in range(n):
        key = points[left + i, axis]
        keys[i] = key
        low = min(low, key)
        high = max(high, key)
    if target == left:
        return low
    # Of the values, n_below are not above low, and n_within not above high. (Low itself, at first,
    # is one of those above: it is the target's only if all up to there are equal.)
    half = points.dtype.type(0.5)
    while n_within - n_below > 1:
        middle = half * low + half * high
        if not low < middle < high:
            break
        n_not_above = 0
        for i in range(n):
            n_not_above += keys[i] <= middle
        if n_not_above > target - left:
            high, n_within = middle, n_not_above
        else:
            low, n_below = middle, n_not_above
    best = points.dtype.type(-np.inf)
    for i in range(n):
        best = max(best, keys[i] if keys[i] <= high else best)
    return best


@kernel(STRICT, allocates=False)
def select_row(inout_points, inout_indices, left, right, target, axis, keys):
    """Move rows so that none before a place is larger in one feature, and none behind smaller.

    The pivot of a short range is the value that belongs to the place. That of a long one comes from
    a sample, and is close to it: about 1.5 comparisons a row (Floyd and Rivest 1975, "Algorithm
    489: SELECT").

    Parameters
    ----------
    inout_points : float[n_points, n_features]
        Rows ``left`` to ``right``, both included, are permuted in place.
    inout_indices : int64[n_points]
        Permuted alike.
    left, right, target, axis : int
    keys : float[SHORT_RANGE]
        Overwritten.
    """
    while right > left:
        n = right - left + 1
        if n <= SHORT_RANGE:
            pivot = find_key(inout_points, left, right, target, axis, keys)
        else:
            rank = target - left + 1
            z = np.log(n)
            size = 0.5 * np.exp(2 * z / 3)
            spread = 0.5 * np.sqrt(z * size * (n - size) / n)
            if 2 * rank < n:
                spread = -spread
            low = max(left, int(target - rank * size / n + spread))
            high = min(right, int(target + (n - rank) * size / n + spread))
            select_row(inout_points, inout_indices, low, high, target, axis, keys)
            pivot = inout_points[target, axis]
        place, n_equal = partition_rows(inout_points, inout_indices, left, right, axis, pivot)
        if target < place:
            right = place - 1
            continue
        left = place + n_equal
        i = place
        while place < left:  # those that are equal come first
            if inout_points[i, axis] == pivot:
                swap_rows(inout_points, inout_indices, i, place)
                place += 1
            i += 1
        if target < left:
            return


@kernel(STRICT, allocates=False)
def split_node(node, n_points, leaf_size, keys, inout_points, inout_tree):
    """Split a node whose range of leaves is known, and give its children theirs.

    Parameters
    ----------
    node : int
    n_points, leaf_size : int
    keys : float[SHORT_RANGE]
        Overwritten.
    inout_points : float[n_leaves * leaf_size, n_features]
        The rows of the node are permuted in place.
    inout_tree : Tree
        ``indices`` are permuted alike; ``middle``, ``axis`` and ``threshold`` of the node, and
        ``first`` and ``last`` of its children are set.
    """
    first, last = inout_tree.first[node], inout_tree.last[node]
    middle = (first + last) // 2
    begin, end = first * leaf_size, min(last * leaf_size, n_points)
    target = middle * leaf_size
    axis = widest_axis(inout_points, begin, end)
    select_row(inout_points, inout_tree.indices, begin, end - 1, target, axis, keys)
    inout_tree.middle[node] = middle
    inout_tree.axis[node] = axis
    inout_tree.threshold[node] = inout_points[target, axis]
    left, right = node + 1, node + 2 * (middle - first)
    inout_tree.first[left], inout_tree.last[left] = first, middle
    inout_tree.first[right], inout_tree.last[right] = middle, last


@kernel(STRICT)
def finish_leaf(node, n_points, leaf_size, inout_points, inout_tree):
    """Give a leaf its box and its least index, and lay its points on lanes."""
    n_features = inout_points.shape[1]
    leaf = inout_tree.first[node]
    begin, end = leaf * leaf_size, min((leaf + 1) * leaf_size, n_points)
    for j in range(n_features):
        low = high = inout_points[begin, j]
        for i in range(begin, end):
            low = min(low, inout_points[i, j])
            high = max(high, inout_points[i, j])
        inout_tree.lower[node, j] = low
        inout_tree.upper[node, j] = high
    least = inout_tree.indices[begin]
    for i in range(begin, end):
        least = min(least, inout_tree.indices[i])
    inout_tree.least[node] = least
    rows = inout_points[begin : begin + leaf_size].copy()
    panel = inout_tree.leaves[leaf]
    for j in range(n_features):
        for i in range(leaf_size):
            panel[j, i] = rows[i, j]


@kernel(STRICT)
def build_subtree(root, n_points, leaf_size, inout_points, inout_tree):
    """Build the tree below a node whose range of leaves is known.

    Parameters
    ----------
    root : int
    n_points, leaf_size : int
    inout_points : float[n_leaves * leaf_size, n_features]
        The memory of ``inout_tree.leaves``: rows, which become the leaves' panels.
    inout_tree : Tree
        Everything that belongs to nodes of the subtree is set.

    Notes
    -----
    O(n log n) for n points, no more memory than one leaf.
    """
    keys = np.empty(SHORT_RANGE, inout_points.dtype)
    end = root + 2 * (inout_tree.last[root] - inout_tree.first[root]) - 1
    for node in range(root, end):  # parents come before their children
        if inout_tree.last[node] - inout_tree.first[node] > 1:
            split_node(node, n_points, leaf_size, keys, inout_points, inout_tree)
        else:
            inout_tree.middle[node] = 0
            inout_tree.axis[node] = 0
            inout_tree.threshold[node] = 0
            finish_leaf(node, n_points, leaf_size, inout_points, inout_tree)
    for node in range(end - 1, root - 1, -1):
        join_boxes(node, inout_tree)


@kernel(STRICT, allocates=False)
def join_boxes(node, inout_tree):
    """Give a node the box around those of its children; nothing to do for a leaf.

    And the least of their indices.
    """
    middle = inout_tree.middle[node]
    if middle == 0:
        return
    left, right = node + 1, node + 2 * (middle - inout_tree.first[node])
    inout_tree.least[node] = min(inout_tree.least[left], inout_tree.least[right])
    for j in range(inout_tree.lower.shape[1]):
        inout_tree.lower[node, j] = min(inout_tree.lower[left, j], inout_tree.lower[right, j])
        inout_tree.upper[node, j] = max(inout_tree.upper[left, j], inout_tree.upper[right, j])
