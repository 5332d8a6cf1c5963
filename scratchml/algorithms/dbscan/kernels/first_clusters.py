"""Clusters of points that are no core points: the first one that reaches them."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import bound_box, measure_leaf
from scratchml.algorithms.kd_tree.kernels.groups import (
    LANES,
    add_children,
    end_of_group,
    list_within,
    points_in_leaf,
    start_group,
)
from scratchml.core.jit import STRICT, kernel

from .reach import settle_leaf

NO_CLUSTER = np.iinfo(np.int64).max
"""Where no cluster has been found: larger than any label."""


@kernel(STRICT, allocates=False)
def spread_cluster_labels(tree, labels, out_place_labels, out_node_labels):
    """Labels in the order of the tree, and the least one of each node.

    Parameters
    ----------
    tree : Tree
        Of the core points.
    labels : int64[n_core]
    out_place_labels : int64[n_leaves * leaf_size]
        ``NO_CLUSTER`` past the last point.
    out_node_labels : int64[n_nodes]
    """
    leaf_size = tree.leaves.shape[2]
    for node in range(tree.first.shape[0] - 1, -1, -1):
        if tree.middle[node] > 0:
            left, right = node + 1, node + 2 * (tree.middle[node] - tree.first[node])
            out_node_labels[node] = min(out_node_labels[left], out_node_labels[right])
            continue
        begin = tree.first[node] * leaf_size
        end = begin + points_in_leaf(tree, np.int64(tree.first[node]))
        least = NO_CLUSTER
        for t in range(begin, begin + leaf_size):
            label = labels[tree.indices[t]] if t < end else NO_CLUSTER
            out_place_labels[t] = label
            least = min(least, label)
        out_node_labels[node] = least


@kernel(STRICT, allocates=False)
def least_near(distances, limit, labels, least):
    """The least label of the points within a limit, if it is below another one."""
    for t in range(distances.shape[0]):
        label = labels[t] if distances[t] <= limit else NO_CLUSTER
        least = min(least, label)
    return least


@kernel(STRICT, allocates=False)
def find_first_clusters(
    tree, metric, reach, labels, queries, angles, homes, group, scratch, out_clusters
):
    """The first cluster that reaches each query.

    Parameters
    ----------
    tree : Tree
        Of the core points.
    metric : Metric
    reach : Reach
    labels : (int64[n_leaves * leaf_size], int64[n_nodes])
        Of `spread_cluster_labels`.
    queries : float64[n_queries, n_features]
    angles : float64[n_queries, 2]
        Latitudes and longitudes of the queries; empty but on the sphere.
    homes : int32[n_queries]
        Leaf of each query, of this tree or of another: near ones are together.
    group : Group
        Overwritten.
    scratch : (float64[LANES], int64[LANES])
        Overwritten.
    out_clusters : int64[n_queries]
        ``NO_CLUSTER`` where none does.

    Returns
    -------
    n_done : int
        How many queries are done, unless the budget of the group was spent all of them.
    n_distances : int
    """
    place_labels, node_labels = labels
    limits, least = scratch
    leaf_size = tree.leaves.shape[2]
    begin, n_distances = np.int64(0), 0
    while begin < homes.shape[0] and n_distances < group.budget:
        end = end_of_group(homes, begin)
        n = end - begin
        group_queries = queries[begin:end]
        n_lanes = start_group(group_queries, group)
        for i in range(LANES):
            limits[i] = reach.outer if i < n else -1.0
            least[i] = NO_CLUSTER
        n_waiting = 1
        while n_waiting > 0:
            n_waiting -= 1
            node = group.waiting[n_waiting]
            bound_box(
                tree.lower[node], tree.upper[node], group.lanes, n_lanes, metric, group.bounds[0]
            )
            n_reached = list_within(group.bounds[0], limits, n_lanes, group.chosen)
            n_chosen = np.int64(0)
            for s in range(n_reached):  # those whom the node may give an earlier cluster
                group.chosen[n_chosen] = group.chosen[s]
                n_chosen += least[group.chosen[s]] > node_labels[node]
            if n_chosen == 0:
                continue
            if tree.middle[node] > 0:
                n_waiting = add_children(tree, node, metric, n_waiting, group)
                continue
            leaf = np.int64(tree.first[node])
            n_points, first = points_in_leaf(tree, leaf), leaf * leaf_size
            measure_leaf(
                tree.leaves[leaf], group_queries, group.chosen, n_chosen, metric, group.distances
            )
            n_distances += n_chosen * n_points
            for s in range(n_chosen):
                lane, near = group.chosen[s], group.distances[s][:n_points]
                if reach.angles.shape[0] > 0:
                    place = angles[begin + lane]
                    settle_leaf(reach, place[0], place[1], tree.indices[first:], near)
                least[lane] = least_near(near, reach.inner, place_labels[first:], least[lane])
        for i in range(n):
            out_clusters[begin + i] = least[i]
        begin = end
    return begin, n_distances
