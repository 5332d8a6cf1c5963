"""Which way a fit finds its clusters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.nearest_neighbors import (
    Plan,
    brute_force,
    is_tree_metric,
    parameters_of_data,
)
from scratchml.core.containers import is_sparse
from scratchml.core.events import own
from scratchml.core.jit import kernel_view

from .engines.clusters import Clusters
from .engines.grid import cluster_by_grid
from .engines.matrix import cluster_by_matrix
from .engines.search import cluster_by_search
from .engines.tree import cluster_by_tree
from .fitted import Rule

MOST_GRID_FEATURES = 3
"""Up to here there is a grid."""

MOST_SURE_FEATURES = 8
"""Up to here the tree was never slower than brute force; beyond, a sample of points decides."""


class Density(NamedTuple):
    """What makes a core point."""

    eps: float
    min_samples: int
    weights: np.ndarray | None
    """float64[n_samples], of any sign; None where all are 1."""


def choose_methods(algorithm: str, plan: Plan, weights: np.ndarray | None) -> tuple[str, ...]:
    """Ways to find the clusters, of which each may leave it to the next.

    Parameters
    ----------
    algorithm : str
        Of the estimator.
    plan : Plan
    weights : ndarray or None

    Raises
    ------
    ValueError
        If the algorithm does not serve the data.
    """
    X = plan.points
    is_euclidean = plan.metric in ("euclidean", "l2") and not is_sparse(X)
    has_grid = is_euclidean and X.shape[1] <= MOST_GRID_FEATURES and weights is None
    if algorithm == "grid" and not has_grid:
        raise ValueError(
            "algorithm='grid' serves the Euclidean metric of dense data of at most "
            f"{MOST_GRID_FEATURES} features, without weights. Use algorithm='auto' instead."
        )
    if plan.metric == "precomputed":
        return ("matrix",)
    if plan.metric == "haversine":
        if is_sparse(X) or X.shape[1] != 2:
            raise ValueError("Haversine distance only valid in 2 dimensions")
        return ("search",) if algorithm == "brute" else ("tree",)
    if has_grid and algorithm in ("auto", "grid"):
        return "grid" if algorithm == "grid" else "grid if worthwhile", "tree"
    if algorithm != "auto":
        return ("tree",) if plan.method == "kd_tree" else ("search",)
    if is_sparse(X) or not is_tree_metric(plan.metric, plan.params):
        return ("search",)
    if is_euclidean and X.shape[1] > MOST_SURE_FEATURES:
        return "tree if worthwhile", "search"
    return ("tree",)


def find_clusters(
    methods: tuple[str, ...], plan: Plan, density: Density, leaf_size: int
) -> tuple[Clusters, Rule]:
    """The clusters by the first method that takes the data, and what new points are compared by.

    Parameters
    ----------
    methods : tuple of str
        Of `choose_methods`.
    plan : Plan
    density : Density
    leaf_size : int
    """
    X = plan.points
    params = {name: own(value) for name, value in plan.params.items()}
    eps, min_samples, weights = density
    if isinstance(plan.metric, str) and not is_sparse(X):
        given = {name: value for name, value in params.items() if value is not None}
        params |= parameters_of_data(plan.metric, X, given)
    X = X if is_sparse(X) else kernel_view(X)
    rule = Rule(eps, plan.metric, params, leaf_size, has_tree=True)
    if methods == ("matrix",):
        as_compared = float(X.dtype.type(eps))
        clusters = cluster_by_matrix(X, as_compared, min_samples, weights)
        return clusters, rule._replace(eps=as_compared, has_tree=False)
    for method in methods:
        found = None
        may_decline = method.endswith("if worthwhile")
        if method.startswith("grid"):
            found = cluster_by_grid(X, eps, min_samples, may_decline)
        elif method.startswith("tree"):
            space = rule.space(X)
            found = cluster_by_tree(space, eps, min_samples, weights, leaf_size, may_decline)
        if found is not None:
            return found, rule
    search = brute_force(X, plan.metric, params)
    found = cluster_by_search(search, X, eps, min_samples, weights)
    return found, rule._replace(has_tree=False)
