"""Sorting points into the cells of a grid: a radix sort that moves the coordinates along.

Each block of points counts its digits, and then moves its points to where the counts of the digits
and blocks before say: the order is stable, and the same however points are cut into blocks. Keys
are computed anew in each pass, so that they take no memory.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

TILE = 256
"""Points whose keys are held at a time."""


@kernel(STRICT)
def split_axes(X, begin, end, out_points, out_lower, out_upper):
    """Coordinates by axis, and their bounds.

    Parameters
    ----------
    X : float[n_points, n_features]
    begin, end : int
        Which points.
    out_points : float64[>= n_features, n_points]
    out_lower, out_upper : float64[n_features]
        Least and largest coordinates of these points.
    """
    low, high = np.empty(TILE), np.empty(TILE)
    for j in range(X.shape[1]):
        low[:] = X[begin, j]
        high[:] = X[begin, j]
        for tile in range(begin, end, TILE):
            n = min(TILE, end - tile)
            x, out = X[tile : tile + n, j], out_points[j, tile : tile + n]
            for t in range(n):
                out[t] = x[t]
            for t in range(n):
                low[t] = out[t] if out[t] < low[t] else low[t]
                high[t] = out[t] if out[t] > high[t] else high[t]
        out_lower[j] = low[0]
        out_upper[j] = high[0]
        for t in range(TILE):
            out_lower[j] = min(out_lower[j], low[t])
            out_upper[j] = max(out_upper[j], high[t])


@kernel(STRICT, allocates=False)
def compute_keys(points, begin, n, frame, out_keys):
    """Keys of the cells of consecutive points.

    Parameters
    ----------
    points : float64[n_axes, n_points]
    begin, n : int
        Which points.
    frame : Frame
    out_keys : int64[>= n]
    """
    for j in range(points.shape[0]):
        x, origin, stride = points[j, begin : begin + n], frame.origin[j], frame.strides[j]
        if j == 0:
            for t in range(n):
                cell = np.int64((x[t] - origin) * frame.inverse_side)
                out_keys[t] = cell * stride
        else:
            for t in range(n):
                cell = np.int64((x[t] - origin) * frame.inverse_side)
                out_keys[t] += cell * stride


@kernel(STRICT)
def count_digits(points, begin, end, frame, shift, out_counts):
    """How many points have each value of a digit of their key.

    Parameters
    ----------
    points : float64[n_axes, n_points]
    begin, end : int
        Which points.
    frame : Frame
    shift : int
        Bits of the key below the digit.
    out_counts : int64[n_values]
        A power of two of them.
    """
    mask = out_counts.shape[0] - 1
    keys = np.empty(TILE, np.int64)
    out_counts[:] = 0
    for tile in range(begin, end, TILE):
        n = min(TILE, end - tile)
        compute_keys(points, tile, n, frame, keys)
        for t in range(n):
            out_counts[(keys[t] >> shift) & mask] += 1


@kernel(STRICT, allocates=False)
def place_digits(inout_counts):
    """From counts to where the points of each block and digit begin, digit by digit.

    Parameters
    ----------
    inout_counts : int64[n_blocks, n_values]
    """
    total = np.int64(0)
    for value in range(inout_counts.shape[1]):
        for block in range(inout_counts.shape[0]):
            count = inout_counts[block, value]
            inout_counts[block, value] = total
            total += count


@kernel(STRICT)
def scatter_points(points, order, begin, end, frame, shift, inout_places, out_points, out_order):
    """Move points to the places of their digit.

    Parameters
    ----------
    points : float64[n_axes, n_points]
    order : int[n_points] or int[0]
        Which points they are; empty in the first pass, where that is their place.
    begin, end : int
        Which points.
    frame : Frame
    shift : int
        Bits of the key below the digit.
    inout_places : int64[n_values]
        Where the next point of each value goes.
    out_points : float64[n_axes, n_points]
    out_order : int[n_points]
    """
    mask = inout_places.shape[0] - 1
    places = np.empty(TILE, np.int64)
    for tile in range(begin, end, TILE):
        n = min(TILE, end - tile)
        compute_keys(points, tile, n, frame, places)
        for t in range(n):
            value = (places[t] >> shift) & mask
            places[t] = inout_places[value]
            inout_places[value] += 1
        for j in range(points.shape[0]):
            x, out = points[j, tile : tile + n], out_points[j]
            for t in range(n):
                out[places[t]] = x[t]
        if order.shape[0] == 0:
            for t in range(n):
                out_order[places[t]] = tile + t
        else:
            for t in range(n):
                out_order[places[t]] = order[tile + t]


@kernel(STRICT)
def list_cells(points, begin, end, frame, first_cell, out_keys, out_starts):
    """Occupied cells whose first point is among some sorted points.

    Parameters
    ----------
    points : float64[n_axes, n_points]
    begin, end : int
        Which points.
    frame : Frame
    first_cell : int
        Place of the first of these cells in the output.
    out_keys : int64[n_cells] or int64[0]
        Keys of cells; nothing is written where it is empty.
    out_starts : int[n_cells + 1] or int[0]
        Where their points begin.

    Returns
    -------
    int
        How many cells there are.
    """
    keys = np.empty(TILE, np.int64)
    cell = first_cell
    previous = np.int64(-1)
    if begin > 0:
        compute_keys(points, begin - 1, np.int64(1), frame, keys)
        previous = keys[0]
    writes = out_keys.shape[0] > 0
    for tile in range(begin, end, TILE):
        n = min(TILE, end - tile)
        compute_keys(points, tile, n, frame, keys)
        for t in range(n):
            if keys[t] != previous:
                previous = keys[t]
                if writes:
                    out_keys[cell] = previous
                    out_starts[cell] = tile + t
                cell += 1
    return cell - first_cell


@kernel(STRICT, allocates=False)
def fill_table(keys, first_cell, last_cell, out_table):
    """Tell for each number the first cell whose key is not below it.

    Parameters
    ----------
    keys : int64[n_cells]
    first_cell, last_cell : int
        Which cells. Numbers up to their keys are done, and above the key of the cell before; behind
        the last of all cells, all.
    out_table : int[n_keys + 1]
    """
    begin = keys[first_cell - 1] + 1 if first_cell > 0 else np.int64(0)
    for cell in range(first_cell, last_cell):
        for key in range(begin, keys[cell] + 1):
            out_table[key] = cell
        begin = keys[cell] + 1
    if last_cell == keys.shape[0]:
        for key in range(begin, out_table.shape[0]):
            out_table[key] = last_cell
