"""`NearestNeighbors`: answers, input of every kind, messages, threads."""

from __future__ import annotations

import os
import pickle
import re
import signal
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.neighbors
from neighbor_cases import FEW, each_dtype, in_dtype

import scratchml
from scratchml.algorithms.nearest_neighbors.reference import k_nearest, within_radius
from scratchml.core.jit import compilation_is_on
from scratchml.neighbors import KDTree, NearestNeighbors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
QUERIES = RNG.normal(size=(40, 4))
each_algorithm = pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")


def assert_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def lists(rows):
    return [sorted(row.tolist()) for row in rows]


# --- answers --------------------------------------------------------------------------------------


@each_dtype
@each_algorithm
@pytest.mark.parametrize("name", FEW)
def test_both_algorithms_give_the_reference(name, algorithm, dtype):
    points = in_dtype(name, dtype)
    neighbors = NearestNeighbors(algorithm=algorithm, leaf_size=7).fit(points)
    for k in sorted({1, min(4, len(points)), len(points)}):
        assert_same(neighbors.kneighbors(points, k), k_nearest(points, points, k))
    radius = float(k_nearest(points[:1], points, len(points))[0][0, len(points) // 3])
    distances, indices = neighbors.radius_neighbors(points, min(radius, 1e300))
    expected = within_radius(points, points, min(radius, 1e300))
    assert lists(indices) == lists(expected[1])
    assert lists(distances) == lists(expected[0])


@each_algorithm
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski"])
def test_scikit_learn_finds_the_same(algorithm, metric):
    ours, theirs = (
        module.NearestNeighbors(n_neighbors=6, radius=1.2, algorithm=algorithm, metric=metric, p=3)
        for module in (scratchml.neighbors, sklearn.neighbors)
    )
    ours.fit(X), theirs.fit(X)
    assert ours.effective_metric_ == theirs.effective_metric_
    for queries in (QUERIES, None):
        found, expected = ours.kneighbors(queries), theirs.kneighbors(queries)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
        np.testing.assert_array_equal(found[1], expected[1])
        assert [part.dtype for part in found] == [part.dtype for part in expected]
        np.testing.assert_array_equal(ours.kneighbors(queries, return_distance=False), found[1])
        found, expected = ours.radius_neighbors(queries), theirs.radius_neighbors(queries)
        assert lists(found[1]) == lists(expected[1])
        assert found[0].dtype == found[1].dtype == object
        for mode in ("connectivity", "distance"):
            for graph in ("kneighbors_graph", "radius_neighbors_graph"):
                a, b = (getattr(e, graph)(queries, mode=mode) for e in (ours, theirs))
                assert type(a) is type(b)
                assert a.shape == b.shape
                np.testing.assert_allclose(a.toarray(), b.toarray(), rtol=1e-12)


@each_algorithm
def test_lists_of_a_radius_are_sorted_if_asked(algorithm):
    neighbors = NearestNeighbors(radius=1.5, algorithm=algorithm).fit(X)
    distances, indices = neighbors.radius_neighbors(QUERIES, sort_results=True)
    for q, row in enumerate(distances):
        assert (np.diff(row) >= 0).all()
        np.testing.assert_allclose(np.linalg.norm(X[indices[q]] - QUERIES[q], axis=1), row)
    graph = neighbors.radius_neighbors_graph(QUERIES, mode="distance", sort_results=True)
    np.testing.assert_array_equal(graph.data, np.concatenate(list(distances)))


def test_without_queries_no_point_is_its_own_neighbor():
    # Three times the same point: each finds the other two, the lowest index first.
    points = np.array([[0.0], [5.0], [5.0], [5.0], [9.0]])
    for algorithm in ("brute", "kd_tree"):
        neighbors = NearestNeighbors(n_neighbors=2, algorithm=algorithm).fit(points)
        assert neighbors.kneighbors(return_distance=False).tolist() == [
            [1, 2],
            [2, 3],
            [1, 3],
            [1, 2],
            [1, 2],
        ]
        # One neighbour is asked for, and the two found are lower duplicates of point 3.
        assert neighbors.kneighbors(n_neighbors=1)[1].tolist() == [[1], [2], [1], [2], [1]]
        found = neighbors.radius_neighbors(radius=4)[1]
        assert lists(found) == [[], [2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 2, 3]]


def test_precomputed_distances():
    full = np.sqrt(np.square(QUERIES[:, None] - X).sum(axis=2))
    square = np.sqrt(np.square(X[:, None] - X).sum(axis=2))
    np.fill_diagonal(square, 0)
    ours, theirs = (
        module.NearestNeighbors(n_neighbors=4, radius=1.0, metric="precomputed").fit(square)
        for module in (scratchml.neighbors, sklearn.neighbors)
    )
    for queries in (full, square, None):
        assert_same(ours.kneighbors(queries), theirs.kneighbors(queries))
        for found, expected in zip(
            ours.radius_neighbors(queries), theirs.radius_neighbors(queries), strict=True
        ):
            assert_same(found, expected)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array, sp.csc_array, sp.coo_array])
