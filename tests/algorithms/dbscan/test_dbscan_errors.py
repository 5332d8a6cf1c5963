"""Refusals, on their whole text, and what they leave behind."""

from __future__ import annotations

import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.sparse
import sklearn.cluster
from dbscan_cases import of_any_eps
from sklearn.utils._param_validation import generate_invalid_param_val, make_constraint

import scratchml.cluster
from scratchml.cluster import DBSCAN, dbscan
from scratchml.exceptions import NotFittedError

pytestmark = of_any_eps

X = np.random.default_rng(0).normal(size=(30, 3))


def messages_of(call):
    """What ours and scikit-learn's say of the same call, without their own advice on NaN."""
    messages = []
    for module in (scratchml.cluster, sklearn.cluster):
        with pytest.raises((ValueError, TypeError)) as caught:
            call(module)
        messages.append(str(caught.value).partition("\nDBSCAN does not accept missing values")[0])
    return messages


REFUSED = {
    "nan": [[1.0, 2.0], [np.nan, 4.0]],
    "infinity": [[1.0, 2.0], [np.inf, 4.0]],
    "one_dimension": [1.0, 2.0, 3.0],
    "no_samples": np.empty((0, 2)),
    "no_features": np.empty((3, 0)),
    "complex": np.array([[1j, 2.0], [3.0, 4.0]]),
    "three_dimensions": np.ones((2, 2, 2)),
    "sparse_nan": scipy.sparse.csr_array([[1.0, 0.0], [np.nan, 4.0]]),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refused_data_get_scikit_learns_message(name):
    ours, theirs = messages_of(lambda module: module.DBSCAN().fit(REFUSED[name]))
    assert ours == theirs


class Nothing:
    """Of no type that any parameter takes."""

    def __repr__(self):
        return "Nothing()"


@pytest.mark.parametrize("name", list(sklearn.cluster.DBSCAN._parameter_constraints))
def test_invalid_parameters_get_scikit_learns_messages(name):
    values = [Nothing()]
    for constraint in sklearn.cluster.DBSCAN._parameter_constraints[name]:
        try:
            values.append(generate_invalid_param_val(make_constraint(constraint)))
        except NotImplementedError:  # a type, of which every value is valid
            continue
    for value in values:
        # scikit-learn lists the members of a set as they come.
        found = messages_of(lambda m, v=value: m.DBSCAN().set_params(**{name: v}).fit(X))
        if name == "metric":  # a list of which not all can be used
            found = [message.partition("{")[0] for message in found]
        ours, theirs = (sorted(re.findall(r"[\w'.+-]+", message)) for message in found)
        assert ours == sorted([*theirs, *(["'grid'"] if name == "algorithm" else [])])


@pytest.mark.parametrize(
    ("parameters", "data"),
    [
        ({"eps": 0}, X),
        ({"eps": -1.0}, X),
        ({"eps": np.nan}, X),
        ({"min_samples": 0}, X),
        ({"min_samples": 2.5}, X),
        ({"algorithm": "kd_tree", "metric": "cosine"}, X),
        ({"algorithm": "ball_tree", "metric": "cosine"}, X),
        ({"metric": "precomputed"}, X),
        ({"metric": "precomputed", "algorithm": "kd_tree"}, np.zeros((3, 3))),
        ({"metric": "precomputed"}, np.array([[0.0, -1.0], [1.0, 0.0]])),
        ({"metric": "haversine"}, X),
        ({"metric": "haversine", "algorithm": "kd_tree"}, X[:, :2]),
        ({"metric": "minkowski", "p": -1}, X),
    ],
    ids=lambda value: "" if isinstance(value, np.ndarray) else str(value),
)
def test_refused_parameters_get_scikit_learns_message(parameters, data):
    ours, theirs = messages_of(lambda module: module.DBSCAN(**parameters).fit(data))
    if theirs.startswith("Metric"):  # what follows says what is, ours the names, theirs where
        ours, theirs = (message.partition(" not valid")[0] for message in (ours, theirs))
    assert ours == theirs


@pytest.mark.parametrize(
    ("parameters", "data", "weight"),
    [
        ({}, np.ones((9, 4)), None),
        ({}, X, np.ones(30)),
        ({"metric": "manhattan"}, X, None),
    ],
    ids=["four_features", "weights", "metric"],
)
def test_what_a_grid_cannot_do(parameters, data, weight):
    message = (
        "algorithm='grid' serves the Euclidean metric of dense data of at most 3 features, without "
        "weights. Use algorithm='auto' instead."
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        DBSCAN(algorithm="grid", **parameters).fit(data, sample_weight=weight)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "weight",
    [
        np.ones(29),
        np.ones((30, 1)),
        np.full(30, np.nan),
        np.append(np.ones(29), np.inf),
        np.zeros(30),
    ],
    ids=["too_few", "two_dimensions", "nan", "infinity", "zeros"],
)
def test_refused_weights_get_scikit_learns_message(weight):
    ours, theirs = messages_of(lambda module: module.DBSCAN().fit(X, sample_weight=weight))
    assert ours == theirs


def test_the_function_refuses_as_the_class_does():
    message = r"^The 'eps' parameter of DBSCAN must be a float in the range \(0\.0, inf\)\. Got 0\b"
    with pytest.raises(ValueError, match=message):
        dbscan(X, 0)


# --- fitted estimators ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["predict", "predict_nearest", "predict_nearest_proba"])
def test_before_the_fit(method):
    with pytest.raises(NotFittedError) as caught:
        getattr(DBSCAN(), method)(X)
    assert str(caught.value) == (
        "This DBSCAN instance is not fitted yet. Call 'fit' with appropriate arguments before "
        "using this estimator."
    )


@pytest.mark.parametrize("method", ["predict", "predict_nearest", "predict_nearest_proba"])
def test_other_features_than_fitted(method):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        getattr(DBSCAN(eps=2).fit(X), method)(X[:, :2])
    assert str(caught.value) == "X has 2 features, but DBSCAN is expecting 3 features as input."


@pytest.mark.parametrize("method", ["predict_nearest", "predict_nearest_proba"])
@pytest.mark.parametrize("n_neighbors", [0, -1, 1.5])
def test_numbers_of_neighbors_that_are_none(method, n_neighbors):
    message = f"^n_neighbors must be an integer of at least 1, got {re.escape(repr(n_neighbors))}$"
    with pytest.raises(ValueError, match=message):
        getattr(DBSCAN(eps=2).fit(X), method)(X, n_neighbors)


@pytest.mark.parametrize("method", ["predict_nearest", "predict_nearest_proba"])
@pytest.mark.parametrize("max_distance", [-0.1, np.nan])
def test_distances_that_are_none(method, max_distance):
    message = f"^max_distance must be None or at least 0, got {re.escape(repr(max_distance))}$"
    with pytest.raises(ValueError, match=message):
        getattr(DBSCAN(eps=2).fit(X), method)(X, max_distance=max_distance)


def test_a_refused_fit_leaves_the_estimator_as_it_was():
    clusters = DBSCAN(eps=0.5).fit(X)
    before = pickle.dumps(clusters)
    for data, weight in ((REFUSED["nan"], None), (X, np.zeros(30))):
        with pytest.raises(ValueError, match=r"NaN|zero"):
            clusters.fit(data, sample_weight=weight)
        assert pickle.dumps(clusters) == before


def test_a_distance_that_raises_leaves_the_estimator_as_it_was():
    calls = []

    def distance(x, y):
        calls.append(1)
        if len(calls) > 700:
            raise KeyboardInterrupt
        return float(np.abs(x - y).sum())

    clusters = DBSCAN(eps=0.5, metric=distance)
    clusters.labels_before = None
    before = dict(vars(clusters))
    with pytest.raises(KeyboardInterrupt):
        clusters.fit(X)
    assert vars(clusters) == before


def test_a_warning_that_is_an_error_leaves_the_estimator_as_it_was():
    clusters = DBSCAN(eps=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="samples are noise"):
            clusters.fit(X)
    assert not hasattr(clusters, "labels_")


def test_parameters_that_a_metric_does_not_have():
    message = r"^Metric 'euclidean' takes no parameters, got \['p'\]$"
    with pytest.raises(TypeError, match=message):
        DBSCAN(metric_params={"p": 3}).fit(X)
