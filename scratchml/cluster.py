"""Clustering, under the names of ``sklearn.cluster``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.bisecting_kmeans import BisectingKMeans
    from scratchml.algorithms.dbscan import DBSCAN, dbscan, suggest_eps
    from scratchml.algorithms.dbscan_path import DBSCANPath
    from scratchml.algorithms.kmeans import KMeans, k_means, kmeans_plusplus
    from scratchml.algorithms.minibatch_kmeans import MiniBatchKMeans
    from scratchml.algorithms.spherical_kmeans import SphericalKMeans

__all__ = [
    "DBSCAN",
    "BisectingKMeans",
    "DBSCANPath",
    "KMeans",
    "MiniBatchKMeans",
    "SphericalKMeans",
    "dbscan",
    "k_means",
    "kmeans_plusplus",
    "suggest_eps",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BisectingKMeans": "scratchml.algorithms.bisecting_kmeans",
        "DBSCAN": "scratchml.algorithms.dbscan",
        "DBSCANPath": "scratchml.algorithms.dbscan_path",
        "KMeans": "scratchml.algorithms.kmeans",
        "k_means": "scratchml.algorithms.kmeans",
        "kmeans_plusplus": "scratchml.algorithms.kmeans",
        "dbscan": "scratchml.algorithms.dbscan",
        "suggest_eps": "scratchml.algorithms.dbscan",
        "MiniBatchKMeans": "scratchml.algorithms.minibatch_kmeans",
        "SphericalKMeans": "scratchml.algorithms.spherical_kmeans",
    },
)
