"""Generators: the arrays scikit-learn makes from the same seed, and its errors."""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.datasets

from scratchml.datasets import generators, make_blobs, make_circles, make_moons

CURVES = [pytest.param(make_moons, id="moons"), pytest.param(make_circles, id="circles")]
GENERATORS = [pytest.param(make_blobs, id="blobs"), *CURVES]

BLOBS = {
    "defaults": {},
    "n_samples": {"n_samples": 37},
    "n_samples-fewer-than-centers": {"n_samples": 2, "centers": 5},
    "n_samples-numpy-int": {"n_samples": np.int64(11)},
    "n_samples-list": {"n_samples": [3, 0, 8, 1]},
    "n_samples-array": {"n_samples": np.array([4, 9])},
    "n_samples-all-zero": {"n_samples": [0, 0]},
    "n_samples-list-and-centers": {"n_samples": [3, 5], "centers": [[0.5, 1], [9, 9]]},
    "n_features": {"n_features": 5},
    "n_features-one": {"n_features": 1},
    "centers-one": {"centers": 1},
    "centers-many": {"centers": 40, "n_samples": 101},
    "centers-list": {"centers": [[0.0, 1.0, 2.0], [-3.0, 4.0, 5.0]], "n_features": 9},
    "centers-integers": {"centers": [[0, 1], [5, -5]]},
    "centers-float32": {"centers": np.eye(3, dtype=np.float32)},
    "centers-int8": {"centers": np.eye(3, dtype=np.int8)},
    "centers-bool": {"centers": np.eye(3, dtype=bool)},
    "centers-objects": {"centers": np.eye(3).astype(object)},
    "centers-fortran": {"centers": np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])},
    "cluster_std": {"cluster_std": 0.25},
    "cluster_std-zero": {"cluster_std": 0},
    "cluster_std-list": {"cluster_std": [0.1, 2.0, 0.5]},
    "cluster_std-array": {"cluster_std": np.array([1.0, 0.0]), "centers": 2},
    "center_box": {"center_box": (0.0, 1.5)},
    "center_box-reversed": {"center_box": (3, 1)},
    "shuffle-off": {"shuffle": False},
}

CURVE = {
    "defaults": {},
    "n_samples-one": {"n_samples": 1},
    "n_samples-odd": {"n_samples": 31},
    "n_samples-tuple": {"n_samples": (20, 7)},
    "n_samples-tuple-empty-class": {"n_samples": (0, 5)},
    "noise": {"noise": 0.05},
    "noise-zero": {"noise": 0},
    "shuffle-off": {"shuffle": False},
    "shuffle-off-noise": {"shuffle": False, "noise": 0.3},
}

FACTOR = {
    "factor-zero": {"factor": 0},
    "factor": {"factor": 0.3, "noise": 0.1},
    "n_samples-zero": {"n_samples": 0},
}


def cases(table: dict[str, dict]) -> list:
    return [pytest.param(params, id=name) for name, params in table.items()]


def assert_as_sklearn(make: Callable, params: dict[str, Any]) -> None:
    """Every array equal to scikit-learn's in shape, dtype and bits."""
    ours = make(**params)
    theirs = getattr(sklearn.datasets, make.__name__)(**params)
    assert type(ours) is tuple
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        assert mine.dtype == other.dtype
        assert mine.tobytes() == other.tobytes()


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("params", cases(BLOBS))
def test_blobs_as_sklearn(params: dict, seed: int) -> None:
    assert_as_sklearn(make_blobs, {"return_centers": True, **params, "random_state": seed})


def test_blobs_without_centers_are_two_arrays() -> None:
    assert_as_sklearn(make_blobs, {"random_state": 3})


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("params", cases(CURVE))
@pytest.mark.parametrize("make", CURVES)
def test_curves_as_sklearn(make: Callable, params: dict, seed: int) -> None:
    assert_as_sklearn(make, {**params, "random_state": seed})


@pytest.mark.parametrize("params", cases(FACTOR))
def test_circles_as_sklearn(params: dict) -> None:
    assert_as_sklearn(make_circles, {**params, "random_state": 5})


@pytest.mark.parametrize("make", GENERATORS)
def test_random_state_instance_is_drawn_from(make: Callable) -> None:
    theirs_rng, ours_rng = np.random.RandomState(7), np.random.RandomState(7)
    theirs = getattr(sklearn.datasets, make.__name__)
    for _ in range(2):
        np.testing.assert_array_equal(
            make(random_state=ours_rng)[0], theirs(random_state=theirs_rng)[0]
        )
    assert ours_rng.randint(2**31) == theirs_rng.randint(2**31)


@pytest.mark.parametrize("make", GENERATORS)
def test_random_state_none_is_numpy_global_state(make: Callable) -> None:
    state = np.random.get_state()
    try:
        np.random.seed(13)
        from_global, _ = make()
    finally:
        np.random.set_state(state)
    np.testing.assert_array_equal(from_global, make(random_state=13)[0])


def test_samples_are_contiguous_when_not_shuffled() -> None:
    for make in (make_blobs, make_moons, make_circles):
        X, _ = make(shuffle=False)
        assert X.flags.c_contiguous


