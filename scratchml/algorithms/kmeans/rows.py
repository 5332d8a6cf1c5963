"""The two kinds of data that K-means walks over, dense rows and CSR rows, behind one interface.

Each method runs a kernel on the rows of one slice. The data are never copied nor changed: what a
kernel needs relative to some origin it subtracts on the way.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchml.core.blocks import single_threaded_blas
from scratchml.core.jit import kernel_view
from scratchml.core.kernels.tiles import TILE

from .kernels import distances, seeding, sparse, update
from .kernels.assign import (
    ExpandedCenters,
    assign_direct,
    assign_expanded,
    assign_scored,
    center_rows,
)

Assign = Callable[[slice, np.ndarray], tuple[int, int]]
"""Labels the rows of a slice, in the array given.

Returns how many labels changed, and how many distances between a row and a centre were computed.
"""

DIRECT_FEATURES = 4
"""Up to here differences are taken: a dot product would save little beside the comparisons."""

TILED_FEATURES = 128
"""Up to here a tile and the centres fit into a second-level cache; beyond, BLAS takes over."""

FEW_CENTERS = 32
"""Up to here BLAS gets the rows on the left, which is the faster order for ten centres."""

BLAS_PIECE_BYTES = 2**21
"""Rows, or the dot products that BLAS leaves of them, at a time: small enough for the last level of
cache, large enough that there are few calls, which wait for one another."""

EXPANDED_FORM: Any = {"over": "ignore", "invalid": "ignore"}
"""Where the expanded form overflows, differences decide: no warning of its own."""


def as_rows(X: Any, sample_weight: np.ndarray | None) -> DenseRows | SparseRows:
    """Wrap validated data: an ndarray or a CSR matrix, and weights or None."""
    kind = DenseRows if isinstance(X, np.ndarray) else SparseRows
    return kind(X, sample_weight)


def _length(block: slice) -> int:
    return block.stop - block.start


def _round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


class _Rows:
    """What both kinds share: shape, dtype and weights."""

    def __init__(self, X: Any, sample_weight: np.ndarray | None) -> None:
        self.X = X
        self.n_samples, self.n_features = X.shape
        self.dtype = X.dtype
        # Kernels read an empty array as unit weights: nothing to allocate, nothing to load.
        self.sample_weight = (
            np.empty(0, self.dtype) if sample_weight is None else kernel_view(sample_weight)
        )

    @property
    def bytes_per_row(self) -> float:
        """Memory that a row takes, about."""
        n_stored = self.X.size if isinstance(self.X, np.ndarray) else 2 * self.X.nnz
        return n_stored * self.dtype.itemsize / max(self.n_samples, 1)

    def weights(self, block: slice) -> np.ndarray:
        """Weights of a slice of rows; an empty slice of an empty array stays empty."""
        return self.sample_weight[block]


class DenseRows(_Rows):
    """Rows of a C-contiguous float[n_samples, n_features] array."""

    X: np.ndarray

    def __init__(self, X: np.ndarray, sample_weight: np.ndarray | None) -> None:
        super().__init__(kernel_view(X), sample_weight)
        self._local = threading.local()

    @property
    def operations_per_distance(self) -> float:
        """Multiply-adds, about, of one distance."""
        return self.n_features

    @property
    def is_tiled(self) -> bool:
        """Whether labels come from dot products over tiles."""
        return DIRECT_FEATURES < self.n_features <= TILED_FEATURES

    def guard(self) -> contextlib.AbstractContextManager[None]:
        """What has to hold while blocks of these rows are assigned."""
        if self.n_features > TILED_FEATURES:
            return single_threaded_blas()
        return contextlib.nullcontext()

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Copies of some rows, as float[n_indices, n_features]."""
        return self.X[indices]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the nearest of these centres."""
        if self.n_features <= DIRECT_FEATURES:
            return self._direct_assigner(centers)
        if self.n_features <= TILED_FEATURES:
            return self._tiled_assigner(centers)
        return self._blas_assigner(centers)

    def _direct_assigner(self, centers: np.ndarray) -> Assign:
        k, d = centers.shape
        padded = np.full((_round_up(k, 4), 2 if d <= 2 else 4), np.inf, self.dtype)
        padded[:k] = 0
        padded[:k, :d] = centers

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = assign_direct(self.X[block], padded, labels[block])
            return n_changed, k * _length(block)

        return assign

    def _tiled_assigner(self, centers: np.ndarray) -> Assign:
        expanded = self.expand(centers)
        no_bounds = np.empty(0, self.dtype)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = assign_expanded(
                self.X[block], expanded, labels[block], no_bounds, no_bounds
            )
            return n_changed, len(centers) * _length(block)

        return assign

    def _blas_assigner(self, centers: np.ndarray) -> Assign:
        expanded = self.expand(centers)
        k, d = centers.shape
        shifted = np.ascontiguousarray(expanded.padded[:k, :d])
        n_rows = min(max(BLAS_PIECE_BYTES // (max(k, d) * self.dtype.itemsize), 128), 4096)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            centered, sq_norms, products = self._room((n_rows, d), (n_rows,), (k, n_rows))
            n_changed = 0
            for start in range(block.start, block.stop, n_rows):
                rows = self.X[start : min(start + n_rows, block.stop)]
                m = len(rows)
                center_rows(rows, expanded.origin, centered, sq_norms)
                scores = products if m == n_rows else np.empty((k, m), self.dtype)
                with np.errstate(**EXPANDED_FORM):
                    if k <= FEW_CENTERS:
                        scores[:] = np.dot(centered[:m], shifted.T).T
                    else:
                        np.dot(shifted, centered[:m].T, out=scores)
                n_changed += assign_scored(rows, expanded, scores, sq_norms, labels[start:][:m])
            return n_changed, k * _length(block)

        return assign

    def _room(self, *shapes: tuple[int, ...]) -> list[np.ndarray]:
        """Arrays to work in, the same ones for each call of a thread: fresh memory is slow."""
        if getattr(self._local, "shapes", None) != shapes:
            self._local.shapes = shapes
            self._local.arrays = [np.empty(shape, self.dtype) for shape in shapes]
        return self._local.arrays

    @np.errstate(**EXPANDED_FORM)
    def expand(self, centers: np.ndarray) -> ExpandedCenters:
        """Centres as the expanded form needs them, relative to their mean."""
        k, d = centers.shape
        exact = centers.astype(np.float64)
        origin = exact.mean(axis=0).astype(self.dtype)
        padded = np.zeros((_round_up(k, 4), max(_round_up(d, 4), 8)), self.dtype)
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


class SparseRows(_Rows):
    """Rows of a CSR matrix with sorted indices and no duplicates."""

    def __init__(self, X: Any, sample_weight: np.ndarray | None) -> None:
        super().__init__(X, sample_weight)
        self._arrays = kernel_view(X.data), kernel_view(X.indices), kernel_view(X.indptr)

    @property
    def operations_per_distance(self) -> float:
        """Multiply-adds, about, of one distance."""
        return self.X.nnz / max(self.n_samples, 1) + 1

    def guard(self) -> contextlib.AbstractContextManager[None]:
        """Nothing has to hold: no BLAS here."""
        return contextlib.nullcontext()

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Copies of some rows, as float[n_indices, n_features]."""
        return self.X[indices].toarray()

    def _csr(self, block: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        data, indices, indptr = self._arrays
        return data, indices, indptr[block.start : block.stop + 1]

    # --- labels

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels rows with the nearest of these centres."""
        transposed = np.ascontiguousarray(centers.T, dtype=np.float64)
        sq_norms = _sq_norms(centers)
        slack = (2 * (self.n_features + 8) * np.finfo(np.float64).eps, sq_norms.max())

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            n_changed = sparse.assign_csr(
                *self._csr(block), centers, transposed, sq_norms / 2, slack, labels[block]
            )
            return n_changed, len(centers) * _length(block)

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
        sq_distances = np.empty(_length(block))
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
        sq_distances = np.empty(_length(block))
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
