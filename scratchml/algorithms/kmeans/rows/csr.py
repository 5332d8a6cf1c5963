"""CSR rows: sums run over the entries that are stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.jit import kernel_view
from scratchml.core.kernels.tiles import TILE

from ..kernels import seeding, sparse
from .base import Assign, BaseRows, length

FULL_CENTERS = 8
"""Centres of which one number in so many is not zero are no longer walked along those."""


class SparseRows(BaseRows):
    """Rows of a CSR matrix with sorted indices and no duplicates."""

    def __init__(self, X: Any, sample_weight: np.ndarray | None) -> None:
        super().__init__(X, sample_weight)
        self._arrays = kernel_view(X.data), kernel_view(X.indices), kernel_view(X.indptr)

    @property
    def operations_per_distance(self) -> float:
        """Multiply-adds, about, of one distance."""
        return self.X.nnz / max(self.n_samples, 1) + 1

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Copies of some rows, as float[n_indices, n_features]."""
        return self.X[indices].toarray()

    def _csr(self, block: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        data, indices, indptr = self._arrays
        return data, indices, indptr[block.start : block.stop + 1]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the nearest of these centres."""
        sq_norms = _sq_norms(centers)
        with np.errstate(over="ignore"):  # what overflows in float32 is settled in float64
            transposed = np.ascontiguousarray(centers.T, dtype=np.float32)
        slack = 2 * (self.n_features + 8) * float(np.finfo(np.float64).eps)
        # The first centres are rows; the means of many rows soon have few zeros.
        few = np.count_nonzero(centers) * FULL_CENTERS <= centers.size
        owners, features = np.nonzero(centers) if few else np.empty((2, 0), np.intp)
        ends = np.searchsorted(owners, np.arange(len(centers) + 1))
        sparse_centers = sparse.SparseCenters(
            centers,
            transposed,
            sq_norms / 2,
            float(sq_norms.max()),
            slack,
            features.astype(np.int32),
            ends,
        )

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = sparse.assign_csr(*self._csr(block), sparse_centers, labels[block])
            return n_changed, len(centers) * length(block)

        return assign

    # --- sums and distances

    def accumulate(
        self, block: slice, labels: np.ndarray, out_sums: np.ndarray, out_weights: np.ndarray
    ) -> None:
        """Add the rows of a slice to the sums of their clusters."""
        sparse.accumulate_centers_csr(
            *self._csr(block), self.weights(block), labels[block], out_sums, out_weights
        )

    def sum_sq_distances(self, block: slice, centers: np.ndarray, labels: np.ndarray) -> float:
        """Weighted sum of squared distances of a slice of rows to their own centres."""
        sq_distances = np.empty(length(block))
        sparse.sq_distances_to_own_csr(
            *self._csr(block), centers, _sq_norms(centers), labels[block], sq_distances
        )
        return seeding.weighted_sum(self.weights(block), sq_distances)

    def sq_distances_to_own(
        self, block: slice, centers: np.ndarray, labels: np.ndarray, out: np.ndarray
    ) -> None:
        """Squared distance of each row of a slice to its own centre."""
        sparse.sq_distances_to_own_csr(
            *self._csr(block), centers, _sq_norms(centers), labels[block], out[block]
        )

    def distances_to_centers(self, block: slice, centers: np.ndarray, out: np.ndarray) -> None:
        """Distance of each row of a slice to each centre."""
        for c, sq_distances in enumerate(self._sq_distances(block, centers)):
            out[block, c] = np.sqrt(sq_distances)

    def _sq_distances(self, block: slice, points: np.ndarray) -> Any:
        sq_distances = np.empty(length(block))
        for point, sq_norm in zip(points, _sq_norms(points), strict=True):
            sparse.sq_distances_csr(*self._csr(block), point, sq_norm, sq_distances)
            yield sq_distances

    # --- k-means++

    def update_closest(
        self, block: slice, center: np.ndarray, closest: np.ndarray, out_potentials: np.ndarray
    ) -> None:
        """Lower the distances of a slice of rows to their nearest centre; sum them by tile."""
        for sq_distances in self._sq_distances(block, center[np.newaxis]):
            np.minimum(closest[block], sq_distances, out=closest[block])
        for tile, start in enumerate(range(block.start, block.stop, TILE)):
            rows = slice(start, min(start + TILE, block.stop))
            out_potentials[tile] = seeding.weighted_sum(self.weights(rows), closest[rows])

    def candidate_potentials(
        self, block: slice, closest: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Potential of a slice of rows for each candidate as the next centre."""
        return np.array(
            [
                seeding.weighted_sum(self.weights(block), np.minimum(closest[block], sq_distances))
                for sq_distances in self._sq_distances(block, candidates)
            ]
        )


def _sq_norms(points: np.ndarray) -> np.ndarray:
    return np.square(points, dtype=np.float64).sum(axis=1)
