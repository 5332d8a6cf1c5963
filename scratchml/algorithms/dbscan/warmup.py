"""Workloads that call every kernel of DBSCAN in each form that it is called in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .engines.grid_warmup import cluster_small_grid
from .estimator import DBSCAN


def cluster_points(dtype: type[np.floating]) -> None:
    """Fit by each way of finding the clusters of points."""
    X = np.linspace(0, 1, 60, dtype=dtype).reshape(20, 3)
    X = np.concatenate([X, X + 3, X[:1] + 10])
    weights = np.ones(len(X))
    DBSCAN(0.3, min_samples=3, algorithm="kd_tree", leaf_size=8).fit(X, sample_weight=weights)
    DBSCAN(0.3, min_samples=3, algorithm="brute").fit(X, sample_weight=weights)
    DBSCAN(0.3, min_samples=3).fit(X).predict(X)


def cluster_distances(dtype: type[np.floating]) -> None:
    """Fit distances, dense and sparse."""
    from scipy.sparse import csr_array

    distances = abs(np.subtract.outer(np.arange(30), np.arange(30))).astype(dtype)
    DBSCAN(1.5, metric="precomputed", min_samples=3).fit(distances)
    DBSCAN(1.5, metric="precomputed", min_samples=3).fit(csr_array(distances))


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "grid": cluster_small_grid,
    "points": cluster_points,
    "distances": cluster_distances,
}
