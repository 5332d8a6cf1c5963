"""The reference, by hand and beside scikit-learn; kernels and fits beside the reference."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from sklearn.cluster import BisectingKMeans as SklearnBisectingKMeans

from scratchml.algorithms.bisecting_kmeans import reference
from scratchml.algorithms.bisecting_kmeans.halves import (
    ONE_SPLIT,
    inertia_of_halves,
    planes_between,
)
from scratchml.algorithms.bisecting_kmeans.kernels import walk_tree
from scratchml.algorithms.kmeans import Lloyd, as_rows
from scratchml.algorithms.kmeans.reference import sq_distances
from scratchml.cluster import BisectingKMeans
from scratchml.datasets import make_blobs

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
each_strategy = pytest.mark.parametrize("strategy", ["biggest_inertia", "largest_cluster"])


def test_examples():
    result = doctest.testmod(reference)
    assert (result.attempted, result.failed) == (3, 0)


class FirstTwo:
    """Draws the first two samples of a cluster."""

    def choice(self, n, size, replace, p):
        assert (size, replace) == (2, False)
        np.testing.assert_allclose(p, 1 / n)
        return np.array([0, 1])


def test_by_hand():
    # Two pairs and a triple. From 0 and 1 the centres move to 0 and 113 / 6, then 1 joins the left.
    X = np.array([[0.0], [1.0], [10.0], [12.0], [29.0], [30.0], [31.0]])
    first, second = reference.bisecting_kmeans(X, 3, FirstTwo())
    assert first.parent == 0
    assert [leaf.members.tolist() for leaf in first.leaves] == [[0, 1, 2, 3], [4, 5, 6]]
    assert [leaf.center.tolist() for leaf in first.leaves] == [[5.75], [30.0]]
    assert [leaf.J for leaf in first.leaves] == [112.75, 2.0]
    assert second.parent == 0
    assert [leaf.members.tolist() for leaf in second.leaves] == [[0, 1], [2, 3], [4, 5, 6]]
    assert [leaf.J for leaf in second.leaves] == [0.5, 2.0, 2.0]


def test_largest_cluster_by_hand():
    # The wide pair has the larger inertia, the triple has more samples.
    X = np.array([[0.0], [1.0], [2.0], [90.0], [99.0]])
    for strategy, parent in [("biggest_inertia", 1), ("largest_cluster", 0)]:
        *_, second = reference.bisecting_kmeans(X, 3, FirstTwo(), strategy=strategy)
        assert second.parent == parent


@each_strategy
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_reference_estimator_and_scikit_learn_end_in_the_same_place(strategy, weighted, seed):
    X = make_blobs(200, 3, centers=5, cluster_std=2, random_state=seed)[0]
    w = np.random.default_rng(seed).uniform(0.5, 2, 200) if weighted else None
    *_, last = reference.bisecting_kmeans(X, 6, np.random.RandomState(seed), w, strategy)
    expected = np.empty(200, int)
    for label, leaf in enumerate(last.leaves):
        expected[leaf.members] = label
    for cls in (SklearnBisectingKMeans, BisectingKMeans):
        model = cls(6, random_state=seed, bisecting_strategy=strategy).fit(X, sample_weight=w)
        np.testing.assert_array_equal(model.labels_, expected)
        centers = [leaf.center for leaf in last.leaves]
        np.testing.assert_allclose(model.cluster_centers_, centers, rtol=1e-10)
        assert model.inertia_ == pytest.approx(sum(leaf.J for leaf in last.leaves), rel=1e-10)


def test_tree_is_that_of_the_reference(seed):
    X = make_blobs(150, 6, centers=5, random_state=seed)[0]
    tree = BisectingKMeans(5, random_state=seed).fit(X).tree_
    leaves = [0]
    for t, step in enumerate(reference.bisecting_kmeans(X, 5, np.random.RandomState(seed))):
        node = leaves[step.parent]
        halves = [2 * t + 1, 2 * t + 2]
        assert tree.children[node].tolist() == halves
        leaves[step.parent : step.parent + 1] = halves
        for half, leaf in zip(halves, step.leaves[step.parent :], strict=False):
            np.testing.assert_allclose(tree.centers[half], leaf.center, rtol=1e-10)
            assert tree.n_samples[half] == len(leaf.members)
            assert tree.inertia[half] == pytest.approx(leaf.J, rel=1e-9)
    assert (tree.children[leaves] == -1).all()
    assert tree.labels[leaves].tolist() == list(range(5))


def test_prediction_is_that_of_the_reference(seed):
    X = make_blobs(150, 6, centers=5, random_state=seed)[0]
    model = BisectingKMeans(7, random_state=seed).fit(X)
    new = np.random.default_rng(seed).uniform(X.min(), X.max(), (200, 6))
    children, centers, _, _, labels = model.tree_
    np.testing.assert_array_equal(
        model.predict(new), reference.predict(new, children, centers, labels)
    )


# --- kernels --------------------------------------------------------------------------------------

TIES = np.random.default_rng(0).integers(0, 3, (700, 9)).astype(float)
KERNEL_DATA = {
    "ties": TIES,
    "far": np.round(np.random.default_rng(1).normal(size=(500, 7)), 1) + 1e4,
    "wide": np.random.default_rng(2).normal(size=(300, 150)),
    "one_feature": np.random.default_rng(3).normal(size=(500, 1)),
    "one_row": TIES[:1],
    "duplicates": np.repeat(TIES[:3], 4, axis=0),
    "tiny": TIES * 1e-20,
    "huge": TIES * 1e17,
}
each_data = pytest.mark.parametrize("name", list(KERNEL_DATA))


@each_data
@each_dtype
def test_halves_are_those_of_plain_sums(name, dtype, seed):
    X = KERNEL_DATA[name].astype(dtype)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        centers = X[rng.choice(len(X), 2)] + dtype(rng.choice([0, 0.25]))
        labels = np.full(len(X), -1, np.int32)
        counts = walk_tree(X, planes_between(centers[np.newaxis]), ONE_SPLIT, labels)
        D = sq_distances(X, centers)
        np.testing.assert_array_equal(labels, D[:, 1] < D[:, 0])
        assert counts == (len(X), 2 * len(X))


@each_dtype
def test_near_ties_are_settled_by_plain_sums(dtype):
    # Far from the origin dot products cannot tell these centres apart; differences can.
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(2000, 20)) + 3000).astype(dtype)
    centers = (3000 + rng.normal(size=(2, 20)) * 1e-3).astype(dtype)
    labels = np.zeros(len(X), np.int32)
    walk_tree(X, planes_between(centers[np.newaxis]), ONE_SPLIT, labels)
    D = sq_distances(X, centers)
    np.testing.assert_array_equal(labels, D[:, 1] < D[:, 0])


def test_no_row_is_settled_by_the_wrong_side():
    # Rows in the plane between the centres, to the last bits.
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(2, 12)) * 100
    normal = (centers[1] - centers[0]) / np.linalg.norm(centers[1] - centers[0])
    X = rng.normal(size=(3000, 12)) * 100
    X -= ((X - centers.mean(axis=0)) @ normal)[:, np.newaxis] * normal
    labels = np.zeros(len(X), np.int32)
    walk_tree(X, planes_between(centers[np.newaxis]), ONE_SPLIT, labels)
    D = sq_distances(X, centers)
    np.testing.assert_array_equal(labels, D[:, 1] < D[:, 0])
    assert 0 < labels.sum() < len(X)


@each_dtype
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_inertia_of_halves(dtype, weighted):
    from scipy.sparse import csr_array

    X = TIES.astype(dtype)
    w = np.random.default_rng(1).uniform(0, 2, len(X)).astype(dtype) if weighted else None
    labels = (X[:, 0] > 1).astype(np.int32)
    centers = X[:2] + dtype(0.3)
    own = ((X.astype(float) - centers[labels]) ** 2).sum(axis=1) * (1 if w is None else w)
    expected = [own[labels == half].sum() for half in (0, 1)]
    for data in (X, csr_array(X)):
        np.testing.assert_allclose(inertia_of_halves(as_rows(data, w), centers, labels), expected)


def test_iterations_of_two_centres_share_every_bit(seed):
    from scratchml.algorithms.bisecting_kmeans.halves import Halves
    from scratchml.algorithms.kmeans import update_centers

    X = np.random.default_rng(seed).integers(0, 5, (1500, 7)).astype(float)
    rows = as_rows(X, None)
    results = []
    for iteration in (Halves, Lloyd):
        step, centers, labels = iteration(rows, 2), X[:2], np.full(len(X), -1, np.int32)
        for _ in range(6):
            statistics = step(centers, labels)
            assert statistics.n_distances == 2 * len(X)
            centers = update_centers(rows, statistics, centers, labels)
        results.append((labels.tobytes(), centers.tobytes()))
    assert results[0] == results[1]
