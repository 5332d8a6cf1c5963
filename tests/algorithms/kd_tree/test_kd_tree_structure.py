"""The tree itself: its nodes, boxes and counters; what it takes and how it is stored."""

from __future__ import annotations

import copy
import pickle

import joblib
import numpy as np
import pytest
from helpers import run_python
from kd_tree_cases import METRICS, each_metric, points

from scratchml.algorithms.kd_tree.warmup import WORKLOADS
from scratchml.core.jit import kernels
from scratchml.neighbors import KDTree

SHAPES = [(1, 1), (2, 3), (39, 2), (40, 2), (41, 2), (100, 1), (128, 3), (333, 5), (200, 12)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids="{0[0]}x{0[1]}".format)
RNG = np.random.default_rng(0)


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(300, 3))


# --- nodes and boxes --------------------------------------------------------------------------


@each_shape
@pytest.mark.parametrize("kind", range(7))
def test_nodes(shape, kind):
    X = points(kind, *shape, np.random.default_rng(kind))
    for leaf_size in (1, 5, 40):
        tree = KDTree(X, leaf_size)
        order, nodes = np.asarray(tree.idx_array), np.asarray(tree.node_data)
        lower, upper = np.asarray(tree.node_bounds)
        assert order.dtype == np.int64
        np.testing.assert_array_equal(np.sort(order), np.arange(len(X)))
        assert len(nodes) == len(lower) == len(upper)
        assert (nodes["idx_start"][0], nodes["idx_end"][0]) == (0, len(X))

        # Boxes fit their points: they are as tight as float64 can say.
        for node, low, high in zip(nodes, lower, upper, strict=True):
            inside = X[order[node["idx_start"] : node["idx_end"]]]
            np.testing.assert_array_equal(low, inside.min(axis=0))
            np.testing.assert_array_equal(high, inside.max(axis=0))
            radius = np.linalg.norm((high.astype(float) - low) / 2)
            assert node["radius"] == pytest.approx(radius, rel=1e-12)

        # Leaves follow one another and cover everything; any other node is that of two others.
        leaves = np.sort(nodes[nodes["is_leaf"].astype(bool)], order="idx_start")
        assert leaves["idx_start"].tolist() == [0, *leaves["idx_end"][:-1].tolist()]
        assert leaves["idx_end"][-1] == len(X)
        assert (leaves["idx_end"] > leaves["idx_start"]).all()
        assert len(nodes) == 2 * len(leaves) - 1
        ranges = set(zip(nodes["idx_start"].tolist(), nodes["idx_end"].tolist(), strict=True))
        assert len(ranges) == len(nodes)
        for start, end in ranges - set(zip(leaves["idx_start"], leaves["idx_end"], strict=True)):
            inner = range(start + 1, end)
            assert any({(start, cut), (cut, end)} <= ranges for cut in inner)


def test_arrays(X):
    tree = KDTree(X, 10)
    arrays = tree.get_arrays()
    named = (tree.data, tree.idx_array, tree.node_data, tree.node_bounds)
    for array, other in zip(arrays, named, strict=True):
        np.testing.assert_array_equal(array, np.asarray(other))
    assert arrays[2].dtype.names == ("idx_start", "idx_end", "is_leaf", "radius")
    assert arrays[3].shape == (2, len(arrays[2]), 3)


# --- counters ---------------------------------------------------------------------------------


@each_metric
@pytest.mark.parametrize("k", [1, 7, 300])
def test_distances_are_counted(X, metric, k):
    tree = KDTree(X, 10, **METRICS[metric][0])
    tree.reset_n_calls()
    assert tree.get_n_calls() == 0
    Q = RNG.normal(size=(40, 3))
    tree.query(Q, k)
    first = tree.get_n_calls()
    assert k * len(Q) <= first <= len(X) * len(Q)
    # Of structured data most need not be looked at.
    assert k == 300 or first < 0.7 * len(X) * len(Q)
    tree.query(Q, k)
    assert tree.get_n_calls() == 2 * first
    tree.reset_n_calls()
    assert tree.get_n_calls() == 0


@each_metric
def test_distances_of_radius_queries_are_counted(X, metric):
    tree = KDTree(X, 10, **METRICS[metric][0])
    for r in (0.1, 1.0, 100.0):
        tree.reset_n_calls()
        counts = tree.query_radius(X, r, count_only=True)
        calls = tree.get_n_calls()
        assert calls <= len(X) ** 2
        if r == 100.0:  # the root's box as a whole
            assert calls == 0
            tree.query_radius(X, r, return_distance=True)
            assert tree.get_n_calls() == counts.sum()


def statistics(X, Q, k):
    """Nodes trimmed, leaves searched and nodes split by one query of a new tree, and its leaves."""
    tree = KDTree(X, 10)
    tree.query(Q, k)
    return *tree.get_tree_stats(), int(np.asarray(tree.node_data)["is_leaf"].sum())


def test_statistics_of_a_query(X):
    for k in (1, 3, 30):
        trims, leaves, splits, n_leaves = statistics(X, X[:1] + 0.1, k)
        # A split has two children, each of which is trimmed, searched or split in its turn.
        assert trims + leaves == 1 + splits
        assert 1 <= leaves <= n_leaves
    trims, leaves, splits, n_leaves = statistics(X, X[:1], len(X))
    assert (trims, leaves, splits) == (0, n_leaves, n_leaves - 1)
    # Queries that walk as a group look at a node once, and at those that any one of them needs.
    alone = [sum(statistics(X, query[np.newaxis], 3)[:3]) for query in X[:8] + 0.1]
    together = sum(statistics(X, X[:8] + 0.1, 3)[:3])
    assert max(alone) <= together < sum(alone)


