"""What an iteration makes of labels: the statistics of each cluster, and from them new centres."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks

from ..rows import Rows


class Statistics(NamedTuple):
    """What an iteration needs to know of a block of rows, or of all of them."""

    n_changed: int
    """Labels that differ from those of the iteration before."""
    n_distances: int
    """Distances between a row and a centre that were computed."""
    sums: np.ndarray
    """Weighted sum of the rows of each cluster, float64[n_clusters, n_features]."""
    weights: np.ndarray
    """Weight of each cluster, float64[n_clusters]."""


def combine(partials: list[Statistics]) -> Statistics:
    """Add the statistics of the blocks, in block order, into those of the first."""
    n_changed, n_distances, sums, weights = partials[0]
    for partial in partials[1:]:
        n_changed += partial.n_changed
        n_distances += partial.n_distances
        sums += partial.sums
        weights += partial.weights
    return Statistics(n_changed, n_distances, sums, weights)


def update_centers(
    rows: Rows, statistics: Statistics, centers: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """New centres: the mean of each cluster; clusters left empty start again far from their centre.

    Parameters
    ----------
    rows : DenseRows or SparseRows
    statistics : Statistics
        Modified in place where a cluster is empty.
    centers : float[n_clusters, n_features]
        The centres that gave the labels.
    labels : int32[n_samples]

    Returns
    -------
    float[n_clusters, n_features]
        A cluster that stays empty (there are fewer distinct rows than clusters) gets the centre of
        the heaviest.
    """
    sums, weights = statistics.sums, statistics.weights
    empty = np.flatnonzero(weights == 0)
    if len(empty):
        relocate_empty_clusters(rows, empty, sums, weights, centers, labels)
    occupied = weights > 0
    means = sums / np.where(occupied, weights, 1)[:, np.newaxis]
    if not occupied.all():
        means[~occupied] = means[np.argmax(weights)]
    return means.astype(centers.dtype)


def relocate_empty_clusters(
    rows: Rows,
    empty: np.ndarray,
    sums: np.ndarray,
    weights: np.ndarray,
    centers: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Give each empty cluster the row that is farthest from its own centre, taken from there.

    ``sums`` and ``weights`` are modified in place. The order of the rows, and that of equally far
    ones, is that of ``numpy.argpartition``, as in scikit-learn.
    """
    sq_distances = np.empty(rows.n_samples, centers.dtype)
    map_blocks(
        lambda index, block: rows.sq_distances_to_own(block, centers, labels, sq_distances),
        row_blocks(rows.n_samples, rows.operations_per_distance),
    )
    if sq_distances.max() == 0:
        return  # every row is a centre: there is nothing to give
    farthest = np.argpartition(sq_distances, -len(empty))[: -len(empty) - 1 : -1]
    points = rows.points(farthest).astype(np.float64)
    members = np.bincount(labels[rows.sample_weight > 0] if rows.sample_weight.size else labels)
    for cluster, row, point in zip(empty, farthest, points, strict=True):
        donor = labels[row]
        weight = float(rows.sample_weight[row]) if rows.sample_weight.size else 1.0
        sums[donor] -= weight * point
        weights[donor] -= weight
        members[donor] -= weight > 0
        if members[donor] <= 0:
            sums[donor] = weights[donor] = 0  # and no rounding residue
        sums[cluster] = weight * point
        weights[cluster] = weight
