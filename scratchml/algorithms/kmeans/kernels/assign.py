"""Nearest centre of each row by the expanded form, with the labels of the plain sum of squares.

What is compared is h_c - x.c with h_c = |c|^2 / 2, which is half the squared distance less
|x|^2 / 2, the same for every centre: one multiply-add where a difference takes three operations.

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

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.scores import center_row, dot, dot_four, score_four
from scratchml.core.kernels.tiles import TILE, center_tile, gather_tile, load_tile, sq_distance

from .direct import store_labels
from .offers import offer_four, offer_scores


class ExpandedCenters(NamedTuple):
    """Centres as the expanded form needs them, and the panels that rows are put in for them."""

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
    panel_rows: int
    """Rows in a panel: `TILE` where panels are tiles, else a multiple of four."""
    tiled: bool
    """Whether a panel is a tile, float[n_features + padding, TILE], or rows, float[panel_rows,
    n_features + padding]."""


class Room(NamedTuple):
    """Arrays to work in while a panel of rows is compared with the centres."""

    panel: np.ndarray
    """The rows, relative to the origin."""
    scores: np.ndarray
    """Of four centres, float[4, TILE]."""
    sq_norms: np.ndarray
    """|x|^2 of the rows, float[TILE]."""
    best: np.ndarray
    """The lowest score of each row, float[TILE]."""
    second: np.ndarray
    """The second lowest, float[TILE]."""
    labels: np.ndarray
    """The centre of the lowest, int32[TILE]."""


@kernel(STRICT)
def make_room(expanded):
    """Arrays for panels of the size that these centres ask for."""
    dtype = expanded.padded.dtype
    width = expanded.padded.shape[1]
    if expanded.tiled:
        panel = np.zeros((width, TILE), dtype)
    else:
        panel = np.zeros((expanded.panel_rows, width), dtype)
    return Room(
        panel,
        np.empty((4, TILE), dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, np.int32),
    )


@kernel(STRICT)
def assign_expanded(X, expanded, out_labels, out_upper, out_lower):
    """Label each row with its nearest centre, by h_c - x.c over panels.

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
    room = make_room(expanded)
    n_changed = 0
    for start in range(0, n_samples, expanded.panel_rows):
        n_rows = min(expanded.panel_rows, n_samples - start)
        rows = slice(start, start + n_rows)
        if expanded.tiled:
            n_lanes = TILE
            load_tile(X, start, n_rows, room.panel)
            center_tile(expanded.origin, TILE, room.panel, room.sq_norms)
        else:
            n_lanes = (n_rows + 3) // 4 * 4
            for i in range(n_rows):
                room.sq_norms[i] = center_row(X[start + i], expanded.origin, room.panel[i])
        two_best(expanded, n_lanes, room)
        for i in range(n_rows):
            if is_near_tie(room.best[i], room.second[i], room.sq_norms[i], expanded):
                settle_near_tie(X[start + i], i, expanded, room)
        n_changed += store_labels(room.labels, out_labels[rows])
        if out_upper.shape[0] > 0:
            to_bounds(expanded, n_rows, room)
            out_upper[rows] = room.best[:n_rows]
            out_lower[rows] = room.second[:n_rows]
    return n_changed


@kernel(STRICT)
def label_some(X, indices, n_rows, expanded, room):
    """Nearest centre of some rows, and bounds on the distances to the two nearest.

    Parameters
    ----------
    X : float[n_samples, n_features]
    indices : int32[>= n_rows]
    n_rows : int
        At most ``expanded.panel_rows``.
    expanded : ExpandedCenters
    room : Room
        Modified in place: ``labels``, and the bounds in ``best`` and ``second``.
    """
    if expanded.tiled:
        n_lanes = (n_rows + LANES - 1) // LANES * LANES
        gather_tile(X, indices, n_rows, room.panel)
        center_tile(expanded.origin, n_lanes, room.panel, room.sq_norms)
    else:
        n_lanes = (n_rows + 3) // 4 * 4
        for i in range(n_rows):
            room.sq_norms[i] = center_row(X[indices[i]], expanded.origin, room.panel[i])
    two_best(expanded, n_lanes, room)
    for i in range(n_rows):
        if is_near_tie(room.best[i], room.second[i], room.sq_norms[i], expanded):
            settle_near_tie(X[indices[i]], i, expanded, room)
    to_bounds(expanded, n_rows, room)


LANES = 32
"""Columns of a tile are taken in multiples of this, to fill whole vectors."""


@kernel(STRICT)
def two_best(expanded, n_lanes, room):
    """The two lowest scores of the first rows of a panel, and the centre of the lowest."""
    for i in range(n_lanes):
        room.best[i] = np.inf
        room.second[i] = np.inf
        room.labels[i] = 0
    best, second, labels = room.best, room.second, room.labels
    centers, half_sq_norms = expanded.padded, expanded.half_sq_norms
    for c in range(0, centers.shape[0], 4):
        if expanded.tiled:
            score_four(room.panel, centers, half_sq_norms, c, n_lanes, room.scores)
            offer_four(room.panel, centers, c, n_lanes, room.scores, best, second, labels)
        else:
            dot_four(room.panel, centers, half_sq_norms, c, 0, n_lanes, room.scores)
            offer_scores(c, n_lanes, room.scores, best, second, labels)


@kernel(STRICT)
def is_near_tie(best, second, sq_norm, expanded):
    """Whether rounding may have put the two best scores of a row in the wrong order.

    Written so that scores that are not numbers count as a tie.
    """
    slack = expanded.slack * (sq_norm + expanded.max_sq_norm) + expanded.floor
    return not second - best > slack


@kernel(STRICT)
def to_bounds(expanded, n_rows, room):
    """Turn the two best scores into bounds on the two smallest distances.

    Of a near tie either centre may have become the label: twice the slack covers that, and twice
    again because a score is half a squared distance.
    """
    best, second, sq_norms = room.best, room.second, room.sq_norms
    zero = best.dtype.type(0)
    for i in range(n_rows):
        # Sums, not products with whole numbers: those would be in double precision.
        margin = expanded.slack * (sq_norms[i] + expanded.max_sq_norm) + expanded.floor
        margin += margin
        margin += margin
        best[i] = np.sqrt(max(sq_norms[i] + (best[i] + best[i]) + margin, zero))
        second[i] = np.sqrt(max(sq_norms[i] + (second[i] + second[i]) - margin, zero))


@kernel(STRICT)
def settle_near_tie(x, i, expanded, room):
    """Give row i of a panel the label of the plain sums, where its two best scores are a near tie.

    Wide rows are scored once more, so that the few centres in question are compared and not all:
    a plain sum runs in feature order, one addition after the other.
    """
    best, sq_norm = room.best[i], room.sq_norms[i]
    label = -1
    nearest = np.inf
    for c in range(expanded.centers.shape[0]):
        if not expanded.tiled:
            score = expanded.half_sq_norms[c] - dot(room.panel[i], expanded.padded[c])
            if not is_near_tie(best, score, sq_norm, expanded):
                continue
        d = sq_distance(x, expanded.centers[c])
        if label < 0 or d < nearest:
            nearest = d
            label = c
    room.labels[i] = label
