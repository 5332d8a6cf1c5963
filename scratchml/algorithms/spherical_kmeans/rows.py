"""Rows of K-means seen as directions: each stands for its unit vector, which is never stored.

All that K-means asks of its rows is answered for x / |x|, and what it calls a squared distance is
the cosine distance 1 - cos, half the squared chord. One number for each row, 1 / |x|, is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchml.algorithms.kmeans import (
    TILED_FEATURES,
    Assign,
    DenseRows,
    Rows,
    SparseRows,
    round_up,
    rows_in_panel,
)
from scratchml.core.blocks import map_blocks, row_blocks
from scratchml.core.jit import kernel_view
from scratchml.core.kernels.tiles import TILE

from .kernels import dense, seeding, sparse


class Directions:
    """What both kinds share: lengths, and weights that are zero for rows without a direction."""

    scales: np.ndarray
    """1 / |x|, float64[n_samples]; 0 for rows shorter than the smallest normal number."""
    n_without: int
    """Rows without a direction."""

    def _use_norms(self: Any, norms: np.ndarray) -> None:
        smallest = np.finfo(np.float64).tiny
        if norms.max() > 1 / smallest:
            raise ValueError(
                f"Input X contains infinity or a value too large for {np.dtype(np.float64)!r}."
            )
        without = norms < smallest
        self.scales = np.divide(1, norms, out=norms, where=~without)
        self.scales[without] = 0
        self.n_without = int(np.count_nonzero(without))
        if self.n_without:
            weights = self.sample_weight if self.sample_weight.size else 1
            self.sample_weight = np.where(without, 0, weights).astype(self.dtype)

    def sq_distances_to_own(
        self: Any, block: slice, centers: np.ndarray, labels: np.ndarray, out: np.ndarray
    ) -> None:
        """1 - cosine of each row of a slice and its own centre; 0 without a direction."""
        out[block] = self._distances_to_own(block, centers, labels)
        out[block][self.scales[block] == 0] = 0

    def sum_sq_distances(self: Any, block: slice, centers: np.ndarray, labels: np.ndarray) -> float:
        """Weighted sum of 1 - cosine of a slice of rows and their own centres."""
        distances = self._distances_to_own(block, centers, labels)
        return seeding.weighted_sum(self.weights(block), distances)


class DenseDirections(Directions, DenseRows):
    """Directions of the rows of a C-contiguous float[n_samples, n_features] array."""

    def __init__(self, X: np.ndarray, sample_weight: np.ndarray | None) -> None:
        super().__init__(X, sample_weight)
        norms = np.empty(self.n_samples)
        map_blocks(
            lambda _, block: dense.row_norms(self.X[block], norms[block]),
            row_blocks(self.n_samples, self.n_features),
        )
        self._use_norms(norms)

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Unit vectors of some rows, float64[n_indices, n_features]."""
        return self.X[indices] * self.scales[indices, np.newaxis]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the centre of the largest cosine."""
        unit_centers = self._unit_centers(centers)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = dense.assign_directions(
                self.X[block], self.scales[block], unit_centers, labels[block]
            )
            return n_changed, len(centers) * (block.stop - block.start)

        return assign

    def _unit_centers(self, centers: np.ndarray) -> dense.UnitCenters:
        k, d = centers.shape
        padded = np.zeros((round_up(k, 4), max(round_up(d, 4), 8)), self.dtype)
        padded[:k, :d] = centers
        half_sq_norms = np.zeros(len(padded), self.dtype)
        half_sq_norms[k:] = np.inf
        limits = np.finfo(self.dtype)
        return dense.UnitCenters(
            exact=centers.astype(np.float64),
            padded=padded,
            half_sq_norms=half_sq_norms,
            slack=2 * (d + 8) * float(limits.eps),
            # Products below the smallest normal number lose what is relative to them.
            floor=(d + 8) * float(limits.tiny),
            least_scale=4 / float(limits.max),
            panel_rows=rows_in_panel(d, padded[0].nbytes),
            tiled=d <= TILED_FEATURES,
        )

    # --- sums and distances

    def accumulate(
        self, block: slice, labels: np.ndarray, out_sums: np.ndarray, out_weights: np.ndarray
    ) -> None:
        """Add the directions of a slice of rows to the sums of their clusters."""
        dense.accumulate_directions(
            self.X[block],
            self.scales[block],
            self.weights(block),
            labels[block],
            out_sums,
            out_weights,
        )

    def _distances_to_own(
        self, block: slice, centers: np.ndarray, labels: np.ndarray
    ) -> np.ndarray:
        distances = np.empty(block.stop - block.start)
        dense.cosine_distances_to_own(
            self.X[block],
            self.scales[block],
            centers.astype(np.float64, copy=False),
            labels[block],
            distances,
        )
        return distances

    def distances_to_centers(self, block: slice, centers: np.ndarray, out: np.ndarray) -> None:
        """1 - cosine of each row of a slice and each centre."""
        dense.cosine_distances_to_centers(self.X[block], self.scales[block], centers, out[block])

    # --- k-means++

    def update_closest(
        self, block: slice, center: np.ndarray, closest: np.ndarray, out_potentials: np.ndarray
    ) -> None:
        """Lower 1 - cosine of a slice of rows and their most similar centre; sum it by tile."""
        seeding.update_closest(
            self.X[block],
            self.scales[block],
            self.weights(block),
            center.astype(self.dtype),
            closest[block],
            out_potentials,
        )

    def candidate_potentials(
        self, block: slice, closest: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Potential of a slice of rows for each candidate as the next centre."""
        potentials = np.zeros(len(candidates))
        seeding.candidate_potentials(
            self.X[block],
            self.scales[block],
            self.weights(block),
            closest[block],
            candidates.astype(self.dtype),
            potentials,
        )
        return potentials


