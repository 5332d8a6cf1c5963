"""Neighbours by cosine distance: those of the directions, by half the squared chord.

|u - v|^2 / 2 = 1 - u.v for unit vectors. It keeps all digits where 1 - u.v has none left: for
directions that are nearly the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.containers import is_sparse

from ..kernels.direct import EUCLIDEAN
from .dense import DenseSearch
from .found import Found
from .sparse import SparseSearch

OF_POINTS, OF_QUERIES = 0, 1


class DirectionsMixin:
    """A Euclidean search that compares directions."""

    def __init__(self, X: Any) -> None:
        super().__init__(directions(X, OF_POINTS), EUCLIDEAN)  # type: ignore[call-arg]

    def reduced(self, radii: np.ndarray) -> np.ndarray:
        """Radii as they are compared: squared chords."""
        return 2 * radii

    def shown(self, reduced: np.ndarray) -> np.ndarray:
        """Cosine distances, from the squared chords; in place."""
        reduced /= 2
        return np.minimum(reduced, 2, out=reduced)  # rounding may go beyond

    def nearest(self, queries: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest points of each query; as `DenseSearch.nearest`."""
        return super().nearest(directions(queries, OF_QUERIES), k)  # type: ignore[misc]

    def within(
        self, queries: Any, radii: np.ndarray, return_distance: bool, sort_results: bool = False
    ) -> Found:
        """The points within a radius of each query; as `DenseSearch.within`."""
        rows = directions(queries, OF_QUERIES)
        return super().within(rows, radii, return_distance, sort_results)  # type: ignore[misc]


class DenseCosineSearch(DirectionsMixin, DenseSearch):
    """Neighbours among dense rows by cosine distance."""


class SparseCosineSearch(DirectionsMixin, SparseSearch):
    """Neighbours among CSR rows by cosine distance."""


def directions(X: Any, side: int) -> Any:
    """Rows of length one in float64, and two columns more for those without a direction.

    A row of zeros is at a right angle to all others, also to another row of zeros: among points it
    becomes one further axis, among queries a second one.
    """
    return sparse_directions(X, side) if is_sparse(X) else dense_directions(X, side)


def dense_directions(X: np.ndarray, side: int) -> np.ndarray:
    """`directions` of dense rows."""
    n_samples, n_features = X.shape
    unit = np.zeros((n_samples, n_features + 2))
    rows = unit[:, :n_features]
    rows[:] = X
    largest = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    rows /= np.where(largest > 0, largest, 1)[:, None]
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    unit[:, n_features + side] = lengths == 0
    rows /= np.where(lengths > 0, lengths, 1)[:, None]
    return unit


def sparse_directions(X: Any, side: int) -> Any:
    """`directions` of CSR rows."""
    from scipy.sparse import csr_array, hstack

    n_samples = X.shape[0]
    of_entry = np.repeat(np.arange(n_samples), np.diff(X.indptr))
    values = X.data.astype(np.float64)
    largest = np.zeros(n_samples)
    np.maximum.at(largest, of_entry, np.abs(values))
    values /= np.where(largest > 0, largest, 1)[of_entry]
    lengths = np.sqrt(np.bincount(of_entry, values * values, n_samples))
    values /= np.where(lengths > 0, lengths, 1)[of_entry]
    further = np.zeros((n_samples, 2))
    further[:, side] = lengths == 0
    unit = csr_array((values, X.indices, X.indptr), X.shape)
    return hstack([unit, csr_array(further)], format="csr")
