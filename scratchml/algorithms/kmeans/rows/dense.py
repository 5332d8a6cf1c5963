"""Dense rows: differences for few features, dot products over panels of rows for more."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.jit import kernel_view
from scratchml.core.kernels.tiles import TILE

from ..kernels import distances, seeding, update
from ..kernels.assign import ExpandedCenters, assign_expanded
from ..kernels.direct import assign_direct
from .base import Assign, BaseRows, length

DIRECT_FEATURES = 4
"""Up to here differences are taken: a dot product would save little beside the comparisons."""

TILED_FEATURES = 128
"""Up to here rows are put on SIMD lanes; beyond, dot products fill the lanes by themselves."""

PANEL_BYTES = 2**17
"""Size of a panel of wider rows: it stays in a second-level cache while all centres pass by."""

EXPANDED_FORM: Any = {"over": "ignore", "invalid": "ignore"}
"""Where the expanded form overflows, differences decide: no warning of its own."""


class DenseRows(BaseRows):
    """Rows of a C-contiguous float[n_samples, n_features] array."""

    X: np.ndarray

    def __init__(self, X: np.ndarray, sample_weight: np.ndarray | None) -> None:
        super().__init__(kernel_view(X), sample_weight)

    @property
    def operations_per_distance(self) -> float:
        """Multiply-adds, about, of one distance."""
        return self.n_features

    @property
    def is_expanded(self) -> bool:
        """Whether labels come from the expanded form, which gives bounds as well."""
        return self.n_features > DIRECT_FEATURES

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Copies of some rows, as float[n_indices, n_features]."""
        return self.X[indices]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the nearest of these centres."""
        if self.n_features <= DIRECT_FEATURES:
            return self._direct_assigner(centers)
        return self._expanded_assigner(centers)

    def _direct_assigner(self, centers: np.ndarray) -> Assign:
        k, d = centers.shape
        padded = np.full((round_up(k, 4), 2 if d <= 2 else 4), np.inf, self.dtype)
        padded[:k] = 0
        padded[:k, :d] = centers

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = assign_direct(self.X[block], padded, labels[block])
            return n_changed, k * length(block)

        return assign

    def _expanded_assigner(self, centers: np.ndarray) -> Assign:
        expanded = self.expand(centers)
        no_bounds = np.empty(0, self.dtype)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = assign_expanded(
                self.X[block], expanded, labels[block], no_bounds, no_bounds
            )
            return n_changed, len(centers) * length(block)

        return assign

    @np.errstate(**EXPANDED_FORM)
    def expand(self, centers: np.ndarray, spare: int = 0) -> ExpandedCenters:
        """Centres as the expanded form needs them, relative to their mean.

        ``spare`` zeros are appended to the features beyond the padding.
        """
        k, d = centers.shape
        exact = centers.astype(np.float64)
        origin = exact.mean(axis=0).astype(self.dtype)
        padded = np.zeros((round_up(k, 4), max(round_up(d, 4), 8) + spare), self.dtype)
        padded[:k, :d] = exact - origin
        sq_norms = np.square(padded[:k], dtype=np.float64).sum(axis=1)
        half_sq_norms = np.full(len(padded), np.inf, self.dtype)
        half_sq_norms[:k] = sq_norms / 2
        # (|x| + |c|)^2 <= 2 (|x|^2 + |c|^2)
        slack = 2 * (d + 8) * np.finfo(self.dtype).eps
        of_dtype = self.dtype.type
        # Products below the smallest normal number lose what is relative to them.
        floor = (d + 8) * np.finfo(self.dtype).tiny
        return ExpandedCenters(
            centers,
            origin,
            padded,
            half_sq_norms,
            of_dtype(slack),
            of_dtype(sq_norms.max()),
            of_dtype(floor),
            rows_in_panel(d, padded[0].nbytes),
            d <= TILED_FEATURES,
        )

    # --- sums and distances

    def accumulate(
        self, block: slice, labels: np.ndarray, out_sums: np.ndarray, out_weights: np.ndarray
    ) -> None:
        """Add the rows of a slice to the sums of their clusters."""
        update.accumulate_centers(
            self.X[block], self.weights(block), labels[block], out_sums, out_weights
        )

    def sum_sq_distances(self, block: slice, centers: np.ndarray, labels: np.ndarray) -> float:
        """Weighted sum of squared distances of a slice of rows to their own centres."""
        return distances.sum_sq_distances(
            self.X[block], self.weights(block), centers, labels[block]
        )

    def sq_distances_to_own(
        self, block: slice, centers: np.ndarray, labels: np.ndarray, out: np.ndarray
    ) -> None:
        """Squared distance of each row of a slice to its own centre."""
        distances.sq_distances_to_own(self.X[block], centers, labels[block], out[block])

    def distances_to_centers(self, block: slice, centers: np.ndarray, out: np.ndarray) -> None:
        """Distance of each row of a slice to each centre."""
        distances.distances_to_centers(self.X[block], centers, out[block])

    # --- k-means++

    def update_closest(
        self, block: slice, center: np.ndarray, closest: np.ndarray, out_potentials: np.ndarray
    ) -> None:
        """Lower the distances of a slice of rows to their nearest centre; sum them by tile."""
        seeding.update_closest(
            self.X[block], self.weights(block), center, closest[block], out_potentials
        )

    def candidate_potentials(
        self, block: slice, closest: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Potential of a slice of rows for each candidate as the next centre."""
        potentials = np.zeros(len(candidates))
        seeding.candidate_potentials(
            self.X[block], self.weights(block), closest[block], candidates, potentials
        )
        return potentials


def rows_in_panel(n_features: int, row_bytes: int) -> int:
    """Rows that are compared together: those of a tile, or as many wide ones as a cache holds."""
    if n_features <= TILED_FEATURES:
        return TILE
    return min(max(PANEL_BYTES // row_bytes, 16), TILE) // 4 * 4


def round_up(n: int, multiple: int) -> int:
    """The next multiple of a number."""
    return -(-n // multiple) * multiple
