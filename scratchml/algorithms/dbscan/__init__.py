"""Density-based clustering (DBSCAN), and the choice of its eps."""

from scratchml.algorithms.dbscan.estimator import DBSCAN
from scratchml.algorithms.dbscan.function import dbscan
from scratchml.algorithms.dbscan.suggest_eps import EpsSuggestion, suggest_eps

__all__ = ["DBSCAN", "EpsSuggestion", "dbscan", "suggest_eps"]
