"""One step of mini-batch K-means: label a batch, move the centres, reassign those left behind."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kmeans import Rows
from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view
from scratchml.core.verbose import say

from .batches import Batch
from .kernels import move_centers

REASSIGNMENT_INTERVAL = 10
"""Samples for each cluster after which centres of low count are looked for."""


class BatchStatistics(NamedTuple):
    """What a step needs to know of a block of a batch, or of all of it."""

    sums: np.ndarray
    """Weighted sum of the rows of each cluster, float64[n_clusters, n_features]."""
    weights: np.ndarray
    """Weight of each cluster, float64[n_clusters]."""
    inertia: float
    """Weighted sum of squared distances to the nearest centre."""


def batch_statistics(batch: Batch, centers: np.ndarray) -> BatchStatistics:
    """Label the rows of a batch and sum them by cluster, a block at a time."""
    rows = batch.rows
    k, d = centers.shape
    labels = np.full(rows.n_samples, -1, np.int32)
    assign = rows.assigner(centers)
    operations = rows.operations_per_distance * (k + 4) + batch.operations_to_load

    def block_statistics(index: int, block: slice) -> BatchStatistics:
        batch.load(block)
        sums, weights, inertia = np.zeros((k, d)), np.zeros(k), 0.0
        for piece in row_pieces(block, operations):
            assign(piece, labels)
            rows.accumulate(piece, labels, sums, weights)
            inertia += rows.sum_sq_distances(piece, centers, labels)
        return BatchStatistics(sums, weights, inertia)

    blocks = row_blocks(rows.n_samples, operations, 8 * k * (d + 1))
    return combine(map_blocks(block_statistics, blocks))


def combine(partials: list[BatchStatistics]) -> BatchStatistics:
    """Add the statistics of the blocks, in block order, into those of the first."""
    sums, weights, inertia = partials[0]
    for partial in partials[1:]:
        sums += partial.sums
        weights += partial.weights
        inertia += partial.inertia
    return BatchStatistics(sums, weights, inertia)


def labels_and_inertia(rows: Rows, centers: np.ndarray) -> tuple[np.ndarray, float]:
    """Nearest centre of every row, int32[n_samples], and the inertia, in one pass over the rows."""
    labels = np.full(rows.n_samples, -1, np.int32)
    assign = rows.assigner(centers)
    operations = rows.operations_per_distance * (len(centers) + 4)

    def block_inertia(index: int, block: slice) -> float:
        inertia = 0.0
        for piece in row_pieces(block, operations, rows.bytes_per_row):
            assign(piece, labels)
            inertia += rows.sum_sq_distances(piece, centers, labels)
        return inertia

    return labels, float(sum(map_blocks(block_inertia, row_blocks(rows.n_samples, operations))))


class Step(NamedTuple):
    """What a step has found."""

    inertia: float
    """Of the batch, to the centres before the step."""
    n_reassigned: int
    """Centres that became samples of the batch."""


class Learner:
    """Centres, and what is remembered of the samples that have made them.

    Parameters
    ----------
    centers : float[n_clusters, n_features]
        Initial centres.
    batch_size : int
        What a step counts for, until the next look at low counts.
    reassignment_ratio : float
        A count is low if it is less than this share of the largest.
    verbose : bool or int

    Attributes
    ----------
    batch_size : int
    centers : float[n_clusters, n_features]
        Replaced by each step.
    counts : float64[n_clusters]
        Weight of the samples that each centre has been given.
    n_since_reassignment : int
        Samples since the last look at low counts.
    """

    def __init__(
        self, centers: np.ndarray, batch_size: int, reassignment_ratio: float, verbose: object
    ) -> None:
        self.centers = kernel_view(centers)
        self.counts = np.zeros(len(centers))
        self.n_since_reassignment = 0
        self.batch_size = batch_size
        self._reassignment_ratio = reassignment_ratio
        self._verbose = verbose

    def step(self, batch: Batch, random_state: np.random.RandomState) -> Step:
        """Learn from a batch.

        Parameters
        ----------
        batch : Batch
        random_state : RandomState
            Draws samples of the batch where centres are reassigned, and else nothing.
        """
        due = self._is_reassignment_due()
        statistics = batch_statistics(batch, self.centers)
        moved = np.empty_like(self.centers)
        move_centers(self.centers, statistics.sums, statistics.weights, self.counts, moved)
        self.centers = moved
        n_reassigned = self._reassign(batch.rows, random_state) if due else 0
        return Step(statistics.inertia, n_reassigned)

    def _is_reassignment_due(self) -> bool:
        """Whether enough samples have been seen, or a centre has not been given any."""
        self.n_since_reassignment += self.batch_size
        enough = self.n_since_reassignment >= REASSIGNMENT_INTERVAL * len(self.centers)
        if enough or not self.counts.all():
            self.n_since_reassignment = 0
            return True
        return False

    def _reassign(self, rows: Rows, random_state: np.random.RandomState) -> int:
        """Make each centre of low count a sample of the batch, drawn at random."""
        low = self.counts < self._reassignment_ratio * self.counts.max()
        if not low.any():
            return 0
        if np.count_nonzero(low) > rows.n_samples / 2:  # not more than half of the batch
            low[np.argsort(self.counts)[rows.n_samples // 2 :]] = False
        if low.all():
            low[np.argmax(self.counts)] = False
        n_low = int(np.count_nonzero(low))
        if n_low:
            samples = random_state.choice(rows.n_samples, replace=False, size=n_low)
            say(self._verbose, f"[MiniBatchKMeans] Reassigning {n_low} cluster centers.")
            self.centers[low] = rows.points(samples)
            # A count so low again would have them reassigned at once.
            self.counts[low] = self.counts[~low].min()
        return n_low


def total_weight(rows: Rows) -> float:
    """Weight of all rows."""
    return float(rows.sample_weight.sum()) if rows.sample_weight.size else rows.n_samples


def sq_shift(old: np.ndarray, new: np.ndarray) -> float:
    """Sum of the squared distances that the centres moved."""
    return float(np.square(new - old, dtype=np.float64).sum())


def shift(old: np.ndarray, new: np.ndarray) -> float:
    """How far the centres moved, as one vector."""
    return float(np.sqrt(sq_shift(old, new)))
