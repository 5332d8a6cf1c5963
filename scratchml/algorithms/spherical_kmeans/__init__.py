"""Spherical K-means: clusters of directions, by cosine similarity."""

from scratchml.algorithms.spherical_kmeans.estimator import SphericalKMeans

__all__ = ["SphericalKMeans"]
