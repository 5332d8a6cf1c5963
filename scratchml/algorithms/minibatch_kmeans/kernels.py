"""The loops of mini-batch K-means: drawing rows, gathering them, moving the centres."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

SEGMENT = 16
"""Rows for which the running probability is kept once, and computed anew where it is needed."""


@kernel(STRICT)
def row_probability(sample_weight, total, i):
    """Probability of row i: its weight over the total, rounded to the dtype of the weights."""
    return np.float64(sample_weight[i] / total) if sample_weight.shape[0] > 0 else total


@kernel(STRICT)
def accumulate_probabilities(sample_weight, total, n_samples, out_ends):
    """Running sum of the probabilities of all rows, kept at the end of each segment.

    Parameters
    ----------
    sample_weight : float[n_samples] or float[0]
    total : float
        Sum of the weights, in their dtype; without weights the probability of a row, in float64.
    n_samples : int
    out_ends : float64[ceil(n_samples / SEGMENT)]

    Notes
    -----
    The additions are those of ``numpy.cumsum``, one after the other. Time O(n_samples).
    """
    running = 0.0
    for s in range(out_ends.shape[0]):
        for i in range(s * SEGMENT, min((s + 1) * SEGMENT, n_samples)):
            running += row_probability(sample_weight, total, i)
        out_ends[s] = running


@kernel(STRICT)
def make_guide(ends, out_guide):
    """For each of equal parts of [0, 1), the first segment that ends beyond where the part begins.

    Parameters
    ----------
    ends : float64[n_segments]
        As of `accumulate_probabilities`.
    out_guide : int32[n_parts]

    Notes
    -----
    The guide table of H.-C. Chen and Y. Asau, "On generating random variates from an empirical
    distribution", AIIE Transactions 6(2), 1974: a search that begins there takes O(1) steps on
    average where there are as many parts as segments. Time O(n_segments + n_parts).
    """
    n_parts, last = out_guide.shape[0], ends.shape[0] - 1
    s = 0
    for part in range(n_parts):
        while s < last and ends[s] / ends[last] <= part / n_parts:
            s += 1
        out_guide[part] = s


@kernel(STRICT)
def largest_dividend(u, whole):
    """The largest number that, divided by ``whole`` and rounded, is at most ``u``."""
    limit = u * whole
    while limit / whole > u:
        limit = np.nextafter(limit, 0.0)
    while True:
        above = np.nextafter(limit, np.inf)
        if above / whole > u:
            return limit
        limit = above


@kernel(STRICT)
def draw_rows(uniform, sample_weight, total, n_samples, ends, guide, out_indices):
    """First row whose cumulative probability exceeds each of some uniform numbers.

    Parameters
    ----------
    uniform : float64[n_draws]
        In [0, 1).
    sample_weight, total, n_samples, ends
        As of `accumulate_probabilities`.
    guide : int32[n_parts]
        As of `make_guide`.
    out_indices : int64[n_draws]

    Notes
    -----
    Plain form: ``searchsorted(cdf / cdf[-1], uniform, side="right")``, with ``cdf`` the running sum
    of all rows; that of one segment is repeated here. The limit stands for the division of each of
    its entries. Time O(SEGMENT) for a draw, on average.
    """
    last = ends.shape[0] - 1
    for k in range(uniform.shape[0]):
        u = uniform[k]
        limit = largest_dividend(u, ends[last])
        s = guide[min(int(u * guide.shape[0]), guide.shape[0] - 1)]
        while s > 0 and ends[s - 1] > limit:  # u times the number of parts was rounded up
            s -= 1
        while s < last and ends[s] <= limit:
            s += 1
        running = ends[s - 1] if s > 0 else 0.0
        index = s * SEGMENT
        # Every row of the segment is looked at: without a branch, draws overlap in the processor.
        for i in range(s * SEGMENT, min((s + 1) * SEGMENT, n_samples)):
            running += row_probability(sample_weight, total, i)
            index += running <= limit
        out_indices[k] = min(index, n_samples - 1)


@kernel(STRICT)
def gather_rows(X, indices, out_rows):
    """Copy some rows: ``out_rows[:] = X[indices]``.

    Parameters
    ----------
    X : float[n_samples, n_features]
    indices : int64[n_rows]
    out_rows : float[n_rows, n_features]
    """
    for i in range(indices.shape[0]):
        row = X[indices[i]]
        for j in range(X.shape[1]):
            out_rows[i, j] = row[j]


@kernel(STRICT)
def move_centers(centers, sums, weights, inout_counts, out_centers):
    """Move each centre to the mean of all rows that it has been given so far.

    Parameters
    ----------
    centers : float[n_clusters, n_features]
    sums : float64[n_clusters, n_features]
        Weighted sum of the rows of the batch that are nearest to each centre.
    weights : float64[n_clusters]
        Their weight.
    inout_counts : float64[n_clusters]
        Weight that each centre has been given before; the batch is added.
    out_centers : float[n_clusters, n_features]
        ``(counts * centers + sums) / (counts + weights)``; a centre that has been given no weight
        stays where it is. May be ``centers``.
    """
    for c in range(centers.shape[0]):
        before = inout_counts[c]
        if weights[c] > 0:
            inout_counts[c] = before + weights[c]
            scale = 1 / inout_counts[c]
            for j in range(centers.shape[1]):
                out_centers[c, j] = (before * centers[c, j] + sums[c, j]) * scale
        else:
            for j in range(centers.shape[1]):
                out_centers[c, j] = centers[c, j]
