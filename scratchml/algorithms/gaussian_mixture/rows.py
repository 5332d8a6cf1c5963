"""The rows of a fit, and passes over them: moments by responsibilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .kernels import (
    FULL,
    Densities,
    Projections,
    accumulate_given,
    accumulate_grouped,
    accumulate_statistics,
)

TILE_LANES = 192
"""Rows that are worked on together, where features are few: not a power of two, or the features,
one above the other, would all fall into the same few sets of the first-level cache."""

TILE_BYTES = 2**18
"""Size of a tile where they are many."""

EXPONENTIAL_OPERATIONS = 40
"""Multiply-adds that take about as long as what a row and component cost besides."""

GROUPED_FEATURES = 16
"""From so many features on, full covariances cost enough for a look at which ones can count."""

PROJECTIONS_BYTES = 2**26
"""Memory that telling each component from each other may take."""

GROUP_ROWS = 20
"""Rows of a component, on average, that are worth it."""

MOST_DENSITIES = 0.4
"""If more of them than this share count, finding out which do is not worth it: two passes take all
of them then before another looks again, and each time that is in vain twice as many."""

Shape = tuple[int, int, int]


class Sums(NamedTuple):
    """Moments of the rows about one origin for each component, weighted by responsibilities."""

    log_likelihood: float
    """Weighted sum of the log-densities."""
    totals: np.ndarray
    """Sums of the responsibilities, float64[n_components]."""
    firsts: np.ndarray
    """Sums of the rows relative to the origins, float64[n_components, n_features]."""
    seconds: np.ndarray
    """Sums of the products of their features, of as many as were asked for."""
    n_densities: int
    """Densities of a row under a component that were computed."""


class MixtureRows:
    """The rows of a fit with their weights.

    Parameters
    ----------
    X : float[n_samples, n_features]
        C-contiguous.
    sample_weight : float64[n_samples] or None
    """

    def __init__(self, X: np.ndarray, sample_weight: np.ndarray | None) -> None:
        self.X = kernel_view(X)
        self.n_samples, self.n_features = X.shape
        # Kernels read an empty array as unit weights: nothing to allocate, nothing to load.
        self.sample_weight = np.empty(0) if sample_weight is None else kernel_view(sample_weight)
        self.total_weight = (
            float(self.n_samples) if sample_weight is None else float(sample_weight.sum())
        )
        # Added to the weight of a component, which may be 0.
        self.least_total = 10 * np.finfo(np.float64).eps * self.total_weight / self.n_samples
        # The component each row is taken for, where that is of use: the one it had last.
        self.groups: np.ndarray | None = None
        self._plain_passes = 1
        self._plain_passes_left = 0

    def sums(self, densities: Densities, *, origins: np.ndarray, shape: Shape) -> Sums:
        """One pass of EM: responsibilities by these densities, and moments of all orders.

        Parameters
        ----------
        densities : Densities
        origins : float64[n_components, n_features]
            Points near the means.
        shape : tuple of int
            Shape of the second moments that are wanted.

        Returns
        -------
        Sums
        """
        k, d = origins.shape
        no_groups = np.empty(0, np.int32)
        if (
            densities.kind != FULL
            or d < GROUPED_FEATURES
            or not 2 <= k <= self.n_samples / GROUP_ROWS
            or 8 * k * k * d > PROJECTIONS_BYTES
        ):
            return self._plain_sums(densities, origins, shape, no_groups)
        if self.groups is None or self._plain_passes_left:
            if self.groups is None:
                self.groups = np.empty(self.n_samples, np.int32)
            self._plain_passes_left = max(self._plain_passes_left - 1, 0)
            return self._plain_sums(densities, origins, shape, self.groups)
        sums = self._grouped_sums(densities, origins, shape, self.groups)
        if sums.n_densities > MOST_DENSITIES * k * self.n_samples:
            self._plain_passes *= 2
            self._plain_passes_left = self._plain_passes
        return sums

    def _plain_sums(
        self, densities: Densities, origins: np.ndarray, shape: Shape, groups: np.ndarray
    ) -> Sums:
        """The same by all densities; fills the groups if there is a place for them."""
        k, d = origins.shape
        lanes = tile_lanes(d)

        def add(piece: slice, *out: np.ndarray) -> tuple[float, int]:
            log_likelihood = accumulate_statistics(
                self.X[piece],
                self.sample_weight[piece],
                densities,
                origins,
                lanes,
                groups[piece],
                *out,
            )
            return log_likelihood, k * (piece.stop - piece.start)

        operations = k * (EXPONENTIAL_OPERATIONS + 6 * d + shape[1] * shape[2])
        return self._combine(add, shape, operations, k)

    def _grouped_sums(
        self, densities: Densities, origins: np.ndarray, shape: Shape, groups: np.ndarray
    ) -> Sums:
        """The same without densities that are too small to count."""
        k, d = origins.shape
        lanes = tile_lanes(d)
        projections = project(densities)
        # What is left out of a component together weighs less than rounding makes of one sample.
        margin = float(np.log(self.n_samples / np.finfo(np.float64).eps))

        def add(piece: slice, *out: np.ndarray) -> tuple[float, int]:
            # NumPy sorts 16 bits by counting; PROJECTIONS_BYTES leaves no more components.
            order = np.argsort(groups[piece].astype(np.int16), kind="stable").astype(np.int32)
            return accumulate_grouped(
                self.X[piece],
                self.sample_weight[piece],
                order,
                densities,
                projections,
                origins,
                margin,
                lanes,
                groups[piece],
                *out,
            )

        # As if MOST_DENSITIES of the products of features had to be computed.
        operations = k * (EXPONENTIAL_OPERATIONS + 2 * d + MOST_DENSITIES * d * d)
        return self._combine(add, shape, operations, k)

    def given_sums(
        self,
        responsibilities: Callable[[slice], np.ndarray],
        *,
        origins: np.ndarray,
        shape: Shape,
        in_order: bool = False,
    ) -> Sums:
        """Moments by responsibilities that are known.

        Parameters
        ----------
        responsibilities : callable
            Gives them for a slice of rows, float64[n_rows, n_components].
        origins, shape
            As of `sums`.
        in_order : bool
            Whether it has to be called for one slice after the other, from the first on.

        Returns
        -------
        Sums
            With a log-likelihood of 0.
        """
        k, d = origins.shape
        lanes = tile_lanes(d)

        def add(piece: slice, *out: np.ndarray) -> tuple[float, int]:
            accumulate_given(
                self.X[piece],
                self.sample_weight[piece],
                responsibilities(piece),
                origins,
                lanes,
                *out,
            )
            return 0.0, 0

        operations = k * (4 * d + shape[1] * shape[2])
        return self._combine(add, shape, operations, k, 8 * (d + k), in_order)

    def _combine(
        self,
        add: Callable[..., tuple[float, int]],
        shape: Shape,
        operations: float,
        k: int,
        bytes_per_row: float = 0,
        in_order: bool = False,
    ) -> Sums:
        """Sum over blocks what ``add`` sums over pieces of them."""
        d = self.n_features

        def sum_block(index: int, block: slice) -> Sums:
            moments = np.zeros(k), np.zeros((k, d)), np.zeros(shape)
            log_likelihood, n_densities = 0.0, 0
            for piece in row_pieces(block, operations, bytes_per_row):
                log_likelihood_of_piece, n_densities_of_piece = add(piece, *moments)
                log_likelihood += log_likelihood_of_piece
                n_densities += n_densities_of_piece
            return Sums(log_likelihood, *moments, n_densities)

        if in_order:
            return sum_block(0, slice(0, self.n_samples))
        partial_bytes = 8 * (k * (1 + d) + int(np.prod(shape)))
        blocks = row_blocks(self.n_samples, operations, partial_bytes)
        first, *others = map_blocks(sum_block, blocks)
        log_likelihood, totals, firsts, seconds, n_densities = first
        for other in others:
            log_likelihood += other.log_likelihood
            totals += other.totals
            firsts += other.firsts
            seconds += other.seconds
            n_densities += other.n_densities
        return Sums(log_likelihood, totals, firsts, seconds, n_densities)

    def draw(self, k: int, random_state: np.random.RandomState) -> np.ndarray:
        """Indices of so many different rows, drawn by weight.

        Raises
        ------
        ValueError
            If fewer have a weight.
        """
        if not self.sample_weight.size:
            return random_state.choice(self.n_samples, size=k, replace=False)
        n_with = np.count_nonzero(self.sample_weight)
        if n_with < k:
            raise ValueError(
                f"n_samples={n_with} of weight other than zero should be >= n_components={k}."
            )
        p = self.sample_weight / self.total_weight
        return random_state.choice(self.n_samples, size=k, replace=False, p=p)

    @cached_property
    def mean(self) -> np.ndarray:
        """Weighted mean of all rows, float64[n_features]."""
        first = self.sample_weight.argmax() if self.sample_weight.size else 0
        mean = self.X[first : first + 1].astype(np.float64)
        for _ in range(2):  # about any row, then about what has been found
            sums = self.given_sums(_ones, origins=mean, shape=(0, 0, 0))
            mean = mean + sums.firsts / sums.totals
        return mean[0]

    def seconds(self, shape: Shape) -> np.ndarray:
        """Weighted second moments of all rows about their mean."""
        return self.given_sums(_ones, origins=self.mean[np.newaxis], shape=shape).seconds


def _ones(piece: slice) -> np.ndarray:
    return np.ones((piece.stop - piece.start, 1))


def tile_lanes(n_features: int) -> int:
    """How many rows a tile holds."""
    return max(min(TILE_BYTES // (8 * n_features), TILE_LANES) // 32 * 32, 32)


def project(densities: Densities) -> Projections:
    """Directions from each component to each other; see `accumulate_grouped`."""
    means, factors = densities.means, densities.factors
    k, d = means.shape
    directions = np.zeros((k, -(-k // 4) * 4, -(-d // 4) * 4 + 4))
    distances = np.zeros(directions.shape[:2])
    for c in range(k):
        white = (means - means[c]) @ factors[c]
        lengths = np.sqrt(np.square(white).sum(axis=1))
        distances[:, c] = lengths
        # Of equal means no direction tells one component from the other.
        apart = lengths > 0
        directions[apart, c, :d] = white[apart] / -lengths[apart, np.newaxis] @ factors[c].T
    return Projections(directions, distances)
