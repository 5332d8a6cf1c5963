"""The pruned potential of k-means++ is the plain one."""

from __future__ import annotations

import numpy as np
import pytest
from cases import each_dtype, each_tricky, in_dtype
from sklearn.cluster import kmeans_plusplus as sklearn_kmeans_plusplus

import scratchml
from scratchml.algorithms.kmeans.potential import Potential, PrunedPotential, make_potential
from scratchml.algorithms.kmeans.rows import DenseRows
from scratchml.cluster import kmeans_plusplus
from scratchml.datasets import make_blobs


def test_reach_by_hand():
    rows = DenseRows(np.zeros((1, 5)), None)
    potential = PrunedPotential(rows, 2, 1)
    potential.add_center(0, np.zeros(5), 0)
    # The nearer candidate is at distance 4: rows up to 2 from the centre are nearer to the centre.
    candidates = np.zeros((2, 5))
    candidates[:, 0] = 7, 4
    assert potential._reach(candidates) == pytest.approx(2**2, rel=1e-12)
    assert potential._reach(candidates) < 2**2


def test_candidates_by_hand():
    X = np.zeros((4, 5))
    X[:, 0] = 0, 1, 9, 11
    potential = PrunedPotential(DenseRows(X, np.array([1.0, 2.0, 1.0, 1.0])), 2, 2)
    potential.add_center(0, X[0], 0)
    assert potential.sq_distances.tolist() == [0, 1, 81, 121]
    assert potential.with_each(X[2:]).tolist() == [0 + 2 + 0 + 4, 0 + 2 + 4 + 0]
    assert potential.closest.gains.tolist() == [0, 0, 0b11, 0b11]
    potential.add_center(1, X[3], 1)
    assert potential.sq_distances.tolist() == [0, 1, 4, 0]
    assert potential.closest.centers.tolist() == [0, 0, 1, 1]


@each_tricky
@each_dtype
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_pruned_is_plain(name, dtype, weighted):
    X = in_dtype(name, dtype)
    rng = np.random.default_rng(0)
    w = rng.uniform(0, 2, len(X)).astype(dtype) if weighted else None
    n_centers, n_trials = min(8, len(X)), 3
    rows = DenseRows(X, w)
    plain, pruned = Potential(rows, n_centers, n_trials), PrunedPotential(rows, n_centers, n_trials)
    rtol = 8 * (X.shape[1] + 8) * np.finfo(dtype).eps
    trials, best = X[:n_trials], 0
    for c in range(n_centers):
        for potential in (plain, pruned):
            potential.add_center(c, trials[best], best)
        np.testing.assert_allclose(pruned.sq_distances, plain.sq_distances, rtol=rtol)
        np.testing.assert_allclose(pruned.by_tile, plain.by_tile, rtol=rtol)
        trials = X[rng.integers(len(X), size=n_trials)]
        potentials = [potential.with_each(trials) for potential in (plain, pruned)]
        np.testing.assert_allclose(potentials[1], potentials[0], rtol=rtol)
        best = int(np.argmin(potentials[0]))


def test_rows_within_reach_are_not_read():
    X = make_blobs(2000, 6, centers=8, cluster_std=0.1, random_state=0)[0]
    rows = DenseRows(X, None)
    potential = PrunedPotential(rows, 8, 2)
    for c, center in enumerate(kmeans_plusplus(X, 8, random_state=0)[0]):
        potential.closest.gains[:] = 255
        potential.add_center(c, center, 0)
    rows.X = np.full_like(X, 1e3)  # whoever reads it finds a row that has become a candidate
    np.testing.assert_allclose(
        potential.with_each(rows.X[:2]), potential.sq_distances.sum(), rtol=1e-12
    )
    assert not potential.closest.gains.any()


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [2, 5, 20])
@pytest.mark.parametrize("n_local_trials", [None, 1, 11])
def test_many_centers_are_scikit_learn_s(n_features, n_local_trials, seed):
    X = make_blobs(900, n_features, centers=30, cluster_std=2, random_state=seed)[0]
    options = {"random_state": seed, "n_local_trials": n_local_trials}
    _, ours = kmeans_plusplus(X, 50, **options)
    _, theirs = sklearn_kmeans_plusplus(X, 50, **options)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.jit
def test_any_number_of_threads_draws_the_same():
    X = make_blobs(60_000, 12, centers=20, random_state=0)[0]
    chosen = []
    for n_threads in (1, 2, 3):
        with scratchml.threads(n_threads):
            chosen.append(kmeans_plusplus(X, 30, random_state=0)[1].tolist())
    assert chosen[0] == chosen[1] == chosen[2]


def test_rows_with_distances_of_their_own_are_not_pruned():
    class OtherRows(DenseRows):
        pass

    X = np.zeros((3, 5))
    assert type(make_potential(DenseRows(X, None), 2, 2)) is PrunedPotential
    assert type(make_potential(DenseRows(X[:, :4], None), 2, 2)) is Potential
    assert type(make_potential(OtherRows(X, None), 2, 2)) is Potential
