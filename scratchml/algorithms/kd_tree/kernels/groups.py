"""Groups of queries that walk the tree together.

Queries that lie near each other visit nearly the same nodes. A group of them takes each node once:
the bounds of all its queries are computed on SIMD lanes, and only the queries that a leaf may serve
compute distances to its points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .bounds import bound_box
from .lists import push, sink
from .structure import NO_POINT

LANES = 32
"""Queries in a group, at most."""

REACH = 64
"""Leaves, in the order of the tree, over which a group may extend: so far apart, queries share
little of their ways."""

TRIMMED, OPENED, SPLIT, DISTANCES = range(4)
"""What is counted: nodes that were dismissed when looked at, leaves and other nodes that were not,
and distances computed."""

DEPTH = 128
"""Nodes that wait on the way down, at most: one for each level of the tree, and to spare."""


class Frontier(NamedTuple):
    """Nodes that wait for their turn, and which comes next."""

    nearest_first: bool
    """Whether it is the one nearest to the group, or the one that was added last."""
    priorities: np.ndarray
    """float64[capacity]: minus the distance from the middle of the group; a heap."""
    nodes: np.ndarray
    """int64[capacity]"""


@kernel(STRICT)
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


@kernel(STRICT)
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


@kernel(STRICT)
def load_lanes(queries, out_lanes, out_center):
    """Put each query of a group on a lane, and find their mean.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
        At most ``LANES``.
    out_lanes : float64[n_features, LANES]
        Lanes past the last query repeat the first one.
    out_center : float64[n_features, 1]

    Returns
    -------
    int
        Lanes to compute with: a multiple of 8, so that vectors are full.
    """
    n, n_features = queries.shape
    n_lanes = (n + 7) // 8 * 8
    for j in range(n_features):
        total = 0.0
        for i in range(n):
            out_lanes[j, i] = queries[i, j]
            total += queries[i, j]
        out_center[j, 0] = total / n
        for i in range(n, n_lanes):
            out_lanes[j, i] = queries[0, j]
    return n_lanes


@kernel(STRICT)
def count_within(bounds, limits, n_lanes):
    """How many lanes have a bound that is not above their limit."""
    n = 0
    for i in range(n_lanes):
        n += bounds[i] <= limits[i]
    return n


@kernel(STRICT)
def list_within(bounds, limits, n_lanes, out_chosen):
    """The lanes whose bound is not above their limit: their numbers, and how many they are."""
    n = 0
    for i in range(n_lanes):
        out_chosen[n] = i
        n += np.intp(bounds[i] <= limits[i])
    return n


@kernel(STRICT)
def add_children(tree, node, metric, center, n_waiting, inout_frontier):
    """Let the children of a node wait for their turn.

    Going down in depth, the one on whose side of the split the middle of the group lies is next.

    Parameters
    ----------
    tree : Tree
    node : int
    metric : Metric
    center : float64[n_features, 1]
        Middle of the group.
    n_waiting : int
        Nodes that wait already.
    inout_frontier : Frontier

    Returns
    -------
    int
        Nodes that wait now.
    """
    left = node + 1
    right = node + 2 * (tree.middle[node] - tree.first[node])
    if inout_frontier.nearest_first:
        bound = np.empty(1)
        for child in (left, right):
            bound_box(tree.lower[child], tree.upper[child], center, 1, metric, bound)
            push(n_waiting, -bound[0], child, inout_frontier.priorities, inout_frontier.nodes)
            n_waiting += 1
        return n_waiting
    is_left = center[tree.axis[node], 0] < tree.threshold[node]
    inout_frontier.nodes[n_waiting] = right if is_left else left
    inout_frontier.nodes[n_waiting + 1] = left if is_left else right
    return n_waiting + 2


@kernel(STRICT)
def take_node(n_waiting, inout_frontier):
    """Take the node whose turn it is out of those that wait."""
    last = n_waiting - 1
    node = inout_frontier.nodes[last]
    if inout_frontier.nearest_first:
        nodes, priorities = inout_frontier.nodes, inout_frontier.priorities
        priority, node = priorities[last], nodes[0]
        sink(0, last, priority, nodes[last], priorities, nodes)
    return node


@kernel(STRICT)
def points_of(indices, leaf, leaf_size):
    """Indices of the points of a leaf."""
    begin = leaf * leaf_size
    n = leaf_size
    while indices[begin + n - 1] == NO_POINT:  # in the last leaf only
        n -= 1
    return indices[begin : begin + n]
