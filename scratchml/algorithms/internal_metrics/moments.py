"""Sizes, means and dispersions of clusters, in two passes over the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .kernels import accumulate_deviations, accumulate_rows


class Moments(NamedTuple):
    """What the scores need to know of the clusters."""

    sizes: np.ndarray
    """Number of rows, int64[n_clusters]."""
    means: np.ndarray
    """float64[n_clusters, n_features]; 0 for a cluster without rows."""
    sq_deviations: np.ndarray
    """Sum of squared distances of the rows to the mean of their cluster, float64[n_clusters]."""
    deviations: np.ndarray
    """Sum of distances of the rows to the mean of their cluster, float64[n_clusters]."""


def cluster_moments(X: np.ndarray, codes: np.ndarray, n_clusters: int) -> Moments:
    """Sizes, means and dispersions of clusters.

    Parameters
    ----------
    X : float[n_samples, n_features]
        C-contiguous, as `scratchml.core.validation.check_array` returns it.
    codes : int32[n_samples]
        Cluster of each row, 0 to ``n_clusters - 1``.
    n_clusters : int

    Returns
    -------
    Moments

    Notes
    -----
    Sums are in float64, and of rows relative to the first, so that an offset that all rows share
    costs no digits but those of the means. Time O(n_samples n_features), memory
    O(n_clusters n_features) for each block. The result has the same bits for any number of threads.
    """
    X = kernel_view(X)
    codes = kernel_view(codes)
    n_samples, n_features = X.shape
    origin = X[0].astype(np.float64)
    # A piece of rows and what it is added to cost about as much as four multiply-adds a feature.
    operations = 4 * n_features
    partial_bytes = 8 * n_clusters * (n_features + 1)

    def add_rows(_: int, block: slice) -> tuple[np.ndarray, np.ndarray]:
        sums = np.zeros((n_clusters, n_features))
        sizes = np.zeros(n_clusters, np.int64)
        for rows in row_pieces(block, operations):
            accumulate_rows(X[rows], codes[rows], origin, sums, sizes)
        return sums, sizes

    blocks = row_blocks(n_samples, operations, partial_bytes)
    (sums, sizes), *others = map_blocks(add_rows, blocks)
    for more_sums, more_sizes in others:
        sums += more_sums
        sizes += more_sizes
    means = sums / np.maximum(sizes, 1)[:, np.newaxis]
    means[sizes > 0] += origin

    def add_deviations(_: int, block: slice) -> np.ndarray:
        both = np.zeros((2, n_clusters))
        for rows in row_pieces(block, operations):
            accumulate_deviations(X[rows], codes[rows], means, both[0], both[1])
        return both

    sq_deviations, deviations = sum(map_blocks(add_deviations, blocks), np.zeros((2, n_clusters)))
    return Moments(sizes, means, sq_deviations, deviations)
