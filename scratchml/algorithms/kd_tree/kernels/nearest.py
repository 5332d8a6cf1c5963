"""The nearest points of the tree to each query."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import NO_POINT, is_before, make_heap, offer, sort_heap

from .bounds import bound_box, measure_leaf, restore_distances
from .groups import (
    DISTANCES,
    LANES,
    OPENED,
    SPLIT,
    TRIMMED,
    add_children,
    count_near,
    end_of_group,
    list_near,
    list_within,
    points_in_leaf,
    start_group,
    take_node,
)

LONG_LIST = 2000
"""From so many neighbours on, a list is a heap: what a leaf offers is little beside it."""

FEW_POINTS = 64
"""So many points are sorted by counting for each how many come before it."""

HALVINGS = 6
"""Steps of the search for a first limit. Few more points than needed are then below it."""


class Lists(NamedTuple):
    """The nearest points to each query of a group that have been found so far."""

    is_sorted: bool
    """Whether they are to be sorted in the end; short ones always are."""
    distances: np.ndarray
    """float64[LANES, k]: reduced; infinite where nothing has been found yet."""
    indices: np.ndarray
    """int64[LANES, k]"""
    limits: np.ndarray
    """float64[LANES]: largest distance that a further neighbour may have; -1 where no query is."""


def make_lists(k: int, is_sorted: bool) -> Lists:
    """Memory for the lists of a group."""
    return Lists(
        is_sorted,
        np.empty((LANES, k)),
        np.empty((LANES, k), np.int64),
        np.empty(LANES),
    )


@kernel(STRICT, allocates=False)
def find_nearest(
    tree, metric, queries, homes, rows, group, lists, out_distances, out_indices, out_counts
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
    group : Group
        Overwritten.
    lists : Lists
        Overwritten.
    out_distances : float64[n_rows, k]
        Distances (not reduced).
    out_indices : int64[n_rows, k]
    out_counts : int64[4]
        Added to: nodes trimmed, leaves opened, nodes split, distances computed.

    Returns
    -------
    int
        How many queries are done: all, or as many groups as it took to spend the budget.

    Notes
    -----
    Exact (see `bounds`). A group of queries visits a node if one of them has to. Friedman, Bentley
    and Finkel (1977).
    """
    bounds, limits = group.bounds[0], lists.limits
    begin = 0
    most = out_counts[DISTANCES] + group.budget
    while begin < homes.shape[0] and out_counts[DISTANCES] < most:
        end = end_of_group(homes, begin)
        n = end - begin
        group_queries, group_homes = queries[begin:end], homes[begin:end]
        n_lanes = start_group(group_queries, group)
        clear_lists(n, lists)
        out_counts[DISTANCES] += offer_homes(tree, metric, group_queries, group_homes, group, lists)
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, group)
            n_waiting -= 1
            bound_box(tree.lower[node], tree.upper[node], group.lanes, n_lanes, metric, bounds)
            if not may_serve(bounds, tree.least[node], lists, n_lanes):
                out_counts[TRIMMED] += 1
                continue
            if tree.middle[node] > 0:
                out_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, n_waiting, group)
                continue
            out_counts[OPENED] += 1
            leaf = tree.first[node]
            for i in range(n):
                if group_homes[i] == leaf:  # it has been offered already
                    bounds[i] = np.nan  # within no limit
            n_chosen = list_within(bounds, limits, n_lanes, group.chosen)
            out_counts[DISTANCES] += offer_leaf(
                tree, metric, leaf, group_queries, n_chosen, group, lists
            )
        for i in range(n):
            if lists.is_sorted and lists.distances.shape[1] >= LONG_LIST:
                sort_heap(lists.distances[i], lists.indices[i])
            row = rows[begin + i]
            restore_distances(lists.distances[i], metric, out_distances[row])
            for t in range(lists.indices.shape[1]):
                out_indices[row, t] = lists.indices[i, t]
        begin = end
    return begin


@kernel(STRICT, allocates=False)
def may_serve(bounds, least, lists, n_lanes):
    """Whether a node may have a neighbour for one of the lanes.

    Where nothing in it is nearer than the last entry of any list, an equally far point has to come
    before it: among many duplicates few nodes have one.

    Parameters
    ----------
    bounds : float64[>= n_lanes]
        Least reduced distance from each lane to the node.
    least : int
        Smallest index of its points.
    lists : Lists
    n_lanes : int

    Returns
    -------
    bool
    """
    n_nearer = 0
    for i in range(n_lanes):
        n_nearer += bounds[i] < lists.limits[i]
    if n_nearer > 0:
        return True
    k = lists.indices.shape[1]
    last = 0 if k >= LONG_LIST else k - 1
    for i in range(n_lanes):
        if bounds[i] == lists.limits[i] and least < lists.indices[i, last]:
            return True
    return False


@kernel(STRICT, allocates=False)
def clear_lists(n, inout_lists):
    """Empty the lists of n queries."""
    inout_lists.distances[:n] = np.inf
    inout_lists.indices[:n] = NO_POINT
    inout_lists.limits[:n] = np.inf
    inout_lists.limits[n:] = -1


