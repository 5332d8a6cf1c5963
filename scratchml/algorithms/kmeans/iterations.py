"""One iteration of K-means: statistics of each block of rows, combined, then new centres.

Lloyd's iteration, Hamerly's and Elkan's differ in how a block of rows gets its labels. Sums and
centres follow from the labels, in block order, whoever found them: all variants give the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.blocks import PIECE_OPERATIONS, map_blocks, row_blocks, row_pieces

from .kernels.assign import assign_expanded
from .kernels.elkan import elkan_start, elkan_step
from .kernels.hamerly import CenterMoves, hamerly_step, nearest_other_centers
from .rows import Assign, DenseRows, SparseRows

Rows = DenseRows | SparseRows

SMALLEST_MOVE = 1e-150
"""Added to how far a centre has moved: squares of smaller moves are below the smallest number."""

BOUNDS_OPERATIONS = 10_000_000
"""Multiply-adds in an iteration from which on bounds are kept: some milliseconds of work."""


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


class Lloyd:
    """Lloyd's iteration: every row is compared with every centre.

    Those that keep bounds derive from it and replace `assigner`.
    """

    def __init__(self, rows: Rows, n_clusters: int) -> None:
        self.rows = rows
        self.n_clusters = n_clusters
        self.operations_per_row = rows.operations_per_distance * (n_clusters + 4)
        self.blocks = row_blocks(
            rows.n_samples, self.operations_per_row, 8 * n_clusters * (rows.n_features + 1)
        )
        # Partial sums are kept from one iteration to the next: fresh memory costs more than sums.
        self.sums = np.empty((len(self.blocks), n_clusters, rows.n_features))
        self.weights = np.empty((len(self.blocks), n_clusters))

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows."""
        return self.rows.assigner(centers)

    def __call__(self, centers: np.ndarray, labels: np.ndarray) -> Statistics:
        """Label all rows (``labels`` is modified in place) and sum them by cluster."""
        assign = self.assigner(centers)

        def block_statistics(index: int, block: slice) -> Statistics:
            n_changed = n_distances = 0
            sums, weights = self.sums[index], self.weights[index]
            sums.fill(0)
            weights.fill(0)
            for piece in row_pieces(block, self.operations_per_row, self.rows.bytes_per_row):
                changed, computed = assign(piece, labels)
                n_changed += changed
                n_distances += computed
                self.rows.accumulate(piece, labels, sums, weights)
            return Statistics(n_changed, n_distances, sums, weights)

        return combine(map_blocks(block_statistics, self.blocks))

    def relabel(self, centers: np.ndarray, labels: np.ndarray) -> int:
        """Label all rows without summing them; returns how many distances that took."""
        return label_rows(self.assigner(centers), self.blocks, self.operations_per_row, labels)


