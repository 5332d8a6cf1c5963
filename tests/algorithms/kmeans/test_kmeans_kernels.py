"""Kernels against the reference, exactly: labels are those of the plain sums of squares."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from cases import TRICKY, clusters_for, each_dtype, each_tricky, in_dtype

from scratchml.algorithms.kmeans import reference
from scratchml.algorithms.kmeans.iterations import (
    Elkan,
    Hamerly,
    Lloyd,
    Yinyang,
    update_centers,
)
from scratchml.algorithms.kmeans.passes import assign_all, inertia, mean_variance
from scratchml.algorithms.kmeans.rows import DenseRows, SparseRows
from scratchml.algorithms.kmeans.seeding import greedy_kmeans_plusplus
from scratchml.core.blocks import ROW_ALIGNMENT
from scratchml.core.kernels.tiles import TILE, load_tile, sq_distance, tile_sq_distances

VARIANTS = [Lloyd, Hamerly, Yinyang, Elkan]


def weights(X, weighted):
    return np.random.default_rng(1).uniform(0, 3, len(X)).astype(X.dtype) if weighted else None


@each_dtype
@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 5, 8, 11])
def test_load_tile(n_features, dtype):
    X = np.arange(30 * n_features, dtype=dtype).reshape(30, n_features)
    tile = np.full((n_features + 1, TILE), -1, dtype)
    load_tile(X, 7, 20, tile)
    np.testing.assert_array_equal(tile[:n_features, :20], X[7:27].T)
    assert (tile[n_features:] == -1).all()
    assert (tile[:, 20:] == -1).all()


@each_dtype
@pytest.mark.parametrize("n_features", [1, 3, 4, 6, 9])
def test_tile_sq_distances_are_plain_sums(n_features, dtype):
    rng = np.random.default_rng(0)
    tile = rng.normal(size=(n_features, TILE)).astype(dtype)
    point = rng.normal(size=n_features).astype(dtype)
    out = np.empty(TILE, dtype)
    tile_sq_distances(tile, TILE, point, out)
    expected = reference.sq_distances(np.ascontiguousarray(tile.T), point[None])[:, 0]
    np.testing.assert_array_equal(out, expected)
    assert sq_distance(np.ascontiguousarray(tile[:, 5]), point) == expected[5]


def test_blocks_begin_where_tiles_do():
    assert ROW_ALIGNMENT == TILE


@each_tricky
@each_dtype
def test_labels_are_the_reference_s(name, dtype):
    X = in_dtype(name, dtype)
    # Samples as centres: distances of zero and, in the data with ties, equal ones.
    centers = X[np.random.default_rng(0).choice(len(X), clusters_for(X), replace=False)]
    expected = reference.sq_distances(X, centers).argmin(axis=1)
    np.testing.assert_array_equal(assign_all(DenseRows(X, None), centers), expected)


@each_dtype
@pytest.mark.parametrize("n_features", [1, 2, 3, 4, 5, 8, 12, 17, 130])
@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4, 5, 8, 21])
def test_labels_for_every_padding(n_features, n_clusters, dtype):
    # Values on a coarse grid: exact ties between centres, in every kind of arithmetic.
    X = np.random.default_rng(n_features).integers(0, 3, (700, n_features)).astype(dtype) / 4
    centers = np.random.default_rng(1).integers(0, 3, (n_clusters, n_features)).astype(dtype) / 4
    expected = reference.sq_distances(X, centers).argmin(axis=1)
    np.testing.assert_array_equal(assign_all(DenseRows(X, None), centers), expected)


@pytest.mark.parametrize("n_features", [6, 40, 200])
def test_near_ties_are_settled_by_plain_sums(n_features):
    # Far from the origin float32 dot products cannot tell these centres apart; differences can.
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(2000, n_features)) + 300).astype(np.float32)
    centers = (300 + rng.normal(size=(8, n_features)) * 1e-3).astype(np.float32)
    expected = reference.sq_distances(X, centers).argmin(axis=1)
    np.testing.assert_array_equal(assign_all(DenseRows(X, None), centers), expected)


@each_dtype
def test_sparse_labels_are_those_of_float64_sums(dtype):
    X = scipy.sparse.random_array((400, 60), density=0.1, format="csr", rng=0)
    X.data = np.round(X.data, 1)
    X = scipy.sparse.csr_array(X.astype(dtype))
    centers = X[:9].toarray()
    expected = reference.sq_distances(X.toarray().astype(float), centers.astype(float))
    np.testing.assert_array_equal(assign_all(SparseRows(X, None), centers), expected.argmin(axis=1))


@each_tricky
@each_dtype
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_iterations_equal_the_reference(name, dtype, weighted, variant):
    X = in_dtype(name, dtype)
    w = weights(X, weighted)
    centers = X[: clusters_for(X)]
    steps = reference.lloyd(X, centers, None if w is None else w.astype(float), max_iter=6)
    rows = DenseRows(X, w)
    step = variant(rows, len(centers))
    labels = np.full(len(X), -1, np.int32)
    for expected in steps:
        statistics = step(centers, labels)
        before, centers = centers, update_centers(rows, statistics, centers, labels)
        np.testing.assert_array_equal(labels, expected.labels)
        assert statistics.n_changed == expected.n_changed
        tolerance = 1e-12 if dtype == np.float64 else 3e-6
        scale = np.abs(X).max()
        np.testing.assert_allclose(centers, expected.C, rtol=tolerance, atol=tolerance * scale)
        assert inertia(rows, before, labels) == pytest.approx(expected.J, rel=1e-5)
        centers = expected.C  # so that rounding does not add up


@each_dtype
@pytest.mark.parametrize(
    ("n_samples", "n_features", "n_clusters"),
    [
        (500, 3, 12),
        (500, 12, 30),
        pytest.param(3000, 3, 12, marks=pytest.mark.jit),
        pytest.param(3000, 12, 30, marks=pytest.mark.jit),
        pytest.param(3000, 20, 97, marks=pytest.mark.jit),
        pytest.param(3000, 140, 25, marks=pytest.mark.jit),
    ],
)
def test_variants_share_every_bit(seed, dtype, n_samples, n_features, n_clusters):
    X = np.random.default_rng(seed).integers(0, 5, size=(n_samples, n_features)).astype(dtype)
    rows = DenseRows(X, None)
    results = []
    for variant in VARIANTS:
        step, centers = variant(rows, n_clusters), X[:n_clusters]
        labels = np.full(len(X), -1, np.int32)
        for _ in range(10):
            statistics = step(centers, labels)
            # At most one distance more for each row: that to its own centre.
            assert statistics.n_distances <= len(X) * (n_clusters + 1)
            centers = update_centers(rows, statistics, centers, labels)
        results.append((labels, centers.tobytes()))
    for labels, centers in results[1:]:
        np.testing.assert_array_equal(labels, results[0][0])
        assert centers == results[0][1]


def test_bounds_save_distances(seed):
    rng = np.random.default_rng(seed)
    X = np.concatenate([rng.normal(c, 0.2, size=(300, 4)) for c in range(8)])
    rows, centers = DenseRows(X, None), X[::300]
    counts = []
    for variant in VARIANTS:
        step, C, labels = variant(rows, 8), centers, np.full(len(X), -1, np.int32)
        total = 0
        for _ in range(5):
            statistics = step(C, labels)
            total += statistics.n_distances
            C = update_centers(rows, statistics, C, labels)
        counts.append(total)
    assert counts[0] == 5 * 8 * len(X)
    assert max(counts[1:]) < counts[0] / 2


@each_dtype
def test_sparse_and_dense_iterations_agree(dtype):
    X = scipy.sparse.random_array((500, 30), density=0.2, format="csr", rng=0).astype(dtype)
    w = weights(X.toarray(), True)
    results = []
    for rows in (DenseRows(X.toarray(), w), SparseRows(scipy.sparse.csr_array(X), w)):
        step, centers = Lloyd(rows, 6), X[:6].toarray()
        labels = np.full(rows.n_samples, -1, np.int32)
        for _ in range(4):
            centers = update_centers(rows, step(centers, labels), centers, labels)
        results.append((labels, centers, inertia(rows, centers, labels), mean_variance(rows)))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5)
    assert results[0][2] == pytest.approx(results[1][2], rel=1e-5)
    assert results[0][3] == pytest.approx(results[1][3], rel=1e-5)


def test_sparse_distances_far_from_the_origin():
    X = np.random.default_rng(0).normal(size=(400, 4)) + 1e7
    labels = np.arange(400, dtype=np.int32) % 5
    expected = inertia(DenseRows(X, None), X[:5], labels)
    sparse = inertia(SparseRows(scipy.sparse.csr_array(X), None), X[:5], labels)
    assert sparse == pytest.approx(expected, rel=1e-12)


SCALES = {
    "f64_tiny": (np.float64, 1e-162),
    "f64_huge": (np.float64, 3e153),
    "f64_beyond": (np.float64, 2e154),
    "f32_tiny": (np.float32, 1e-23),
    "f32_large": (np.float32, 5e17),
    "f32_huge": (np.float32, 1e19),
}


@pytest.mark.parametrize("scale", list(SCALES))
@pytest.mark.parametrize("variant", VARIANTS[1:])
@pytest.mark.parametrize("n_features", [6, pytest.param(150, marks=pytest.mark.jit)])
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_bounds_hold_where_squares_overflow_or_vanish(n_features, variant, scale):
    dtype, factor = SCALES[scale]
    state = np.random.RandomState(1)
    X = (state.randn(500, n_features) * state.choice([1, 30], (500, 1)) * factor).astype(dtype)
    rows = DenseRows(X, None)
    results = []
    for kind in (Lloyd, variant):
        step, centers, labels = kind(rows, 6), X[:6], np.full(len(X), -1, np.int32)
        for _ in range(8):
            centers = update_centers(rows, step(centers, labels), centers, labels)
        results.append(labels)
    np.testing.assert_array_equal(*results)


@each_dtype
def test_mean_variance(dtype):
    X = (np.random.default_rng(0).normal(size=(5000, 3)) * [1, 10, 0.1] + 100).astype(dtype)
    assert mean_variance(DenseRows(X, None)) == pytest.approx(
        X.astype(float).var(axis=0).mean(), rel=1e-6
    )


@each_tricky
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_seeding_equals_the_reference(name, weighted, seed):
    X = TRICKY[name]
    w = weights(X, weighted)
    k = clusters_for(X)
    if name == "all_equal":
        k = 1  # every further potential is zero: any sample may follow
    expected = list(reference.kmeans_plusplus(X, k, np.random.RandomState(seed), w))
    _, indices = greedy_kmeans_plusplus(DenseRows(X, w), k, None, np.random.RandomState(seed))
    potential = reference.sq_distances(X, X[indices]).min(axis=1) @ (
        np.ones(len(X)) if w is None else w
    )
    assert potential == pytest.approx(expected[-1].potentials.min(), rel=1e-9, abs=1e-300)
    # Of two points with as many duplicates, rounding decides which is the better candidate.
    if name != "duplicates":
        np.testing.assert_array_equal(X[indices], X[[step.sample for step in expected]])


def test_sparse_seeding_equals_dense(seed):
    X = scipy.sparse.random_array((300, 20), density=0.3, format="csr", rng=seed)
    chosen = [
        greedy_kmeans_plusplus(rows, 8, None, np.random.RandomState(seed))[1].tolist()
        for rows in (DenseRows(X.toarray(), None), SparseRows(scipy.sparse.csr_array(X), None))
    ]
    assert chosen[0] == chosen[1]


@each_dtype
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
def test_distances_to_centers(dtype, sparse):
    X = scipy.sparse.random_array((600, 9), density=0.4, format="csr", rng=0).astype(dtype)
    rows = SparseRows(scipy.sparse.csr_array(X), None) if sparse else DenseRows(X.toarray(), None)
    centers = X[:5].toarray() + dtype(0.25)
    out = np.empty((600, 5), dtype)
    rows.distances_to_centers(slice(0, 600), centers, out)
    expected = np.sqrt(reference.sq_distances(X.toarray(), centers))
    np.testing.assert_allclose(out, expected, rtol=1e-6 if dtype == np.float32 else 1e-12)