# --- input ------------------------------------------------------------------------------------


def answers(tree, Q):
    """Bytes of what a tree answers."""
    found = [*tree.query(Q, 4), tree.query_radius(Q, 0.8, count_only=True)]
    both = tree.query_radius(Q, 0.8, return_distance=True, sort_results=True)
    return [array.tobytes() for array in [*found, *both[0], *both[1]]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_layouts(X, dtype, tmp_path):
    X = X.astype(dtype)
    expected = answers(KDTree(X, 8), X[:50])
    np.save(tmp_path / "X.npy", X)
    read_only = X.copy()
    read_only.flags.writeable = False
    wide = np.zeros((len(X), 6), dtype)
    wide[:, ::2] = X
    layouts = {
        "fortran": np.asfortranarray(X),
        "read_only": read_only,
        "mapped": np.load(tmp_path / "X.npy", mmap_mode="r"),
        "strided": wide[:, ::2],
        "backwards": X[::-1].copy()[::-1],
        "swapped": X.astype(X.dtype.newbyteorder()),
        "list": X.tolist(),
    }
    for name, given in layouts.items():
        before = np.array(given)
        tree = KDTree(given, 8)
        rows = given[:50]
        assert answers(tree, rows) == expected, name
        assert answers(KDTree(X, 8), rows) == expected, name
        np.testing.assert_array_equal(np.asarray(given), before)
        if name not in ("swapped", "list"):  # which become float64, as everything else does
            assert np.asarray(tree.data).dtype == dtype


@pytest.mark.jit
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_queries_after_a_warm_up_compile_nothing(X, dtype):
    for workload in WORKLOADS.values():
        workload(dtype)
    of_room = {name: kernel for name, kernel in kernels().items() if "kd_tree" in name}
    before = {name: len(kernel.signatures) for name, kernel in of_room.items()}
    assert before
    X = X.astype(dtype)
    X.flags.writeable = False
    for metric, _ in METRICS.values():
        tree = KDTree(X, 8, **metric)
        for Q in (X, X[:5], np.asfortranarray(X[:40])):
            tree.query(Q, 3)
            tree.query(Q, 100, dualtree=True, breadth_first=True, sort_results=False)
            tree.query_radius(Q, 0.5, count_only=True)
            tree.query_radius(Q, 0.5)
            tree.query_radius(Q, 0.5, return_distance=True, sort_results=True)
    assert {name: len(kernel.signatures) for name, kernel in of_room.items()} == before


def test_data_are_kept_and_not_copied(X):
    for dtype in (np.float64, np.float32):
        given = X.astype(dtype)
        data = np.asarray(KDTree(given).data)
        assert data.dtype == dtype
        assert np.shares_memory(data, given)
        np.testing.assert_array_equal(data, given)


def test_integers_and_booleans(X):
    integers = RNG.integers(-5, 5, size=(60, 2))
    expected = answers(KDTree(integers.astype(float)), integers)
    assert answers(KDTree(integers), integers) == expected
    assert np.asarray(KDTree(integers).data).dtype == np.float64


def test_dtypes_of_results(X):
    tree = KDTree(X, 8)
    distances, indices = tree.query(X[:5], 3)
    assert (distances.dtype, distances.shape) == (np.float64, (5, 3))
    assert (indices.dtype, indices.shape) == (np.int64, (5, 3))
    counts = tree.query_radius(X[:5], 1.0, count_only=True)
    assert (counts.dtype, counts.shape) == (np.int64, (5,))
    indices, distances = tree.query_radius(X[:5], 1.0, return_distance=True)
    for found, dtype in ((indices, np.int64), (distances, np.float64)):
        assert (found.dtype, found.shape) == (object, (5,))
        assert {part.dtype for part in found} == {np.dtype(dtype)}
    # Arrays of one length are objects all the same.
    assert tree.query_radius(X[:5], 0.0).dtype == object
    assert tree.query_radius(X[:5], 0.0).shape == (5,)


# --- copies -----------------------------------------------------------------------------------


@each_metric
def test_pickled_trees_give_the_same_answers(X, metric):
    tree = KDTree(X, 8, **METRICS[metric][0])
    tree.query(X[:7], 3)
    expected = answers(tree, X[:50])
    for copied in (pickle.loads(pickle.dumps(tree)), copy.deepcopy(tree), copy.copy(tree)):
        assert answers(copied, X[:50]) == expected
        for ours, theirs in zip(copied.get_arrays(), tree.get_arrays(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.jit
def test_trees_of_another_process(X, tmp_path):
    Q = X[:20]
    (tmp_path / "tree.pickle").write_bytes(pickle.dumps((KDTree(X, 8), Q)))
    code = """
import pathlib, pickle
tree, Q = pickle.loads(pathlib.Path("tree.pickle").read_bytes())
pathlib.Path("answer.pickle").write_bytes(pickle.dumps(tree.query(Q, 4)))
"""
    run_python(code, cwd=tmp_path)
    found = pickle.loads((tmp_path / "answer.pickle").read_bytes())
    for ours, theirs in zip(KDTree(X, 8).query(Q, 4), found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_trees_of_mapped_files(X, tmp_path):
    tree = KDTree(X, 8)
    joblib.dump(tree, tmp_path / "tree.joblib")
    mapped = joblib.load(tmp_path / "tree.joblib", mmap_mode="r")
    assert answers(mapped, X[:50]) == answers(tree, X[:50])
