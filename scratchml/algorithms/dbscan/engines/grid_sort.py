"""Laying a grid over points, and sorting them by its cells."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks

from ..kernels.grid_sort import (
    count_digits,
    fill_table,
    list_cells,
    place_digits,
    scatter_points,
    split_axes,
)
from ..kernels.grid_structure import MOST_CELLS, MOST_KEYS, REACH, SLACK, Frame, Grid
from .clusters import index_type

SORT_OPERATIONS = 12
"""Multiply-adds that a pass over the points takes the time of, for each of them."""

TABLE_KEYS = 64
"""Entries of a table of keys for each point, at most,"""

LONG_TABLE = 2**24
"""and so many, and one for each point, where there are many points."""

DIGIT_BITS = 11
"""Bits of a key by which points are sorted at once, at most."""


def split_points(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates by axis, two axes at least, and their bounds.

    Parameters
    ----------
    X : float[n_samples, 1 to 3]

    Returns
    -------
    points : float64[n_axes, n_samples]
    lower, upper : float64[n_axes]
    """
    n_samples, n_features = X.shape
    n_axes = max(n_features, 2)
    points = np.empty((n_axes, n_samples))
    points[n_features:] = 0  # a line is put into a plane
    blocks = row_blocks(n_samples, SORT_OPERATIONS)
    bounds = np.zeros((2, len(blocks), n_axes))

    def split(index: int, block: slice) -> None:
        split_axes(X, block.start, block.stop, points, bounds[0, index], bounds[1, index])

    map_blocks(split, blocks)
    return points, bounds[0].min(axis=0), bounds[1].max(axis=0)


def fit_frame(lower: np.ndarray, upper: np.ndarray, eps: float, n_axes: int) -> Frame | None:
    """Lay a grid over points; None where there are too many cells.

    Parameters
    ----------
    lower, upper : float64[n_axes]
        Bounds of the points.
    eps : float
    n_axes : int
        2 or 3.
    """
    inverse_side = math.sqrt(n_axes) * (1 + SLACK) / eps
    with np.errstate(over="ignore"):  # to infinity, which is too many
        last_cells = (upper - lower) * inverse_side
    if not np.all(last_cells < MOST_CELLS - 1):
        return None
    n_cells = [int(last) + 1 + REACH for last in last_cells]
    strides = [math.prod(n_cells[j + 1 :]) for j in range(n_axes)]
    if n_cells[0] * strides[0] > MOST_KEYS:
        return None
    return Frame(lower, inverse_side, np.array(strides, np.int64), n_cells[0] * strides[0])


def sort_points(points: np.ndarray, frame: Frame) -> Grid:
    """Sort points by the key of their cell, and list the cells.

    Parameters
    ----------
    points : float64[n_axes, n_samples]
        Overwritten.
    frame : Frame
    """
    n_samples = points.shape[1]
    integer = index_type(n_samples)
    blocks = row_blocks(n_samples, SORT_OPERATIONS)
    n_bits = frame.n_keys.bit_length()
    n_passes = -(-n_bits // DIGIT_BITS)
    n_digit_bits = -(-n_bits // n_passes)
    counts = np.empty((len(blocks), 2**n_digit_bits), np.int64)
    order = np.empty(0, integer)
    to = np.empty_like(points), np.empty(n_samples, integer)
    for index in range(n_passes):
        move_points(points, order, blocks, frame, index * n_digit_bits, counts, to)
        spare = points, order if index > 0 else np.empty_like(to[1])
        (points, order), to = to, spare
    del to, spare
    keys, starts = find_cells(points, blocks, frame, integer)
    return Grid(frame, points, order, keys, starts, make_table(keys, starts, frame))


def move_points(
    points: np.ndarray,
    order: np.ndarray,
    blocks: list[slice],
    frame: Frame,
    shift: int,
    counts: np.ndarray,
    to: tuple[np.ndarray, np.ndarray],
) -> None:
    """One pass of the sort: ``counts`` and ``to`` are modified in place.

    Parameters
    ----------
    points : float64[n_axes, n_samples]
    order : int[n_samples] or int[0]
    blocks : list of slice
    frame : Frame
    shift : int
        Bits of the key below the digit to sort by.
    counts : int64[n_blocks, n_values]
    to : (float64[n_axes, n_samples], int[n_samples])
        Coordinates, and which points they are.
    """

    def count(index: int, block: slice) -> None:
        count_digits(points, block.start, block.stop, frame, shift, counts[index])

    def scatter(index: int, block: slice) -> None:
        begin, end = block.start, block.stop
        scatter_points(points, order, begin, end, frame, shift, counts[index], *to)

    map_blocks(count, blocks)
    place_digits(counts)
    map_blocks(scatter, blocks)


def find_cells(
    points: np.ndarray, blocks: list[slice], frame: Frame, integer: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Keys of the occupied cells of sorted points, and where their points begin.

    Returns
    -------
    keys : int64[n_cells]
    starts : int[n_cells + 1]
    """
    nothing = np.empty(0, np.int64), np.empty(0, integer)

    def count(_: int, block: slice) -> int:
        return list_cells(points, block.start, block.stop, frame, 0, *nothing)

    edges = [0, *itertools.accumulate(map_blocks(count, blocks))]
    keys, starts = np.empty(edges[-1], np.int64), np.empty(edges[-1] + 1, integer)
    starts[-1] = blocks[-1].stop

    def write(index: int, block: slice) -> None:
        list_cells(points, block.start, block.stop, frame, edges[index], keys, starts)

    map_blocks(write, blocks)
    return keys, starts


def make_table(keys: np.ndarray, starts: np.ndarray, frame: Frame) -> np.ndarray:
    """The first cell whose key is not below each number; empty where that takes too much memory.

    Parameters
    ----------
    keys : int64[n_cells]
    starts : int[n_cells + 1]
    frame : Frame

    Returns
    -------
    int[n_keys + 1] or int[0]
    """
    n_samples = int(starts[-1])
    if frame.n_keys > min(TABLE_KEYS * n_samples, LONG_TABLE + n_samples):
        return np.empty(0, starts.dtype)
    table = np.empty(frame.n_keys + 1, starts.dtype)

    def fill(_: int, cells: slice) -> None:
        fill_table(keys, cells.start, cells.stop, table)

    map_blocks(fill, row_blocks(len(keys), SORT_OPERATIONS))
    return table
