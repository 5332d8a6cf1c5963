"""Brute force against the reference, bit for bit, and its pieces by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from neighbor_cases import (
    FEW,
    TRICKY,
    each_dtype,
    in_dtype,
    numbers_of_neighbors,
    queries_for,
)
from scipy.sparse import csr_matrix

import scratchml
from scratchml.algorithms.nearest_neighbors.kernels import direct
from scratchml.algorithms.nearest_neighbors.reference import k_nearest, within_radius
from scratchml.algorithms.nearest_neighbors.searches import (
    DenseSearch,
    PairwiseSearch,
    SparseSearch,
    dense,
)
from scratchml.algorithms.nearest_neighbors.searches.blocks import query_blocks
from scratchml.core.jit import compilation_is_on
from scratchml.core.kernels import heaps

CODES = {
    "euclidean": direct.EUCLIDEAN,
    "manhattan": direct.MANHATTAN,
    "chebyshev": direct.CHEBYSHEV,
    "minkowski": direct.MINKOWSKI,
}
METRICS = [("euclidean", 2.0), ("manhattan", 1.0), ("chebyshev", np.inf), ("minkowski", 3.0)]

# The metrics differ in the kernel that computes a tile of distances: a few sets of points show it.
CASES = [("euclidean", 2.0, name, dtype) for name in TRICKY for dtype in (np.float64, np.float32)]
CASES += [(m, p, name, np.float64) for m, p in METRICS[1:] for name in FEW]
CASES += [(m, p, "normal", np.float32) for m, p in METRICS[1:]]
each_case = pytest.mark.parametrize(
    ("metric", "p", "name", "dtype"), CASES, ids=[f"{m}-{n}-{d.__name__}" for m, _, n, d in CASES]
)

# Squares of huge values overflow, in the reference too; uncompiled kernels say so.
pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")


def assert_equal_bits(found, expected, metric):
    (distances, indices), (expected_distances, expected_indices) = found, expected
    np.testing.assert_array_equal(indices, expected_indices)
    if metric == "minkowski":  # roots and powers are not rounded alike everywhere
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-14)
    else:
        np.testing.assert_array_equal(distances, expected_distances)


def some_radii(X, queries, metric, p):
    """Radii that are distances exactly, and others."""
    distances = k_nearest(queries, X, len(X), metric, p)[0]
    finite = distances[np.isfinite(distances)]
    candidates = [0.0, np.inf, *np.quantile(finite, [0.05, 0.3], method="nearest")]
    return [float(radius) for radius in candidates] if len(finite) else [0.0, np.inf]


# --- searches -------------------------------------------------------------------------------------


@each_case
def test_nearest(metric, p, name, dtype):
    X = in_dtype(name, dtype)
    queries, search = queries_for(X), DenseSearch(X, CODES[metric], p)
    for k in numbers_of_neighbors(len(X)):
        expected = k_nearest(queries, X, k, metric, p)
        assert_equal_bits(search.nearest(queries, k), expected, metric)
        few = search.nearest(queries[:3], k)
        assert_equal_bits(few, [part[:3] for part in expected], metric)


@each_case
def test_within(metric, p, name, dtype):
    X = in_dtype(name, dtype)
    queries, search = queries_for(X), DenseSearch(X, CODES[metric], p)
    for radius in some_radii(X, queries, metric, p):
        distances, indices = within_radius(queries, X, radius, metric, p)
        found = search.within(queries, np.full(len(queries), radius), True)
        np.testing.assert_array_equal(np.diff(found.starts), [len(row) for row in indices])
        np.testing.assert_array_equal(found.indices, np.concatenate(indices))
        assert_equal_bits(
            (found.distances, found.indices),
            (np.concatenate(distances), np.concatenate(indices)),
            metric,
        )
        in_order = search.within(queries, np.full(len(queries), radius), True, sort_results=True)
        rows = zip(k_nearest(queries, X, len(X), metric, p)[1], indices, strict=True)
        expected = np.concatenate([nearest[: len(row)] for nearest, row in rows])
        np.testing.assert_array_equal(in_order.indices, expected)
        unmeasured = search.within(queries, np.full(len(queries), radius), False)
        np.testing.assert_array_equal(unmeasured.indices, found.indices)
        assert unmeasured.distances is None


def test_a_radius_for_each_query():
    X = TRICKY["normal"]
    radii = np.linspace(0, 5, len(X))
    found = DenseSearch(X, direct.EUCLIDEAN).within(X, radii, False)
    indices, _ = found.split()
    for q, radius in enumerate(radii):
        assert indices[q].tolist() == within_radius(X[q : q + 1], X, radius)[1][0].tolist()


def test_points_are_packed_a_few_at_a_time(monkeypatch):
    X = TRICKY["several_tiles"]
    search, whole = DenseSearch(X, direct.EUCLIDEAN), k_nearest(X[:64], X, 9)
    monkeypatch.setattr(dense, "PACKED_BYTES", 1)
    monkeypatch.setattr(dense, "TILE_BYTES", 1)
    assert_equal_bits(search.nearest(X[:64], 9), whole, "euclidean")
    radii = np.full(64, whole[0].max())
    found = search.within(X[:64], radii, True)
    assert found.indices.tolist() == np.concatenate(within_radius(X[:64], X, radii[0])[1]).tolist()


@each_dtype
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("name", ["normal", "lattice", "zeros", "duplicates", "tiny", "huge"])
def test_sparse_rows(name, metric, dtype):
    X = in_dtype(name, dtype)
    X = np.where(np.random.default_rng(0).uniform(size=X.shape) < 0.6, 0, X)
    queries = queries_for(X)
    search = SparseSearch(csr_matrix(X), CODES[metric])
    for k in numbers_of_neighbors(len(X)):
        assert_equal_bits(
            search.nearest(csr_matrix(queries), k), k_nearest(queries, X, k, metric), metric
        )
    radius = float(k_nearest(queries, X, len(X), metric)[0][0, len(X) // 4])
    found = search.within(csr_matrix(queries), np.full(len(queries), radius), True)
    distances, indices = within_radius(queries, X, radius, metric)
    np.testing.assert_array_equal(found.indices, np.concatenate(indices))
    np.testing.assert_array_equal(found.distances, np.concatenate(distances))


def test_not_a_number_is_farthest():
    distances = np.array([[np.nan, 2.0, np.inf, 1.0, np.nan, 1.0]])
    found, indices = PairwiseSearch(6, lambda rows: rows).nearest(distances, 6)
    assert indices.tolist() == [[3, 5, 1, 0, 2, 4]]
    np.testing.assert_array_equal(found, [[1, 1, 2, np.nan, np.inf, np.nan]])


@pytest.mark.jit
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_any_number_of_threads_gives_the_same_bits(metric):
    X = np.random.default_rng(0).normal(size=(3000, 20))
    search, bits = DenseSearch(X, CODES[metric]), set()
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            found = search.within(X, np.full(len(X), 3.0), True)
            arrays_ = [*search.nearest(X, 5), *found]
            bits.add(tuple(array.tobytes() for array in arrays_))
    assert len(bits) == 1


# --- pieces ---------------------------------------------------------------------------------------


def test_a_heap_keeps_the_nearest(seed):
    rng = np.random.default_rng(seed)
    offered = rng.integers(0, 5, 40).astype(float)
    for k in (1, 2, 7, 40):
        distances, indices = np.full((1, k), np.inf), np.full((1, k), heaps.NO_POINT)
        for i in rng.permutation(40):
            heaps.offer(offered[i], i, distances[0], indices[0])
        heaps.sort_heaps(distances, indices)
        order = np.argsort(offered, kind="stable")[:k]
        assert indices[0].tolist() == order.tolist()
        assert distances[0].tolist() == offered[order].tolist()


@pytest.mark.parametrize("metric", [0, 1, 2, 3])
def test_a_tile_of_distances_equals_the_plain_ones(metric):
    rng = np.random.default_rng(0)
    for n_features in (1, 4, 7):
        tile, point = rng.normal(size=(n_features, 64)), rng.normal(size=n_features)
        distances = np.empty(64)
        direct.tile_distances(tile, 60, point, metric, 2.5, distances)
        plain = [direct.reduced_distance(tile[:, i], point, metric, 2.5) for i in range(60)]
        assert distances[:60].tolist() == plain


def test_queries_are_cut_evenly():
    assert query_blocks(10, 100) == [slice(0, 10)]
    for n_queries, operations in [(40, 1e7), (1000, 1e6), (500_000, 1e4)]:
        blocks = query_blocks(n_queries, operations)
        assert len(blocks) > 1
        assert [row for b in blocks[:3] for row in range(b.start, b.stop)] == list(
            range(blocks[:3][-1].stop)
        )
        assert blocks[-1].stop == n_queries
        assert all(block.start % 16 == 0 for block in blocks)


# --- properties -----------------------------------------------------------------------------------

# Few values, so that ties and duplicates are frequent; some that squares cannot hold.
values = st.sampled_from([0.0, 1.0, -1.0, 2.0, 1 / 3, 1e-5, 1e5, 1e-170, 1e170])


@settings(max_examples=60 if compilation_is_on() else 15, deadline=None)
@given(data=st.data(), n=st.integers(1, 70), d=st.integers(1, 7))
def test_search_equals_the_reference(data, n, d):
    X = data.draw(arrays(np.float64, (n, d), elements=values))
    queries = np.concatenate([X] * -(-40 // n))
    k = data.draw(st.integers(1, n))
    assert_equal_bits(DenseSearch(X, 0).nearest(queries, k), k_nearest(queries, X, k), "euclidean")
    radius = data.draw(st.sampled_from([0.0, 1.0, np.sqrt(2), 1e5, 1e-170]))
    found = DenseSearch(X, 0).within(queries, np.full(len(queries), radius), False)
    expected = within_radius(queries, X, radius)[1]
    assert found.indices.tolist() == np.concatenate(expected).tolist()
