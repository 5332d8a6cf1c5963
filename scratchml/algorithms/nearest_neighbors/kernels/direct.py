"""Neighbours by the plain distances themselves, over tiles of points.

Whatever the metric, what is compared and kept is the *reduced* distance: the sum of squared
differences, the sum or the maximum of absolute ones, or the sum of their p-th powers. Terms are
float64, and are summed in feature order. Every comparison of distances in this room gives the
answer that these sums give.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import offer
from scratchml.core.kernels.tiles import load_tile, tile_sq_distances

EUCLIDEAN, MANHATTAN, CHEBYSHEV, MINKOWSKI = 0, 1, 2, 3
"""Metrics that have a reduced distance."""

CHUNK = 32
"""Lanes of a tile that are compared with a limit at once, in whole vectors."""


class Room(NamedTuple):
    """Memory that kernels overwrite."""

    tile: np.ndarray
    """float64[n_features, lanes], lanes being a multiple of `CHUNK`."""
    distances: np.ndarray
    """float64[lanes]."""


@kernel(STRICT, allocates=False)
def tile_distances(tile, n_lanes, point, metric, p, out_distances):
    """Reduced distance from the first columns of a tile to a point.

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    point : float64[n_features]
    metric : int
        One of those above.
    p : float
        The power, for `MINKOWSKI`.
    out_distances : float64[>= n_lanes]
    """
    if metric == EUCLIDEAN:
        tile_sq_distances(tile, n_lanes, point, out_distances)
        return
    for i in range(n_lanes):
        out_distances[i] = 0
    for j in range(tile.shape[0]):
        x, y = tile[j], point[j]
        if metric == MANHATTAN:
            for i in range(n_lanes):
                out_distances[i] += abs(x[i] - y)
        elif metric == CHEBYSHEV:
            for i in range(n_lanes):
                u = abs(x[i] - y)
                out_distances[i] = u if u > out_distances[i] else out_distances[i]
        else:
            for i in range(n_lanes):
                out_distances[i] += abs(x[i] - y) ** p


@kernel(STRICT, allocates=False)
def count_up_to(values, limit):
    """How many values are not above a limit."""
    n = np.uint32(0)  # of the width of the values, so that it sits on their lanes
    for i in range(values.shape[0]):
        n = np.uint32(n + np.uint32(values[i] <= limit))
    return n


@kernel(STRICT, allocates=False)
def nearest_direct(queries, X, start, stop, metric, p, room, inout_distances, inout_indices):
    """Offer some points to the heap of each query.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
    X : float[n_points, n_features]
    start, stop : int
        Which points.
    metric, p
        As of `tile_distances`.
    room : Room
        Overwritten.
    inout_distances : float64[n_queries, n_neighbors]
        Reduced distances.
    inout_indices : int64[n_queries, n_neighbors]

    Notes
    -----
    O(n_queries n_points n_features), and O(log n_neighbors) for each point that is nearer than the
    farthest neighbour so far.
    """
    tile, distances = room
    lanes = distances.shape[0]
    for first in range(start, stop, lanes):
        n_lanes = min(lanes, stop - first)
        load_tile(X, first, n_lanes, tile)
        for q in range(queries.shape[0]):
            tile_distances(tile, n_lanes, queries[q], metric, p, distances)
            heap, indices = inout_distances[q], inout_indices[q]
            if count_up_to(distances[:n_lanes], heap[0]) == 0:
                continue
            for begin in range(0, n_lanes, CHUNK):
                end = min(begin + CHUNK, n_lanes)
                if count_up_to(distances[begin:end], heap[0]) > 0:
                    for i in range(begin, end):
                        offer(distances[i], first + i, heap, indices)


class Hits(NamedTuple):
    """Points within the radius of a query, as they are found."""

    queries: np.ndarray
    """int64[capacity]."""
    indices: np.ndarray
    """The points, int64[capacity]."""


@kernel(STRICT, allocates=False)
def within_direct(queries, X, start, stop, metric, p, room, reduced_radii, step, out_hits):
    """Find which of some points are within the radii.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
    X : float[n_points, n_features]
    start, stop : int
        Which points.
    metric, p
        As of `tile_distances`.
    room : Room
        Overwritten.
    reduced_radii : float64[n_queries]
    step : int
        Where to begin: 0, or what the last call has returned. A step is one query and one tile.
    out_hits : Hits
        With room for the points of a tile at least. Those of a query are in the order of their
        indices.

    Returns
    -------
    n_hits : int
    step : int
        Where the room came to an end; -1 where all is done.
    """
    tile, distances = room
    lanes = distances.shape[0]
    n_queries, n_hits, loaded = queries.shape[0], 0, -1
    while step < -(-(stop - start) // lanes) * n_queries:
        t, q = step // n_queries, step % n_queries
        first = start + t * lanes
        n_lanes = min(lanes, stop - first)
        if n_hits + n_lanes > out_hits.queries.shape[0]:
            return n_hits, step
        if loaded != t:
            load_tile(X, first, n_lanes, tile)
            loaded = t
        tile_distances(tile, n_lanes, queries[q], metric, p, distances)
        if count_up_to(distances[:n_lanes], reduced_radii[q]) > 0:
            for i in range(n_lanes):
                if distances[i] <= reduced_radii[q]:
                    out_hits.queries[n_hits] = q
                    out_hits.indices[n_hits] = first + i
                    n_hits += 1
        step += 1
    return n_hits, -1


@kernel(STRICT, allocates=False)
def reduced_distance(x, y, metric, p):
    """Reduced distance of two vectors, in float64.

    Plain form of what `tile_distances` computes for each column.
    """
    total = 0.0
    for j in range(x.shape[0]):
        u = abs(np.float64(x[j]) - np.float64(y[j]))
        if metric == EUCLIDEAN:
            total += u * u
        elif metric == MANHATTAN:
            total += u
        elif metric == CHEBYSHEV:
            total = u if u > total else total
        else:
            total += u**p
    return total


@kernel(STRICT, allocates=False)
def four_sq_distances(query, x0, x1, x2, x3):
    """Sums of squared differences of a query and four points, side by side.

    Each is in feature order, one addition after the other; four at once hide that an addition has
    to wait for the one before.
    """
    d0 = d1 = d2 = d3 = 0.0
    for j in range(query.shape[0]):
        y = query[j]
        u0, u1 = np.float64(x0[j]) - y, np.float64(x1[j]) - y
        u2, u3 = np.float64(x2[j]) - y, np.float64(x3[j]) - y
        d0 += u0 * u0
        d1 += u1 * u1
        d2 += u2 * u2
        d3 += u3 * u3
    return d0, d1, d2, d3


@kernel(STRICT, allocates=False)
def listed_distances(queries, X, starts, indices, metric, p, out_distances):
    """Reduced distance of each query to the points of its list.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
    X : float[n_points, n_features]
    starts : int64[n_queries + 1]
        Where the lists begin, and where the last one ends.
    indices : int64[n_found]
    metric, p
        As of `tile_distances`.
    out_distances : float64[n_found]
    """
    for q in range(queries.shape[0]):
        begin, end = starts[q], starts[q + 1]
        if metric == EUCLIDEAN:
            for _ in range((end - begin) // 4):
                x0, x1 = X[indices[begin]], X[indices[begin + 1]]
                x2, x3 = X[indices[begin + 2]], X[indices[begin + 3]]
                four = four_sq_distances(queries[q], x0, x1, x2, x3)
                out_distances[begin], out_distances[begin + 1] = four[0], four[1]
                out_distances[begin + 2], out_distances[begin + 3] = four[2], four[3]
                begin += 4
        for at in range(begin, end):
            out_distances[at] = reduced_distance(X[indices[at]], queries[q], metric, p)


@kernel(STRICT, allocates=False)
def raise_to_power(radii, p, out_powers):
    """Radii as powers of differences are compared with them: NumPy's own differ in the last bit."""
    for i in range(radii.shape[0]):
        out_powers[i] = radii[i] ** p
