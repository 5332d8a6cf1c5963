"""Distances to centres: to the own one and to the nearest other."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import CONTRACT, STRICT, kernel
from scratchml.core.kernels.tiles import TILE, load_tile


@kernel(STRICT)
def compare_with_centers(X, own, origins, shifts, scales, offsets, out_own, out_nearest):
    """Compare ``scales[c] |x - centers[c]|^2 + offsets[c]`` of each row over the clusters c.

    Parameters
    ----------
    X : float64[n_samples, n_features]
    own : int32[n_samples]
        Cluster of each row.
    origins, shifts : float64[n_clusters, n_features]
        The centres are their sums, which rounded to one number would lose digits.
    scales, offsets : float64[n_clusters]
    out_own : float64[n_samples]
        Its value at the own cluster.
    out_nearest : float64[n_samples]
        The least at the others; infinity without any.

    Notes
    -----
    O(n_samples n_clusters n_features). A tile of rows is compared with one centre after the other.
    """
    tile = np.empty((X.shape[1], TILE))
    sq_distances = np.empty(TILE)
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        load_tile(X, start, n_rows, tile)
        codes = own[start : start + n_rows]
        at_own, nearest = out_own[start : start + n_rows], out_nearest[start : start + n_rows]
        for i in range(n_rows):
            nearest[i] = np.inf
        for c in range(origins.shape[0]):
            sum_sq_differences(tile, n_rows, origins[c], shifts[c], sq_distances)
            scale, offset = scales[c], offsets[c]
            for i in range(n_rows):
                value = scale * sq_distances[i] + offset
                is_own = codes[i] == c
                at_own[i] = value if is_own else at_own[i]
                nearest[i] = nearest[i] if is_own else min(nearest[i], value)


@kernel(CONTRACT, allocates=False)
def sum_sq_differences(tile, n_rows, origin, shift, out_sq_distances):
    """Squared distance from the first columns of a tile to ``origin + shift``."""
    for i in range(n_rows):
        out_sq_distances[i] = 0
    for j in range(tile.shape[0]):
        x, first, beyond = tile[j], origin[j], shift[j]
        for i in range(n_rows):
            u = (x[i] - first) - beyond
            out_sq_distances[i] += u * u