class Hamerly(Lloyd):
    """Hamerly's iteration: two bounds on each row leave most rows alone. Dense rows only."""

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int) -> None:
        super().__init__(rows, n_clusters)
        self.centers: np.ndarray | None = None
        self.upper = np.empty(rows.n_samples, rows.dtype)
        self.lower = np.empty(rows.n_samples, rows.dtype)

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows, given where the centres were before."""
        previous, self.centers = self.centers, centers
        expanded = self.rows.expand(centers)
        moves = None if previous is None else self._moves(previous, centers)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            state = labels[block], self.upper[block], self.lower[block]
            if moves is None:
                n_changed = assign_expanded(self.rows.X[block], expanded, *state)
                return n_changed, len(labels[block]) * self.n_clusters
            return hamerly_step(self.rows.X[block], expanded, moves, *state)

        return assign

    def _moves(self, previous: np.ndarray, centers: np.ndarray) -> CenterMoves:
        dtype = centers.dtype.type
        eps = np.finfo(dtype).eps
        # Relative error of a distance and of its conversion.
        margin = (self.rows.n_features + 8) * eps
        exact = centers.astype(np.float64)
        own = _norms(exact - previous) * (1 + margin) + SMALLEST_MOVE
        farthest = int(own.argmax())
        others = np.full(self.n_clusters, own[farthest])
        others[farthest] = np.delete(own, farthest).max(initial=0)
        sq_gaps = np.empty(self.n_clusters)
        nearest_other_centers(exact, sq_gaps)
        half_gaps = 0.5 * np.sqrt(sq_gaps) * (1 - margin) - SMALLEST_MOVE
        return CenterMoves(
            own.astype(dtype),
            others.astype(dtype),
            half_gaps.astype(dtype),
            dtype(1 + 2 * eps),
            dtype(1 - 2 * eps),
            dtype(1 + margin),
        )


class Elkan(Lloyd):
    """Elkan's iteration: bounds from the triangle inequality leave most distances uncomputed.

    Takes 8 bytes for each pair of a row and a centre. Dense rows only.
    """

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int) -> None:
        super().__init__(rows, n_clusters)
        # Relative error of a plain sum of squares and its root, once for each side of a comparison.
        eps = np.finfo(rows.dtype).eps
        self.margin = float((rows.n_features + 8) * eps)
        self.floor = float((rows.n_features + 8) * np.finfo(rows.dtype).tiny)
        self.centers: np.ndarray | None = None
        self.upper = np.empty(rows.n_samples)
        self.lower = np.empty((rows.n_samples, n_clusters))

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows, given where the centres were before."""
        previous, self.centers = self.centers, centers
        if previous is None:
            return self._start(centers)
        exact = centers.astype(np.float64)
        shifts = _norms(exact - previous) * (1 + self.margin) + SMALLEST_MOVE
        half_gaps = np.empty((self.n_clusters, self.n_clusters))
        for c, center in enumerate(exact):
            half_gaps[c] = _norms(exact - center) * (0.5 * (1 - self.margin)) - SMALLEST_MOVE
        np.fill_diagonal(half_gaps, np.inf)
        half_nearest = half_gaps.min(axis=1)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            return elkan_step(
                self.rows.X[block],
                centers,
                shifts,
                half_gaps,
                half_nearest,
                self.margin,
                self.floor,
                labels[block],
                self.upper[block],
                self.lower[block],
            )

        return assign

    def _start(self, centers: np.ndarray) -> Assign:
        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            state = labels[block], self.upper[block], self.lower[block]
            n_distances = elkan_start(self.rows.X[block], centers, self.margin, self.floor, *state)
            return block.stop - block.start, n_distances

        return assign


def _norms(differences: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(differences).sum(axis=1))


ITERATIONS: dict[str, type[Lloyd]] = {"lloyd": Lloyd, "hamerly": Hamerly, "elkan": Elkan}


def choose_iteration(rows: Rows, n_clusters: int) -> str:
    """The iteration that ``algorithm='auto'`` stands for, by the shape of the work.

    Hamerly's bounds cost two numbers and a few operations for each row, which they save many times
    over where a distance costs more than that: beyond the few features that are compared directly.
    With so many features that BLAS is used, Lloyd's iteration is the faster; and with so many
    centres that their distances to one another take long.
    """
    operations = rows.n_samples * rows.operations_per_distance * n_clusters
    between_centers = n_clusters**2 * rows.n_features
    tiled = isinstance(rows, DenseRows) and rows.is_tiled
    pays = operations >= BOUNDS_OPERATIONS and between_centers <= PIECE_OPERATIONS
    return "hamerly" if tiled and pays else "lloyd"


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

    def block_sum(index: int, block: slice) -> Statistics:
        sums, weights = np.zeros((1, rows.n_features)), np.zeros(1)
        unweighted.accumulate(block, labels, sums, weights)
        return Statistics(0, 0, sums, weights)

    mean = combine(map_blocks(block_sum, blocks)).sums / rows.n_samples
    return inertia(unweighted, mean.astype(rows.dtype), labels) / rows.X.shape[0] / rows.n_features
