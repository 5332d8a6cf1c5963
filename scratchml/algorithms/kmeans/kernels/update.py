"""Sums over the rows of each cluster, from which the new centres follow."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.tiles import TILE

from .sorting import sort_by_label

WIDE = 128
"""Features from which on the sum of a cluster is worth keeping at hand for several of its rows."""


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
    if X.shape[1] > WIDE:
        accumulate_wide(X, sample_weight, labels, out_sums, out_weights)
        return
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


@kernel(STRICT)
def accumulate_wide(X, sample_weight, labels, out_sums, out_weights):
    """`accumulate_centers` for wide rows: a few hundred at a time, one cluster after the other.

    Each cluster gets its rows in the same order as there, and the same bits: four of them enter its
    sum while that is in registers.
    """
    order = np.empty(TILE, np.int32)
    unordered = np.empty(TILE, np.int32)
    ends = np.empty(out_weights.shape[0] + 1, np.int32)
    weighted = sample_weight.shape[0] > 0
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        for t in range(n_rows):
            unordered[t] = start + t
        sort_by_label(unordered[:n_rows], labels, ends, order)
        begin = 0
        for c in range(out_weights.shape[0]):
            end = ends[c]
            if end == begin:
                continue
            sums = out_sums[c]
            rows = order[begin:end]
            n_together = 0 if weighted else len(rows) - len(rows) % 4
            for t in range(0, n_together, 4):
                add_four_rows(X[rows[t]], X[rows[t + 1]], X[rows[t + 2]], X[rows[t + 3]], sums)
            out_weights[c] += n_together
            for i in rows[n_together:]:
                weight = np.float64(sample_weight[i]) if weighted else 1.0
                add_row(X[i], weight, sums)
                out_weights[c] += weight
            begin = end


@kernel(STRICT)
def add_row(x, weight, inout_sums):
    """Add a row, times its weight, to a sum."""
    for j in range(x.shape[0]):
        inout_sums[j] += weight * np.float64(x[j])


@kernel(STRICT)
def add_four_rows(x, y, z, w, inout_sums):
    """Add four rows to a sum, one after the other."""
    for j in range(x.shape[0]):
        inout_sums[j] = inout_sums[j] + x[j] + y[j] + z[j] + w[j]
