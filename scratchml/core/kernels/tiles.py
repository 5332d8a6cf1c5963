"""Tiles: a few hundred rows of the data, transposed, so that each row sits on its own SIMD lane.

A loop over the rows of a tile, with the feature outside, compiles to full-width vector code for any
number of features; a loop over the handful of features of one row does not. A tile has `TILE`
columns, or as many as there are rows.

Indices that cannot be negative are unsigned here: numba then leaves out the wrap-around of negative
indices, which keeps strided reads from vectorising.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import CONTRACT, STRICT, kernel

TILE = 480
"""Rows in a tile. A multiple of 32 fills unrolled vectors; not a power of two, or the rows of the
tile, one above the other, would all fall into the same few sets of the first-level cache."""


@kernel(STRICT, allocates=False)
def load_tile(X, start, n_rows, out_tile):
    """Copy rows ``start`` to ``start + n_rows`` of X into the columns of a tile.

    Parameters
    ----------
    X : float[n_samples, n_features]
    start, n_rows : int
        ``n_rows`` is at most ``TILE``.
    out_tile : float[>= n_features, TILE]
        Modified in place; columns past ``n_rows`` and rows past ``n_features`` are left alone.
    """
    n_features = np.uintp(X.shape[1])
    rows = X[start : start + n_rows].reshape(-1)
    # With the stride written out the reads become shuffles, several times as fast.
    if n_features == 2:
        x0, x1 = out_tile[0], out_tile[1]
        for i in range(n_rows):
            x0[i] = rows[2 * i]
            x1[i] = rows[2 * i + 1]
    elif n_features == 3:
        x0, x1, x2 = out_tile[0], out_tile[1], out_tile[2]
        for i in range(n_rows):
            x0[i] = rows[3 * i]
            x1[i] = rows[3 * i + 1]
            x2[i] = rows[3 * i + 2]
    else:
        whole = n_features - n_features % np.uintp(4)
        for j in range(np.uintp(0), whole, np.uintp(4)):
            x0, x1 = out_tile[j], out_tile[j + np.uintp(1)]
            x2, x3 = out_tile[j + np.uintp(2)], out_tile[j + np.uintp(3)]
            for i in range(np.uintp(n_rows)):
                at = i * n_features + j
                x0[i] = rows[at]
                x1[i] = rows[at + np.uintp(1)]
                x2[i] = rows[at + np.uintp(2)]
                x3[i] = rows[at + np.uintp(3)]
        for j in range(whole, n_features):
            x = out_tile[j]
            for i in range(np.uintp(n_rows)):
                x[i] = rows[i * n_features + j]


@kernel(STRICT, allocates=False)
def gather_tile(X, indices, n_rows, out_tile):
    """Copy some rows of X into the columns of a tile.

    Parameters
    ----------
    X : float[n_samples, n_features]
    indices : int32[>= n_rows]
    n_rows : int
        At most ``TILE``.
    out_tile : float[>= n_features, TILE]
        Modified in place.
    """
    n_features = np.uintp(X.shape[1])
    rows = X.reshape(-1)
    whole = n_features - n_features % np.uintp(4)
    for j in range(np.uintp(0), whole, np.uintp(4)):
        x0, x1 = out_tile[j], out_tile[j + np.uintp(1)]
        x2, x3 = out_tile[j + np.uintp(2)], out_tile[j + np.uintp(3)]
        for i in range(np.uintp(n_rows)):
            at = np.uintp(indices[i]) * n_features + j
            x0[i] = rows[at]
            x1[i] = rows[at + np.uintp(1)]
            x2[i] = rows[at + np.uintp(2)]
            x3[i] = rows[at + np.uintp(3)]
    for j in range(whole, n_features):
        x = out_tile[j]
        for i in range(np.uintp(n_rows)):
            x[i] = rows[np.uintp(indices[i]) * n_features + j]


@kernel(CONTRACT, allocates=False)
def center_tile(origin, n_lanes, inout_tile, out_sq_norms):
    """Subtract a point from each column of a tile, and give the squared length of what is left.

    Parameters
    ----------
    origin : float[n_features]
    n_lanes : int
        How many columns.
    inout_tile : float[>= n_features, TILE]
        Modified in place.
    out_sq_norms : float[TILE]
    """
    for i in range(n_lanes):
        out_sq_norms[i] = 0
    for j in range(origin.shape[0]):
        x = inout_tile[j]
        shift = origin[j]
        for i in range(n_lanes):
            u = x[i] - shift
            x[i] = u
            out_sq_norms[i] += u * u


@kernel(STRICT, allocates=False)
def tile_sq_distances(tile, n_lanes, point, out_sq_distances):
    """Squared distance from the first columns of a tile to a point: differences, in feature order.

    Parameters
    ----------
    tile : float[n_features, TILE]
    n_lanes : int
        How many columns.
    point : float[n_features]
    out_sq_distances : float[TILE]
    """
    n_features = tile.shape[0]
    for i in range(n_lanes):
        out_sq_distances[i] = 0
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        p0, p1, p2, p3 = point[j], point[j + 1], point[j + 2], point[j + 3]
        for i in range(n_lanes):
            u0, u1, u2, u3 = x0[i] - p0, x1[i] - p1, x2[i] - p2, x3[i] - p3
            sum01 = out_sq_distances[i] + u0 * u0 + u1 * u1
            out_sq_distances[i] = sum01 + u2 * u2 + u3 * u3
    for j in range(whole, n_features):
        x = tile[j]
        p = point[j]
        for i in range(n_lanes):
            u = x[i] - p
            out_sq_distances[i] += u * u


@kernel(STRICT, allocates=False)
def sq_distance(x, y):
    """Squared Euclidean distance of two vectors: differences squared, summed in feature order.

    Every comparison of distances in this library gives the answer that this sum gives.
    """
    total = (x[0] - y[0]) * (x[0] - y[0])
    for j in range(1, x.shape[0]):
        u = x[j] - y[j]
        total += u * u
    return total
