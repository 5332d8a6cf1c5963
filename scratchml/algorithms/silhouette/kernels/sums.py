"""Sums of distances that are given."""

from __future__ import annotations

from scratchml.core.jit import STRICT, kernel


@kernel(STRICT, allocates=False)
def sum_by_cluster(distances, codes, out_sums):
    """Add up the distances of a few rows to the points of each cluster.

    Parameters
    ----------
    distances : float[n_rows, n_samples]
    codes : int32[n_samples]
        Cluster of each point.
    out_sums : float64[n_clusters, n_rows]
        Added to. Two rows take turns, so that no addition waits for the one before.
    """
    n_rows = distances.shape[0]
    for i in range(0, n_rows - 1, 2):
        first, second = distances[i], distances[i + 1]
        for j in range(codes.shape[0]):
            sums = out_sums[codes[j]]
            sums[i] += first[j]
            sums[i + 1] += second[j]
    if n_rows % 2:
        last = distances[n_rows - 1]
        for j in range(codes.shape[0]):
            out_sums[codes[j], n_rows - 1] += last[j]
