"""Whole fits of K-means, for day-to-day work: ``pytest benchmarks/bench_kmeans.py``.

The first call, which compiles, is not timed. Compare two states of the code with pytest-benchmark's
``--benchmark-save`` and ``--benchmark-compare``; compare with peers by ``python -m benchmarks``.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data import blobs
from scratchml.cluster import KMeans, kmeans_plusplus

SHAPES = [
    pytest.param((200_000, 2, 8, "float64"), id="200k-x-2-k8-f64"),
    pytest.param((50_000, 16, 64, "float64"), id="50k-x-16-k64-f64"),
    pytest.param((50_000, 16, 64, "float32"), id="50k-x-16-k64-f32"),
    pytest.param((10_000, 784, 10, "float32"), id="10k-x-784-k10-f32"),
]


@pytest.fixture(params=SHAPES)
def problem(request):
    """Data, and rows of them as initial centres."""
    X = blobs(*request.param, std=10.0)
    return X, X[: request.param[2]].copy()


@pytest.mark.parametrize("algorithm", ["auto", "lloyd", "elkan"])
def test_five_iterations(benchmark, problem, algorithm):
    X, init = problem
    kmeans = KMeans(len(init), init=init, n_init=1, max_iter=5, tol=0, algorithm=algorithm)
    kmeans.fit(X)
    benchmark(kmeans.fit, X)


def test_predict(benchmark, problem):
    X, init = problem
    kmeans = KMeans(len(init), init=init, n_init=1, max_iter=1).fit(X)
    kmeans.predict(X)
    benchmark(kmeans.predict, X)


def test_seeding(benchmark, problem):
    X, init = problem
    kmeans_plusplus(X, len(init), random_state=0)
    benchmark(kmeans_plusplus, X, len(init), random_state=0)


def test_small_fit(benchmark):
    X = blobs(150, 4, 3, "float64")
    kmeans = KMeans(3, random_state=0).fit(X)
    benchmark(kmeans.fit, X)


def test_small_predict(benchmark):
    X = blobs(150, 4, 3, "float64")
    kmeans = KMeans(3, random_state=0).fit(X)
    benchmark(kmeans.predict, np.ascontiguousarray(X[:1]))
