"""`DBSCAN` and `dbscan`: a toy by hand, and the labels of the reference by every engine."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from dbscan_cases import (
    IN_FLOAT32,
    PROBLEMS,
    Problem,
    assert_same,
    each_algorithm,
    each_problem,
    expected_of,
    of_any_eps,
    suits,
)

import scratchml
from scratchml.algorithms.dbscan import reference
from scratchml.algorithms.dbscan.engines import search
from scratchml.cluster import DBSCAN, dbscan
from scratchml.datasets import make_moons

pytestmark = of_any_eps

# --- toys -----------------------------------------------------------------------------------------


@each_algorithm
def test_a_toy_by_hand(algorithm):
    X = np.array([[20, 0], [10, 0], [11, 0], [12, 0], [13, 0], [1, 0], [2, 0], [3, 0]], float)
    clusters = DBSCAN(eps=1.0, min_samples=3, algorithm=algorithm).fit(X)
    # 10 and 13 have two neighbours, 11 and 12 three; so with 1, 3 and 2.
    assert clusters.core_sample_indices_.tolist() == [2, 3, 6]
    assert clusters.labels_.tolist() == [-1, 0, 0, 0, 0, 1, 1, 1]
    assert clusters.components_.tolist() == [[11, 0], [12, 0], [2, 0]]
    assert clusters.n_features_in_ == 2
    assert isinstance(clusters.n_distances_, int)


@pytest.mark.parametrize(("eps", "n_clusters"), [(0.05, 7), (0.2, 2)])
@pytest.mark.jit
def test_two_moons(eps, n_clusters):
    # Two fits of A. Geron, "Hands-On Machine Learning", chapter 9.
    X, _ = make_moons(n_samples=1000, noise=0.05, random_state=42)
    labels = DBSCAN(eps=eps).fit_predict(X)
    assert set(labels.tolist()) == set(range(-1 if eps == 0.05 else 0, n_clusters))


def test_no_core_points():
    X = np.arange(6.0).reshape(3, 2)
    clusters = DBSCAN(eps=0.1, min_samples=2).fit(X)
    assert clusters.labels_.tolist() == [-1, -1, -1]
    assert clusters.core_sample_indices_.shape == (0,)
    assert clusters.components_.shape == (0, 2)


def test_the_function_gives_core_points_and_labels():
    problem = PROBLEMS["blobs"]
    expected = expected_of(problem)
    found = dbscan(problem.X, problem.eps, min_samples=problem.min_samples)
    assert isinstance(found, tuple)
    for array, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, right)


# --- every engine finds what the reference does ---------------------------------------------------


def fitted(problem, algorithm, **options):
    """An estimator that has clustered a problem."""
    X, eps, min_samples = problem
    parameters = {"eps": eps, "min_samples": min_samples, "algorithm": algorithm}
    weight = options.pop("sample_weight", None)
    return DBSCAN(**parameters, **options).fit(X, sample_weight=weight)


@each_problem
@each_algorithm
def test_engines_equal_the_reference(name, algorithm):
    problem = PROBLEMS[name]
    if suits(algorithm, problem.X):
        clusters = fitted(problem, algorithm)
        assert_same(clusters, expected_of(problem))
        np.testing.assert_array_equal(
            clusters.components_, problem.X[clusters.core_sample_indices_]
        )


@pytest.mark.parametrize("name", IN_FLOAT32)
@pytest.mark.parametrize("algorithm", ["auto", "kd_tree", "brute"])
def test_float32_is_compared_in_float64(name, algorithm):
    X, eps, min_samples = PROBLEMS[name]
    problem = Problem(X.astype(np.float32), eps, min_samples)
    clusters = fitted(problem, algorithm)
    assert_same(clusters, expected_of(problem))
    assert clusters.components_.dtype == np.float32 or not len(clusters.components_)


@pytest.mark.jit
@pytest.mark.parametrize(("spread", "eps"), [(3.0, 8.5), (0.1, 0.42)], ids=["none", "clusters"])
def test_many_features_with_and_without_structure(spread, eps):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (1200, 1)) + rng.normal(scale=spread, size=(1200, 12))
    expected = DBSCAN(eps=eps, min_samples=4, algorithm="brute").fit(X)
    assert 0 < len(expected.core_sample_indices_) <= len(X)
    for algorithm in ("auto", "kd_tree"):
        clusters = DBSCAN(eps=eps, min_samples=4, algorithm=algorithm).fit(X)
        assert_same(clusters, (expected.core_sample_indices_, expected.labels_))
        np.testing.assert_array_equal(clusters.predict(X), expected.labels_)


@pytest.mark.parametrize("leaf_size", [1, 7, 200])
def test_any_leaf_size(leaf_size):
    for name in ("blobs", "eight_features", "lattice_at_1"):
        clusters = fitted(PROBLEMS[name], "kd_tree", leaf_size=leaf_size)
        assert_same(clusters, expected_of(PROBLEMS[name]))


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


FORMS = {
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "sliced_columns": lambda X: np.hstack([X, X])[:, : X.shape[1]],
    "byte_swapped": lambda X: X.astype(X.dtype.newbyteorder()),
    "list": lambda X: X.tolist(),
    "read_only": read_only,
}


@pytest.mark.parametrize("form", list(FORMS))
@each_algorithm
def test_every_form_of_the_data(form, algorithm):
    X, eps, min_samples = PROBLEMS["blobs"]
    clusters = fitted(Problem(FORMS[form](X), eps, min_samples), algorithm)
    assert_same(clusters, expected_of(PROBLEMS["blobs"]))
    np.testing.assert_array_equal(clusters.predict(FORMS[form](X)), clusters.labels_)


@each_algorithm
def test_a_mapped_file(algorithm, tmp_path):
    X, eps, min_samples = PROBLEMS["blobs"]
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_same(
        fitted(Problem(mapped, eps, min_samples), algorithm), expected_of(PROBLEMS["blobs"])
    )


@each_algorithm
def test_whole_numbers_are_data_too(algorithm):
    X, eps, min_samples = PROBLEMS["lattice_at_1"]
    whole = Problem(X.astype(np.int32), eps, min_samples)
    assert_same(fitted(whole, algorithm), expected_of(PROBLEMS["lattice_at_1"]))


# --- weights --------------------------------------------------------------------------------------

N = len(PROBLEMS["blobs"].X)
RNG = np.random.default_rng(0)
WEIGHTS = {
    "ones": np.ones(N),
    "whole": RNG.integers(0, 5, N),
    "booleans": RNG.integers(0, 2, N).astype(bool),
    "quarters": RNG.integers(0, 12, N) / 4,
    "negative": RNG.integers(-3, 5, N).astype(float),
    "all_negative": -RNG.random(N),
    "reals": RNG.uniform(0, 2, N),
    "large": np.where(RNG.random(N) < 0.2, 1e300, -1.0),
    "single_precision": RNG.integers(0, 9, N).astype(np.float32) / 4,
}


@pytest.mark.parametrize("name", list(WEIGHTS))
@pytest.mark.parametrize("algorithm", ["auto", "kd_tree", "ball_tree", "brute"])
def test_weights(name, algorithm):
    problem, w = PROBLEMS["blobs"], WEIGHTS[name]
    clusters = fitted(problem, algorithm, sample_weight=w)
    assert_same(clusters, expected_of(problem, w=w.astype(float)))
    np.testing.assert_array_equal(clusters.predict(problem.X), clusters.labels_)


@pytest.mark.parametrize("name", ["lattice_at_1", "duplicates", "eight_features", "one_feature"])
@pytest.mark.parametrize("algorithm", ["auto", "kd_tree", "brute"])
def test_weights_are_copies_of_points(name, algorithm):
    X, eps, min_samples = problem = PROBLEMS[name]
    w = np.random.default_rng(1).integers(1, 4, len(X))
    repeated = Problem(np.repeat(X, w, axis=0), eps, min_samples)
    labels = fitted(problem, algorithm, sample_weight=w).labels_
    np.testing.assert_array_equal(np.repeat(labels, w), expected_of(repeated)[1])


# --- distances in place of points -----------------------------------------------------------------


def row_of_distances(X, row):
    """A point's distances are its row."""
    return row


