"""The shortest edges out of components, looked for in the KD-tree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import bound_box, measure_leaf
from scratchml.algorithms.kd_tree.kernels.groups import (
    DISTANCES,
    LANES,
    OPENED,
    SPLIT,
    TRIMMED,
    add_children,
    end_of_group,
    points_in_leaf,
    start_group,
    take_node,
)
from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import NO_POINT

from .forest import is_shorter


class Lanes(NamedTuple):
    """The shortest edges that the points of a group have found so far; kernels overwrite it."""

    targets: np.ndarray
    """int64[LANES]: where they end; ``NO_POINT`` before one is found."""
    reaches: np.ndarray
    """float64[LANES]: their reduced mutual reachability; at first that of the component's edge."""
    gaps: np.ndarray
    """float64[LANES]: reduced distances of their points."""
    limits: np.ndarray
    """float64[LANES]: largest reduced distance at which a point may still be better; -1 where there
    is no lane."""
    components: np.ndarray
    """int64[LANES]: components of the points."""
    cores: np.ndarray
    """float64[LANES]: their core distances."""


def make_lanes() -> Lanes:
    """Memory for a group."""
    return Lanes(
        targets=np.empty(LANES, np.int64),
        reaches=np.empty(LANES),
        gaps=np.empty(LANES),
        limits=np.empty(LANES),
        components=np.empty(LANES, np.int64),
        cores=np.empty(LANES),
    )


@kernel(STRICT, allocates=False)
def find_edges(
    tree, metric, queries, homes, rows, group, lanes, forest, inout_offers, inout_counts
):
    """The shortest edge from each point to another component, unless its own has chosen a shorter.

    Parameters
    ----------
    tree : Tree
        Whose points are numbered in its own order.
    metric : Metric
    queries : float64[n_queries, n_features]
    homes : int32[n_queries]
        The leaf that each of them is in.
    rows : int64[n_queries]
        Which points they are.
    group : Group
        Overwritten.
    lanes : Lanes
        Overwritten.
    forest : Forest
    inout_offers : Offers
        An edge that is found is settled. Where none is, the point's floor rises to the edge of its
        component.
    inout_counts : int64[4]
        Added to: nodes trimmed, leaves opened, nodes split, distances computed.

    Returns
    -------
    int
        How many queries are done: all, or as many groups as it took to spend the budget.

    Notes
    -----
    A node is left out if all its points are of the same component, if its box is too far, or if
    none of its points is a core point near enough. March, Ram and Gray (2010), section 4.
    """
    bounds = group.bounds[0]
    begin = 0
    most = inout_counts[DISTANCES] + group.budget
    while begin < homes.shape[0] and inout_counts[DISTANCES] < most:
        end = end_of_group(homes, begin)
        n_lanes = start_group(queries[begin:end], group)
        start_lanes(rows[begin:end], forest, lanes)
        n_waiting = 1
        while n_waiting > 0:
            node = take_node(n_waiting, group)
            n_waiting -= 1
            bound_box(tree.lower[node], tree.upper[node], group.lanes, n_lanes, metric, bounds)
            n_chosen = list_reaching(bounds, node, forest, lanes, n_lanes, group.chosen)
            if n_chosen == 0:
                inout_counts[TRIMMED] += 1
            elif tree.middle[node] > 0:
                inout_counts[SPLIT] += 1
                n_waiting = add_children(tree, node, metric, n_waiting, group)
            else:
                inout_counts[OPENED] += 1
                leaf = tree.first[node]
                measure_leaf(
                    tree.leaves[leaf],
                    queries[begin:end],
                    group.chosen,
                    n_chosen,
                    metric,
                    group.distances,
                )
                n_points = points_in_leaf(tree, leaf)
                first = leaf * tree.leaves.shape[2]
                for s in range(n_chosen):
                    offer_points(
                        group.chosen[s], first, group.distances[s][:n_points], forest, lanes
                    )
                inout_counts[DISTANCES] += n_chosen * n_points
        store_lanes(rows[begin:end], lanes, inout_offers)
        begin = end
    return begin


