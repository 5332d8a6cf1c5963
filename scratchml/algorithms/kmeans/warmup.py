"""Workloads that call every kernel of K-means in each form that fits and predictions do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .iterations import Elkan, Hamerly, Lloyd, Yinyang, update_centers
from .passes import inertia
from .rows import DIRECT_FEATURES, TILED_FEATURES, Rows, as_rows
from .seeding import greedy_kmeans_plusplus


def walk(rows: Rows, iteration: type[Lloyd]) -> None:
    """Seed, iterate twice, and compute all distances that fits and predictions ask for."""
    block = slice(0, rows.n_samples)
    labels = np.full(rows.n_samples, -1, np.int32)
    centers, _ = greedy_kmeans_plusplus(rows, 2, None, np.random.RandomState(0))
    step = iteration(rows, len(centers))
    for _ in range(2):  # the first finds all labels, the second has bounds to use
        centers = update_centers(rows, step(centers, labels), centers, labels)
    inertia(rows, centers, labels)
    rows.sq_distances_to_own(block, centers, labels, np.empty(rows.n_samples, rows.dtype))
    rows.distances_to_centers(block, centers, np.empty((rows.n_samples, 2), rows.dtype))


def dense_rows(n_features: int, dtype: type[np.floating]) -> Rows:
    """A few dense rows."""
    X = np.random.default_rng(0).normal(size=(8, n_features))
    return as_rows(X.astype(dtype), None)


def csr_rows(index_dtype: type[np.integer], dtype: type[np.floating]) -> Rows:
    """A few CSR rows. Those of more entries than int32 can count have indices of int64."""
    from scipy.sparse import csr_matrix

    X: Any = csr_matrix(np.random.default_rng(0).normal(size=(8, 3)).astype(dtype))
    X.indices = X.indices.astype(index_dtype)
    X.indptr = X.indptr.astype(index_dtype)
    return as_rows(X, None)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "few features": lambda dtype: walk(dense_rows(DIRECT_FEATURES, dtype), Lloyd),
    "tiles of rows": lambda dtype: walk(dense_rows(TILED_FEATURES, dtype), Lloyd),
    "wide rows": lambda dtype: walk(dense_rows(TILED_FEATURES + 1, dtype), Lloyd),
    "Hamerly's bounds": lambda dtype: walk(dense_rows(TILED_FEATURES, dtype), Hamerly),
    "Yinyang's bounds": lambda dtype: walk(dense_rows(TILED_FEATURES, dtype), Yinyang),
    "Elkan's bounds": lambda dtype: walk(dense_rows(TILED_FEATURES, dtype), Elkan),
    "CSR": lambda dtype: walk(csr_rows(np.int32, dtype), Lloyd),
    "CSR of 64-bit indices": lambda dtype: walk(csr_rows(np.int64, dtype), Lloyd),
}
