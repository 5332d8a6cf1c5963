"""Data that a mixture may stumble over, and starts that two implementations can share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from scratchml.algorithms.gaussian_mixture import reference
from scratchml.datasets import make_blobs

TYPES = ("full", "tied", "diag", "spherical")
each_type = pytest.mark.parametrize("covariance_type", TYPES)
each_init = pytest.mark.parametrize(
    "init_params", ["kmeans", "k-means++", "random", "random_from_data"]
)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
each_collapse = pytest.mark.parametrize("on_collapse", ["raise", "restart", "prior"])


def tricky_data() -> dict[str, np.ndarray]:
    """Small data sets by name: duplicates, degenerate shapes, places far from the origin."""
    rng = np.random.default_rng(0)
    constant = rng.normal(size=(60, 4))
    constant[:, 2] = 7.0
    sheared = rng.normal(size=(90, 3)) @ rng.normal(size=(3, 3))
    return {
        "blobs": make_blobs(120, 2, centers=3, cluster_std=1.5, random_state=0)[0],
        "sheared": np.concatenate([sheared, sheared[::-1] * [1.0, 0.3, 2.0] + 3]),
        "duplicates": np.repeat(rng.normal(size=(12, 3)), 7, axis=0),
        "integers": rng.integers(0, 4, size=(100, 2)).astype(float),
        "constant_column": constant,
        "one_feature": np.concatenate([rng.normal(size=50), rng.normal(5, 0.3, 40)])[:, None],
        "as_many_components_as_samples": rng.normal(size=(5, 2)),
        "more_features_than_samples": rng.normal(size=(20, 30)),
        "a_tile_and_one": rng.normal(size=(257, 5)) * [1.0, 2.0, 0.1, 1.0, 3.0],
        "nine_features": make_blobs(150, 9, centers=4, cluster_std=3, random_state=1)[0],
    }


TRICKY = tricky_data()
each_tricky = pytest.mark.parametrize("name", list(TRICKY))


class Start(NamedTuple):
    """Initial parameters, as `reference.em` takes them."""

    pi: np.ndarray
    mu: np.ndarray
    Sigma: np.ndarray


def components_for(X: np.ndarray) -> int:
    """A number of components that the data can bear."""
    return min(5 if len(X) == 5 else 3, len(X))


def start(X: np.ndarray, k: int, covariance_type: str, seed: int = 0) -> Start:
    """Different samples for means, the extent of the data for covariances."""
    rng = np.random.default_rng(seed)
    distinct = np.unique(X, axis=0)
    mu = distinct[rng.choice(len(distinct), k, replace=False)].astype(float)
    pi = rng.uniform(1, 2, k)
    variances = X.var(axis=0, dtype=float) + 0.1
    Sigma = {
        "full": np.array([np.diag(variances) * (c + 1) / k for c in range(k)]),
        "tied": np.diag(variances),
        "diag": variances * (np.arange(k)[:, None] + 1) / k,
        "spherical": variances.mean() * (np.arange(k) + 1) / k,
    }[covariance_type]
    return Start(pi / pi.sum(), mu, Sigma)


def as_parameters(begin: Start, covariance_type: str) -> dict[str, np.ndarray]:
    """The three parameters of an estimator that make it begin there."""
    if covariance_type in ("full", "tied"):
        precisions = np.linalg.inv(begin.Sigma)
        precisions = (precisions + np.swapaxes(precisions, -1, -2)) / 2
    else:
        precisions = 1 / begin.Sigma
    return {
        "weights_init": begin.pi,
        "means_init": begin.mu,
        "precisions_init": precisions,
    }


def steps(X, begin, covariance_type, **options):
    """All iterations of the reference, as a list."""
    return list(reference.em(X.astype(float), *begin, covariance_type, **options))


def fitted_bytes(mixture) -> dict[str, bytes]:
    """Every fitted attribute, to the last bit."""
    return {n: np.asarray(v).tobytes() for n, v in vars(mixture).items() if n[-1] == "_"}
