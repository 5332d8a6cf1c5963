"""The reference against toys worked out by hand and against scikit-learn."""

from __future__ import annotations

import doctest
from functools import partial

import numpy as np
import pytest
from cases import each_dtype, each_tricky, in_dtype
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.cluster import kmeans_plusplus as sklearn_kmeans_plusplus

from scratchml.algorithms.kmeans import reference


def test_examples():
    result = doctest.testmod(reference)
    assert (result.attempted, result.failed) == (3, 0)


def test_lloyd_by_hand():
    # Two pairs of points and two centres on the left one: 0 and 1 begin with 0; 1, 9 and 11.
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    steps = list(reference.lloyd(X, np.array([[0.0], [1.0]])))
    assert [step.labels.tolist() for step in steps] == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert [step.C.ravel().tolist() for step in steps] == [[0, 7], [0.5, 10], [0.5, 10]]
    assert [step.J for step in steps] == [0 + 0 + 64 + 100, 0 + 1 + 4 + 16, 4 * 0.25 + 0.5 * 3]
    assert [step.shift for step in steps] == [36, 0.25 + 9, 0]
    assert [step.n_changed for step in steps] == [4, 1, 0]


def test_lloyd_weights_by_hand():
    X = np.array([[0.0], [3.0], [10.0]])
    *_, last = reference.lloyd(X, np.array([[0.0], [10.0]]), w=np.array([2.0, 1.0, 5.0]))
    assert last.labels.tolist() == [0, 0, 1]
    assert last.C.ravel().tolist() == [1, 10]
    assert last.J == 2 * 1 + 1 * 4


