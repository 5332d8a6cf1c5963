"""The same answers and errors as scikit-learn's `KDTree`."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
import sklearn.neighbors
from kd_tree_cases import METRICS, N_PROBLEMS, each_metric, problem

from scratchml.neighbors import KDTree

RNG = np.random.default_rng(0)


def both(X, leaf_size=40, **arguments):
    """Our tree and scikit-learn's."""
    return KDTree(X, leaf_size, **arguments), sklearn.neighbors.KDTree(X, leaf_size, **arguments)


def clear_of_ties(X, Q, tree):
    """Rows of Q without two equal distances, to a relative 1e-12."""
    distances, _ = tree.query(Q, len(X))
    gaps = np.diff(distances, axis=1, prepend=-1)
    return (gaps > 1e-12 * distances).all(axis=1)


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(3))
def test_random_problems(part):
    for number in range(part, N_PROBLEMS // 2, 3):
        X, Q, k, r, leaf_size, metric = problem(number)
        ours, theirs = both(X, leaf_size, **METRICS[metric][0])
        (d, i), (their_d, their_i) = ours.query(Q, k), theirs.query(Q, k)
        # To the last bit, but for the root that Minkowski's powers take.
        exact = METRICS[metric][1] in (1, 2, np.inf)
        np.testing.assert_allclose(d, their_d, rtol=0 if exact else 1e-14, err_msg=str(number))
        clear = clear_of_ties(X, Q, theirs)
        np.testing.assert_array_equal(i[clear], their_i[clear], err_msg=str(number))
        # A radius that is a distance, up to the rounding of its root or square, is left to each.
        for radius in (r * (1 + 1e-9), np.where(r > 0, r * (1 - 1e-9), 0)):
            counts = [tree.query_radius(Q, radius, count_only=True) for tree in (ours, theirs)]
            np.testing.assert_array_equal(*counts, err_msg=str(number))
            found = [tree.query_radius(Q, radius) for tree in (ours, theirs)]
            for mine, other in zip(*found, strict=True):
                np.testing.assert_array_equal(np.sort(mine), np.sort(other))


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "p=3"])
def test_radii_that_are_distances(metric):
    # Whole numbers: nothing is rounded, so that the boundary is the same for everybody.
    X = RNG.integers(0, 12, size=(200, 3)).astype(float)
    ours, theirs = both(X, 10, **METRICS[metric][0])
    for r in (0, 1, 2, 3, 5, 9):
        counts = [tree.query_radius(X[:60], r, count_only=True) for tree in (ours, theirs)]
        np.testing.assert_array_equal(*counts)
    counts = [tree.query_radius(X[:60], np.arange(60) % 7, count_only=True) for tree in both(X)]
    np.testing.assert_array_equal(*counts)


def test_radii_that_are_rounded_distances():
    X = RNG.normal(size=(300, 3))
    ours, theirs = both(X, 10)
    r = theirs.query(X, 5)[0][:, 4]
    counts = [tree.query_radius(X, r, count_only=True) for tree in (ours, theirs)]
    np.testing.assert_array_equal(*counts)


@each_metric
def test_sorted_neighbours_within_a_radius(metric):
    X = RNG.normal(size=(300, 4))
    found = [
        tree.query_radius(X[:30], 1.5, return_distance=True, sort_results=True)
        for tree in both(X, 10, **METRICS[metric][0])
    ]
    for i, d, their_i, their_d in zip(*found[0], *found[1], strict=True):
        np.testing.assert_array_equal(i, their_i)
        np.testing.assert_allclose(d, their_d, rtol=1e-14)


def described(result):
    """Types, dtypes and shapes, to any depth."""
    if isinstance(result, tuple):
        return [described(part) for part in result]
    inner = {described(part) for part in result} if result.dtype == object else None
    shape = result.shape if result.dtype != object or result.ndim else ()
    return result.dtype.str, shape if inner is None else (shape, *sorted(map(str, inner)))


