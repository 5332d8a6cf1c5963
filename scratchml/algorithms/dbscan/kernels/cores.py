"""Core points: groups of points count their neighbours in the tree, until they have enough."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import bound_box, bound_box_above, measure_leaf
from scratchml.algorithms.kd_tree.kernels.groups import (
    LANES,
    add_children,
    count_near,
    count_within,
    list_within,
    points_in_leaf,
    start_group,
)
from scratchml.core.jit import STRICT, kernel

from .reach import settle_leaf


class CoreCondition(NamedTuple):
    """When a point is a core point."""

    min_samples: float
    """Number or weight of the points within eps that makes it one."""
    only_grows: bool
    """Whether no weight is negative, so that a point that has enough keeps it."""
    weights: np.ndarray
    """float64[n_leaves * leaf_size]: weights in the order of the tree, or empty: all are 1."""
    node_weights: np.ndarray
    """float64[n_nodes]: their sums, or empty."""


@kernel(STRICT, allocates=False)
def sum_node_weights(tree, weights, out_node_weights):
    """The weight of the points of each node; see `CoreCondition`."""
    leaf_size = tree.leaves.shape[2]
    for node in range(tree.first.shape[0] - 1, -1, -1):
        if tree.middle[node] > 0:
            left, right = node + 1, node + 2 * (tree.middle[node] - tree.first[node])
            out_node_weights[node] = out_node_weights[left] + out_node_weights[right]
        else:
            total = 0.0
            begin = tree.first[node] * leaf_size
            for t in range(begin, begin + leaf_size):
                total += weights[t]
            out_node_weights[node] = total


@kernel(STRICT, allocates=False)
def wait_at_siblings(tree, leaf, inout_group):
    """Let all of the tree but one leaf wait, what is next to the leaf first.

    The nodes that hold the leaf are not visited: none of them could be dismissed.

    Returns
    -------
    int
        Nodes that wait.
    """
    node, n_waiting = 0, 0
    while tree.middle[node] > 0:
        left, right = node + 1, node + 2 * (tree.middle[node] - tree.first[node])
        is_left = leaf < tree.middle[node]
        inout_group.waiting[n_waiting] = right if is_left else left
        n_waiting += 1
        node = left if is_left else right
    return n_waiting


@kernel(STRICT, allocates=False)
def sum_near(distances, limit, weights):
    """The weight of the points within a limit."""
    total = 0.0
    for t in range(distances.shape[0]):
        total += weights[t] if distances[t] <= limit else 0.0
    return total


@kernel(STRICT, allocates=False)
def add_leaf(
    tree, metric, reach, condition, leaf, queries, names, n_chosen, inout_group, inout_totals
):
    """Count the points of a leaf for the chosen lanes; returns the distances computed.

    Parameters
    ----------
    tree, metric, reach, condition
        As for `find_cores`.
    leaf : int
    queries : float64[n, n_features]
    names : int64[n]
        Which points the queries are.
    n_chosen : int
        How many of ``chosen`` of the group.
    inout_group : Group
        Its distances are overwritten.
    inout_totals : float64[LANES]
        Number or weight of the points that each lane has found so far.
    """
    leaf_size = tree.leaves.shape[2]
    n_points = points_in_leaf(tree, leaf)
    chosen, distances = inout_group.chosen, inout_group.distances
    measure_leaf(tree.leaves[leaf], queries, chosen, n_chosen, metric, distances)
    begin = leaf * leaf_size
    for s in range(n_chosen):
        lane = chosen[s]
        near = distances[s][:n_points]
        if reach.angles.shape[0] > 0:
            place = reach.angles[names[lane]]
            settle_leaf(reach, place[0], place[1], tree.indices[begin:], near)
        if condition.weights.shape[0] > 0:
            inout_totals[lane] += sum_near(near, reach.inner, condition.weights[begin:])
        else:
            inout_totals[lane] += count_near(near, reach.inner)
    return n_chosen * n_points


@kernel(STRICT, allocates=False)
def find_cores(tree, metric, reach, condition, begin, end, group, scratch, out_is_core):
    """Which points of some leaves are core points.

    Parameters
    ----------
    tree : Tree
        Of all points.
    metric : Metric
    reach : Reach
    condition : CoreCondition
    begin, end : int
        Places in the order of the tree, of points.
    group : Group
        Overwritten.
    scratch : (float64[LANES, n_features], float64[LANES], float64[LANES])
        Overwritten.
    out_is_core : bool[n_points]
        In the order of the points.

    Returns
    -------
    place : int
        Where to go on: ``end``, unless the budget of the group was spent.
    n_distances : int
    """
    leaf_size = tree.leaves.shape[2]
    queries, totals, limits = scratch
    bounds, above = group.bounds[0], group.bounds[1]
    n_distances = 0
    place = begin
    while place < end and n_distances < group.budget:
        leaf = place // leaf_size
        stop = min(leaf * leaf_size + points_in_leaf(tree, leaf), place + LANES)
        n, shift = stop - place, place - leaf * leaf_size
        names = tree.indices[place:stop]
        for j in range(queries.shape[1]):
            panel = tree.leaves[leaf, j]
            for i in range(n):
                queries[i, j] = panel[shift + i]
        n_lanes = start_group(queries[:n], group)
        for i in range(LANES):
            totals[i] = 0.0
            limits[i] = reach.outer if i < n else -1.0
            group.chosen[i] = i
        n_distances += add_leaf(
            tree, metric, reach, condition, leaf, queries, names, n, group, totals
        )
        n_open = n
        n_waiting = wait_at_siblings(tree, leaf, group)
        while True:
            if condition.only_grows:
                n_open = 0
                for i in range(n):
                    limits[i] = -1.0 if totals[i] >= condition.min_samples else limits[i]
                    n_open += totals[i] < condition.min_samples
            if n_open == 0 or n_waiting == 0:
                break
            n_waiting -= 1
            node = group.waiting[n_waiting]
            lower, upper = tree.lower[node], tree.upper[node]
            bound_box(lower, upper, group.lanes, n_lanes, metric, bounds)
            n_chosen = list_within(bounds, limits, n_lanes, group.chosen)
            if n_chosen == 0:
                continue
            if tree.middle[node] == 0:
                n_distances += add_leaf(
                    tree,
                    metric,
                    reach,
                    condition,
                    np.int64(tree.first[node]),
                    queries,
                    names,
                    n_chosen,
                    group,
                    totals,
                )
                continue
            bound_box_above(lower, upper, group.lanes, n_lanes, metric, above)
            for i in range(n_lanes):  # as far as they are within eps for certain
                above[i] = above[i] if above[i] <= reach.inner else np.inf
            if count_within(above, limits, n_lanes) < n_chosen:
                n_waiting = add_children(tree, node, metric, n_waiting, group)
                continue
            last = np.int64(tree.last[node]) - 1
            n_points = (last - tree.first[node]) * leaf_size + points_in_leaf(tree, last)
            for s in range(n_chosen):
                if condition.weights.shape[0] > 0:
                    totals[group.chosen[s]] += condition.node_weights[node]
                else:
                    totals[group.chosen[s]] += n_points
        for i in range(n):
            out_is_core[names[i]] = totals[i] >= condition.min_samples
        place = stop
    return place, n_distances
