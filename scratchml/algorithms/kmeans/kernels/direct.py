"""Nearest centre of each row by the sums of squared differences themselves: up to four features."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.tiles import TILE, load_tile


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
