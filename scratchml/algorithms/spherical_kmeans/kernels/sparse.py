"""The loops of spherical K-means over CSR rows.

Sums run over the entries that are stored, in float64 whatever the dtype. Entries that are not
stored would add exact zeros, so that cosines are the plain ones to the last bit: nothing is left to
settle, and labels are those of the dense rows.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .dense import HIGH_SQUARE, LOW_SQUARE, extreme_norm


@kernel(STRICT)
def row_norms_csr(data, indptr, out_norms):
    """Length of each row; squares are summed in feature order and do not overflow.

    Parameters
    ----------
    data, indptr : float[nnz], int[n_samples + 1]
        Of CSR rows; ``indptr`` may be a slice of a longer one.
    out_norms : float64[n_samples]
    """
    for i in range(indptr.shape[0] - 1):
        sq_norm = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            u = np.float64(data[e])
            sq_norm += u * u
        if LOW_SQUARE < sq_norm < HIGH_SQUARE:
            out_norms[i] = np.sqrt(sq_norm)
        else:
            out_norms[i] = extreme_norm(data[indptr[i] : indptr[i + 1]])


@kernel(STRICT)
def assign_directions_csr(data, indices, indptr, scales, transposed, out_labels):
    """Label each row with the centre of the largest cosine.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int[nnz], int[n_samples + 1]
        CSR rows; ``indptr`` may be a slice of a longer one.
    scales : float64[n_samples]
        1 / |x|; 0 for rows without a direction, which get label 0.
    transposed : float64[n_features, n_clusters]
        The centres, so that the innermost loop runs over them.
    out_labels : int32[n_samples]
        Modified in place.

    Returns
    -------
    n_changed : int
        How many labels differ from those that `out_labels` held.
    """
    n_clusters = transposed.shape[1]
    cosines = np.empty(n_clusters)
    n_changed = 0
    for i in range(indptr.shape[0] - 1):
        for c in range(n_clusters):
            cosines[c] = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            u = np.float64(data[e]) * scales[i]
            column = transposed[indices[e]]
            for c in range(n_clusters):
                cosines[c] += u * column[c]
        label = 0
        for c in range(1, n_clusters):
            if cosines[c] > cosines[label]:
                label = c
        n_changed += label != out_labels[i]
        out_labels[i] = label
    return n_changed


@kernel(STRICT)
def accumulate_directions_csr(
    data, indices, indptr, scales, sample_weight, labels, out_sums, out_weights
):
    """Add the direction of each row, times its weight, to the sum of its cluster, in row order.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int[nnz], int[n_samples + 1]
    scales : float64[n_samples]
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
            u = np.float64(data[e]) * scales[i]
            sums[indices[e]] += w * u


@kernel(STRICT)
def cosine_distance_csr(data, indices, begin, end, scale, center, sq_norm):
    """1 - cosine of one CSR row and a unit vector, as half the squared chord, in float64.

    Features that are not stored contribute c_j^2: what is left of |c|^2 (``sq_norm``, summed in
    feature order, so that nothing is left where the row has all of them). 1 for a row without a
    direction.
    """
    if scale == 0:
        return 1.0
    stored = 0.0
    covered = 0.0
    for e in range(begin, end):
        p = center[indices[e]]
        u = np.float64(data[e]) * scale - p
        stored += u * u
        covered += p * p
    return (stored + max(sq_norm - covered, 0.0)) / 2


@kernel(STRICT)
def cosine_distances_csr(data, indices, indptr, scales, center, sq_norm, out_distances):
    """1 - cosine of each row and one unit vector.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int[nnz], int[n_samples + 1]
    scales : float64[n_samples]
    center : float64[n_features]
    sq_norm : float64
    out_distances : float64[n_samples]
    """
    for i in range(indptr.shape[0] - 1):
        out_distances[i] = cosine_distance_csr(
            data, indices, indptr[i], indptr[i + 1], scales[i], center, sq_norm
        )


@kernel(STRICT)
def cosine_distances_to_own_csr(
    data, indices, indptr, scales, centers, sq_norms, labels, out_distances
):
    """1 - cosine of each row and the centre that it is labelled with.

    Parameters
    ----------
    data, indices, indptr : float[nnz], int[nnz], int[n_samples + 1]
    scales : float64[n_samples]
    centers : float64[n_clusters, n_features]
    sq_norms : float64[n_clusters]
    labels : int32[n_samples]
    out_distances : float64[n_samples]
    """
    for i in range(indptr.shape[0] - 1):
        c = labels[i]
        out_distances[i] = cosine_distance_csr(
            data, indices, indptr[i], indptr[i + 1], scales[i], centers[c], sq_norms[c]
        )
