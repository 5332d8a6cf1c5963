"""Workloads that call every kernel of brute force in each form that queries do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .kernels.direct import EUCLIDEAN, MINKOWSKI
from .metrics import nan_euclidean
from .searches import DenseSearch, PairwiseSearch, Search, SparseSearch


def walk(search: Search, queries: Any) -> None:
    """Find neighbours in both ways."""
    search.nearest(queries, 2)
    search.within(queries, np.ones(queries.shape[0]), True, sort_results=True)


def rows(n_features: int, dtype: type[np.floating]) -> np.ndarray:
    """As many dense rows as it takes to be packed."""
    X = np.random.default_rng(0).normal(size=(40, n_features))
    return X.astype(dtype)


def dense(n_features: int, dtype: type[np.floating]) -> None:
    """Dense rows, by differences or by dot products."""
    X = rows(n_features, dtype)
    walk(DenseSearch(X, EUCLIDEAN), X)
    walk(DenseSearch(X, MINKOWSKI, 3.0), X)


def csr(index_dtype: type[np.integer], dtype: type[np.floating]) -> None:
    """CSR rows. Those of more entries than int32 can count have indices of int64."""
    from scipy.sparse import csr_matrix

    X = csr_matrix(rows(3, dtype))
    search = SparseSearch(X, EUCLIDEAN)
    if index_dtype is np.int64:
        points = search.rows
        wide = (points.indices.astype(np.int64), points.indptr.astype(np.int64))
        search.rows = points._replace(indices=wide[0], indptr=wide[1])
    walk(search, X)


def pairwise(dtype: type[np.floating]) -> None:
    """Distances that are given, and those of rows with missing values."""
    X = rows(3, dtype)
    walk(PairwiseSearch(len(X), partial(nan_euclidean, X)), X)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "few features": partial(dense, 3),
    "packed rows": partial(dense, 6),
    "CSR": partial(csr, np.int32),
    "CSR of 64-bit indices": partial(csr, np.int64),
    "given distances": pairwise,
}
