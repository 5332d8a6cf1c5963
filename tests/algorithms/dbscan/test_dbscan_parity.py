"""scikit-learn's labels: on hundreds of random problems, in every metric, by every algorithm."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import sklearn.cluster
from dbscan_cases import of_any_eps, suits

from scratchml.cluster import DBSCAN, dbscan
from scratchml.core.jit import compilation_is_on

pytestmark = of_any_eps

SIZE = 120 if compilation_is_on() else 40
FEW, MANY = 80 if compilation_is_on() else 40, 500

METRICS: list[dict[str, Any]] = [
    {"metric": "euclidean"},
    {"metric": "manhattan"},
    {"metric": "chebyshev"},
]


class Parameters(NamedTuple):
    """A random problem."""

    X: np.ndarray
    w: np.ndarray | None
    estimator: dict[str, Any]


def points(kind: int, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Points of one of seven kinds, float[n, d]."""
    X = rng.normal(size=(n, d)) + 3 * rng.integers(0, 3, size=(n, 1))
    if kind == 1:
        X = rng.integers(0, 2 + 12 // d, size=(n, d)).astype(float)
    elif kind == 2:
        X = X[rng.integers(0, max(n // 4, 1), size=n)]
    elif kind == 3:
        X[:, rng.integers(d)] = 7
    elif kind == 4:
        X = np.round(X, 1) + 1e6
    elif kind == 5:
        X = X.astype(np.float32)
    elif kind == 6:
        X = rng.random((n, d)) * 10.0 ** rng.integers(-1, 2, size=d)
    return X


def problem(number: int) -> Parameters:
    """Kinds of points, metrics and weights by turns; eps is the distance of two of the points."""
    rng = np.random.default_rng(number)
    kind, metric = number % 7, METRICS[0 if number % 5 < 3 else number % 5 - 2]
    n, d = int(rng.integers(1, SIZE)), int(rng.integers(1, 9))
    X = points(kind, n, d, rng)
    min_samples = int(rng.choice([1, 2, rng.integers(3, 9), d + 1]))
    # The distance of a point to a near one, so that it is decided at eps.
    powers = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}
    gaps = np.abs(X[rng.integers(n)].astype(float) - X)
    distances = np.sort(np.linalg.norm(gaps, powers[metric["metric"]], axis=1))
    eps = float(distances[min(min_samples + rng.integers(0, 3), n - 1)]) or 0.5
    if kind == 1:
        eps = rng.choice([1.0, np.sqrt(2), np.sqrt(3), 2.0])
    w = None
    if number % 3 == 0:
        w = [rng.integers(0, 4, n) + 0.0, rng.uniform(0.1, 2, n), rng.integers(-2, 5, n) / 4]
        w = w[number // 3 % 3]
        w[0] = 1  # all zeros are refused
    return Parameters(X, w, {"eps": eps, "min_samples": min_samples, **metric})


def algorithms_for(parameters: Parameters) -> list[str]:
    """Those that take the problem."""
    X, w, estimator = parameters
    has_grid = estimator["metric"] == "euclidean" and suits("grid", X, w is not None)
    grid = ["grid"] if has_grid else []
    return ["auto", "kd_tree", "brute", *grid]


def assert_scikit_learns(number: int) -> None:
    """All algorithms find what scikit-learn's tree does, and predict it again."""
    X, w, parameters = found = problem(number)
    # Its brute force takes distances to be differences of large squares.
    theirs = sklearn.cluster.DBSCAN(**parameters, algorithm="kd_tree").fit(X, sample_weight=w)
    for algorithm in algorithms_for(found):
        ours = DBSCAN(**parameters, algorithm=algorithm).fit(X, sample_weight=w)
        for name in ("labels_", "core_sample_indices_", "components_"):
            np.testing.assert_array_equal(
                getattr(ours, name), getattr(theirs, name), f"{number}, {algorithm}"
            )
        np.testing.assert_array_equal(ours.predict(X), ours.labels_, f"{number}, {algorithm}")


@pytest.mark.parametrize("start", range(0, FEW, 10))
def test_random_problems(start):
    for number in range(start, start + 10):
        assert_scikit_learns(number)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FEW, MANY, 20))
def test_more_random_problems(start):
    for number in range(start, min(start + 20, MANY)):
        assert_scikit_learns(number)


def test_random_problems_have_something_to_find():
    found = [problem(number) for number in range(MANY)]
    fits = [
        sklearn.cluster.DBSCAN(**p.estimator, algorithm="kd_tree").fit(p.X, sample_weight=p.w)
        for p in found
    ]
    borders = [(f.labels_ >= 0).sum() > len(f.core_sample_indices_) > 0 for f in fits]
    assert np.mean(borders) > 0.2
    assert np.mean([f.labels_.max() > 0 for f in fits]) > 0.2
    assert {p.X.shape[1] for p in found} == set(range(1, 9))


# --- metrics --------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
DATA = np.concatenate([RNG.normal(c, 0.5, size=(SIZE // 3, 4)) for c in (1, 3, 6)])
BITS = RNG.integers(0, 2, size=(SIZE, 12)).astype(bool)
PLACES = RNG.uniform([-1.5, -3.1], [1.5, 3.1], size=(SIZE, 2))


def farthest_step(x: np.ndarray, y: np.ndarray, scale: float = 1.0) -> float:
    """A distance that no library has."""
    return float(scale * np.abs(x - y)[:2].max())


OTHER_METRICS: dict[str, tuple[np.ndarray, float, dict[str, Any]]] = {
    "l2": (DATA, 0.8, {"metric": "l2"}),
    "cityblock": (DATA, 1.2, {"metric": "cityblock"}),
    "minkowski": (DATA, 0.8, {"metric": "minkowski"}),
    "minkowski_1": (DATA, 1.2, {"metric": "minkowski", "p": 1}),
    "minkowski_1.5": (DATA, 0.9, {"metric": "minkowski", "p": 1.5}),
    "minkowski_3": (DATA, 0.7, {"metric": "minkowski", "p": 3}),
    "minkowski_3_as_parameter": (
        DATA,
        0.7,
        {"metric": "minkowski", "metric_params": {"p": 3}},
    ),
    "cosine": (DATA, 0.01, {"metric": "cosine"}),
    "sqeuclidean": (DATA, 0.6, {"metric": "sqeuclidean"}),
    "canberra": (DATA, 0.4, {"metric": "canberra"}),
    "braycurtis": (DATA, 0.07, {"metric": "braycurtis"}),
    "correlation": (DATA, 0.1, {"metric": "correlation"}),
    "nan_euclidean": (DATA, 0.8, {"metric": "nan_euclidean"}),
    "seuclidean": (DATA, 0.5, {"metric": "seuclidean", "metric_params": {"V": DATA.var(axis=0)}}),
    "mahalanobis": (
        DATA,
        1.2,
        {"metric": "mahalanobis", "metric_params": {"VI": np.linalg.inv(np.cov(DATA.T))}},
    ),
    "hamming": (BITS, 0.2, {"metric": "hamming"}),
    "jaccard": (BITS, 0.35, {"metric": "jaccard"}),
    "dice": (BITS, 0.25, {"metric": "dice"}),
    "haversine": (PLACES, 0.3, {"metric": "haversine"}),
    "callable": (DATA, 0.3, {"metric": farthest_step}),
    "callable_with_parameters": (
        DATA,
        0.6,
        {"metric": farthest_step, "metric_params": {"scale": 2.0}},
    ),
}


NO_BALLS = ("cosine", "correlation", "sqeuclidean", "nan_euclidean")


@pytest.mark.parametrize("name", list(OTHER_METRICS))
@pytest.mark.parametrize("algorithm", ["auto", "brute", "ball_tree"])
def test_other_metrics(name, algorithm):
    X, eps, parameters = OTHER_METRICS[name]
    if algorithm == "ball_tree" and name in NO_BALLS:
        return
    parameters = {"eps": eps, "min_samples": 4, "algorithm": algorithm, **parameters}
    ours = DBSCAN(**parameters).fit(X)
    if name == "minkowski":  # whose power is None, which scikit-learn documents as 2
        parameters["p"] = 2
    theirs = sklearn.cluster.DBSCAN(**parameters).fit(X)
    assert 0 < len(theirs.core_sample_indices_) < len(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.core_sample_indices_, theirs.core_sample_indices_)
    np.testing.assert_array_equal(ours.components_, theirs.components_)
    np.testing.assert_array_equal(ours.predict(X), ours.labels_)


@pytest.mark.parametrize("name", ["minkowski_1.5", "cosine", "haversine", "callable", "jaccard"])
def test_other_metrics_with_weights(name):
    X, eps, parameters = OTHER_METRICS[name]
    w = np.random.default_rng(1).integers(-1, 4, len(X)).astype(float)
    theirs, ours = (
        function(X, eps, min_samples=5, sample_weight=w, **parameters)
        for function in (sklearn.cluster.dbscan, dbscan)
    )
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_function_has_scikit_learns_power(p):
    for found, right in zip(
        *(f(DATA, 0.7, min_samples=4, p=p) for f in (dbscan, sklearn.cluster.dbscan)), strict=True
    ):
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize("metric", ["cosine", "manhattan", "euclidean"])
def test_sparse_data_in_other_metrics(metric):
    import scipy.sparse

    X = scipy.sparse.csr_array(np.where(DATA > 1, DATA, 0))
    eps = {"cosine": 0.01, "manhattan": 1.2, "euclidean": 0.7}[metric]
    theirs, ours = (
        m.fit(X)
        for m in (
            sklearn.cluster.DBSCAN(eps=eps, min_samples=4, metric=metric),
            DBSCAN(eps=eps, min_samples=4, metric=metric),
        )
    )
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.core_sample_indices_, theirs.core_sample_indices_)


@pytest.mark.parametrize("algorithm", ["auto", "brute"])
@pytest.mark.parametrize("p", [0.7, 1.5, 3, 7.3])
@pytest.mark.filterwarnings("ignore:Mind that for 0 < p < 1")
def test_powers_of_points_at_exactly_eps(p, algorithm):
    for eps in np.arange(1, 60) * 0.013:
        clusters = DBSCAN(eps, metric="minkowski", p=p, min_samples=2, algorithm=algorithm)
        assert clusters.fit_predict([[0.0], [eps]]).tolist() == [0, 0]


def test_angles_far_beyond_a_turn():
    places = np.array([[0.3, 0.5123456789]] * 5 + [[0.3, 4301593056.310307]])
    clusters = DBSCAN(1e-4, metric="haversine").fit(places)
    by_formula = DBSCAN(1e-4, metric="haversine", algorithm="brute").fit(places)
    assert clusters.labels_.tolist() == by_formula.labels_.tolist() == [0, 0, 0, 0, 0, -1]
    assert clusters.predict(places).tolist() == clusters.labels_.tolist()


@pytest.mark.parametrize("n_samples", [35, 66])
def test_an_angle_that_reaches_the_whole_sphere(n_samples):
    places = np.random.default_rng(0).uniform(-1, 1, size=(n_samples, 2))
    clusters = DBSCAN(4.0, metric="haversine", min_samples=3, leaf_size=8)
    assert (clusters.fit_predict(places) == 0).all()


@pytest.mark.jit  # thousands of points
def test_leaves_of_any_size():
    X = np.random.default_rng(0).normal(size=(9000, 4))
    clusters = DBSCAN(0.05, algorithm="kd_tree", leaf_size=10**9, min_samples=1).fit(X)
    assert clusters.labels_.tolist() == DBSCAN(0.05, min_samples=1).fit_predict(X).tolist()
