"""A sorted grid, for points of one to three features: every neighbour is in a cell near by.

Points are sorted by the key of their cell. A cell is so small that all its points are within eps of
each other: one with enough of them has core points only, and core points of a cell are always of
one cluster. So what is joined into clusters are cells, and distances are computed only where
cells do not tell. `kernels/grid_structure.py` says why that is exact.

The idea is that of A. Gunawan, "A faster algorithm for DBSCAN", TU Eindhoven, 2013, in two
dimensions, and of Y. Wang, Y. Gu and J. Shun, "Theoretically-efficient and practical parallel
DBSCAN", SIGMOD 2020.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np

from scratchml.core.blocks import (
    PIECE_OPERATIONS,
    map_blocks,
    row_blocks,
    row_pieces,
    stop_if_cancelled,
)
from scratchml.core.jit import kernel_view

from ..kernels.grid_core import gather_core, mark_core
from ..kernels.grid_labels import label_points
from ..kernels.grid_search import make_search
from ..kernels.grid_structure import REACH, SQ_LIMITS, Grid, make_strips
from ..kernels.grid_union import find_roots, settle_pairs, spread_labels, unite_cells
from .clusters import NOISE, Clusters
from .grid_sort import SORT_OPERATIONS, fit_frame, sort_points, split_points

POINT_OPERATIONS = 60
"""Multiply-adds that comparing a point with others takes the time of."""

BUDGET = PIECE_OPERATIONS // 4
"""Distances between two looks at Ctrl-C,"""

PIECE = 30_000
"""and points, or cells."""

UNION_SLABS = 24
"""Cells along the first axis in a block in which cells are united. What is between two blocks, some
two of them, is left to one thread."""

MOST_LONELY = 0.8
"""Share of points in cells of their own, about, beyond which a tree is faster in three features."""

PAIRS = 1024
"""Pairs of cells that are listed before they are searched."""


def cluster_by_grid(
    X: np.ndarray, eps: float, min_samples: int, may_decline: bool = False
) -> Clusters | None:
    """Find the clusters of points of one to three features.

    Parameters
    ----------
    X : float[n_samples, 1 to 3]
        C-contiguous and finite, one point at least.
    eps : float
        Positive.
    min_samples : int
        At least 1.
    may_decline : bool
        Whether to give up where nearly every point is alone in its cell, with so many empty cells
        around as there are in three dimensions.

    Returns
    -------
    Clusters or None
        None if it declines, and where a grid cannot be exact: some points are too far from the
        others, in units of eps, to number the cells between, or the square of eps leaves the range
        of float64.

    Notes
    -----
    The distances that are counted are those between two points, and those between a point and the
    box of others where a search for a near pair looks at them; not those between points and cells.

    Time is O(n) on what grids usually meet, and O(n^2) where many points of dense neighbourhoods
    have fewer than ``min_samples`` neighbours; memory is O(n).
    """
    eps = float(eps)  # kernels are compiled for nothing else
    sq_eps = eps * eps
    if not SQ_LIMITS[0] <= sq_eps <= SQ_LIMITS[1]:
        return None
    points, lower, upper = split_points(kernel_view(X))
    frame = fit_frame(lower, upper, eps, len(points))
    if frame is None:
        return None
    grid = sort_points(points, frame)
    del points
    if may_decline and X.shape[1] == 3 and len(grid.keys) > MOST_LONELY * len(X):
        return None
    is_core, n_marking = find_core(grid, sq_eps, min_samples)
    n_core, first_core = front_core(grid, is_core)
    del is_core
    parents, n_uniting = join_cells(grid, n_core, sq_eps)
    cell_labels = number_clusters(parents, first_core)
    del parents, first_core
    labels, core_indices, n_labeling = label_all(grid, n_core, cell_labels, sq_eps)
    return Clusters(labels, core_indices, n_marking + n_uniting + n_labeling)


def find_core(grid: Grid, sq_eps: float, min_samples: int) -> tuple[np.ndarray, int]:
    """Which points, in the order of the grid, are core points; and how many distances it took.

    Returns
    -------
    is_core : bool[n_samples]
    n_distances : int
    """
    n_samples, n_axes = len(grid.order), len(grid.points)
    is_core = np.empty(n_samples, bool)

    def mark(block: slice) -> tuple[int, int]:
        n_distances, strips = np.zeros(1, np.int64), make_strips(grid.frame, n_axes, False)
        begin, end = block.start, end_of_piece(block)
        end = mark_core(grid, begin, end, sq_eps, min_samples, BUDGET, strips, n_distances, is_core)
        return end, int(n_distances[0])

    return is_core, run_in_pieces(mark, row_blocks(n_samples, POINT_OPERATIONS))


def front_core(grid: Grid, is_core: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move core points to the front of their cells.

    Returns
    -------
    n_core, first_core : int[n_cells]
        How many each cell has, and the smallest of them, or a negative number.
    """
    n_core, first_core = np.empty_like(grid.starts[:-1]), np.empty_like(grid.starts[:-1])

    def gather(_: int, cells: slice) -> None:
        moved = grid.points, grid.order
        gather_core(cells.start, cells.stop, grid.starts, moved, is_core, n_core, first_core)

    map_blocks(gather, cell_blocks(grid, len(row_blocks(len(grid.order), SORT_OPERATIONS))))
    return n_core, first_core


