"""Calinski-Harabasz, Davies-Bouldin, and the moments that they are made of."""

from __future__ import annotations

import doctest
import re
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sklearn_metrics

import scratchml
from scratchml.algorithms.internal_metrics import cluster_moments, reference, scores
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError
from scratchml.metrics import calinski_harabasz_score, davies_bouldin_score

SCORES = [
    pytest.param(
        calinski_harabasz_score,
        reference.calinski_harabasz,
        sklearn_metrics.calinski_harabasz_score,
        id="calinski-harabasz",
    ),
    pytest.param(
        davies_bouldin_score,
        reference.davies_bouldin,
        sklearn_metrics.davies_bouldin_score,
        id="davies-bouldin",
    ),
]
each_score = pytest.mark.parametrize(("ours", "plain", "theirs"), SCORES)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def labelled_data():
    """Data that a score might stumble over, by name, with labels."""
    rng = np.random.default_rng(0)
    blobs, truth = make_blobs(300, 4, centers=5, random_state=0)
    constant = rng.normal(size=(90, 3))
    constant[:, 1] = 7
    return {
        "blobs": (blobs, truth),
        "two_samples_apart": (np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])),
        "n_minus_one_clusters": (rng.normal(size=(20, 2)), np.append(np.arange(19), 18)),
        "one_point_clusters": (blobs[:8], np.array([0, 1, 2, 2, 2, 2, 3, 3])),
        "duplicates": (np.repeat(rng.normal(size=(9, 3)), 8, axis=0), np.arange(72) % 5),
        "constant_column": (constant, rng.integers(0, 4, 90)),
        "one_feature": (rng.normal(size=(100, 1)), rng.integers(0, 3, 100)),
        "wide": (rng.normal(size=(60, 150)), rng.integers(0, 3, 60)),
        "several_blocks": (rng.normal(size=(4000, 300)), rng.integers(0, 7, 4000)),
        "many_clusters": (rng.normal(size=(400, 2)), rng.permutation(np.arange(400) % 150)),
        "sparse_strings": (blobs, np.array(["a", "b", "zz", "zz", "x"])[truth]),
        "negative": (blobs, 10 * truth - 20),
    }


DATA = labelled_data()
each_data = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.jit) if n == "several_blocks" else n for n in DATA],
)


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    X = [[0.0, 0.0], [0.0, 2.0], [6.0, 0.0], [6.0, 4.0]]
    labels = ["left", "left", "right", "right"]
    # Means (0, 1) and (6, 2) about (3, 1.5): B = 2 (9.25 + 9.25), W = 2 + 8, and n - k = 2.
    assert calinski_harabasz_score(X, labels) == pytest.approx(37 / (10 / 2))
    # Mean distances 1 and 2; the means are sqrt(37) apart.
    assert davies_bouldin_score(X, labels) == pytest.approx(3 / np.sqrt(37))
    assert type(calinski_harabasz_score(X, labels)) is float
    assert type(davies_bouldin_score(X, labels)) is float


def test_moments_by_hand():
    X = np.array([[1.0, 0.0], [3.0, 0.0], [7.0, 7.0]])
    moments = cluster_moments(X, np.array([0, 0, 2], np.int32), 3)
    sizes, origins, shifts, sq_deviations, deviations = moments
    assert sizes.tolist() == [2, 0, 1]
    assert origins[[0, 2]].tolist() == [[1, 0], [7, 7]]
    assert shifts.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert moments.means[[0, 2]].tolist() == [[2, 0], [7, 7]]
    assert sq_deviations.tolist() == [2, 0, 0]
    assert deviations.tolist() == [2, 0, 0]
    assert sizes.dtype == np.int64
    assert origins.dtype == shifts.dtype == sq_deviations.dtype == np.float64


# --- the reference --------------------------------------------------------------------------------


@each_data
@each_dtype
@each_score
def test_scores_equal_the_reference(ours, plain, theirs, name, dtype):
    X, labels = DATA[name]
    X = X.astype(dtype)
    assert ours(X, labels) == pytest.approx(plain(X.astype(np.float64), labels), rel=1e-10)


