"""Nearest neighbours: by comparing all points or by a KD-tree; classification by their vote."""

from scratchml.algorithms.nearest_neighbors.classifier import KNeighborsClassifier
from scratchml.algorithms.nearest_neighbors.estimator import NearestNeighbors

__all__ = ["KNeighborsClassifier", "NearestNeighbors"]
