"""The same seed gives scikit-learn's answer."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from sklearn.cluster import BisectingKMeans as SklearnBisectingKMeans

from scratchml.cluster import BisectingKMeans
from scratchml.datasets import make_blobs

SETTINGS = {
    "default": {},
    "largest": {"bisecting_strategy": "largest_cluster"},
    "plusplus": {"init": "k-means++"},
    "several_runs": {"n_init": 4},
    "elkan": {"algorithm": "elkan", "n_init": 2, "init": "k-means++"},
    "lloyd": {"algorithm": "lloyd", "tol": 0},
    "ends_early": {"max_iter": 2},
    "loose": {"tol": 1.0},
}


def assert_same_fit(ours, theirs):
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(
        ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-10, atol=1e-12
    )
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-10, abs=1e-18)


@pytest.mark.parametrize("settings", list(SETTINGS))
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize(
    ("weighted", "seed"), [(True, 0), (False, 1), (True, 2)], ids=["2d", "5d_unit", "12d"]
)
def test_fits(settings, kind, weighted, seed):
    rng = np.random.default_rng(seed)
    X = make_blobs(250, (2, 5, 12)[seed], centers=6, cluster_std=2, random_state=seed)[0]
    w = rng.uniform(0.1, 3, len(X)) if weighted else None
    data = scipy.sparse.csr_array(np.where(rng.random(X.shape) < 0.6, X, 0))
    if kind == "dense":
        data = X
    parameters = {"n_clusters": 7, "random_state": seed, **SETTINGS[settings]}
    ours = BisectingKMeans(**parameters).fit(data, sample_weight=w)
    theirs = SklearnBisectingKMeans(**parameters).fit(data, sample_weight=w)
    assert_same_fit(ours, theirs)
    new = data[::3] * 1.1
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-9)
    weight = None if w is None else w[::3]
    scores = [model.score(new, sample_weight=weight) for model in (ours, theirs)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-10)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 30])
@pytest.mark.parametrize("n_features", [1, 4, 40, 140])
def test_shapes(n_clusters, n_features, seed):
    X = make_blobs(120, n_features, centers=5, random_state=seed)[0]
    w = np.random.default_rng(seed).uniform(size=120)
    ours = BisectingKMeans(n_clusters, random_state=seed).fit(X, sample_weight=w)
    theirs = SklearnBisectingKMeans(n_clusters, random_state=seed).fit(X, sample_weight=w)
    assert_same_fit(ours, theirs)


def test_duplicates_are_treated_alike():
    X = np.repeat([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]], 4, axis=0)
    for strategy in ("biggest_inertia", "largest_cluster"):
        parameters = {"n_clusters": 6, "random_state": 0, "bisecting_strategy": strategy}
        theirs = SklearnBisectingKMeans(**parameters).fit(X)
        with pytest.warns(UserWarning, match=r"^Number of distinct clusters"):
            ours = BisectingKMeans(**parameters).fit(X)
        assert_same_fit(ours, theirs)


def test_random_state_instance_is_drawn_from_alike(seed):
    X = make_blobs(150, 5, centers=5, random_state=seed)[0]
    states = [np.random.RandomState(seed) for _ in range(2)]
    for cls, state in zip((BisectingKMeans, SklearnBisectingKMeans), states, strict=True):
        cls(5, n_init=2, random_state=state).fit(X)
        cls(4, init="k-means++", random_state=state).fit(X)
    assert states[0].randint(2**31) == states[1].randint(2**31)


@pytest.mark.parametrize("tol", [0, 0.5])
def test_verbose_prints_what_scikit_learn_prints(tol, capsys):
    # Centred data: scikit-learn prints centres relative to the mean.
    X = np.round(make_blobs(60, 2, centers=3, random_state=0)[0])
    X = np.concatenate([X, -X])
    lines = []
    for cls in (BisectingKMeans, SklearnBisectingKMeans):
        cls(3, random_state=0, tol=tol, verbose=1).fit(X)
        lines.append(capsys.readouterr().out.splitlines())
    kinds = [
        [" ".join(line.split()[:3]) for line in printed if "[" not in line or "New" in line]
        for printed in lines
    ]
    assert kinds[0] == kinds[1]
    assert lines[0][0].startswith("Iteration 0, inertia ")
    assert any(line.startswith("New centroids from bisection: [[") for line in lines[0])


@pytest.mark.slow
@pytest.mark.jit
def test_many_problems():
    agree = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shape = int(rng.integers(20, 600)), int(rng.choice([1, 2, 3, 5, 9, 16, 40]))
        X = make_blobs(*shape, centers=6, cluster_std=2, random_state=seed)[0]
        parameters = {"n_clusters": int(rng.integers(1, 13)), "random_state": seed}
        fits = [c(**parameters).fit(X) for c in (BisectingKMeans, SklearnBisectingKMeans)]
        agree += np.array_equal(*(model.labels_ for model in fits))
    assert agree >= 198
