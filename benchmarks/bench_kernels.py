"""Kernels on one thread, for day-to-day work: ``pytest benchmarks/bench_kernels.py``.

The first call, which compiles, is not timed. Rows fit into the cache, so that arithmetic shows and
not memory.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data import blobs
from scratchml.algorithms.kmeans.kernels.assign import assign_expanded
from scratchml.algorithms.kmeans.kernels.direct import assign_direct
from scratchml.algorithms.kmeans.kernels.distances import sum_sq_distances
from scratchml.algorithms.kmeans.kernels.seeding import candidate_potentials, update_closest
from scratchml.algorithms.kmeans.kernels.update import accumulate_centers
from scratchml.algorithms.kmeans.rows import DenseRows
from scratchml.core.kernels.tiles import TILE

N_SAMPLES = 4096
N_CLUSTERS = 32


@pytest.fixture(params=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture
def problem(dtype, n_features):
    """Rows, centres, and the labels and weights that kernels ask for."""
    X = blobs(N_SAMPLES, n_features, N_CLUSTERS, dtype, std=3.0)
    labels = np.random.default_rng(0).integers(N_CLUSTERS, size=N_SAMPLES, dtype=np.int32)
    return X, X[:N_CLUSTERS].copy(), labels, np.empty(0, dtype)


def timed(benchmark, kernel, *arguments):
    """Time a kernel that has been compiled."""
    kernel(*arguments)
    benchmark(kernel, *arguments)


@pytest.mark.parametrize("n_features", [2, 4], ids="d{}".format)
def test_assign_direct(benchmark, problem):
    X, centers, labels, _ = problem
    timed(benchmark, assign_direct, X, centers, labels)


@pytest.mark.parametrize("n_features", [8, 16, 64, 128], ids="d{}".format)
@pytest.mark.parametrize("n_bounds", [0, N_SAMPLES], ids=["labels", "labels-and-bounds"])
def test_assign_expanded(benchmark, problem, n_bounds):
    X, centers, labels, _ = problem
    bounds = np.empty(n_bounds, X.dtype), np.empty(n_bounds, X.dtype)
    timed(benchmark, assign_expanded, X, DenseRows(X, None).expand(centers), labels, *bounds)


@pytest.mark.parametrize("n_features", [2, 16, 64], ids="d{}".format)
def test_accumulate_centers(benchmark, problem):
    X, centers, labels, none = problem
    sums, weights = np.zeros(centers.shape), np.zeros(len(centers))
    timed(benchmark, accumulate_centers, X, none, labels, sums, weights)


@pytest.mark.parametrize("n_features", [2, 16, 64], ids="d{}".format)
def test_sum_sq_distances(benchmark, problem):
    X, centers, labels, none = problem
    timed(benchmark, sum_sq_distances, X, none, centers, labels)


@pytest.mark.parametrize("n_features", [2, 16, 64], ids="d{}".format)
def test_update_closest(benchmark, problem):
    X, centers, _, none = problem
    closest, potentials = np.full(N_SAMPLES, np.inf, X.dtype), np.empty(-(-N_SAMPLES // TILE))
    timed(benchmark, update_closest, X, none, centers[0], closest, potentials)


@pytest.mark.parametrize("n_features", [2, 16, 64], ids="d{}".format)
def test_candidate_potentials(benchmark, problem):
    X, centers, _, none = problem
    closest, potentials = np.full(N_SAMPLES, 1.0, X.dtype), np.empty(5)
    timed(benchmark, candidate_potentials, X, none, closest, centers[:5], potentials)
