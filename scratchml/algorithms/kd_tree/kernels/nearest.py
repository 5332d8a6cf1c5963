"""The nearest points of the tree to each query."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .bounds import bound_box, measure_leaf, write_distances
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
from .lists import LONG_LIST, insert_sorted, is_before, sink, sort_heap
from .structure import NO_POINT

HALVINGS = 6
"""Steps of the search for a first limit. Few more points than needed are then below it."""


@kernel(STRICT)
def first_limit(distances, k):
    """A value that at least k of some distances do not exceed, and few more."""
    low, high = 0.0, distances[0]
    for t in range(distances.shape[0]):
        high = max(high, distances[t])
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        n = 0
        for t in range(distances.shape[0]):
            n += distances[t] <= middle
        if n >= k:
            high = middle
        else:
            low = middle
    return high


@kernel(STRICT)
def offer_leaf(distances, indices, chosen, n_chosen, inout_limits, inout_distances, inout_indices):
    """Offer the points of a leaf to the lists of some queries.

    Parameters
    ----------
    distances : float64[>= n_chosen, >= n_points]
        Reduced distances of the points, a row for each chosen query.
    indices : int64[n_points]
        Which points they are.
    chosen : int64[>= n_chosen]
        Which queries.
    n_chosen : int
    inout_limits : float64[n_queries]
        Largest distance that a neighbour may have; infinite where nothing has been offered yet.
    inout_distances : float64[n_queries, k]
        Lists of the nearest points so far.
    inout_indices : int64[n_queries, k]
    """
    n_points, k = indices.shape[0], inout_distances.shape[1]
    worst = 0 if k >= LONG_LIST else k - 1
    for s in range(n_chosen):
        query = chosen[s]
        offered = distances[s, :n_points]
        limit = inout_limits[query]
        if limit == np.inf and k < n_points:
            limit = first_limit(offered, k)
        n = 0
        for t in range(n_points):
            n += offered[t] <= limit
        if n == 0:
            continue
        list_distances, list_indices = inout_distances[query], inout_indices[query]
        for t in range(n_points):
            x = offered[t]
            if x > limit:
                continue
            if is_before(x, indices[t], list_distances[worst], list_indices[worst]):
                if k >= LONG_LIST:
                    sink(0, k, x, indices[t], list_distances, list_indices)
                else:
                    insert_sorted(x, indices[t], list_distances, list_indices)
                limit = min(limit, list_distances[worst])
        inout_limits[query] = limit


@kernel(STRICT)
def offer_homes(
    tree, metric, queries, homes, chosen, distances, inout_limits, inout_distances, inout_indices
):
    """Offer each query the points of the leaf it falls into; see `offer_leaf`.

    Returns
    -------
    int
        Distances computed.
    """
    leaf_size = tree.leaves.shape[2]
    n_distances = 0
    begin = 0
    while begin < homes.shape[0]:
        leaf = homes[begin]
        n = 0
        while begin < homes.shape[0] and homes[begin] == leaf:
            chosen[n] = begin
            n += 1
            begin += 1
        measure_leaf(tree.leaves[leaf], queries, chosen, n, metric, distances)
        indices = points_of(tree.indices, leaf, leaf_size)
        offer_leaf(distances, indices, chosen, n, inout_limits, inout_distances, inout_indices)
        n_distances += n * indices.shape[0]
    return n_distances


@kernel(STRICT)
def find_nearest(
    tree, metric, queries, homes, rows, frontier, is_sorted, out_distances, out_indices, out_counts
):
    """The k nearest points of each query.

    Parameters
    ----------
    tree : Tree
    metric : Metric
    queries : float64[n_queries, n_features]
    homes : int32[n_queries]
        The leaf into whose cell each of them falls.
    rows : int64[n_queries]
        Row of the output for each of them.
    frontier : Frontier
        Its arrays are overwritten.
    is_sorted : bool
        Whether the neighbours of a query are to be sorted by (distance, index).
    out_distances : float64[n_rows, k]
        Distances (not reduced).
    out_indices : int64[n_rows, k]
    out_counts : int64[4]
        Added to: nodes trimmed, leaves opened, nodes split, distances computed.

    Notes
    -----
    Exact (see `bounds`). A group of queries visits a node if one of them has to. Friedman, Bentley
    and Finkel (1977).
    """
    n_features, leaf_size = tree.leaves.shape[1:]
    k = out_distances.shape[1]
    lanes, center = np.empty((n_features, LANES)), np.empty((n_features, 1))
    bounds, limits = np.empty(LANES), np.empty(LANES)
    chosen = np.empty(LANES + 1, np.int64)
    distances = np.empty((LANES, leaf_size))
    lists, list_indices = np.empty((LANES, k)), np.empty((LANES, k), np.int64)
    begin = 0
    while begin < homes.shape[0]:
        end = end_of_group(homes, begin)
        n = end - begin
        group, group_homes = queries[begin:end], homes[begin:end]
        n_lanes = load_lanes(group, lanes, center)
        limits[:n] = np.inf
        limits[n:] = -1
        lists[:n] = np.inf
        list_indices[:n] = NO_POINT
        out_counts[DISTANCES] += offer_homes(
            tree,
            metric,
            group,
            group_homes,
            chosen,
            distances,
            limits,
            lists,
            list_indices,
        )
        frontier.nodes[0] = 0
        frontier.priorities[0] = 0
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, frontier)
            n_waiting -= 1
            bound_box(tree.lower[node], tree.upper[node], lanes, n_lanes, metric, bounds)
            if count_within(bounds, limits, n_lanes) == 0:
                out_counts[TRIMMED] += 1
                continue
            if tree.middle[node] > 0:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, center, n_waiting, frontier)
                continue
            out_counts[OPENED] += 1
            leaf = tree.first[node]
            for i in range(n):
                if group_homes[i] == leaf:  # it has been offered already
                    bounds[i] = np.nan  # within no limit
            n_chosen = list_within(bounds, limits, n_lanes, chosen)
            measure_leaf(tree.leaves[leaf], group, chosen, n_chosen, metric, distances)
            indices = points_of(tree.indices, leaf, leaf_size)
            offer_leaf(distances, indices, chosen, n_chosen, limits, lists, list_indices)
            out_counts[DISTANCES] += n_chosen * indices.shape[0]
        for i in range(n):
            if is_sorted and k >= LONG_LIST:
                sort_heap(lists[i], list_indices[i])
            row = rows[begin + i]
            out_indices[row] = list_indices[i]
            write_distances(lists[i], metric, out_distances[row])
        begin = end
