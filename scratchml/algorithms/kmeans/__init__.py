"""K-means: k-means++ seeding, Lloyd's, Hamerly's and Elkan's iterations."""

from scratchml.algorithms.kmeans.estimator import KMeans
from scratchml.algorithms.kmeans.functions import k_means, kmeans_plusplus

__all__ = ["KMeans", "k_means", "kmeans_plusplus"]
