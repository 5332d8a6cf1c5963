"""Mean distances by a metric that is named."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.algorithms.nearest_neighbors import resolve_metric
from scratchml.core.containers import is_sparse

from .closed_forms import mean_cosine_distances, mean_distances_of_csr, mean_sq_distances
from .given import mean_distances_by
from .kernels.pairs import EUCLIDEAN, MANHATTAN
from .means import Means
from .pairs import LEAST_MEAN, mean_distances, mean_distances_of

BY_PAIRS = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "manhattan": MANHATTAN,
    "cityblock": MANHATTAN,
    "l1": MANHATTAN,
}
"""Metrics of `mean_distances`."""


WITHOUT_PARAMETERS = (
    *BY_PAIRS,
    "sqeuclidean",
    "cosine",
    "haversine",
    "nan_euclidean",
    "precomputed",
)

PARAMETERS: dict[str, set[str]] = {
    **{metric: set() for metric in WITHOUT_PARAMETERS},
    "chebyshev": {"w"},
    "minkowski": {"p", "w"},
}
"""Those of the metrics that are computed here; of the others SciPy knows."""


def check_known(metric: Any, params: dict[str, Any]) -> None:
    """Raise TypeError for a parameter that a metric does not have."""
    if isinstance(metric, str):
        for name in params.keys() - PARAMETERS.get(metric, params.keys()):
            raise TypeError(f"The metric {metric!r} has no parameter {name!r}.")


def means_of(
    X: Any,
    codes: np.ndarray,
    n_clusters: int,
    metric: Any,
    params: dict[str, Any],
    rows: np.ndarray | None = None,
) -> Means:
    """Mean distances from points to all of their own and of the nearest other cluster.

    Parameters
    ----------
    X : float[n_samples, n_features] or CSR; or float[n_samples, n_samples], distances
    codes : int32[n_samples]
        Cluster of each point.
    n_clusters : int
    metric : str or callable
    params : dict
        Its parameters.
    rows : intp[n_rows] or None
        Which points; None is all.
    """
    metric, params = resolve_metric("hamming" if metric == "matching" else metric, None, params)
    check_known(metric, params)
    some = slice(None) if rows is None else rows
    is_compiled = not params and isinstance(metric, str)
    if is_compiled and metric in ("sqeuclidean", "cosine"):
        if is_sparse(X):
            return mean_distances_of_csr(X, codes, n_clusters, some, metric == "cosine")
        closed_form = mean_cosine_distances if metric == "cosine" else mean_sq_distances
        return closed_form(X, codes, n_clusters, some)
    if is_compiled and metric in BY_PAIRS and not is_sparse(X):
        if rows is None:
            means = mean_distances(X, codes, n_clusters, BY_PAIRS[metric])
        else:
            means = mean_distances_of(rows, X, codes, n_clusters, BY_PAIRS[metric])
        largest = np.fmax(means.within, means.nearest)
        if not (largest[largest > 0] < LEAST_MEAN).any():
            return means
        # Beside one that is so far away, these need a scale of their own.
    return mean_distances_by(X, codes, n_clusters, metric, params, some)
