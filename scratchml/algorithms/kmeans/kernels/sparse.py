"""The loops of K-means over CSR rows.

Sums run over the entries that are stored. Sums of rows and distances are in float64 whatever the
dtype; labels are found in float32 and are nevertheless those of float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, STRICT, kernel

EPSILON = float(np.finfo(np.float32).eps)
"""Distance from 1 to the next number of float32."""

LARGEST_SQUARE = float(np.finfo(np.float32).max) / 4
"""Beyond, a score or a product may overflow: all of the row's are taken in float64."""

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
"""Products below it have no relative error."""


class SparseCenters(NamedTuple):
    """Centres as CSR rows are compared with them."""

    centers: np.ndarray
    """The centres as they are, float[n_clusters, n_features]."""
    transposed: np.ndarray
    """The same as float32[n_features, n_clusters]: the innermost loop runs over the centres, and
    half as much memory has to be reached as for float64."""
    half_sq_norms: np.ndarray
    """|c|^2 / 2, float64[n_clusters]."""
    max_sq_norm: float
    """The largest |c|^2."""
    slack: float
    """Relative error of a score in float64, not counting that of float32."""
    features: np.ndarray
    """Where each centre is not zero, centre after centre, in order, int32[n_stored]; empty where
    the centres are too full for that to be of use."""
    ends: np.ndarray
    """Where those of each centre begin, and the last ones end, int64[n_clusters + 1]."""


@kernel(CONTRACT)
def assign_csr(data, indices, indptr, sparse_centers, out_labels):
    """Label each row with its nearest centre, by h_c - x.c (see ``assign.py``) over stored entries.

    Scores are in float32. Those that its rounding could have put in the wrong order are computed in
    float64, and those that are still too close to tell are settled by plain sums.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int32[nnz], int[n_samples + 1]
        CSR rows; ``indptr`` may be a slice of a longer one.
    sparse_centers : SparseCenters
    out_labels : int32[n_samples]
        Modified in place.

    Returns
    -------
    n_changed : int

    Notes
    -----
    Time O(n_clusters) for a stored entry; for a centre in a near tie as much more as the row and
    the centre have entries that are not zero.
    """
    transposed = sparse_centers.transposed
    n_clusters = transposed.shape[1]
    half_sq_norms = sparse_centers.half_sq_norms.astype(np.float32)
    scores = np.empty(n_clusters, np.float32)
    n_changed = 0
    for i in range(indptr.shape[0] - 1):
        begin, end = indptr[i], indptr[i + 1]
        for c in range(n_clusters):
            scores[c] = half_sq_norms[c]
        sq_norm = subtract_products(data[begin:end], indices[begin:end], transposed, scores)
        label = 0
        second = np.float32(np.inf)
        for c in range(1, n_clusters):
            if scores[c] < scores[label]:
                second = scores[label]
                label = c
            elif scores[c] < second:
                second = scores[c]
        # One unit in the last place for each product, each sum and each number that was rounded;
        # below the smallest normal number there are no such units.
        error = (end - begin + 8) * np.float64(EPSILON)
        margin = 2 * (error + sparse_centers.slack) * (sq_norm + sparse_centers.max_sq_norm)
        margin += (end - begin + 8) * np.float64(SMALLEST_NORMAL)
        if not sq_norm + sparse_centers.max_sq_norm < LARGEST_SQUARE:
            margin = np.inf
        if not np.float64(second) - np.float64(scores[label]) > margin:
            label = settle_csr(
                data[begin:end], indices[begin:end], sq_norm, sparse_centers, scores, label, margin
            )
        n_changed += label != out_labels[i]
        out_labels[i] = label
    return n_changed


