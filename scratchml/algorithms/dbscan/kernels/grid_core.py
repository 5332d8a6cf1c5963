"""Core points of a sorted grid: finding them, and moving them to the front of their cells."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .grid_distances import count_enough
from .grid_structure import GAP_SLACK, find_cell, measure_gaps, move_strip, start_strips

NO_POINT = -1
"""In place of the first core point of a cell that has none."""


@kernel(STRICT, allocates=False)
def mark_core(
    grid, begin, end, sq_eps, min_samples, budget, inout_strips, inout_n_distances, out_is_core
):
    """Mark the points that have enough points within eps.

    All points of a cell are within eps of each other, so that a cell of at least ``min_samples``
    points needs no distances. Of other cells, each point counts its own cell and looks at the
    strips around it, the nearest first, until there are enough.

    Parameters
    ----------
    grid : Grid
    begin, end : int
        Places of the points to mark.
    sq_eps : float64
    min_samples : int
    budget : int
        Distances after which to return.
    inout_strips : Strips
        Overwritten.
    inout_n_distances : int64[1]
        Distances computed are added.
    out_is_core : bool[n_points]

    Returns
    -------
    int
        Place of the first point that is not done.
    """
    starts = grid.starts
    most = inout_n_distances[0] + budget
    cell = find_cell(starts, begin)
    start_strips(grid, cell, inout_strips)
    i = begin
    while i < end:
        stop = min(end, starts[cell + 1])
        size = np.int64(starts[cell + 1] - starts[cell])
        if size >= min_samples:
            for p in range(i, stop):
                out_is_core[p] = True
            i = stop
        inout_strips.n_runs[0] = 0
        inout_strips.n_listed[0] = 0
        while i < stop:
            measure_gaps(grid, i, inout_strips.gaps)
            out_is_core[i] = has_enough(
                grid, cell, i, min_samples - size, sq_eps, inout_strips, inout_n_distances
            )
            i += 1
            if inout_n_distances[0] >= most:
                return i
        cell += 1
    return i


@kernel(STRICT, allocates=False)
def has_enough(grid, cell, i, enough, sq_eps, inout_strips, inout_n_distances):
    """Whether enough points of other cells are within eps of the point at place i.

    Parameters
    ----------
    grid : Grid
    cell, i : int
        The cell and the place of the point.
    enough : int
    sq_eps : float64
    inout_strips : Strips
        With the gaps of the point. Runs are listed when the first point of the cell needs them.
    inout_n_distances : int64[1]

    Returns
    -------
    bool
    """
    strips, offsets = inout_strips, inout_strips.offsets
    n_strips = strips.shifts.shape[0]
    limit = grid.points.shape[0] * GAP_SLACK
    count, r = np.int64(0), 0
    while True:
        while r == strips.n_runs[0] and strips.n_listed[0] < n_strips:
            list_runs(grid, cell, strips)
        if r == strips.n_runs[0]:
            return False
        begin, end, s = strips.begins[r], strips.ends[r], strips.owners[r]
        if strips.gaps[0, offsets[s, 0]] + strips.gaps[1, offsets[s, 1]] <= limit:
            count += count_enough(
                grid.points, i, begin, end, sq_eps, enough - count, inout_n_distances
            )
            if count >= enough:
                return True
        r += 1


@kernel(STRICT, allocates=False)
def list_runs(grid, cell, inout_strips):
    """List the points of other cells that the next strip around a cell holds, if it holds any.

    Parameters
    ----------
    grid : Grid
    cell : int
    inout_strips : Strips
        At the cell or before it. Runs are added.
    """
    strips, starts = inout_strips, grid.starts
    s, n = strips.n_listed[0], strips.n_runs[0]
    move_strip(grid, cell, s, strips)
    begin, end = np.int64(starts[strips.first[s]]), np.int64(starts[strips.last[s]])
    if s == 0:  # its own strip: what is before the cell, and what is behind it
        strips.begins[n], strips.ends[n], strips.owners[n] = begin, starts[cell], s
        n += np.intp(begin < starts[cell])
        begin = np.int64(starts[cell + 1])
    strips.begins[n], strips.ends[n], strips.owners[n] = begin, end, s
    n += np.intp(begin < end)
    strips.n_listed[0], strips.n_runs[0] = s + 1, n


@kernel(STRICT, allocates=False)
def gather_core(first_cell, last_cell, starts, inout_grid, is_core, out_n_core, out_first_core):
    """Move the core points of each cell before its other points.

    Parameters
    ----------
    first_cell, last_cell : int
        Which cells.
    starts : int[n_cells + 1]
    inout_grid : (float64[n_axes, >= n_points], int[n_points])
        Coordinates and which points they are: both are moved.
    is_core : bool[n_points]
        By place, before.
    out_n_core : int[n_cells]
        Core points of each cell.
    out_first_core : int[n_cells]
        The smallest of them; `NO_POINT` where there is none.

    Notes
    -----
    The points of a cell are in ascending order before, and may be in any order after.
    """
    points, order = inout_grid
    n_axes = points.shape[0]
    for cell in range(first_cell, last_cell):
        begin, end = starts[cell], starts[cell + 1]
        front = begin
        first = np.int64(NO_POINT)
        for i in range(begin, end):
            if is_core[i]:
                if front == begin:
                    first = np.int64(order[i])
                if front < i:
                    for j in range(n_axes):
                        x = points[j, i]
                        points[j, i] = points[j, front]
                        points[j, front] = x
                    k = order[i]
                    order[i] = order[front]
                    order[front] = k
                front += 1
        out_n_core[cell] = front - begin
        out_first_core[cell] = first