@each_data
@each_dtype
def test_moments_equal_plain_sums(name, dtype):
    X, labels = DATA[name]
    X = X.astype(dtype)
    classes, codes = np.unique(labels, return_inverse=True)
    moments = cluster_moments(X, codes.astype(np.int32), len(classes))
    for c in range(len(classes)):
        rows = X[codes == c].astype(np.float64)
        distances = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
        assert moments.sizes[c] == len(rows)
        np.testing.assert_allclose(moments.means[c], rows.mean(axis=0), rtol=1e-12, atol=1e-13)
        assert moments.deviations[c] == pytest.approx(distances.sum(), rel=1e-10, abs=1e-13)
        expected = (distances**2).sum()
        assert moments.sq_deviations[c] == pytest.approx(expected, rel=1e-10, abs=1e-24)


# --- invariants -----------------------------------------------------------------------------------


@each_score
def test_names_and_order_do_not_count(ours, plain, theirs):
    X, labels = DATA["blobs"]
    order = np.random.default_rng(1).permutation(len(X))
    score = ours(X, labels)
    assert ours(X, np.array([3, 1, 0, 4, 2])[labels]) == pytest.approx(score, rel=1e-12)
    assert ours(X[order], labels[order]) == pytest.approx(score, rel=1e-12)
    assert ours(7 * X[:, ::-1] - 3, labels) == pytest.approx(score, rel=1e-12)


@each_score
def test_an_offset_costs_no_more_digits_than_those_of_the_means(ours, plain, theirs):
    # The data stay what they are under the offset.
    X = np.random.default_rng(0).integers(0, 1000, (500, 3)).astype(np.float64)
    labels = np.arange(500) % 4
    assert ours(X + 2.0**20, labels) == pytest.approx(ours(X, labels), rel=1e-9)


@each_score
@pytest.mark.jit
def test_same_bits_for_any_number_of_threads(ours, plain, theirs):
    X, labels = DATA["several_blocks"]
    found = set()
    for n_threads in (1, 2, 3):
        with scratchml.threads(n_threads):
            found.add(ours(X, labels))
    assert len(found) == 1


@each_score
def test_data_of_any_kind(ours, plain, theirs):
    X, labels = DATA["blobs"]
    expected = ours(X, labels)
    closed = X.copy()
    closed.flags.writeable = False
    closed_labels = labels.copy()
    closed_labels.flags.writeable = False
    assert ours(closed, closed_labels) == expected
    assert ours(np.asfortranarray(X), labels.astype(np.uint8)) == expected
    assert ours(X.tolist(), labels.tolist()) == expected
    assert ours(X, labels[:, np.newaxis]) == expected
    assert ours(np.repeat(X, 2, axis=0)[::2], np.repeat(labels, 2)[::2]) == expected


# --- parity ---------------------------------------------------------------------------------------


@each_data
@each_score
def test_scikit_learn_gives_the_same(ours, plain, theirs, name):
    X, labels = DATA[name]
    # Dot products make the distance of a sample to itself, there, about 1e-8 and not 0.
    rel = 1e-7 if "one" in name else 1e-10
    assert ours(X, labels) == pytest.approx(theirs(X, labels), rel=rel)


@each_score
def test_scikit_learn_gives_the_same_in_float32(ours, plain, theirs):
    X, labels = DATA["blobs"]
    X = X.astype(np.float32)
    assert ours(X, labels) == pytest.approx(theirs(X, labels), rel=1e-6)


SAME_PLACE = np.repeat([[1.5, 2.5], [3.5, 4.5]], 10, axis=0)


