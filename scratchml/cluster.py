"""Clustering, under the names of ``sklearn.cluster``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.kmeans import KMeans, k_means, kmeans_plusplus

__all__ = ["KMeans", "k_means", "kmeans_plusplus"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "KMeans": "scratchml.algorithms.kmeans",
        "k_means": "scratchml.algorithms.kmeans",
        "kmeans_plusplus": "scratchml.algorithms.kmeans",
    },
)