@kernel(STRICT, allocates=False)
def offer_homes(tree, metric, queries, homes, inout_group, inout_lists):
    """Offer each query the points of the leaf it falls into; see `offer_leaf`."""
    n_distances = 0
    begin = 0
    while begin < homes.shape[0]:
        leaf = homes[begin]
        n = 0
        while begin < homes.shape[0] and homes[begin] == leaf:
            inout_group.chosen[n] = begin
            n += 1
            begin += 1
        n_distances += offer_leaf(tree, metric, leaf, queries, n, inout_group, inout_lists)
    return n_distances


@kernel(STRICT, allocates=False)
def offer_leaf(tree, metric, leaf, queries, n_chosen, inout_group, inout_lists):
    """Offer the points of a leaf to the lists of the chosen queries.

    Parameters
    ----------
    tree : Tree
    metric : Metric
    leaf : int
    queries : float64[n_queries, n_features]
        Of the group.
    n_chosen : int
        How many of them are chosen.
    inout_group : Group
    inout_lists : Lists

    Returns
    -------
    int
        Distances computed.
    """
    chosen, distances = inout_group.chosen, inout_group.distances
    measure_leaf(tree.leaves[leaf], queries, chosen, n_chosen, metric, distances)
    n_points, k = points_in_leaf(tree, leaf), inout_lists.distances.shape[1]
    indices = tree.indices[leaf * tree.leaves.shape[2] :]
    for s in range(n_chosen):
        query, row = chosen[s], distances[s]
        offered = row[:n_points]
        list_distances, list_indices = inout_lists.distances[query], inout_lists.indices[query]
        limit = inout_lists.limits[query]
        if list_indices[0] == NO_POINT and k < n_points:
            limit = first_limit(offered, k)
        if count_near(offered, limit) == 0:
            continue
        n = list_near(offered, indices, limit, inout_group)
        if k >= LONG_LIST:
            offer_near(n, inout_group, list_distances, list_indices)
            inout_lists.limits[query] = list_distances[0]
        else:
            sort_near(n, inout_group)
            merge_near(n, inout_group, list_distances, list_indices)
            inout_lists.limits[query] = list_distances[k - 1]
    return n_chosen * n_points


@kernel(STRICT, allocates=False)
def offer_near(n, group, inout_distances, inout_indices):
    """Offer the points that `list_near` has listed to a heap.

    Parameters
    ----------
    n : int
        How many there are.
    group : Group
    inout_distances : float64[k]
    inout_indices : int64[k]
    """
    for t in range(n):
        offer(group.near[t], group.names[t], inout_distances, inout_indices)


@kernel(STRICT, allocates=False)
def sort_near(n, inout_group):
    """Sort the points that `list_near` has listed.

    Where they are few each goes where its rank is, the number of those that come before it: there
    are no branches to mispredict.
    """
    near, names = inout_group.near, inout_group.names
    if n > FEW_POINTS:
        sorted_near, sorted_names = inout_group.sorted_near[:n], inout_group.sorted_names[:n]
        for t in range(n):
            sorted_near[t] = near[t]
            sorted_names[t] = names[t]
        make_heap(sorted_near, sorted_names)
        sort_heap(sorted_near, sorted_names)
        return
    for s in range(n):
        x, i = near[s], names[s]
        rank = np.intp(0)
        for t in range(n):
            rank += np.intp((near[t] < x) | ((near[t] == x) & (names[t] < i)))
        inout_group.sorted_near[rank] = x
        inout_group.sorted_names[rank] = i


@kernel(STRICT, allocates=False)
def merge_near(n, group, inout_distances, inout_indices):
    """Merge the points that `sort_near` has sorted into a sorted list; its last entries fall off.

    Parameters
    ----------
    n : int
        How many there are.
    group : Group
    inout_distances : float64[k]
    inout_indices : int64[k]
    """
    near, names = group.sorted_near, group.sorted_names
    at = inout_distances.shape[0] - 1
    new, old = 0, at
    while (
        new < n
        and old >= 0
        and is_before(near[new], names[new], inout_distances[old], inout_indices[old])
    ):
        new += 1
        old -= 1
    new -= 1
    while new >= 0:  # from the end, where entries have fallen off
        x, i = near[new], names[new]
        if old >= 0 and is_before(x, i, inout_distances[old], inout_indices[old]):
            x, i = inout_distances[old], inout_indices[old]
            old -= 1
        else:
            new -= 1
        inout_distances[at] = x
        inout_indices[at] = i
        at -= 1


@kernel(STRICT, allocates=False)
def first_limit(distances, k):
    """A value that at least k of some distances do not exceed, and few more."""
    low = high = distances[0]
    for t in range(distances.shape[0]):
        low = min(low, distances[t])
        high = max(high, distances[t])
    if k == 1:
        return low
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if count_near(distances, middle) >= k:
            high = middle
        else:
            low = middle
    return high
