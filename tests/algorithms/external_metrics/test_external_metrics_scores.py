"""The scores: invariants, scikit-learn's values and words, edge cases."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
import scipy.sparse
import sklearn.metrics.cluster
from external_cases import AVERAGES, SCORES, SYMMETRIC, TRICKY, all_scores, each_tricky
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.cluster import _supervised

from scratchml import metrics
from scratchml.algorithms import external_metrics
from scratchml.exceptions import InvalidParameterError

each_score = pytest.mark.parametrize("score", SCORES)


# --- invariants -----------------------------------------------------------------------------------


@each_tricky
def test_order_of_the_labelings_matters_only_to_homogeneity(name):
    true, pred = TRICKY[name]
    forth, back = all_scores(true, pred), all_scores(pred, true)
    for score in SYMMETRIC:
        assert forth[score] == pytest.approx(back[score], rel=1e-13, abs=1e-13)
    assert forth["homogeneity_score"] == pytest.approx(back["completeness_score"], rel=1e-13)


@each_score
def test_the_same_clusters_score_exactly_one(score, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 30, 1000)
    renamed = rng.permutation(30)[labels]
    expected = metrics.entropy(labels) if score == "mutual_info_score" else 1.0
    assert getattr(metrics, score)(labels, renamed) == pytest.approx(expected, rel=1e-15)
    if score != "mutual_info_score":
        assert getattr(metrics, score)(labels, renamed) == 1


def test_what_is_homogeneous_is_exactly_so(seed):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 30, 1000)
    classes = clusters // 3
    assert metrics.homogeneity_score(classes, clusters) == 1
    assert metrics.completeness_score(clusters, classes) == 1
    score = metrics.normalized_mutual_info_score(classes, clusters, average_method="min")
    assert score == 1


def test_independent_labels_share_no_information():
    true, pred = TRICKY["independent"]
    assert metrics.mutual_info_score(true, pred) == 0
    assert metrics.normalized_mutual_info_score(true, pred) == 0
    assert metrics.homogeneity_completeness_v_measure(true, pred) == (0, 0, 0)


@pytest.mark.parametrize("score", ["adjusted_mutual_info_score", "adjusted_rand_score"])
def test_random_labels_score_zero_on_average(score):
    rng = np.random.default_rng(0)
    scores = [
        getattr(metrics, score)(rng.integers(0, 20, 100), rng.integers(0, 10, 100))
        for _ in range(60)
    ]
    assert abs(np.mean(scores)) < 2.5 * np.std(scores) / np.sqrt(len(scores))


@each_tricky
def test_v_measure_is_normalized_mutual_information(name):
    true, pred = TRICKY[name]
    assert metrics.v_measure_score(true, pred) == pytest.approx(
        metrics.normalized_mutual_info_score(true, pred), rel=1e-12, abs=1e-15
    )


@each_tricky
def test_scores_are_plain_floats(name):
    scores = all_scores(*TRICKY[name])
    assert {type(score) for score in scores.values()} == {float}
    assert type(metrics.entropy(TRICKY[name][0])) is float
    at_once = metrics.homogeneity_completeness_v_measure(*TRICKY[name])
    names = ("homogeneity_score", "completeness_score", "v_measure_score")
    assert at_once == tuple(scores[name] for name in names)


@given(
    st.integers(0, 20).flatmap(
        lambda size: st.tuples(*[st.lists(st.integers(-3, 3), min_size=size, max_size=size)] * 2)
    )
)
@settings(max_examples=100, deadline=None)
def test_bounds(pair):
    scores = all_scores(*pair)
    low = {"adjusted_rand_score": -0.5, "adjusted_mutual_info_score": -1.0}
    for name, score in scores.items():
        top = np.log(7) if name == "mutual_info_score" else 1.0
        assert low.get(name, 0.0) <= score <= top + 1e-15, name


# --- parity with scikit-learn ---------------------------------------------------------------------


@each_tricky
@each_score
def test_value_of_scikit_learn(name, score):
    expected = getattr(sklearn.metrics.cluster, score)(*TRICKY[name])
    assert getattr(metrics, score)(*TRICKY[name]) == pytest.approx(expected, rel=1e-10, abs=1e-11)


@each_tricky
@pytest.mark.parametrize("average_method", AVERAGES)
def test_averages_of_scikit_learn(name, average_method):
    for score in ("normalized_mutual_info_score", "adjusted_mutual_info_score"):
        if score[0] == "a" and average_method == "min" and name.startswith("each_a_"):
            continue  # there it is what rounding leaves of 0 / 0
        value = getattr(metrics, score)(*TRICKY[name], average_method=average_method)
        expected = getattr(sklearn.metrics.cluster, score)(
            *TRICKY[name], average_method=average_method
        )
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-11)


@each_tricky
@pytest.mark.parametrize("beta", [0.0, 0.3, 2, 1e9])
def test_v_measure_of_scikit_learn(name, beta):
    true, pred = TRICKY[name]
    if beta == 0 and metrics.completeness_score(true, pred) == 0:
        assert metrics.v_measure_score(true, pred, beta=beta) == 0
        return
    expected = sklearn.metrics.cluster.homogeneity_completeness_v_measure(true, pred, beta=beta)
    scores = metrics.homogeneity_completeness_v_measure(true, pred, beta=beta)
    assert scores == pytest.approx(expected, rel=1e-10, abs=1e-13)
    assert metrics.v_measure_score(true, pred, beta=beta) == scores[2]


@each_tricky
def test_matrices_of_scikit_learn(name):
    for function in ("contingency_matrix", "pair_confusion_matrix"):
        expected = getattr(sklearn.metrics.cluster, function)(*TRICKY[name])
        found = getattr(metrics, function)(*TRICKY[name])
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
    assert metrics.entropy(TRICKY[name][0]) == pytest.approx(_supervised._entropy(TRICKY[name][0]))


def test_expected_mutual_information_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 40, (6, 9))
    expected = sklearn.metrics.cluster.expected_mutual_information(n, n.sum())
    for matrix in (n, n.tolist(), scipy.sparse.csr_matrix(n), scipy.sparse.coo_array(n)):
        found = metrics.expected_mutual_information(matrix, int(n.sum()))
        assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("score", external_metrics.__all__)
def test_signature_of_scikit_learn(score):
    ours = inspect.signature(getattr(metrics, score)).parameters.values()
    theirs = getattr(sklearn.metrics.cluster, score)
    if score == "expected_mutual_information":
        assert [p.name for p in ours] == ["contingency", "n_samples"]
        return
    parameters = inspect.signature(theirs).parameters.values()
    assert [(p.name, p.kind, p.default) for p in ours] == [
        (p.name, p.kind, p.default) for p in parameters
    ]


def test_labels_that_look_continuous_get_the_warning_of_scikit_learn():
    labels = {
        "floats": [0.5, 1.5, 0.5],
        "beyond-int64": [1e300, 1.0, 0.0],
        "whole": [1.0, 2.0, 1.0],
        "three": ["a", "b", "c"],
        "objects": np.array([1, 2, 3], object),
        "bools": [True, False, True],
    }

    def warned(function, *args):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # scikit-learn casts 1e300 to an integer to see whether it is one.
            warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
            value = function(*args)
        return value, [(str(w.message), w.category, w.filename) for w in caught]

    for true in labels.values():
        for pred in labels.values():
            value, ours = warned(metrics.rand_score, true, pred)
            expected, theirs = warned(sklearn.metrics.cluster.rand_score, true, pred)
            assert value == pytest.approx(expected)
            assert [w[:2] for w in ours] == [w[:2] for w in theirs]
            assert {w[2] for w in ours} <= {__file__}


# --- edge cases -----------------------------------------------------------------------------------


def test_no_labels():
    scores = all_scores([], [])
    assert scores.pop("mutual_info_score") == 0
    assert scores.pop("fowlkes_mallows_score") == 0
    assert set(scores.values()) == {1.0}
    assert metrics.entropy([]) == 1
    assert metrics.pair_confusion_matrix([], []).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("average_method", AVERAGES)
@pytest.mark.parametrize("name", ["each_a_class", "each_a_cluster"])
def test_nothing_to_adjust_where_each_sample_is_a_cluster(name, average_method):
    score = metrics.adjusted_mutual_info_score(*TRICKY[name], average_method=average_method)
    assert score == (1 if average_method == "min" else 0)


@pytest.mark.parametrize("average_method", AVERAGES)
@pytest.mark.parametrize("name", ["one_class", "one_cluster"])
def test_a_single_cluster_shares_no_information(name, average_method):
    for score in (metrics.adjusted_mutual_info_score, metrics.normalized_mutual_info_score):
        assert score(*TRICKY[name], average_method=average_method) == 0


def test_matrix_in_place_of_labels():
    true, pred = TRICKY["noisy"]
    expected = metrics.mutual_info_score(true, pred)
    n = metrics.contingency_matrix(true, pred)
    with_empty = np.zeros((n.shape[0] + 1, n.shape[1] + 2), int)
    with_empty[1:, 1:-1] = n
    twice = scipy.sparse.coo_matrix(np.concatenate([n, n]))
    rows, columns = twice.row % len(n), twice.col
    duplicates = scipy.sparse.coo_matrix((twice.data, (rows, columns)), shape=n.shape)
    for matrix in (n, n.astype(np.int8), n.tolist(), n + 0.7 * (n > 0), with_empty, duplicates):
        score = metrics.mutual_info_score(None, None, contingency=matrix)
        assert score == pytest.approx(expected, rel=1e-13)
        if matrix is not duplicates:
            theirs = sklearn.metrics.cluster.mutual_info_score(None, None, contingency=matrix)
            assert score == pytest.approx(theirs)
    sparse = scipy.sparse.csr_matrix(n)
    assert metrics.mutual_info_score([9], "no labels", contingency=sparse) == pytest.approx(
        expected
    )
    assert metrics.mutual_info_score(None, None, contingency=[[0, 0], [0, 0]]) == 0
    assert metrics.expected_mutual_information(n[:1], n[0].sum()) == 0


# --- errors ---------------------------------------------------------------------------------------

TWO_DIMENSIONS = np.zeros((2, 2), int)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        pytest.param(
            (TWO_DIMENSIONS, [0, 1]),
            ValueError,
            "labels_true must be 1D: shape is (2, 2)",
            id="true-2d",
        ),
        pytest.param(
            ([0, 1], TWO_DIMENSIONS[:, :1]),
            ValueError,
            "labels_pred must be 1D: shape is (2, 1)",
            id="pred-2d",
        ),
        pytest.param(
            ([0, 1], [1, 1, 1]),
            ValueError,
            "Found input variables with inconsistent numbers of samples: [2, 3]",
            id="lengths",
        ),
        pytest.param(
            ([0, np.nan], [1, 1]), ValueError, "Input labels_true contains NaN.", id="nan"
        ),
        pytest.param(
            ([0, 1], np.array(["a", np.nan], object)),
            ValueError,
            "Input labels_pred contains NaN.",
            id="nan-object",
        ),
        pytest.param(
            ([0, 1], [np.inf, 1]),
            ValueError,
            "Input labels_pred contains infinity or a value too large for dtype('float64').",
            id="infinity",
        ),
        pytest.param(
            ([0j, 1], [1, 1]),
            ValueError,
            "Complex data not supported\n[0.+0.j 1.+0.j]\n",
            id="complex",
        ),
        pytest.param(
            ([0, 1], np.array(["a", None], object)),
            TypeError,
            "'<' not supported between instances of 'NoneType' and 'str'",
            id="mixed",
        ),
    ],
)
def test_labels_that_cannot_be_used(labels, error, message):
    for score in SCORES:
        with pytest.raises(error) as caught:
            getattr(metrics, score)(*labels)
        assert str(caught.value) == message


@pytest.mark.parametrize("score", [*SCORES, "pair_confusion_matrix"])
def test_what_are_no_labels(score):
    for labels, name, value in [((3, [1]), "labels_true", "3"), (([1], None), "labels_pred", None)]:
        with pytest.raises(InvalidParameterError) as caught:
            getattr(metrics, score)(*labels)
        assert str(caught.value) == (
            f"The {name!r} parameter of {score} must be an array-like. Got {value} instead."
        )


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        pytest.param(
            "v_measure_score",
            ([0], [0]),
            {"beta": -1.0},
            InvalidParameterError,
            "The 'beta' parameter of v_measure_score must be a float in the range [0.0, inf). Got"
            " -1.0 instead.",
            id="beta",
        ),
        pytest.param(
            "adjusted_mutual_info_score",
            ([0], [0]),
            {"average_method": "mean"},
            InvalidParameterError,
            "The 'average_method' parameter of adjusted_mutual_info_score must be a str among"
            " {'arithmetic', 'geometric', 'max', 'min'}. Got 'mean' instead.",
            id="average",
        ),
        pytest.param(
            "mutual_info_score",
            (None, None),
            {"contingency": "matrix"},
            InvalidParameterError,
            "The 'contingency' parameter of mutual_info_score must be an array-like, a sparse array"
            " or matrix or None. Got 'matrix' instead.",
            id="matrix",
        ),
        pytest.param(
            "mutual_info_score",
            (None, None),
            {"contingency": [[1, -1], [0, 2]]},
            ValueError,
            "Negative values in data passed to `contingency`.",
            id="negative",
        ),
        pytest.param(
            "mutual_info_score",
            (None, None),
            {"contingency": [1, 2]},
            ValueError,
            "Expected 2D array, got 1D array instead:\narray=[1. 2.].\nReshape your data either"
            " using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1)"
            " if it contains a single sample.",
            id="1d",
        ),
        pytest.param(
            "expected_mutual_information",
            ([[1, 1], [0, 2]], 5),
            {},
            ValueError,
            "n_samples is 5, but the counts in contingency add up to 4.",
            id="n_samples",
        ),
        pytest.param(
            "expected_mutual_information",
            ([[1, 1], [0, 2]], 4.5),
            {},
            InvalidParameterError,
            "The 'n_samples' parameter of expected_mutual_information must be an int in the range"
            " [1, inf). Got 4.5 instead.",
            id="n_samples-type",
        ),
        pytest.param(
            "entropy",
            (None,),
            {},
            InvalidParameterError,
            "The 'labels' parameter of entropy must be an array-like. Got None instead.",
            id="entropy",
        ),
    ],
)
def test_errors_on_parameters(function, arguments, options, error, message):
    with pytest.raises(error) as caught:
        getattr(metrics, function)(*arguments, **options)
    assert str(caught.value) == message