@kernel(STRICT, allocates=False)
def start_lanes(points, forest, out_lanes):
    """Put the points of a group on lanes, each with the edge of its component to be beaten."""
    for i in range(LANES):
        out_lanes.limits[i] = -1
        out_lanes.reaches[i] = -1
    for i in range(points.shape[0]):
        p = points[i]
        component = forest.components[p]
        out_lanes.targets[i] = NO_POINT
        out_lanes.components[i] = component
        out_lanes.cores[i] = forest.cores[p]
        out_lanes.reaches[i] = forest.reaches[component]
        out_lanes.gaps[i] = forest.gaps[component]
        set_limit(i, out_lanes)


@kernel(STRICT, allocates=False)
def set_limit(lane, inout_lanes):
    """Set how far a point may be that makes a shorter edge.

    An edge that is no longer than the core distance of its point can only give way to one whose
    points are nearer.
    """
    reach = inout_lanes.reaches[lane]
    is_least = reach == inout_lanes.cores[lane]
    inout_lanes.limits[lane] = inout_lanes.gaps[lane] if is_least else reach


@kernel(STRICT, allocates=False)
def list_reaching(bounds, node, forest, lanes, n_lanes, out_chosen):
    """The lanes for which a node may have the end of a shorter edge, and how many they are.

    Parameters
    ----------
    bounds : float64[>= n_lanes]
        Reduced distances to the box of the node.
    node : int
    forest : Forest
    lanes : Lanes
    n_lanes : int
    out_chosen : int64[n_lanes + 1]
    """
    component, core = forest.node_components[node], forest.node_cores[node]
    n = np.intp(0)
    for i in range(n_lanes):
        out_chosen[n] = i
        is_near = (bounds[i] <= lanes.limits[i]) & (core <= lanes.reaches[i])
        n += np.intp(is_near & (lanes.components[i] != component))
    return n


@kernel(STRICT, allocates=False)
def offer_points(lane, first, gaps, forest, inout_lanes):
    """Offer the points of a leaf to one lane.

    Parameters
    ----------
    lane : int
    first : int
        First point of the leaf.
    gaps : float64[n_points]
        Reduced distances of its points.
    forest : Forest
    inout_lanes : Lanes
    """
    lanes, own, core = inout_lanes, inout_lanes.components[lane], inout_lanes.cores[lane]
    components = forest.components[first : first + gaps.shape[0]]
    cores = forest.cores[first : first + gaps.shape[0]]
    n_better = 0
    for t in range(gaps.shape[0]):
        is_near = (gaps[t] <= lanes.limits[lane]) & (cores[t] <= lanes.reaches[lane])
        n_better += is_near & (components[t] != own)
    if n_better == 0:
        return
    for t in range(gaps.shape[0]):
        if components[t] == own:
            continue
        reach = max(max(gaps[t], core), cores[t])
        if is_shorter(
            reach, gaps[t], first + t, lanes.reaches[lane], lanes.gaps[lane], lanes.targets[lane]
        ):
            lanes.reaches[lane], lanes.gaps[lane] = reach, gaps[t]
            lanes.targets[lane] = first + t
    set_limit(lane, lanes)


@kernel(STRICT, allocates=False)
def store_lanes(points, lanes, inout_offers):
    """Store what the lanes of a group have found."""
    for i in range(points.shape[0]):
        p = points[i]
        inout_offers.floors[p] = lanes.reaches[i]
        if lanes.targets[i] != NO_POINT:
            inout_offers.targets[p] = lanes.targets[i]
            inout_offers.reaches[p] = lanes.reaches[i]
            inout_offers.gaps[p] = lanes.gaps[i]
            inout_offers.settled[p] = True
