"""Cluster metrics, under the names of ``sklearn.metrics`` and ``sklearn.metrics.cluster``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.external_metrics import (
        adjusted_mutual_info_score,
        adjusted_rand_score,
        completeness_score,
        contingency_matrix,
        entropy,
        expected_mutual_information,
        fowlkes_mallows_score,
        homogeneity_completeness_v_measure,
        homogeneity_score,
        mutual_info_score,
        normalized_mutual_info_score,
        pair_confusion_matrix,
        rand_score,
        v_measure_score,
    )
    from scratchml.algorithms.internal_metrics import (
        calinski_harabasz_score,
        davies_bouldin_score,
    )
    from scratchml.algorithms.silhouette import (
        SilhouetteInterval,
        medoid_silhouette,
        silhouette_interval,
        silhouette_samples,
        silhouette_score,
        simplified_silhouette,
    )

__all__ = [
    "SilhouetteInterval",
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "calinski_harabasz_score",
    "completeness_score",
    "contingency_matrix",
    "davies_bouldin_score",
    "entropy",
    "expected_mutual_information",
    "fowlkes_mallows_score",
    "homogeneity_completeness_v_measure",
    "homogeneity_score",
    "medoid_silhouette",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "pair_confusion_matrix",
    "rand_score",
    "silhouette_interval",
    "silhouette_samples",
    "silhouette_score",
    "simplified_silhouette",
    "v_measure_score",
]

_EXTERNAL = "scratchml.algorithms.external_metrics"
_INTERNAL = "scratchml.algorithms.internal_metrics"
_SILHOUETTE = "scratchml.algorithms.silhouette"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "SilhouetteInterval": _SILHOUETTE,
        "adjusted_mutual_info_score": _EXTERNAL,
        "adjusted_rand_score": _EXTERNAL,
        "calinski_harabasz_score": _INTERNAL,
        "completeness_score": _EXTERNAL,
        "contingency_matrix": _EXTERNAL,
        "davies_bouldin_score": _INTERNAL,
        "entropy": _EXTERNAL,
        "expected_mutual_information": _EXTERNAL,
        "fowlkes_mallows_score": _EXTERNAL,
        "homogeneity_completeness_v_measure": _EXTERNAL,
        "homogeneity_score": _EXTERNAL,
        "medoid_silhouette": _SILHOUETTE,
        "mutual_info_score": _EXTERNAL,
        "normalized_mutual_info_score": _EXTERNAL,
        "pair_confusion_matrix": _EXTERNAL,
        "rand_score": _EXTERNAL,
        "silhouette_interval": _SILHOUETTE,
        "silhouette_samples": _SILHOUETTE,
        "silhouette_score": _SILHOUETTE,
        "simplified_silhouette": _SILHOUETTE,
        "v_measure_score": _EXTERNAL,
    },
)
