"""Metrics: their names, and the search that brute force makes of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from scratchml.core.containers import is_sparse
from scratchml.core.jit import kernel_view

from .kernels.direct import CHEBYSHEV, EUCLIDEAN, MANHATTAN, MINKOWSKI
from .kernels.missing import nan_distances
from .searches import (
    DenseCosineSearch,
    DenseSearch,
    GraphSearch,
    PairwiseSearch,
    Search,
    SparseCosineSearch,
    SparseSearch,
    SquaredSearch,
)

TREE_METRICS = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "minkowski": MINKOWSKI,
    "p": MINKOWSKI,
    "manhattan": MANHATTAN,
    "cityblock": MANHATTAN,
    "l1": MANHATTAN,
    "chebyshev": CHEBYSHEV,
    "infinity": CHEBYSHEV,
}
"""Those of the KD-tree."""

BOOLEAN_METRICS = {
    "dice": "dice",
    "jaccard": "jaccard",
    "rogerstanimoto": "rogerstanimoto",
    "russellrao": "russellrao",
    "sokalmichener": "rogerstanimoto",
    "sokalsneath": "sokalsneath",
    "yule": "yule",
}
"""Those of true and false, and SciPy's name for each."""

SCIPY_METRICS = {
    "braycurtis",
    "canberra",
    "correlation",
    "hamming",
    "mahalanobis",
    "seuclidean",
    *BOOLEAN_METRICS,
}
"""Those that SciPy computes."""

OTHER_METRICS = {"cosine", "haversine", "nan_euclidean", "precomputed", "pyfunc", "sqeuclidean"}

METRICS = sorted({*TREE_METRICS, *SCIPY_METRICS, *OTHER_METRICS})
"""All names."""

NOT_OF_BALL_TREES = {"correlation", "cosine", "nan_euclidean", "precomputed", "sqeuclidean", "yule"}

VALID_METRICS = {
    "ball_tree": sorted({*METRICS} - NOT_OF_BALL_TREES),
    "kd_tree": sorted(TREE_METRICS),
    "brute": sorted({*METRICS} - {"infinity", "p", "pyfunc", "sokalmichener"}),
}
"""Algorithm -> the names it takes, as in scikit-learn."""

SPARSE_METRICS = ("cityblock", "cosine", "euclidean", "l1", "l2", "manhattan", "precomputed")
"""Those of CSR rows."""


def resolve_metric(
    metric: Any, p: float | None, params: dict[str, Any] | None
) -> tuple[Any, dict[str, Any]]:
    """The metric and its parameters, Minkowski's by its proper name where it has one.

    Returns
    -------
    effective_metric : str, callable or object
    effective_params : dict
    """
    params = dict(params or {})
    if metric != "minkowski":
        return metric, params
    p, weights = params.pop("p", p), params.pop("w", None)
    p = 2 if p is None else p
    names = {1: "manhattan", 2: "euclidean", np.inf: "chebyshev"}
    if weights is None and p in names:
        return names[p], params
    return metric, {**params, "p": p, "w": weights}


def is_tree_metric(metric: Any, params: dict[str, Any]) -> bool:
    """Whether the KD-tree knows an effective metric."""
    return (
        isinstance(metric, str)
        and metric in TREE_METRICS
        and params.get("w") is None
        and params.get("p", 2) >= 1
    )


def brute_force(X: Any, metric: Any, params: dict[str, Any]) -> Search:
    """The search of all points by an effective metric.

    Parameters
    ----------
    X : ndarray or CSR
        The points; for 'precomputed' the distances of the fit.
    metric : str, callable or object with a method ``pairwise``
    params : dict
        Its parameters.
    """
    if metric == "precomputed":
        return GraphSearch() if is_sparse(X) else PairwiseSearch(X.shape[1], lambda rows: rows)
    if metric == "pyfunc":
        params = dict(params)
        metric = params.pop("func")
    if callable(metric):
        return PairwiseSearch(X.shape[0], partial(by_function, metric, X, params), in_threads=False)
    if not isinstance(metric, str):
        return PairwiseSearch(
            X.shape[0], lambda rows: np.asarray(metric.pairwise(rows, X)), in_threads=False
        )
    if metric == "cosine":
        return SparseCosineSearch(X) if is_sparse(X) else DenseCosineSearch(X)
    if is_sparse(X):
        return SparseSearch(X, TREE_METRICS[metric])
    if metric == "sqeuclidean" and not params:
        return SquaredSearch(X, EUCLIDEAN)
    if metric in TREE_METRICS and params.get("w") is None:
        return dense_search(X, TREE_METRICS[metric], float(params.get("p", 2)))
    return PairwiseSearch(X.shape[0], distance_function(metric, X, params))