def test_precomputed_graphs(container):
    graph = (
        sklearn.neighbors.NearestNeighbors(n_neighbors=9)
        .fit(X)
        .kneighbors_graph(X, mode="distance")
    )
    theirs = sklearn.neighbors.NearestNeighbors(n_neighbors=3, metric="precomputed").fit(graph)
    ours = NearestNeighbors(n_neighbors=3, metric="precomputed").fit(container(graph))
    for queries in (graph[:20], None):
        mine = None if queries is None else container(queries)
        assert_same(ours.kneighbors(mine), theirs.kneighbors(queries))
        for found, expected in zip(
            ours.radius_neighbors(mine, 0.9), theirs.radius_neighbors(queries, 0.9), strict=True
        ):
            assert_same(found, expected)
    with pytest.raises(
        ValueError, match=r"^12 neighbors per samples are required, but some sample.*"
    ):
        ours.kneighbors(n_neighbors=11)


@pytest.mark.parametrize("metric", ["euclidean", "l1", "cosine"])
def test_sparse_points(metric):
    dense = np.where(RNG.uniform(size=(90, 30)) < 0.8, 0, RNG.normal(size=(90, 30)))
    dense[:3] = 0  # of no direction
    points = sp.csr_array(dense)
    neighbors = NearestNeighbors(metric=metric).fit(points)
    of_dense = NearestNeighbors(metric=metric, algorithm="brute").fit(dense)
    theirs = sklearn.neighbors.NearestNeighbors(metric=metric, algorithm="brute").fit(dense)
    expected = of_dense.kneighbors(dense)
    # Between rows of zeros, scikit-learn has a cosine distance of 0 to the row itself alone.
    np.testing.assert_allclose(expected[0][3:], theirs.kneighbors(dense[3:])[0], atol=1e-7)
    for fitted, queries in ((neighbors, points), (neighbors, dense), (of_dense, points)):
        distances, indices = fitted.kneighbors(queries)
        if metric == "cosine":  # lengths are summed in another order
            np.testing.assert_allclose(distances, expected[0], atol=1e-14)
        else:
            assert_same((distances, indices), expected)
        assert lists(fitted.radius_neighbors(queries[3:], 0.8)[1]) == lists(
            theirs.radius_neighbors(dense[3:], 0.8)[1]
        )


# --- input ----------------------------------------------------------------------------------------


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def mapped(array, path):
    np.save(path, array)
    return np.load(path, mmap_mode="r")


@each_algorithm
@pytest.mark.parametrize("layout", ["fortran", "strided", "read_only", "memmap", "list", "int"])
def test_layouts(algorithm, layout, tmp_path):
    whole = np.round(X * 3)
    given = {
        "fortran": lambda a: np.asfortranarray(a),
        "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
        "read_only": read_only,
        "memmap": lambda a: mapped(a, tmp_path / "points.npy"),
        "list": lambda a: a.tolist(),
        "int": lambda a: a.astype(int),
    }[layout](whole)
    expected = k_nearest(whole, whole, 4)
    neighbors = NearestNeighbors(algorithm=algorithm).fit(given)
    assert_same(neighbors.kneighbors(given, 4), expected)
    np.testing.assert_array_equal(np.asarray(given), whole)


def test_points_are_not_copied():
    for algorithm in ("brute", "kd_tree"):
        assert NearestNeighbors(algorithm=algorithm).fit(X)._fit_X is X