@kernel(CONTRACT)
def subtract_products(values, indices, transposed, inout_scores):
    """Subtract x.c from the score of each centre; returns |x|^2.

    Four entries at a time: each score is loaded and stored once for all four.

    Parameters
    ----------
    values, indices : float[n_stored], int[n_stored]
        One CSR row.
    transposed : float32[n_features, n_clusters]
    inout_scores : float32[n_clusters]

    Returns
    -------
    sq_norm : float64
    """
    n_stored = values.shape[0]
    n_clusters = np.uintp(inout_scores.shape[0])
    whole = n_stored - n_stored % 4
    sq_norm = 0.0
    for e in range(n_stored):
        sq_norm += np.float64(values[e]) * np.float64(values[e])
    for e in range(0, whole, 4):
        v0, v1 = np.float32(values[e]), np.float32(values[e + 1])
        v2, v3 = np.float32(values[e + 2]), np.float32(values[e + 3])
        c0, c1 = transposed[indices[e]], transposed[indices[e + 1]]
        c2, c3 = transposed[indices[e + 2]], transposed[indices[e + 3]]
        for c in range(n_clusters):
            score = inout_scores[c] - v0 * c0[c] - v1 * c1[c]
            inout_scores[c] = score - v2 * c2[c] - v3 * c3[c]
    for e in range(whole, n_stored):
        value = np.float32(values[e])
        column = transposed[indices[e]]
        for c in range(n_clusters):
            inout_scores[c] -= value * column[c]
    return sq_norm


@kernel(CONTRACT)
def settle_csr(values, indices, sq_norm, sparse_centers, scores, best, margin):
    """Nearest centre by float64, then by plain sums, among those whose score is near the best.

    Parameters
    ----------
    values, indices : float[n_stored], int[n_stored]
        One CSR row.
    sq_norm : float64
        |x|^2.
    sparse_centers : SparseCenters
    scores : float32[n_clusters]
    best : int
        Where the lowest of them is.
    margin : float64
        Scores that differ by no more than this may be in the wrong order.

    Returns
    -------
    label : int
        Of equally near centres the lowest.
    """
    centers = sparse_centers.centers
    exact = np.full(centers.shape[0], np.inf)
    lowest = np.inf
    for c in range(centers.shape[0]):
        if not np.float64(scores[c]) - np.float64(scores[best]) > margin:
            product = 0.0
            for e in range(values.shape[0]):
                product += np.float64(values[e]) * np.float64(centers[c, indices[e]])
            exact[c] = sparse_centers.half_sq_norms[c] - product
            if not exact[c] >= lowest:
                lowest = exact[c]
    margin = sparse_centers.slack * (sq_norm + sparse_centers.max_sq_norm)
    label = 0
    nearest = np.inf
    n_near = 0
    for c in range(centers.shape[0]):
        if not exact[c] - lowest > margin:
            n_near += 1
            label = c
    if n_near == 1:
        return label
    for c in range(centers.shape[0] - 1, -1, -1):
        if not exact[c] - lowest > margin:
            if sparse_centers.features.shape[0] > 0:
                begin, end = sparse_centers.ends[c], sparse_centers.ends[c + 1]
                features = sparse_centers.features[begin:end]
                total = plain_sq_distance_merged(values, indices, centers[c], features)
            else:
                total = plain_sq_distance_csr(values, indices, 0, values.shape[0], centers[c])
            if total <= nearest:
                nearest = total
                label = c
    return label


@kernel(STRICT)
def plain_sq_distance_merged(values, indices, point, features):
    """`plain_sq_distance_csr` over the features that are not zero in both; others would add zero.

    The first centres are rows themselves, nearly empty ones, of which many are equally far from a
    row that shares no feature with them.

    Parameters
    ----------
    values, indices : float[n_stored], int[n_stored]
        One CSR row.
    point : float[n_features]
    features : int32[n_nonzero]
        Where the point is not zero, in order.

    Returns
    -------
    sq_distance : float64
    """
    total = 0.0
    e, n_stored = 0, values.shape[0]
    for j in features:
        while e < n_stored and indices[e] < j:
            total += np.float64(values[e]) * np.float64(values[e])
            e += 1
        u = -np.float64(point[j])
        if e < n_stored and indices[e] == j:
            u += np.float64(values[e])
            e += 1
        total += u * u
    for value in values[e:]:
        total += np.float64(value) * np.float64(value)
    return total


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
