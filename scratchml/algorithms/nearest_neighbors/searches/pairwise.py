"""Brute force by any function that gives the distances of a few queries to all points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks

from ..kernels.select import select_neighbors
from .blocks import query_blocks
from .found import Found, sort_found, starts_of

PIECE_BYTES = 2**23
"""Distances that are held at once, in each thread."""

OPERATIONS = 50
"""Multiply-adds, about, that such a distance takes the time of."""


class PairwiseSearch:
    """Neighbours by a function of rows.

    Parameters
    ----------
    n_points : int
    distances : callable
        Takes a slice of the queries, returns float[n_queries, n_points].
    in_threads : bool
        Whether it may be called from several threads at once.
    """

    def __init__(
        self,
        n_points: int,
        distances: Callable[[Any], np.ndarray],
        in_threads: bool = True,
    ) -> None:
        self.n_points = n_points
        self.distances = distances
        self.in_threads = in_threads

    def nearest(self, queries: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest points of each query; as `DenseSearch.nearest`. NaN is farthest."""
        n_queries = queries.shape[0]
        indices = np.empty((n_queries, k), np.int64)

        def on_block(_: int, block: slice) -> list[np.ndarray]:
            found = []
            for piece in self._pieces(block):
                computed = self.distances(queries[piece])
                heap = np.empty((len(computed), k))
                compared = np.ascontiguousarray(computed, np.float64)
                select_neighbors(compared, heap, indices[piece])
                found.append(np.take_along_axis(computed, indices[piece], axis=1))
            return found

        found = self._map(on_block, n_queries)
        return np.concatenate([rows for rows_of_block in found for rows in rows_of_block]), indices

    def within(
        self, queries: Any, radii: np.ndarray, return_distance: bool, sort_results: bool = False
    ) -> Found:
        """The points within a radius of each query; as `DenseSearch.within`."""

        def on_block(_: int, block: slice) -> list[tuple[np.ndarray, ...]]:
            found: list[tuple[np.ndarray, ...]] = []
            for piece in self._pieces(block):
                computed = self.distances(queries[piece])
                inside = computed <= radii[piece, None]
                of_query, indices = np.nonzero(inside)
                counts = np.bincount(of_query, minlength=len(computed))
                found.append((counts, indices, computed[inside]))
            return found

        pieces = [piece for block in self._map(on_block, queries.shape[0]) for piece in block]
        counts, indices, distances = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        starts = starts_of(counts)
        if sort_results:
            distances = distances.astype(np.float64, copy=False)
            sort_found(starts, distances, indices)
        return Found(starts, indices, distances if return_distance else None)

    def _map(self, on_block: Callable[[int, slice], Any], n_queries: int) -> list[Any]:
        blocks = query_blocks(n_queries, OPERATIONS * self.n_points)
        if self.in_threads:
            return map_blocks(on_block, blocks)
        return [on_block(index, block) for index, block in enumerate(blocks)]

    def _pieces(self, block: slice) -> Iterator[slice]:
        n_rows = max(PIECE_BYTES // (8 * self.n_points), 1)
        for start in range(block.start, block.stop, n_rows):
            yield slice(start, min(start + n_rows, block.stop))