def test_a_tree_or_another_estimator_as_points():
    expected = NearestNeighbors(algorithm="brute").fit(X).kneighbors(QUERIES, 3)
    for points in (KDTree(X), NearestNeighbors(algorithm="brute").fit(X)):
        neighbors = NearestNeighbors().fit(points)
        assert_same(neighbors.kneighbors(QUERIES, 3), expected)
        assert (neighbors.n_samples_fit_, neighbors.n_features_in_) == X.shape
        assert_same(
            neighbors.kneighbors(n_neighbors=3), NearestNeighbors().fit(X).kneighbors(None, 3)
        )


@each_algorithm
def test_pickling(algorithm):
    neighbors = NearestNeighbors(algorithm=algorithm).fit(X)
    copy = pickle.loads(pickle.dumps(neighbors))
    assert_same(copy.kneighbors(QUERIES), neighbors.kneighbors(QUERIES))


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    neighbors = NearestNeighbors().fit(X)
    before = neighbors.kneighbors(QUERIES)
    for bad in ([[np.nan]], [1.0], "text"):
        with pytest.raises(ValueError):  # noqa: PT011 (of many kinds)
            neighbors.fit(bad)
    assert_same(neighbors.kneighbors(QUERIES), before)


def test_auto_takes_the_tree_where_it_has_the_metric():
    assert NearestNeighbors(algorithm="ball_tree").fit(X)._fit_method == "kd_tree"
    assert NearestNeighbors(algorithm="ball_tree", metric="canberra").fit(X)._fit_method == "brute"
    assert NearestNeighbors().fit(X)._fit_method == "kd_tree"
    assert NearestNeighbors(metric="cosine").fit(X)._fit_method == "brute"
    assert NearestNeighbors().fit(np.zeros((50, 100)))._fit_method == "brute"


# --- messages -------------------------------------------------------------------------------------


def both(call):
    """What an invalid call says here, and there."""
    messages = []
    for module in (scratchml.neighbors, sklearn.neighbors):
        with pytest.raises((ValueError, TypeError)) as caught:
            call(module.NearestNeighbors)
        messages.append(f"{type(caught.value).__mro__[-3].__name__}: {caught.value}")
    return messages


@pytest.mark.parametrize(
    "call",
    [
        lambda cls: cls().fit(X).kneighbors(X, 151),
        lambda cls: cls().fit(X).kneighbors(None, 150),
        lambda cls: cls().fit(X).kneighbors(X, 0),
        lambda cls: cls().fit(X).kneighbors(X, 2.5),
        lambda cls: cls().fit(X).kneighbors_graph(X, mode="other"),
        lambda cls: cls().fit(X).radius_neighbors_graph(X, mode="other"),
        lambda cls: cls().fit(X).radius_neighbors(X, return_distance=False, sort_results=True),
        lambda cls: cls(algorithm="brute").fit(X).radius_neighbors(X, -1.0),
        lambda cls: cls().fit(X).kneighbors(X[:, :2]),
        lambda cls: cls(algorithm="kd_tree").fit(X).kneighbors(sp.csr_array(X)),
        lambda cls: cls(algorithm="kd_tree", metric=max).fit(X),
        lambda cls: cls(algorithm="kd_tree", p=0.5).fit(X),
        lambda cls: cls(algorithm="kd_tree", p=3, metric_params={"w": np.ones(4)}).fit(X),
        lambda cls: cls(metric="precomputed").fit(X),
        lambda cls: cls(metric="precomputed").fit(-np.ones((3, 3))),
        lambda cls: cls(metric="precomputed").fit(np.eye(3)).kneighbors(sp.dia_array(np.eye(3))),
        lambda cls: cls().kneighbors(X),
    ],
)
def test_errors_are_in_scikit_learns_words(call):
    ours, theirs = both(call)
    assert ours == theirs


