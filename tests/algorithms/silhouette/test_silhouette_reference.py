"""The reference on toys worked out by hand, and against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from silhouette_cases import TRICKY, each_metric, each_tricky

from scratchml.algorithms.silhouette.reference import (
    cluster_sums,
    cosine_sums,
    directions,
    distances,
    interval,
    medoid_silhouette,
    medoids_of,
    silhouette_samples,
    silhouettes,
    simplified_silhouette,
    sq_euclidean_sums,
    t_quantile,
)

#   0   1           4       6             10
#   A   A           B       B              C
LINE = np.array([[0.0], [1.0], [4.0], [6.0], [10.0]])
LABELS = np.array(["A", "A", "B", "B", "C"])


def test_by_hand():
    # a: 1, 1, 2, 2; b: to B 5, 4; to A 3.5, then to C 4 and not to A 5.5. C is one point.
    expected = [(5 - 1) / 5, (4 - 1) / 4, (3.5 - 2) / 3.5, (4 - 2) / 4, 0]
    np.testing.assert_allclose(silhouette_samples(LINE, LABELS), expected)
    np.testing.assert_allclose(
        cluster_sums(LINE, LABELS), [[1, 10, 10], [1, 8, 9], [7, 2, 6], [11, 2, 4], [19, 10, 0]]
    )


def test_by_hand_squared():
    # a: 1, 1, 4, 4; b: to B 26, 17; to A 12.5, to C 16.
    expected = [25 / 26, 16 / 17, 8.5 / 12.5, 12 / 16, 0]
    np.testing.assert_allclose(silhouette_samples(LINE, LABELS, "sqeuclidean"), expected)


def test_a_sample_in_the_wrong_cluster_is_negative():
    # The last A is at 6: a = 5.5, b = 1 to B.
    labels = np.array([0, 0, 1, 1, 0])
    X = np.array([[0.0], [1.0], [5.0], [7.0], [6.0]])
    assert silhouette_samples(X, labels)[4] == (1 - 5.5) / 5.5


def test_where_all_distances_are_zero():
    assert silhouette_samples(np.zeros((4, 2)), np.array([0, 0, 1, 1])).tolist() == [0] * 4


def test_cosine_distances_of_right_and_straight_angles():
    X = np.array([[1.0, 0.0], [0.0, 3.0], [-2.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(distances(X, 0, "cosine"), [0, 1, 2, 0, 1], atol=1e-15)
    np.testing.assert_allclose(distances(X, 4, "cosine"), [1, 1, 1, 1, 0])
    np.testing.assert_allclose(directions(X)[3:], [[1, 0], [0, 0]])


def test_centers_by_hand():
    # Means 0.5, 5 and 10.
    expected = [4.5 / 5, 3.5 / 4, 2.5 / 3.5, 3 / 4, 0]
    np.testing.assert_allclose(simplified_silhouette(LINE, LABELS), expected)
    at_corners = simplified_silhouette(LINE, LABELS, [[0.0], [4.0], [10.0]])
    np.testing.assert_allclose(at_corners, [1, 2 / 3, 1, 2 / 4, 0])
    squared = simplified_silhouette(LINE, LABELS, metric="sqeuclidean")
    np.testing.assert_allclose(squared[0], (25 - 0.25) / 25)


def test_medoids_by_hand():
    # Of two samples both are as good: the first is taken.
    assert medoids_of(LINE, LABELS).tolist() == [0, 2, 4]
    np.testing.assert_allclose(medoid_silhouette(LINE, LABELS), [1, 2 / 3, 1, 2 / 4, 1])
    np.testing.assert_allclose(
        medoid_silhouette(LINE, LABELS, [1, 3, 4]), [5 / 6, 1, (3 - 2) / 3, 1, 1]
    )


def test_a_medoid_twice_is_1_and_in_another_cluster_minus_1():
    X = np.array([[0.0], [0.0], [0.0], [3.0]])
    assert medoid_silhouette(X, np.array([0, 0, 1, 1]), [0, 3]).tolist() == [1, 1, -1, 1]
    assert medoid_silhouette(X, np.array([0, 0, 1, 1]), [0, 2]).tolist() == [1, 1, 1, 0]


@each_metric
@pytest.mark.parametrize("name", ["blobs", "duplicates", "uneven_clusters", "some_rows_of_zeros"])
def test_matrix_of_distances_is_as_good_as_data(name, metric):
    X, labels = TRICKY[name]
    matrix = np.array([distances(X, i, metric) for i in range(len(X))])
    expected = silhouette_samples(X, labels, metric)
    np.testing.assert_array_equal(silhouette_samples(matrix, labels, "precomputed"), expected)
    assert np.abs(expected).max() <= 1


@pytest.mark.parametrize(
    ("metric", "sums"), [("sqeuclidean", sq_euclidean_sums), ("cosine", cosine_sums)]
)
@each_tricky
def test_closed_forms_are_sums_over_pairs(name, metric, sums):
    X, labels = TRICKY[name]
    of_pairs, closed = cluster_sums(X, labels, metric), sums(X, labels)
    np.testing.assert_allclose(closed, of_pairs, rtol=1e-9, atol=1e-12 * of_pairs.max())
    expected = silhouettes(of_pairs, labels)
    np.testing.assert_allclose(silhouettes(closed, labels), expected, atol=1e-9)


@each_metric
def test_scikit_learn_finds_the_same(metric, seed):
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(80, 4)), rng.integers(0, 5, 80)
    expected = sklearn.metrics.silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(silhouette_samples(X, labels, metric), expected, rtol=1e-10)


# --- the interval ---------------------------------------------------------------------------------


@pytest.mark.parametrize("df", [1, 2, 3, 10, 999, 10**5])
@pytest.mark.parametrize("p", [0.5, 0.75, 0.975, 0.9995])
def test_quantiles_of_students_t(p, df):
    assert t_quantile(p, df) == pytest.approx(scipy.stats.t.ppf(p, df), rel=1e-7, abs=1e-12)


def test_interval_by_hand():
    # Mean 0.5, variance 0.04 / 2, half of all drawn: error sqrt(0.02 / 3 * 0.5).
    mean, low, high = interval(np.array([0.4, 0.5, 0.7 - 0.1]), 6)
    margin = 4.302652729749464 * np.sqrt(0.01 / 3 * 0.5)
    assert (mean, low, high) == pytest.approx((0.5, 0.5 - margin, 0.5 + margin), rel=1e-9)


def test_interval_of_all_samples_has_no_width():
    s = np.array([0.1, 0.4, 0.7])
    assert interval(s, 3) == pytest.approx((0.4, 0.4, 0.4))
