"""The loops of K-means over CSR rows.

Sums run over the entries that are stored; products and sums are in float64 whatever the dtype, so
that near ties are as rare for float32 data as for float64.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import CONTRACT, STRICT, kernel


@kernel(CONTRACT)
def assign_csr(data, indices, indptr, centers, transposed, half_sq_norms, slack, out_labels):
    """Label each row with its nearest centre, by h_c - x.c (see ``assign.py``) over stored entries.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int32[nnz], int[n_samples + 1]
        CSR rows; ``indptr`` may be a slice of a longer one.
    centers : float[n_clusters, n_features]
    transposed : float64[n_features, n_clusters]
        The centres once more, so that the innermost loop runs over them.
    half_sq_norms : float64[n_clusters]
    slack : (factor, largest squared norm of a centre)
        Scores closer than ``factor * (|x|^2 + norm)`` are settled by plain sums.
    out_labels : int32[n_samples]
        Modified in place.

    Returns
    -------
    n_changed : int
    """
    n_clusters = centers.shape[0]
    scores = np.empty(n_clusters)
    n_changed = 0
    for i in range(indptr.shape[0] - 1):
        for c in range(n_clusters):
            scores[c] = half_sq_norms[c]
        sq_norm = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            value = np.float64(data[e])
            sq_norm += value * value
            column = transposed[indices[e]]
            for c in range(n_clusters):
                scores[c] -= value * column[c]
        label = 0
        second = np.inf
        for c in range(1, n_clusters):
            if scores[c] < scores[label]:
                second = scores[label]
                label = c
            elif scores[c] < second:
                second = scores[c]
        margin = slack[0] * (sq_norm + slack[1])
        if not second - scores[label] > margin:
            label = settle_csr(
                data, indices, indptr[i], indptr[i + 1], centers, scores, label, margin
            )
        n_changed += label != out_labels[i]
        out_labels[i] = label
    return n_changed


@kernel(STRICT)
def settle_csr(data, indices, begin, end, centers, scores, best, margin):
    """Nearest centre by plain sums over all features, among those whose score is near the best."""
    label = 0
    nearest = np.inf
    for c in range(centers.shape[0]):
        if not scores[c] - scores[best] > margin:
            total = plain_sq_distance_csr(data, indices, begin, end, centers[c])
            if total < nearest:
                nearest = total
                label = c
    return label


@kernel(STRICT)
def plain_sq_distance_csr(data, indices, begin, end, point):
    """Squared distance of one CSR row to a dense point: the plain sum over all features."""
    total = 0.0
    e = begin
    for j in range(point.shape[0]):
        u = -np.float64(point[j])
        if e < end and indices[e] == j:
            u += np.float64(data[e])
            e += 1
        total += u * u
    return total


@kernel(STRICT)
def accumulate_centers_csr(data, indices, indptr, sample_weight, labels, out_sums, out_weights):
    """Add each row, times its weight, to the sum of its cluster, in row order.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int32[nnz], int[n_samples + 1]
    sample_weight : float[n_samples] or float[0]
    labels : int32[n_samples]
    out_sums : float64[n_clusters, n_features]
    out_weights : float64[n_clusters]
    """
    for i in range(indptr.shape[0] - 1):
        w = np.float64(sample_weight[i]) if sample_weight.shape[0] > 0 else 1.0
        out_weights[labels[i]] += w
        sums = out_sums[labels[i]]
        for e in range(indptr[i], indptr[i + 1]):
            sums[indices[e]] += w * np.float64(data[e])


@kernel(STRICT)
def sq_distance_csr(data, indices, begin, end, point, point_sq_norm):
    """Squared distance of one CSR row to a dense point, in float64.

    Stored entries contribute (x - p)^2 - p^2, all others the p^2 that |p|^2 holds. Rows that are
    not very sparse take the plain sum, which cancels nothing.
    """
    if 8 * (end - begin) >= point.shape[0]:
        return plain_sq_distance_csr(data, indices, begin, end, point)
    total = point_sq_norm
    for e in range(begin, end):
        p = np.float64(point[indices[e]])
        u = np.float64(data[e]) - p
        total += u * u - p * p
    return max(total, 0.0)


@kernel(STRICT)
def sq_distances_to_own_csr(data, indices, indptr, centers, sq_norms, labels, out_sq_distances):
    """Squared distance of each row to the centre it is labelled with.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int32[nnz], int[n_samples + 1]
    centers : float[n_clusters, n_features]
    sq_norms : float64[n_clusters]
    labels : int32[n_samples]
    out_sq_distances : float[n_samples]
    """
    for i in range(indptr.shape[0] - 1):
        c = labels[i]
        out_sq_distances[i] = sq_distance_csr(
            data, indices, indptr[i], indptr[i + 1], centers[c], sq_norms[c]
        )


@kernel(STRICT)
def sq_distances_csr(data, indices, indptr, point, sq_norm, out_sq_distances):
    """Squared distance of each row to one dense point.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int32[nnz], int[n_samples + 1]
    point : float[n_features]
    sq_norm : float64
    out_sq_distances : float[n_samples]
    """
    for i in range(indptr.shape[0] - 1):
        out_sq_distances[i] = sq_distance_csr(
            data, indices, indptr[i], indptr[i + 1], point, sq_norm
        )