def test_other_errors():
    def message(call):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared)
            call()
        return str(caught.value)

    fitted = NearestNeighbors(n_neighbors=None, radius=None).fit(X)
    assert message(fitted.kneighbors) == (
        "n_neighbors is None: give it to the method or the estimator."
    )
    assert message(fitted.radius_neighbors) == (
        "radius is None: give it to the method or the estimator."
    )
    assert message(lambda: fitted.radius_neighbors(X, [1.0, 2.0])) == (
        "radius.shape == (2,), expected (150,)!"
    )
    assert message(lambda: fitted.radius_neighbors(X, np.nan)) == "radius == nan, must be >= 0."
    assert message(lambda: NearestNeighbors(algorithm="kd_tree", metric="cosine").fit(X)) == (
        "Metric 'cosine' not valid for algorithm 'kd_tree'. Valid metrics are ['chebyshev', "
        "'cityblock', 'euclidean', 'infinity', 'l1', 'l2', 'manhattan', 'minkowski', 'p']. "
        "Metric can also be a callable function."
    )
    assert message(lambda: NearestNeighbors(metric="canberra").fit(sp.csr_array(X))) == (
        "Metric 'canberra' not valid for sparse input. Valid metrics are ['cityblock', 'cosine', "
        "'euclidean', 'l1', 'l2', 'manhattan', 'precomputed']. Metric can also be a callable "
        "function."
    )
    assert message(lambda: NearestNeighbors(n_jobs=0).fit(X).kneighbors()) == (
        "n_jobs == 0 in Parallel has no meaning"
    )


@pytest.mark.parametrize(
    ("parameters", "data", "category", "message"),
    [
        (
            {"algorithm": "kd_tree"},
            sp.csr_array(X),
            UserWarning,
            "cannot use tree with sparse input: using brute force",
        ),
        (
            {"metric_params": {"p": 1}},
            X,
            SyntaxWarning,
            "Parameter p is found in metric_params. The corresponding parameter from __init__ is "
            "ignored.",
        ),
        (
            {"p": 0.5, "algorithm": "brute"},
            X,
            UserWarning,
            "Mind that for 0 < p < 1, Minkowski metrics are not distance metrics. Continuing the "
            "execution with `algorithm='brute'`.",
        ),
    ],
    ids=["sparse", "p_twice", "p_below_1"],
)
def test_warnings(parameters, data, category, message):
    with pytest.warns(category, match=f"^{re.escape(message)}$"):
        ours = NearestNeighbors(**parameters).fit(data)
    with pytest.warns(category, match=f"^{re.escape(message)}$"):
        theirs = sklearn.neighbors.NearestNeighbors(**parameters).fit(data)
    np.testing.assert_allclose(ours.kneighbors(X)[0], theirs.kneighbors(X)[0], atol=1e-7)


# --- threads --------------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("n_jobs", [None, 1, 2, 3, 8, -1, -2])
def test_n_jobs_changes_no_bit(n_jobs):
    points = np.random.default_rng(3).normal(size=(2500, 12))
    for algorithm in ("brute", "kd_tree"):
        neighbors = NearestNeighbors(algorithm=algorithm, n_jobs=n_jobs).fit(points)
        one = NearestNeighbors(algorithm=algorithm, n_jobs=1).fit(points)
        assert_same(neighbors.kneighbors(), one.kneighbors())


@pytest.mark.jit
def test_queries_from_several_threads_at_once():
    points = np.random.default_rng(3).normal(size=(2000, 12))
    neighbors = NearestNeighbors(algorithm="brute").fit(points)
    expected, found = neighbors.kneighbors(), {}

    def query(i):
        found[i] = neighbors.kneighbors()

    threads = [threading.Thread(target=query, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for result in found.values():
        assert_same(result, expected)


@pytest.mark.jit
@pytest.mark.clock
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_an_interrupt_is_heard_soon(metric):
    points = np.random.default_rng(0).normal(size=(60_000, 100))
    neighbors = NearestNeighbors(algorithm="brute", metric=metric).fit(points)
    neighbors.kneighbors(points[:200])
    sent = []

    def interrupt():
        time.sleep(0.3)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        neighbors.kneighbors(points)
    thread.join()
    assert time.monotonic() - sent[0] < 1.0
    neighbors.kneighbors(points[:50])


@pytest.mark.jit
def test_memory_is_bounded():
    import tracemalloc

    n = 20_000 if compilation_is_on() else 500
    points = np.random.default_rng(0).normal(size=(n, 6))
    for parameters in ({}, {"metric": "manhattan"}, {"metric": "canberra"}):
        neighbors = NearestNeighbors(algorithm="brute", **parameters).fit(points)
        neighbors.kneighbors(points[:64])
        tracemalloc.start()
        neighbors.kneighbors(points[: n // 4])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60e6, parameters  # all distances would be 800 MB
