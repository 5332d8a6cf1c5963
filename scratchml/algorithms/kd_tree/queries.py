"""Queries of the tree: put in an order in which neighbours follow each other, then block by block.

What is found for a query does not depend on the other queries of its group, nor on the order in
which nodes are visited: every result is exact, and the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchml.core.blocks import PIECE_OPERATIONS, map_blocks, row_blocks
from scratchml.core.jit import kernel_view

from .build import build_tree
from .kernels.bounds import reduce_radii
from .kernels.groups import DEPTH, DISTANCES, LANES, Frontier, find_leaves
from .kernels.nearest import find_nearest
from .kernels.structure import Metric, Tree
from .kernels.within import collect_neighbors, count_neighbors, sort_neighbors

QUERY_OPERATIONS = 5_000
"""Multiply-adds of a query, about: what makes blocks worth a thread."""


@dataclass
class Queries:
    """Points to query a tree with, in the order in which that is done.

    Parameters
    ----------
    tree : Tree
    metric : Metric
    points : float[n_queries, n_features]
    rows : int64[n_queries]
        The points in the order of the queries.
    homes : int32[n_queries]
        The leaf into whose cell each query falls, in the same order.
    nearest_first : bool
        Whether a group visits the nearest of the waiting nodes next, or goes down in depth.
    """

    tree: Tree
    metric: Metric
    points: np.ndarray
    rows: np.ndarray
    homes: np.ndarray
    nearest_first: bool = False

    # --- the orders

    @classmethod
    def of_tree(cls, tree: Tree, metric: Metric, points: np.ndarray, **options: Any) -> Queries:
        """The points of the tree themselves: each leaf is a group."""
        n = len(points)
        leaf_size = tree.leaves.shape[2]
        homes = np.repeat(np.arange(len(tree.leaves), dtype=np.int32), leaf_size)[:n]
        return cls(tree, metric, points, tree.indices[:n], homes, **options)

    @classmethod
    def in_leaf_order(
        cls, tree: Tree, metric: Metric, points: np.ndarray, **options: Any
    ) -> Queries:
        """Other points, in the order of the leaves into whose cells they fall."""
        homes = leaves_of(tree, points)
        rows = np.argsort(homes, kind="stable")
        return cls(tree, metric, points, rows, homes[rows], **options)

    @classmethod
    def in_tree_order(
        cls, tree: Tree, metric: Metric, points: np.ndarray, **options: Any
    ) -> Queries:
        """Other points, in the order of a tree of their own."""
        rows = build_tree(points, LANES).indices[: len(points)]
        return cls(tree, metric, points, rows, leaves_of(tree, points)[rows], **options)

    # --- what is asked

    def nearest(self, k: int, is_sorted: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The k nearest points of each query.

        Parameters
        ----------
        k : int
        is_sorted : bool
            By (distance, index); otherwise they may be in any order.

        Returns
        -------
        distances : float64[n_queries, k]
        indices : int64[n_queries, k]
        counts : int64[4]
            Nodes trimmed, leaves opened, nodes split, distances computed.
        """
        distances = np.empty((len(self.points), k))
        indices = np.empty((len(self.points), k), np.int64)

        def find(part: slice, queries: np.ndarray, frontier: Frontier, counts: np.ndarray) -> None:
            find_nearest(
                self.tree,
                self.metric,
                queries,
                self.homes[part],
                self.rows[part],
                frontier,
                is_sorted,
                distances,
                indices,
                counts,
            )

        return distances, indices, self._run(find)

    def count(self, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many points are within the radius of each query.

        Parameters
        ----------
        radii : float64[n_queries]

        Returns
        -------
        numbers : int64[n_queries]
        counts : int64[4]
        """
        numbers = np.empty(len(self.points), np.int64)
        limits = self._limits(radii)

        def count(part: slice, queries: np.ndarray, frontier: Frontier, counts: np.ndarray) -> None:
            count_neighbors(
                self.tree,
                self.metric,
                queries,
                self.homes[part],
                limits[part],
                self.rows[part],
                frontier,
                numbers,
                counts,
            )

        return numbers, self._run(count)

    def collect(
        self, radii: np.ndarray, with_distances: bool, is_sorted: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The points within the radius of each query: counted first, then written.

        Parameters
        ----------
        radii : float64[n_queries]
        with_distances : bool
        is_sorted : bool
            By (distance, index); asks for distances.

        Returns
        -------
        ends : int64[n_queries + 1]
            The neighbours of query i are from ``ends[i]`` to ``ends[i + 1]``.
        distances : float64[n_found] or float64[0]
        indices : int64[n_found]
        counts : int64[4]
        """
        numbers, counts = self.count(radii)
        ends = np.zeros(len(numbers) + 1, np.int64)
        np.cumsum(numbers, out=ends[1:])
        indices = np.empty(ends[-1], np.int64)
        distances = np.empty(ends[-1] if with_distances else 0)
        places = ends[self.rows]
        limits = self._limits(radii)

        def collect(
            part: slice, queries: np.ndarray, frontier: Frontier, counts: np.ndarray
        ) -> None:
            collect_neighbors(
                self.tree,
                self.metric,
                queries,
                self.homes[part],
                limits[part],
                places[part],
                frontier,
                distances,
                indices,
                counts,
            )

        counts = counts + self._run(collect)
        if is_sorted:
            blocks = row_blocks(len(numbers), 10 * len(indices) / max(len(numbers), 1))
            map_blocks(
                lambda _, block: sort_neighbors(
                    ends[block.start : block.stop + 1], distances, indices
                ),
                blocks,
            )
        return ends, distances, indices, counts

    # --- how it runs

    def _limits(self, radii: np.ndarray) -> np.ndarray:
        """Reduced radii in the order of the queries."""
        limits = np.empty(len(radii))
        reduce_radii(radii, self.metric, limits)
        return limits[self.rows]

    def _run(self, step: Callable[[slice, np.ndarray, Frontier, np.ndarray], None]) -> np.ndarray:
        """Run a kernel on all queries and return what it counts.

        A call is short enough for Ctrl-C to be heard: the work of a query depends on the data, and
        is learned from the queries before.
        """
        n_nodes = len(self.tree.first)
        n_features = self.points.shape[1]

        def run(_: int, block: slice) -> np.ndarray:
            capacity = n_nodes + 1 if self.nearest_first else DEPTH
            frontier = Frontier(
                self.nearest_first, np.empty(capacity), np.empty(capacity, np.int64)
            )
            counts = np.zeros(4, np.int64)
            start, length = block.start, LANES
            while start < block.stop:
                part = slice(start, min(start + length, block.stop))
                queries = self.points[self.rows[part]].astype(np.float64, copy=False)
                before = counts[DISTANCES]
                step(part, queries, frontier, counts)
                operations = max(int(counts[DISTANCES] - before), 1) * n_features
                affordable = PIECE_OPERATIONS * (part.stop - start) // operations
                start = part.stop
                length = max(LANES, min(affordable, 16 * length))
            return counts

        blocks = row_blocks(len(self.points), QUERY_OPERATIONS)
        return sum(map_blocks(run, blocks), np.zeros(4, np.int64))


def leaves_of(tree: Tree, points: np.ndarray) -> np.ndarray:
    """The leaf into whose cell each point falls, int32[n_points]."""
    leaves = np.empty(len(points), np.int32)
    n_features = points.shape[1]

    def find(_: int, block: slice) -> None:
        find_leaves(tree, kernel_view(points[block]).astype(np.float64, copy=False), leaves[block])

    map_blocks(find, row_blocks(len(points), 20 * n_features))
    return leaves
