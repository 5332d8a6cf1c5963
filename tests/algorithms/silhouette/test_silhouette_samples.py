"""Silhouettes of samples: equal to the reference on tricky data, and what must never change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from silhouette_cases import (
    COMPILED,
    METRICS,
    SCIPY_NAMES,
    TRICKY,
    by_matrix,
    each_metric,
    each_tricky,
    in_float32,
    sums_of,
    tolerance,
)

import scratchml
from scratchml.algorithms.silhouette import reference
from scratchml.metrics import silhouette_samples, silhouette_score

FEW = ("blobs", "uneven_clusters", "one_feature", "forty_features")
OF_FLOAT32 = (
    *FEW,
    "duplicates",
    "offset_1e3",
    "offset_1e6",
    "outlier",
    "some_rows_of_zeros",
    "tiny_values",
    "huge_values",
)


# --- equal to the reference -----------------------------------------------------------------------


def test_by_hand():
    X = np.array([[0.0], [1.0], [4.0], [6.0], [10.0]])
    expected = [(5 - 1) / 5, (4 - 1) / 4, (3.5 - 2) / 3.5, (4 - 2) / 4, 0]
    s = silhouette_samples(X, ["A", "A", "B", "B", "C"])
    np.testing.assert_allclose(s, expected, rtol=1e-15)
    assert silhouette_score(X, ["A", "A", "B", "B", "C"]) == np.mean(s)


@each_metric
@each_tricky
def test_equal_to_the_reference(name, metric):
    X, labels = TRICKY[name]
    expected = reference.silhouette_samples(X, labels, metric)
    found = silhouette_samples(X, labels, metric=metric)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance(name, metric))
    assert np.abs(found).max() <= 1
    _, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    assert not found[sizes[own] == 1].any()


@each_metric
@pytest.mark.parametrize("name", OF_FLOAT32)
def test_float32_is_equal_to_the_reference(name, metric):
    X, labels = in_float32(name)
    expected = reference.silhouette_samples(X, labels, metric)
    found = silhouette_samples(X, labels, metric=metric)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", [0, 60, 120])
def test_a_sample_too_far_away_to_measure_the_others_beside_it(metric, dtype, place):
    X, labels = TRICKY["blobs"]
    X = X.astype(dtype)
    expected = silhouette_samples(X, labels, metric=metric)
    for far in (1e37,) if dtype == "float32" else (1e37, 1e140):
        with_outlier = np.insert(X, place, far, axis=0)
        s = silhouette_samples(with_outlier, np.insert(labels, place, 9), metric=metric)
        np.testing.assert_allclose(np.delete(s, place), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_a_large_constant_feature_beside_tiny_ones(metric):
    X, labels = TRICKY["blobs"]
    expected = silhouette_samples(X.astype("f4"), labels, metric=metric)
    beside = np.column_stack([1e-10 * X, np.full(len(X), 1e12)]).astype("f4")
    found = silhouette_samples(beside, labels, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


def test_directions_that_are_the_same_are_at_distance_0():
    X = np.outer([1.0, 2.0, 4.0, 3.0, 5.0], [0.1, 0.3])
    s = silhouette_samples(np.append(X, [[1, 0]], axis=0), [0, 0, 0, 1, 1, 2], metric="cosine")
    assert s.tolist() == [0] * 6


@pytest.mark.jit
@each_metric
@pytest.mark.parametrize("n_features", [*range(1, 18), 31, 33])
def test_every_number_of_features(n_features, metric):
    rng = np.random.default_rng(n_features)
    X, labels = rng.normal(size=(150, n_features)), rng.integers(0, 4, 150)
    expected = by_matrix(X, labels, metric)
    found = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.jit
@each_metric
@pytest.mark.parametrize(("n_samples", "n_clusters"), [(1441, 700), (2048, 3)])
def test_thousands_of_samples_and_of_tiny_clusters(n_samples, n_clusters, metric):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 3))
    labels = rng.permutation(np.arange(n_samples) % n_clusters)
    labels[: n_samples // 10] = 0  # one of them is large
    found = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(found, by_matrix(X, labels, metric), rtol=1e-10, atol=1e-10)


@pytest.mark.jit
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_more_blocks_than_are_held_at_once(metric):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(20_000, 2)), rng.integers(0, 3, 20_000)
    found = silhouette_samples(X, labels, metric=metric)
    some = rng.choice(len(X), 60, replace=False)
    sums = sums_of(cdist(X[some], X, SCIPY_NAMES.get(metric, metric)), labels)
    sizes, own = np.bincount(labels), labels[some]
    a = sums[np.arange(60), own] / (sizes[own] - 1)
    sums[np.arange(60), own] = np.inf
    b = (sums / sizes).min(axis=1)
    np.testing.assert_allclose(found[some], (b - a) / np.maximum(a, b), rtol=1e-10, atol=1e-10)


# --- labels, layouts, dtypes ----------------------------------------------------------------------


@each_metric
@pytest.mark.parametrize(
    "names",
    [
        pytest.param([-1, 0, 7], id="negative-with-gaps"),
        pytest.param([10**12, -5, 10**15], id="far-apart"),
        pytest.param(["b", "a", "c"], id="strings"),
        pytest.param([0.5, -0.5, 2.5], id="floats"),
        pytest.param(np.array([3, 250, 9], np.uint8), id="uint8"),
    ],
)
def test_labels_are_names(names, metric):
    X, labels = TRICKY["labels_of_chance"]
    labels = labels % 3
    expected = silhouette_samples(X, labels, metric=metric)
    found = silhouette_samples(X, np.asarray(names)[labels], metric=metric)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_array_equal(
        silhouette_samples(X, np.asarray(names)[labels][:, np.newaxis], metric=metric), found
    )


def test_true_and_false_are_labels():
    X, labels = TRICKY["labels_of_chance"]
    expected = silhouette_samples(X, labels % 2)
    np.testing.assert_array_equal(silhouette_samples(X, labels % 2 == 1), expected)
    np.testing.assert_array_equal(silhouette_samples(X.tolist(), (labels % 2).tolist()), expected)


@each_metric
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_layouts_and_read_only_data(dtype, metric):
    X, labels = TRICKY["uneven_clusters"]
    X = X.astype(dtype)
    before = X.copy()
    expected = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_array_equal(X, before)
    locked, names = X.copy(), labels.copy()
    locked.flags.writeable = names.flags.writeable = False
    for data in (locked, np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X[:, ::-1][:, ::-1]):
        found = silhouette_samples(data, names, metric=metric)
        np.testing.assert_array_equal(found, expected)


def test_memory_mapped_data(tmp_path):
    X, labels = TRICKY["blobs"]
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(silhouette_samples(mapped, labels), silhouette_samples(X, labels))


@each_metric
def test_integers_are_taken_as_float64(metric):
    rng = np.random.default_rng(0)
    X, labels = rng.integers(-20, 20, (90, 3)), rng.integers(0, 4, 90)
    found = silhouette_samples(X, labels, metric=metric)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, silhouette_samples(X.astype(float), labels, metric=metric))


# --- invariants -----------------------------------------------------------------------------------


@each_metric
@pytest.mark.parametrize("name", FEW)
def test_order_of_rows_and_of_labels_does_not_matter(name, metric):
    X, labels = TRICKY[name]
    order = np.random.default_rng(1).permutation(len(X))
    s = silhouette_samples(X, labels, metric=metric)
    shuffled = silhouette_samples(X[order], -labels[order], metric=metric)
    np.testing.assert_allclose(shuffled, s[order], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "sqeuclidean"])
@pytest.mark.parametrize("name", FEW)
def test_place_and_scale_do_not_matter(name, metric):
    X, labels = TRICKY[name]
    s = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(
        silhouette_samples(X * 2.0**-9, labels, metric=metric), s, rtol=1e-10
    )
    moved = silhouette_samples(X + 1000, labels, metric=metric)
    np.testing.assert_allclose(moved, s, rtol=1e-8, atol=1e-10)


@each_metric
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_same_bits_for_any_number_of_threads(dtype, metric):
    rng = np.random.default_rng(0)
    n = 3000 if COMPILED else 60
    X, labels = rng.normal(size=(n, 6)).astype(dtype), rng.integers(0, 9, n)
    found = {}
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            found[n_threads] = silhouette_samples(X, labels, metric=metric)
    for n_threads in (2, 3, 8):
        np.testing.assert_array_equal(found[n_threads], found[1])


@pytest.mark.jit
@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_n_jobs_changes_no_bit(n_jobs):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(2000, 4)), rng.integers(0, 3, 2000)
    expected = silhouette_samples(X, labels)
    np.testing.assert_array_equal(silhouette_samples(X, labels, n_jobs=n_jobs), expected)


# --- variants agree -------------------------------------------------------------------------------


@each_metric
@pytest.mark.parametrize("name", FEW)
def test_data_matrices_and_functions_agree(name, metric):
    X, labels = TRICKY[name]
    D = cdist(X, X, SCIPY_NAMES.get(metric, metric))
    expected = reference.silhouettes(sums_of(D, labels), labels)
    np.fill_diagonal(D, 0)  # of cosines, rounding leaves some
    of_data = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(of_data, expected, rtol=1e-10, atol=1e-10)
    of_matrix = silhouette_samples(D, labels, metric="precomputed")
    np.testing.assert_allclose(of_matrix, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("alias", "metric"), [("l2", "euclidean"), ("l1", "manhattan"), ("cityblock", "manhattan")]
)
def test_other_names_of_metrics(alias, metric):
    X, labels = TRICKY["blobs"]
    expected = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_array_equal(silhouette_samples(X, labels, metric=alias), expected)


@pytest.mark.parametrize("metric", METRICS)
def test_score_is_the_mean(metric):
    X, labels = TRICKY["blobs"]
    score = silhouette_score(X, labels, metric=metric)
    assert isinstance(score, float)
    assert score == pytest.approx(silhouette_samples(X, labels, metric=metric).mean(), rel=1e-12)
