"""Every metric against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
import sklearn.neighbors

import scratchml.neighbors
from scratchml.algorithms.nearest_neighbors.metrics import BOOLEAN_METRICS, METRICS, VALID_METRICS
from scratchml.neighbors import NearestNeighbors

RNG = np.random.default_rng(0)
X, QUERIES = RNG.normal(size=(80, 4)), RNG.normal(size=(30, 4))
SPHERE = np.array([np.pi, 2 * np.pi]) * (RNG.uniform(size=(80, 2)) - 0.5)
PARAMS = {
    "seuclidean": {"V": X.var(axis=0, ddof=1)},
    "mahalanobis": {"VI": np.linalg.inv(np.cov(X.T))},
    "pyfunc": {"func": lambda a, b: np.abs(a - b).max()},
}


def data_for(metric):
    if metric == "haversine":
        return SPHERE, SPHERE[:30] + 0.01
    if metric in BOOLEAN_METRICS or metric == "hamming":
        return (X > 0.3).astype(float), (QUERIES > 0.3).astype(float)
    if metric == "nan_euclidean":
        return (np.where(RNG.uniform(size=a.shape) < 0.3, np.nan, a) for a in (X, QUERIES))
    return X, QUERIES


def pair(points, **parameters):
    return [
        module.NearestNeighbors(**parameters).fit(points)
        for module in (scratchml.neighbors, sklearn.neighbors)
    ]


@pytest.mark.filterwarnings("ignore:Data was converted to boolean")
@pytest.mark.parametrize("metric", [m for m in METRICS if m != "precomputed"])
def test_distances_are_scikit_learns(metric):
    points, queries = data_for(metric)
    ours, theirs = pair(points, metric=metric, metric_params=PARAMS.get(metric))
    for asked in (queries, None):
        found, expected = (e.kneighbors(asked)[0] for e in (ours, theirs))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
        # Between two distances, so that rounding decides nothing.
        finite = np.unique(np.round(expected[np.isfinite(expected)], 6))
        radius = finite[len(finite) // 2 : len(finite) // 2 + 2].mean()
        counts = [
            [len(row) for row in e.radius_neighbors(asked, radius)[1]] for e in (ours, theirs)
        ]
        assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("p", "weighted"),
    # Of a maximum scikit-learn has no weights.
    [(p, w) for p in (0.5, 1, 1.5, 2, 3, np.inf) for w in (False, True) if not (w and p == np.inf)],
)
@pytest.mark.filterwarnings("ignore:Mind that for 0 < p < 1")
def test_minkowski(p, weighted):
    params = {"w": np.array([0.5, 2, 0, 1])} if weighted else None
    ours, theirs = pair(X, p=p, metric_params=params, algorithm="brute")
    assert ours.effective_metric_ == theirs.effective_metric_
    assert set(ours.effective_metric_params_) == set(theirs.effective_metric_params_)
    np.testing.assert_allclose(ours.kneighbors(QUERIES)[0], theirs.kneighbors(QUERIES)[0])


def test_valid_names_are_scikit_learns():
    from sklearn.neighbors import VALID_METRICS as THEIRS

    for algorithm, names in THEIRS.items():
        assert VALID_METRICS[algorithm] == sorted(names)


def test_parameters_come_from_the_data_of_the_fit():
    for metric in ("seuclidean", "mahalanobis"):
        given = NearestNeighbors(metric=metric, metric_params=PARAMS[metric]).fit(X)
        own = NearestNeighbors(metric=metric).fit(X)
        np.testing.assert_allclose(
            own.kneighbors(QUERIES)[0], given.kneighbors(QUERIES)[0], rtol=1e-12
        )


def test_functions_and_metric_objects():
    expected = NearestNeighbors(metric="manhattan").fit(X).kneighbors(QUERIES)
    function = NearestNeighbors(
        metric=lambda a, b, scale: scale * np.abs(a - b).sum(), metric_params={"scale": 1.0}
    )
    metric = NearestNeighbors(metric=sklearn.metrics.DistanceMetric.get_metric("manhattan"))
    for neighbors in (function, metric):
        distances, indices = neighbors.fit(X).kneighbors(QUERIES)
        np.testing.assert_allclose(distances, expected[0])
        np.testing.assert_array_equal(indices, expected[1])


def test_cosine_keeps_its_digits():
    # At an angle of 1e-9 the distance is half its square: 1 - cos has lost it.
    points = np.array([[1.0, 0.0], [1.0, 1e-9], [0.0, 0.0], [-1.0, 0.0]])
    distances, indices = NearestNeighbors(metric="cosine").fit(points).kneighbors(points[:1], 4)
    np.testing.assert_allclose(distances, [[0, 5e-19, 1, 2]])
    assert indices.tolist() == [[0, 1, 2, 3]]
    # Without a direction, at a right angle to all.
    assert NearestNeighbors(metric="cosine").fit(points).kneighbors([[0, 0]], 4)[0].tolist() == [
        [1, 1, 1, 1]
    ]


def test_missing_values_are_for_their_metric_alone():
    holes = np.where(X > 1, np.nan, X)
    with pytest.raises(
        ValueError, match=r"^Input X contains NaN\.\nNearestNeighbors does not accept"
    ):
        NearestNeighbors().fit(holes)
    with pytest.raises(ValueError, match=r"^Input X contains infinity or a value too large for"):
        NearestNeighbors(metric="nan_euclidean").fit(np.where(X > 1, np.inf, X))
