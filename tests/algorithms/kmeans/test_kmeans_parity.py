"""The same seed gives scikit-learn's answer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.cluster import kmeans_plusplus as sklearn_kmeans_plusplus

from benchmarks.agreement import N_PROBLEMS, float32_inertia_ratio, same_seed_agreement
from scratchml.cluster import KMeans, kmeans_plusplus
from scratchml.datasets import make_blobs


@pytest.mark.jit
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_labels_as_often_as_scikit_learn_agrees_with_itself():
    ours, theirs = same_seed_agreement(N_PROBLEMS)
    assert ours >= theirs - 0.02 * N_PROBLEMS, f"{ours} against {theirs} of {N_PROBLEMS}"
    assert ours >= 0.95 * N_PROBLEMS


@pytest.mark.parametrize("n_init", [1, 4])
@pytest.mark.parametrize("algorithm", ["lloyd", "elkan"])
def test_attributes(n_init, algorithm, seed):
    X = make_blobs(400, 5, centers=6, cluster_std=2, random_state=seed)[0]
    parameters = {"n_clusters": 6, "n_init": n_init, "random_state": seed, "algorithm": algorithm}
    ours, theirs = KMeans(**parameters).fit(X), SklearnKMeans(**parameters).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-10)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)
    assert ours.n_iter_ == theirs.n_iter_
    new = X[::3] + 0.1
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-9)
    assert ours.score(new) == pytest.approx(theirs.score(new), rel=1e-12)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


@pytest.mark.parametrize("n_local_trials", [None, 1, 5])
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_kmeans_plusplus(n_local_trials, weighted, seed):
    X = make_blobs(500, 4, centers=9, random_state=seed)[0]
    weight = np.random.default_rng(seed).uniform(0, 2, 500) if weighted else None
    options = {"sample_weight": weight, "random_state": seed, "n_local_trials": n_local_trials}
    for ours, theirs in zip(
        kmeans_plusplus(X, 20, **options), sklearn_kmeans_plusplus(X, 20, **options), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_random_state_instance_is_drawn_from_alike(seed):
    X = make_blobs(200, 3, centers=5, cluster_std=3, random_state=seed)[0]
    states = [np.random.RandomState(seed) for _ in range(2)]
    for estimator, state in zip((KMeans, SklearnKMeans), states, strict=True):
        estimator(5, n_init=3, random_state=state).fit(X)
        estimator(5, init="random", n_init=2, random_state=state).fit(X)
    assert states[0].randint(2**31) == states[1].randint(2**31)


def test_empty_clusters_are_relocated_alike():
    X = make_blobs(200, 3, centers=5, random_state=0)[0]
    init = np.vstack([X[:3], np.full((2, 3), 100.0)])
    ours = KMeans(5, init=init, max_iter=3).fit(X)
    theirs = SklearnKMeans(5, init=init, n_init=1, max_iter=3).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-12)


def test_zero_weights_are_treated_alike(seed):
    X = make_blobs(200, 3, centers=5, random_state=seed)[0]
    weight = (np.random.default_rng(seed).uniform(size=200) > 0.5).astype(float)
    ours = KMeans(5, random_state=seed).fit(X, sample_weight=weight)
    theirs = SklearnKMeans(5, random_state=seed).fit(X, sample_weight=weight)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)


@pytest.mark.slow
def test_float32_is_as_good_on_average():
    assert float32_inertia_ratio() == pytest.approx(1, abs=0.005)
