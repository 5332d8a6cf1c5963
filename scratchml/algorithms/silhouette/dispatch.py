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


FEW = 3
"""Samples in a cluster, on average, up to which blocks of clusters are not worth their while."""

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


def known(metric: Any, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A metric by its proper name, and its parameters.

    Raises
    ------
    TypeError
        For a parameter that the metric does not have.
    """
    metric, params = resolve_metric("hamming" if metric == "matching" else metric, None, params)
    if isinstance(metric, str):
        for name in params.keys() - PARAMETERS.get(metric, params.keys()):
            raise TypeError(f"The metric {metric!r} has no parameter {name!r}.")
    return metric, params


def by_pairs(X: Any, metric: Any, params: dict[str, Any]) -> int | None:
    """What `mean_distances` knows a metric by; None if it does not serve."""
    if is_sparse(X) or params or not isinstance(metric, str):
        return None
    # Of one feature, both are the same, and absolute values are exact.
    return MANHATTAN if metric in BY_PAIRS and X.shape[1] == 1 else BY_PAIRS.get(metric)


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
        Its parameters; both as of `known`.
    rows : intp[n_rows] or None
        Which points; None is all.
    """
    some = slice(None) if rows is None else rows
    if isinstance(metric, str) and metric in ("sqeuclidean", "cosine"):
        if is_sparse(X):
            return mean_distances_of_csr(X, codes, n_clusters, some, metric == "cosine")
        closed_form = mean_cosine_distances if metric == "cosine" else mean_sq_distances
        return closed_form(X, codes, n_clusters, some)
    kernel = by_pairs(X, metric, params)
    if kernel is None:
        return mean_distances_by(X, codes, n_clusters, metric, params, some)
    indices = np.arange(len(codes)) if rows is None else rows
    if rows is None and len(codes) > FEW * n_clusters:
        means = mean_distances(X, codes, n_clusters, kernel)
    else:
        means = mean_distances_of(indices, X, codes, n_clusters, kernel)
    lost = lost_at(np.fmax(means.within, means.nearest), X)
    if len(lost):
        own_scale = mean_distances_by(X, codes, n_clusters, metric, params, indices[lost])
        means.within[lost], means.nearest[lost] = own_scale
    return means


def within_of(
    X: Any, codes: np.ndarray, n_clusters: int, metric: Any, params: dict[str, Any]
) -> np.ndarray:
    """Mean distance from each point to the others of its cluster, float64[n_samples].

    Those of a cluster can be compared with each other. Parameters are as of `means_of`.
    """
    kernel = by_pairs(X, metric, params)
    if kernel is None:
        return means_of(X, codes, n_clusters, metric, params).within
    within = mean_distances(X, codes, n_clusters, kernel, within_only=True).within
    is_lost = np.zeros(n_clusters, bool)
    is_lost[codes[lost_at(np.where(np.isnan(within), np.inf, within), X)]] = True
    lost = np.flatnonzero(is_lost[codes])
    if len(lost):
        within[lost] = mean_distances_by(X, codes, n_clusters, metric, params, lost).within
    return within


def lost_at(means: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Where mean distances are too small beside the largest of all to be known, indices.

    Distances that are 0 may be among them, unless all are.
    """
    lost = np.flatnonzero(~(means >= LEAST_MEAN))
    return lost if len(lost) and (X[0] != X).any() else lost[:0]
