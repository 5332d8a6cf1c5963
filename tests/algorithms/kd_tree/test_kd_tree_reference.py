"""The reference: a toy worked out by hand, then brute force."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from kd_tree_cases import METRICS, brute_nearest, brute_within, each_metric, problem

from scratchml.algorithms.kd_tree import reference

#   y
#   6           3                  7        box of the root: [1, 9] x [1, 6], split across x
#   5     1                  5              halves 0 1 2 3 and 4 5 6 7: 3 wide and 5 high,
#   4                                         split across y
#   3                           6           leaves 0 2 below 1 3, and 4 6 below 5 7
#   2        2
#   1  0                 4
#      1  2  3  4  5  6  7  8  9   x
TOY = np.array([[1, 1], [2, 5], [3, 2], [4, 6], [6, 1], [7, 5], [8, 3], [9, 6]], float)
TREE = reference.build(TOY, leaf_size=2)


def nodes(root):
    """All nodes of a tree, parents first."""
    return [root, *(node for child in root.children for node in nodes(child))]


def seen(visits):
    """Points of each node, the bound, what was done and what had been found by then."""
    return [(v.node.points.tolist(), v.bound, v.action, v.found) for v in visits]


def test_examples():
    result = doctest.testmod(reference)
    assert (result.attempted, result.failed) == (4, 0)


def test_tree_by_hand():
    assert [(node.points.tolist(), node.axis) for node in nodes(TREE)] == [
        ([0, 1, 2, 3, 4, 5, 6, 7], 0),
        ([0, 1, 2, 3], 1),
        ([0, 2], -1),
        ([1, 3], -1),
        ([4, 5, 6, 7], 1),
        ([4, 6], -1),
        ([5, 7], -1),
    ]
    boxes = [(node.lower.tolist(), node.upper.tolist()) for node in nodes(TREE)]
    assert boxes[1] == ([1, 1], [4, 6])
    assert boxes[5] == ([6, 1], [8, 3])


def test_nearest_by_hand():
    # The right half is 0.5 away, the left one 1.5: the right one comes first. Point 5 is then the
    # nearest, 1.5 away. So is the left half: it might hold a point just as near, of lower index.
    visits = list(reference.nearest(TREE, TOY, np.array([5.5, 5.0]), k=1))
    assert seen(visits) == [
        ([0, 1, 2, 3, 4, 5, 6, 7], 0, "split", []),
        ([4, 5, 6, 7], 0.5**2, "split", []),
        ([5, 7], 1.5**2, "searched", [5]),
        ([4, 6], 0.5**2 + 2**2, "pruned", [5]),
        ([0, 1, 2, 3], 1.5**2, "split", [5]),
        ([1, 3], 1.5**2, "searched", [5]),
        ([0, 2], 2.5**2 + 3**2, "pruned", [5]),
    ]
    assert sum(visit.n_distances for visit in visits) == 4


def test_two_nearest_by_hand():
    visits = list(reference.nearest(TREE, TOY, np.array([5.5, 5.0]), k=2))
    # Squared distances: 5 at 2.25, 7 at 13.25; then 4 at 16.25, 6 at 10.25; then 3 at 3.25.
    assert [v.found for v in visits if v.action == "searched"] == [[5, 7], [5, 6], [5, 3]]
    assert visits[-1].action == "pruned"


def test_within_by_hand():
    q = np.array([7.5, 3.5])
    # The farthest corners of the right half are (1.5, 2.5) away: 8.5 squared.
    assert seen(reference.within(TREE, TOY, q, r=3)) == [
        ([0, 1, 2, 3, 4, 5, 6, 7], 0, "split", []),
        ([0, 1, 2, 3], 3.5**2, "pruned", []),
        ([4, 5, 6, 7], 0, "included", [4, 5, 6, 7]),
    ]
    visits = list(reference.within(TREE, TOY, q, r=2.5))
    assert seen(visits)[2:] == [
        ([4, 5, 6, 7], 0, "split", []),
        ([4, 6], 0.5**2, "searched", [6]),
        ([5, 7], 1.5**2, "searched", [6, 5]),
    ]
    assert sum(visit.n_distances for visit in visits) == 4


def test_the_radius_itself_is_within():
    X = np.array([[3.0, 4.0], [0.0, 5.0], [3.0, 4.1]])
    root = reference.build(X, 1)
    for p, r, expected in [(2, 5, [0, 1]), (1, 7, [0, 1]), (np.inf, 4, [0]), (3, 4.5, [0])]:
        *_, last = reference.within(root, X, np.zeros(2), r, p)
        assert sorted(last.found) == expected


def test_equal_points_are_halved_by_index():
    root = reference.build(np.full((5, 2), 3.0), 1)
    assert [n.points.tolist() for n in nodes(root)][:4] == [[0, 1, 2, 3, 4], [0, 1], [0], [1]]
    *_, last = reference.nearest(root, np.full((5, 2), 3.0), np.zeros(2), 3)
    assert last.found == [0, 1, 2]


@each_metric
def test_reduced_distances_order_as_distances_do(metric):
    p = METRICS[metric][1]
    gaps = np.random.default_rng(0).uniform(size=(40, 5))
    D = reference.distances(reference.reduced_distances(gaps, p), p)
    np.testing.assert_allclose(D, np.linalg.norm(gaps, p, axis=1), rtol=1e-14)


@pytest.mark.parametrize("start", range(0, 105, 35))
def test_brute_force_agrees(start):
    for number in range(start, start + 35):
        X, Q, k, r, leaf_size, metric = problem(number)
        X, Q, p = X.astype(float), Q.astype(float), METRICS[metric][1]
        root = reference.build(X, leaf_size)
        distances, indices = brute_nearest(X, Q, k, p)
        expected = brute_within(X, Q, r, p)
        for i, q in enumerate(Q):
            visits = list(reference.nearest(root, X, q, k, p))
            assert visits[-1].found == indices[i].tolist(), number
            assert k <= sum(visit.n_distances for visit in visits) <= len(X)
            D = reference.reduced_distances(np.abs(X[visits[-1].found] - q), p)
            np.testing.assert_allclose(reference.distances(D, p), distances[i], rtol=1e-15)
            visits = list(reference.within(root, X, q, r[i], p))
            assert sorted(visits[-1].found) == expected[i], number
            assert sum(visit.n_distances for visit in visits) <= len(X)


@each_metric
def test_bounds_never_exceed_distances(metric):
    # Also when everything is rounded: exactly, without a tolerance.
    p = METRICS[metric][1]
    for number in range(35):
        X, Q = (part.astype(float) for part in problem(number)[:2])
        for node in nodes(reference.build(X, 3)):
            for q in Q:
                D = reference.reduced_distances(np.abs(X[node.points] - q), p)
                assert reference.box_distance(node, q, p) <= D.min()
