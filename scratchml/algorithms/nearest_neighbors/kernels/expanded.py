"""Euclidean neighbours found by dot products in float32, and decided by plain sums in float64.

With points x and queries q relative to an origin, h = |x|^2 / 2, and s = h - x.q,

    |x - q|^2 = 2 s + |q|^2 ,

so that a limit on the distance is one on the *score* s. Scores are computed in float32, four
queries against a tile of points at once. Only points whose score is not above the limit plus the
error bound are compared by their plain sum of squared differences, which alone decides. For k
neighbours the limit falls as they are found: of n points in no particular order about
k (1 + ln(n / k)) get that far.

The error. Coordinates are scaled by a power of two so that none exceeds 1, and rounded to float32:
a relative error u each. So the dot product of n terms, and h that enters it as one more, is off by
at most (n + 5) u (|x||q| + h) <= (n + 5) u (|x|^2 + |q|^2) (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, 3.1), and h itself by u h. The plain sum, in float64, and the limit
rounded to float32 add less than u (|x|^2 + |q|^2) together. `Bounds.slack` is (n + 16) times
eps = 2 u: more than twice that. What underflows, in either form, is less than `Bounds.floor`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.scores import score_four

from .direct import CHUNK, EUCLIDEAN, count_up_to, four_sq_distances, reduced_distance
from .heaps import offer_neighbor

FAR = 1e30
"""|x|^2 of lanes without a point; those of points are at most the number of features."""


class Bounds(NamedTuple):
    """How a squared distance becomes a limit on scores."""

    scale: float
    """What coordinates were multiplied with, a power of two."""
    slack: float
    """A score may be off by ``slack * (|x|^2 + |q|^2)``."""
    floor: float
    """And by this, where numbers are so small that there is no relative error."""


class PackedPoints(NamedTuple):
    """Points as the expanded form needs them."""

    X: np.ndarray
    """As they are, float[n_points, n_features]."""
    start: int
    """First point of the tiles."""
    stop: int
    """Past the last one."""
    tiles: np.ndarray
    """Relative to the origin and scaled, each on a lane, and h in the row below the features:
    float32[n_tiles, n_features + padding, lanes]. The last four rows are zeros."""
    max_sq_norms: np.ndarray
    """The largest |x|^2 of each tile, float64[n_tiles]."""


class PackedQueries(NamedTuple):
    """Queries as the expanded form needs them."""

    exact: np.ndarray
    """As they are, float64[n_queries, n_features]."""
    rows: np.ndarray
    """Relative to the origin and scaled, with -1 where the tiles have h:
    float32[n_queries + padding, n_features + padding]."""
    sq_norms: np.ndarray
    """|q|^2 of those, float64[n_queries]."""
    no_norms: np.ndarray
    """Zeros, float32[n_queries + padding]: the h of queries, which all scores would share."""


class Lists(NamedTuple):
    """What has been found for each query."""

    distances: np.ndarray
    """Heaps of squared distances, float64[n_queries, n_neighbors]."""
    indices: np.ndarray
    """Their points, int64[n_queries, n_neighbors]."""
    waiting: np.ndarray
    """Points whose distance has to be computed, int64[n_queries, 4]: four go together."""
    n_waiting: np.ndarray
    """How many of them, int64[n_queries]."""


@kernel(STRICT)
def pack_points(X, start, stop, origin, scale, out_tiles, out_max_sq_norms):
    """Put some points into tiles, relative to an origin.

    Parameters
    ----------
    X : float[n_points, n_features]
    start, stop : int
        Which points.
    origin : float64[n_features]
    scale : float
    out_tiles : float32[n_tiles, n_features + padding, lanes]
        Of zeros. Lanes that are left over get scores above all others.
    out_max_sq_norms : float64[n_tiles]
    """
    n_features, lanes = X.shape[1], out_tiles.shape[2]
    sq_norms = np.empty(lanes)
    for t in range(out_tiles.shape[0]):
        first = start + t * lanes
        n_lanes = min(lanes, stop - first)
        tile = out_tiles[t]
        sq_norms[:n_lanes] = 0
        sq_norms[n_lanes:] = FAR
        for j in range(n_features):
            column, shift = tile[j], origin[j]
            for i in range(n_lanes):
                u = (np.float64(X[first + i, j]) - shift) * scale
                column[i] = u
                sq_norms[i] += u * u
        largest = 0.0
        for i in range(n_lanes):
            largest = max(largest, sq_norms[i])
        out_max_sq_norms[t] = largest
        tile[n_features] = sq_norms / 2


@kernel(STRICT)
def pack_queries(queries, origin, scale, out_rows, out_sq_norms):
    """Make rows of queries, relative to an origin.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
    origin : float64[n_features]
    scale : float
    out_rows : float32[>= n_queries, n_features + padding]
        Of zeros.
    out_sq_norms : float64[n_queries]
    """
    n_features = queries.shape[1]
    for q in range(queries.shape[0]):
        total = 0.0
        for j in range(n_features):
            u = (queries[q, j] - origin[j]) * scale
            out_rows[q, j] = u
            total += u * u
        out_rows[q, n_features] = -1
        out_sq_norms[q] = total


@kernel(STRICT)
def score_limit(sq_distance, q_sq_norm, bounds):
    """The score, free of error, that a squared distance amounts to."""
    return (sq_distance * bounds.scale * bounds.scale - q_sq_norm) / 2


# --- nearest --------------------------------------------------------------------------------------


@kernel(STRICT)
def nearest_expanded(queries, points, bounds, inout_lists):
    """Offer the points of some tiles to each query.

    Parameters
    ----------
    queries : PackedQueries
    points : PackedPoints
    bounds : Bounds
    inout_lists : Lists
        The heaps are complete after `settle_waiting`.
    """
    n_queries = queries.exact.shape[0]
    lanes = points.tiles.shape[2]
    scores = np.empty((4, lanes), np.float32)
    for t in range(points.tiles.shape[0]):
        first = points.start + t * lanes
        n_lanes = min(lanes, points.stop - first)
        for c in range(0, n_queries, 4):
            score_four(points.tiles[t], queries.rows, queries.no_norms, c, lanes, scores)
            for q in range(c, min(c + 4, n_queries)):
                margin = (queries.sq_norms[q] + points.max_sq_norms[t]) * bounds.slack
                margin += bounds.floor
                offer_scores(
                    scores[q - c], n_lanes, first, q, margin, queries, points.X, bounds, inout_lists
                )


@kernel(STRICT)
def offer_scores(scores, n_lanes, first, q, margin, queries, X, bounds, inout_lists):
    """Have those points of a tile wait that may be nearer than the farthest neighbour so far."""
    sq_norm = queries.sq_norms[q]
    heap, waiting = inout_lists.distances[q], inout_lists.waiting[q]
    limit = np.float32(score_limit(heap[0], sq_norm, bounds) + margin)
    for begin in range(0, n_lanes, CHUNK):
        end = min(begin + CHUNK, n_lanes)
        if count_up_to(scores, begin, begin + CHUNK, limit) == 0:
            continue
        for i in range(begin, end):
            if scores[i] <= limit:
                n = inout_lists.n_waiting[q]
                waiting[n] = first + i
                inout_lists.n_waiting[q] = n + 1
                if n == 3:
                    settle_four(queries.exact[q], X, q, inout_lists)
                    limit = np.float32(score_limit(heap[0], sq_norm, bounds) + margin)


@kernel(STRICT)
def settle_four(query, X, q, inout_lists):
    """Offer the points that wait to a query by their plain sums of squares."""
    waiting = inout_lists.waiting[q]
    x0, x1, x2, x3 = X[waiting[0]], X[waiting[1]], X[waiting[2]], X[waiting[3]]
    d0, d1, d2, d3 = four_sq_distances(query, x0, x1, x2, x3)
    heap, indices = inout_lists.distances[q], inout_lists.indices[q]
    n = inout_lists.n_waiting[q]
    offer_neighbor(d0, waiting[0], heap, indices)
    if n > 1:
        offer_neighbor(d1, waiting[1], heap, indices)
    if n > 2:
        offer_neighbor(d2, waiting[2], heap, indices)
    if n > 3:
        offer_neighbor(d3, waiting[3], heap, indices)
    inout_lists.n_waiting[q] = 0


@kernel(STRICT)
def settle_waiting(queries, X, inout_lists):
    """Offer what still waits to every query.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
    X : float[n_points, n_features]
    inout_lists : Lists
    """
    for q in range(queries.shape[0]):
        if inout_lists.n_waiting[q] > 0:
            settle_four(queries[q], X, q, inout_lists)


# --- within a radius ------------------------------------------------------------------------------


@kernel(STRICT)
def within_expanded(queries, points, bounds, sq_radii, step, out_hits):
    """Find which points of some tiles are within the radii.

    Parameters
    ----------
    queries : PackedQueries
    points : PackedPoints
    bounds : Bounds
    sq_radii : float64[n_queries]
    step : int
        Where to begin: 0, or what the last call has returned. A step is four queries and one tile.
    out_hits : Hits
        With room for four times the lanes at least. The points of a query are in the order of their
        indices.

    Returns
    -------
    n_hits : int
    step : int
        Where the room came to an end; -1 where all is done.
    """
    n_queries = queries.exact.shape[0]
    n_fours = (n_queries + 3) // 4
    lanes = points.tiles.shape[2]
    scores = np.empty((4, lanes), np.float32)
    n_hits = 0
    while step < points.tiles.shape[0] * n_fours:
        t, c = step // n_fours, step % n_fours * 4
        if n_hits + 4 * lanes > out_hits.queries.shape[0]:
            return n_hits, step
        first = points.start + t * lanes
        n_lanes = min(lanes, points.stop - first)
        score_four(points.tiles[t], queries.rows, queries.no_norms, c, lanes, scores)
        n_before = n_hits
        for q in range(c, min(c + 4, n_queries)):
            margin = (queries.sq_norms[q] + points.max_sq_norms[t]) * bounds.slack
            margin += bounds.floor
            limit = score_limit(sq_radii[q], queries.sq_norms[q], bounds)
            n_hits = list_scores(
                scores[q - c],
                first,
                n_lanes,
                np.float32(limit - margin),
                np.float32(limit + margin),
                points.X,
                queries.exact[q],
                sq_radii[q],
                n_hits,
                out_hits.indices,
            )
            out_hits.queries[n_before:n_hits] = q
            n_before = n_hits
        step += 1
    return n_hits, -1


@kernel(STRICT)
def list_scores(scores, first, n_lanes, sure, limit, X, query, sq_radius, n_hits, out_indices):
    """List the points of a tile that are within a radius; returns how many are listed then.

    Points are in below the score ``sure``, out above ``limit``; in between the plain sum decides.
    """
    for begin in range(0, n_lanes, CHUNK):
        if count_up_to(scores, begin, begin + CHUNK, limit) == 0:
            continue
        for i in range(begin, min(begin + CHUNK, n_lanes)):
            if scores[i] < sure or (
                scores[i] <= limit
                and reduced_distance(X[first + i], query, EUCLIDEAN, 2.0) <= sq_radius
            ):
                out_indices[n_hits] = first + i
                n_hits += 1
    return n_hits
