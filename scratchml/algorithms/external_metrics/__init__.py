"""Metrics that compare a clustering with classes that are known, or with another clustering."""

from scratchml.algorithms.external_metrics.chance import (
    adjusted_mutual_info_score,
    expected_mutual_information,
)
from scratchml.algorithms.external_metrics.contingency import contingency_matrix
from scratchml.algorithms.external_metrics.information import (
    completeness_score,
    entropy,
    homogeneity_completeness_v_measure,
    homogeneity_score,
    mutual_info_score,
    normalized_mutual_info_score,
    v_measure_score,
)
from scratchml.algorithms.external_metrics.pairs import (
    adjusted_rand_score,
    fowlkes_mallows_score,
    pair_confusion_matrix,
    rand_score,
)

__all__ = [
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "completeness_score",
    "contingency_matrix",
    "entropy",
    "expected_mutual_information",
    "fowlkes_mallows_score",
    "homogeneity_completeness_v_measure",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "pair_confusion_matrix",
    "rand_score",
    "v_measure_score",
]
