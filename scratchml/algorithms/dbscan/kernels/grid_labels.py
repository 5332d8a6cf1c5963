"""Labels of the points of a sorted grid, once its cells have them."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .grid_distances import is_near_any
from .grid_structure import GAP_SLACK, REACH, find_cell, measure_gaps, move_strip, start_strips

NOISE = -1
"""Label of a point without core points within eps, and of a cell without core points."""


@kernel(STRICT, allocates=False)
def label_points(
    grid, n_core, cell_labels, places, sq_eps, budget, inout_strips, inout_n_distances, out_labels
):
    """Labels of core points, those of their cells, and of others: the smallest of all within eps.

    Parameters
    ----------
    grid : Grid
        With the core points of each cell before its other points.
    n_core : int[n_cells]
        How many core points each cell has.
    cell_labels : int[n_cells]
    places : (int, int)
        Begin and end of the points to label.
    sq_eps : float64
    budget : int
        Distances after which to return.
    inout_strips : Strips
        Overwritten.
    inout_n_distances : int64[1]
        Distances computed are added.
    out_labels : (int64[n_points], bool[n_points])
        Of each point, by its number: its label, and whether it is a core point.

    Returns
    -------
    int
        Place of the first point that is not done.
    """
    order, starts = grid.order, grid.starts
    labels, is_core = out_labels
    most = inout_n_distances[0] + budget
    i, end = places
    cell = find_cell(starts, i)
    start_strips(grid, cell, inout_strips)
    while i < end:
        stop, own = min(end, starts[cell + 1]), cell_labels[cell]
        core_stop = min(end, starts[cell] + n_core[cell])
        if i < core_stop:
            core = order[i:core_stop]
            for t in range(core.shape[0]):
                labels[core[t]] = own
                is_core[core[t]] = True
            i = core_stop
        n = 0
        if i < stop:
            n = list_candidates(grid, n_core, cell_labels, cell, inout_strips)
        while i < stop:
            label = np.int64(own)
            if n > 0:
                measure_gaps(grid, i, inout_strips.gaps)
                label = smallest_label(
                    grid.points, i, label, n, sq_eps, inout_strips, inout_n_distances
                )
            labels[order[i]] = label
            is_core[order[i]] = False
            i += 1
            if inout_n_distances[0] >= most:
                return i
        cell += 1
    return i


@kernel(STRICT, allocates=False)
def list_candidates(grid, n_core, cell_labels, cell, inout_strips):
    """List the core points of other cells that might give a smaller label to a point of a cell.

    Parameters
    ----------
    grid : Grid
    n_core, cell_labels : int[n_cells]
    cell : int
    inout_strips : Strips
        At the cell or before it. Its runs are overwritten: one for each cell.

    Returns
    -------
    int
        How many cells.
    """
    strips, own, n = inout_strips, cell_labels[cell], 0
    for s in range(strips.shifts.shape[0]):
        move_strip(grid, cell, s, strips)
        begin = grid.keys[cell] + strips.shifts[s] - REACH
        for other in range(strips.first[s], strips.last[s]):
            label = cell_labels[other]
            if label >= 0 and (own < 0 or label < own):
                strips.begins[n] = grid.starts[other]
                strips.ends[n] = grid.starts[other] + n_core[other]
                strips.owners[n] = s
                strips.steps[n] = grid.keys[other] - begin
                strips.labels[n] = label
                n += 1
    return n


@kernel(STRICT, allocates=False)
def smallest_label(points, i, label, n, sq_eps, strips, inout_n_distances):
    """The smallest label of the core points within eps of the point at place i.

    Parameters
    ----------
    points : float64[2 or 3, n_points]
    i : int
    label : int
        That of its cell, or `NOISE`.
    n : int
        How many cells are listed.
    sq_eps : float64
    strips : Strips
        With the cells, and the gaps of the point.
    inout_n_distances : int64[1]

    Returns
    -------
    int
    """
    gaps, offsets = strips.gaps, strips.offsets
    last_axis = points.shape[0] - 1
    limit = points.shape[0] * GAP_SLACK
    for r in range(n):
        if label >= 0 and strips.labels[r] >= label:
            continue
        s = strips.owners[r]
        gap = gaps[0, offsets[s, 0]] + gaps[1, offsets[s, 1]] + gaps[last_axis, strips.steps[r]]
        if gap <= limit and is_near_any(
            points, i, strips.begins[r], strips.ends[r], sq_eps, inout_n_distances
        ):
            label = strips.labels[r]
    return label
