"""The arrays of a sorted grid, and why it is exact whatever is rounded.

Space is cut into cells of a side a little below eps / sqrt(n_axes). The coordinate of a cell is the
integer part of f(x) = fl(fl(x - origin) * inverse_side), which does not fall as x grows. Let u be
2^-53. No f(x) exceeds ``MOST_CELLS``, 2^31, so that two roundings, each by a factor within 1 +- u,
move f(x) by less than e = 2^-20 from its true value.

*All points of a cell are within eps of each other.* Their f differ by less than 1, so that along
each axis they are less than 1 + 2 e sides apart. With a side of eps / sqrt(n_axes) / (1 + SLACK),
the computed sum of squares is below eps^2 (1 + 2 e)^2 (1 + 20 u) / (1 + SLACK)^2: below the
computed eps * eps, since SLACK = 4 e.

*No point within eps is more than two cells away.* Rounding keeps order: where the computed sum of
squares is at most the computed eps * eps, so is the computed square along each axis, and points are
at most eps (1 + 2 u), that is at most sqrt(3) (1 + 5 e) sides, apart. Their f differ by less than
2.

*A point is only passed over when it is too far.* The computed gap between f(x) and the nearest edge
of another cell is at most 3 e larger than the true one. So where squared gaps sum up to more than
n_axes * GAP_SLACK, the distance is above eps.

All of this asks for squares that neither overflow nor lose digits: see ``SQ_LIMITS``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel

MOST_CELLS = 2**31
"""Cells along an axis, at most."""

MOST_KEYS = 2**62
"""Cells in the whole grid, occupied or not, at most."""

SLACK = 2.0**-18
"""By this part, cells are smaller than they might be."""

GAP_SLACK = 1.001
"""Factor by which a sum of squared gaps has to be too large."""

SQ_LIMITS = (1e-280, 1e280)
"""Squares of eps between which relative errors of squares are those of rounding."""

REACH = 2
"""Cells between a cell and the last one that may have a point within eps, along an axis."""

MOST_RUNS = (2 * REACH + 1) ** 3
"""Cells in the neighbourhood of a cell, at most."""


class Frame(NamedTuple):
    """Where cells lie, and their numbers.

    The key of a cell is the sum of its coordinates times the strides. `REACH` coordinates past the
    last one stay empty along each axis, so that a key which is off the grid names no point's cell.
    """

    origin: np.ndarray
    """float64[n_axes]: least coordinates of the points."""
    inverse_side: float
    """Cells per unit of length."""
    strides: np.ndarray
    """int64[n_axes]: difference of keys between neighbours along each axis; 1 along the last."""
    n_keys: int
    """Keys are below this."""


class Grid(NamedTuple):
    """Points sorted by the key of their cell, and the occupied cells."""

    frame: Frame
    points: np.ndarray
    """float64[n_axes, n_points]: coordinates, sorted; two axes at least."""
    order: np.ndarray
    """int[n_points]: which points they are."""
    keys: np.ndarray
    """int64[n_cells]: ascending."""
    starts: np.ndarray
    """int[n_cells + 1]: the points of cell c are from ``starts[c]`` to ``starts[c + 1]``."""
    table: np.ndarray
    """int[n_keys + 1] or int[0]: the first cell whose key is not below each number, if there are
    not too many of them."""


class Strips(NamedTuple):
    """The neighbourhood of a cell: rows of cells along the last axis, the nearest ones first.

    In the order of keys each is a range, whose ends the table of the grid tells. Where there is no
    table, pointers are moved on: the range of the next cell is never before that of a cell.
    """

    shifts: np.ndarray
    """int64[n_strips]: from the key of a cell to that of the middle of each strip."""
    offsets: np.ndarray
    """int64[n_strips, 2]: offsets along the other axes, from 0 to 2 * REACH."""
    first: np.ndarray
    """int64[n_strips]: first cell of each strip,"""
    last: np.ndarray
    """int64[n_strips]: and the cell after its last one. Overwritten."""
    gaps: np.ndarray
    """float64[3, 2 * REACH + 1]: squared gaps between a point and the cells at each offset along
    each axis, in sides,"""
    n_listed: np.ndarray
    """int64[1]: strips whose points are listed,"""
    n_runs: np.ndarray
    """int64[1]: and how many runs of points that are."""
    begins: np.ndarray
    """int64[MOST_RUNS]: where these begin,"""
    ends: np.ndarray
    """int64[MOST_RUNS]: where they end,"""
    owners: np.ndarray
    """int64[MOST_RUNS]: the strip that each is of,"""
    steps: np.ndarray
    """int64[MOST_RUNS]: its offset along the last axis, where it is a single cell,"""
    labels: np.ndarray
    """int64[MOST_RUNS]: and the label of that. Overwritten."""


def nearest_offsets(n_axes: int) -> np.ndarray:
    """Offsets of the strips around a cell, the nearest ones first; int64[n_strips, 2]."""
    width = 2 * REACH + 1
    grid = np.arange(width ** (n_axes - 1))
    offsets = np.stack([grid // width, grid % width] if n_axes == 3 else [grid, 0 * grid + REACH])
    nearest = np.argsort(((offsets - REACH) ** 2).sum(axis=0), kind="stable")
    return np.ascontiguousarray(offsets.T[nearest])


OFFSETS = {n_axes: nearest_offsets(n_axes) for n_axes in (2, 3)}
"""Of each number of axes."""


def make_strips(frame: Frame, n_axes: int, only_before: bool) -> Strips:
    """The strips around cells, and memory for the rest.

    Parameters
    ----------
    frame : Frame
    n_axes : int
        2 or 3.
    only_before : bool
        Leave out the strips that are behind a cell, in the order of keys.
    """
    offsets = OFFSETS[n_axes]
    shifts = (offsets - REACH) @ frame.strides[:2]
    if only_before:
        offsets, shifts = offsets[shifts <= 0], shifts[shifts <= 0]
    return Strips(
        shifts,
        offsets,
        first=np.empty_like(shifts),
        last=np.empty_like(shifts),
        gaps=np.zeros((3, 2 * REACH + 1)),
        n_listed=np.zeros(1, np.int64),
        n_runs=np.zeros(1, np.int64),
        begins=np.empty(MOST_RUNS, np.int64),
        ends=np.empty(MOST_RUNS, np.int64),
        owners=np.empty(MOST_RUNS, np.int64),
        steps=np.empty(MOST_RUNS, np.int64),
        labels=np.empty(MOST_RUNS, np.int64),
    )


@kernel(STRICT, allocates=False)
def find_key(keys, key):
    """The first of some ascending keys that is not below another key."""
    low, high = 0, keys.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(STRICT, allocates=False)
def find_cell(starts, i):
    """The cell that holds the point at place i."""
    low, high = 0, starts.shape[0] - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if starts[middle] <= i:
            low = middle
        else:
            high = middle
    return low


@kernel(STRICT, allocates=False)
def start_strips(grid, cell, inout_strips):
    """Get ready to `move_strip` to a cell, and to others behind it."""
    if grid.table.shape[0] > 0:
        return
    for s in range(inout_strips.shifts.shape[0]):
        middle = grid.keys[cell] + inout_strips.shifts[s]
        inout_strips.first[s] = find_key(grid.keys, middle - REACH)
        inout_strips.last[s] = find_key(grid.keys, middle + REACH + 1)


@kernel(STRICT, allocates=False)
def move_strip(grid, cell, s, inout_strips):
    """Move a strip on to a cell behind the one it was at."""
    keys, table, strips = grid.keys, grid.table, inout_strips
    middle = keys[cell] + strips.shifts[s]
    if table.shape[0] > 0:
        strips.first[s] = table[min(max(middle - REACH, 0), table.shape[0] - 1)]
        strips.last[s] = table[min(max(middle + REACH + 1, 0), table.shape[0] - 1)]
        return
    c = strips.first[s]
    while c < keys.shape[0] and keys[c] < middle - REACH:
        c += 1
    strips.first[s] = c
    c = max(c, strips.last[s])
    while c < keys.shape[0] and keys[c] <= middle + REACH:
        c += 1
    strips.last[s] = c


@kernel(STRICT, allocates=False)
def measure_gaps(grid, i, out_gaps):
    """Squared gaps, in sides, between the point at place i and the cells at each offset.

    Parameters
    ----------
    grid : Grid
    i : int
    out_gaps : float64[3, 2 * REACH + 1]
    """
    for j in range(grid.points.shape[0]):
        f = (grid.points[j, i] - grid.frame.origin[j]) * grid.frame.inverse_side
        f -= np.floor(f)
        out_gaps[j, 0] = (1 + f) * (1 + f)
        out_gaps[j, 1] = f * f
        out_gaps[j, 2] = 0.0
        out_gaps[j, 3] = (1 - f) * (1 - f)
        out_gaps[j, 4] = (2 - f) * (2 - f)
