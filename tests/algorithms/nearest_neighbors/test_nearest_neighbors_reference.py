"""The reference on toys worked out by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.neighbors

from scratchml.algorithms.nearest_neighbors.reference import k_nearest, vote, within_radius

# A square with a point in its middle, and one of its corners twice:
#
#   3 ---- 2        0 = (0, 0)   1 = (2, 0)   2 = (2, 2)
#   |  4   |        3 = (0, 2)   4 = (1, 1)   5 = (2, 2)
#   0 ---- 1
SQUARE = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [2, 2]], float)


@pytest.mark.parametrize(
    ("metric", "p", "distances"),
    [
        ("euclidean", 2, [0, np.sqrt(2), 2, 2, np.sqrt(8), np.sqrt(8)]),
        ("manhattan", 1, [0, 2, 2, 2, 4, 4]),
        ("chebyshev", np.inf, [0, 1, 2, 2, 2, 2]),
        ("minkowski", 3, [0, 2 ** (1 / 3), 2, 2, 16 ** (1 / 3), 16 ** (1 / 3)]),
    ],
)
def test_from_a_corner(metric, p, distances):
    found, indices = k_nearest(SQUARE[:1], SQUARE, 6, metric, p)
    np.testing.assert_allclose(found[0], distances)
    # Of equal distances the lower index comes first.
    order = {"euclidean": [0, 4, 1, 3, 2, 5], "manhattan": [0, 1, 3, 4, 2, 5]}
    order |= {"chebyshev": [0, 4, 1, 2, 3, 5], "minkowski": order["euclidean"]}
    assert indices[0].tolist() == order[metric]


def test_radius_includes_its_edge():
    distances, indices = within_radius(SQUARE[:1], SQUARE, 2.0)
    assert indices[0].tolist() == [0, 1, 3, 4]
    np.testing.assert_allclose(distances[0], [0, 2, 2, np.sqrt(2)])
    assert within_radius(SQUARE[2:3], SQUARE, 0.0)[1][0].tolist() == [2, 5]


def test_votes():
    distances = np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 1.0]])
    classes = np.array([[1, 0, 0], [2, 1, 0]])
    np.testing.assert_allclose(vote(distances, classes, 3), [[2 / 3, 1 / 3, 0], [1 / 3] * 3])
    # 1 against 1/2 + 1/4; then the two at the query itself share.
    np.testing.assert_allclose(
        vote(distances, classes, 3, "distance"), [[3 / 7, 4 / 7, 0], [0, 1 / 2, 1 / 2]]
    )


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski"])
def test_scikit_learn_finds_the_same(metric, seed):
    rng = np.random.default_rng(seed)
    X, queries = rng.normal(size=(60, 4)), rng.normal(size=(20, 4))
    theirs = sklearn.neighbors.NearestNeighbors(metric=metric, p=3, algorithm="brute").fit(X)
    distances, indices = k_nearest(queries, X, 7, metric, 3)
    expected = theirs.kneighbors(queries, 7)
    np.testing.assert_allclose(distances, expected[0], rtol=1e-12)
    np.testing.assert_array_equal(indices, expected[1])
    lists = within_radius(queries, X, 1.5, metric, 3)[1]
    for ours, other in zip(lists, theirs.radius_neighbors(queries, 1.5)[1], strict=True):
        assert ours.tolist() == sorted(other)
