"""Connected components of the core points, by a tree over them.

Going up from the leaves, the two halves of each node are connected: pairs of their nodes are
dismissed that are farther apart than eps, or that already are of one and the same component, and
most are, a few nodes down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import bound_box, measure_leaf
from scratchml.algorithms.kd_tree.kernels.groups import list_within, points_in_leaf
from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.disjoint_sets import find_root, unite_roots

from .reach import bound_boxes, bound_diameter, settle_leaf

MIXED = -1
"""Instead of a component: the node has points of several."""

VISIT = 30
"""Distances, about, that a pair of nodes takes the time of."""

FEW_LANES = 4
"""Points of a leaf that are compared with another one at once, where one link is enough."""


class Components(NamedTuple):
    """Which core points are connected so far."""

    parents: np.ndarray
    """int32[n_core] or int64[n_core]: disjoint sets of the core points."""
    of_node: np.ndarray
    """The same dtype, [n_nodes]: a point of its only component, or ``MIXED``."""


class PairWalk(NamedTuple):
    """Memory in which pairs of nodes wait and leaves are compared; kernels overwrite it."""

    left: np.ndarray
    """int64[capacity]: the pairs that wait."""
    right: np.ndarray
    """int64[capacity]"""
    queries: np.ndarray
    """float64[leaf_size, n_features]: points of a leaf that may have a link to another one."""
    names: np.ndarray
    """int64[leaf_size]: which points they are."""
    bounds: np.ndarray
    """float64[leaf_size]: their distances to the box of the other leaf."""
    limits: np.ndarray
    """float64[leaf_size]: the outer limit of what is within eps."""
    chosen: np.ndarray
    """int64[leaf_size + 1]: the lanes that they come from,"""
    order: np.ndarray
    """int64[leaf_size]: and 0, 1, 2, ..., which are not overwritten."""
    distances: np.ndarray
    """float64[FEW_LANES, leaf_size]: from some of them to the points of the other leaf."""


def make_pair_walk(n_features: int, leaf_size: int, outer: float, capacity: int) -> PairWalk:
    """Memory for pairs of nodes.

    Parameters
    ----------
    n_features, leaf_size : int
    outer : float
        Of the `Reach`.
    capacity : int
        Pairs that may wait at once.
    """
    return PairWalk(
        left=np.empty(capacity, np.int64),
        right=np.empty(capacity, np.int64),
        queries=np.empty((leaf_size, n_features)),
        names=np.empty(leaf_size, np.int64),
        bounds=np.empty(leaf_size),
        limits=np.full(leaf_size, outer),
        chosen=np.empty(leaf_size + 1, np.int64),
        order=np.arange(leaf_size),
        distances=np.empty((FEW_LANES, leaf_size)),
    )


@kernel(STRICT, allocates=False)
def node_component(tree, node, inout_components):
    """The root of the only component of a node, or ``MIXED``; looks again at its children."""
    parents, of_node = inout_components
    if of_node[node] == MIXED and tree.middle[node] > 0:
        left = of_node[node + 1]
        right = of_node[node + 2 * (tree.middle[node] - tree.first[node])]
        if (
            left != MIXED
            and right != MIXED
            and find_root(parents, left) == find_root(parents, right)
        ):
            of_node[node] = left
    if of_node[node] == MIXED:
        return np.int64(MIXED)
    return np.int64(find_root(parents, of_node[node]))


@kernel(STRICT, allocates=False)
def look_at_leaf(tree, node, inout_components):
    """Note the component of a leaf if it has but one."""
    parents, of_node = inout_components
    leaf = np.int64(tree.first[node])
    begin, n_points = leaf * tree.leaves.shape[2], points_in_leaf(tree, leaf)
    root = find_root(parents, tree.indices[begin])
    of_node[node] = root
    for t in range(begin + 1, begin + n_points):
        if find_root(parents, tree.indices[t]) != root:
            of_node[node] = MIXED


@kernel(STRICT, allocates=False)
def take_points(tree, leaf, n_chosen, inout_walk):
    """Write the chosen points of a leaf, in float64, as rows of the queries of a walk."""
    panel, indices = tree.leaves[leaf], tree.indices[leaf * tree.leaves.shape[2] :]
    for s in range(n_chosen):
        lane = inout_walk.chosen[s]
        inout_walk.names[s] = indices[lane]
        row = inout_walk.queries[s]
        for j in range(panel.shape[0]):
            row[j] = panel[j, lane]


@kernel(STRICT, allocates=False)
def compare_points(tree, metric, reach, leaf, begin, end, inout_walk):
    """Reduced distances from some queries of a walk to the points of a leaf, in its first rows.

    Returns
    -------
    int
        Distances computed.
    """
    n_points = points_in_leaf(tree, leaf)
    rows, queries = inout_walk.distances, inout_walk.queries[begin:end]
    measure_leaf(tree.leaves[leaf], queries, inout_walk.order, end - begin, metric, rows)
    if reach.angles.shape[0] > 0:
        indices = tree.indices[leaf * tree.leaves.shape[2] :]
        for s in range(end - begin):
            place = reach.angles[inout_walk.names[begin + s]]
            settle_leaf(reach, place[0], place[1], indices, rows[s][:n_points])
    return (end - begin) * n_points


@kernel(STRICT, allocates=False)
def connect_within(tree, metric, reach, node, walk, inout_components):
    """Connect the points of one leaf; returns the distances computed."""
    leaf = np.int64(tree.first[node])
    n_points = points_in_leaf(tree, leaf)
    indices = tree.indices[leaf * tree.leaves.shape[2] :]
    parents = inout_components.parents
    if bound_diameter(tree.lower[node], tree.upper[node], metric) <= reach.inner:
        root = find_root(parents, indices[0])
        for t in range(1, n_points):
            root = unite_roots(root, find_root(parents, indices[t]), parents)
        inout_components.of_node[node] = root
        return 0
    for t in range(n_points):
        walk.chosen[t] = t
    take_points(tree, leaf, n_points, walk)
    n_distances, n_parts = np.int64(0), n_points
    for i in range(n_points):
        if n_parts == 1:
            break
        n_distances += compare_points(tree, metric, reach, leaf, i, i + 1, walk)
        near = walk.distances[0]
        root = find_root(parents, indices[i])
        for t in range(n_points):
            if near[t] <= reach.inner:
                other = find_root(parents, indices[t])
                if other != root:
                    root = unite_roots(root, other, parents)
                    n_parts -= 1
    inout_components.of_node[node] = find_root(parents, indices[0]) if n_parts == 1 else MIXED
    return n_distances


@kernel(STRICT, allocates=False)
def connect_leaves(tree, metric, reach, node, other, walk, inout_components):
    """Connect the points of two leaves; returns the distances computed.

    Where each leaf has but one component, one link is enough. Where one has, points of the other
    leaf that are of it are left out.
    """
    parents, of_node = inout_components
    if of_node[other] == MIXED:
        node, other = other, node
    leaf, other_leaf = np.int64(tree.first[node]), np.int64(tree.first[other])
    panel = tree.leaves[leaf]
    lower, upper = tree.lower[other], tree.upper[other]
    bound_box(lower, upper, panel, panel.shape[1], metric, walk.bounds)
    n_chosen = list_within(walk.bounds, walk.limits, points_in_leaf(tree, leaf), walk.chosen)
    if of_node[node] == MIXED and of_node[other] != MIXED:
        n_reached, n_chosen = n_chosen, 0
        root = find_root(parents, of_node[other])
        names = tree.indices[leaf * tree.leaves.shape[2] :]
        for s in range(n_reached):
            walk.chosen[n_chosen] = walk.chosen[s]
            n_chosen += find_root(parents, names[walk.chosen[s]]) != root
    take_points(tree, leaf, n_chosen, walk)
    n_points = points_in_leaf(tree, other_leaf)
    indices = tree.indices[other_leaf * tree.leaves.shape[2] :]
    one_is_enough = of_node[node] != MIXED and of_node[other] != MIXED
    n_distances = 0
    for begin in range(0, n_chosen, FEW_LANES):
        end = min(begin + FEW_LANES, n_chosen)
        n_distances += compare_points(tree, metric, reach, other_leaf, begin, end, walk)
        for s in range(end - begin):
            near = walk.distances[s]
            root = find_root(parents, walk.names[begin + s])
            for t in range(n_points):
                if near[t] <= reach.inner:
                    neighbor = find_root(parents, indices[t])
                    if neighbor != root:
                        root = unite_roots(root, neighbor, parents)
                    if one_is_enough:
                        return n_distances
    if not one_is_enough:
        look_at_leaf(tree, node, inout_components)
        look_at_leaf(tree, other, inout_components)
    return n_distances


@kernel(STRICT, allocates=False)
def add_pairs(tree, metric, reach, node, other, n_waiting, inout_walk):
    """Let the pairs of the children of a node with another node wait, the nearer one for next.

    Returns
    -------
    int
        Pairs that wait now.
    """
    left, right = node + 1, node + 2 * (tree.middle[node] - tree.first[node])
    lower, upper = tree.lower[other], tree.upper[other]
    to_left = bound_boxes(tree.lower[left], tree.upper[left], lower, upper, metric)
    to_right = bound_boxes(tree.lower[right], tree.upper[right], lower, upper, metric)
    if to_left < to_right:
        near, near_bound, far, far_bound = left, to_left, right, to_right
    else:
        near, near_bound, far, far_bound = right, to_right, left, to_left
    if far_bound <= reach.outer:
        inout_walk.left[n_waiting] = far
        inout_walk.right[n_waiting] = other
        n_waiting += 1
    if near_bound <= reach.outer:
        inout_walk.left[n_waiting] = near
        inout_walk.right[n_waiting] = other
        n_waiting += 1
    return n_waiting


@kernel(STRICT, allocates=False)
def connect_nodes(tree, metric, reach, first_node, node, n_waiting, budget, walk, inout_components):
    """Connect the points of each of some nodes, from the last one to the first.

    Children follow their parents, so that both halves of a node have been connected before.

    Parameters
    ----------
    tree : Tree
        Of the core points.
    metric : Metric
    reach : Reach
    first_node, node : int
        The nodes from ``node`` down to ``first_node`` are left.
    n_waiting : int
        Pairs of nodes that wait for ``node`` to be done; 0 before it is begun.
    budget : int
        Work after which the kernel returns: a unit for a distance, `VISIT` for a pair of nodes.
    walk : PairWalk
    inout_components : Components

    Returns
    -------
    node : int
        Below ``first_node`` once all are done; else to be passed in again,
    n_waiting : int
        as is this.
    n_distances : int
        Distances computed.
    """
    n_distances, n_visits = 0, 0
    while node >= first_node and n_distances + VISIT * n_visits < budget:
        if tree.middle[node] == 0:
            n_distances += connect_within(tree, metric, reach, node, walk, inout_components)
            n_visits += 1
            node -= 1
            continue
        if n_waiting == 0:
            inout_components.of_node[node] = MIXED
            left, right = node + 1, node + 2 * (tree.middle[node] - tree.first[node])
            lower, upper = tree.lower[right], tree.upper[right]
            if bound_boxes(tree.lower[left], tree.upper[left], lower, upper, metric) <= reach.outer:
                walk.left[0], walk.right[0] = left, right
                n_waiting = 1
        while n_waiting > 0 and n_distances + VISIT * n_visits < budget:
            n_waiting -= 1
            n_visits += 1
            a, b = walk.left[n_waiting], walk.right[n_waiting]
            component = node_component(tree, a, inout_components)
            other = node_component(tree, b, inout_components)
            if component == other and component != MIXED:
                continue
            n_leaves = tree.last[a] - tree.first[a]
            n_other_leaves = tree.last[b] - tree.first[b]
            if n_leaves == 1 and n_other_leaves == 1:
                n_distances += connect_leaves(tree, metric, reach, a, b, walk, inout_components)
            elif n_leaves >= n_other_leaves:
                n_waiting = add_pairs(tree, metric, reach, a, b, n_waiting, walk)
            else:
                n_waiting = add_pairs(tree, metric, reach, b, a, n_waiting, walk)
        if n_waiting == 0:
            node_component(tree, node, inout_components)
            node -= 1
    return node, n_waiting, n_distances


@kernel(STRICT, allocates=False)
def number_components(inout_parents, out_labels):
    """Number components by their smallest point, which is their root.

    Parameters
    ----------
    inout_parents : int32[n_core] or int64[n_core]
    out_labels : int64[n_core]

    Returns
    -------
    int
        Number of components.
    """
    n_components = 0
    for i in range(inout_parents.shape[0]):
        root = find_root(inout_parents, i)
        if root == i:
            out_labels[i] = n_components
            n_components += 1
        else:
            out_labels[i] = out_labels[root]
    return n_components
