"""Sums over the rows of each cluster, from which the new centres follow."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel


@kernel(STRICT)
def accumulate_centers(X, sample_weight, labels, out_sums, out_weights):
    """Add each row, times its weight, to the sum of its cluster, in row order.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
        Empty: every row weighs 1.
    labels : int32[n_samples]
    out_sums : float64[n_clusters, n_features]
        Added to, in float64 whatever the dtype of X.
    out_weights : float64[n_clusters]
        Added to.
    """
    n_samples, n_features = X.shape
    weighted = sample_weight.shape[0] > 0
    for i in range(n_samples):
        c = np.uint32(labels[i])
        w = np.float64(sample_weight[i]) if weighted else 1.0
        out_weights[c] += w
        for j in range(n_features):
            out_sums[c, j] += w * np.float64(X[i, j])
