"""Elkan's iteration (ICML 2003, section 3) over one block of rows, in its textbook form.

Each row keeps an upper bound on the distance to its own centre and a lower bound on the distance to
every centre. Bounds are widened by ``margin``, the relative error of a plain sum of squares and of
its square root, whenever a distance enters them: whatever is pruned would have lost the comparison
of plain sums too, so that the labels are Lloyd's, ties included.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.tiles import TILE, load_tile, sq_distance, tile_sq_distances


@kernel(STRICT)
def at_least(sq_distance, margin, floor):
    """The least distance that may have given a squared distance; 0 if that has overflowed."""
    return np.sqrt(max(sq_distance - floor, 0.0)) * (1.0 - margin) if sq_distance < np.inf else 0.0


@kernel(STRICT)
def at_most(sq_distance, margin, floor):
    """The largest distance that may have given a squared distance."""
    return np.sqrt(sq_distance + floor) * (1.0 + margin)


@kernel(STRICT)
def elkan_start(X, centers, margin, floor, out_labels, out_upper, out_lower):
    """First labels and bounds: every distance is computed.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters, n_features]
    margin, floor : float64
        Relative error of a distance, absolute error of its square.
    out_labels : int32[n_samples]
    out_upper : float64[n_samples]
    out_lower : float64[n_samples, n_clusters]

    Returns
    -------
    n_distances : int
    """
    n_samples, n_clusters = out_labels.shape[0], centers.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    nearest = np.empty(TILE)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        nearest[:] = np.inf
        out_labels[start : start + n_rows] = 0
        for c in range(n_clusters):
            tile_sq_distances(tile, n_rows, centers[c], sq_distances)
            for i in range(n_rows):
                d = np.float64(sq_distances[i])
                out_lower[start + i, c] = at_least(d, margin, floor)
                if d < nearest[i]:
                    nearest[i] = d
                    out_labels[start + i] = c
        for i in range(n_rows):
            out_upper[start + i] = at_most(nearest[i], margin, floor)
    return n_samples * n_clusters


@kernel(STRICT)
def elkan_step(
    X,
    centers,
    shifts,
    half_gaps,
    half_nearest,
    margin,
    floor,
    inout_labels,
    inout_upper,
    inout_lower,
):
    """Labels after the centres have moved, computing only the distances the bounds leave open.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters, n_features]
        The moved centres.
    shifts : float64[n_clusters]
        How far each has moved, rounded up.
    half_gaps : float64[n_clusters, n_clusters]
        Half the distance between two centres, rounded down; infinity on the diagonal.
    half_nearest : float64[n_clusters]
        The smallest of each row of those.
    margin, floor : float64
        As in `elkan_start`.
    inout_labels : int32[n_samples]
    inout_upper : float64[n_samples]
    inout_lower : float64[n_samples, n_clusters]

    Returns
    -------
    n_changed, n_distances : int
    """
    n_clusters = centers.shape[0]
    rounding_up = 1.0 + 2.3e-16
    rounding_down = 1.0 - 2.3e-16
    n_changed = 0
    n_distances = 0
    for i in range(inout_labels.shape[0]):
        old = inout_labels[i]
        label = old
        lower = inout_lower[i]
        # Steps 5 and 6: move the bounds with the centres.
        for c in range(n_clusters):
            lower[c] = max((lower[c] - shifts[c]) * rounding_down, 0.0)
        upper = (inout_upper[i] + shifts[label]) * rounding_up
        # Step 2: no centre is as near as half the way to the nearest other centre.
        if not upper < half_nearest[label]:
            tight = False
            sq_upper = 0.0
            for c in range(n_clusters):
                # Step 3: only centres that neither bound excludes.
                if c == label or upper < lower[c] or upper < half_gaps[label, c]:
                    continue
                if not tight:
                    # Step 3a: the distance to its own centre, once.
                    sq_upper = np.float64(sq_distance(X[i], centers[label]))
                    n_distances += 1
                    upper = at_most(sq_upper, margin, floor)
                    lower[label] = at_least(sq_upper, margin, floor)
                    tight = True
                    if upper < lower[c] or upper < half_gaps[label, c]:
                        continue
                # Step 3b: the distance that is left to compute; a tie goes to the lower index.
                d = np.float64(sq_distance(X[i], centers[c]))
                n_distances += 1
                lower[c] = at_least(d, margin, floor)
                if d < sq_upper or (d == sq_upper and c < label):
                    label = c
                    sq_upper = d
                    upper = at_most(d, margin, floor)
        inout_upper[i] = upper
        n_changed += label != old
        inout_labels[i] = label
    return n_changed, n_distances