def test_shapes_and_dtypes_of_everything_returned():
    X = RNG.integers(0, 4, size=(80, 2)).astype(float)
    calls = [
        lambda tree: tree.query(X[:3], 5),
        lambda tree: tree.query(X[:3]),
        lambda tree: tree.query(X[:3], k=2, return_distance=False),
        lambda tree: tree.query(X[:3], k=2, dualtree=True),
        lambda tree: tree.query(X[:1].tolist(), 2, sort_results=False),
        lambda tree: tree.query_radius(X[:3], 1),
        lambda tree: tree.query_radius(X[:3], [1, 2, 3]),
        lambda tree: tree.query_radius(X[:3], 1, return_distance=True),
        lambda tree: tree.query_radius(X[:3], 1, True, False, True),
        lambda tree: tree.query_radius(X[:3], 1, count_only=True),
        lambda tree: tree.query_radius(X[:1], 1, count_only=True),
        lambda tree: tree.query_radius(X[:3], [1.0], count_only=True),
        lambda tree: tree.query_radius(X[:3], np.float32(1), count_only=True),
    ]
    for number, call in enumerate(calls):
        ours, theirs = (described(call(tree)) for tree in both(X))
        assert ours == theirs, number


def test_the_default_radius_query_gives_indices_and_then_distances():
    X = RNG.normal(size=(30, 2))
    ours, _ = both(X)
    first, second = ours.query_radius(X[:2], 1.0, return_distance=True)
    assert (first[0].dtype, second[0].dtype) == (np.int64, np.float64)
    first, second = ours.query(X[:2], 2)
    assert (first.dtype, second.dtype) == (np.float64, np.int64)


# --- the surface ------------------------------------------------------------------------------


def test_signatures_are_scikit_learns():
    ours, theirs = KDTree, sklearn.neighbors.KDTree
    for name in ("query", "query_radius", "get_arrays", "get_n_calls", "reset_n_calls"):
        signatures = [
            [(p.name, p.kind) for p in inspect.signature(getattr(cls, name)).parameters.values()]
            for cls in (ours, theirs)
        ]
        assert signatures[0] == signatures[1], name
    defaults = {
        p.name: p.default
        for p in inspect.signature(ours.query).parameters.values()
        if p.name != "self"
    }
    assert defaults == {
        "X": inspect.Parameter.empty, "k": 1, "return_distance": True, "dualtree": False,
        "breadth_first": False, "sort_results": True,
    }  # fmt: skip
    constructor = list(inspect.signature(ours).parameters.values())
    assert [(p.name, p.default) for p in constructor[1:3]] == [
        ("leaf_size", 40), ("metric", "minkowski")
    ]  # fmt: skip


def test_names_and_metrics_are_scikit_learns():
    assert sorted(KDTree.valid_metrics) == sorted(sklearn.neighbors.KDTree.valid_metrics)
    without = {"kernel_density", "two_point_correlation", "sample_weight", "sum_weight"}
    theirs = {name for name in dir(sklearn.neighbors.KDTree) if not name.startswith("_")}
    assert theirs - without <= set(dir(KDTree))


def test_arrays_are_of_scikit_learns_kinds():
    X = RNG.normal(size=(100, 3))
    for mine, other in zip(*(tree.get_arrays() for tree in both(X, 10)), strict=True):
        assert mine.dtype == other.dtype
        assert mine.ndim == other.ndim
    for name in ("data", "idx_array", "node_data", "node_bounds"):
        mine, other = (np.asarray(getattr(tree, name)) for tree in both(X, 10))
        assert mine.dtype == other.dtype, name


# --- errors -----------------------------------------------------------------------------------

X3 = np.random.default_rng(0).normal(size=(50, 3))