def distances_of(X):
    """float64[n, n], without rounding in one place what is another elsewhere."""
    with np.errstate(over="ignore", under="ignore"):
        return np.sqrt(np.array([reference.sq_distances(X, q) for q in X]))


MATRICES = {
    "blobs": (distances_of(PROBLEMS["blobs"].X), 0.3, 4),
    "lattice": (distances_of(PROBLEMS["lattice_at_1"].X), 1.0, 4),
    "duplicates": (distances_of(PROBLEMS["duplicates"].X), 0.4, 5),
    # Whom a point reaches does not reach it; some are not near to themselves.
    "asymmetric": (RNG.random((40, 40)), 0.05, 2),
    "asymmetric_in_chains": (np.round(9 * RNG.random((40, 40)) ** 0.3), 3.0, 3),
    "one_way": (np.where(np.eye(9, k=1), 1.0, 5.0) * (1 - np.eye(9)), 1.0, 2),
}
each_matrix = pytest.mark.parametrize("name", MATRICES)


@each_matrix
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_precomputed(name, weighted):
    D, eps, min_samples = MATRICES[name]
    w = np.random.default_rng(2).integers(0, 3, len(D)).astype(float) if weighted else None
    clusters = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed")
    clusters.fit(D, sample_weight=w)
    expected = reference.dbscan(D, eps, min_samples, w, row_of_distances)
    assert_same(clusters, expected)
    np.testing.assert_array_equal(clusters.components_, D[expected[0]])


