"""Workloads that call every kernel of Gaussian mixtures in each form that fits do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .covariances import COVARIANCES
from .kernels import evaluate_rows
from .mixture import Mixture
from .rows import GROUPED_FEATURES, MixtureRows, tile_lanes
from .steps import Steps


def walk(n_features: int, dtype: type[np.floating]) -> None:
    """An E-step, moments of given responsibilities, and what a mixture says of rows."""
    X = np.random.default_rng(0).normal(size=(8, n_features)).astype(dtype)
    covariance = COVARIANCES["full"]
    identity = np.eye(n_features)[np.newaxis]
    mixture = Mixture(np.ones(1), np.zeros((1, n_features)), identity, identity)
    steps = Steps(MixtureRows(X, None), covariance, 0.0)
    steps.expect(mixture)
    _ = steps.pooled
    evaluate_rows(
        X,
        mixture.densities(covariance),
        tile_lanes(n_features),
        np.empty(8, np.int64),
        np.empty(8),
        np.empty((8, 1)),
        np.empty((8, 1)),
    )


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "few features": partial(walk, 2),
    "grouped rows": partial(walk, GROUPED_FEATURES),
}
