"""Queries of `KDTree` against brute force and the reference: equal, always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kd_tree_cases import (
    METRICS,
    N_PROBLEMS,
    brute_nearest,
    brute_within,
    each_metric,
    problem,
    reduced,
)

from scratchml.algorithms.kd_tree import reference
from scratchml.core.jit import compilation_is_on
from scratchml.neighbors import KDTree

# Numbers overflow in some tests, as they are meant to: uncompiled kernels say so.
overflowing = pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def tree_of(X, metric, leaf_size=40):
    """The tree with the metric of that name."""
    return KDTree(X, leaf_size, **METRICS[metric][0])


def check_nearest(X, Q, k, metric, leaf_size=40):
    """Hold the k nearest to those of brute force: indices exactly, distances to the last place."""
    p = METRICS[metric][1]
    distances, indices = tree_of(X, metric, leaf_size).query(Q, k)
    expected_distances, expected = brute_nearest(X, Q, k, p)
    np.testing.assert_array_equal(indices, expected)
    if p in (1, 2, np.inf):
        np.testing.assert_array_equal(distances, expected_distances)
    else:
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-15)


def check_within(X, Q, r, metric, leaf_size=40):
    """Hold a radius query to brute force: counts, indices, sorted distances."""
    p = METRICS[metric][1]
    tree = tree_of(X, metric, leaf_size)
    expected = brute_within(X, Q, np.broadcast_to(r, len(Q)), p)
    counts = tree.query_radius(Q, r, count_only=True)
    assert counts.tolist() == [len(found) for found in expected]
    indices = tree.query_radius(Q, r)
    assert [sorted(found.tolist()) for found in indices] == expected
    indices, distances = tree.query_radius(Q, r, return_distance=True, sort_results=True)
    assert [sorted(found.tolist()) for found in indices] == expected
    nearest, _ = brute_nearest(X, Q, len(X), p)
    for i, found in enumerate(indices):
        np.testing.assert_allclose(distances[i], nearest[i, : len(found)], rtol=1e-15)
        # Sums that differ may have the same root; equal ones are ordered by index.
        D = reduced(X[found], Q[i], p)
        assert (found[:-1] < found[1:])[D[:-1] == D[1:]].all()


@pytest.mark.parametrize("part", range(6))
def test_brute_force_agrees(part):
    for number in range(part, N_PROBLEMS, 6):
        X, Q, k, r, leaf_size, metric = problem(number)
        try:
            check_nearest(X, Q, k, metric, leaf_size)
            check_within(X, Q, r, metric, leaf_size)
        except Exception as error:
            error.add_note(f"problem {number}")
            raise


@each_metric
def test_the_reference_agrees(metric):
    p = METRICS[metric][1]
    for number in range(10_000, 10_020):
        X, Q, k, r, leaf_size, _ = problem(number)
        tree = tree_of(X, metric, leaf_size)
        indices = tree.query(Q, k, return_distance=False)
        found = tree.query_radius(Q, r)
        X, Q = X.astype(float), Q.astype(float)
        root = reference.build(X, leaf_size)
        for i, q in enumerate(Q):
            assert list(reference.nearest(root, X, q, k, p))[-1].found == indices[i].tolist()
            within = list(reference.within(root, X, q, r[i], p))[-1].found
            assert sorted(within) == sorted(found[i].tolist())


# --- numbers at the edges ---------------------------------------------------------------------

RNG = np.random.default_rng(0)
EDGES = {
    "one_point": np.array([[1.0, 2.0, 3.0]]),
    "one_feature": RNG.normal(size=(60, 1)),
    "all_equal": np.full((50, 3), 3.25),
    "two_points": np.array([[0.0, 0.0], [1.0, 1.0]]),
    "lattice": np.array([[x, y] for x in range(7) for y in range(7)], float),
    "squares_overflow": RNG.normal(size=(60, 3)) * 1e200,
    "differences_overflow": RNG.choice([-1.7e308, 0, 1.7e308], size=(60, 2)),
    "squares_underflow": RNG.normal(size=(60, 3)) * 1e-170,
    "denormals": RNG.integers(-20, 20, size=(60, 2)) * 5e-324,
    "zeros_of_both_signs": RNG.choice([0.0, -0.0], size=(40, 2)),
    "huge_and_tiny": RNG.normal(size=(60, 4)) * [1e200, 1e-200, 1, 1e8],
    "far_outlier": np.concatenate([RNG.normal(size=(50, 2)), [[1e12, 0]]]),
    "next_to_each_other": 1 + RNG.integers(0, 4, size=(60, 3)) * 2.0**-52,
}


@overflowing
@each_metric
@pytest.mark.parametrize("name", list(EDGES))
def test_edges(name, metric):
    X = EDGES[name]
    queries = np.concatenate([X[::5], X[:1] / 2, np.zeros((1, X.shape[1]))])
    for leaf_size in (1, 5, 40):
        for k in {1, (len(X) + 1) // 2, len(X)}:
            check_nearest(X, queries, k, metric, leaf_size)
        for r in (0.0, 1.0, float(np.abs(X[0]).max()), np.inf):
            check_within(X, queries, r, metric, leaf_size)


@each_metric
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_as_many_points_as_a_leaf_has(metric, extra):
    for leaf_size in (2, 7, 16):
        X = RNG.normal(size=(leaf_size + extra, 3))
        check_nearest(X, X, len(X), metric, leaf_size)
        check_within(X, X, 1.0, metric, leaf_size)


def test_leaf_sizes_do_not_change_the_answer():
    X, Q = RNG.integers(0, 6, size=(150, 3)).astype(float), RNG.uniform(0, 6, size=(20, 3))
    expected = KDTree(X, 150).query(Q, 9)
    for leaf_size in (1, 2, 3, 7, 31, 32, 33, 64, 149, 1000):
        for ours, theirs in zip(KDTree(X, leaf_size).query(Q, 9), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


LARGE = [(8192, 1), (8192, 511), (20_000, 40), (20_000, 1176), (20_000, 15_000), (20_000, 19_999)]


@pytest.mark.jit  # trees of so many points are built in parallel
@pytest.mark.parametrize(("n", "leaf_size"), LARGE)
def test_large_trees(n, leaf_size):
    X = np.random.default_rng(0).normal(size=(n, 3))
    check_nearest(X, X[::1000] + 0.1, 7, "euclidean", leaf_size)
    check_within(X[:8192], X[:5] + 0.1, 0.3, "euclidean", leaf_size)


@pytest.mark.jit
@pytest.mark.parametrize("k", [1, 64, 1999, 2000, 2999, 3000])
def test_lists_of_any_length(k):
    X = np.random.default_rng(0).integers(0, 9, size=(3000, 3)).astype(float)  # with many ties
    check_nearest(X, X[:3], k, "euclidean")
    distances, indices = KDTree(X).query(X[:3], k)
    unsorted_distances, unsorted_indices = KDTree(X).query(X[:3], k, sort_results=False)
    order = np.lexsort((unsorted_indices, unsorted_distances))
    np.testing.assert_array_equal(np.take_along_axis(unsorted_indices, order, 1), indices)
    np.testing.assert_array_equal(np.sort(unsorted_distances), distances)


def test_large_leaves_with_an_outlier():
    X = np.random.default_rng(0).normal(size=(400, 3))
    X[7] = 1e9
    for k in (3, 200, 400):
        check_nearest(X, X[:4], k, "euclidean", leaf_size=400)


def test_no_queries():
    tree = KDTree(np.ones((5, 3)))
    for options in ({}, {"dualtree": True}, {"breadth_first": True}):
        distances, indices = tree.query(np.empty((0, 3)), 2, **options)
        assert distances.shape == indices.shape == (0, 2)
    assert tree.query_radius(np.empty((0, 3)), 1.0).shape == (0,)


def test_ties_go_to_the_lowest_index():
    # Eight neighbours of the middle of a lattice of shuffled points are as near as one another.
    lattice = np.array(list(np.ndindex(5, 5, 5)), float)
    X = np.random.default_rng(1).permutation(lattice)
    for metric, (_, p) in METRICS.items():
        D = np.linalg.norm(X - 2.5, p, axis=1)
        nearest = np.flatnonzero(np.isclose(D, D.min()))
        for k in range(1, len(nearest) + 1):
            indices = tree_of(X, metric, 4).query(np.full((1, 3), 2.5), k, return_distance=False)
            assert indices[0].tolist() == nearest[:k].tolist()


@each_metric
def test_a_radius_that_is_a_distance_includes_its_point(metric):
    X = np.array(list(np.ndindex(6, 6)), float)
    tree = tree_of(X, metric, 3)
    for r in (0, 1, 2, 3, 5):
        found = tree.query_radius([[0.0, 0.0]], r)[0]
        assert r * 6 in found  # the point (r, 0)
        assert (r + 1) * 6 not in found


def test_radii_that_reach_nothing():
    tree = KDTree(RNG.normal(size=(50, 2)), 5)
    for r in (-1.0, -0.0001, -np.inf, np.nan):
        assert tree.query_radius(np.zeros((3, 2)), r, count_only=True).tolist() == [0, 0, 0]
        assert [len(found) for found in tree.query_radius(np.zeros((3, 2)), r)] == [0, 0, 0]
    X = np.asarray(tree.data)
    counts = tree.query_radius(X, np.r_[np.zeros(25), np.full(25, -1.0)], count_only=True)
    assert counts.tolist() == [1] * 25 + [0] * 25


# --- how it is asked --------------------------------------------------------------------------


@each_metric
def test_ways_to_search_do_not_change_the_answer(metric):
    X, Q, k, _, leaf_size, _ = problem(1)
    tree = tree_of(X, metric, leaf_size)
    expected = tree.query(Q, k)
    for dualtree in (False, True):
        for breadth_first in (False, True):
            found = tree.query(Q, k, dualtree=dualtree, breadth_first=breadth_first)
            for ours, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
    indices = tree.query(Q, k, return_distance=False, sort_results=True)
    np.testing.assert_array_equal(indices, expected[1])


@each_metric
def test_unsorted_results_are_the_same_pairs(metric):
    X, Q = RNG.integers(0, 5, size=(120, 3)).astype(float), RNG.uniform(0, 5, size=(15, 3))
    tree = tree_of(X, metric, 6)
    expected = tree.query(Q, 17)
    distances, indices = tree.query(Q, 17, sort_results=False)
    for i in range(len(Q)):
        order = np.lexsort((indices[i], distances[i]))
        np.testing.assert_array_equal(indices[i, order], expected[1][i])
        np.testing.assert_array_equal(distances[i, order], expected[0][i])
    expected, _ = tree.query_radius(Q, 2.0, return_distance=True, sort_results=True)
    indices, distances = tree.query_radius(Q, 2.0, return_distance=True)
    for i in range(len(Q)):
        assert indices[i][np.lexsort((indices[i], distances[i]))].tolist() == expected[i].tolist()


@each_dtype
def test_a_single_query_is_a_row_of_many(dtype):
    # Many queries may be answered in another order and in blocks; a single one is not.
    X = RNG.integers(0, 30, size=(400, 3)).astype(dtype)
    Q = RNG.uniform(0, 30, size=(200, 3)).astype(dtype)
    tree = KDTree(X, 10)
    distances, indices = tree.query(Q, 8)
    found = tree.query_radius(Q, 6.0)
    for i in range(0, len(Q), 20):
        alone = tree.query(Q[i : i + 1], 8)
        np.testing.assert_array_equal(alone[0][0], distances[i])
        np.testing.assert_array_equal(alone[1][0], indices[i])
        np.testing.assert_array_equal(
            np.sort(tree.query_radius(Q[i : i + 1], 6.0)[0]), np.sort(found[i])
        )


def test_metrics_by_all_their_names():
    X, Q = RNG.normal(size=(90, 4)), RNG.normal(size=(20, 4))
    names = {
        2: [{}, {"metric": "euclidean"}, {"metric": "l2"}, {"metric": "p"}, {"p": 2.0}],
        1: [{"metric": "manhattan"}, {"metric": "l1"}, {"metric": "cityblock"}, {"p": 1}],
        np.inf: [{"metric": "chebyshev"}, {"metric": "infinity"}, {"metric": "p", "p": np.inf}],
        3: [{"p": 3}, {"metric": "p", "p": 3.0}],
    }
    for p, arguments in names.items():
        expected = brute_nearest(X, Q, 5, p)
        for named in arguments:
            distances, indices = KDTree(X, **named).query(Q, 5)
            np.testing.assert_array_equal(indices, expected[1])
            np.testing.assert_allclose(distances, expected[0], rtol=1e-15)
    assert set(KDTree.valid_metrics) == {
        "euclidean", "l2", "minkowski", "p", "manhattan", "cityblock", "l1", "chebyshev",
        "infinity",
    }  # fmt: skip


def test_float32_points_are_compared_in_float64():
    # Of equal distance in float32, not in float64.
    X = np.array([[1.0], [1.0 + 2**-23]], np.float32)
    tree = KDTree(X)
    q = np.array([[-(2.0**30) - 0.5]])
    distances, indices = tree.query(q, 2)
    assert indices.tolist() == [[0, 1]]
    assert distances[0].tolist() == (X[:, 0].astype(float) - q[0, 0]).tolist()
    assert tree.query(q.astype(np.float32), 2)[0].dtype == np.float64


# --- properties -------------------------------------------------------------------------------

numbers = st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3) | st.sampled_from([1e200, -5e-324])


@overflowing
@settings(max_examples=100 if compilation_is_on() else 30, deadline=None)
@given(
    data=st.data(),
    X=hnp.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=numbers),
    metric=st.sampled_from(list(METRICS)),
    leaf_size=st.integers(1, 45),
    r=st.floats(0, 10) | st.just(1e200),
)
def test_properties(data, X, metric, leaf_size, r):
    k = data.draw(st.integers(1, len(X)))
    q = data.draw(hnp.arrays(np.float64, (2, X.shape[1]), elements=numbers))
    Q = np.concatenate([q, X[:2]])
    check_nearest(X, Q, k, metric, leaf_size)
    check_within(X, Q, r, metric, leaf_size)


@pytest.mark.jit  # thousands of queries
@pytest.mark.parametrize("k", [1, 7])
def test_duplicates_are_not_all_compared(k):
    X = np.repeat([[0.0, 1.0, 2.0], [0.0, 5.0, 2.0]], 6000, axis=0)
    tree = KDTree(X)
    distances, indices = tree.query(X, k)
    assert (distances == 0).all()
    assert np.array_equal(
        indices, np.arange(k) + np.where(np.arange(len(X)) < 6000, 0, 6000)[:, None]
    )
    assert tree.get_n_calls() < 300 * len(X)
