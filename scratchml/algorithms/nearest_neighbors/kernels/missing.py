"""Euclidean distances of rows with missing values."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel


@kernel(STRICT, allocates=False)
def nan_distances(queries, X, out_distances):
    """Euclidean distance over the features that both rows have, scaled up to all features.

    Parameters
    ----------
    queries : float64[n_queries, n_features]
        NaN where a value is missing.
    X : float[n_points, n_features]
    out_distances : float64[n_queries, n_points]
        NaN where two rows have no feature in common.
    """
    n_features = X.shape[1]
    for q in range(queries.shape[0]):
        for i in range(X.shape[0]):
            total = 0.0
            n_present = 0
            for j in range(n_features):
                u = np.float64(X[i, j]) - queries[q, j]
                if u == u:
                    total += u * u
                    n_present += 1
            if n_present > 0:
                out_distances[q, i] = np.sqrt(total * n_features / n_present)
            else:
                out_distances[q, i] = np.nan
