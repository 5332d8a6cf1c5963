"""Clusters by the sorted grid: as brute force finds them, whatever the blocks and threads."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from dbscan_grid_cases import KINDS, arc_around, check, each_kind, problem, two_squares
from sklearn.cluster import DBSCAN

import scratchml
from scratchml.algorithms.dbscan.engines import grid as engine
from scratchml.algorithms.dbscan.engines import grid_sort
from scratchml.algorithms.dbscan.engines.grid import cluster_by_grid
from scratchml.algorithms.dbscan.engines.grid_warmup import cluster_small_grid
from scratchml.core.jit import kernels


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- by hand ----------------------------------------------------------------------------------


def test_toy():
    # 0, 1, 2 has one core point, 9, 9.5, 10 three, the first of which comes first; 5 is alone.
    X = np.array([[0.0], [9.0], [1.0], [2.0], [5.0], [9.5], [10.0]])
    clusters = cluster_by_grid(X, 1.0, 3)
    assert clusters.labels.tolist() == [1, 0, 1, 1, -1, 0, 0]
    assert clusters.core_indices.tolist() == [1, 2, 5, 6]


def test_border_point_takes_the_smaller_label():
    # The middle, 1, is within 1 of 0 and 2, which are core points; the right cluster comes first.
    X = np.array([[2.5], [0.0], [1.0], [2.0], [-0.5], [2.5], [-0.5], [2.5], [-0.5]])
    clusters = cluster_by_grid(X, 1.0, 4)
    assert clusters.labels.tolist() == [0, 1, 0, 0, 1, 0, 1, 0, 1]
    assert 2 not in clusters.core_indices


@pytest.mark.parametrize("min_samples", [1, 2])
def test_one_point(min_samples):
    clusters = check(np.array([[3.0, 4.0]]), 0.5, min_samples)
    assert clusters.n_distances == 0


def test_cells_that_need_no_distances(rng):
    X = rng.random((40, 2)) * 0.5
    assert check(X, 1.0, 40).n_distances == 0
    assert check(X, 1.0, 41).n_distances == 0


# --- as a whole -------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_equals_brute_force(kind, n_features):
    for seed in range(4):
        rng = np.random.default_rng((seed, n_features, KINDS.index(kind)))
        n = int(rng.integers(1, 21) if seed % 2 else rng.integers(21, 60))
        X, eps = problem(kind, n, n_features, rng)
        for min_samples in (1, 2, 4, 9):
            check(X, eps, min_samples)
        check(X.astype(np.float32), eps, 3)
        check(X, 50 * eps, 5)  # more than all of them extend


@pytest.mark.jit
@each_kind
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_larger_problems_equal_brute_force(kind, n_features):
    for seed in range(6):
        rng = np.random.default_rng((seed, n_features, KINDS.index(kind)))
        X, eps = problem(kind, int(rng.integers(100, 700)), n_features, rng)
        for min_samples in (2, 5, 20):
            check(X.astype(np.float32) if seed % 3 == 0 else X, eps, min_samples)


@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize("gap", [0.6, 1.0, np.nextafter(1, 2), 1.01])
def test_dense_cells_that_nearly_touch(rng, n_features, gap):
    clusters = check(two_squares(gap, n_features, rng), 1.0, 10)
    # Not all pairs were compared.
    assert clusters.n_distances < 60 * 60


@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("radius", [0.0, 1e-12, 1e-9, 1e-3])
def test_arc_around_a_narrow_cell(rng, n_features, radius):
    X = arc_around(radius, n_features, rng)
    clusters = check(X, 1.0, 5)
    assert radius > 1e-10 or clusters.n_distances < 60 * 60
    X[77] *= 1 - 1e-8
    check(X, 1.0, 5)
    check(X.astype(np.float32), 1.0, 5)


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("min_samples", [5, 100, 600])
def test_dense_cells(n_features, min_samples):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        centers = rng.uniform(0, 3, (3, n_features))
        X = centers[rng.integers(3, size=1500)]
        X += rng.uniform(-0.5, 0.5, X.shape) * rng.choice([0.1, 0.5, 1], n_features)
        check(np.round(X, 2) if seed % 2 else X, 1.0 if seed % 3 else 0.4, min_samples)


def test_all_points_equal():
    for n_features in (1, 2, 3):
        clusters = check(np.full((30, n_features), 2.7), 1e-3, 5)
        assert (clusters.labels == 0).all()


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_equals_sklearn(rng, n_features):
    X = np.concatenate([rng.normal(c, 0.4, (60, n_features)) for c in (0, 1.2, 3)])
    for eps, min_samples in ((0.2, 4), (0.3, 8)):
        peer = DBSCAN(eps=eps, min_samples=min_samples).fit(X)
        clusters = cluster_by_grid(X, eps, min_samples)
        np.testing.assert_array_equal(clusters.labels, peer.labels_)
        np.testing.assert_array_equal(clusters.core_indices, peer.core_sample_indices_)


def cut(n_blocks):
    """A function that cuts rows into some number of blocks, in place of `row_blocks`."""

    def row_blocks(n_rows, operations_per_row, partial_bytes=0):
        edges = [n_rows * b // n_blocks for b in range(n_blocks + 1)]
        return [slice(a, b) for a, b in itertools.pairwise(edges) if a < b]

    return row_blocks


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_blocks_and_pieces_change_nothing(monkeypatch, rng, n_features):
    X = np.concatenate([rng.normal(c, 0.5, (40, n_features)) for c in (0, 2, 30, 60, 61)])
    X = np.concatenate([X, two_squares(1.001, n_features, rng, 50) + 5])
    clusters = check(X, 1.0, 6)
    for n_blocks in (2, 3, 8, 40):
        monkeypatch.setattr(engine, "row_blocks", cut(n_blocks))
        monkeypatch.setattr(grid_sort, "row_blocks", cut(n_blocks))
        for n_slabs, budget, piece, pairs in ((1, 10**9, 10**9, 64), (5, 1, 7, 65)):
            monkeypatch.setattr(engine, "UNION_SLABS", n_slabs)
            monkeypatch.setattr(engine, "BUDGET", budget)
            monkeypatch.setattr(engine, "PIECE", piece)
            monkeypatch.setattr(engine, "PAIRS", pairs)
            monkeypatch.setattr(grid_sort, "TABLE_KEYS", 1000 if n_slabs == 1 else 0)
            again = cluster_by_grid(X, 1.0, 6)
            np.testing.assert_array_equal(again.labels, clusters.labels)
            np.testing.assert_array_equal(again.core_indices, clusters.core_indices)


@pytest.mark.parametrize("n_features", [2, 3])
def test_threads_change_nothing(monkeypatch, rng, n_features):
    X = np.concatenate([rng.normal(c, 0.5, (60, n_features)) for c in (0, 4, 9)])
    monkeypatch.setattr(engine, "row_blocks", cut(10))
    monkeypatch.setattr(grid_sort, "row_blocks", cut(10))
    monkeypatch.setattr(engine, "UNION_SLABS", 3)
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            clusters = cluster_by_grid(X, 0.5, 5)
        results.append(
            (clusters.labels.tobytes(), clusters.core_indices.tobytes(), clusters.n_distances)
        )
    assert len(set(results)) == 1


def test_input_is_left_alone(rng):
    X = rng.normal(size=(50, 2))
    before = X.copy()
    X.flags.writeable = False
    cluster_by_grid(X, 0.3, 4)
    np.testing.assert_array_equal(X, before)


# --- where a grid cannot be exact ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "eps"),
    [
        ([[0.0], [1.0]], 1e-145),  # squares underflow
        ([[0.0], [1.0]], 1e145),  # or overflow
        ([[0.0, 0.0], [0.0, 1e10]], 1.0),  # too many cells along an axis
        ([[0.0, 0.0], [-1e308, 1e308]], 1.0),
        ([[-1.7e308], [1.7e308]], 1e100),  # infinitely many
        ([[0.0, 0.0, 0.0], [2e6, 2e6, 2e6]], 1.0),  # too many in all
    ],
)
def test_no_grid(X, eps):
    assert cluster_by_grid(np.array(X), eps, 2) is None


@pytest.mark.parametrize(
    ("X", "eps"),
    [
        ([[0.0], [1e-139]], 1e-139),
        ([[0.0], [1e139]], 1e139),
        ([[0.0, 0.0], [1e9, 1e9]], 1.0),
        ([[0.0, 0.0, 0.0], [8e5, 8e5, 8e5]], 1.0),
        ([[1e15, -1e15], [1e15 + 1, -1e15]], 1.0),
    ],
)
def test_just_a_grid(X, eps):
    check(np.array(X), eps, 2)


# --- the room -----------------------------------------------------------------------------------


@pytest.mark.jit
def test_warmup_compiles_all(rng):
    cluster_small_grid(np.float64)
    cluster_small_grid(np.float32)
    mine = {name: kernel for name, kernel in kernels().items() if ".dbscan.kernels.grid_" in name}
    before = {name: list(kernel.signatures) for name, kernel in mine.items()}
    for n, n_features in ((1, 2), (60, 1), (60, 2), (60, 3)):
        X = rng.normal(size=(n, n_features)) * 30
        for dtype in (np.float32, np.float64):
            for eps in (100, 10, 1e-3):
                cluster_by_grid(X.astype(dtype), eps, 5)
    assert {name: list(kernel.signatures) for name, kernel in mine.items()} == before


@pytest.mark.jit
def test_runs_inside_threads(rng):
    X = rng.normal(size=(300, 2))
    expected, found = cluster_by_grid(X, 0.2, 4).labels, {}

    def run(i):
        found[i] = cluster_by_grid(X, 0.2, 4).labels

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for labels in found.values():
        np.testing.assert_array_equal(labels, expected)


def test_lonely_points_of_three_features_are_left_to_the_tree():
    X = np.random.default_rng(0).uniform(size=(300, 3))
    assert cluster_by_grid(X, 0.02, 2, may_decline=True) is None
    assert cluster_by_grid(X, 0.02, 2) is not None
    assert cluster_by_grid(X[:, :2].copy(), 0.001, 2, may_decline=True) is not None
    assert cluster_by_grid(X, 0.5, 2, may_decline=True) is not None
