"""Silhouettes: of samples by all distances, simplified by centres, estimated from some samples."""

from scratchml.algorithms.silhouette.centers import medoid_silhouette, simplified_silhouette
from scratchml.algorithms.silhouette.checks import CONSTRAINTS
from scratchml.algorithms.silhouette.interval import SilhouetteInterval, silhouette_interval
from scratchml.algorithms.silhouette.scores import silhouette_samples, silhouette_score

__all__ = [
    "CONSTRAINTS",
    "SilhouetteInterval",
    "medoid_silhouette",
    "silhouette_interval",
    "silhouette_samples",
    "silhouette_score",
    "simplified_silhouette",
]
