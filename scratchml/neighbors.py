"""Nearest neighbours, under the names of ``sklearn.neighbors``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.kd_tree import KDTree
    from scratchml.algorithms.nearest_neighbors import KNeighborsClassifier, NearestNeighbors

__all__ = ["KDTree", "KNeighborsClassifier", "NearestNeighbors"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "KDTree": "scratchml.algorithms.kd_tree",
        "KNeighborsClassifier": "scratchml.algorithms.nearest_neighbors",
        "NearestNeighbors": "scratchml.algorithms.nearest_neighbors",
    },
)
