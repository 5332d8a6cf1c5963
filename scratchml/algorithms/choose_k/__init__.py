"""The choice of the number of clusters, by several criteria."""

from scratchml.algorithms.choose_k.function import choose_k
from scratchml.algorithms.choose_k.result import Choice, KChoice

__all__ = ["Choice", "KChoice", "choose_k"]
