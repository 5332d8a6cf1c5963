"""The same seed gives scikit-learn's answer."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from sklearn.cluster import MiniBatchKMeans as SklearnMiniBatchKMeans

from scratchml.cluster import MiniBatchKMeans
from scratchml.datasets import make_blobs

pytestmark = pytest.mark.jit  # hundreds of steps each

N_SAMPLES, N_CLUSTERS = 800, 12


def some_rows(X, n_clusters, random_state):
    chosen = X[random_state.choice(X.shape[0], n_clusters, replace=False)]
    return chosen.toarray() if scipy.sparse.issparse(chosen) else chosen


SETTINGS = {
    "default": {},
    "small_batches": {"batch_size": 100},
    "one_batch": {"batch_size": 5000},
    "reassignment": {"batch_size": 100, "reassignment_ratio": 0.3},
    "no_reassignment": {"batch_size": 40, "reassignment_ratio": 0},
    "tol": {"batch_size": 50, "tol": 1e-2},
    "random": {"init": "random", "batch_size": 100},
    "several_inits": {"n_init": 4},
    "init_array": {"init": 3 * np.random.default_rng(0).normal(size=(N_CLUSTERS, 5))},
    "init_callable": {"init": some_rows, "batch_size": 200},
    "init_size": {"init_size": 50},
    "all_steps": {"max_no_improvement": None, "max_iter": 2, "batch_size": 150},
    "impatient": {"max_no_improvement": 1, "batch_size": 100},
    "more_clusters_than_a_batch": {
        "n_clusters": 30,
        "batch_size": 25,
        "init_size": 700,
        "reassignment_ratio": 0,
    },
}


def data(kind, seed):
    X = make_blobs(N_SAMPLES, 5, centers=N_CLUSTERS, cluster_std=2, random_state=seed)[0]
    return X if kind == "dense" else scipy.sparse.csr_array(np.where(np.abs(X) > 3, X, 0))


def weights(weighted, seed):
    return np.random.default_rng(seed).uniform(0, 3, N_SAMPLES) if weighted else None


def assert_same_fit(ours, theirs):
    for name in ("n_steps_", "n_iter_"):
        assert getattr(ours, name, None) == getattr(theirs, name, None)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9, atol=1e-9)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-10)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)


@pytest.mark.parametrize("name", list(SETTINGS))
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize(("weighted", "seed"), [(False, 0), (True, 1)], ids=["unit", "weighted"])
def test_fit(name, kind, weighted, seed):
    parameters = {"n_clusters": N_CLUSTERS, "random_state": seed, **SETTINGS[name]}
    X, w = data(kind, seed), weights(weighted, seed)
    ours = MiniBatchKMeans(**parameters).fit(X, sample_weight=w)
    theirs = SklearnMiniBatchKMeans(**parameters).fit(X, sample_weight=w)
    assert_same_fit(ours, theirs)
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-10)


def test_without_labels(seed):
    X = data("dense", seed)
    parameters = {"n_clusters": 5, "random_state": seed, "compute_labels": False}
    ours, theirs = MiniBatchKMeans(**parameters).fit(X), SklearnMiniBatchKMeans(**parameters).fit(X)
    assert not hasattr(ours, "labels_")
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-10)


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize(("weighted", "seed"), [(False, 0), (True, 1)], ids=["unit", "weighted"])
@pytest.mark.parametrize("ratio", [0.01, 0.5])
def test_partial_fit(kind, weighted, ratio, seed):
    X, w = data(kind, seed), weights(weighted, seed)
    parameters = {"random_state": seed, "reassignment_ratio": ratio, "batch_size": 300}
    ours, theirs = MiniBatchKMeans(**parameters), SklearnMiniBatchKMeans(**parameters)
    for start in range(0, N_SAMPLES, 180):
        part = slice(start, start + 180)
        for model in (ours, theirs):
            model.partial_fit(X[part], sample_weight=None if w is None else w[part])
        assert_same_fit(ours, theirs)


def test_fit_and_partial_fit_by_turns(seed):
    X = data("dense", seed)
    parameters = {"n_clusters": 6, "random_state": seed, "batch_size": 100}
    models = MiniBatchKMeans(**parameters), SklearnMiniBatchKMeans(**parameters)
    for call in ("partial_fit", "partial_fit", "fit", "partial_fit", "fit", "partial_fit"):
        for model in models:
            getattr(model, call)(X[:400] if call == "fit" else X[400:600])
        assert_same_fit(*models)


def test_random_state_instance_is_drawn_from_alike(seed):
    X = data("dense", seed)
    states = [np.random.RandomState(seed) for _ in range(2)]
    for estimator, state in zip((MiniBatchKMeans, SklearnMiniBatchKMeans), states, strict=True):
        estimator(5, n_init=3, batch_size=90, random_state=state).fit(X)
        model = estimator(5, init="random", reassignment_ratio=0.5, random_state=state)
        model.partial_fit(X[:200]).partial_fit(X[200:300])
    assert states[0].randint(2**31) == states[1].randint(2**31)


def test_zero_weights_are_treated_alike(seed):
    X = data("dense", seed)
    w = (np.random.default_rng(seed).uniform(size=N_SAMPLES) > 0.5).astype(float)
    parameters = {"n_clusters": 5, "random_state": seed, "batch_size": 100}
    assert_same_fit(
        MiniBatchKMeans(**parameters).fit(X, sample_weight=w),
        SklearnMiniBatchKMeans(**parameters).fit(X, sample_weight=w),
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"batch_size": 50, "reassignment_ratio": 0.5},
        {"batch_size": 50, "tol": 0.05},
        {"batch_size": 50, "n_init": 2, "max_iter": 1, "max_no_improvement": None},
    ],
    ids=["lack_of_improvement", "tol", "all_steps"],
)
def test_verbose_prints_what_scikit_learn_prints(parameters, capsys):
    X = data("dense", 0)[:400]
    printed = []
    for estimator in (MiniBatchKMeans, SklearnMiniBatchKMeans):
        estimator(6, random_state=0, verbose=1, **parameters).fit(X)
        # Numbers differ in their last digits.
        lines = capsys.readouterr().out.splitlines()
        printed.append([[word[:10] for word in line.split()] for line in lines])
    assert printed[0] == printed[1]
    assert printed[0][0] == [
        "Init",
        f"1/{parameters.get('n_init', 1)}",
        "with",
        "method",
        "k-means++",
    ]


def test_float32_is_as_good_on_average():
    ratios = []
    for seed in range(6):
        X = data("dense", seed).astype(np.float32)
        inertias = [
            estimator(N_CLUSTERS, random_state=seed, batch_size=200).fit(X).inertia_
            for estimator in (MiniBatchKMeans, SklearnMiniBatchKMeans)
        ]
        ratios.append(inertias[0] / inertias[1])
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)
