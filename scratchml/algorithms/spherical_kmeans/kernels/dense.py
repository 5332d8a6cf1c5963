"""Cosines of dense rows with centres, by dot products over panels of rows.

The plain cosine is the sum of u_j c_j in feature order and in float64, with u = x / |x|. It
decides.

Dot products x.c are computed in the data's own dtype, in whatever order is fast. With n features
and eps = 2u the machine's epsilon, x.c / |x| and the plain cosine are each within (n + 4) u of the
exact one (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1). A difference of two
cosines is therefore off by less than 4 (n + 4) u = 2 (n + 4) eps. Where the two largest are further
apart they stand in the right order; the few rows where they are not are settled by the plain
cosines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kmeans.kernels.assign import make_room, two_best
from scratchml.algorithms.kmeans.kernels.direct import store_labels
from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.scores import dot
from scratchml.core.kernels.tiles import TILE, load_tile, tile_sq_distances

LOW_SQUARE, HIGH_SQUARE = 1e-290, 1e290
"""Sums of squares outside are taken again, of the row times a power of two."""

RAISE, LOWER = 2.0**800, 2.0**-800


class UnitCenters(NamedTuple):
    """Unit centres as the kernels need them, and the panels that rows are put in for them."""

    exact: np.ndarray
    """The centres, float64[n_clusters, n_features]."""
    padded: np.ndarray
    """In the data's dtype, with zeros appended up to multiples of four, at least 8 features."""
    half_sq_norms: np.ndarray
    """What `two_best` adds to -x.c: 0, and infinity for the appended centres."""
    slack: float
    """Cosines closer than this are settled by the plain form."""
    floor: float
    """Absolute error of a dot product, where numbers are so small that there is no relative one."""
    least_scale: float
    """Dot products with rows longer than 1 / this might overflow."""
    panel_rows: int
    """Rows in a panel: `TILE` where panels are tiles, else a multiple of four."""
    tiled: bool
    """Whether a panel is a tile, float[n_features + padding, TILE], or rows, float[panel_rows,
    n_features + padding]."""


@kernel(STRICT)
def row_norms(X, out_norms):
    """Length of each row; squares are summed in feature order and do not overflow.

    Parameters
    ----------
    X : float[n_samples, n_features]
    out_norms : float64[n_samples]
    """
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_norms = np.empty(TILE)
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        load_tile(X, start, n_rows, tile)
        for i in range(n_rows):
            sq_norms[i] = 0
        for j in range(X.shape[1]):
            x = tile[j]
            for i in range(n_rows):
                u = np.float64(x[i])
                sq_norms[i] += u * u
        for i in range(n_rows):
            if LOW_SQUARE < sq_norms[i] < HIGH_SQUARE:
                out_norms[start + i] = np.sqrt(sq_norms[i])
            else:
                out_norms[start + i] = extreme_norm(X[start + i])


@kernel(STRICT)
def extreme_norm(values):
    """Length of a vector whose squares may be too small or too large; infinity if it is itself."""
    for factor in (RAISE, LOWER):
        total = 0.0
        for j in range(values.shape[0]):
            u = np.float64(values[j]) * factor
            total += u * u
        if total < np.inf:
            return np.sqrt(total) / factor
    return np.inf


# --- labels ---------------------------------------------------------------------------------------


@kernel(STRICT)
def assign_directions(X, scales, centers, out_labels):
    """Label each row with the centre of the largest cosine, by dot products over panels.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
        1 / |x|; 0 for rows without a direction, which get label 0.
    centers : UnitCenters
    out_labels : int32[n_samples]
        Modified in place.

    Returns
    -------
    n_changed : int
        How many labels differ from those that `out_labels` held.
    """
    n_samples, n_features = X.shape
    room = make_room(centers)
    n_changed = 0
    for start in range(0, n_samples, centers.panel_rows):
        n_rows = min(centers.panel_rows, n_samples - start)
        if centers.tiled:
            n_lanes = TILE
            load_tile(X, start, n_rows, room.panel)
        else:
            n_lanes = (n_rows + 3) // 4 * 4
            room.panel[:n_rows, :n_features] = X[start : start + n_rows]
        two_best(centers, n_lanes, room)
        for i in range(n_rows):
            scale = scales[start + i]
            if is_near_tie(room.best[i], room.second[i], scale, centers):
                room.labels[i] = most_similar(X[start + i], scale, centers, room.best[i])
        n_changed += store_labels(room.labels, out_labels[start : start + n_rows])
    return n_changed


