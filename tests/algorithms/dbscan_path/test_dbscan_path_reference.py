"""The path of DBSCAN: by hand, against the reference, against DBSCAN itself."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import sklearn.cluster
from dbscan_path_cases import (
    TRICKY,
    assert_path_is_dbscan,
    cuts_of,
    each_dtype,
    each_tricky,
    reduce_radius,
    reduced_distances,
)
from helpers import same_clustering
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import scratchml
from scratchml.algorithms.dbscan_path import reference
from scratchml.cluster import DBSCANPath
from scratchml.core.jit import compilation_is_on

LINE = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [20.0]])


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    path = DBSCANPath(min_samples=3).fit(LINE)
    # The third nearest: 1 -> 3, 2 -> 1 or 3, 3 -> 1, 7 -> 3, 8 -> 3, 20 -> 7.
    assert path.core_distances_.tolist() == [2, 1, 2, 4, 5, 13]
    edges = path.spanning_tree_
    assert edges["distance"].tolist() == [2, 2, 4, 5, 13]
    # From 20, both 7 and 8 are in mutual reach from 13 on: 8 is nearer.
    assert edges["source"].tolist() == [0, 1, 2, 3, 4]
    assert edges["target"].tolist() == [1, 2, 3, 4, 5]
    assert path.labels(1).tolist() == [0, 0, 0, -1, -1, -1]
    assert path.labels(3.9).tolist() == [0, 0, 0, -1, -1, -1]
    assert path.labels(4).tolist() == [0, 0, 0, 0, 0, -1]
    assert path.labels(12).tolist() == [0, 0, 0, 0, 0, 0]
    assert path.core_sample_indices(4).tolist() == [0, 1, 2, 3]
    assert path.n_clusters([0.9, 1, 4, 13]).tolist() == [0, 1, 1, 1]
    assert path.n_noise([0.9, 1, 4, 11, 12]).tolist() == [6, 3, 1, 1, 0]


def test_border_point_goes_to_the_smallest_label():
    between = np.array([[2, 0], [2, 0.1], [2, 0.2], [1, 0], [0, 0], [0, 0.1], [0, 0.2]])
    path = DBSCANPath(min_samples=4).fit(between)
    assert path.labels(1.0).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert path.labels(np.nextafter(1.0, 0)).tolist() == [-1] * 7


def test_examples_of_the_reference():
    assert doctest.testmod(reference).failed == 0


# --- the tree -------------------------------------------------------------------------------------


def reduced_table(X, p=2):
    with np.errstate(over="ignore"):
        return np.array([reduced_distances(X, row, p) for row in X])


def assert_is_threshold(radii, reduced, p=2):
    """Each radius is the least whose reduced distance is not below."""
    with np.errstate(over="ignore"):
        assert (reduce_radius(radii, p) >= reduced).all()
        assert (reduce_radius(np.nextafter(radii, 0), p)[radii > 0] < reduced[radii > 0]).all()


@each_dtype
@each_tricky
def test_tree_is_minimal(name, dtype):
    X, min_samples = TRICKY[name]
    X = X.astype(dtype) if "values" not in name and "largest" not in name else X
    path = DBSCANPath(min_samples).fit(X)
    tree = path.spanning_tree_
    with np.errstate(over="ignore"):
        levels = [edge.level for edge in reference.spanning_tree(X, min_samples)]
        cores = reference.sq_core_distances(X, min_samples)
    if len(X) < min_samples:
        assert len(tree) == 0
        assert np.isinf(path.core_distances_).all()
        return
    assert_is_threshold(path.core_distances_, cores)
    assert_is_threshold(tree["distance"], np.sort(levels))
    assert (tree["source"] < tree["target"]).all()
    # It is a tree, and its edges are as long as they say.
    graph = coo_array((np.ones(len(tree)), (tree["source"], tree["target"])), (len(X), len(X)))
    assert connected_components(graph)[0] == 1 == len(X) - len(tree)
    both = np.maximum(cores[tree["source"]], cores[tree["target"]])
    reduced = reduced_table(X)[tree["source"], tree["target"]]
    assert_is_threshold(tree["distance"], np.maximum(both, reduced))


@pytest.mark.jit
@pytest.mark.parametrize("min_samples", [1, 2, 5, 20])
@pytest.mark.parametrize("n_features", [1, 2, 3, 8])
def test_tree_is_minimal_over_many_leaves(n_features, min_samples):
    rng = np.random.default_rng(n_features)
    X = rng.normal(size=(1500, n_features)) + 9 * rng.integers(0, 3, (1500, 1))
    X = np.round(X, 1) if n_features < 3 else X
    table = reduced_table(X)
    cores = np.sort(table, axis=1)[:, min_samples - 1]
    np.maximum(table, np.maximum(cores[:, np.newaxis], cores), out=table)
    levels, outside, sums = table[0].copy(), np.ones(len(X), bool), []
    new = 0
    for _ in range(len(X) - 1):  # Prim's algorithm, with the table at hand
        outside[new] = False
        np.minimum(levels, table[new], out=levels)
        new = np.argmin(np.where(outside, levels, np.inf))
        sums.append(levels[new])
    path = DBSCANPath(min_samples).fit(X)
    assert_is_threshold(path.spanning_tree_["distance"], np.sort(sums))
    # In reach of it, a fraction of all distances.
    assert path.n_distances_ < len(X) ** 2


# --- the cuts -------------------------------------------------------------------------------------


@each_dtype
@each_tricky
def test_labels_are_those_of_dbscan(name, dtype):
    X, min_samples = TRICKY[name]
    X = X.astype(dtype) if "values" not in name and "largest" not in name else X
    path = DBSCANPath(min_samples).fit(X)
    for eps in cuts_of(path, np.random.default_rng(0), 6 if compilation_is_on() else 2):
        assert_path_is_dbscan(path, X, eps)


@pytest.mark.parametrize("name", ["blobs", "lattice", "duplicates", "more_than_there_are"])
def test_labels_are_those_of_the_reference(name):
    X, min_samples = TRICKY[name]
    path = DBSCANPath(min_samples).fit(X)
    for eps in cuts_of(path, np.random.default_rng(1), 2):
        np.testing.assert_array_equal(path.labels(eps), reference.cut(X, min_samples, eps))
    for level, n_clusters in reference.cluster_counts(X, min_samples):
        if level > 0:
            eps = np.sqrt(level) * (1 + 1e-15)
            assert path.n_clusters(eps) == n_clusters


METRICS = {"manhattan": 1, "chebyshev": np.inf, "minkowski": 3, "cityblock": 1, "l2": 2}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["blobs", "lattice", "duplicates", "tiny_values"])
def test_metrics(name, metric):
    p = METRICS[metric]
    X, min_samples = TRICKY[name]
    path = DBSCANPath(min_samples, metric, p=3 if metric == "minkowski" else None).fit(X)
    for eps in cuts_of(path, np.random.default_rng(2), 2):
        assert_path_is_dbscan(path, X, eps, p)


def random_points(rng, n_most):
    n, n_features = int(rng.integers(1, n_most)), int(rng.integers(1, 9))
    X = rng.normal(size=(n, n_features))
    kind = rng.integers(4)
    if kind == 1:
        X = rng.integers(0, 4, X.shape).astype(float)
    elif kind == 2:
        X = np.round(X, 1)
    elif kind == 3:
        X = X[rng.integers(0, n, n)]
    return X.astype(np.float32) if rng.random() < 0.3 else X


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(12))
def test_random_cuts(seed):
    rng = np.random.default_rng(seed)
    X = random_points(rng, 80)
    path = DBSCANPath(int(rng.integers(1, 9))).fit(X)
    for eps in cuts_of(path, rng, 6):
        assert_path_is_dbscan(path, X, eps)


@pytest.mark.jit
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 180))
def test_many_random_cuts(seed):
    rng = np.random.default_rng(seed)
    X = random_points(rng, 200)
    path = DBSCANPath(int(rng.integers(1, 12))).fit(X)
    for eps in cuts_of(path, rng, 9):
        assert_path_is_dbscan(path, X, eps)


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [2, 5])
def test_labels_are_those_of_scikit_learn(n_features):
    rng = np.random.default_rng(n_features)
    X = np.concatenate([rng.normal(c, 0.5, (150, n_features)) for c in (0, 2, 5)])
    path = DBSCANPath(5).fit(X)
    for eps in rng.uniform(0.2, 2, 5):
        model = sklearn.cluster.DBSCAN(eps=eps, min_samples=5).fit(X)
        np.testing.assert_array_equal(path.labels(eps), model.labels_)
        np.testing.assert_array_equal(path.core_sample_indices(eps), model.core_sample_indices_)


# --- threads, and properties ----------------------------------------------------------------------


@pytest.mark.jit
def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 1, (3000, 3)) for c in (0, 4, 9)])
    fits = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            path = DBSCANPath().fit(X)
            fits.append((path.spanning_tree_.tobytes(), path.n_distances_, path.labels(0.5)))
    assert all(fit[:2] == fits[0][:2] for fit in fits)
    assert all((fit[2] == fits[0][2]).all() for fit in fits)


points = arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.integers(1, 3)),
    elements=st.integers(-4, 4).map(float) | st.floats(-2, 2, width=32),
)


@settings(max_examples=60 if compilation_is_on() else 10, deadline=None)
@given(points, st.integers(1, 6), st.integers(0, 2**16))
def test_path_is_dbscan(X, min_samples, seed):
    path = DBSCANPath(min_samples).fit(X)
    for eps in cuts_of(path, np.random.default_rng(seed), 1):
        assert_path_is_dbscan(path, X, eps)


@settings(max_examples=40 if compilation_is_on() else 10, deadline=None)
@given(points, st.integers(1, 4), st.randoms(use_true_random=False))
def test_order_of_points_changes_names_alone(X, min_samples, random):
    order = random.sample(range(len(X)), len(X))
    path, shuffled = DBSCANPath(min_samples).fit(X), DBSCANPath(min_samples).fit(X[order])
    lengths = path.spanning_tree_["distance"]
    np.testing.assert_array_equal(lengths, shuffled.spanning_tree_["distance"])
    np.testing.assert_array_equal(path.core_distances_[order], shuffled.core_distances_)
    for eps in {float(v) for v in lengths if 0 < v < np.inf}:
        cores = path.core_sample_indices(eps)
        of_cores = np.isin(order, cores)
        assert same_clustering(path.labels(eps)[order][of_cores], shuffled.labels(eps)[of_cores])
