"""Workloads that call every kernel of mini-batch K-means in each form that its fits do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .estimator import MiniBatchKMeans


def fit_twice(dtype: type[np.floating], as_data: Callable[[np.ndarray], Any]) -> None:
    """Learn from a few rows, without weights and with them."""
    X = as_data(np.random.default_rng(0).normal(size=(8, 3)).astype(dtype))
    for sample_weight in (None, np.arange(1, 9)):
        kmeans = MiniBatchKMeans(2, batch_size=4, max_iter=1, random_state=0)
        kmeans.fit(X, sample_weight=sample_weight).partial_fit(X, sample_weight=sample_weight)


def csr(X: np.ndarray) -> Any:
    """The same rows as a CSR matrix."""
    from scipy.sparse import csr_matrix

    return csr_matrix(X)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "dense rows": lambda dtype: fit_twice(dtype, np.asarray),
    "CSR": lambda dtype: fit_twice(dtype, csr),
}
