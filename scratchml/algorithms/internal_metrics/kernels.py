"""Sums over the rows of each cluster: of the rows, and of their distances to its mean."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel


@kernel(STRICT, allocates=False)
def accumulate_rows(X, codes, origins, out_sums, out_sizes):
    """Add each row, relative to the origin of its cluster, to the sum of that, in row order.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
    origins : float64[n_clusters, n_features]
    out_sums : float64[n_clusters, n_features]
        Added to.
    out_sizes : int64[n_clusters]
        Number of rows of each cluster; added to.
    """
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows, sums, origin = X.reshape(-1), out_sums.reshape(-1), origins.reshape(-1)
    for i in range(n_samples):
        c = np.uintp(codes[i])
        out_sizes[c] += 1
        at, to = i * n_features, c * n_features
        for j in range(n_features):
            sums[to + j] += np.float64(rows[at + j]) - origin[to + j]


@kernel(REORDER, allocates=False)
def accumulate_deviations(X, codes, origins, shifts, out_sq_deviations, out_deviations):
    """Add the distance of each row to the mean of its cluster, and its square.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
    origins, shifts : float64[n_clusters, n_features]
        The means are their sums.
    out_sq_deviations : float64[n_clusters]
        Sum of squared distances; added to.
    out_deviations : float64[n_clusters]
        Sum of distances; added to.
    """
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows, origin, shift = X.reshape(-1), origins.reshape(-1), shifts.reshape(-1)
    for i in range(n_samples):
        c = np.uintp(codes[i])
        at, of = i * n_features, c * n_features
        sq_distance = 0.0
        for j in range(n_features):
            difference = (np.float64(rows[at + j]) - origin[of + j]) - shift[of + j]
            sq_distance += difference * difference
        out_sq_deviations[c] += sq_distance
        out_deviations[c] += np.sqrt(sq_distance)
