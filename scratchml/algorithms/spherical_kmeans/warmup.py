"""Workloads that call every kernel of spherical K-means in each form that fits do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratchml.algorithms.kmeans import (
    TILED_FEATURES,
    Rows,
    as_rows,
    greedy_kmeans_plusplus,
    inertia,
    update_centers,
)

from .iteration import SphericalLloyd, unit_vectors
from .rows import as_directions


def walk(plain: Rows) -> None:
    """Seed, iterate, and compute all distances that fits and predictions ask for."""
    rows = as_directions(plain)
    block = slice(0, rows.n_samples)
    labels = np.full(rows.n_samples, -1, np.int32)
    seeds, _ = greedy_kmeans_plusplus(rows, 2, None, np.random.RandomState(0))
    centers = unit_vectors(seeds).astype(rows.dtype)
    step = SphericalLloyd(rows, len(centers))
    centers = update_centers(rows, step(centers, labels), centers, labels)
    inertia(rows, centers, labels)
    rows.distances_to_centers(block, centers, np.empty((rows.n_samples, 2), rows.dtype))


def dense_rows(n_features: int, dtype: type[np.floating]) -> Rows:
    """A few dense rows."""
    X = np.random.default_rng(0).normal(size=(8, n_features))
    return as_rows(X.astype(dtype), None)


def csr_rows(index_dtype: type[np.integer], dtype: type[np.floating]) -> Rows:
    """A few CSR rows. Those of more entries than int32 can count have indices of int64."""
    from scipy.sparse import csr_array

    X = csr_array(np.random.default_rng(0).normal(size=(8, 3)).astype(dtype))
    X.indices = X.indices.astype(index_dtype)
    X.indptr = X.indptr.astype(index_dtype)
    return as_rows(X, None)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "tiles": lambda dtype: walk(dense_rows(TILED_FEATURES, dtype)),
    "wide rows": lambda dtype: walk(dense_rows(TILED_FEATURES + 1, dtype)),
    "CSR": lambda dtype: walk(csr_rows(np.int32, dtype)),
    "CSR of 64-bit indices": lambda dtype: walk(csr_rows(np.int64, dtype)),
}
