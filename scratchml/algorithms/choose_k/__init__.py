"""The choice of the number of clusters, by several criteria."""

from scratchml.algorithms.choose_k.criteria import CRITERIA
from scratchml.algorithms.choose_k.fits import MAX_SEED
from scratchml.algorithms.choose_k.function import choose_k
from scratchml.algorithms.choose_k.result import Choice, KChoice
from scratchml.algorithms.choose_k.steps import Steps

__all__ = ["CRITERIA", "MAX_SEED", "Choice", "KChoice", "Steps", "choose_k"]
