"""Sums over the rows of each cluster: of the rows, and of their distances to its mean."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel


@kernel(STRICT, allocates=False)
def accumulate_rows(X, codes, origin, out_sums, out_sizes):
    """Add each row, relative to an origin, to the sum of its cluster, in row order.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
    origin : float64[n_features]
    out_sums : float64[n_clusters, n_features]
        Added to.
    out_sizes : int64[n_clusters]
        Number of rows of each cluster; added to.
    """
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows, sums = X.reshape(-1), out_sums.reshape(-1)
    for i in range(n_samples):
        c = np.uintp(codes[i])
        out_sizes[c] += 1
        at, to = i * n_features, c * n_features
        for j in range(n_features):
            sums[to + j] += np.float64(rows[at + j]) - origin[j]


@kernel(REORDER, allocates=False)
def accumulate_deviations(X, codes, means, out_sq_deviations, out_deviations):
    """Add the distance of each row to the mean of its cluster, and its square.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
    means : float64[n_clusters, n_features]
    out_sq_deviations : float64[n_clusters]
        Sum of squared distances; added to.
    out_deviations : float64[n_clusters]
        Sum of distances; added to.
    """
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows, centers = X.reshape(-1), means.reshape(-1)
    for i in range(n_samples):
        c = np.uintp(codes[i])
        at, of = i * n_features, c * n_features
        sq_distance = 0.0
        for j in range(n_features):
            difference = np.float64(rows[at + j]) - centers[of + j]
            sq_distance += difference * difference
        out_sq_deviations[c] += sq_distance
        out_deviations[c] += np.sqrt(sq_distance)
