"""The rows of a fit, and passes over them: moments by responsibilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .kernels import Densities, accumulate_given, accumulate_statistics

TILE_LANES = 192
"""Rows that are worked on together, where features are few: not a power of two, or the features,
one above the other, would all fall into the same few sets of the first-level cache."""

TILE_BYTES = 2**17
"""Size of a tile where they are many."""

EXPONENTIAL_OPERATIONS = 40
"""Multiply-adds that take about as long as what a row and component cost besides."""

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
        lanes = tile_lanes(self.n_features)

        def add(piece: slice, sums: Sums) -> float:
            return accumulate_statistics(
                self.X[piece], self.sample_weight[piece], densities, origins, lanes, *sums[1:]
            )

        return self._combine(add, len(origins), shape)

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
        lanes = tile_lanes(self.n_features)

        def add(piece: slice, sums: Sums) -> float:
            accumulate_given(
                self.X[piece],
                self.sample_weight[piece],
                responsibilities(piece),
                origins,
                lanes,
                *sums[1:],
            )
            return 0.0

        return self._combine(add, len(origins), shape, in_order)

    def _combine(
        self,
        add: Callable[[slice, Sums], float],
        n_components: int,
        shape: Shape,
        in_order: bool = False,
    ) -> Sums:
        """Sum over blocks what ``add`` sums over pieces of them."""
        d = self.n_features
        per_component = EXPONENTIAL_OPERATIONS + 6 * d + shape[1] * shape[2]
        operations = n_components * per_component

        def sum_block(index: int, block: slice) -> Sums:
            sums = Sums(0.0, np.zeros(n_components), np.zeros((n_components, d)), np.zeros(shape))
            pieces = row_pieces(block, operations, 8 * (d + n_components))
            return sums._replace(log_likelihood=sum(add(piece, sums) for piece in pieces))

        if in_order:
            return sum_block(0, slice(0, self.n_samples))
        partial_bytes = 8 * (n_components * (1 + d) + int(np.prod(shape)))
        first, *others = map_blocks(
            sum_block, row_blocks(self.n_samples, operations, partial_bytes)
        )
        log_likelihood = first.log_likelihood
        for other in others:
            log_likelihood += other.log_likelihood
            for total, more in zip(first[1:], other[1:], strict=True):
                total += more
        return first._replace(log_likelihood=log_likelihood)

    @cached_property
    def mean(self) -> np.ndarray:
        """Weighted mean of all rows, float64[n_features]."""
        origin = self.X[:1].astype(np.float64)
        sums = self.given_sums(_ones, origins=origin, shape=(0, 0, 0))
        return origin[0] + sums.firsts[0] / sums.totals[0]

    def seconds(self, shape: Shape) -> np.ndarray:
        """Weighted second moments of all rows about their mean."""
        return self.given_sums(_ones, origins=self.mean[np.newaxis], shape=shape).seconds


def _ones(piece: slice) -> np.ndarray:
    return np.ones((piece.stop - piece.start, 1))


def tile_lanes(n_features: int) -> int:
    """How many rows a tile holds."""
    return max(min(TILE_BYTES // (8 * n_features), TILE_LANES) // 32 * 32, 32)
