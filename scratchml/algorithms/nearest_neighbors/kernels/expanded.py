"""Euclidean neighbours found by dot products in float32, and decided by plain sums in float64.

With points x and queries q relative to an origin, h = |x|^2 / 2, and s = h - x.q,

    |x - q|^2 = 2 s + |q|^2 ,

so that a limit on the distance is one on the *score* s. Scores are computed in float32, four
queries against a tile of points at once. Only points whose score is not above the limit plus the
error bound are compared by their plain sum of squared differences, which alone decides.

For k neighbours the limit falls as they are found: of n points in no particular order about
k (1 + ln(n / k)) become candidates. Scores are limits, too: once k of them are below one by the
error bound, a candidate that is above it by as much is dropped without its plain sum. Few more than
k sums are left, but for ties.

The error. Coordinates are scaled by a power of two so that none exceeds 1, and rounded to float32:
a relative error u each. So the dot product of n terms, and h that enters it as one more, is off by
at most (n + 5) u (|x||q| + h) <= (n + 5) u (|x|^2 + |q|^2) (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, 3.1), and h itself by u h. The plain sum, in float64, and the limit
rounded to float32 add less than u (|x|^2 + |q|^2) together. `Bounds.slack` is (n + 16) times
eps = 2 u: more than twice that, which leaves room for what comparing rounds. What underflows,
in either form, is less than `Bounds.floor`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.heaps import offer
from scratchml.core.kernels.scores import score_four

from .direct import CHUNK, EUCLIDEAN, count_up_to, four_sq_distances, reduced_distance

HALVINGS = 8
"""Steps of the search for a limit among scores."""

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
    """What has been found for each query, and what may be nearer still: its *candidates*."""

    distances: np.ndarray
    """Heaps of squared distances, float64[n_queries, n_neighbors]."""
    indices: np.ndarray
    """Their points, int64[n_queries, n_neighbors]."""
    candidates: np.ndarray
    """Points whose distance may have to be computed, int64[n_queries, capacity]. The capacity is a
    multiple of four and larger than n_neighbors; past the last candidate there is any point."""
    least: np.ndarray
    """The least that the score of each may be, float32[n_queries, capacity]."""
    most: np.ndarray
    """And the most."""
    n_candidates: np.ndarray
    """int64[n_queries]."""
    limits: np.ndarray
    """The most that the score of a neighbour may be, float64[n_queries]."""


@kernel(STRICT, allocates=False)
def pack_points(X, start, stop, origin, scale, sq_norms, out_tiles, out_max_sq_norms):
    """Put some points into tiles, relative to an origin.

    Parameters
    ----------
    X : float[n_points, n_features]
    start, stop : int
        Which points.
    origin : float64[n_features]
    scale : float
    sq_norms : float64[lanes]
        Overwritten.
    out_tiles : float32[n_tiles, n_features + padding, lanes]
        Of zeros. Lanes that are left over get scores above all others.
    out_max_sq_norms : float64[n_tiles]
    """
    n_features, lanes = X.shape[1], out_tiles.shape[2]
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
        for i in range(lanes):
            tile[n_features, i] = sq_norms[i] / 2


@kernel(STRICT, allocates=False)
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


@kernel(STRICT, allocates=False)
def score_limit(sq_distance, q_sq_norm, bounds):
    """The score, free of error, that a squared distance amounts to."""
    return (sq_distance * bounds.scale * bounds.scale - q_sq_norm) / 2


# --- nearest --------------------------------------------------------------------------------------


@kernel(STRICT, allocates=False)
def nearest_expanded(queries, points, bounds, scores, inout_lists):
    """Make candidates of those points of some tiles that may be among the nearest of a query.

    Parameters
    ----------
    queries : PackedQueries
    points : PackedPoints
    bounds : Bounds
    scores : float32[4, lanes]
        Overwritten.
    inout_lists : Lists
        The heaps are complete after `settle_queries`.
    """
    n_queries = queries.exact.shape[0]
    lanes = scores.shape[1]
    for t in range(points.tiles.shape[0]):
        first = points.start + t * lanes
        n_lanes = min(lanes, points.stop - first)
        for c in range(0, n_queries, 4):
            score_four(points.tiles[t], queries.rows, queries.no_norms, c, lanes, scores)
            for q in range(c, min(c + 4, n_queries)):
                margin = margin_of(queries, q, points, t, bounds)
                limit = np.float32(inout_lists.limits[q] + margin)
                if count_up_to(scores[q - c, :n_lanes], limit) > 0:
                    offer_scores(
                        scores[q - c, :n_lanes],
                        first,
                        margin,
                        q,
                        queries,
                        points.X,
                        bounds,
                        inout_lists,
                    )


@kernel(STRICT, allocates=False)
def margin_of(queries, q, points, t, bounds):
    """How far the scores of a query for the points of a tile may be off."""
    return (queries.sq_norms[q] + points.max_sq_norms[t]) * bounds.slack + bounds.floor


@kernel(STRICT, allocates=False)
def offer_scores(scores, first, margin, q, queries, X, bounds, inout_lists):
    """Make candidates of the points of a tile whose score is not above the limit of a query."""
    candidates = inout_lists.candidates[q]
    least, most = inout_lists.least[q], inout_lists.most[q]
    n = inout_lists.n_candidates[q]
    limit = np.float32(inout_lists.limits[q] + margin)
    for begin in range(0, scores.shape[0], CHUNK):
        chunk = scores[begin : begin + CHUNK]
        if count_up_to(chunk, limit) == 0:
            continue
        for i in range(chunk.shape[0]):
            if chunk[i] <= limit:
                candidates[n] = first + begin + i
                least[n] = chunk[i] - margin
                most[n] = chunk[i] + margin
                n += 1
                if n == candidates.shape[0]:
                    n = drop_candidates(q, n, inout_lists)
                    if 4 * n > 3 * candidates.shape[0]:  # ties: distances have to tell
                        settle_candidates(q, n, queries, X, bounds, inout_lists)
                        n = 0
                    limit = np.float32(inout_lists.limits[q] + margin)
    inout_lists.n_candidates[q] = n


@kernel(STRICT, allocates=False)
def drop_candidates(q, n, inout_lists):
    """Drop those of n candidates of a query that are not among its nearest; returns how many stay.

    A value that so many scores as there are neighbours do not exceed is a limit. Bisection finds
    one, and few more scores below it.
    """
    candidates = inout_lists.candidates[q]
    least, most = inout_lists.least[q], inout_lists.most[q]
    n_neighbors = inout_lists.distances.shape[1]
    low = high = most[0]
    for i in range(n):
        low, high = min(low, most[i]), max(high, most[i])
    for _ in range(HALVINGS):
        middle = np.float32(0.5) * (low + high)
        if count_up_to(most[:n], middle) >= n_neighbors:
            high = middle
        else:
            low = middle
    limit = min(inout_lists.limits[q], np.float64(high))
    inout_lists.limits[q] = limit
    kept = 0
    for i in range(n):
        candidates[kept], least[kept], most[kept] = candidates[i], least[i], most[i]
        kept += least[i] <= limit
    return kept


@kernel(STRICT, allocates=False)
def settle_candidates(q, n, queries, X, bounds, inout_lists):
    """Offer n candidates of a query to its heap by their plain sums of squares."""
    query, candidates = queries.exact[q], inout_lists.candidates[q]
    heap, indices = inout_lists.distances[q], inout_lists.indices[q]
    for i in range(0, n, 4):
        a, b, c, d = candidates[i], candidates[i + 1], candidates[i + 2], candidates[i + 3]
        sums = four_sq_distances(query, X[a], X[b], X[c], X[d])
        offer(sums[0], a, heap, indices)
        if i + 1 < n:
            offer(sums[1], b, heap, indices)
        if i + 2 < n:
            offer(sums[2], c, heap, indices)
        if i + 3 < n:
            offer(sums[3], d, heap, indices)
    settled = score_limit(heap[0], queries.sq_norms[q], bounds)
    inout_lists.limits[q] = min(inout_lists.limits[q], settled)


@kernel(STRICT, allocates=False)
def settle_queries(queries, X, bounds, inout_lists):
    """Offer what candidates are left to the heap of each query.

    Parameters
    ----------
    queries : PackedQueries
    X : float[n_points, n_features]
    bounds : Bounds
    inout_lists : Lists
    """
    for q in range(queries.exact.shape[0]):
        n = inout_lists.n_candidates[q]
        if n > inout_lists.distances.shape[1]:
            n = drop_candidates(q, n, inout_lists)
        settle_candidates(q, n, queries, X, bounds, inout_lists)
        inout_lists.n_candidates[q] = 0


# --- within a radius ------------------------------------------------------------------------------


@kernel(STRICT, allocates=False)
def within_expanded(queries, points, bounds, scores, sq_radii, step, out_hits):
    """Find which points of some tiles are within the radii.

    Parameters
    ----------
    queries : PackedQueries
    points : PackedPoints
    bounds : Bounds
    scores : float32[4, lanes]
        Overwritten.
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
    lanes = scores.shape[1]
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
            margin = margin_of(queries, q, points, t, bounds)
            limit = score_limit(sq_radii[q], queries.sq_norms[q], bounds)
            n_hits = list_scores(
                scores[q - c, :n_lanes],
                first,
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


@kernel(STRICT, allocates=False)
def list_scores(scores, first, sure, limit, X, query, sq_radius, n_hits, out_indices):
    """List the points of a tile that are within a radius; returns how many are listed then.

    Points are in below the score ``sure``, out above ``limit``; in between the plain sum decides.
    """
    if count_up_to(scores, limit) == 0:
        return n_hits
    for begin in range(0, scores.shape[0], CHUNK):
        chunk = scores[begin : begin + CHUNK]
        if count_up_to(chunk, limit) == 0:
            continue
        for i in range(chunk.shape[0]):
            point = first + begin + i
            if chunk[i] < sure or (
                chunk[i] <= limit and reduced_distance(X[point], query, EUCLIDEAN, 2.0) <= sq_radius
            ):
                out_indices[n_hits] = point
                n_hits += 1
    return n_hits
