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
    n_samples, n_features = np.uintp(X.shape[0]), np.uintp(X.shape[1])
    rows = X.reshape(-1)
    sums = out_sums.reshape(-1)
    if sample_weight.shape[0] > 0:
        for i in range(n_samples):
            c = np.uintp(labels[i])
            w = np.float64(sample_weight[i])
            out_weights[c] += w
            for j in range(n_features):
                sums[c * n_features + j] += w * np.float64(rows[i * n_features + j])
    elif n_features == 2:
        # Both features in one load and one store.
        for i in range(n_samples):
            c = np.uintp(labels[i])
            at, to = i * n_features, c * n_features
            sum0, sum1 = sums[to] + rows[at], sums[to + np.uintp(1)] + rows[at + np.uintp(1)]
            sums[to], sums[to + np.uintp(1)] = sum0, sum1
            out_weights[c] += 1.0
    else:
        for i in range(n_samples):
            c = np.uintp(labels[i])
            out_weights[c] += 1.0
            for j in range(n_features):
                sums[c * n_features + j] += rows[i * n_features + j]
