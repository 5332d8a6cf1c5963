"""Nearest centre of each row, three ways; all give the labels of the plain sum of squares.

``assign_direct`` compares the sums of squared differences themselves: best up to four features.
``assign_expanded`` compares h_c - x.c with h_c = |c|^2 / 2, which is half the squared distance less
|x|^2 / 2, the same for every centre: one multiply-add where the difference takes three operations.
``assign_scored`` is given those scores, computed by BLAS.

The expanded form rounds differently. With x and c relative to an origin, n features and
eps = 2u the machine's epsilon, both forms of the score of one centre differ by less than
(0.75 n + 5) u (|x| + |c|)^2: the dot product errs by n u |x||c| <= n u (|x| + |c|)^2 / 4, the plain
sum by (n + 2) u d^2 / 2 with d <= |x| + |c|, and the two subtractions of the origin, h and the last
subtraction by a few u each (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1). So
where the two best scores are more than (n + 8) eps (|x| + |c|)^2 apart they stand in the right
order; the few rows where they are not are settled by the plain sums.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import TILE, center_tile, load_tile, sq_distance


@kernel(STRICT)
def assign_direct(X, centers, out_labels):
    """Label each row with its nearest centre, by differences; for at most four features.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters + padding, 2 or 4]
        Centres with features of zeros appended up to 2 or 4 and centres at infinity appended up to
        a multiple of four.
    out_labels : int32[n_samples]
        Modified in place.

    Returns
    -------
    n_changed : int
        How many labels differ from those that `out_labels` held.
    """
    n_samples = X.shape[0]
    tile = np.zeros((centers.shape[1], TILE), X.dtype)
    nearest = np.empty(TILE, X.dtype)
    labels = np.empty(TILE, np.int32)
    n_changed = 0
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        for i in range(TILE):
            nearest[i] = np.inf
            labels[i] = 0
        for c in range(0, centers.shape[0], 4):
            if centers.shape[1] == 2:
                offer_four_2d(tile, centers, c, nearest, labels)
            else:
                offer_four_4d(tile, centers, c, nearest, labels)
        n_changed += store_labels(labels, out_labels[start : start + n_rows])
    return n_changed


@kernel(STRICT)
def offer_four_2d(tile, centers, c, inout_nearest, inout_labels):
    """Offer centres c to c + 3 to each column of a tile of two features; the nearest is kept."""
    x0, x1 = tile[0], tile[1]
    p0, p1 = centers[c, 0], centers[c, 1]
    q0, q1 = centers[c + 1, 0], centers[c + 1, 1]
    r0, r1 = centers[c + 2, 0], centers[c + 2, 1]
    s0, s1 = centers[c + 3, 0], centers[c + 3, 1]
    for i in range(TILE):
        u0, u1 = x0[i], x1[i]
        nearest, label = inout_nearest[i], inout_labels[i]
        d = (u0 - p0) * (u0 - p0) + (u1 - p1) * (u1 - p1)
        label = c if d < nearest else label
        nearest = d if d < nearest else nearest
        d = (u0 - q0) * (u0 - q0) + (u1 - q1) * (u1 - q1)
        label = c + 1 if d < nearest else label
        nearest = d if d < nearest else nearest
        d = (u0 - r0) * (u0 - r0) + (u1 - r1) * (u1 - r1)
        label = c + 2 if d < nearest else label
        nearest = d if d < nearest else nearest
        d = (u0 - s0) * (u0 - s0) + (u1 - s1) * (u1 - s1)
        label = c + 3 if d < nearest else label
        nearest = d if d < nearest else nearest
        inout_nearest[i] = nearest
        inout_labels[i] = label


@kernel(STRICT)
def offer_four_4d(tile, centers, c, inout_nearest, inout_labels):
    """Offer centres c to c + 3 to each column of a tile of four features; the nearest is kept."""
    x0, x1, x2, x3 = tile[0], tile[1], tile[2], tile[3]
    for k in range(c, c + 4):
        p0, p1, p2, p3 = centers[k, 0], centers[k, 1], centers[k, 2], centers[k, 3]
        for i in range(TILE):
            u0, u1, u2, u3 = x0[i] - p0, x1[i] - p1, x2[i] - p2, x3[i] - p3
            d = u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            inout_labels[i] = k if d < inout_nearest[i] else inout_labels[i]
            inout_nearest[i] = d if d < inout_nearest[i] else inout_nearest[i]


@kernel(STRICT)
def store_labels(labels, out_labels):
    """Copy the first labels of a tile to where they belong; count those that differ."""
    n_changed = 0
    for i in range(out_labels.shape[0]):
        n_changed += labels[i] != out_labels[i]
        out_labels[i] = labels[i]
    return n_changed


class ExpandedCenters(NamedTuple):
    """Centres as the expanded form needs them."""

    centers: np.ndarray
    """The centres as they are, float[n_clusters, n_features]."""
    origin: np.ndarray
    """Subtracted from rows and centres, so that dot products are small, float[n_features]."""
    padded: np.ndarray
    """``centers - origin``, with zeros appended up to multiples of four, at least 8 features."""
    half_sq_norms: np.ndarray
    """|c|^2 / 2 of those; infinity for the appended centres."""
    slack: float
    """Scores closer than ``slack * (|x|^2 + max_sq_norm)`` are settled by plain sums."""
    max_sq_norm: float
    """The largest |c|^2."""
    floor: float
    """Absolute error of a score, where numbers are so small that there is no relative one."""


@kernel(STRICT)
def assign_expanded(X, expanded, out_labels, out_upper, out_lower):
    """Label each row with its nearest centre, by h_c - x.c over tiles.

    Parameters
    ----------
    X : float[n_samples, n_features]
    expanded : ExpandedCenters
    out_labels : int32[n_samples]
        Modified in place.
    out_upper, out_lower : float[n_samples] or float[0]
        Unless empty: bounds on the distance to the nearest and to the second nearest centre.

    Returns
    -------
    n_changed : int
        How many labels differ from those that `out_labels` held.
    """
    n_samples = X.shape[0]
    tile = np.zeros((expanded.padded.shape[1], TILE), X.dtype)
    scores = np.empty((4, TILE), X.dtype)
    sq_norms = np.empty(TILE, X.dtype)
    best = np.empty(TILE, X.dtype)
    second = np.empty(TILE, X.dtype)
    labels = np.empty(TILE, np.int32)
    n_changed = 0
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        center_tile(expanded.origin, TILE, tile, sq_norms)
        two_best(tile, expanded, TILE, scores, best, second, labels)
        for i in range(n_rows):
            if is_near_tie(best[i], second[i], sq_norms[i], expanded):
                labels[i] = nearest_center(X[start + i], expanded.centers)
        n_changed += store_labels(labels, out_labels[start : start + n_rows])
        if out_upper.shape[0] > 0:
            to_bounds(sq_norms, expanded, TILE, best, second)
            out_upper[start : start + n_rows] = best[:n_rows]
            out_lower[start : start + n_rows] = second[:n_rows]
    return n_changed


@kernel(STRICT)
def two_best(tile, expanded, n_lanes, out_scores, out_best, out_second, out_labels):
    """The two lowest scores of each column of a tile, and the centre of the lowest.

    Parameters
    ----------
    tile : float[n_features + padding, TILE]
        Rows relative to the origin, in its first ``n_lanes`` columns.
    expanded : ExpandedCenters
    n_lanes : int
        At most ``TILE``.
    out_scores : float[4, TILE]
        Room to work in.
    out_best, out_second : float[TILE]
    out_labels : int32[TILE]
    """
    for i in range(n_lanes):
        out_best[i] = np.inf
        out_second[i] = np.inf
        out_labels[i] = 0
    for c in range(0, expanded.padded.shape[0], 4):
        score_four(tile, expanded.padded, expanded.half_sq_norms, c, n_lanes, out_scores)
        offer_four(tile, expanded.padded, c, n_lanes, out_scores, out_best, out_second, out_labels)


@kernel(STRICT)
def is_near_tie(best, second, sq_norm, expanded):
    """Whether rounding may have put the two best scores of a row in the wrong order.

    Written so that scores that are not numbers count as a tie.
    """
    slack = expanded.slack * (sq_norm + expanded.max_sq_norm) + expanded.floor
    return not second - best > slack


@kernel(STRICT)
def to_bounds(sq_norms, expanded, n_lanes, inout_best, inout_second):
    """Turn the two best scores into bounds on the two smallest distances.

    Of a near tie either centre may have become the label: twice the slack covers that, and twice
    again because a score is half a squared distance.
    """
    for i in range(n_lanes):
        margin = 4 * (expanded.slack * (sq_norms[i] + expanded.max_sq_norm) + expanded.floor)
        inout_best[i] = np.sqrt(max(sq_norms[i] + 2 * inout_best[i] + margin, 0))
        inout_second[i] = np.sqrt(max(sq_norms[i] + 2 * inout_second[i] - margin, 0))


@kernel(CONTRACT)
def score_four(tile, centers, half_sq_norms, c, n_lanes, out_scores):
    """Scores h - x.c of centres c to c + 3 for each column of a tile, but for its last features.

    Four features and four centres at a time: their sixteen coordinates, four columns and four sums
    fill the registers. `offer_four` adds the last four.
    Plain form: ``out_scores[q] = half_sq_norms[c + q] - centers[c + q, :-4] @ tile[:-4]``.
    """
    s0, s1, s2, s3 = out_scores[0], out_scores[1], out_scores[2], out_scores[3]
    for j in range(0, tile.shape[0] - 4, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        k0, k1, k2, k3 = centers[c], centers[c + 1], centers[c + 2], centers[c + 3]
        p0, p1, p2, p3 = k0[j], k0[j + 1], k0[j + 2], k0[j + 3]
        q0, q1, q2, q3 = k1[j], k1[j + 1], k1[j + 2], k1[j + 3]
        r0, r1, r2, r3 = k2[j], k2[j + 1], k2[j + 2], k2[j + 3]
        t0, t1, t2, t3 = k3[j], k3[j + 1], k3[j + 2], k3[j + 3]
        if j == 0:
            h0, h1 = half_sq_norms[c], half_sq_norms[c + 1]
            h2, h3 = half_sq_norms[c + 2], half_sq_norms[c + 3]
            for i in range(n_lanes):
                u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
                s0[i] = h0 - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
                s1[i] = h1 - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
                s2[i] = h2 - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
                s3[i] = h3 - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3
        else:
            for i in range(n_lanes):
                u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
                s0[i] = s0[i] - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
                s1[i] = s1[i] - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
                s2[i] = s2[i] - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
                s3[i] = s3[i] - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3


@kernel(CONTRACT)
def offer_four(tile, centers, c, n_lanes, scores, inout_best, inout_second, inout_labels):
    """Complete the scores by the last four features and offer them to each column of the tile.

    Plain form, for each of the four: ``second = min(second, max(best, s))``, then
    ``label = c + q if s < best``, then ``best = min(best, s)``.
    """
    s0, s1, s2, s3 = scores[0], scores[1], scores[2], scores[3]
    j = tile.shape[0] - 4
    x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
    k0, k1, k2, k3 = centers[c], centers[c + 1], centers[c + 2], centers[c + 3]
    p0, p1, p2, p3 = k0[j], k0[j + 1], k0[j + 2], k0[j + 3]
    q0, q1, q2, q3 = k1[j], k1[j + 1], k1[j + 2], k1[j + 3]
    r0, r1, r2, r3 = k2[j], k2[j + 1], k2[j + 2], k2[j + 3]
    t0, t1, t2, t3 = k3[j], k3[j + 1], k3[j + 2], k3[j + 3]
    for i in range(n_lanes):
        u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
        best, second, label = inout_best[i], inout_second[i], inout_labels[i]
        s = s0[i] - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
        second = min(second, max(best, s))
        label = c if s < best else label
        best = min(best, s)
        s = s1[i] - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
        second = min(second, max(best, s))
        label = c + 1 if s < best else label
        best = min(best, s)
        s = s2[i] - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
        second = min(second, max(best, s))
        label = c + 2 if s < best else label
        best = min(best, s)
        s = s3[i] - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3
        second = min(second, max(best, s))
        label = c + 3 if s < best else label
        best = min(best, s)
        inout_best[i] = best
        inout_second[i] = second
        inout_labels[i] = label


@kernel(STRICT)
def nearest_center(x, centers):
    """Index of the centre nearest to one row by plain sums; the lowest one of a tie."""
    label = 0
    nearest = sq_distance(x, centers[0])
    for c in range(1, centers.shape[0]):
        d = sq_distance(x, centers[c])
        if d < nearest:
            nearest = d
            label = c
    return label


@kernel(REORDER)
def center_rows(X, origin, out_centered, out_sq_norms):
    """Copy rows relative to an origin, and give the squared length of each.

    Parameters
    ----------
    X : float[n_rows, n_features]
    origin : float[n_features]
    out_centered : float[>= n_rows, n_features]
    out_sq_norms : float[>= n_rows]
    """
    for i in range(X.shape[0]):
        row, centered = X[i], out_centered[i]
        sq_norm = origin[0] * 0
        for j in range(X.shape[1]):
            u = row[j] - origin[j]
            centered[j] = u
            sq_norm += u * u
        out_sq_norms[i] = sq_norm


@kernel(STRICT)
def assign_scored(X, expanded, products, sq_norms, out_labels):
    """Label each row with its nearest centre, given the dot products.

    Parameters
    ----------
    X : float[n_rows, n_features]
    expanded : ExpandedCenters
    products : float[n_clusters, n_rows]
        x.c, both relative to the origin. Modified in place: it becomes h_c - x.c.
    sq_norms : float[>= n_rows]
        |x|^2, relative to the origin.
    out_labels : int32[n_rows]
        Modified in place.

    Returns
    -------
    n_changed : int
        How many labels differ from those that `out_labels` held.
    """
    n_clusters, n_rows = products.shape
    best = np.full(n_rows, np.inf, X.dtype)
    second = np.full(n_rows, np.inf, X.dtype)
    labels = np.zeros(n_rows, np.int32)
    for c in range(n_clusters):
        scores = products[c]
        h = expanded.half_sq_norms[c]
        for i in range(n_rows):
            score = h - scores[i]
            scores[i] = score
            second[i] = min(second[i], max(best[i], score))
            labels[i] = c if score < best[i] else labels[i]
            best[i] = min(best[i], score)
    for i in range(n_rows):
        if is_near_tie(best[i], second[i], sq_norms[i], expanded):
            labels[i] = nearest_candidate(X[i], expanded, products[:, i], best[i], sq_norms[i])
    return store_labels(labels, out_labels)


@kernel(STRICT)
def nearest_candidate(x, expanded, scores, best, sq_norm):
    """`nearest_center` among the centres whose score does not rule them out."""
    label = 0
    nearest = np.inf
    for c in range(expanded.centers.shape[0]):
        if is_near_tie(best, scores[c], sq_norm, expanded):
            d = sq_distance(x, expanded.centers[c])
            if d < nearest:
                nearest = d
                label = c
    return label