@kernel(STRICT)
def is_near_tie(best, second, scale, centers):
    """Whether rounding or overflow may have put the two lowest -x.c of a row in the wrong order."""
    apart = (np.float64(second) - np.float64(best)) * scale
    in_order = apart > centers.slack + centers.floor * scale
    return scale < centers.least_scale or not in_order


@kernel(STRICT)
def plain_cosine(x, scale, center):
    """Sum of u_j c_j in feature order, in float64, with u = x times scale.

    Every comparison of cosines in this room gives the answer that this sum gives.
    """
    total = 0.0
    for j in range(x.shape[0]):
        total += np.float64(x[j]) * scale * center[j]
    return total


@kernel(STRICT)
def most_similar(x, scale, centers, best):
    """Index of the centre of the largest plain cosine with one row; the lowest one of a tie.

    The dot products are taken once more, so that the few centres in question are compared and not
    all: a plain cosine is summed in feature order, one addition after the other.
    """
    n_features = x.shape[0]
    label = 0
    largest = -np.inf
    for c in range(centers.exact.shape[0]):
        if is_near_tie(best, -dot(x, centers.padded[c, :n_features]), scale, centers):
            cosine = plain_cosine(x, scale, centers.exact[c])
            if cosine > largest:
                largest = cosine
                label = c
    return label


@kernel(STRICT)
def load_unit_tile(X, scales, start, n_rows, out_tile):
    """Copy the directions of rows ``start`` to ``start + n_rows`` into the columns of a tile.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
        1 / |x|.
    start, n_rows : int
        ``n_rows`` is at most ``TILE``.
    out_tile : float[n_features, TILE]
        Modified in place; columns past ``n_rows`` are left alone.
    """
    load_tile(X, start, n_rows, out_tile)
    scale = scales[start : start + n_rows]
    for j in range(X.shape[1]):
        x = out_tile[j]
        for i in range(n_rows):
            x[i] = np.float64(x[i]) * scale[i]


# --- sums and distances ---------------------------------------------------------------------------


@kernel(STRICT)
def accumulate_directions(X, scales, sample_weight, labels, out_sums, out_weights):
    """Add the direction of each row, times its weight, to the sum of its cluster, in row order.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
        1 / |x|.
    sample_weight : float[n_samples] or float[0]
        Empty: every row weighs 1.
    labels : int32[n_samples]
    out_sums : float64[n_clusters, n_features]
        Added to.
    out_weights : float64[n_clusters]
        Added to.
    """
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows = X.reshape(-1)
    sums = out_sums.reshape(-1)
    for i in range(n_samples):
        c = np.uintp(labels[i])
        w = np.float64(sample_weight[i]) if sample_weight.shape[0] > 0 else 1.0
        out_weights[c] += w
        scale = scales[i]
        for j in range(n_features):
            u = np.float64(rows[i * n_features + j]) * scale
            sums[c * n_features + j] += w * u


@kernel(STRICT)
def cosine_distances_to_own(X, scales, centers, labels, out_distances):
    """1 - cosine of each row and the centre that it is labelled with, as half the squared chord.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
    centers : float64[n_clusters, n_features]
    labels : int32[n_samples]
    out_distances : float64[n_samples]
        1 for rows without a direction.
    """
    for i in range(X.shape[0]):
        x, center = X[i], centers[labels[i]]
        total = 0.0
        for j in range(X.shape[1]):
            u = np.float64(x[j]) * scales[i] - center[j]
            total += u * u
        out_distances[i] = total / 2 if scales[i] > 0 else 1.0


@kernel(STRICT)
def cosine_distances_to_centers(X, scales, centers, out_distances):
    """1 - cosine of each row and each centre, as half the squared chord, over tiles.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
    centers : float[n_clusters, n_features]
    out_distances : float[n_samples, n_clusters]
        1 for rows without a direction.
    """
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    four = X.dtype.type(4)  # of opposite directions; rounding may go beyond
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        load_unit_tile(X, scales, start, n_rows, tile)
        for c in range(centers.shape[0]):
            tile_sq_distances(tile, n_rows, centers[c], sq_distances)
            for i in range(n_rows):
                has_direction = scales[start + i] > 0
                sq_distance = min(sq_distances[i], four)
                out_distances[start + i, c] = sq_distance / 2 if has_direction else 1