def test_lloyd_ties_go_to_the_lowest_index():
    X = np.array([[1.0, 0.0], [1.0, 0.9], [-1.0, 0.0]])
    (step, *_) = reference.lloyd(X, np.array([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
    assert step.labels.tolist() == [0, 2, 1]


def test_empty_cluster_takes_the_farthest_sample():
    X = np.array([[0.0], [1.0], [10.0]])
    first, *_ = reference.lloyd(X, np.array([[0.5], [100.0]]))
    assert first.labels.tolist() == [0, 0, 0]
    assert first.C.ravel().tolist() == [0.5, 10]


def test_lloyd_stops_at_tol():
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    steps = list(reference.lloyd(X, np.array([[0.0], [1.0]]), tol=9.25))
    assert [step.shift for step in steps] == [36, 9.25]


@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_lloyd_ends_where_scikit_learn_does(seed, weighted):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 4))
    w = rng.uniform(0.5, 2, size=300) if weighted else None
    C = X[:7]
    *_, last = reference.lloyd(X, C, w)
    theirs = SklearnKMeans(7, init=C, n_init=1, tol=0).fit(X, sample_weight=w)
    np.testing.assert_array_equal(last.labels, theirs.labels_)
    np.testing.assert_allclose(last.C, theirs.cluster_centers_, rtol=1e-12)
    np.testing.assert_allclose(last.J, theirs.inertia_, rtol=1e-12)


# --- Bounds ---------------------------------------------------------------------------------------

# Name -> the variant, and how many distances beyond n k an iteration may take: n times so many.
VARIANTS = {
    "hamerly": (reference.hamerly, 0),
    "yinyang": (reference.yinyang, 1),
    "yinyang-pairs": (partial(reference.yinyang, size=2), 1),
    "elkan": (reference.elkan, 1),
}
each_variant = pytest.mark.parametrize(("variant", "overhead"), VARIANTS.values(), ids=VARIANTS)


@each_variant
def test_bounds_by_hand(variant, overhead):
    # As in test_lloyd_by_hand; both centres move so far that no bound holds but those of sample 0.
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    steps = list(variant(X, np.array([[0.0], [1.0]])))
    assert [step.labels.tolist() for step, _ in steps] == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert [step.C.ravel().tolist() for step, _ in steps] == [[0, 7], [0.5, 10], [0.5, 10]]
    assert [step.J for step, _ in steps] == [164, 21, 2.5]
    assert steps[0][1] == 8


@each_tricky
@each_dtype
@each_variant
def test_variants_take_the_steps_of_lloyd(name, dtype, variant, overhead):
    X = in_dtype(name, dtype)
    k = min(len(np.unique(X, axis=0)), 11)
    C = X[np.random.default_rng(0).choice(len(X), k, replace=False)]
    plain = list(reference.lloyd(X, C, max_iter=8))
    bounded = list(variant(X, C, max_iter=8))
    assert len(plain) == len(bounded)
    for expected, (step, n_distances) in zip(plain, bounded, strict=True):
        np.testing.assert_array_equal(step.labels, expected.labels)
        np.testing.assert_array_equal(step.C, expected.C)
        assert step[2:] == expected[2:]
        assert n_distances <= len(X) * (k + overhead)


@each_variant
def test_variants_take_fewer_distances(variant, overhead, seed):
    X = np.concatenate([np.random.default_rng(seed).normal(c, 1, (80, 3)) for c in range(0, 24, 4)])
    *_, (_, n_distances) = variant(X, X[::40])
    assert n_distances < 0.5 * len(X) * 12


def test_more_bounds_leave_fewer_distances(seed):
    X = np.random.default_rng(seed).normal(size=(400, 4))
    C = X[:24]
    hamerly, yinyang, elkan = (
        sum(n_distances for _, n_distances in variant(X, C))
        for variant in (reference.hamerly, partial(reference.yinyang, size=4), reference.elkan)
    )
    assert elkan < yinyang < hamerly


def test_groups_by_hand():
    # Halved at the second feature, at a multiple of two; the second half then at the first one.
    C = np.array([[0.0, 19.0], [1.0, 0.0], [2.0, 1.0], [9.0, 20.0], [0.0, 20.5], [4.0, 21.0]])
    groups = reference.group_centers(C, np.arange(6), 2)
    assert [group.tolist() for group in groups] == [[1, 2], [0, 4], [5, 3]]


@pytest.mark.parametrize(("k", "size", "n_groups"), [(1, 4, 1), (8, 4, 2), (9, 4, 3), (5, 1, 5)])
def test_groups_are_a_partition(k, size, n_groups):
    C = np.random.default_rng(0).normal(size=(k, 3))
    groups = reference.group_centers(C, np.arange(k), size)
    assert len(groups) == n_groups
    assert max(map(len, groups)) <= size
    assert sorted(np.concatenate(groups)) == list(range(k))


# --- k-means++ ------------------------------------------------------------------------------------


def test_kmeans_plusplus_by_hand():
    class Draws:
        """The first sample, then the middle of the potential for every trial."""

        def choice(self, n, p):
            assert (n, p.tolist()) == (4, [0.25] * 4)
            return 0

        def uniform(self, size):
            return np.full(size, 0.5)

    X = np.array([[0.0], [1.0], [2.0], [4.0]])
    first, second = reference.kmeans_plusplus(X, 2, Draws())
    # Potentials 0, 1, 4, 16 run to 0, 1, 5, 21: half of 21 falls on the last sample.
    assert (first.sample, second.sample) == (0, 3)
    assert first.closest.tolist() == [0, 1, 4, 16]
    assert second.closest.tolist() == [0, 1, 4, 0]
    assert second.trials.tolist() == [3, 3]
    assert second.potentials.tolist() == [5, 5]


def test_kmeans_plusplus_draws_as_scikit_learn(seed):
    X = np.random.default_rng(seed).normal(size=(200, 3))
    w = np.random.default_rng(seed).uniform(0.5, 2, size=200)
    steps = list(reference.kmeans_plusplus(X, 12, np.random.RandomState(seed), w))
    _, indices = sklearn_kmeans_plusplus(X, 12, random_state=seed, sample_weight=w)
    assert [step.sample for step in steps] == indices.tolist()


@each_tricky
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_pruned_kmeans_plusplus_takes_the_same_steps(name, weighted):
    X = in_dtype(name, np.float64)
    w = np.random.default_rng(0).uniform(0.5, 2, size=len(X)) if weighted else None
    k = min(len(np.unique(X, axis=0)), 11)
    plain = list(reference.kmeans_plusplus(X, k, np.random.RandomState(0), w))
    pruned = list(reference.kmeans_plusplus_pruned(X, k, np.random.RandomState(0), w))
    assert len(plain) == len(pruned) == k
    for expected, (step, n_distances) in zip(plain, pruned, strict=True):
        assert step.sample == expected.sample
        np.testing.assert_array_equal(step.trials, expected.trials)
        np.testing.assert_array_equal(step.potentials, expected.potentials)
        np.testing.assert_array_equal(step.closest, expected.closest)
        assert n_distances <= len(X) * len(step.trials)


def test_pruned_kmeans_plusplus_takes_fewer_distances(seed):
    X = np.concatenate([np.random.default_rng(seed).normal(c, 1, (80, 3)) for c in range(0, 60, 6)])
    steps = reference.kmeans_plusplus_pruned(X, 20, np.random.RandomState(seed), n_trials=4)
    assert sum(n_distances for _, n_distances in steps) < 0.8 * 4 * len(X) * 20
