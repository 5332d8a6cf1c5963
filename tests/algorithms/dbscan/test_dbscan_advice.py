"""The warning when eps is plainly wrong: when it comes, what it says, and when it does not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial.distance import cdist

from scratchml.algorithms.dbscan import advice
from scratchml.algorithms.dbscan.advice import warn_of_eps
from scratchml.cluster import DBSCAN, suggest_eps
from scratchml.datasets import make_blobs, make_circles, make_moons

LINE = np.arange(100.0)[:, None]


def advice_on(X, eps, min_samples=5, **params):
    """What a fit warns of; None if of nothing."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        DBSCAN(eps=eps, min_samples=min_samples, **params).fit(X)
    assert len(caught) <= 1
    return str(caught[0].message) if caught else None


def test_nothing_but_noise():
    assert advice_on(LINE, 0.5) == (
        "All 100 samples are noise: none has min_samples=5 samples within eps=0.5. The distance to"
        " the 5th nearest, itself included, is about 2. Try a larger eps, or a smaller min_samples;"
        " scratchml.cluster.suggest_eps finds an eps for the data."
    )


def test_one_cluster_of_all():
    assert advice_on(LINE, 80) == (
        "Nearly all samples are in one cluster: within eps=80 of a sample are about 100% of all"
        " 100. The distance to the 5th nearest, itself included, is about 2. Try a smaller eps;"
        " scratchml.cluster.suggest_eps finds an eps for the data."
    )


def test_the_line_of_the_user_is_blamed():
    with pytest.warns(UserWarning, match=r"^All 100 samples are noise") as caught:
        DBSCAN(eps=0.5).fit(LINE)
    assert caught[0].filename == __file__


def test_more_samples_than_are_looked_at(monkeypatch):
    # Chunks of 7 samples, of which the last has 2: the nearest are kept from one to the next.
    monkeypatch.setattr(advice, "N_COMPARED", 7)
    assert "The distance to the 5th nearest, itself included, is about 2." in advice_on(LINE, 0.5)


def test_more_is_asked_for_than_there_is():
    assert advice_on(LINE, 5, min_samples=200).startswith(
        "All 100 samples are noise: none has min_samples=200 samples within eps=5. Try a larger"
    )


def test_weights_make_no_number_of_samples():
    with pytest.warns(UserWarning, match=r"within eps=0\.5\. Try a larger"):
        DBSCAN(eps=0.5).fit(LINE, sample_weight=np.ones(100))
    DBSCAN(eps=80).fit(LINE, sample_weight=np.ones(100))


@pytest.mark.parametrize(
    ("params", "X"),
    [
        ({"metric": "manhattan"}, LINE),
        ({"metric": "minkowski", "p": 3}, LINE),
        ({"metric": "precomputed"}, cdist(LINE, LINE)),
        ({}, scipy.sparse.csr_array(LINE)),
        ({}, LINE.astype(np.float32)),
    ],
    ids=["manhattan", "minkowski", "precomputed", "csr", "float32"],
)
def test_metrics_and_containers(params, X):
    assert "5th nearest, itself included, is about 2." in advice_on(X, 0.5, **params)
    assert "are about 100% of all 100." in advice_on(X, 80, **params)


@pytest.mark.parametrize(
    ("X", "metric"),
    [
        (LINE, lambda a, b: float(abs(a - b)[0])),
        (scipy.sparse.csr_array(cdist(LINE, LINE)), "precomputed"),
        (LINE, "braycurtis"),
    ],
    ids=["callable", "graph", "unusual"],
)
def test_distances_that_take_long_are_not_looked_at(X, metric):
    labels = np.full(100, -1)
    with pytest.warns(UserWarning, match=r"within eps=0\.5\. Try a larger"):
        warn_of_eps(labels, X, 0.5, 5, metric=metric)
    warn_of_eps(labels * 0, X, 80, 5, metric=metric)


def test_sparse_samples_of_very_many_features_are_not_made_dense():
    X = scipy.sparse.csr_array((100, 10_000_000))
    with pytest.warns(UserWarning, match=r"within eps=0\.5\. Try a larger"):
        warn_of_eps(np.full(100, -1), X, 0.5, 5)


ORDINARY = {
    "moons": make_moons(200, noise=0.05, random_state=1)[0],
    "circles": make_circles(200, noise=0.04, factor=0.4, random_state=0)[0],
    "blobs": make_blobs(200, centers=4, random_state=3)[0],
    "one blob": make_blobs(200, centers=1, random_state=3)[0],
    "one blob, 8 features": make_blobs(120, 8, centers=1, random_state=3)[0],
    "one blob, 30 features": make_blobs(50, 30, centers=1, random_state=3)[0],
    "a cube": np.random.default_rng(0).uniform(size=(200, 3)),
    "a line": LINE,
    "few": make_blobs(40, centers=2, random_state=3)[0],
}


@pytest.mark.parametrize("name", list(ORDINARY))
@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_ordinary_fits_warn_of_nothing(name, factor):
    X = ORDINARY[name]
    assert advice_on(X, factor * suggest_eps(X).eps) is None


@pytest.mark.parametrize(
    ("X", "eps", "min_samples"),
    [
        (np.ones((100, 2)), 1e-3, 5),
        (np.repeat([[0.0], [1.0]], [95, 5], axis=0), 2, 5),
        (LINE[:19], 0.5, 5),
        (LINE[:19], 100, 2),
    ],
    ids=["equal", "mostly-equal", "too-few", "too-few-in-one"],
)
def test_no_reason_to_warn(X, eps, min_samples):
    assert advice_on(X, eps, min_samples) is None