def test_moons_by_hand() -> None:
    X, y = make_moons((3, 3), shuffle=False)
    upper, lower = [[1, 0], [0, 1], [-1, 0]], [[0, 0.5], [1, -0.5], [2, 0.5]]
    np.testing.assert_allclose(X, upper + lower, atol=1e-15)
    assert y.tolist() == [0, 0, 0, 1, 1, 1]


def test_circles_by_hand() -> None:
    X, y = make_circles((2, 4), shuffle=False, factor=0.5)
    outer, inner = [[1, 0], [-1, 0]], [[0.5, 0], [0, 0.5], [-0.5, 0], [0, -0.5]]
    np.testing.assert_allclose(X, outer + inner, atol=1e-15)
    assert y.tolist() == [0, 0, 1, 1, 1, 1]


BLOBS_ERRORS = {
    "n_samples-zero": {"n_samples": 0},
    "n_samples-float": {"n_samples": 2.0},
    "n_samples-string": {"n_samples": "ten"},
    "n_samples-floats": {"n_samples": [2.0, 3.0]},
    "n_samples-empty": {"n_samples": []},
    "n_samples-list-centers-int": {"n_samples": [3, 3], "centers": 2},
    "n_samples-list-centers-length": {"n_samples": [3, 3], "centers": [[1, 2]]},
    "n_features-zero": {"n_features": 0},
    "centers-zero": {"centers": 0},
    "centers-float": {"centers": 2.5},
    "centers-1d": {"centers": [0, 1]},
    "centers-scalar": {"centers": np.array(3)},
    "centers-complex": {"centers": [[1j, 2.0]]},
    "centers-no-feature": {"centers": [[]]},
    "cluster_std-negative": {"cluster_std": -1},
    "cluster_std-string": {"cluster_std": "wide"},
    "cluster_std-length": {"cluster_std": [1, 2]},
    "cluster_std-list-negative": {"cluster_std": [1, -2, 1]},
    "center_box-list": {"center_box": [0, 1]},
    "shuffle-int": {"shuffle": 1},
    "random_state-string": {"random_state": "seed"},
    "random_state-negative": {"random_state": -1},
    "return_centers-none": {"return_centers": None},
}

CURVE_ERRORS = {
    "n_samples-negative": {"n_samples": -1},
    "n_samples-float": {"n_samples": 3.0},
    "n_samples-list": {"n_samples": [3, 4]},
    "n_samples-tuple-of-one": {"n_samples": (3,)},
    "n_samples-tuple-of-three": {"n_samples": (3, 4, 5)},
    "n_samples-tuple-negative": {"n_samples": (3, -4)},
    "shuffle-string": {"shuffle": "yes"},
    "noise-negative": {"noise": -0.1},
    "noise-string": {"noise": "loud"},
    "random_state-negative": {"random_state": -1},
}

CIRCLES_ERRORS = {"factor-one": {"factor": 1.0}, "factor-negative": {"factor": -0.5}}


def assert_fails_as_sklearn(make: Callable, params: dict[str, Any]) -> None:
    params = {"random_state": 0, **params}
    with pytest.raises((ValueError, TypeError)) as theirs:
        getattr(sklearn.datasets, make.__name__)(**params)
    with pytest.raises(theirs.type, match=f"^{re.escape(str(theirs.value))}$"):
        make(**params)


@pytest.mark.parametrize("params", cases(BLOBS_ERRORS))
def test_blobs_errors_as_sklearn(params: dict) -> None:
    assert_fails_as_sklearn(make_blobs, params)


@pytest.mark.parametrize("params", cases(CURVE_ERRORS))
@pytest.mark.parametrize("make", CURVES)
def test_curve_errors_as_sklearn(make: Callable, params: dict) -> None:
    assert_fails_as_sklearn(make, params)


@pytest.mark.parametrize("params", cases(CIRCLES_ERRORS))
def test_circles_errors_as_sklearn(params: dict) -> None:
    assert_fails_as_sklearn(make_circles, params)


def test_moons_of_no_sample_are_refused() -> None:
    assert_fails_as_sklearn(make_moons, {"n_samples": 0})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "Input centers contains NaN."),
        (
            np.inf,
            "Input centers contains infinity or a value too large for dtype('float64').",
        ),
    ],
    ids=["nan", "inf"],
)
def test_centers_are_finite(value: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make_blobs(centers=[[0.0, value]])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_tables_and_series_as_arrays(container: str) -> None:
    library = importlib.import_module(container)
    centers = [[0.0, 1.0], [5.0, 6.0]]
    X, y = make_blobs(
        library.Series([4, 3]),
        centers=library.DataFrame(np.array(centers)),
        cluster_std=library.Series([0.5, 1.0]),
        random_state=0,
    )
    expected_X, expected_y = make_blobs(
        [4, 3], centers=centers, cluster_std=[0.5, 1.0], random_state=0
    )
    np.testing.assert_array_equal(X, expected_X)
    np.testing.assert_array_equal(y, expected_y)


@pytest.mark.parametrize("box", [(1.0,), (0.0, 1.0, 2.0)], ids=["one", "three"])
def test_center_box_has_two_ends(box: tuple) -> None:
    message = f"center_box must be a tuple (low, high). Got {box!r} instead."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make_blobs(center_box=box)


def test_examples_in_docstrings() -> None:
    outcome = doctest.testmod(generators)
    assert outcome.attempted > 0
    assert outcome.failed == 0
