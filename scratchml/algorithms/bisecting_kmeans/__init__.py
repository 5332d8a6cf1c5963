"""Bisecting K-means: clusters are split in two, one after the other."""

from scratchml.algorithms.bisecting_kmeans.estimator import BisectingKMeans
from scratchml.algorithms.bisecting_kmeans.tree import ClusterTree

__all__ = ["BisectingKMeans", "ClusterTree"]
