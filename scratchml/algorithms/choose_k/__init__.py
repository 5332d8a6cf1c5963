"""The choice of the number of clusters, by several criteria."""

from scratchml.algorithms.choose_k.criteria import CRITERIA
from scratchml.algorithms.choose_k.function import choose_k
from scratchml.algorithms.choose_k.result import Choice, KChoice

__all__ = ["CRITERIA", "Choice", "KChoice", "choose_k"]
