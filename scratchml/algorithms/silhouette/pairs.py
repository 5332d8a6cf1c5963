"""Mean distances by comparing pairs of points: every pair once, or some points with all.

The sorted points are cut into blocks of rows, none across two clusters, and each block is compared
with itself and with all columns after it. For its own rows that settles the mean distance to every
later cluster. For the columns it gives sums over the rows, which are added up in the order of the
blocks: after the last block of a cluster they are the distances of all later points to it. Of the
means to other clusters only the least so far is kept, so that memory is O(n_samples).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from scratchml.core.blocks import (
    FEW_BLOCKS,
    MAX_BLOCKS,
    PARTIALS_BYTES,
    PIECE_OPERATIONS,
    map_blocks,
    stop_if_cancelled,
)

from .columns import ALIGNMENT, Columns, aligned_zeros, as_columns
from .kernels.pairs import TOGETHER, Work, compare
from .means import Means, within_of_sums

T = TypeVar("T")
Part = TypeVar("Part")

ROWS = 256
"""Rows in a block, at most: they are compared with a tile while it is in cache."""

TILE_SIZE = 256
"""Columns in a tile,"""

TILE_BYTES = 2**19
"""as long as they take no more than this, half a second-level cache."""

LEAST_HELD = 4
"""Blocks whose sums are held at once, at least."""

LEAST_MEAN = 2.0**-20
"""A mean distance, as columns are scaled, that single ones below `TINY` hardly falsify. The
largest distance is 10^25 times as large."""

SMALL_OPERATIONS = 3_000_000
"""Differences that are not worth a second thread."""


class Block(NamedTuple):
    """Some rows of one cluster."""

    cluster: int
    begin: int
    end: int


def mean_distances(
    X: np.ndarray, codes: np.ndarray, n_clusters: int, metric: int, within_only: bool = False
) -> Means:
    """Mean distances from each point to its own and to the nearest other cluster.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
        Cluster of each point.
    n_clusters : int
    metric : int
        `EUCLIDEAN` or `MANHATTAN`.
    within_only : bool
        Whether no other cluster is looked at.

    Notes
    -----
    Time O(n_samples^2 n_features), memory O(n_samples n_features).
    """
    n_samples = len(X)
    columns = as_columns(X, codes, n_clusters)
    starts = columns.starts
    own = codes[columns.order]
    within, nearest = np.zeros(n_samples), np.full(n_samples, np.inf)

    def stop_of(block: Block) -> int:
        return int(starts[block.cluster + 1]) if within_only else n_samples

    def step(_: int, block: Block) -> np.ndarray:
        _, begin, end = block
        stop = stop_of(block)
        work = new_work(columns, end - begin, stop - begin)
        compare_with(
            columns, columns.rows(slice(begin, end)), own[begin:end], begin, stop, metric, work
        )
        within[begin:end] += work.within
        np.minimum(nearest[begin:end], work.nearest, out=nearest[begin:end])
        # Those of the block itself are in the sums of its rows.
        return work.column_sums[end - begin :]

    blocks = [
        Block(cluster, row, min(row + ROWS, end))
        for cluster, (begin, end) in enumerate(itertools.pairwise(starts))
        for row in range(begin, end, ROWS)
    ]
    n_held = max(min(PARTIALS_BYTES // (8 * n_samples), MAX_BLOCKS), LEAST_HELD)
    to_cluster = np.zeros(n_samples)
    n_operations = n_samples**2 // 2 * X.shape[1]
    for first in range(0, len(blocks), n_held):
        held = blocks[first : first + n_held]
        for block, sums in zip(held, _map(step, held, n_operations), strict=True):
            cluster, _, end = block
            stop = stop_of(block)
            to_cluster[end:stop] += sums
            if end < starts[cluster + 1]:
                continue
            first_row = starts[cluster]
            within[first_row:end] += to_cluster[first_row:end]
            means = to_cluster[end:stop] / (end - first_row)
            np.minimum(nearest[end:stop], means, out=nearest[end:stop])
            to_cluster[first_row:stop] = 0
    return _as_means(columns, own, columns.order, within, nearest)


def mean_distances_of(
    rows: np.ndarray, X: np.ndarray, codes: np.ndarray, n_clusters: int, metric: int
) -> Means:
    """Mean distances from some points to all of their own and of the nearest other cluster.

    Parameters
    ----------
    rows : intp[n_rows]
        Which points.
    X, codes, n_clusters, metric
        As of `mean_distances`.

    Notes
    -----
    Time O(n_rows n_samples n_features), memory O(n_samples n_features).
    """
    columns = as_columns(X, codes, n_clusters)
    place = np.empty(len(X), np.intp)
    place[columns.order] = np.arange(len(X))
    own = codes[rows]
    within, nearest = np.empty(len(rows)), np.empty(len(rows))

    def step(_: int, block: slice) -> None:
        points = columns.rows(place[rows[block]])
        work = new_work(columns, block.stop - block.start, len(X))
        compare_with(columns, points, own[block], 0, len(X), metric, work)
        within[block], nearest[block] = work.within, work.nearest

    n_units = -(-len(rows) // TOGETHER)
    n_rows = min(-(-n_units // FEW_BLOCKS) * TOGETHER, ROWS)
    blocks = [slice(a, min(a + n_rows, len(rows))) for a in range(0, len(rows), n_rows)]
    _map(step, blocks, len(rows) * X.size)
    return _as_means(columns, own, np.arange(len(rows)), within, nearest)


def new_work(columns: Columns, n_rows: int, n_columns: int) -> Work:
    """Memory for comparing rows with columns."""
    n_features = len(columns.values)
    tile_size = min(TILE_SIZE, TILE_BYTES // (8 * n_features) // ALIGNMENT * ALIGNMENT)
    shape = TOGETHER, max(tile_size, 2 * ALIGNMENT)
    return Work(
        tile=aligned_zeros(shape, columns.values.dtype),
        row_sums=np.zeros(n_rows),
        within=np.zeros(n_rows),
        nearest=np.full(n_rows, np.inf),
        column_sums=np.zeros(n_columns),
    )


def compare_with(
    columns: Columns,
    rows: np.ndarray,
    own: np.ndarray,
    begin: int,
    stop: int,
    metric: int,
    work: Work,
) -> None:
    """Run `compare` over all columns from ``begin`` to ``stop``, with room for an interrupt."""
    n_columns = max(PIECE_OPERATIONS // rows.size, 1)
    for start in range(begin, stop, n_columns):
        stop_if_cancelled()
        end = min(start + n_columns, stop)
        compare(
            metric,
            rows,
            len(own),
            own,
            columns.values,
            columns.starts,
            start,
            end,
            begin,
            work,
        )


def _map(step: Callable[[int, Part], T], blocks: list[Part], n_operations: int) -> list[T]:
    """`map_blocks` where it is worth it."""
    if n_operations < SMALL_OPERATIONS:
        return [step(index, block) for index, block in enumerate(blocks)]
    return map_blocks(step, blocks)


def _as_means(
    columns: Columns, own: np.ndarray, order: np.ndarray, within: np.ndarray, nearest: np.ndarray
) -> Means:
    """Sums over the own cluster made means, and both in the order of the points asked for."""
    means = Means(np.empty(len(own)), np.empty(len(own)))
    means.within[order] = within_of_sums(within, np.diff(columns.starts)[own])
    means.nearest[order] = nearest
    return means
