"""Workloads that call every kernel of Gaussian mixtures in each form that fits do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .covariances import COVARIANCES
from .kernels import evaluate_rows
from .mixture import Mixture
from .rows import GROUP_ROWS, GROUPED_FEATURES, MixtureRows, tile_lanes
from .steps import Steps


def walk(n_features: int, dtype: type[np.floating]) -> None:
    """Two E-steps, moments of given responsibilities, and what a mixture says of rows."""
    n = 2 * GROUP_ROWS
    X = np.random.default_rng(0).normal(size=(n, n_features)).astype(dtype)
    covariance = COVARIANCES["full"]
    identities = np.tile(np.eye(n_features), (2, 1, 1))
    mixture = Mixture(np.full(2, 0.5), np.zeros((2, n_features)), identities, identities)
    steps = Steps(MixtureRows(X, None), covariance, 0.0)
    for _ in range(2):  # the first finds the groups
        steps.expect(mixture)
    _ = steps.pooled
    evaluate_rows(
        X,
        mixture.densities(covariance),
        tile_lanes(n_features),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty((n, 2)),
        np.empty((n, 2)),
    )


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "few features": partial(walk, 2),
    "grouped rows": partial(walk, GROUPED_FEATURES),
}