class SparseDirections(Directions, SparseRows):
    """Directions of the rows of a CSR matrix with sorted indices and no duplicates."""

    def __init__(self, X: Any, sample_weight: np.ndarray | None) -> None:
        super().__init__(X, sample_weight)
        self._arrays = kernel_view(X.data), kernel_view(X.indices), kernel_view(X.indptr)
        norms = np.empty(self.n_samples)
        data, _, indptr = self._arrays
        map_blocks(
            lambda _, block: sparse.row_norms_csr(
                data, indptr[block.start : block.stop + 1], norms[block]
            ),
            row_blocks(self.n_samples, self.operations_per_distance),
        )
        self._use_norms(norms)

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Unit vectors of some rows, float64[n_indices, n_features]."""
        return self.X[indices].toarray() * self.scales[indices, np.newaxis]

    def _part(self, block: slice) -> tuple[np.ndarray, ...]:
        """Arrays of a slice of rows, as the kernels take them: CSR, and 1 / |x|."""
        data, indices, indptr = self._arrays
        return data, indices, indptr[block.start : block.stop + 1], self.scales[block]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the centre of the largest cosine."""
        transposed = np.ascontiguousarray(centers.T, dtype=np.float64)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = sparse.assign_directions_csr(*self._part(block), transposed, labels[block])
            return n_changed, len(centers) * (block.stop - block.start)

        return assign

    # --- sums and distances

    def accumulate(
        self, block: slice, labels: np.ndarray, out_sums: np.ndarray, out_weights: np.ndarray
    ) -> None:
        """Add the directions of a slice of rows to the sums of their clusters."""
        sparse.accumulate_directions_csr(
            *self._part(block), self.weights(block), labels[block], out_sums, out_weights
        )

    def _distances_to_own(
        self, block: slice, centers: np.ndarray, labels: np.ndarray
    ) -> np.ndarray:
        centers = centers.astype(np.float64, copy=False)
        distances = np.empty(block.stop - block.start)
        sparse.cosine_distances_to_own_csr(
            *self._part(block), centers, _sq_norms(centers), labels[block], distances
        )
        return distances

    def distances_to_centers(self, block: slice, centers: np.ndarray, out: np.ndarray) -> None:
        """1 - cosine of each row of a slice and each centre."""
        for c, distances in enumerate(self._distances(block, centers)):
            out[block, c] = distances

    def _distances(self, block: slice, points: np.ndarray) -> Iterator[np.ndarray]:
        points = points.astype(np.float64, copy=False)
        distances = np.empty(block.stop - block.start)
        for point, sq_norm in zip(points, _sq_norms(points), strict=True):
            sparse.cosine_distances_csr(*self._part(block), point, sq_norm, distances)
            yield distances

    # --- k-means++

    def update_closest(
        self, block: slice, center: np.ndarray, closest: np.ndarray, out_potentials: np.ndarray
    ) -> None:
        """Lower 1 - cosine of a slice of rows and their most similar centre; sum it by tile."""
        for distances in self._distances(block, center[np.newaxis]):
            np.minimum(closest[block], distances, out=closest[block], casting="same_kind")
        for tile, start in enumerate(range(block.start, block.stop, TILE)):
            rows = slice(start, min(start + TILE, block.stop))
            out_potentials[tile] = seeding.weighted_sum(self.weights(rows), closest[rows])

    def candidate_potentials(
        self, block: slice, closest: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Potential of a slice of rows for each candidate as the next centre."""
        return np.array(
            [
                seeding.weighted_sum(self.weights(block), np.minimum(closest[block], distances))
                for distances in self._distances(block, candidates)
            ]
        )


def as_directions(rows: Rows) -> DenseDirections | SparseDirections:
    """See rows as directions: one pass over them for their lengths, and no copy."""
    weights = rows.sample_weight if rows.sample_weight.size else None
    kind = DenseDirections if isinstance(rows, DenseRows) else SparseDirections
    return kind(rows.X, weights)


def _sq_norms(points: np.ndarray) -> np.ndarray:
    """Squared lengths, summed in feature order as the kernels sum what rows have of them."""
    return np.cumsum(points**2, axis=1)[:, -1].copy()
