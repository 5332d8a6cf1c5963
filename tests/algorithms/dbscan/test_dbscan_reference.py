"""The reference: a toy by hand, what is visited when, and the same clusters without an order."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from dbscan_cases import PROBLEMS, each_problem, expected_of

from scratchml.algorithms.dbscan import reference

# One point apart, and two clusters on a line.
LINE = np.array([[20.0], [10.0], [11.0], [12.0], [13.0], [1.0], [2.0], [3.0]])


def test_a_line_by_hand():
    # 10 and 13 have two neighbours, 11 and 12 three; so with 1, 3 and 2.
    core_indices, labels = reference.dbscan(LINE, 1.0, 3)
    assert core_indices.tolist() == [2, 3, 6]
    assert labels.tolist() == [-1, 0, 0, 0, 0, 1, 1, 1]


def test_each_visit_by_hand():
    found = [
        (v.point, v.role, v.cluster, v.joined, v.seeds) for v in reference.visits(LINE, 1.0, 3)
    ]
    assert found == [
        (0, "noise", -1, [], []),
        (1, "noise", -1, [], []),
        (2, "core", 0, [1, 2, 3], [3]),  # what was noise is a border point now
        (3, "core", 0, [4], [4]),
        (4, "border", 0, [], []),
        (5, "noise", -1, [], []),
        (6, "core", 1, [5, 6, 7], [7]),
        (7, "border", 1, [], []),
    ]


def test_a_border_point_belongs_to_the_cluster_that_reaches_it_first():
    for name in ("border_of_two", "border_of_two_reversed"):
        core_indices, labels = expected_of(PROBLEMS[name])
        assert 3 not in core_indices
        assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_weights_by_hand():
    X = np.array([[0.0], [1.0], [5.0], [9.0], [10.0]])
    w = np.array([1.0, 2.0, 3.0, 4.0, -2.0])
    # Neighbourhoods weigh 3, 3, 3, 2, 2.
    core_indices, labels = reference.dbscan(X, 1.0, 3, w)
    assert core_indices.tolist() == [0, 1, 2]
    assert labels.tolist() == [0, 0, 1, -1, -1]


def test_distances_in_place_of_points():
    D = np.array([[0.0, 1.0, 9.0], [1.0, 0.0, 9.0], [9.0, 1.0, 0.0]])
    core_indices, labels = reference.dbscan(D, 1.0, 2, distances=lambda X, row: row)
    # The last reaches the second, which does not reach it.
    assert core_indices.tolist() == [0, 1, 2]
    assert labels.tolist() == [0, 0, 1]


@each_problem
def test_the_order_free_rule_finds_the_same(name):
    with np.errstate(over="ignore", under="ignore"):
        core_indices, labels = reference.components(*PROBLEMS[name])
    expected = expected_of(PROBLEMS[name])
    np.testing.assert_array_equal(core_indices, expected[0])
    np.testing.assert_array_equal(labels, expected[1])


@each_problem
def test_the_reference_is_scikit_learns(name):
    X, eps, min_samples = PROBLEMS[name]
    core_indices, labels = sklearn.cluster.dbscan(
        X, eps, min_samples=min_samples, algorithm="kd_tree"
    )
    expected = expected_of(PROBLEMS[name])
    np.testing.assert_array_equal(core_indices, expected[0])
    np.testing.assert_array_equal(labels, expected[1])


@pytest.mark.parametrize("name", ["blobs", "border_of_two", "lattice_at_1", "tenths"])
def test_what_a_visit_promises(name):
    X, eps, min_samples = PROBLEMS[name]
    visits = list(reference.visits(X, eps, min_samples))
    assert {v.point for v in visits} == set(range(len(X)))
    joined = [point for v in visits for point in v.joined]
    assert len(joined) == len(set(joined))
    clusters = [v.cluster for v in visits if v.role == "core"]
    assert clusters == sorted(clusters)
    for v in visits:
        assert (v.role == "core") == (len(v.neighbors) >= min_samples)
        assert v.role == "core" or not v.joined
