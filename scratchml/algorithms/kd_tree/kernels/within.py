"""The points of the tree within a radius of each query: how many, and which."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .bounds import bound_box, bound_box_above, measure_leaf, write_distances
from .groups import (
    DISTANCES,
    LANES,
    OPENED,
    SPLIT,
    TRIMMED,
    add_children,
    count_within,
    end_of_group,
    list_within,
    load_lanes,
    points_of,
    take_node,
)
from .lists import make_heap, sort_heap


@kernel(STRICT)
def count_neighbors(tree, metric, queries, homes, limits, rows, frontier, out_numbers, out_counts):
    """How many points are within the radius of each query.

    A node that lies within the radii of all queries that reach it is counted as it is.

    Parameters
    ----------
    tree : Tree
    metric : Metric
    queries : float64[n_queries, n_features]
    homes : int32[n_queries]
        The leaf into whose cell each of them falls.
    limits : float64[n_queries]
        Reduced radii: a point that is as far is within.
    rows : int64[n_queries]
        Place in the output for each of them.
    frontier : Frontier
        Its arrays are overwritten.
    out_numbers : int64[n_rows]
    out_counts : int64[4]
        Added to: nodes trimmed, leaves opened, nodes split, distances computed.
    """
    n_features, leaf_size = tree.leaves.shape[1:]
    lanes, center = np.empty((n_features, LANES)), np.empty((n_features, 1))
    bounds, above = np.empty(LANES), np.empty(LANES)
    lane_limits, numbers = np.empty(LANES), np.empty(LANES, np.int64)
    chosen = np.empty(LANES + 1, np.int64)
    distances = np.empty((LANES, leaf_size))
    begin = 0
    while begin < homes.shape[0]:
        end = end_of_group(homes, begin)
        n = end - begin
        group = queries[begin:end]
        n_lanes = load_lanes(group, lanes, center)
        lane_limits[:n] = limits[begin:end]
        lane_limits[n:] = -1
        numbers[:] = 0
        frontier.nodes[0] = 0
        frontier.priorities[0] = 0
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, frontier)
            n_waiting -= 1
            lower, upper = tree.lower[node], tree.upper[node]
            bound_box(lower, upper, lanes, n_lanes, metric, bounds)
            n_reached = count_within(bounds, lane_limits, n_lanes)
            if n_reached == 0:
                out_counts[TRIMMED] += 1
                continue
            bound_box_above(lower, upper, lanes, n_lanes, metric, above)
            n_inside = count_within(above, lane_limits, n_lanes)
            is_leaf = tree.middle[node] == 0
            if n_inside < n_reached and not is_leaf:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, center, n_waiting, frontier)
                continue
            if n_inside > 0:
                last = points_of(tree.indices, tree.last[node] - 1, leaf_size)
                n_points = (tree.last[node] - 1 - tree.first[node]) * leaf_size + last.shape[0]
                for i in range(n):
                    if above[i] <= lane_limits[i]:
                        numbers[i] += n_points
                        bounds[i] = np.nan  # within no limit: these are done
                if n_inside == n_reached:
                    out_counts[TRIMMED] += 1
                    continue
            out_counts[OPENED] += 1
            leaf = tree.first[node]
            n_chosen = list_within(bounds, lane_limits, n_lanes, chosen)
            n_points = points_of(tree.indices, leaf, leaf_size).shape[0]
            measure_leaf(tree.leaves[leaf], group, chosen, n_chosen, metric, distances)
            for s in range(n_chosen):
                limit = lane_limits[chosen[s]]
                number = 0
                for t in range(n_points):
                    number += distances[s, t] <= limit
                numbers[chosen[s]] += number
            out_counts[DISTANCES] += n_chosen * n_points
        for i in range(n):
            out_numbers[rows[begin + i]] = numbers[i]
        begin = end


@kernel(STRICT)
def collect_neighbors(
    tree, metric, queries, homes, limits, places, frontier, out_distances, out_indices, out_counts
):
    """The points within the radius of each query.

    Parameters
    ----------
    tree, metric, queries, homes, limits, frontier
        As for `count_neighbors`.
    places : int64[n_queries]
        Where the neighbours of each query go; there is room for as many as were counted.
    out_distances : float64[n_found] or float64[0]
        Distances, if they are asked for.
    out_indices : int64[n_found]
        In the order in which the leaves are opened.
    out_counts : int64[4]
        Added to.
    """
    n_features, leaf_size = tree.leaves.shape[1:]
    lanes, center = np.empty((n_features, LANES)), np.empty((n_features, 1))
    bounds, lane_limits = np.empty(LANES), np.empty(LANES)
    ends, chosen = np.empty(LANES, np.int64), np.empty(LANES + 1, np.int64)
    distances = np.empty((LANES, leaf_size))
    begin = 0
    while begin < homes.shape[0]:
        end = end_of_group(homes, begin)
        n = end - begin
        group = queries[begin:end]
        n_lanes = load_lanes(group, lanes, center)
        lane_limits[:n] = limits[begin:end]
        lane_limits[n:] = -1
        ends[:n] = places[begin:end]
        frontier.nodes[0] = 0
        frontier.priorities[0] = 0
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, frontier)
            n_waiting -= 1
            bound_box(tree.lower[node], tree.upper[node], lanes, n_lanes, metric, bounds)
            n_chosen = list_within(bounds, lane_limits, n_lanes, chosen)
            if n_chosen == 0:
                out_counts[TRIMMED] += 1
                continue
            if tree.middle[node] > 0:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, center, n_waiting, frontier)
                continue
            out_counts[OPENED] += 1
            leaf = tree.first[node]
            indices = points_of(tree.indices, leaf, leaf_size)
            measure_leaf(tree.leaves[leaf], group, chosen, n_chosen, metric, distances)
            for s in range(n_chosen):
                lane = chosen[s]
                for t in range(indices.shape[0]):
                    if distances[s, t] <= lane_limits[lane]:
                        out_indices[ends[lane]] = indices[t]
                        if out_distances.shape[0] > 0:
                            out_distances[ends[lane]] = distances[s, t]
                        ends[lane] += 1
            out_counts[DISTANCES] += n_chosen * indices.shape[0]
        if out_distances.shape[0] > 0:
            for i in range(n):
                found = out_distances[places[begin + i] : ends[i]]
                write_distances(found, metric, found)
        begin = end


@kernel(STRICT)
def sort_neighbors(ends, inout_distances, inout_indices):
    """Sort the neighbours of each query by (distance, index).

    Parameters
    ----------
    ends : int64[n_queries + 1]
        Those of query i are from ``ends[i]`` to ``ends[i + 1]``.
    inout_distances : float64[n_found]
    inout_indices : int64[n_found]
    """
    for i in range(ends.shape[0] - 1):
        distances = inout_distances[ends[i] : ends[i + 1]]
        indices = inout_indices[ends[i] : ends[i + 1]]
        make_heap(distances, indices)
        sort_heap(distances, indices)
