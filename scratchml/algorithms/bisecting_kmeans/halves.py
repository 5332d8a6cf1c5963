"""Two centres: labels by the plane between them, and the inertia of each half."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kmeans import (
    ITERATIONS,
    Assign,
    DenseRows,
    Lloyd,
    Rows,
    as_rows,
    inertia,
)
from scratchml.core.blocks import map_blocks, row_blocks

from .kernels import Planes, sum_sq_distances_of_halves, walk_tree

FEW_FEATURES = 4
"""Up to here K-means compares differences, which is faster."""

ONE_SPLIT = np.array([[-1, -2]], np.int32)
"""The tree of a single split, whose leaves are 0 and 1, as `walk_tree` has it."""


class Halves(Lloyd):
    """Lloyd's iteration for two centres: one dot product tells which is nearer. Dense rows only."""

    rows: DenseRows

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows."""
        planes = planes_between(centers[np.newaxis])

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            return walk_tree(self.rows.X[block], planes, ONE_SPLIT, labels[block])

        return assign


def two_means(algorithm: str, rows: Rows) -> Lloyd:
    """The iteration of two centres that an ``algorithm`` stands for.

    As in K-means, sparse rows have but Lloyd's.
    """
    if not isinstance(rows, DenseRows):
        return Lloyd(rows, 2)
    if algorithm == "auto":
        return Halves(rows, 2) if rows.n_features > FEW_FEATURES else Lloyd(rows, 2)
    return ITERATIONS[algorithm](rows, 2)


@np.errstate(over="ignore", invalid="ignore")  # then plain sums decide
def planes_between(pairs: np.ndarray) -> Planes:
    """The planes between pairs of centres, float[n_splits, 2, n_features]."""
    dtype = pairs.dtype
    d = pairs.shape[2]
    exact = pairs.astype(np.float64)
    origins = exact.mean(axis=1).astype(dtype)
    relative = (exact - origins[:, np.newaxis]).astype(dtype)
    sq_norms = np.square(relative, dtype=np.float64).sum(axis=2)
    return Planes(
        np.ascontiguousarray(pairs),
        origins,
        relative[:, 1] - relative[:, 0],
        ((sq_norms[:, 1] - sq_norms[:, 0]) / 2).astype(dtype),
        sq_norms.max(axis=1).astype(dtype),
        # (|v| + |p|)^2 <= 2 (|v|^2 + |p|^2)
        dtype.type(2 * (d + 8) * np.finfo(dtype).eps),
        dtype.type((d + 8) * np.finfo(dtype).tiny),
    )


def inertia_of_halves(rows: Rows, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weighted sum of squared distances of the rows of each half to its centre, float64[2]."""
    if not isinstance(rows, DenseRows):
        weight = rows.sample_weight if rows.sample_weight.size else np.ones(len(labels), rows.dtype)
        halves = (as_rows(rows.X, weight * (labels == half)) for half in (0, 1))
        return np.array([inertia(half, centers, labels) for half in halves])

    def of_block(_: int, block: slice) -> np.ndarray:
        sums = np.zeros(2)
        sum_sq_distances_of_halves(rows.X[block], rows.weights(block), centers, labels[block], sums)
        return sums

    blocks = row_blocks(rows.n_samples, rows.operations_per_distance * 4)
    return sum(map_blocks(of_block, blocks), start=np.zeros(2))


def plain_mean(rows: Rows) -> np.ndarray:
    """Mean of all rows, in their dtype; weights do not count."""
    unweighted = as_rows(rows.X, None)
    labels = np.zeros(rows.n_samples, np.int32)

    def block_sum(_: int, block: slice) -> np.ndarray:
        sums, weights = np.zeros((1, rows.n_features)), np.zeros(1)
        unweighted.accumulate(block, labels, sums, weights)
        return sums[0]

    blocks = row_blocks(rows.n_samples, rows.operations_per_distance * 4, 8 * rows.n_features)
    total = sum(map_blocks(block_sum, blocks), start=np.zeros(rows.n_features))
    return (total / rows.n_samples).astype(rows.dtype)
