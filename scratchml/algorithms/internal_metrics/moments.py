"""Sizes, means and dispersions of clusters, in two passes over the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .kernels import accumulate_deviations, accumulate_rows


class Moments(NamedTuple):
    """What the scores need to know of the clusters.

    A mean is the sum of two: the first row of its cluster, and what the mean is beyond it. Rounded
    to one number it would lose digits where the cluster is far from 0 and narrow.
    """

    sizes: np.ndarray
    """Number of rows, int64[n_clusters]."""
    origins: np.ndarray
    """First row of each cluster, float64[n_clusters, n_features]; any of one without rows."""
    shifts: np.ndarray
    """From there to the mean, float64[n_clusters, n_features]."""
    sq_deviations: np.ndarray
    """Sum of squared distances of the rows to the mean of their cluster, float64[n_clusters]."""
    deviations: np.ndarray
    """Sum of distances of the rows to the mean of their cluster, float64[n_clusters]."""

    @property
    def means(self) -> np.ndarray:
        """Means, rounded, float64[n_clusters, n_features]."""
        return self.origins + self.shifts

    def mean_differences(self, some: slice) -> np.ndarray:
        """From all means to some of them, float64[n_some, n_clusters, n_features]."""
        differences = self.origins[some, np.newaxis] - self.origins
        differences += self.shifts[some, np.newaxis] - self.shifts
        return differences


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
    Sums are in float64, and of rows relative to the first of their cluster: neither an offset nor
    another cluster that is far away costs digits. Time O(n_samples n_features), memory
    O(n_clusters n_features) for each block. The result has the same bits for any number of threads.
    """
    X = kernel_view(X)
    codes = kernel_view(codes)
    n_samples, n_features = X.shape
    first = np.zeros(n_clusters, np.intp)
    first[codes[::-1]] = np.arange(n_samples - 1, -1, -1)  # what is written last stays
    origins = X[first].astype(np.float64)
    # A piece of rows and what it is added to cost about as much as four multiply-adds a feature.
    operations = 4 * n_features
    partial_bytes = 8 * n_clusters * (n_features + 1)

    def add_rows(_: int, block: slice) -> tuple[np.ndarray, np.ndarray]:
        sums = np.zeros((n_clusters, n_features))
        sizes = np.zeros(n_clusters, np.int64)
        for rows in row_pieces(block, operations):
            accumulate_rows(X[rows], codes[rows], origins, sums, sizes)
        return sums, sizes

    blocks = row_blocks(n_samples, operations, partial_bytes)
    (sums, sizes), *others = map_blocks(add_rows, blocks)
    for more_sums, more_sizes in others:
        sums += more_sums
        sizes += more_sizes
    shifts = sums / np.maximum(sizes, 1)[:, np.newaxis]

    def add_deviations(_: int, block: slice) -> np.ndarray:
        both = np.zeros((2, n_clusters))
        for rows in row_pieces(block, operations):
            accumulate_deviations(X[rows], codes[rows], origins, shifts, both[0], both[1])
        return both

    sq_deviations, deviations = sum(map_blocks(add_deviations, blocks), np.zeros((2, n_clusters)))
    return Moments(sizes, origins, shifts, sq_deviations, deviations)
