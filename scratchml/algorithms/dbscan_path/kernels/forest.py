"""The forest of Boruvka's algorithm: components, and the shortest edge out of each.

All points are in the order of the KD-tree. Edges are compared by (mutual reachability, distance of
the points, their places): no two are equal, so that the edges chosen close no cycle and the tree
does not depend on the order in which they are found.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.disjoint_sets import find_root, unite_roots
from scratchml.core.kernels.heaps import NO_POINT

MIXED = -1
"""Component of a node that has points of several."""


class Lists(NamedTuple):
    """The nearest points to each point, itself included."""

    neighbors: np.ndarray
    """int64[n_samples, k]: those that may still be of another component come first."""
    gaps: np.ndarray
    """float64[n_samples, k]: their reduced distances."""
    ends: np.ndarray
    """float64[n_samples]: the largest of these distances."""
    lengths: np.ndarray
    """int64[n_samples]: how many may still be of another component."""


class Forest(NamedTuple):
    """The components that the edges so far make, and what they have in each node of the tree."""

    cores: np.ndarray
    """float64[n_samples]: reduced core distances."""
    components: np.ndarray
    """int64[n_samples]: the component of each point, by its first point."""
    node_cores: np.ndarray
    """float64[n_nodes]: least core distance of the points of a node."""
    node_components: np.ndarray
    """int64[n_nodes]: the component of all points of a node, or ``MIXED``."""
    chosen: np.ndarray
    """int64[n_samples]: for each component the point that its shortest edge starts from, or -1."""
    reaches: np.ndarray
    """float64[n_samples]: reduced mutual reachability distance of this edge; infinite without one.
    """
    gaps: np.ndarray
    """float64[n_samples]: reduced distance of its two points."""


class Offers(NamedTuple):
    """The shortest edge known from each point to another component."""

    targets: np.ndarray
    """int64[n_samples]: where it ends; ``NO_POINT`` where none is known."""
    reaches: np.ndarray
    """float64[n_samples]: its reduced mutual reachability distance."""
    gaps: np.ndarray
    """float64[n_samples]: reduced distance of its two points."""
    floors: np.ndarray
    """float64[n_samples]: no edge from the point to another component reaches less far."""
    settled: np.ndarray
    """bool[n_samples]: whether none is shorter."""


@kernel(STRICT, allocates=False)
def is_shorter(reach, gap, target, other_reach, other_gap, other_target):
    """Whether one edge is shorter than another one of the same point."""
    if reach != other_reach:
        return reach < other_reach
    return gap < other_gap or (gap == other_gap and target < other_target)


@kernel(STRICT, allocates=False)
def find_node_cores(tree, cores, out_node_cores):
    """Least core distance of the points of each node.

    Parameters
    ----------
    tree : Tree
    cores : float64[n_samples]
    out_node_cores : float64[n_nodes]
    """
    leaf_size = tree.leaves.shape[2]
    for node in range(tree.first.shape[0] - 1, -1, -1):  # children before their parents
        first = tree.first[node]
        if tree.middle[node] > 0:
            left, right = node + 1, node + 2 * (tree.middle[node] - first)
            out_node_cores[node] = min(out_node_cores[left], out_node_cores[right])
            continue
        least = np.inf
        for p in range(first * leaf_size, min((first + 1) * leaf_size, cores.shape[0])):
            least = min(least, cores[p])
        out_node_cores[node] = least


@kernel(STRICT, allocates=False)
def label_components(tree, inout_forest):
    """Give each point the root of its set, and each node the component that all its points have.

    Parameters
    ----------
    tree : Tree
    inout_forest : Forest
        ``components`` are disjoint sets whose roots are their first points; ``node_components``
        are set, and nothing is chosen any more.
    """
    components, nodes = inout_forest.components, inout_forest.node_components
    leaf_size = tree.leaves.shape[2]
    for p in range(components.shape[0]):  # a parent comes before its children, and has its root
        components[p] = components[components[p]]
        inout_forest.chosen[p] = -1
        inout_forest.reaches[p] = inout_forest.gaps[p] = np.inf
    for node in range(nodes.shape[0] - 1, -1, -1):
        first = tree.first[node]
        if tree.middle[node] > 0:
            left, right = nodes[node + 1], nodes[node + 2 * (tree.middle[node] - first)]
            nodes[node] = left if left == right else MIXED
            continue
        begin = first * leaf_size
        nodes[node] = components[begin]
        for p in range(begin + 1, min(begin + leaf_size, components.shape[0])):
            if components[p] != components[begin]:
                nodes[node] = MIXED
                break


@kernel(STRICT, allocates=False)
def offer_neighbors(begin, end, forest, inout_lists, inout_offers):
    """Replace offers that lead into the own component by the shortest edge to a listed neighbour.

    An edge that is no longer than the list of its point reaches is settled: points that are not
    listed are farther, or as far and later.

    Parameters
    ----------
    begin, end : int
        Which points.
    forest : Forest
    inout_lists : Lists
        Neighbours of the same component are moved behind the others.
    inout_offers : Offers
    """
    cores, components, offers = forest.cores, forest.components, inout_offers
    for p in range(begin, end):
        own, old = components[p], offers.targets[p]
        if old != NO_POINT and components[old] != own:
            continue
        neighbors, gaps = inout_lists.neighbors[p], inout_lists.gaps[p]
        n, t = inout_lists.lengths[p], 0
        target, reach, gap = NO_POINT, np.inf, np.inf
        while t < n:
            q, d = neighbors[t], gaps[t]
            if components[q] == own:
                n -= 1
                neighbors[t], gaps[t] = neighbors[n], gaps[n]
                neighbors[n], gaps[n] = q, d
                continue
            far = max(max(cores[p], cores[q]), d)
            if is_shorter(far, d, q, reach, gap, target):
                target, reach, gap = q, far, d
            t += 1
        inout_lists.lengths[p] = n
        offers.targets[p], offers.reaches[p], offers.gaps[p] = target, reach, gap
        offers.settled[p] = target != NO_POINT and reach <= inout_lists.ends[p]


@kernel(STRICT, allocates=False)
def choose_edges(settled_only, offers, inout_forest):
    """Choose for each component the shortest of the edges that its points offer.

    Parameters
    ----------
    settled_only : bool
        Whether other offers are left out.
    offers : Offers
    inout_forest : Forest
        ``chosen`` is set, and the lengths of these edges.
    """
    forest = inout_forest
    for p in range(forest.chosen.shape[0]):
        if offers.targets[p] == NO_POINT or (settled_only and not offers.settled[p]):
            continue
        own = forest.components[p]
        best = forest.chosen[own]
        if best < 0 or is_shorter_edge(p, best, offers):
            forest.chosen[own] = p
            forest.reaches[own] = offers.reaches[p]
            forest.gaps[own] = offers.gaps[p]


@kernel(STRICT, allocates=False)
def is_shorter_edge(p, other, offers):
    """Whether the edge that one point offers is shorter than that of another point."""
    if offers.reaches[p] != offers.reaches[other]:
        return offers.reaches[p] < offers.reaches[other]
    if offers.gaps[p] != offers.gaps[other]:
        return offers.gaps[p] < offers.gaps[other]
    low, high = min(p, offers.targets[p]), max(p, offers.targets[p])
    low_other = min(other, offers.targets[other])
    return low < low_other or (low == low_other and high < max(other, offers.targets[other]))


@kernel(STRICT, allocates=False)
def list_unsettled(forest, offers, out_points):
    """List the points that may have a shorter edge than the one their component has chosen.

    Parameters
    ----------
    forest : Forest
    offers : Offers
    out_points : int64[n_samples + 1]

    Returns
    -------
    int
        How many there are.
    """
    n = np.intp(0)
    for p in range(forest.components.shape[0]):
        out_points[n] = p
        is_far = offers.floors[p] > forest.reaches[forest.components[p]]
        n += np.intp(not (offers.settled[p] or is_far))
    return n


@kernel(STRICT, allocates=False)
def join_components(offers, n_edges, inout_forest, out_edges, out_reaches):
    """Unite the components along the edges that they have chosen.

    Parameters
    ----------
    offers : Offers
    n_edges : int
        Edges of the tree so far.
    inout_forest : Forest
        ``components`` become disjoint sets; see `label_components`.
    out_edges : int64[n_samples - 1, 2]
    out_reaches : float64[n_samples - 1]

    Returns
    -------
    int
        Edges of the tree now.
    """
    sets, chosen = inout_forest.components, inout_forest.chosen
    for component in range(chosen.shape[0]):
        p = chosen[component]
        if p < 0:
            continue
        a, b = find_root(sets, p), find_root(sets, offers.targets[p])
        if a != b:
            unite_roots(a, b, sets)
            out_edges[n_edges, 0], out_edges[n_edges, 1] = p, offers.targets[p]
            out_reaches[n_edges] = offers.reaches[p]
            n_edges += 1
    return n_edges