def dense_search(X: np.ndarray, metric: int, p: float) -> DenseSearch:
    """A `DenseSearch`, of Minkowski's metric by its proper kernel where it has one."""
    proper = {1: MANHATTAN, 2: EUCLIDEAN, np.inf: CHEBYSHEV}
    return DenseSearch(X, proper.get(p, metric) if metric == MINKOWSKI else metric, p)


def distance_function(
    metric: str, X: np.ndarray, params: dict[str, Any]
) -> Callable[[np.ndarray], np.ndarray]:
    """The function that gives the distances of a few queries to all points, by name."""
    if metric == "haversine":
        return partial(haversine, X)
    if metric == "nan_euclidean":
        return partial(nan_euclidean, X)
    from scipy.spatial import distance

    cdist: Any = distance.cdist
    if metric == "braycurtis":
        # SciPy has |x + y| below, which may be 0 where numbers are negative.
        norms = np.abs(X).sum(axis=1, dtype=np.float64)
        return lambda rows: _ratio(
            cdist(rows, X, "cityblock"),
            np.abs(rows).sum(axis=1, dtype=np.float64)[:, None] + norms,
        )
    if metric in BOOLEAN_METRICS:
        truths = X != 0
        return lambda rows: cdist(rows != 0, truths, BOOLEAN_METRICS[metric], **params)
    given = {name: value for name, value in params.items() if value is not None}
    of_data = parameters_of_data(metric, X, given)
    if metric == "mahalanobis":
        given.pop("V", None)
    return lambda rows: cdist(rows, X, metric, **given, **of_data)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotients, 0 where both are 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def parameters_of_data(metric: str, X: np.ndarray, params: dict[str, Any]) -> dict[str, Any]:
    """What a metric takes from the data of the fit unless it is given: variances, mostly."""
    if metric == "seuclidean" and "V" not in params:
        return {"V": np.var(X, axis=0, ddof=1, dtype=np.float64)}
    if metric == "mahalanobis" and "VI" not in params:
        covariance = params.get("V")
        if covariance is None:
            covariance = np.cov(X.T, dtype=np.float64)
        return {"VI": np.linalg.inv(np.atleast_2d(covariance)).T}
    return {}


def haversine(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Angle on a sphere between points given as latitude and longitude, in radians."""
    a, b = rows[:, None, :].astype(np.float64), X.astype(np.float64)
    half = np.sin((a - b) / 2) ** 2
    along = np.cos(a[..., 0]) * np.cos(b[:, 0]) * half[..., 1]
    return 2 * np.arcsin(np.sqrt(np.minimum(half[..., 0] + along, 1)))


def nan_euclidean(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Euclidean distance over the features that both have, scaled up to all features."""
    distances = np.empty((len(rows), len(X)))
    queries = kernel_view(rows).astype(np.float64, copy=False)
    nan_distances(queries, kernel_view(X), distances)
    return distances


def by_function(
    metric: Callable[..., float], X: Any, params: dict[str, Any], rows: Any
) -> np.ndarray:
    """What a function of two rows gives for all pairs."""
    distances = np.empty((rows.shape[0], X.shape[0]))
    for q in range(rows.shape[0]):
        for i in range(X.shape[0]):
            a, b = (rows[[q]], X[[i]]) if is_sparse(X) else (rows[q], X[i])
            distances[q, i] = metric(a, b, **params)
    return distances
