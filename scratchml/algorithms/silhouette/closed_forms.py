"""Mean distances without comparing pairs: squared Euclidean distances, and cosine distances.

The sum of the squared distances from x to the points of a cluster of n, whose mean is m and whose
own squared distances to m add up to W, is n |x - m|^2 + W. Cosine distances are half the squared
distances of directions, which are vectors of length one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.algorithms.internal_metrics import cluster_moments
from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .kernels.centers import compare_with_centers
from .means import Means, split_sums, within_of_sums

PRODUCTS_AT_ONCE = 2**20
"""Of sparse rows with the sums of clusters: numbers that are held at once."""

ROUNDING = (4 * np.finfo(np.float64).eps) ** 2
"""Squared distances of directions that may be those of one and the same."""


def mean_sq_distances(X: np.ndarray, codes: np.ndarray, n_clusters: int, rows: Any) -> Means:
    """Mean squared Euclidean distances of the rows asked for.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
    n_clusters : int
    rows : slice or intp[n_rows]

    Notes
    -----
    O(n_rows n_clusters n_features) after O(n_samples n_features).
    """
    moments = cluster_moments(X, codes, n_clusters)
    sizes, own = moments.sizes, codes[rows]
    scales, offsets = np.ones(n_clusters), moments.sq_deviations / sizes
    at_own, nearest = compare(X[rows], own, moments.origins, moments.shifts, scales, offsets)
    return Means(within_of_sums(at_own * sizes[own], sizes[own]), nearest)


def mean_cosine_distances(X: np.ndarray, codes: np.ndarray, n_clusters: int, rows: Any) -> Means:
    """Mean cosine distances of the rows asked for; as `mean_sq_distances`.

    A row of zeros has no direction: it is at distance 1 from all others.
    """
    units = directions(X)
    sizes = np.bincount(codes, minlength=n_clusters)
    has_direction: np.ndarray = np.any(units, axis=1)
    directed: Any = slice(None) if has_direction.all() else has_direction
    if has_direction.any():
        moments = cluster_moments(units[directed], codes[directed], n_clusters)
        origins, shifts = moments.origins, moments.shifts
        scales = moments.sizes / (2 * sizes)
        offsets = (moments.sq_deviations / 2 + (sizes - moments.sizes)) / sizes
    else:
        origins = shifts = np.zeros((n_clusters, X.shape[1]))
        scales, offsets = np.zeros(n_clusters), np.ones(n_clusters)
    own = codes[rows]
    at_own, nearest = compare(units[rows], own, origins, shifts, scales, offsets)
    for values in at_own, nearest:
        values[values < ROUNDING] = 0  # of directions that are the same
    sums = at_own * sizes[own]
    astray = ~has_direction[rows]
    sums[astray] = sizes[own[astray]] - 1.0
    nearest[astray] = 1
    return Means(within_of_sums(sums, sizes[own]), nearest)


def directions(X: np.ndarray) -> np.ndarray:
    """Rows of length one, float64[n_samples, n_features]; zeros stay zeros."""
    units = X.astype(np.float64)
    # Scaled first: squares of very large or small numbers would leave the range.
    largest = np.maximum(units.max(axis=1), -units.min(axis=1))
    units /= np.where(largest > 0, largest, 1)[:, None]
    lengths = np.sqrt(np.einsum("ij,ij->i", units, units))
    units /= np.where(lengths > 0, lengths, 1)[:, None]
    return units


def compare(
    X: np.ndarray,
    own: np.ndarray,
    origins: np.ndarray,
    shifts: np.ndarray,
    scales: np.ndarray,
    offsets: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Run `compare_with_centers` over all rows, in threads."""
    X, own = kernel_view(X), kernel_view(own)
    at_own, nearest = np.empty(len(X)), np.empty(len(X))
    operations = 2 * shifts.size

    def step(_: int, block: slice) -> None:
        for piece in row_pieces(block, operations, X.strides[0]):
            points, codes = X[piece].astype(np.float64, copy=False), own[piece]
            found = at_own[piece], nearest[piece]
            compare_with_centers(points, codes, origins, shifts, scales, offsets, *found)

    map_blocks(step, row_blocks(len(X), operations))
    return at_own, nearest


def mean_distances_of_csr(
    X: Any, codes: np.ndarray, n_clusters: int, rows: Any, is_cosine: bool
) -> Means:
    """The same of CSR rows, by their products with the sums of clusters.

    Parameters
    ----------
    X : CSR of shape (n_samples, n_features)
    codes : int32[n_samples]
    n_clusters : int
    rows : slice or intp[n_rows]
    is_cosine : bool
        Whether distances are cosine and not squared Euclidean ones.

    Notes
    -----
    Sums of squares are n |x|^2 - 2 x.S + Q here, with S the sum of the points of a cluster and Q
    that of their squared lengths: means would be dense. Where clusters are narrow beside their
    distance from 0, that loses digits.
    """
    from scipy.sparse import csr_array, diags_array

    X = csr_array(X, dtype=np.float64)
    sq_norms = np.bincount(
        np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.data**2, X.shape[0]
    )
    if is_cosine:
        lengths = np.sqrt(sq_norms)
        X = csr_array(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ X)
        sq_norms = np.ones(X.shape[0])  # 2 (1 - u.v) = |u|^2 - 2 u.v + |v|^2
    sizes = np.bincount(codes, minlength=n_clusters)
    member = csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    sums, sq_sums = (member @ X).T.tocsr(), np.bincount(codes, sq_norms, n_clusters)
    points, own, point_norms = X[rows], codes[rows], sq_norms[rows]
    within, nearest = np.empty(len(own)), np.empty(len(own))
    n_rows = max(PRODUCTS_AT_ONCE // n_clusters, 1)
    for start in range(0, len(own), n_rows):
        piece = slice(start, start + n_rows)
        to_clusters = (points[piece] @ sums).toarray() * -2.0
        to_clusters += point_norms[piece, None] * sizes + sq_sums
        np.maximum(to_clusters, 0, out=to_clusters)  # rounding may go beyond
        within[piece], nearest[piece] = split_sums(to_clusters, own[piece], sizes)
    if is_cosine:
        within /= 2
        nearest /= 2
        astray = lengths[rows] == 0
        within[astray] -= 1  # of a row without a direction to itself
    return Means(within_of_sums(within, sizes[own]), nearest)
