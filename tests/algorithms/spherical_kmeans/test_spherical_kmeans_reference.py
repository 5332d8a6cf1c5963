"""The reference against toys worked out by hand."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from scratchml.algorithms.kmeans import reference as kmeans_reference
from scratchml.algorithms.spherical_kmeans import reference


def test_examples():
    result = doctest.testmod(reference)
    assert (result.attempted, result.failed) == (3, 0)


def test_iteration_by_hand():
    # Directions (1, 0), (0.6, 0.8), (0, 1), (-0.6, 0.8) and centres on the first two.
    X = np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 5.0], [-6.0, 8.0]])
    steps = list(reference.spherical_kmeans(X, np.array([[1.0, 0.0], [0.6, 0.8]])))
    assert [step.labels.tolist() for step in steps] == [[0, 1, 1, 1], [0, 1, 1, 1]]
    # (0.6, 0.8) + (0, 1) + (-0.6, 0.8) points upwards.
    np.testing.assert_allclose(steps[0].C, [[1, 0], [0, 1]], atol=1e-16)
    assert pytest.approx(0 + 0 + (1 - 0.8) + (1 - 0.28)) == steps[0].J
    assert pytest.approx((1 - 0.8) + 0 + (1 - 0.8)) == steps[1].J
    assert steps[0].shift == pytest.approx(0.6**2 + 0.2**2)
    assert [step.n_changed for step in steps] == [4, 0]


def test_ties_go_to_the_lowest_index():
    C = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    (step, *_) = reference.spherical_kmeans(np.array([[3.0, 3.0], [2.0, 0.0], [0.0, 1.0]]), C)
    assert step.labels.tolist() == [0, 1, 0]


def test_weights_pull_the_centre():
    X = np.array([[5.0, 0.0], [0.0, 1.0]])
    (step, *_) = reference.spherical_kmeans(X, np.array([[0.6, 0.8]]), w=np.array([3.0, 4.0]))
    np.testing.assert_allclose(step.C, [[0.6, 0.8]])
    assert pytest.approx(3 * 0.4 + 4 * 0.2) == step.J


def test_directions_that_cancel_leave_the_centre():
    X = np.array([[1.0, 0.0], [-1.0, 0.0]])
    (step, *_) = reference.spherical_kmeans(X, np.array([[0.0, 1.0]]))
    assert step.C.tolist() == [[0, 1]]
    assert step.J == 2


def test_empty_cluster_takes_the_sample_of_the_smallest_cosine():
    X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 2.0]])
    first, *_ = reference.spherical_kmeans(X, np.array([[1.0, 0.0], [-1.0, 0.0]]))
    assert first.labels.tolist() == [0, 0, 0]
    np.testing.assert_allclose(first.C[1], [0, 1], atol=1e-16)


def test_unit_rows_are_unit_rows():
    X = np.random.default_rng(0).normal(size=(50, 7))
    X[3] = 0
    np.testing.assert_allclose(reference.unit_rows(X), normalize(X), rtol=1e-15)
    assert reference.unit_rows(X * 2.0**-900).tobytes() == reference.unit_rows(X).tobytes()
    assert reference.unit_rows(X * 2.0**900).tobytes() == reference.unit_rows(X).tobytes()
    assert reference.unit_rows(np.array([[5e-324, 0.0]])).tolist() == [[0, 0]]


def test_cosine_distance_is_half_the_squared_chord():
    U = reference.unit_rows(np.random.default_rng(0).normal(size=(40, 5)))
    D = reference.cosine_distances(U, U[:9])
    np.testing.assert_allclose(D, 1 - reference.cosines(U, U[:9]), atol=1e-15)
    np.testing.assert_allclose(D, kmeans_reference.sq_distances(U, U[:9]) / 2, rtol=1e-15)


def test_seeding_draws_what_kmeans_draws_on_unit_rows(seed):
    X = np.random.default_rng(seed).normal(size=(150, 4))
    w = np.random.default_rng(seed).uniform(0.5, 2, size=150)
    ours = reference.kmeans_plusplus(X, 9, np.random.RandomState(seed), w)
    theirs = kmeans_reference.kmeans_plusplus(
        reference.unit_rows(X), 9, np.random.RandomState(seed), w
    )
    assert [step.sample for step in ours] == [step.sample for step in theirs]
