"""Data of the benchmark cases, made on the spot from a seed."""

from __future__ import annotations

import numpy as np

from scratchml.datasets import make_blobs


def blobs(
    n_samples: int, n_features: int, n_clusters: int, dtype: str, std: float, init_seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping Gaussian blobs, and random rows of them as initial centres.

    Returns
    -------
    X : float[n_samples, n_features]
    init : float[n_clusters, n_features]
    """
    X = make_blobs(n_samples, n_features, centers=n_clusters, cluster_std=std, random_state=0)[0]
    X = np.ascontiguousarray(X, dtype)
    rows = np.random.default_rng(init_seed).choice(n_samples, n_clusters, replace=False)
    return X, X[rows].copy()
