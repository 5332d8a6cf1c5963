"""Problems that DBSCAN may stumble over, and the plain algorithm to compare with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from scratchml.algorithms.dbscan import reference
from scratchml.core.jit import compilation_is_on

SIZE = 60 if compilation_is_on() else 30

ALGORITHMS = ("auto", "kd_tree", "ball_tree", "brute", "grid")
# What a fit says of an eps that is plainly wrong, as it is meant to be here.
of_any_eps = [
    pytest.mark.filterwarnings("ignore:All .* samples are noise:UserWarning"),
    pytest.mark.filterwarnings("ignore:Nearly all samples are in one cluster:UserWarning"),
    # Of kernels as plain Python; compiled ones are silent.
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


class Problem(NamedTuple):
    """Points, and what makes some of them core points."""

    X: np.ndarray
    eps: float
    min_samples: int


def lattice(side: int, n_features: int) -> np.ndarray:
    """All points of whole numbers from 0 on, float64[side ** n_features, n_features]."""
    axes = [np.arange(side, dtype=float)] * n_features
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, n_features)


def problems() -> dict[str, Problem]:
    """Small problems by name: ties, points exactly at eps, offsets, degenerate shapes."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(c, 0.3, size=(SIZE // 3, 2)) for c in (0, 1.2, 4)])
    blobs_3d = np.concatenate([rng.normal(c, 0.3, size=(SIZE // 3, 3)) for c in (0, 1.5, 4)])
    holes = lattice(7, 2)[rng.permutation(49)[:36]]
    chain = rng.permutation(SIZE).astype(float)[:, np.newaxis] * [1.0, 0.0]
    constant = rng.normal(size=(SIZE, 3))
    constant[:, 1] = 7
    rounded = np.round(rng.normal(scale=0.4, size=(SIZE, 2)), 1)
    duplicates = rng.normal(size=(SIZE // 5, 2))[rng.integers(0, SIZE // 5, SIZE)]
    # Two clusters that share a border point, which is no core point of either; in both orders.
    between = np.array([[0, 0], [0, 0.1], [0, 0.2], [1, 0], [2, 0], [2, 0.1], [2, 0.2]], float)
    return {
        "blobs": Problem(blobs, 0.3, 4),
        "blobs_3d": Problem(blobs_3d, 0.5, 4),
        "one_cluster": Problem(blobs, 5.0, 3),
        "all_within_eps": Problem(blobs, 50.0, 5),
        "all_noise": Problem(blobs, 1e-3, 2),
        "min_samples_1": Problem(blobs, 0.2, 1),
        "min_samples_2": Problem(blobs, 0.2, 2),
        "more_than_there_are": Problem(blobs, 50.0, SIZE + 1),
        "as_many_as_there_are": Problem(blobs, 50.0, SIZE // 3 * 3),
        "duplicates": Problem(duplicates, 0.4, 5),
        "all_equal": Problem(np.full((SIZE, 3), 3.25), 0.1, 5),
        "one_point": Problem(np.array([[1.0, 2.0]]), 0.5, 1),
        "one_point_of_noise": Problem(np.array([[1.0, 2.0]]), 0.5, 2),
        "two_points": Problem(np.array([[0.0, 0.0], [0.3, 0.4]]), 0.5, 2),
        "one_feature": Problem(rng.normal(size=(SIZE, 1)), 0.1, 3),
        "constant_column": Problem(constant, 0.6, 4),
        "lattice_at_1": Problem(holes, 1.0, 4),
        "lattice_at_sqrt_2": Problem(holes, np.sqrt(2), 7),
        "lattice_at_2": Problem(holes, 2.0, 10),
        "lattice_3d_at_1": Problem(lattice(3, 3), 1.0, 5),
        "lattice_3d_at_sqrt_3": Problem(lattice(3, 3), np.sqrt(3), 12),
        "lattice_4d_at_1": Problem(lattice(2, 4), 1.0, 5),
        "tenths": Problem(rounded, 0.1, 3),
        "tenths_at_0.3": Problem(rounded, 0.3, 8),
        "far_from_the_origin": Problem(rounded + 1e6, 0.3, 6),
        "very_far_from_the_origin": Problem(np.round(8 * rounded) + 2.0**50, 2.0, 4),
        "beside_zero": Problem(np.round(4 * rounded) * [1, -0.0], 1.0, 12),
        "chain_in_random_order": Problem(chain, 1.0, 3),
        "border_of_two": Problem(between, 1.0, 4),
        "border_of_two_reversed": Problem(between[::-1].copy(), 1.0, 4),
        "far_outlier": Problem(np.append(blobs, [[1e12, -1e12]], axis=0), 0.3, 4),
        "far_outliers": Problem(np.append(blobs, np.eye(2) * 1e300, axis=0), 0.3, 4),
        "tiny": Problem(blobs * 1e-150, 0.3e-150, 4),
        "eps_squared_underflows": Problem(duplicates * 1e-100, 1e-200, 3),
        "squares_underflow": Problem(blobs * 1e-300, 1e-299, 4),
        "huge": Problem(blobs * 1e150, 0.3e150, 4),
        "eps_squared_overflows": Problem(blobs * 1e200, 1e200, 4),
        "five_features": Problem(rng.integers(0, 3, size=(SIZE, 5)).astype(float), 1.0, 4),
        "eight_features": Problem(rng.normal(size=(SIZE, 8)), 2.5, 4),
        "twenty_features": Problem(rng.integers(0, 2, size=(SIZE, 20)).astype(float), 2.5, 3),
    }


PROBLEMS = problems()
each_problem = pytest.mark.parametrize("name", PROBLEMS)

# Of which float32 keeps neighbourhoods that are worth finding.
IN_FLOAT32 = [
    name
    for name, (X, _, _) in PROBLEMS.items()
    if np.abs(X).max() < 1e7 and (np.abs(X).max() == 0 or np.abs(X).max() > 1e-7)
]


def suits(algorithm: str, X: np.ndarray, weighted: bool = False) -> bool:
    """Whether an algorithm takes so many features, and weights."""
    return algorithm != "grid" or (X.shape[1] <= 3 and not weighted)


def assert_same(estimator: Any, expected: tuple[np.ndarray, np.ndarray]) -> None:
    """The labels and core points of a fitted estimator are those of the reference, and no others.

    Parameters
    ----------
    estimator : DBSCAN
    expected : tuple of (core_indices, labels)
    """
    core_indices, labels = expected
    np.testing.assert_array_equal(estimator.core_sample_indices_, core_indices)
    np.testing.assert_array_equal(estimator.labels_, labels)
    assert estimator.labels_.dtype == estimator.core_sample_indices_.dtype == np.int64


def expected_of(problem: Problem, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Core points and labels as the paper's algorithm finds them."""
    with np.errstate(over="ignore", under="ignore"):  # as far as float64 goes
        return reference.dbscan(*problem, **options)
