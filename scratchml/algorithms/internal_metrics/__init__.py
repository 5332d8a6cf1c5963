"""Scores of a clustering by the data alone, from the moments of its clusters."""

from scratchml.algorithms.internal_metrics.moments import Moments, cluster_moments
from scratchml.algorithms.internal_metrics.scores import (
    calinski_harabasz,
    calinski_harabasz_score,
    davies_bouldin,
    davies_bouldin_score,
)

__all__ = [
    "Moments",
    "calinski_harabasz",
    "calinski_harabasz_score",
    "cluster_moments",
    "davies_bouldin",
    "davies_bouldin_score",
]