@pytest.mark.parametrize(
    ("X", "labels"),
    [
        pytest.param(np.ones((10, 2)), [0] * 5 + [1] * 5, id="all-equal"),
        pytest.param(SAME_PLACE, [0] * 10 + [1] * 10, id="each-cluster-a-place"),
        pytest.param(
            [[-1.0, -1], [1, 1]] * 5 + [[3.0, 3], [3, 3]] + [[-1.0, 1], [1, -1]] * 5,
            [0] * 10 + [1] * 2 + [2] * 10,
            id="two-means-coincide",
        ),
        pytest.param([[-1.0], [1], [-2], [2]], [0, 0, 1, 1], id="all-means-coincide"),
        pytest.param([[1e-9], [3e-9], [1], [1]], [0, 0, 1, 1], id="next-to-no-spread"),
    ],
)
@each_score
def test_edge_cases_as_in_scikit_learn(ours, plain, theirs, X, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = theirs(X, labels)
    assert ours(X, labels) == pytest.approx(expected, rel=1e-12)


# --- errors ---------------------------------------------------------------------------------------

GOOD = np.arange(8.0).reshape(4, 2)


@pytest.mark.parametrize(
    ("X", "labels"),
    [
        pytest.param(GOOD, [0, 0, 0, 0], id="one-cluster"),
        pytest.param(GOOD, [0, 1, 2, 3], id="all-clusters-of-one"),
        pytest.param(GOOD, [0, 0, 1], id="too-few-labels"),
        pytest.param(GOOD, [[0, 1], [0, 1], [0, 1], [0, 1]], id="labels-2d"),
        pytest.param(GOOD, [0, 0, 1, np.nan], id="nan-label"),
        pytest.param([[np.nan], [1.0], [2.0]], [0, 0, 1], id="infinite-data"),
        pytest.param(scipy.sparse.csr_array(GOOD), [0, 0, 1, 1], id="sparse"),
        pytest.param(3.0, [0, 0, 1, 1], id="scalar"),
        pytest.param([1.0, 2.0, 3.0], [0, 0, 1], id="one-dimension"),
    ],
)
@each_score
def test_errors_as_in_scikit_learn(ours, plain, theirs, X, labels):
    def first_line(error):
        return re.sub(r"<(\w+).*>", r"<\1>", str(error.value)).splitlines()[0]

    with pytest.raises((ValueError, TypeError)) as expected:
        theirs(X, labels)
    with pytest.raises((ValueError, TypeError)) as found:
        ours(X, labels)
    assert first_line(found) == first_line(expected)


@each_score
def test_whole_messages(ours, plain, theirs):
    message = "Number of labels is 1. Valid values are 2 to n_samples - 1 (inclusive)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours(GOOD, [0] * 4)
    message = "Found input variables with inconsistent numbers of samples: [4, 3]"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours(GOOD, [0, 0, 1])
    message = f"The 'X' parameter of {ours.__name__} must be an array-like. Got 3.0 instead."
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        ours(3.0, [0, 1])


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.float64, (12, 2), elements=st.integers(-40, 40).map(float)),
    hnp.arrays(np.int64, 12, elements=st.integers(0, 4)),
)
def test_any_clusters(X, labels):
    if len(np.unique(labels)) < 2:
        labels[0], labels[1:] = 0, 1
    ch, db = calinski_harabasz_score(X, labels), davies_bouldin_score(X, labels)
    assert ch == pytest.approx(reference.calinski_harabasz(X, labels), rel=1e-9, abs=1e-12)
    assert db == pytest.approx(reference.davies_bouldin(X, labels), rel=1e-9, abs=1e-12)
    assert ch >= 0
    assert db >= 0


@pytest.mark.parametrize("module", ["internal_metrics.scores"])
def test_examples(module):
    found = doctest.testmod(sys.modules[f"scratchml.algorithms.{module}"])
    assert found.attempted > 0
    assert found.failed == 0


def test_differences_of_means_are_held_for_few_clusters_at_a_time(monkeypatch):
    X, labels = DATA["many_clusters"]
    expected = davies_bouldin_score(X, labels)
    monkeypatch.setattr(scores, "DIFFERENCES_AT_ONCE", 7 * X.size)
    assert davies_bouldin_score(X, labels) == expected


@pytest.mark.parametrize("score", [calinski_harabasz_score, davies_bouldin_score])
def test_what_is_far_away_costs_no_digits_wherever_it_stands(score):
    X, labels = DATA["blobs"]
    outlier = np.append([[1e20] * X.shape[1]], X, axis=0), np.append([99], labels)
    far_cluster = np.concatenate([1e8 + 1e-3 * X[:30], X]), np.append([99] * 30, labels)
    for X, labels in (outlier, far_cluster):
        assert score(X, labels) == pytest.approx(score(X[::-1], labels[::-1]), rel=1e-12)
