"""Workloads that call every kernel of Gaussian mixtures in each form that fits do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .covariances import COVARIANCES
from .kernels import evaluate_rows
from .mixture import Mixture
from .rows import MixtureRows, tile_lanes
from .steps import Steps


def walk(dtype: type[np.floating]) -> None:
    """One E-step, moments of given responsibilities, and what a mixture says of rows."""
    X = np.random.default_rng(0).normal(size=(8, 2)).astype(dtype)
    rows = MixtureRows(X, None)
    covariance = COVARIANCES["full"]
    identity = np.eye(2)[np.newaxis]
    mixture = Mixture(np.ones(1), np.zeros((1, 2)), identity, identity)
    steps = Steps(rows, covariance, 0.0)
    steps.expect(mixture)
    _ = steps.pooled
    evaluate_rows(
        X,
        mixture.densities(covariance),
        tile_lanes(2),
        np.empty(8, np.int64),
        np.empty(8),
        np.empty((8, 1)),
        np.empty((8, 1)),
    )


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {"passes": walk}
