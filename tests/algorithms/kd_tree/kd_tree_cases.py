"""Problems for a KD-tree to stumble over, and brute force to compare it with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from scratchml.core.jit import compilation_is_on

METRICS: dict[str, tuple[dict[str, Any], float]] = {
    "euclidean": ({"metric": "euclidean"}, 2),
    "manhattan": ({"metric": "manhattan"}, 1),
    "chebyshev": ({"metric": "chebyshev"}, np.inf),
    "p=3": ({"metric": "minkowski", "p": 3}, 3),
    "p=1.5": ({"metric": "minkowski", "p": 1.5}, 1.5),
}
"""Name -> arguments of the class, and the power."""

each_metric = pytest.mark.parametrize("metric", list(METRICS))

N_PROBLEMS = 600 if compilation_is_on() else 60
SIZE = 80 if compilation_is_on() else 25


class Problem(NamedTuple):
    """Points, queries, and what is asked of them."""

    X: np.ndarray
    Q: np.ndarray
    k: int
    r: np.ndarray
    leaf_size: int
    metric: str


def points(kind: int, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Points of one of seven kinds, float[n, d]."""
    X = rng.normal(size=(n, d))
    if kind == 1:
        X = rng.integers(0, 3, size=(n, d)).astype(float)
    elif kind == 2:
        X = X[rng.integers(0, max(n // 5, 1), size=n)]
    elif kind == 3:
        X[:, rng.integers(d)] = 7
    elif kind == 4:
        X = np.round(X, 1) + 1e6
    elif kind == 5:
        X = X.astype(np.float32)
    elif kind == 6:
        X = rng.uniform(size=(n, d)) * 10.0 ** rng.integers(-3, 4, size=d)
    return X


def problem(number: int) -> Problem:
    """A random problem: kinds of points, metrics, leaf sizes, k and radii, by turns."""
    rng = np.random.default_rng(number)
    kind, metric = number % 7, list(METRICS)[number % 5]
    d = int(rng.integers(1, 13))
    leaf_size = int(rng.choice([1, 7, 40]))
    n = max(int(rng.choice([rng.integers(1, SIZE), leaf_size + rng.integers(-1, 2)])), 1)
    if rng.random() < 0.2:
        leaf_size = n
    X = points(kind, n, d, rng)
    # Points of the tree itself, others like them, and one far away.
    Q = np.concatenate([X[rng.integers(0, n, 4)], points(kind, 4, d, rng), X[:1] * 3 + 10])
    k = int(rng.choice([1, n, rng.integers(1, n + 1)]))
    # Radii that are the distances to points of the tree, 0, and all there are.
    power = METRICS[metric][1]
    exact = [roots(reduced(X, q, power), power)[rng.integers(n)] for q in Q]
    r = np.where(rng.random(len(Q)) < 0.8, exact, rng.choice([0.0, 1.0, np.inf], len(Q)))
    return Problem(X, Q, k, r, leaf_size, metric)


def reduced(X: np.ndarray, q: np.ndarray, p: float) -> np.ndarray:
    """Sums of powers of the differences in feature order, or their maxima; float64[n]."""
    with np.errstate(over="ignore", under="ignore"):  # as far as float64 goes
        D = np.zeros(len(X))
        for j in range(X.shape[1]):
            gap = np.abs(X[:, j].astype(float) - float(q[j]))
            if p == np.inf:
                D = np.maximum(D, gap)
            else:
                D = D + ({1: gap, 2: gap * gap}[p] if p in (1, 2) else each_power(gap, p))
        return D


def each_power(gap: np.ndarray, p: float) -> np.ndarray:
    """Powers as the C library has them, which NumPy's loop over an array does not always."""
    return np.array([x**p for x in gap])


def roots(D: np.ndarray, p: float) -> np.ndarray:
    """Distances of sums of powers."""
    return D if p in (1, np.inf) else np.sqrt(D) if p == 2 else D ** (1 / p)


def brute_nearest(X: np.ndarray, Q: np.ndarray, k: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """The k smallest pairs of distance and index: distances and indices, [n_queries, k]."""
    distances, indices = np.empty((len(Q), k)), np.empty((len(Q), k), np.int64)
    for i, q in enumerate(Q):
        D = reduced(X, q, p)
        indices[i] = np.argsort(D, kind="stable")[:k]
        distances[i] = roots(D[indices[i]], p)
    return distances, indices


def brute_within(X: np.ndarray, Q: np.ndarray, r: np.ndarray, p: float) -> list[list[int]]:
    """Indices of the points within each radius, ascending."""
    with np.errstate(over="ignore", under="ignore"):
        limits = reduced(np.asarray(r, float)[:, np.newaxis], np.zeros(1), p)
    return [
        np.flatnonzero(reduced(X, q, p) <= limit).tolist()
        for q, limit in zip(Q, limits, strict=True)
    ]
