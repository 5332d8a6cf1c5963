"""Nearest neighbours: by comparing all points or by a KD-tree; classification by their vote."""

from scratchml.algorithms.nearest_neighbors.base import Plan, plan_search
from scratchml.algorithms.nearest_neighbors.classifier import KNeighborsClassifier
from scratchml.algorithms.nearest_neighbors.estimator import NearestNeighbors
from scratchml.algorithms.nearest_neighbors.metrics import (
    METRICS,
    SPARSE_METRICS,
    VALID_METRICS,
    brute_force,
    is_tree_metric,
    parameters_of_data,
    resolve_metric,
)
from scratchml.algorithms.nearest_neighbors.searches import (
    PairwiseSearch,
    Search,
    TreeSearch,
    job_threads,
    sort_by_value,
)

__all__ = [
    "METRICS",
    "SPARSE_METRICS",
    "VALID_METRICS",
    "KNeighborsClassifier",
    "NearestNeighbors",
    "PairwiseSearch",
    "Plan",
    "Search",
    "TreeSearch",
    "brute_force",
    "is_tree_metric",
    "job_threads",
    "parameters_of_data",
    "plan_search",
    "resolve_metric",
    "sort_by_value",
]
