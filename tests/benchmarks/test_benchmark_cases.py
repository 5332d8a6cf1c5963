"""The registry of cases, and the data they are made of."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cases import CASES, Case, Precisions, Rows, disc_of, lloyd, mixture, radius_of
from benchmarks.data import DATASETS, blobs, digits, nearest_centers, touching, uniform
from benchmarks.peers import CONTESTANTS
from scratchml.datasets import make_blobs


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_case_is_complete(case):
    assert case.algorithm in CONTESTANTS
    assert case.dataset in DATASETS
    assert case.quick is None or case.quick <= case.n_samples
    described = json.loads(json.dumps(case.to_dict()))
    assert Case.from_dict(described) == replace(case, quick=None)


def test_problem_has_the_shape_dtype_and_start_of_the_case():
    X, parameters = lloyd("small", 60, 3, 4, "float32", seed=2).problem()
    assert X.shape == (60, 3)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    rows = np.random.default_rng(2).choice(60, 4, replace=False)
    np.testing.assert_array_equal(parameters.pop("init"), X[rows])
    assert parameters == {"n_clusters": 4, "n_init": 1, "max_iter": 20, "tol": 0}


def test_queries_are_further_samples():
    X, parameters = replace(CASES["N2"], n_samples=60, n_queries=20).problem()
    together = blobs(80, 3, 20, "float64")
    np.testing.assert_array_equal(np.concatenate([X, parameters["queries"]]), together)
    assert parameters.keys() == {"n_neighbors", "queries"}
    assert CASES["N1"].quickened().problem()[1] == {"n_neighbors": 10}


def test_labels_are_the_blobs_of_the_same_samples():
    X, parameters = replace(CASES["S1"], n_samples=60).problem()
    expected, labels = make_blobs(
        60, 16, centers=10, cluster_std=3.0, center_box=(-10, 10), random_state=0
    )
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(parameters.pop("labels"), labels)
    assert parameters == {"metric": "euclidean"}


def test_labelings_agree_for_half_of_the_samples_and_by_chance():
    labels, parameters = replace(CASES["ARI"], n_samples=20_000, n_clusters=4).problem()
    assert labels.dtype == parameters["labels"].dtype == np.int64
    assert set(labels) == set(parameters["labels"]) == set(range(4))
    assert np.mean(labels == parameters["labels"]) == pytest.approx(0.5 + 0.5 / 4, abs=0.02)
    assert "labels" not in replace(CASES["EN"], n_samples=10).problem()[1]


def test_a_ball_holds_as_many_of_the_unit_cube():
    X = uniform(20_000, 3, 1, "float64")
    assert X.min() >= 0
    assert X.max() < 1
    inside = np.linalg.norm(X - 0.5, axis=1) <= radius_of(300, len(X))
    assert inside.sum() == pytest.approx(300, abs=60)


def test_a_disc_holds_as_many_of_the_unit_square():
    X = uniform(20_000, 2, 1, "float64")
    inside = np.linalg.norm(X - 0.5, axis=1) <= disc_of(300, len(X))
    assert inside.sum() == pytest.approx(300, abs=60)


def test_balls_that_nearly_touch():
    X = touching(600, 2, 2, "float64")
    first, second = X[X.sum(axis=1) < 0.14], X[X.sum(axis=1) > 0.14]
    gaps = np.linalg.norm(first[:, np.newaxis] - second, axis=2)
    assert 0.1001 < gaps.min() < 0.11
    # Corner to corner, the boxes are nearer than eps.
    eps = CASES["DT"].parameters["eps"]
    assert np.linalg.norm(second.min(axis=0) - first.max(axis=0)) < eps < gaps.min()


def test_rows_are_different_ones():
    X = np.arange(10.0)[:, np.newaxis]
    assert len(np.unique(Rows(10).of(X))) == 10


@pytest.mark.parametrize(
    ("covariance_type", "shape"),
    [("full", (4, 3, 3)), ("tied", (3, 3)), ("diag", (4, 3)), ("spherical", (4,))],
)
def test_precisions_are_those_of_the_data_without_correlations(covariance_type, shape):
    X, parameters = mixture("small", 60, 3, 4, covariance_type).problem()
    variances = X.var(axis=0)
    expected = {"spherical": 1 / variances.mean(), "diag": 1 / variances}
    one = expected.get(covariance_type, np.diag(1 / variances))
    np.testing.assert_allclose(parameters["precisions_init"], np.broadcast_to(one, shape))
    np.testing.assert_array_equal(parameters["means_init"], Rows(4).of(X))
    assert sum(parameters["weights_init"]) == pytest.approx(1)


def test_a_method_is_of_a_mixture_that_had_the_iterations():
    fit, method = CASES["G2"], CASES["GSS"]
    assert (fit.n_iter, method.n_iter) == (10, None)
    assert method.parameters == {**fit.parameters, "method": "score_samples"}


def test_parameters_made_of_data_are_told_apart():
    for made in (Rows(3, 1), Precisions(3, "tied")):
        case = replace(CASES["G1"], parameters={"a": made, "b": "full", "c": [0.5, 0.5]})
        assert Case.from_dict(json.loads(json.dumps(case.to_dict()))).parameters == case.parameters


def test_quick_run_takes_fewer_samples_or_leaves_the_case_out():
    case = lloyd("small", 600, 3, 4, "float64", quick=60)
    assert case.quickened() == replace(case, n_samples=60)
    assert replace(case, quick=None).quickened() is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"name": "b", "threads": 1}, True, id="threads"),
        pytest.param({"name": "b", "threads": 1, "quick": 9}, True, id="quick"),
        pytest.param({"name": "b", "threads": 1, "dtype": "float32"}, False, id="dtype"),
        pytest.param({}, False, id="itself"),
    ],
)
def test_twins_differ_in_threads(change, expected):
    case = lloyd("a", 60, 3, 4, "float64")
    assert case.is_twin(replace(case, **change)) is expected


def test_one_thread_has_its_twin():
    assert CASES["K2"].is_twin(CASES["K2-1"])


def test_digits_have_one_size():
    assert digits(1797, 64, 50, "float32").dtype == np.float32
    with pytest.raises(ValueError, match=r"^digits are \(1797, 64\), not \(2000, 64\)$"):
        digits(2000, 64, 50, "float64")


def test_nearest_centers_are_those_of_all_distances():
    X = blobs(500, 3, 4, "float32", std=2.0) + np.float32(100)
    centers = X[:7]
    sq_distances = ((X[:, np.newaxis].astype(float) - centers) ** 2).sum(axis=2)
    labels, inertia = nearest_centers(X, centers, block_size=64)
    np.testing.assert_array_equal(labels, sq_distances.argmin(axis=1))
    assert inertia == pytest.approx(sq_distances.min(axis=1).sum(), rel=1e-10)
