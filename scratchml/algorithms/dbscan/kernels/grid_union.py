"""Clusters of a sorted grid: uniting the cells whose core points are within eps of each other.

All core points of a cell are in one cluster, so that cells are what is united, and pairs of cells
are only compared while they are in different sets. Where two cells have few core points, or where a
few of one show that they belong together, that settles it. Other pairs are listed, and searched
afterwards: most of them are in one set by then.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.disjoint_sets import find_root, unite_roots

from .grid_distances import is_near_any
from .grid_search import TOGETHER, UNDECIDED, search_pair, start_search
from .grid_structure import move_strip, start_strips

FEW_PAIRS = 2048
"""Pairs of points that are looked through as they are."""

PROBES = 4
"""Points of a cell that are tried where there are more pairs."""

PROBED = 256
"""Points of the other cell that each of them is compared with."""

MOST_NEIGHBORS = 64
"""More than the cells that come before a cell in its neighbourhood."""

NOT_NEAR, NEAR, UNKNOWN = range(3)
"""Whether two cells have core points within eps of each other."""


@kernel(STRICT, allocates=False)
def unite_cells(
    grid,
    n_core,
    cells,
    neighbors,
    sq_eps,
    budget,
    inout_strips,
    inout_parents,
    out_pairs,
    inout_n_distances,
):
    """Unite cells with those before them in their neighbourhood, as far as that is easy to see.

    Parameters
    ----------
    grid : Grid
    n_core : int[n_cells]
        Core points of each cell, which are its first points.
    cells, neighbors : (int, int)
        First and last cell of those to unite, and of those to unite them with.
    sq_eps : float64
    budget : int
        Distances after which to return.
    inout_strips : Strips
        Those that hold the cells before a cell. Overwritten.
    inout_parents : int[n_cells]
        The sets of cells.
    out_pairs : int64[capacity, 2]
        Pairs of cells that are left to be searched.
    inout_n_distances : int64[1]
        Distances computed are added.

    Returns
    -------
    cell : int
        The first cell that is not done.
    n_pairs : int
    """
    strips = inout_strips
    cell, last_cell = cells
    low, high = neighbors
    most = inout_n_distances[0] + budget
    n_pairs = 0
    start_strips(grid, cell, strips)
    while (
        cell < last_cell
        and n_pairs + MOST_NEIGHBORS <= out_pairs.shape[0]
        and inout_n_distances[0] < most
    ):
        if n_core[cell] == 0:
            cell += 1
            continue
        root = find_root(inout_parents, cell)
        for s in range(strips.shifts.shape[0]):
            move_strip(grid, cell, s, strips)
            first, last = max(strips.first[s], low), min(strips.last[s], cell, high)
            for other in range(last - 1, first - 1, -1):  # in its own strip, the nearest first
                if inout_parents[other] == root or n_core[other] == 0:
                    continue
                other_root = find_root(inout_parents, other)
                if other_root == root:
                    inout_parents[other] = root
                    continue
                near = compare_cells(grid, n_core, cell, other, sq_eps, inout_n_distances)
                if near == NEAR:
                    root = unite_roots(root, other_root, inout_parents)
                elif near == UNKNOWN:
                    out_pairs[n_pairs, 0] = cell
                    out_pairs[n_pairs, 1] = other
                    n_pairs += 1
        cell += 1
    return cell, n_pairs


@kernel(STRICT, allocates=False)
def compare_cells(grid, n_core, cell, other, sq_eps, inout_n_distances):
    """Whether two cells have core points within eps of each other, if that is easy to see.

    Returns
    -------
    int
        `NEAR`, `NOT_NEAR` or `UNKNOWN`.
    """
    if n_core[cell] > n_core[other]:
        cell, other = other, cell
    begin, n = np.int64(grid.starts[cell]), np.int64(n_core[cell])
    other_begin, n_others = np.int64(grid.starts[other]), np.int64(n_core[other])
    is_small = n * n_others <= FEW_PAIRS
    if not is_small:
        n, n_others = min(n, np.int64(PROBES)), min(n_others, np.int64(PROBED))
    for i in range(begin, begin + n):
        other_end = other_begin + n_others
        if is_near_any(grid.points, i, other_begin, other_end, sq_eps, inout_n_distances):
            return NEAR
    return NOT_NEAR if is_small else UNKNOWN


@kernel(STRICT, allocates=False)
def settle_pairs(
    grid,
    n_core,
    pairs,
    first_pair,
    sq_eps,
    budget,
    inout_search,
    inout_parents,
    inout_n_distances,
):
    """Search pairs of cells that are still in different sets, and unite those that are near.

    Parameters
    ----------
    grid : Grid
        The core points of these cells are moved within their cells.
    n_core : int[n_cells]
    pairs : int64[n_pairs, 2]
    first_pair : int
        The pair to begin with; whose search is gone on with if it has begun.
    sq_eps : float64
    budget : int
        Points and pairs of points to look at before returning.
    inout_search : Search
        With nothing waiting, at first.
    inout_parents : int[n_cells]
    inout_n_distances : int64[1]
        Distances computed are added.

    Returns
    -------
    int
        The first pair that is not done.
    """
    left = np.int64(budget)
    for p in range(first_pair, pairs.shape[0]):
        cell, other = pairs[p, 0], pairs[p, 1]
        root, other_root = find_root(inout_parents, cell), find_root(inout_parents, other)
        if root == other_root:
            continue
        begin, other_begin = np.int64(grid.starts[cell]), np.int64(grid.starts[other])
        if inout_search.n_waiting[0] == 0:
            end, other_end = begin + n_core[cell], other_begin + n_core[other]
            start_search(grid.points, begin, end, other_begin, other_end, inout_search)
            left -= end - begin + other_end - other_begin
        found, left = search_pair(
            grid.points, grid.order, sq_eps, left, inout_search, inout_n_distances
        )
        if found == UNDECIDED:
            return p
        if found == TOGETHER:
            unite_roots(root, other_root, inout_parents)
    return pairs.shape[0]


@kernel(STRICT, allocates=False)
def find_roots(first_cell, last_cell, inout_parents, inout_first_core, out_is_root):
    """Point cells at the roots of their sets, and take the smallest core point of each set there.

    Parameters
    ----------
    first_cell, last_cell : int
        Which cells; all cells before them are done.
    inout_parents : int[n_cells]
    inout_first_core : int[n_cells]
        The smallest core point of each cell, negative where there is none; at roots, of the set.
    out_is_root : bool[n_cells]
        Whether a cell is the root of a cluster.
    """
    for cell in range(first_cell, last_cell):
        root = find_root(inout_parents, cell)
        inout_parents[cell] = root
        inout_first_core[root] = min(inout_first_core[root], inout_first_core[cell])
        out_is_root[cell] = root == cell and inout_first_core[cell] >= 0


@kernel(STRICT, allocates=False)
def spread_labels(first_cell, last_cell, parents, inout_labels):
    """Give cells the labels of the roots of their sets.

    Parameters
    ----------
    first_cell, last_cell : int
        Which cells; all cells before them are done.
    parents : int[n_cells]
        The root of each cell, which is never behind it.
    inout_labels : int[n_cells]
        With the labels of roots.
    """
    for cell in range(first_cell, last_cell):
        inout_labels[cell] = inout_labels[parents[cell]]
