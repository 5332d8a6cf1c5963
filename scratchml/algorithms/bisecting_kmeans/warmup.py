"""Workloads that call every kernel of bisecting K-means in each form that fits do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratchml.algorithms.kmeans import as_rows

from .halves import FEW_FEATURES, Halves, inertia_of_halves


def walk(dtype: type[np.floating]) -> None:
    """Label a few rows with the nearer of two centres, and sum each half."""
    X = np.random.default_rng(0).normal(size=(8, FEW_FEATURES + 1)).astype(dtype)
    rows = as_rows(X, None)
    labels = np.full(len(X), -1, np.int32)
    Halves(rows, 2).relabel(X[:2], labels)
    inertia_of_halves(rows, X[:2], labels)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {"dense": walk}
