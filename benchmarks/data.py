"""Data of the benchmark cases, made on the spot from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchml.datasets import load_digits, make_blobs


def blobs(
    n_samples: int, n_features: int, n_clusters: int, dtype: str, *, std: float = 1.0
) -> np.ndarray:
    """Gaussian blobs of one spread, float[n_samples, n_features]."""
    X = make_blobs(n_samples, n_features, centers=n_clusters, cluster_std=std, random_state=0)[0]
    return np.ascontiguousarray(X, dtype)


def digits(n_samples: int, n_features: int, n_clusters: int, dtype: str) -> np.ndarray:
    """The first scanned digits, float[n_samples, 64]; the other sizes are not a choice."""
    bunch: Any = load_digits()
    X = bunch.data[:n_samples]
    if X.shape != (n_samples, n_features):
        raise ValueError(f"digits are {X.shape}, not {(n_samples, n_features)}")
    return np.ascontiguousarray(X, dtype)


DATASETS: dict[str, Callable[..., np.ndarray]] = {"blobs": blobs, "digits": digits}


def nearest_centers(
    X: np.ndarray, centers: np.ndarray, block_size: int = 10_000
) -> tuple[np.ndarray, float]:
    """Nearest centre of each row and the inertia, for contestants that show neither.

    Parameters
    ----------
    X : float[n_samples, n_features]
    centers : float[n_clusters, n_features]
    block_size : int
        Rows whose distances are held at a time.

    Returns
    -------
    labels : int[n_samples]
    inertia : float
        Sum of squared distances to the nearest centre. By the expanded form in float64, relative
        to the mean of the centres: right to many more digits than single precision has.
    """
    origin = centers.mean(axis=0, dtype=np.float64)
    centers = centers - origin
    half_sq_norms = (centers**2).sum(axis=1) / 2
    labels = np.empty(len(X), np.intp)
    inertia = 0.0
    for start in range(0, len(X), block_size):
        block = X[start : start + block_size] - origin
        scores = half_sq_norms - block @ centers.T
        labels[start : start + block_size] = scores.argmin(axis=1)
        inertia += (block**2).sum() + 2 * scores.min(axis=1).sum()
    return labels, float(inertia)
