"""Distances of rows to centres: all of them, each row's own, and their sum."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import TILE, load_tile, sq_distance, tile_sq_distances


@kernel(STRICT)
def distances_to_centers(X, centers, out_distances):
    """Distance of each row to each centre.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters, n_features]
    out_distances : float[n_samples, n_clusters]
    """
    n_samples = X.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        for c in range(centers.shape[0]):
            tile_sq_distances(tile, n_rows, centers[c], sq_distances)
            for i in range(n_rows):
                out_distances[start + i, c] = np.sqrt(sq_distances[i])


@kernel(REORDER)
def sum_sq_distances(X, sample_weight, centers, labels):
    """Weighted sum of squared distances of the rows to their own centres, in float64.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
    centers : float[n_clusters, n_features]
    labels : int32[n_samples]

    Returns
    -------
    inertia : float64
    """
    total = 0.0
    for i in range(X.shape[0]):
        center = centers[labels[i]]
        d = 0.0
        for j in range(X.shape[1]):
            u = np.float64(X[i, j]) - np.float64(center[j])
            d += u * u
        total += d * sample_weight[i] if sample_weight.shape[0] > 0 else d
    return total


@kernel(STRICT)
def sq_distances_to_own(X, centers, labels, out_sq_distances):
    """Squared distance of each row to the centre it is labelled with.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters, n_features]
    labels : int32[n_samples]
    out_sq_distances : float[n_samples]
    """
    for i in range(X.shape[0]):
        out_sq_distances[i] = sq_distance(X[i], centers[labels[i]])
