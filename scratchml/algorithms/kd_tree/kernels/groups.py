"""Groups of queries that walk the tree together.

Queries that lie near each other visit nearly the same nodes. A group of them takes each node once:
the bounds of all its queries are computed on SIMD lanes, and only the queries that a leaf may serve
compute distances to its points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import NO_POINT, push, sink

from .bounds import bound_box

LANES = 32
"""Queries in a group, at most."""

REACH = 64
"""Leaves, in the order of the tree, over which a group may extend: so far apart, queries share
little of their ways."""

TRIMMED, OPENED, SPLIT, DISTANCES = range(4)
"""What is counted: nodes that were dismissed when looked at, leaves and other nodes that were not,
and distances computed."""


class Group(NamedTuple):
    """Memory in which a group walks the tree; kernels overwrite it."""

    budget: int
    """Distances after which a kernel returns, between two groups."""
    nearest_first: bool
    """Whether the next node is the nearest of those that wait, or the one added last."""
    waiting: np.ndarray
    """int64[capacity]: the nodes that wait for their turn."""
    priorities: np.ndarray
    """float64[capacity]: minus their distances from the middle of the group; then both are a heap.
    """
    lanes: np.ndarray
    """float64[n_features, LANES]: a query on each lane; past the last one, the first again."""
    center: np.ndarray
    """float64[n_features, 1]: mean of the queries."""
    bounds: np.ndarray
    """float64[2, LANES]: least and largest reduced distance from each lane to a box."""
    chosen: np.ndarray
    """int64[LANES + 1]: lanes that a leaf may serve."""
    distances: np.ndarray
    """float64[LANES, leaf_size]: from each of those to the points of the leaf."""
    near: np.ndarray
    """float64[leaf_size + 1]: distances of those points that are near enough to one of them,"""
    names: np.ndarray
    """int64[leaf_size + 1]: and which points they are,"""
    sorted_near: np.ndarray
    """float64[leaf_size]: and both in order."""
    sorted_names: np.ndarray
    """int64[leaf_size]"""


def make_group(
    n_features: int, leaf_size: int, budget: int, capacity: int, nearest_first: bool
) -> Group:
    """Memory for groups of queries.

    Parameters
    ----------
    n_features, leaf_size : int
    budget : int
        Distances after which a kernel returns.
    capacity : int
        Nodes that may wait at once.
    nearest_first : bool
    """
    return Group(
        budget=budget,
        nearest_first=nearest_first,
        waiting=np.empty(capacity, np.int64),
        priorities=np.empty(capacity),
        lanes=np.empty((n_features, LANES)),
        center=np.empty((n_features, 1)),
        bounds=np.empty((2, LANES)),
        chosen=np.empty(LANES + 1, np.int64),
        distances=np.empty((LANES, leaf_size)),
        near=np.empty(leaf_size + 1),
        names=np.empty(leaf_size + 1, np.int64),
        sorted_near=np.empty(leaf_size),
        sorted_names=np.empty(leaf_size, np.int64),
    )


@kernel(STRICT, allocates=False)
def find_leaves(tree, queries, out_leaves):
    """The leaf into whose cell each query falls.

    Parameters
    ----------
    tree : Tree
    queries : float64[n_queries, n_features]
    out_leaves : int32[n_queries]
    """
    for i in range(queries.shape[0]):
        node = 0
        middle = tree.middle[0]
        while middle > 0:
            if queries[i, tree.axis[node]] < tree.threshold[node]:
                node += 1
            else:
                node += 2 * (middle - tree.first[node])
            middle = tree.middle[node]
        out_leaves[i] = tree.first[node]


@kernel(STRICT, allocates=False)
def end_of_group(homes, begin):
    """Where the group that begins with a query ends.

    Parameters
    ----------
    homes : int32[n_queries]
        Leaf of each query; queries that are near each other follow each other.
    begin : int

    Returns
    -------
    int
    """
    end = begin + 1
    stop = min(begin + LANES, homes.shape[0])
    while end < stop and abs(homes[end] - homes[begin]) <= REACH:
        end += 1
    return end


@kernel(STRICT, allocates=False)
def start_group(queries, inout_group):
    """Put the queries of a group on lanes, and let them wait at the root.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
        At most ``LANES``.
    inout_group : Group

    Returns
    -------
    int
        Lanes to compute with: a multiple of 8, so that vectors are full, unless a vector is too
        much for them.
    """
    n = queries.shape[0]
    n_lanes = n if n < 3 else (n + 7) // 8 * 8
    for j in range(queries.shape[1]):
        total = 0.0
        for i in range(n):
            inout_group.lanes[j, i] = queries[i, j]
            total += queries[i, j]
        inout_group.center[j, 0] = total / n
        for i in range(n, n_lanes):
            inout_group.lanes[j, i] = queries[0, j]
    inout_group.waiting[0] = 0
    inout_group.priorities[0] = 0
    return n_lanes


@kernel(STRICT, allocates=False)
def count_within(bounds, limits, n_lanes):
    """How many lanes have a bound that is not above their limit."""
    n = 0
    for i in range(n_lanes):
        n += bounds[i] <= limits[i]
    return n


@kernel(STRICT, allocates=False)
def list_within(bounds, limits, n_lanes, out_chosen):
    """The lanes whose bound is not above their limit: their numbers, and how many they are."""
    n = np.intp(0)
    for i in range(n_lanes):
        out_chosen[n] = i
        n += np.intp(bounds[i] <= limits[i])
    return n


@kernel(STRICT, allocates=False)
def count_near(distances, limit):
    """How many distances are within a limit."""
    n = 0
    for t in range(distances.shape[0]):
        n += distances[t] <= limit
    return n


@kernel(STRICT, allocates=False)
def list_near(distances, indices, limit, inout_group):
    """List the points within a limit in ``near`` and ``names`` of a group; returns their number.

    A point is written in any case, and only where the next one goes depends on a comparison.
    """
    n = np.intp(0)
    for t in range(distances.shape[0]):
        inout_group.near[n] = distances[t]
        inout_group.names[n] = indices[t]
        n += np.intp(distances[t] <= limit)
    return n


@kernel(STRICT, allocates=False)
def add_children(tree, node, metric, n_waiting, inout_group):
    """Let the children of a node wait for their turn.

    Going down in depth, the one on whose side of the split the middle of the group lies is next; of
    two that both have points there, duplicates mostly, the one with the smaller index is.

    Parameters
    ----------
    tree : Tree
    node : int
    metric : Metric
    n_waiting : int
        Nodes that wait already.
    inout_group : Group

    Returns
    -------
    int
        Nodes that wait now.
    """
    left = node + 1
    right = node + 2 * (tree.middle[node] - tree.first[node])
    center, bound = inout_group.center, inout_group.bounds[0]
    if inout_group.nearest_first:
        for child in (left, right):
            bound_box(tree.lower[child], tree.upper[child], center, center.shape[1], metric, bound)
            push(n_waiting, -bound[0], child, inout_group.priorities, inout_group.waiting)
            n_waiting += 1
        return n_waiting
    axis, threshold = tree.axis[node], tree.threshold[node]
    is_left = center[axis, 0] < threshold
    if center[axis, 0] == threshold and tree.upper[left, axis] == threshold:
        is_left = tree.least[left] < tree.least[right]
    inout_group.waiting[n_waiting] = right if is_left else left
    inout_group.waiting[n_waiting + 1] = left if is_left else right
    return n_waiting + 2


@kernel(STRICT, allocates=False)
def take_node(n_waiting, inout_group):
    """Take the node whose turn it is out of those that wait."""
    last = n_waiting - 1
    node = inout_group.waiting[last]
    if inout_group.nearest_first:
        priority, waiting = inout_group.priorities[last], node
        node = inout_group.waiting[0]
        sink(0, last, priority, waiting, inout_group.priorities, inout_group.waiting)
    return node


@kernel(STRICT, allocates=False)
def points_in_leaf(tree, leaf):
    """How many points a leaf has: as many as it can hold, but for the last one."""
    leaf_size = tree.leaves.shape[2]
    n = leaf_size
    while tree.indices[leaf * leaf_size + n - 1] == NO_POINT:
        n -= 1
    return n