@each_matrix
@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix])
@pytest.mark.parametrize("zeros", [True, False], ids=["stored_zeros", "no_zeros"])
def test_precomputed_graph(name, kind, zeros):
    D, eps, min_samples = MATRICES[name]
    # What is not stored is far away, but a point from itself; the graph ends beyond eps.
    stored = (1.5 * eps >= D) & (zeros | (D > 0))
    rows, columns = np.nonzero(stored)
    graph = kind((D[stored], (rows, columns)), shape=D.shape)
    before = graph.copy()
    seen = np.where(stored, D, np.where(np.eye(len(D)), 0, np.inf))
    clusters = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(graph)
    assert_same(clusters, reference.dbscan(seen, eps, min_samples, distances=row_of_distances))
    assert graph.nnz == before.nnz
    assert abs(graph - before).sum() == 0


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, scipy.sparse.csr_array])
def test_precomputed_distances_of_other_dtypes(dtype, form):
    D = np.round(10 * MATRICES["asymmetric_in_chains"][0]).astype(dtype)
    D = D / dtype(100) if dtype == np.float32 else D
    eps = 0.3 if dtype == np.float32 else 30  # no float32 number is 0.3
    stored = np.where(D == 0, np.inf, D) if form is scipy.sparse.csr_array else D
    np.fill_diagonal(stored, np.diag(D))
    clusters = DBSCAN(eps=eps, min_samples=3, metric="precomputed").fit(form(D))
    expected = reference.dbscan(stored, dtype(eps), 3, distances=row_of_distances)
    assert 0 < len(expected[0]) < len(D)
    assert_same(clusters, expected)


@pytest.mark.parametrize("min_samples", [1, 2])
def test_a_graph_without_edges(min_samples):
    clusters = DBSCAN(min_samples=min_samples, metric="precomputed")
    clusters.fit(scipy.sparse.csr_array((4, 4)))
    assert clusters.labels_.tolist() == ([0, 1, 2, 3] if min_samples == 1 else [-1] * 4)


# --- sparse data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("name", ["blobs", "lattice_at_1", "five_features", "twenty_features"])
def test_sparse_data(kind, dtype, name):
    X, eps, min_samples = PROBLEMS[name]
    X = X.astype(dtype)
    clusters = DBSCAN(eps=eps, min_samples=min_samples).fit(kind(X))
    assert_same(clusters, expected_of(Problem(X, eps, min_samples)))
    np.testing.assert_array_equal(clusters.components_.toarray(), X[clusters.core_sample_indices_])
    np.testing.assert_array_equal(clusters.predict(kind(X)), clusters.labels_)


# --- the same bits --------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize(
    ("shape", "eps", "algorithm"),
    [
        ((40_000, 2), 0.03, "grid"),
        ((30_000, 3), 0.15, "grid"),
        ((40_000, 2), 0.03, "kd_tree"),
        ((12_000, 5), 0.7, "kd_tree"),
        ((4_000, 16), 3.5, "brute"),
    ],
    ids=["grid_2d", "grid_3d", "kd_tree_2d", "kd_tree_5d", "brute"],
)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_any_number_of_threads_gives_the_same_bits(shape, eps, algorithm, weighted):
    X = np.random.default_rng(0).normal(size=shape)
    if not suits(algorithm, X, weighted):
        algorithm = "auto"
    w = np.random.default_rng(1).uniform(0.5, 1.5, len(X)) if weighted else None
    results = set()
    for n_threads in (1, 2, 3, 8):
        clusters = DBSCAN(eps=eps, min_samples=10, algorithm=algorithm)
        with scratchml.threads(n_threads):
            clusters.fit(X, sample_weight=w)
            predicted = clusters.predict(X)
        np.testing.assert_array_equal(predicted, clusters.labels_)
        parts = [clusters.labels_, clusters.core_sample_indices_, clusters.components_]
        results.add((*(part.tobytes() for part in parts), clusters.n_distances_))
    assert len(results) == 1
    assert 0 < (clusters.labels_ >= 0).sum() < len(X)


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_n_jobs(n_jobs):
    clusters = fitted(PROBLEMS["blobs"], "auto", n_jobs=n_jobs)
    assert_same(clusters, expected_of(PROBLEMS["blobs"]))


# --- memory ---------------------------------------------------------------------------------------


def peak_of_fit(clusters, X, w):
    """Most bytes that a fit holds at once; small fits before it compile."""
    clusters.fit(X[:300], sample_weight=None if w is None else w[:300])
    tracemalloc.start()
    try:
        clusters.fit(X, sample_weight=w)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [2, 8])
@pytest.mark.parametrize("algorithm", ["auto", "kd_tree"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_memory_does_not_grow_with_neighbors(n_features, algorithm, weighted):
    # Every point is near to every other one: lists of neighbours would take gigabytes.
    X = np.random.default_rng(0).random((20_000, n_features))
    clusters = DBSCAN(eps=5.0, algorithm=algorithm)
    peak = peak_of_fit(clusters, X, np.ones(len(X)) if weighted else None)
    assert not clusters.labels_.any()
    assert peak < 400 * len(X) + 5e6


@pytest.mark.jit
def test_memory_of_brute_force_is_that_of_pieces(monkeypatch):
    monkeypatch.setattr(search, "PIECE_NEIGHBORS", 2**16)
    monkeypatch.setattr(search, "FIRST_ROWS", 16)
    X = np.random.default_rng(0).random((4_000, 16))
    clusters = DBSCAN(eps=5.0, algorithm="brute")
    peak = peak_of_fit(clusters, X, None)
    assert not clusters.labels_.any()
    assert peak < 8 * len(X) ** 2 / 4
