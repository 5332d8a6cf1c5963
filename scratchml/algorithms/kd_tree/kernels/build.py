"""Building a KD-tree in place: rows are moved until each leaf's are together.

A split puts the points whose coordinate is smaller before the place where the right child begins,
and the others behind it: selection, not sorting. The place is a multiple of the leaf size, so that
all leaves but the last are full.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

SAMPLE = 512
"""Points that show which side of a node is the widest. The boxes of the nodes are exact."""

LONG_RANGE = 600
"""From so many points on, selection narrows the range by a sample first (Floyd and Rivest)."""


@kernel(STRICT)
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


@kernel(STRICT)
def swap_rows(inout_points, inout_indices, a, b):
    """Exchange two rows and their indices."""
    for j in range(inout_points.shape[1]):
        x = inout_points[a, j]
        inout_points[a, j] = inout_points[b, j]
        inout_points[b, j] = x
    i = inout_indices[a]
    inout_indices[a] = inout_indices[b]
    inout_indices[b] = i


@kernel(STRICT)
def select_row(inout_points, inout_indices, left, right, target, axis):
    """Move rows so that none before a place is larger in one feature, and none behind smaller.

    Floyd and Rivest (1975), "Algorithm 489: SELECT": about 1.5 comparisons a row.

    Parameters
    ----------
    inout_points : float[n_points, n_features]
        Rows ``left`` to ``right``, both included, are permuted in place.
    inout_indices : int64[n_points]
        Permuted alike.
    left, right, target, axis : int
    """
    while right > left:
        if right - left > LONG_RANGE:
            n = right - left + 1
            rank = target - left + 1
            z = np.log(n)
            size = 0.5 * np.exp(2 * z / 3)
            spread = 0.5 * np.sqrt(z * size * (n - size) / n)
            if 2 * rank < n:
                spread = -spread
            low = max(left, int(target - rank * size / n + spread))
            high = min(right, int(target + (n - rank) * size / n + spread))
            select_row(inout_points, inout_indices, low, high, target, axis)
        pivot = inout_points[target, axis]
        a, b = left, right
        swap_rows(inout_points, inout_indices, left, target)
        if inout_points[right, axis] > pivot:
            swap_rows(inout_points, inout_indices, right, left)
        while a < b:
            swap_rows(inout_points, inout_indices, a, b)
            a += 1
            b -= 1
            while inout_points[a, axis] < pivot:
                a += 1
            while inout_points[b, axis] > pivot:
                b -= 1
        if inout_points[left, axis] == pivot:
            swap_rows(inout_points, inout_indices, left, b)
        else:
            b += 1
            swap_rows(inout_points, inout_indices, b, right)
        if b <= target:
            left = b + 1
        if target <= b:
            right = b - 1


@kernel(STRICT)
def split_node(node, n_points, leaf_size, inout_points, inout_tree):
    """Split a node whose range of leaves is known, and give its children theirs.

    Parameters
    ----------
    node : int
    n_points, leaf_size : int
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
    select_row(inout_points, inout_tree.indices, begin, end - 1, target, axis)
    inout_tree.middle[node] = middle
    inout_tree.axis[node] = axis
    inout_tree.threshold[node] = inout_points[target, axis]
    left, right = node + 1, node + 2 * (middle - first)
    inout_tree.first[left], inout_tree.last[left] = first, middle
    inout_tree.first[right], inout_tree.last[right] = middle, last


@kernel(STRICT)
def finish_leaf(node, n_points, leaf_size, inout_points, inout_tree):
    """Give a leaf its box, and lay its points on lanes."""
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
    end = root + 2 * (inout_tree.last[root] - inout_tree.first[root]) - 1
    for node in range(root, end):  # parents come before their children
        if inout_tree.last[node] - inout_tree.first[node] > 1:
            split_node(node, n_points, leaf_size, inout_points, inout_tree)
        else:
            inout_tree.middle[node] = 0
            inout_tree.axis[node] = 0
            inout_tree.threshold[node] = 0
            finish_leaf(node, n_points, leaf_size, inout_points, inout_tree)
    for node in range(end - 1, root - 1, -1):
        join_boxes(node, inout_tree)


@kernel(STRICT)
def join_boxes(node, inout_tree):
    """Give a node the box around those of its children; nothing to do for a leaf."""
    middle = inout_tree.middle[node]
    if middle == 0:
        return
    left, right = node + 1, node + 2 * (middle - inout_tree.first[node])
    for j in range(inout_tree.lower.shape[1]):
        inout_tree.lower[node, j] = min(inout_tree.lower[left, j], inout_tree.lower[right, j])
        inout_tree.upper[node, j] = max(inout_tree.upper[left, j], inout_tree.upper[right, j])
