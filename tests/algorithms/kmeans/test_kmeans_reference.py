"""The reference against toys worked out by hand and against scikit-learn."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
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


def test_hamerly_takes_the_steps_of_lloyd_with_fewer_distances(seed):
    X = np.concatenate([np.random.default_rng(seed).normal(c, 1, (80, 3)) for c in range(6)])
    C = X[::80]
    plain = list(reference.lloyd(X, C))
    bounded = list(reference.hamerly(X, C))
    assert len(plain) == len(bounded) > 3
    for expected, (step, n_distances) in zip(plain, bounded, strict=True):
        np.testing.assert_array_equal(step.labels, expected.labels)
        np.testing.assert_array_equal(step.C, expected.C)
        assert pytest.approx(expected.J, rel=1e-12) == step.J
        assert (step.n_changed, step.shift) == (expected.n_changed, pytest.approx(expected.shift))
        assert n_distances <= len(X) * 6
    assert bounded[-1][1] < 0.5 * len(X) * 6


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
