"""One pass over all rows: labels, inertia, variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces

from .rows import Assign, Rows


def label_rows(
    assign: Assign, blocks: list[slice], operations_per_row: float, labels: np.ndarray
) -> int:
    """Label the rows of all blocks (``labels`` is modified in place); count the distances."""

    def n_distances(index: int, block: slice) -> int:
        return sum(assign(piece, labels)[1] for piece in row_pieces(block, operations_per_row))

    return sum(map_blocks(n_distances, blocks))


def assign_all(rows: Rows, centers: np.ndarray) -> np.ndarray:
    """Nearest centre of every row, int32[n_samples]."""
    labels = np.full(rows.n_samples, -1, np.int32)
    operations = rows.operations_per_distance * len(centers)
    blocks = row_blocks(rows.n_samples, operations)
    label_rows(rows.assigner(centers), blocks, operations, labels)
    return labels


def inertia(rows: Rows, centers: np.ndarray, labels: np.ndarray) -> float:
    """Weighted sum of squared distances of the rows to their own centres, in float64."""
    blocks = row_blocks(rows.n_samples, rows.operations_per_distance * 4)
    return float(
        sum(map_blocks(lambda _, block: rows.sum_sq_distances(block, centers, labels), blocks))
    )


def mean_variance(rows: Rows) -> float:
    """Variance of each feature, averaged: what ``tol`` is relative to. Weights do not count."""
    unweighted: Any = type(rows)(rows.X, None)
    labels = np.zeros(rows.n_samples, np.int32)
    blocks = row_blocks(rows.n_samples, rows.operations_per_distance * 4, 8 * rows.n_features)

    def block_sum(index: int, block: slice) -> np.ndarray:
        sums, weights = np.zeros((1, rows.n_features)), np.zeros(1)
        unweighted.accumulate(block, labels, sums, weights)
        return sums

    mean = sum(map_blocks(block_sum, blocks)) / rows.n_samples
    return inertia(unweighted, mean.astype(rows.dtype), labels) / rows.X.shape[0] / rows.n_features