def join_cells(grid: Grid, n_core: np.ndarray, sq_eps: float) -> tuple[np.ndarray, int]:
    """Unite the cells whose core points are within eps of each other.

    Each block of cells is united within itself first, and then its first cells with what is before
    them. Pairs that are hard to tell wait until the end. The sets do not depend on the order.

    Returns
    -------
    parents : int[n_cells]
        See `scratchml.core.kernels.disjoint_sets`.
    n_distances : int
    """
    n_axes = len(grid.points)
    parents = np.arange(len(n_core), dtype=n_core.dtype)
    unsettled: dict[tuple[bool, int], np.ndarray] = {}

    def unite(cells: slice, first: int, last: int) -> tuple[int, int]:
        """Unite cells with those of a range that are before them."""
        n_distances, strips = np.zeros(1, np.int64), make_strips(grid.frame, n_axes, True)
        part, neighbors = (cells.start, end_of_piece(cells)), (first, last)
        pairs = np.empty((PAIRS, 2), np.int64)
        end, n_pairs = unite_cells(
            grid, n_core, part, neighbors, sq_eps, BUDGET, strips, parents, pairs, n_distances
        )
        if n_pairs > 0:
            unsettled[last <= cells.start, cells.start] = pairs[:n_pairs].copy()
        return end, int(n_distances[0])

    n_slabs = grid.frame.n_keys // int(grid.frame.strides[0])
    n_blocks = min(len(row_blocks(len(grid.order), POINT_OPERATIONS)), n_slabs // UNION_SLABS)
    blocks = cell_blocks(grid, max(n_blocks, 1))
    starts = {block.stop: block.start for block in blocks}
    total = run_in_pieces(lambda cells: unite(cells, starts[cells.stop], cells.stop), blocks)

    reach = REACH * int(grid.frame.strides.sum())
    for block in blocks[1:]:
        last = np.searchsorted(grid.keys, grid.keys[block.start - 1] + reach, "right")
        border = slice(block.start, min(int(last), block.stop))
        total += run_in_pieces(partial(unite, first=0, last=block.start), [border])

    n_distances, search = np.zeros(1, np.int64), make_search(n_axes)
    for key in sorted(unsettled):  # what threads have listed, in an order of its own
        pairs, done = unsettled[key], 0
        while done < len(pairs):
            done = settle_pairs(
                grid, n_core, pairs, done, sq_eps, BUDGET, search, parents, n_distances
            )
    return parents, total + int(n_distances[0])


def number_clusters(parents: np.ndarray, first_core: np.ndarray) -> np.ndarray:
    """Label of each cell: its cluster, numbered by its smallest core point.

    Parameters
    ----------
    parents, first_core : int[n_cells]
        The sets of cells, and the smallest core point of each cell, or a negative number. Both are
        modified in place.

    Returns
    -------
    int[n_cells]
        `NOISE` where a cell has no core points.
    """
    n_cells = len(parents)
    is_root = np.empty(n_cells, bool)
    for piece in row_pieces(slice(0, n_cells), SORT_OPERATIONS):
        find_roots(piece.start, piece.stop, parents, first_core, is_root)
    roots = np.flatnonzero(is_root)
    labels = np.full_like(parents, NOISE)
    labels[roots[np.argsort(first_core[roots])]] = np.arange(len(roots))
    for piece in row_pieces(slice(0, n_cells), SORT_OPERATIONS):
        spread_labels(piece.start, piece.stop, parents, labels)
    return labels


def label_all(
    grid: Grid, n_core: np.ndarray, cell_labels: np.ndarray, sq_eps: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Labels of all points, and the core points, in the order of the input.

    Returns
    -------
    labels : int64[n_samples]
    core_indices : int64[n_core]
    n_distances : int
    """
    n_samples, n_axes = len(grid.order), len(grid.points)
    labels, is_core = np.empty(n_samples, np.int64), np.empty(n_samples, bool)

    def label(block: slice) -> tuple[int, int]:
        n_distances, strips = np.zeros(1, np.int64), make_strips(grid.frame, n_axes, False)
        part, out = (block.start, end_of_piece(block)), (labels, is_core)
        end = label_points(
            grid, n_core, cell_labels, part, sq_eps, BUDGET, strips, n_distances, out
        )
        return end, int(n_distances[0])

    n_distances = run_in_pieces(label, row_blocks(n_samples, POINT_OPERATIONS))
    return labels, np.flatnonzero(is_core), n_distances


def run_in_pieces(step: Callable[[slice], tuple[int, int]], blocks: list[slice]) -> int:
    """Call a step for each block again and again, until it is done.

    Parameters
    ----------
    step : callable
        Takes what is left of a block, does some of it, and returns where it has stopped, and how
        many distances it has computed.
    blocks : list of slice

    Returns
    -------
    int
        The distances of all steps.
    """

    def run(_: int, block: slice) -> int:
        total, begin = 0, block.start
        while begin < block.stop:
            stop_if_cancelled()
            begin, n_distances = step(slice(begin, block.stop))
            total += n_distances
        return total

    return sum(map_blocks(run, blocks))


def end_of_piece(block: slice) -> int:
    """How far a step may get, at most."""
    return min(block.start + PIECE, block.stop)


def cell_blocks(grid: Grid, n_blocks: int) -> list[slice]:
    """Blocks of cells, of about as many points each; there may be fewer of them."""
    n_samples = len(grid.order)
    places = [n_samples * b // n_blocks for b in range(n_blocks)]
    edges = [*np.searchsorted(grid.starts, places).tolist(), len(grid.keys)]
    return [slice(a, b) for a, b in itertools.pairwise(edges) if a < b]
