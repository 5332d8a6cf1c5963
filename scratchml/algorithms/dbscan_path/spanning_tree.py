"""The minimum spanning tree of the mutual reachability distances: Boruvka's algorithm on a KD-tree.

Points are numbered in the order of the tree throughout, where those that are near each other are
mostly near each other in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree import Queries, build_tree
from scratchml.algorithms.kd_tree.kernels.groups import DISTANCES, Group
from scratchml.algorithms.kd_tree.kernels.structure import Metric, Tree
from scratchml.core.blocks import map_blocks, row_blocks
from scratchml.core.jit import kernel_view
from scratchml.core.kernels.heaps import NO_POINT

from .kernels.forest import (
    Forest,
    Lists,
    Offers,
    choose_edges,
    find_node_cores,
    join_components,
    label_components,
    list_unsettled,
    offer_neighbors,
)
from .kernels.reachability import measure_neighbors
from .kernels.search import find_edges, make_lanes

LEAF_SIZE = 32
"""Points in a leaf of the tree."""

SHORTEST_LIST = 8
"""So many neighbours are listed even where fewer make a core point: edges that need no search."""

STRIDES = 16, 1
"""Of so many leaves one is searched from at first, then all: what the few find keeps short what the
others look through."""


@dataclass(frozen=True)
class Neighborhoods:
    """Points in a KD-tree, and the nearest points to each.

    Attributes
    ----------
    tree : Tree
        Its points are numbered in its own order.
    metric : Metric
    points : float[n_samples, n_features]
        In this order.
    order : int64[n_samples]
        The index that each of them came with.
    lists : Lists
        The ``min_samples`` nearest points, or a few more.
    n_distances : int
        Distances computed to find them.
    """

    tree: Tree
    metric: Metric
    points: np.ndarray
    order: np.ndarray
    lists: Lists
    n_distances: int

    @classmethod
    def of_points(cls, X: np.ndarray, min_samples: int, metric: Metric) -> Neighborhoods:
        """Build the tree, and find the nearest points.

        Parameters
        ----------
        X : float[n_samples, n_features]
            C-contiguous and finite.
        min_samples : int
        metric : Metric
        """
        n, n_features = X.shape
        X = kernel_view(X)
        tree = build_tree(X, LEAF_SIZE)
        order = tree.indices[:n].copy()
        tree.indices[:n] = np.arange(n)
        tree.least[:] = tree.first * LEAF_SIZE
        points = X[order]
        queries = Queries.of_tree(tree, metric, points)
        gaps, neighbors, counts = queries.nearest(min(max(min_samples, SHORTEST_LIST), n))

        def measure(_: int, block: slice) -> None:  # roots do not tell what they are the roots of
            measure_neighbors(points, block.start, neighbors[block], metric, gaps[block])

        map_blocks(measure, row_blocks(n, n_features * neighbors.shape[1]))
        lists = Lists(neighbors, gaps, gaps[:, -1].copy(), np.full(n, neighbors.shape[1]))
        n_distances = int(counts[DISTANCES]) + neighbors.size
        return cls(tree, metric, points, order, lists, n_distances)


class SpanningTree(NamedTuple):
    """A minimum spanning tree."""

    edges: np.ndarray
    """int64[n_samples - 1, 2]: its edges, in the order in which they were found."""
    reaches: np.ndarray
    """float64[n_samples - 1]: their reduced mutual reachability distances."""
    n_distances: int
    """Distances computed to find them."""


def span(near: Neighborhoods, cores: np.ndarray) -> SpanningTree:
    """Find the minimum spanning tree of the mutual reachability distances.

    Parameters
    ----------
    near : Neighborhoods
        The order of its lists changes.
    cores : float64[n_samples]
        Reduced core distances.

    Returns
    -------
    SpanningTree
        The same for any number of threads.

    Notes
    -----
    Boruvka's algorithm (March, Ram and Gray 2010): in each round every component chooses the
    shortest edge that leaves it, and all that are chosen are taken. At least half of the components
    are gone after each round. In the first one, points choose among their nearest neighbours, and
    those choose nothing whose shortest edge may be another one.
    """
    n = len(cores)
    n_nodes = len(near.tree.first)
    forest = Forest(
        cores,
        np.arange(n),
        np.empty(n_nodes),
        np.empty(n_nodes, np.int64),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty(n),
    )
    offers = Offers(
        np.full(n, NO_POINT),
        np.empty(n),
        np.empty(n),
        near.lists.ends.copy(),
        np.zeros(n, np.bool_),
    )
    edges, reaches = np.empty((n - 1, 2), np.int64), np.empty(n - 1)
    find_node_cores(near.tree, cores, forest.node_cores)
    blocks = row_blocks(n, 5 * near.lists.neighbors.shape[1])
    n_edges = n_distances = 0
    is_first = True
    while n_edges < n - 1:
        label_components(near.tree, forest)
        map_blocks(
            lambda _, block: offer_neighbors(block.start, block.stop, forest, near.lists, offers),
            blocks,
        )
        choose_edges(is_first, offers, forest)
        if not is_first:
            for stride in STRIDES:
                n_distances += search(near, forest, offers, stride)
                choose_edges(False, offers, forest)
        n_edges = join_components(offers, n_edges, forest, edges, reaches)
        is_first = False
    return SpanningTree(edges, reaches, n_distances)


def search(near: Neighborhoods, forest: Forest, offers: Offers, stride: int) -> int:
    """Look for edges that are shorter than those that components have chosen from lists.

    Parameters
    ----------
    near : Neighborhoods
    forest : Forest
    offers : Offers
        Shorter edges are written here.

    Returns
    -------
    int
        Distances computed.
    """
    n = len(near.points)
    points = np.empty(n + 1, np.int64)
    points = points[: list_unsettled(forest, offers, points)]
    if stride > 1:
        points = points[points // LEAF_SIZE % stride == 0]
    homes = (points // LEAF_SIZE).astype(np.int32)

    def walker() -> Any:
        lanes = make_lanes()

        def walk(part: slice, queries: np.ndarray, group: Group, counts: np.ndarray) -> int:
            rows = points[part]
            return find_edges(
                near.tree,
                near.metric,
                queries,
                homes[part],
                rows,
                group,
                lanes,
                forest,
                offers,
                counts,
            )

        return walk

    queries = Queries(near.tree, near.metric, near.points, points, homes)
    return int(queries.run(walker)[DISTANCES])
