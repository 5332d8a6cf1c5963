"""The points of the tree within a radius of each query: how many, and which."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import make_heap, sort_heap

from .bounds import bound_box, bound_box_above, measure_leaf, restore_distances
from .groups import (
    DISTANCES,
    OPENED,
    SPLIT,
    TRIMMED,
    add_children,
    count_near,
    count_within,
    end_of_group,
    list_near,
    list_within,
    points_in_leaf,
    start_group,
    take_node,
)


@kernel(STRICT, allocates=False)
def count_neighbors(
    tree, metric, queries, homes, limits, rows, group, lane_limits, out_numbers, out_counts
):
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
    group : Group
        Overwritten.
    lane_limits : float64[LANES]
        Overwritten.
    out_numbers : int64[n_rows]
    out_counts : int64[4]
        Added to: nodes trimmed, leaves opened, nodes split, distances computed.

    Returns
    -------
    int
        How many queries are done; see `find_nearest`.
    """
    leaf_size = tree.leaves.shape[2]
    bounds, above, distances = group.bounds[0], group.bounds[1], group.distances
    begin = 0
    most = out_counts[DISTANCES] + group.budget
    while begin < homes.shape[0] and out_counts[DISTANCES] < most:
        end = end_of_group(homes, begin)
        n = end - begin
        group_queries, group_rows = queries[begin:end], rows[begin:end]
        n_lanes = start_group(group_queries, group)
        for i in range(n):
            lane_limits[i] = limits[begin + i]
            out_numbers[group_rows[i]] = 0
        lane_limits[n:] = -1
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, group)
            n_waiting -= 1
            lower, upper = tree.lower[node], tree.upper[node]
            bound_box(lower, upper, group.lanes, n_lanes, metric, bounds)
            n_reached = count_within(bounds, lane_limits, n_lanes)
            if n_reached == 0:
                out_counts[TRIMMED] += 1
                continue
            bound_box_above(lower, upper, group.lanes, n_lanes, metric, above)
            n_inside = count_within(above, lane_limits, n_lanes)
            if n_inside < n_reached and tree.middle[node] > 0:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, n_waiting, group)
                continue
            first, last = tree.first[node], tree.last[node] - 1
            n_points = (last - first) * leaf_size + points_in_leaf(tree, last)
            for i in range(n):
                if above[i] <= lane_limits[i]:
                    out_numbers[group_rows[i]] += n_points
                    bounds[i] = np.nan  # within no limit: these are done
            if n_inside == n_reached:
                out_counts[TRIMMED] += 1
                continue
            out_counts[OPENED] += 1
            n_chosen = list_within(bounds, lane_limits, n_lanes, group.chosen)
            leaf = tree.leaves[first]
            measure_leaf(leaf, group_queries, group.chosen, n_chosen, metric, distances)
            for s in range(n_chosen):
                query = group.chosen[s]
                offered = distances[s]
                n_near = count_near(offered[:n_points], lane_limits[query])
                out_numbers[group_rows[query]] += n_near
            out_counts[DISTANCES] += n_chosen * n_points
        begin = end
    return begin


@kernel(STRICT, allocates=False)
def collect_neighbors(
    tree, metric, queries, homes, limits, places, group, lane_limits, out_found, out_counts
):
    """The points within the radius of each query.

    Where distances are not asked for, a node that lies within the radii of all queries that reach
    it is taken as it is.

    Parameters
    ----------
    tree, metric, queries, homes, limits, group, lane_limits
        As for `count_neighbors`.
    places : int64[n_queries]
        Where the neighbours of each query go, of whom there are as many as were counted.
        Overwritten: where they end.
    out_found : (float64[n_found] or float64[0], int64[n_found])
        Distances, if they are asked for, and indices, in the order in which leaves are opened.
    out_counts : int64[4]
        Added to.

    Returns
    -------
    int
        How many queries are done.
    """
    leaf_size = tree.leaves.shape[2]
    bounds, above, distances = group.bounds[0], group.bounds[1], group.distances
    out_distances, out_indices = out_found
    begin = 0
    most = out_counts[DISTANCES] + group.budget
    while begin < homes.shape[0] and out_counts[DISTANCES] < most:
        end = end_of_group(homes, begin)
        n = end - begin
        group_queries, ends = queries[begin:end], places[begin:end]
        n_lanes = start_group(group_queries, group)
        for i in range(n):
            lane_limits[i] = limits[begin + i]
        lane_limits[n:] = -1
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, group)
            n_waiting -= 1
            bound_box(tree.lower[node], tree.upper[node], group.lanes, n_lanes, metric, bounds)
            n_chosen = list_within(bounds, lane_limits, n_lanes, group.chosen)
            if n_chosen == 0:
                out_counts[TRIMMED] += 1
                continue
            first, last = tree.first[node], tree.last[node] - 1
            if out_distances.shape[0] == 0:
                lower, upper = tree.lower[node], tree.upper[node]
                bound_box_above(lower, upper, group.lanes, n_lanes, metric, above)
                n_inside = count_within(above, lane_limits, n_lanes)
                if n_inside == n_chosen:
                    n_points = (last - first) * leaf_size + points_in_leaf(tree, last)
                    indices = tree.indices[first * leaf_size :]
                    for s in range(n_chosen):
                        place = ends[group.chosen[s]]
                        for t in range(n_points):
                            out_indices[place + t] = indices[t]
                        ends[group.chosen[s]] = place + n_points
                    out_counts[TRIMMED] += 1
                    continue
            if tree.middle[node] > 0:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, n_waiting, group)
                continue
            out_counts[OPENED] += 1
            n_points, indices = points_in_leaf(tree, first), tree.indices[first * leaf_size :]
            measure_leaf(
                tree.leaves[first], group_queries, group.chosen, n_chosen, metric, distances
            )
            for s in range(n_chosen):
                query = group.chosen[s]
                offered, limit = distances[s], lane_limits[query]
                if count_near(offered[:n_points], limit) == 0:
                    continue
                n_near = list_near(offered[:n_points], indices, limit, group)
                place = ends[query]
                for t in range(n_near):
                    out_indices[place + t] = group.names[t]
                if out_distances.shape[0] > 0:
                    for t in range(n_near):
                        out_distances[place + t] = group.near[t]
                ends[query] = place + n_near
            out_counts[DISTANCES] += n_chosen * n_points
        begin = end
    return begin


@kernel(STRICT, allocates=False)
def finish_neighbors(ends, metric, is_sorted, inout_distances, inout_indices):
    """Sort the neighbours of each query by (reduced distance, index), and restore distances.

    Parameters
    ----------
    ends : int64[n_queries + 1]
        Those of query i are from ``ends[i]`` to ``ends[i + 1]``.
    metric : Metric
    is_sorted : bool
        Whether to sort them.
    inout_distances : float64[n_found]
    inout_indices : int64[n_found]
    """
    for i in range(ends.shape[0] - 1):
        distances = inout_distances[ends[i] : ends[i + 1]]
        if is_sorted:
            indices = inout_indices[ends[i] : ends[i + 1]]
            make_heap(distances, indices)
            sort_heap(distances, indices)
        restore_distances(distances, metric, distances)
