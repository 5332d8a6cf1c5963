"""Queries of the tree: put in an order in which neighbours follow each other, then block by block.

What is found for a query does not depend on the other queries of its group, nor on the order in
which nodes are visited: every result is exact, and the same for any number of threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchml.core.blocks import (
    MAX_BLOCKS,
    PIECE_OPERATIONS,
    map_blocks,
    row_blocks,
    stop_if_cancelled,
)
from scratchml.core.jit import kernel_view

from .build import build_tree
from .kernels.bounds import reduce_radii
from .kernels.groups import LANES, Group, find_leaves, make_group
from .kernels.nearest import find_nearest, make_lists
from .kernels.structure import MINKOWSKI, Metric, Tree
from .kernels.within import collect_neighbors, count_neighbors, finish_neighbors

BLOCK_QUERIES = 128
"""Queries in a block that is worth a thread, at least."""

PIECE_QUERIES = 4096
"""Queries that are put in order at once."""

POWER_OPERATIONS = 25
"""Multiply-adds, about, that a power takes the time of."""

PIECE_NEIGHBORS = 1_000_000
"""Neighbours that are sorted between two looks at Ctrl-C, and no less than those of one query."""

DEPTH = 128
"""Nodes that wait on the way down, at most: one for each level of the tree, and to spare."""

Walk = Callable[[slice, np.ndarray, Group, np.ndarray], int]
"""Takes part of the queries, their coordinates, memory for a group, and counts to add to; returns
how many queries are done."""


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
        if len(points) == 0:
            return cls.in_leaf_order(tree, metric, points, **options)
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

        def walker() -> Walk:
            lists = make_lists(k, is_sorted)

            def walk(part: slice, queries: np.ndarray, group: Group, counts: np.ndarray) -> int:
                homes, rows = self.homes[part], self.rows[part]
                tree, metric = self.tree, self.metric
                return find_nearest(
                    tree, metric, queries, homes, rows, group, lists, distances, indices, counts
                )

            return walk

        return distances, indices, self.run(walker)

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

        def walker() -> Walk:
            lane_limits = np.empty(LANES)

            def walk(part: slice, queries: np.ndarray, group: Group, counts: np.ndarray) -> int:
                return count_neighbors(
                    self.tree,
                    self.metric,
                    queries,
                    self.homes[part],
                    limits[part],
                    self.rows[part],
                    group,
                    lane_limits,
                    numbers,
                    counts,
                )

            return walk

        return numbers, self.run(walker)

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

        def walker() -> Walk:
            lane_limits = np.empty(LANES)

            def walk(part: slice, queries: np.ndarray, group: Group, counts: np.ndarray) -> int:
                return collect_neighbors(
                    self.tree,
                    self.metric,
                    queries,
                    self.homes[part],
                    limits[part],
                    places[part],
                    group,
                    lane_limits,
                    (distances, indices),
                    counts,
                )

            return walk

        counts = counts + self.run(walker)
        if with_distances:

            def finish(_: int, block: slice) -> None:
                start = block.start
                while start < block.stop:
                    stop_if_cancelled()
                    most = np.searchsorted(ends, ends[start] + PIECE_NEIGHBORS, "right") - 1
                    stop = min(max(int(most), start + 1), block.stop)
                    finish_neighbors(
                        ends[start : stop + 1], self.metric, is_sorted, distances, indices
                    )
                    start = stop

            map_blocks(finish, query_blocks(len(numbers)))
        return ends, distances, indices, counts

    # --- how it runs

    def _limits(self, radii: np.ndarray) -> np.ndarray:
        """Reduced radii in the order of the queries."""
        limits = np.empty(len(radii))
        reduce_radii(radii, self.metric, limits)
        return limits[self.rows]

    def run(self, walker: Callable[[], Walk]) -> np.ndarray:
        """Let all queries walk the tree, and return what the kernel counts.

        A call of the kernel ends when it has spent its budget, so that Ctrl-C is heard.

        Parameters
        ----------
        walker : callable
            Makes the function that calls the kernel, with the memory that a block needs.
        """
        _, n_features, leaf_size = self.tree.leaves.shape
        operations = n_features * (POWER_OPERATIONS if self.metric.code == MINKOWSKI else 1)
        budget = PIECE_OPERATIONS // operations
        capacity = len(self.tree.first) + 1 if self.nearest_first else DEPTH

        def run(_: int, block: slice) -> np.ndarray:
            group = make_group(n_features, leaf_size, budget, capacity, self.nearest_first)
            walk = walker()
            counts = np.zeros(4, np.int64)
            start = block.start
            while start < block.stop:
                stop_if_cancelled()
                part = slice(start, min(start + PIECE_QUERIES, block.stop))
                queries = self.points[self.rows[part]].astype(np.float64, copy=False)
                start += walk(part, queries, group, counts)
            return counts

        return sum(map_blocks(run, query_blocks(len(self.rows))), np.zeros(4, np.int64))


def query_blocks(n_queries: int) -> list[slice]:
    """Cut queries into blocks of whole groups, by their number alone."""
    n_blocks = max(1, min(n_queries // BLOCK_QUERIES, MAX_BLOCKS))
    edges = [n_queries * b // n_blocks // LANES * LANES for b in range(n_blocks)] + [n_queries]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def leaves_of(tree: Tree, points: np.ndarray) -> np.ndarray:
    """The leaf into whose cell each point falls, int32[n_points]."""
    leaves = np.empty(len(points), np.int32)
    n_features = points.shape[1]

    def find(_: int, block: slice) -> None:
        find_leaves(tree, kernel_view(points[block]).astype(np.float64, copy=False), leaves[block])

    map_blocks(find, row_blocks(len(points), 20 * n_features))
    return leaves
