"""Neighbours within a radius: lists of different lengths, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks

from ..kernels.direct import Hits
from ..kernels.select import put_in_lists, sort_lists
from .blocks import query_blocks

ROOM = 2**15
"""Points within a radius that a kernel finds in one call; more than four tiles hold."""


class Found(NamedTuple):
    """The points that a search within radii has found."""

    starts: np.ndarray
    """Where the list of each query starts, and where the last one ends, int64[n_queries + 1]."""
    indices: np.ndarray
    """int64[n_found]."""
    distances: np.ndarray | None
    """float[n_found]; None where nobody asked for them."""

    def without_self(self) -> Found:
        """The same where queries are the points, and none is a neighbour of itself."""
        of_entry = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        kept = self.indices != of_entry
        starts = np.concatenate(([0], np.cumsum(kept)))[self.starts]
        distances = None if self.distances is None else self.distances[kept]
        return Found(starts, self.indices[kept], distances)

    def split(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Indices and distances as arrays of arrays."""
        distances = None if self.distances is None else split(self.distances, self.starts)
        return split(self.indices, self.starts), distances


def split(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The values of each list, in an array of objects."""
    edges = starts.tolist()
    parts = map(values.__getitem__, map(slice, edges[:-1], edges[1:]))
    return np.fromiter(parts, object, len(starts) - 1)


def sort_found(starts: np.ndarray, distances: np.ndarray, indices: np.ndarray) -> None:
    """Sort the list of each query by (distance, index), in place."""
    n_queries = len(starts) - 1
    map_blocks(
        lambda _, block: sort_lists(starts[block.start : block.stop + 1], distances, indices),
        query_blocks(n_queries, 10 * len(indices) / max(n_queries, 1)),
    )


def starts_of(counts: np.ndarray) -> np.ndarray:
    """Where lists of these lengths start, and where the last one ends."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def all_hits(find: Callable[[int, Hits], tuple[int, int]]) -> Iterator[Hits]:
    """What a kernel finds, in as many parts as there is room for at a time."""
    room = Hits(np.empty(ROOM, np.int64), np.empty(ROOM, np.int64))
    step = 0
    while step >= 0:
        n_hits, step = find(step, room)
        if n_hits > 0:
            yield Hits(room.queries[:n_hits].copy(), room.indices[:n_hits].copy())


def sort_hits(hits: list[Hits], n_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """How many points each query has found, and the points, query by query."""
    queries = np.concatenate([part.queries for part in hits] or [np.empty(0, np.int64)])
    indices = np.concatenate([part.indices for part in hits] or [np.empty(0, np.int64)])
    counts = np.bincount(queries, minlength=n_queries)
    in_lists = np.empty_like(indices)
    put_in_lists(queries, indices, starts_of(counts), in_lists)
    return counts, in_lists
