"""Silhouettes by centres and by medoids."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial.distance import cdist
from silhouette_cases import COMPILED, TRICKY, each_metric, each_tricky, in_float32

import scratchml
from scratchml.algorithms.silhouette import reference
from scratchml.metrics import medoid_silhouette, simplified_silhouette

EUCLIDEAN = pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
LINE = np.array([[0.0], [1.0], [4.0], [6.0], [10.0]])
LABELS = ["A", "A", "B", "B", "C"]


def samples_of(function, *arguments, **settings):
    """The silhouettes of a function, whose score has to be their mean."""
    score, s = function(*arguments, return_samples=True, **settings)
    assert s.dtype == np.float64
    assert isinstance(score, float)
    assert score == pytest.approx(s.mean(), rel=1e-12, abs=1e-15)
    assert function(*arguments, **settings) == score
    return s


# --- centres --------------------------------------------------------------------------------------


def test_centers_by_hand():
    # Means 0.5, 5 and 10; the last is alone.
    s = samples_of(simplified_silhouette, LINE, LABELS)
    np.testing.assert_allclose(s, [4.5 / 5, 3.5 / 4, 2.5 / 3.5, 3 / 4, 0])
    s = samples_of(simplified_silhouette, LINE, LABELS, centers=[[0.0], [4.0], [10.0]])
    np.testing.assert_allclose(s, [1, 2 / 3, 1, 2 / 4, 0])


@EUCLIDEAN
@each_tricky
def test_means_equal_to_the_reference(name, metric):
    X, labels = TRICKY[name]
    expected = reference.simplified_silhouette(X, labels, metric=metric)
    found = samples_of(simplified_silhouette, X, labels, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    X, labels = in_float32(name)
    expected = reference.simplified_silhouette(X, labels, metric=metric)
    found = samples_of(simplified_silhouette, X, labels, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@EUCLIDEAN
@each_tricky
def test_given_centers_equal_to_the_reference(name, metric):
    X, labels = TRICKY[name]
    centers = X[np.unique(labels, return_index=True)[1]]  # the first sample of each
    expected = reference.simplified_silhouette(X, labels, centers, metric)
    found = samples_of(simplified_silhouette, X, labels, centers=centers, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_means_are_those_of_numpy():
    X, labels = TRICKY["labels_of_chance"]
    means = [X[labels == c].mean(axis=0) for c in range(6)]
    found = samples_of(simplified_silhouette, X, labels, centers=means)
    np.testing.assert_allclose(found, samples_of(simplified_silhouette, X, labels), atol=1e-12)


# --- medoids --------------------------------------------------------------------------------------


def test_medoids_by_hand():
    # Of two samples both are as good: the first is taken. A medoid itself has 1.
    s = samples_of(medoid_silhouette, LINE, LABELS)
    np.testing.assert_allclose(s, [1, 2 / 3, 1, 2 / 4, 1])
    s = samples_of(medoid_silhouette, LINE, LABELS, medoids=[1, 3, 4])
    np.testing.assert_allclose(s, [5 / 6, 1, (3 - 2) / 3, 1, 1])


@each_metric
@pytest.mark.parametrize(
    "name",
    [
        "blobs",
        "duplicates",
        "all_equal",
        "uneven_clusters",
        "k_is_n_less_one",
        "one_point_clusters",
    ],
)
def test_medoids_equal_to_the_reference(name, metric):
    X, labels = TRICKY[name]
    medoids = reference.medoids_of(X, labels, metric)
    expected = reference.medoid_silhouette(X, labels, medoids, metric)
    found = samples_of(medoid_silhouette, X, labels, medoids=medoids, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    if not (name == "duplicates" or (name == "all_equal" and metric == "cosine")):
        # Where duplicates are as good as one another, rounding may choose.
        found = samples_of(medoid_silhouette, X, labels, metric=metric)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_medoids_of_a_matrix_of_distances():
    X, labels = TRICKY["uneven_clusters"]
    D = cdist(X, X)
    expected = samples_of(medoid_silhouette, X, labels)
    found = samples_of(medoid_silhouette, D, labels, metric="precomputed")
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    found = samples_of(medoid_silhouette, scipy.sparse.csr_array(D), labels, metric="precomputed")
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_medoids_of_other_metrics():
    X, labels = TRICKY["blobs"]
    D = cdist(X, X, "chebyshev")
    expected = samples_of(medoid_silhouette, D, labels, metric="precomputed")
    found = samples_of(medoid_silhouette, X, labels, metric="chebyshev")
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found = samples_of(medoid_silhouette, X, labels, metric=lambda x, y: np.abs(x - y).max())
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_every_medoid_has_1():
    X, labels = TRICKY["labels_of_chance"]
    medoids = reference.medoids_of(X, labels)
    s = samples_of(medoid_silhouette, X, labels, medoids=medoids)
    assert (s[medoids] == 1).all()


# --- threads and refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("function", [simplified_silhouette, medoid_silhouette])
def test_same_bits_for_any_number_of_threads(function):
    rng = np.random.default_rng(0)
    n = 3000 if COMPILED else 60
    X, labels = rng.normal(size=(n, 6)), rng.integers(0, 9, n)
    found = {}
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            found[n_threads] = samples_of(function, X, labels)
    for n_threads in (2, 3, 8):
        np.testing.assert_array_equal(found[n_threads], found[1])


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_medoids_beside_a_sample_too_far_away_to_measure_them(metric):
    X, labels = TRICKY["blobs"]
    _, expected = medoid_silhouette(X, labels, metric=metric, return_samples=True)
    X, labels = np.append(X, [[1e140] * 3], axis=0), np.append(labels, 9)
    _, found = medoid_silhouette(X, labels, metric=metric, return_samples=True)
    np.testing.assert_allclose(found, [*expected, 1], rtol=1e-12)


def test_sums_that_differ_little_make_one_medoid():
    X, labels = np.array([[0], [3], [1], [2], [1.4], [1e13], [50], [51]]), [0] * 6 + [1, 1]
    expected = reference.medoid_silhouette(X, np.array(labels))
    np.testing.assert_allclose(samples_of(medoid_silhouette, X, labels), expected)


def test_medoids_without_a_direction():
    X = np.array([[0, 0], [0, 0], [1, 0], [1, 1], [0, 1.0]])
    for medoids in (None, [0, 2]):
        s = samples_of(medoid_silhouette, X, [0, 0, 1, 1, 0], metric="cosine", medoids=medoids)
        expected = reference.medoid_silhouette(X, np.array([0, 0, 1, 1, 0]), medoids, "cosine")
        np.testing.assert_allclose(s, expected, atol=1e-15)


def test_medoids_of_sparse_data_by_squared_distances():
    X, labels = TRICKY["some_rows_of_zeros"]
    expected = medoid_silhouette(X, labels, metric="sqeuclidean")
    found = medoid_silhouette(scipy.sparse.csr_array(X), labels, metric="sqeuclidean")
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("medoids", [None, [0, 40, 80]])
def test_a_parameter_that_the_metric_does_not_have(medoids):
    X, labels = TRICKY["blobs"]
    with pytest.raises(TypeError, match=r"^The metric 'manhattan' has no parameter 'foo'\.$"):
        medoid_silhouette(X, labels, medoids=medoids, metric="manhattan", foo=3)