SAME_ERRORS = {
    "points_1d": lambda cls: cls(X3[0]),
    "leaf_size": lambda cls: cls(X3, leaf_size=0),
    "query_features": lambda cls: cls(X3).query(X3[:, :2]),
    "k_above_n": lambda cls: cls(X3).query(X3, k=51),
    "k_float": lambda cls: cls(X3).query(X3, k=2.0),
    "radius_features": lambda cls: cls(X3).query_radius(X3[:, :2], 1),
    "counts_with_distances": lambda cls: cls(X3).query_radius(X3, 1, True, True),
    "sorted_without_distances": lambda cls: cls(X3).query_radius(X3, 1, sort_results=True),
    "radii": lambda cls: cls(X3).query_radius(X3, [1, 2]),
    "radii_2d": lambda cls: cls(X3).query_radius(X3, np.ones((50, 1))),
    "radius_word": lambda cls: cls(X3).query_radius(X3, "a"),
}


@pytest.mark.parametrize("name", list(SAME_ERRORS))
def test_errors_are_scikit_learns(name):
    with pytest.raises((ValueError, TypeError)) as theirs:
        SAME_ERRORS[name](sklearn.neighbors.KDTree)
    with pytest.raises(theirs.type, match=f"^{re.escape(str(theirs.value))}$"):
        SAME_ERRORS[name](KDTree)


OUR_ERRORS = {
    # As of scikit-learn's estimators, which say what the array is called.
    "no_points": (
        lambda: KDTree(np.empty((0, 3))),
        "Found array with 0 sample(s) (shape=(0, 3)) while a minimum of 1 is required by KDTree.",
    ),
    "points_3d": (
        lambda: KDTree(X3[np.newaxis]),
        "Found array with dim 3, while dim <= 2 is required by KDTree.",
    ),
    "infinity": (
        lambda: KDTree(np.full((3, 2), np.inf)),
        "Input X contains infinity or a value too large for dtype('float64').",
    ),
    "query_nan": (lambda: KDTree(X3).query(X3 * np.nan), "Input X contains NaN."),
    "radius_query_nan": (
        lambda: KDTree(X3).query_radius(X3 * np.nan, 1),
        "Input X contains NaN.",
    ),
    "masked": (
        lambda: KDTree(X3).query(np.ma.masked_array(X3, X3 > 0)),
        "Input X is a masked array with masked values. Remove the rows or columns that hold them, "
        "or fill them in with its filled() method.",
    ),
    "radii": (
        lambda: KDTree(X3).query_radius(X3, [[1.0]]),
        "r must be broadcastable to X.shape",
    ),
    "k": (lambda: KDTree(X3).query(X3, 0), "k must be at least 1, got 0"),
    "metric": (
        lambda: KDTree(X3, metric="cosine"),
        f"metric 'cosine' is not valid for KDTree; it has {sorted(KDTree.valid_metrics)}",
    ),
    "power": (lambda: KDTree(X3, p=0.5), "p must be a number of at least 1, got 0.5"),
    "nan_power": (lambda: KDTree(X3, p=np.nan), "p must be a number of at least 1, got nan"),
}


@pytest.mark.parametrize("name", list(OUR_ERRORS))
def test_errors_of_our_own(name):
    call, message = OUR_ERRORS[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


def test_nan_among_the_points():
    with pytest.raises(ValueError, match=r"^Input X contains NaN\.\nKDTree does not accept"):
        KDTree(np.full((3, 2), np.nan))


# --- differences ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (4,), (2, 5), (0,), (2, 0, 3)], ids=str)
def test_queries_of_any_shape(shape):
    # scikit-learn documents them and refuses all that are not of two dimensions.
    tree = KDTree(X3)
    Q = RNG.normal(size=(*shape, 3))
    rows = Q.reshape(-1, 3)
    distances, indices = tree.query(Q, 4)
    assert distances.shape == indices.shape == (*shape, 4)
    counts = tree.query_radius(Q, 1.0, count_only=True)
    found = tree.query_radius(Q, 1.0)
    assert counts.shape == found.shape == shape
    if len(rows):
        np.testing.assert_array_equal(indices.reshape(-1, 4), tree.query(rows, 4)[1])
        np.testing.assert_array_equal(counts.ravel(), tree.query_radius(rows, 1.0, count_only=True))
