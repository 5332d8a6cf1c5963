"""Clusters by KD-trees: one over all points finds the core points, one over those connects them.

No neighbourhood is ever stored. A point stops looking for neighbours when it has enough; core
points are connected node by node; and only points that are no core points look for a cluster.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchml.algorithms.kd_tree import Queries, build_tree, children, leaves_of
from scratchml.algorithms.kd_tree.kernels.groups import LANES, Group, make_group
from scratchml.algorithms.kd_tree.kernels.structure import Metric, Tree
from scratchml.core.blocks import PIECE_OPERATIONS, map_blocks, row_blocks, stop_if_cancelled

from ..kernels.components import (
    Components,
    connect_nodes,
    make_pair_walk,
    number_components,
)
from ..kernels.cores import CoreCondition, find_cores, sum_node_weights
from ..kernels.first_clusters import NO_CLUSTER, find_first_clusters, spread_cluster_labels
from ..kernels.reach import Reach
from .clusters import NOISE, Clusters, index_type
from .space import Space

SUBTREES = 16
"""Subtrees that are connected in parallel, at most; a power of two."""

SUBTREE_LEAVES = 32
"""Leaves in a subtree that is worth a thread, at least."""

SAMPLED_LEAVES = 16
"""Leaves whose points say what the others will take."""

MOST_COMPARED = 0.1
"""Share of all points with which those may be compared, before comparing all is faster."""

WAITING = 512
"""Nodes or pairs of nodes that wait, at most: a few for each level of the tree."""

LANE_WIDTH = 8
"""Points that a vector holds: leaves are multiples of it."""

LARGEST_LEAF = 4096
"""Points in a leaf at most, so that Ctrl-C is heard."""


def cluster_by_tree(
    space: Space,
    eps: float,
    min_samples: int,
    weights: np.ndarray | None = None,
    leaf_size: int = 30,
    may_decline: bool = False,
) -> Clusters | None:
    """The clusters of points in a space that the tree knows.

    Parameters
    ----------
    space : Space
    eps : float
        Positive.
    min_samples : int
    weights : float64[n_points] or None
        Of any sign.
    leaf_size : int
        Points in a leaf, rounded up to a multiple of 8, but no more than some thousands.
    may_decline : bool
        Whether to give up where points have no structure that a tree could use: where a sample of
        them is compared with more than a tenth of all.

    Returns
    -------
    Clusters or None
        The same for any number of threads; None if it declines.

    Notes
    -----
    Building takes O(n log n) time. Where neighbourhoods are small, or full of core points, so does
    the rest; at worst it takes O(n^2). The two trees and a few numbers a point are all the memory.
    """
    n = len(space.points)
    tree = plant(space.points, leaf_size)
    reach = space.reach(eps)
    condition = make_condition(tree, min_samples, weights, n)
    if may_decline:
        n_leaves = len(tree.leaves)
        sample = np.unique(np.linspace(0, n_leaves - 1, SAMPLED_LEAVES, dtype=np.int64))
        leaves = [slice(leaf, leaf + 1) for leaf in sample]
        n_compared = mark_cores(tree, space.metric, reach, condition, n, leaves)[1]
        if n_compared > MOST_COMPARED * n * len(leaves) * tree.leaves.shape[2]:
            return None
    is_core, n_distances = mark_cores(tree, space.metric, reach, condition, n, leaf_blocks(tree))
    core_indices, labels = np.flatnonzero(is_core), np.full(n, NOISE)
    if len(core_indices) == 0:
        return Clusters(labels, core_indices, n_distances)
    if len(core_indices) == n:
        cores = CoreTree.connect(tree, space, eps)
    else:
        of_cores = space.select(core_indices)
        cores = CoreTree.connect(plant(of_cores.points, leaf_size), of_cores, eps)
    labels[core_indices] = cores.labels
    in_tree_order = tree.indices[:n]
    places = np.flatnonzero(~is_core[in_tree_order])
    rows = in_tree_order[places]
    homes = (places // tree.leaves.shape[2]).astype(np.int32)
    found, n_more = cores.clusters_of(space, rows, homes)
    labels[rows] = found
    return Clusters(labels, core_indices, n_distances + cores.n_distances + n_more)


def plant(points: np.ndarray, leaf_size: int) -> Tree:
    """A tree over points, with leaves of whole vectors."""
    size = min(leaf_size, len(points), LARGEST_LEAF)
    return build_tree(points, -(-size // LANE_WIDTH) * LANE_WIDTH)


def make_condition(
    tree: Tree, min_samples: int, weights: np.ndarray | None, n: int
) -> CoreCondition:
    """When one of the n points of a tree is a core point."""
    if weights is None:
        return CoreCondition(float(min_samples), True, np.empty(0), np.empty(0))
    in_tree_order = np.zeros(len(tree.indices))
    in_tree_order[:n] = weights[tree.indices[:n]]
    of_node = np.empty(len(tree.first))
    sum_node_weights(tree, in_tree_order, of_node)
    return CoreCondition(float(min_samples), bool((weights >= 0).all()), in_tree_order, of_node)


def mark_cores(
    tree: Tree, metric: Metric, reach: Reach, condition: CoreCondition, n: int, blocks: list[slice]
) -> tuple[np.ndarray, int]:
    """Which points are core points, and how many distances that took.

    Parameters
    ----------
    tree : Tree
        Over n points.
    metric : Metric
    reach : Reach
    condition : CoreCondition
    n : int
    blocks : list of slice
        The leaves that are looked at.

    Returns
    -------
    is_core : bool[n]
        Not set for points of other leaves.
    n_distances : int
    """
    _, n_features, leaf_size = tree.leaves.shape
    is_core = np.empty(n, np.bool_)

    def mark(_: int, block: slice) -> int:
        group = make_group(n_features, leaf_size, PIECE_OPERATIONS // n_features, WAITING, False)
        scratch = np.empty((LANES, n_features)), np.empty(LANES), np.empty(LANES)
        place, end = block.start * leaf_size, min(block.stop * leaf_size, n)
        total = 0
        while place < end:
            stop_if_cancelled()
            place, n_distances = find_cores(
                tree, metric, reach, condition, place, end, group, scratch, is_core
            )
            total += n_distances
        return total

    return is_core, sum(map_blocks(mark, blocks))


def leaf_blocks(tree: Tree) -> list[slice]:
    """Cut leaves into blocks, by their number and size alone."""
    n_leaves, n_features, leaf_size = tree.leaves.shape
    blocks = row_blocks(n_leaves * leaf_size, 100 * n_features)
    edges = [min(-(-block.start // leaf_size), n_leaves) for block in blocks] + [n_leaves]
    return [slice(a, b) for a, b in itertools.pairwise(edges) if a < b]


@dataclass(frozen=True)
class CoreTree:
    """The core points in a tree, with the cluster of each.

    Attributes
    ----------
    space : Space
        The core points; there is one at least.
    eps : float
    tree : Tree
        Over them.
    labels : int64[n_core]
    spread : (int64[n_leaves * leaf_size], int64[n_nodes])
        The same in the order of the tree, and the least of each node.
    n_distances : int
        Distances that connecting them took.
    """

    space: Space
    eps: float
    tree: Tree
    labels: np.ndarray
    spread: tuple[np.ndarray, np.ndarray]
    n_distances: int

    @classmethod
    def connect(cls, tree: Tree, space: Space, eps: float) -> CoreTree:
        """Connect core points that are within eps of each other, and number their components."""
        labels = np.empty(len(space.points), np.int64)
        parents, n_distances = connect_cores(tree, space.metric, space.reach(eps), len(labels))
        number_components(parents, labels)
        return cls(space, eps, tree, labels, spread_over(tree, labels), n_distances)

    @classmethod
    def of_labels(cls, space: Space, eps: float, leaf_size: int, labels: np.ndarray) -> CoreTree:
        """The tree of core points whose clusters are known."""
        tree = plant(space.points, leaf_size)
        return cls(space, eps, tree, labels, spread_over(tree, labels), 0)

    def clusters_of(
        self, space: Space, rows: np.ndarray | None = None, homes: np.ndarray | None = None
    ) -> tuple[np.ndarray, int]:
        """The first cluster that reaches each of some points.

        Parameters
        ----------
        space : Space
            Of the points; like that of the core points.
        rows : int64[n_queries] or None
            Which of the points, near ones together; all of them unless given.
        homes : int32[n_queries] or None
            Leaves of a tree over the points, in the same order.

        Returns
        -------
        clusters : int64[n_queries] or int64[n_points]
            In the order of ``rows`` if those are given.
        n_distances : int
        """
        n_queries = len(space.points) if rows is None else len(rows)
        if n_queries == 0:
            return np.empty(0, np.int64), 0
        is_ordered = rows is not None
        if rows is None or homes is None:
            homes = leaves_of(self.tree, space.points)
            rows = np.argsort(homes, kind="stable")
            homes = homes[rows]
        queries = Queries(self.tree, space.metric, space.points, rows, homes)
        reach = self.space.reach(self.eps, space.largest)
        clusters = np.empty(n_queries, np.int64)

        def walker() -> Any:
            scratch = np.empty(LANES), np.empty(LANES, np.int64)

            def walk(part: slice, points: np.ndarray, group: Group, counts: np.ndarray) -> int:
                n_done, n_distances = find_first_clusters(
                    self.tree,
                    space.metric,
                    reach,
                    self.spread,
                    points,
                    space.angles[rows[part]] if len(space.angles) else space.angles,
                    homes[part],
                    group,
                    scratch,
                    clusters[part],
                )
                counts[3] += n_distances
                return n_done

            return walk

        n_distances = int(queries.run(walker)[3])
        clusters[clusters == NO_CLUSTER] = NOISE
        if is_ordered:
            return clusters, n_distances
        in_order = np.empty_like(clusters)
        in_order[rows] = clusters
        return in_order, n_distances


def connect_cores(tree: Tree, metric: Metric, reach: Reach, n_core: int) -> tuple[np.ndarray, int]:
    """Disjoint sets of the core points that are within eps of each other, directly or by others.

    Subtrees are connected in parallel, then each level above them: nodes of one level have no
    points in common.

    Returns
    -------
    parents : int32[n_core] or int64[n_core]
    n_distances : int
    """
    index = index_type(n_core)
    components = Components(np.arange(n_core, dtype=index), np.empty(len(tree.first), index))
    _, n_features, leaf_size = tree.leaves.shape
    budget = PIECE_OPERATIONS // n_features

    def connect(first_node: int, node: int) -> int:
        walk = make_pair_walk(n_features, leaf_size, reach.outer, WAITING)
        n_waiting, total = 0, 0
        while node >= first_node:
            stop_if_cancelled()
            node, n_waiting, n_distances = connect_nodes(
                tree, metric, reach, first_node, node, n_waiting, budget, walk, components
            )
            total += n_distances
        return total

    levels = [[0]]
    while len(levels[-1]) < SUBTREES and len(tree.leaves) >= 2 * SUBTREE_LEAVES * len(levels[-1]):
        levels.append([child for node in levels[-1] for child in children(tree, node)])
    ends = [node + 2 * int(tree.last[node] - tree.first[node]) - 2 for node in levels[-1]]
    n_distances = sum(
        map_blocks(lambda _, part: connect(*part), list(zip(levels[-1], ends, strict=True)))
    )
    for level in reversed(levels[:-1]):
        n_distances += sum(map_blocks(lambda _, node: connect(node, node), level))
    return components.parents, n_distances


def spread_over(tree: Tree, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of core points in the order of a tree, and the least one of each node."""
    spread = np.empty(len(tree.indices), np.int64), np.empty(len(tree.first), np.int64)
    spread_cluster_labels(tree, labels, *spread)
    return spread
