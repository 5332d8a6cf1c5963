"""scikit-learn's values: every metric, matrices of distances, and samples from the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import sklearn.metrics
from scipy.spatial.distance import pdist, squareform
from silhouette_cases import METRICS

from scratchml.metrics import silhouette_samples, silhouette_score

RTOL = 1e-10


def problem(seed, n_samples=90, n_features=4, n_clusters=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_samples, n_features)), rng.integers(0, n_clusters, n_samples)


def assert_same(X, labels, **settings):
    expected = sklearn.metrics.silhouette_samples(X, labels, **settings)
    found = silhouette_samples(X, labels, **settings)
    tolerance = RTOL if found.dtype == np.float64 else 1e-4
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    score = silhouette_score(X, labels, **settings)
    assert score == pytest.approx(
        sklearn.metrics.silhouette_score(X, labels, **settings), rel=tolerance, abs=tolerance
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("metric", METRICS)
def test_compiled_metrics(metric, dtype, seed):
    X, labels = problem(seed)
    assert_same(X.astype(dtype), labels, metric=metric)
    assert silhouette_samples(X.astype(dtype), labels, metric=metric).dtype == dtype


OTHERS = {
    "l1": {},
    "l2": {},
    "cityblock": {},
    "braycurtis": {},
    "canberra": {},
    "chebyshev": {},
    "correlation": {},
    "minkowski": {"p": 3},
    "mahalanobis": {},
    "seuclidean": {},
    "nan_euclidean": {},
    "hamming": {},
}


@pytest.mark.parametrize("metric", OTHERS)
def test_other_metrics(metric):
    X, labels = problem(0, 60)
    assert_same(X, labels, metric=metric, **OTHERS[metric])


@pytest.mark.parametrize("metric", ["dice", "jaccard", "rogerstanimoto", "russellrao", "yule"])
def test_metrics_of_true_and_false(metric):
    rng = np.random.default_rng(0)
    assert_same(rng.random((50, 8)) < 0.4, rng.integers(0, 3, 50), metric=metric)


def test_haversine():
    rng = np.random.default_rng(0)
    X = rng.uniform([-1.5, -3], [1.5, 3], (50, 2))
    assert_same(X, rng.integers(0, 3, 50), metric="haversine")


def largest_difference(x, y):
    return np.abs(x - y).max()


def test_functions():
    X, labels = problem(0, 40)
    assert_same(X, labels, metric=largest_difference)
    assert_same(X, labels, metric=lambda x, y, power: (np.abs(x - y) ** power).sum(), power=1.5)


# --- matrices of distances ------------------------------------------------------------------------


def matrix(seed, dtype=np.float64):
    X, labels = problem(seed, 70)
    return squareform(pdist(X) * 10).astype(dtype), labels


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32, np.uint8])
def test_precomputed(dtype):
    D, labels = matrix(0, dtype)
    D.flags.writeable = False
    assert_same(D, labels, metric="precomputed")
    assert_same(np.asfortranarray(D), labels, metric="precomputed")


def test_precomputed_need_not_be_symmetric():
    rng = np.random.default_rng(0)
    D = rng.random((50, 50))
    np.fill_diagonal(D, 0)
    assert_same(D, rng.integers(0, 4, 50), metric="precomputed")


@pytest.mark.parametrize("container", ["csr_array", "csr_matrix"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_precomputed_sparse(container, dtype):
    D, labels = matrix(0, dtype)
    D[D > 25] = 0  # what is not stored counts as zero
    assert_same(getattr(scipy.sparse, container)(D), labels, metric="precomputed")


@pytest.mark.parametrize("container", ["csc_array", "coo_array", "lil_array"])
def test_precomputed_sparse_of_other_formats(container):
    D, labels = matrix(0)
    D[D > 25] = 0
    sparse = getattr(scipy.sparse, container)(D)
    expected = silhouette_samples(D, labels, metric="precomputed")
    found = silhouette_samples(sparse, labels, metric="precomputed")
    np.testing.assert_allclose(found, expected, rtol=RTOL)


def test_precomputed_with_a_diagonal_of_rounding():
    D, labels = matrix(0)
    np.fill_diagonal(D, 1e-14)
    assert_same(D, labels, metric="precomputed")


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_sparse_data(metric):
    X, labels = problem(0)
    X[X < 0.3] = 0
    X[:, 0] = 1  # a row of zeros has no direction
    assert_same(scipy.sparse.csr_array(X), labels, metric=metric)
    np.testing.assert_allclose(
        silhouette_samples(scipy.sparse.csr_array(X), labels, metric=metric),
        silhouette_samples(X, labels, metric=metric),
        rtol=RTOL,
        atol=RTOL,
    )


# --- samples of the data --------------------------------------------------------------------------


@pytest.mark.parametrize("sample_size", [20, 60, 90, 1000])
@pytest.mark.parametrize("metric", METRICS)
def test_the_same_rows_are_drawn(metric, sample_size, seed):
    X, labels = problem(seed)
    settings = {"metric": metric, "sample_size": sample_size, "random_state": seed}
    expected = sklearn.metrics.silhouette_score(X, labels, **settings)
    assert silhouette_score(X, labels, **settings) == pytest.approx(expected, rel=RTOL)


def test_the_same_rows_of_a_matrix_are_drawn(seed):
    D, labels = matrix(seed)
    settings = {"metric": "precomputed", "sample_size": 40, "random_state": seed}
    expected = sklearn.metrics.silhouette_score(D, labels, **settings)
    assert silhouette_score(D, labels, **settings) == pytest.approx(expected, rel=RTOL)
    of_sparse = silhouette_score(scipy.sparse.csr_array(D), labels, **settings)
    assert of_sparse == pytest.approx(expected, rel=RTOL)


def test_a_random_state_is_drawn_from():
    X, labels = problem(0)
    ours, theirs = np.random.RandomState(5), np.random.RandomState(5)
    for _ in range(2):
        found = silhouette_score(X, labels, sample_size=30, random_state=ours)
        expected = sklearn.metrics.silhouette_score(X, labels, sample_size=30, random_state=theirs)
        assert found == pytest.approx(expected, rel=RTOL)


def test_global_seed_where_there_is_none():
    X, labels = problem(0)
    np.random.seed(3)
    found = silhouette_score(X, labels, sample_size=30)
    np.random.seed(3)
    expected = sklearn.metrics.silhouette_score(X, labels, sample_size=30)
    assert found == pytest.approx(expected, rel=RTOL)
