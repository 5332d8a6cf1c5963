"""The kernels of the sorted grid, by hand and against plain forms."""

from __future__ import annotations

import numpy as np
import pytest
from dbscan_grid_cases import SQRT2, arc_around, brute_force, two_squares

from scratchml.algorithms.dbscan.engines import grid as engine
from scratchml.algorithms.dbscan.engines import grid_sort
from scratchml.algorithms.dbscan.engines.grid_sort import fit_frame, sort_points, split_points
from scratchml.algorithms.dbscan.kernels.grid_core import gather_core, mark_core
from scratchml.algorithms.dbscan.kernels.grid_distances import (
    STRETCH,
    count_enough,
    count_run,
    is_near_any,
)
from scratchml.algorithms.dbscan.kernels.grid_labels import label_points
from scratchml.algorithms.dbscan.kernels.grid_search import (
    APART,
    TOGETHER,
    UNDECIDED,
    keep_near,
    make_search,
    search_pair,
    start_search,
)
from scratchml.algorithms.dbscan.kernels.grid_sort import (
    TILE,
    count_digits,
    fill_table,
    place_digits,
    scatter_points,
    split_axes,
)
from scratchml.algorithms.dbscan.kernels.grid_structure import (
    REACH,
    find_cell,
    find_key,
    make_strips,
    measure_gaps,
    move_strip,
    start_strips,
)
from scratchml.algorithms.dbscan.kernels.grid_union import (
    find_roots,
    settle_pairs,
    spread_labels,
    unite_cells,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def grid_of(X, eps):
    """The sorted grid of some points."""
    points, lower, upper = split_points(np.asarray(X, np.float64))
    return sort_points(points, fit_frame(lower, upper, eps, len(points)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_split_axes(rng, dtype):
    n = 2 * TILE + 3
    X = rng.normal(size=(n, 3)).astype(dtype)
    points, lower, upper = np.full((3, n), np.nan), np.empty(3), np.empty(3)
    split_axes(X, 1, n, points, lower, upper)
    np.testing.assert_array_equal(points[:, 1:], X[1:].T)
    assert np.isnan(points[:, 0]).all()
    np.testing.assert_array_equal(lower, X[1:].min(axis=0))
    np.testing.assert_array_equal(upper, X[1:].max(axis=0))


def test_sort_pass():
    # Cells of side 1, two blocks of points, by the lowest bit of the key.
    frame = fit_frame(np.zeros(2), np.array([3.0, 0.0]), SQRT2, 2)
    frame = frame._replace(inverse_side=1.0)
    assert frame.strides.tolist() == [3, 1]
    points = np.array([[3.0, 0.5, 2.5, 1.5, 0.0, 2.0], np.zeros(6)])
    counts = np.empty((2, 2), np.int64)
    count_digits(points, 0, 3, frame, 0, counts[0])
    count_digits(points, 3, 6, frame, 0, counts[1])
    assert counts.tolist() == [[2, 1], [2, 1]]  # keys 9 0 6 and 3 0 6
    place_digits(counts)
    assert counts.tolist() == [[0, 4], [2, 5]]
    moved, order = np.empty((2, 6)), np.empty(6, np.int32)
    for block in (1, 0):
        begin = 3 * block
        nothing = np.empty(0, np.int32)
        scatter_points(points, nothing, begin, begin + 3, frame, 0, counts[block], moved, order)
    assert order.tolist() == [1, 2, 4, 5, 0, 3]
    np.testing.assert_array_equal(moved, points[:, order])
    counts[0] = [0, 6]
    again, order_again = np.empty((2, 6)), np.empty(6, np.int32)
    scatter_points(moved, order, 0, 6, frame, 20, counts[0], again, order_again)
    np.testing.assert_array_equal(order_again, order)
    np.testing.assert_array_equal(again, moved)


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_sorted_grid(rng, n_features):
    X = rng.normal(size=(3 * TILE if n_features == 2 else 70, n_features)) * 30
    grid = grid_of(X, 1.0)
    frame = grid.frame
    np.testing.assert_array_equal(grid.points[:n_features], X[grid.order].T)
    assert not grid.points[n_features:].any()
    cells = np.floor((X - X.min(axis=0)) * frame.inverse_side).astype(int)
    keys = cells @ frame.strides[:n_features]
    assert keys.max() < frame.n_keys
    np.testing.assert_array_equal(grid.order, np.argsort(keys, kind="stable"))
    occupied = np.unique(keys)
    np.testing.assert_array_equal(grid.keys, occupied)
    np.testing.assert_array_equal(grid.starts[:-1], np.searchsorted(np.sort(keys), occupied))
    assert grid.starts[-1] == len(X)


def test_table():
    keys, table = np.array([2, 3, 6]), np.full(9, -1, np.int32)
    fill_table(keys, 1, 3, table)
    assert table.tolist() == [-1, -1, -1, 1, 2, 2, 2, 3, 3]
    fill_table(keys, 0, 1, table)
    assert table.tolist() == [0, 0, 0, 1, 2, 2, 2, 3, 3]


def test_searches_of_the_grid():
    keys = np.array([2, 5, 6, 11])
    assert [find_key(keys, key) for key in (0, 2, 3, 6, 11, 12)] == [0, 0, 1, 2, 3, 4]
    starts = np.array([0, 2, 3, 7], np.int32)
    assert [find_cell(starts, i) for i in range(7)] == [0, 0, 1, 2, 2, 2, 2]


@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("with_table", [True, False])
def test_strips_hold_the_neighbourhood(monkeypatch, rng, n_features, with_table):
    monkeypatch.setattr(grid_sort, "TABLE_KEYS", 100 if with_table else 0)
    grid = grid_of(rng.uniform(0, 5, (60, n_features)), 1.0)
    strides = grid.frame.strides.tolist()
    cells = np.stack(
        np.unravel_index(
            grid.keys,
            [
                *(grid.frame.n_keys // strides[0],),
                *(strides[j] // strides[j + 1] for j in range(n_features - 1)),
            ],
        )
    )
    assert len(grid.table) == (grid.frame.n_keys + 1 if with_table else 0)
    for only_before in (False, True):
        strips = make_strips(grid.frame, n_features, only_before)
        start_strips(grid, 0, strips)
        for cell in range(0, len(grid.keys), 2):
            held = []
            for s in range(len(strips.shifts)):
                move_strip(grid, cell, s, strips)
                held += range(strips.first[s], strips.last[s])
            assert len(set(held)) == len(held)  # nothing is counted twice
            around = np.flatnonzero((abs(cells - cells[:, [cell]]) <= REACH).all(axis=0))
            if only_before:
                around, held = around[around < cell], [c for c in held if c < cell]
            assert sorted(held) == around.tolist()


def test_gaps():
    grid = grid_of([[0.0, 0.0], [1.25, 4.5]], SQRT2)
    grid = grid._replace(frame=grid.frame._replace(inverse_side=1.0))
    gaps = np.zeros((3, 5))
    measure_gaps(grid, 1, gaps)
    np.testing.assert_array_equal(gaps[0], np.array([1.25, 0.25, 0, 0.75, 1.75]) ** 2)
    np.testing.assert_array_equal(gaps[1], np.array([1.5, 0.5, 0, 0.5, 1.5]) ** 2)
    assert not gaps[2].any()


@pytest.mark.parametrize("n_axes", [2, 3])
def test_counts_of_runs(rng, n_axes):
    n = STRETCH + 90
    points = rng.integers(0, 4, (n, n_axes)).astype(float).T.copy()
    near = ((points.T - points[:, 5]) ** 2).sum(axis=1) <= 2
    n_distances = np.zeros(1, np.int64)
    for begin, end in ((0, n), (3, 4), (8, 8), (17, 60)):
        assert count_run(points, 5, begin, end, 2.0) == near[begin:end].sum()
        assert count_enough(points, 5, begin, end, 2.0, n, n_distances) == near[begin:end].sum()
    assert n_distances[0] == n + 1 + 43
    assert count_enough(points, 5, 0, n, 2.0, 1, n_distances) == near[:STRETCH].sum()
    assert n_distances[0] == n + 44 + STRETCH
    assert is_near_any(points, 5, 5, 6, 0.0, n_distances)
    assert not is_near_any(points, 5, 0, n, -1.0, n_distances)


def core_of(grid, eps, min_samples, budget=10**9):
    """Which points, by their number, `mark_core` marks, in how many calls."""
    is_core = np.empty(len(grid.order), bool)
    strips = make_strips(grid.frame, len(grid.points), False)
    at = n_calls = 0
    while at < len(is_core):
        n_distances = np.zeros(1, np.int64)
        at = mark_core(
            grid, at, len(is_core), eps * eps, min_samples, budget, strips, n_distances, is_core
        )
        n_calls += 1
    return is_core, n_calls


def test_mark_core(rng):
    X = rng.integers(0, 12, (90, 2)).astype(float)
    grid = grid_of(X, 1.0)
    for min_samples in (1, 3, 5, 100):
        expected = np.isin(np.arange(90), brute_force(X, 1.0, min_samples)[1])
        is_core, n_calls = core_of(grid, 1.0, min_samples)
        assert n_calls == 1
        np.testing.assert_array_equal(is_core, expected[grid.order])
        np.testing.assert_array_equal(core_of(grid, 1.0, min_samples, budget=1)[0], is_core)
    assert core_of(grid, 1.0, 5, budget=1)[1] > 10


def test_gather_core():
    points = np.arange(12.0).reshape(2, 6)
    order = np.array([4, 5, 9, 0, 1, 7], np.int32)
    starts, is_core = np.array([0, 3, 5, 6], np.int32), np.array([0, 1, 1, 0, 0, 1], bool)
    n_core, first_core = np.empty(3, np.int32), np.empty(3, np.int32)
    gather_core(0, 3, starts, (points, order), is_core, n_core, first_core)
    assert n_core.tolist() == [2, 0, 1]
    assert first_core.tolist() == [5, -1, 7]
    assert sorted(order[:2].tolist()) == [5, 9]
    assert order[2:].tolist() == [4, 0, 1, 7]
    assert points[0].tolist() == [1, 2, 0, 3, 4, 5]
    assert points[1].tolist() == [7, 8, 6, 9, 10, 11]


@pytest.mark.parametrize("n_axes", [2, 3])
@pytest.mark.parametrize("budget", [1, 10**9])
def test_search_of_two_ranges(rng, n_axes, budget):
    for gap in (1.0, np.nextafter(1, 2), 1.001, 0.99):
        points = two_squares(gap, n_axes, rng).T.copy()
        before, order = points.copy(), np.arange(points.shape[1])
        u = points[:, :60, np.newaxis] - points[:, np.newaxis, 60:]
        are_near = ((u**2).sum(axis=0) <= 1.0).any()
        search, n_distances = make_search(n_axes), np.zeros(1, np.int64)
        start_search(points, 0, 60, 60, 120, search)
        found, n_calls = UNDECIDED, 0
        while found == UNDECIDED:
            found, _ = search_pair(points, order, 1.0, budget, search, n_distances)
            n_calls += 1
        assert found == (TOGETHER if are_near else APART)
        assert search.n_waiting[0] == 0
        assert n_calls == 1 or budget == 1
        assert n_distances[0] < 60 * 60
        np.testing.assert_array_equal(points, before[:, order])
        assert (np.sort(order[:60]) == np.arange(60)).all()


def test_search_among_duplicates():
    points = np.zeros((2, 200))
    points[0, 100:] = 1.0
    points[1, 199] = np.nextafter(0, 1)  # halves of so small a box are not of one value
    order, search, n_distances = np.arange(200), make_search(2), np.zeros(1, np.int64)
    for sq_eps, expected in ((1.0, TOGETHER), (np.nextafter(1, 0), APART)):
        start_search(points, 0, 100, 100, 200, search)
        assert search_pair(points, order, sq_eps, 10**6, search, n_distances)[0] == expected


@pytest.mark.parametrize("n_axes", [2, 3])
@pytest.mark.parametrize("radius", [0.0, 1e-12])
@pytest.mark.parametrize("touches", [False, True])
def test_search_around_a_narrow_range(rng, n_axes, radius, touches):
    # Each point of the arc is a little farther than eps; each box around some of them is not.
    n = 400
    points = arc_around(radius, n_axes, rng, n).T.copy()
    if touches:
        points[:, n + 77] *= 1 - 1e-8
    order, search, n_distances = np.arange(2 * n), make_search(n_axes), np.zeros(1, np.int64)
    start_search(points, 0, n, n, 2 * n, search)
    found, left = search_pair(points, order, 1.0, 10**6, search, n_distances)
    assert found == (TOGETHER if touches else APART)
    assert 10**6 - left <= 4 * n
    assert n_distances[0] <= 4 * n
    np.testing.assert_array_equal(np.sort(order[:n]), np.arange(n))


def test_keep_near():
    points = np.array([[0.0, 3.0, 1.5, 5.0, 2.5], [0.0, 0.0, 1.0, 0.0, 1.0]])
    order, box = np.arange(5), np.array([[0.0, 0.0], [1.0, 2.0]])
    # The gaps to the box are 0, 2, 0.5, 4 and 1.5; no point is within 1.5 of all of it.
    assert keep_near(points, order, 0, 5, box, 2.25) == 3
    assert sorted(order[:3].tolist()) == [0, 2, 4]
    assert points[0].tolist() == [[0.0, 3.0, 1.5, 5.0, 2.5][i] for i in order]
    assert keep_near(points, order, 3, 5, box, 2.25) == 3
    assert keep_near(points, order, 0, 5, box, 5.0) == -1


@pytest.mark.parametrize(("gap", "united"), [(0.999, True), (1.001, False)])
def test_pairs_of_dense_cells(gap, united):
    grid = grid_of(two_squares(gap, 2, np.random.default_rng(0)), 1.0)
    assert len(grid.keys) == 2
    n_core = np.diff(grid.starts)
    parents, pairs = np.arange(2, dtype=np.int32), np.empty((64, 2), np.int64)
    strips, n_distances = make_strips(grid.frame, 2, True), np.zeros(1, np.int64)
    sq_eps = 1.0
    cell, n_pairs = unite_cells(
        grid, n_core, (0, 2), (0, 2), sq_eps, 10**6, strips, parents, pairs, n_distances
    )
    # Not one of the probes is near, and there are too many pairs to compare them all.
    assert (cell, n_pairs) == (2, 1)
    assert pairs[0].tolist() == [1, 0]
    assert parents.tolist() == [0, 1]
    search, done, n_calls = make_search(2), 0, 0
    while done < 1:
        done = settle_pairs(
            grid, n_core, pairs[:1], done, sq_eps, 100, search, parents, n_distances
        )
        n_calls += 1
    assert n_calls > 1 or not united
    assert parents.tolist() == [0, 0 if united else 1]


def test_roots_and_labels_of_cells():
    parents = np.array([0, 1, 1, 2, 4, 0], np.int32)
    first_core = np.array([7, 5, 3, -1, -1, 6], np.int32)
    first_core[3] = 9
    is_root = np.empty(6, bool)
    find_roots(0, 3, parents, first_core, is_root)
    find_roots(3, 6, parents, first_core, is_root)
    assert parents.tolist() == [0, 1, 1, 1, 4, 0]
    assert is_root.tolist() == [True, True, False, False, False, False]
    assert (first_core[0], first_core[1]) == (6, 3)
    labels = np.array([1, 0, -1, -1, -1, -1], np.int32)
    spread_labels(0, 6, parents, labels)
    assert labels.tolist() == [1, 0, 0, 0, -1, 1]


def test_labels_of_points_take_up_where_they_stopped(rng):
    X = rng.integers(0, 12, (90, 2)).astype(float)
    grid = grid_of(X, 1.0)
    is_core, _ = core_of(grid, 1.0, 4)
    n_core, first_core = engine.front_core(grid, is_core)
    cell_labels = engine.number_clusters(engine.join_cells(grid, n_core, 1.0)[0], first_core)
    strips = make_strips(grid.frame, 2, False)
    out = np.full(90, -9), np.empty(90, bool)
    at = n_calls = 0
    while at < 90:
        n_distances = np.zeros(1, np.int64)
        at = label_points(grid, n_core, cell_labels, (at, 90), 1.0, 1, strips, n_distances, out)
        n_calls += 1
    assert n_calls > 5
    labels, core = brute_force(X, 1.0, 4)
    np.testing.assert_array_equal(out[0], labels)
    np.testing.assert_array_equal(np.flatnonzero(out[1]), core)
