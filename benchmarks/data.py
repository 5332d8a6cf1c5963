"""Data of the benchmark cases, made on the spot from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchml.datasets import load_digits, make_blobs


def blobs(
    n_samples: int,
    n_features: int,
    n_clusters: int,
    dtype: str,
    *,
    std: float = 1.0,
    box: float = 10.0,
) -> np.ndarray:
    """Gaussian blobs of one spread, float[n_samples, n_features]; centres from -box to box."""
    X = make_blobs(
        n_samples,
        n_features,
        centers=n_clusters,
        cluster_std=std,
        center_box=(-box, box),
        random_state=0,
    )[0]
    return np.ascontiguousarray(X, dtype)


def blob_labels(
    n_samples: int,
    n_features: int,
    n_clusters: int,
    dtype: str,
    *,
    std: float = 1.0,
    box: float = 10.0,
) -> np.ndarray:
    """Which of the `blobs` each of their samples is of, int64[n_samples]."""
    return make_blobs(
        n_samples,
        n_features,
        centers=n_clusters,
        cluster_std=std,
        center_box=(-box, box),
        random_state=0,
    )[1]


def uniform(n_samples: int, n_features: int, n_clusters: int, dtype: str) -> np.ndarray:
    """Samples spread evenly over the unit cube, without clusters; float[n_samples, n_features]."""
    return np.random.default_rng(0).random((n_samples, n_features), np.dtype(dtype))


def touching(
    n_samples: int,
    n_features: int,
    n_clusters: int,
    dtype: str,
    *,
    radius: float = 0.05,
    gap: float = 0.1001,
) -> np.ndarray:
    """Balls that are evenly filled, in a row along the diagonal; float[n_samples, n_features].

    What is between two of them is the ``gap``; what is between the boxes around them is less.
    """
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(n_samples, n_features))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distances = radius * rng.random((n_samples, 1)) ** (1 / n_features)
    step = (2 * radius + gap) / np.sqrt(n_features)
    centers = step * rng.integers(n_clusters, size=(n_samples, 1))
    return np.ascontiguousarray(centers + distances * directions, dtype)


def digits(n_samples: int, n_features: int, n_clusters: int, dtype: str) -> np.ndarray:
    """The first scanned digits, float[n_samples, 64]; the other sizes are not a choice."""
    bunch: Any = load_digits()
    X = bunch.data[:n_samples]
    if X.shape != (n_samples, n_features):
        raise ValueError(f"digits are {X.shape}, not {(n_samples, n_features)}")
    return np.ascontiguousarray(X, dtype)


def documents(
    n_samples: int, n_features: int, n_clusters: int, dtype: str, *, words: int = 50
) -> Any:
    """Documents on a topic each, as tf-idf rows of length 1, CSR[n_samples, n_features].

    One in 25 of the ``words`` that a document draws is of its topic, which has a fiftieth of
    them; the others are any. Words that are drawn twice make a row shorter.
    """
    from scipy.sparse import csr_array

    rng = np.random.default_rng(0)
    topic_words = rng.integers(n_features, size=(n_clusters, n_features // 50))
    topics = rng.integers(n_clusters, size=n_samples)
    columns = rng.integers(n_features, size=(n_samples, words), dtype=np.int32)
    own = rng.integers(topic_words.shape[1], size=(n_samples, words // 25))
    columns[:, : words // 25] = topic_words[topics[:, np.newaxis], own]
    counts = np.ones(columns.size, dtype)
    indptr = np.arange(0, columns.size + 1, words, dtype=np.int32)
    X: Any = csr_array((counts, columns.ravel(), indptr), shape=(n_samples, n_features))
    X.sum_duplicates()
    frequency = np.bincount(X.indices, minlength=n_features) / n_samples
    X.data *= np.log(1 / np.maximum(frequency, 1 / n_samples)).astype(dtype)[X.indices]
    X.data /= np.repeat(np.sqrt(X.multiply(X).sum(axis=1)), np.diff(X.indptr)).astype(dtype)
    return X


def labeling(n_samples: int, n_features: int, n_clusters: int, dtype: str) -> np.ndarray:
    """Labels without data, spread evenly; integers[n_samples]."""
    return np.random.default_rng(0).integers(n_clusters, size=n_samples, dtype=np.dtype(dtype))


def other_labeling(n_samples: int, n_features: int, n_clusters: int, dtype: str) -> np.ndarray:
    """Labels that agree with those of `labeling` for half of the samples; integers[n_samples]."""
    rng = np.random.default_rng(1)
    drawn = rng.integers(n_clusters, size=n_samples, dtype=np.dtype(dtype))
    agree = rng.random(n_samples, np.float32) < 0.5
    return np.where(agree, labeling(n_samples, n_features, n_clusters, dtype), drawn)


DATASETS: dict[str, Callable[..., Any]] = {
    "blobs": blobs,
    "uniform": uniform,
    "touching": touching,
    "digits": digits,
    "documents": documents,
    "labeling": labeling,
}

LABELS: dict[str, Callable[..., np.ndarray]] = {
    "blobs": blob_labels,
    "labeling": other_labeling,
}
"""Labels of the same samples, for what takes data and labels, or labels twice."""

SPARSE = {"documents"}
"""Those whose data are CSR matrices."""


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
