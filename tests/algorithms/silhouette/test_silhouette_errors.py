"""Refusals, on their whole text: scikit-learn's where it has one."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse
import sklearn.metrics

import scratchml.metrics
from scratchml.metrics import (
    medoid_silhouette,
    silhouette_interval,
    silhouette_samples,
    silhouette_score,
    simplified_silhouette,
)

X = np.random.default_rng(0).normal(size=(10, 3))
LABELS = np.arange(10) % 3
FUNCTIONS = ("silhouette_samples", "silhouette_score")
OURS = (
    silhouette_samples,
    silhouette_score,
    simplified_silhouette,
    medoid_silhouette,
    silhouette_interval,
)


def messages_of(call):
    """What ours and scikit-learn's say of the same call."""
    messages = []
    for module in (scratchml.metrics, sklearn.metrics):
        with pytest.raises((ValueError, TypeError)) as caught:
            call(module)
        messages.append(str(caught.value))
    return messages


REFUSED_DATA = {
    "nan": np.where(np.arange(30).reshape(10, 3) == 4, np.nan, X),
    "infinity": np.where(np.arange(30).reshape(10, 3) == 4, np.inf, X),
    "one_dimension": X[:, 0],
    "three_dimensions": X[:, :, np.newaxis],
    "no_samples": np.empty((0, 3)),
    "no_features": np.empty((10, 0)),
    "complex": X * 1j,
    "one_sample": X[:1],
    "fewer_samples": X[:7],
}


@pytest.mark.parametrize("name", REFUSED_DATA)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_refused_data_get_scikit_learns_message(function, name):
    ours, theirs = messages_of(lambda m: getattr(m, function)(REFUSED_DATA[name], LABELS))
    assert ours == theirs


REFUSED_LABELS = {
    "one_cluster": np.zeros(10, int),
    "as_many_clusters_as_samples": np.arange(10),
    "two_columns": np.zeros((10, 2), int),
    "nan": np.where(LABELS == 2, np.nan, LABELS),
    "infinity": np.where(LABELS == 2, np.inf, LABELS),
    "more": np.arange(12) % 3,
    "none": [],
}


@pytest.mark.parametrize("name", REFUSED_LABELS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_refused_labels_get_scikit_learns_message(function, name):
    ours, theirs = messages_of(lambda m: getattr(m, function)(X, REFUSED_LABELS[name]))
    assert ours == theirs


@pytest.mark.parametrize("function", OURS)
@pytest.mark.parametrize(("labels", "n"), [(np.zeros(10, int), 1), (np.arange(10), 10)])
def test_every_function_refuses_too_few_and_too_many_clusters(function, labels, n):
    message = f"Number of labels is {n}. Valid values are 2 to n_samples - 1 (inclusive)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(X, labels)


def words(message):
    """Of a message that lists the members of a set as they come."""
    return sorted(re.findall(r"[\w'.+-]+", message))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("metric", ["euclid", 3, None, ["euclidean"]], ids=repr)
def test_unknown_metrics(function, metric):
    ours, theirs = messages_of(lambda m: getattr(m, function)(X, LABELS, metric=metric))
    # A list of which not all can be used.
    assert ours.partition("{")[0] == theirs.partition("{")[0]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "manhattan", "cosine", "chebyshev"])
def test_arguments_that_a_metric_does_not_have(function, metric):
    # scikit-learn's message names a function of its own.
    with pytest.raises(TypeError, match="power"):
        getattr(scratchml.metrics, function)(X, LABELS, metric=metric, power=3)


@pytest.mark.parametrize("sample_size", [0, -3, 2.5, "all"])
def test_sample_sizes(sample_size):
    ours, theirs = messages_of(lambda m: m.silhouette_score(X, LABELS, sample_size=sample_size))
    assert words(ours) == words(theirs)


def test_random_states():
    ours, theirs = messages_of(
        lambda m: m.silhouette_score(X, LABELS, sample_size=5, random_state="seed")
    )
    assert words(ours) == words(theirs)


def test_a_sample_of_one_cluster():
    labels = (np.arange(10) == 5).astype(int)
    ours, theirs = messages_of(
        lambda m: m.silhouette_score(X, labels, sample_size=4, random_state=0)
    )
    assert (
        ours == theirs == ("Number of labels is 1. Valid values are 2 to n_samples - 1 (inclusive)")
    )


# --- matrices of distances ------------------------------------------------------------------------

D = np.abs(X[:, :1] - X[:, 0])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param(D + np.eye(10), id="f64"),
        pytest.param((D + 1e-4 * np.eye(10)).astype(np.float32), id="f32"),
        pytest.param((D * 10).astype(int) + np.eye(10, dtype=int), id="integers"),
        pytest.param(scipy.sparse.csr_array(D + np.eye(10)), id="csr"),
    ],
)
def test_samples_far_from_themselves(function, matrix):
    ours, theirs = messages_of(lambda m: getattr(m, function)(matrix, LABELS, metric="precomputed"))
    assert (
        ours
        == theirs
        == (
            "The precomputed distance matrix contains non-zero elements on the diagonal. "
            "Use np.fill_diagonal(X, 0)."
        )
    )


def test_matrices_that_are_not_square():
    ours, theirs = messages_of(
        lambda m: m.silhouette_samples(np.zeros((10, 4)), LABELS, metric="precomputed")
    )
    assert ours == theirs


def test_negative_distances():
    ours, theirs = messages_of(lambda m: m.silhouette_samples(-D, LABELS, metric="precomputed"))
    assert ours == theirs
