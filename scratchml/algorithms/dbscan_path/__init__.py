"""DBSCAN for every eps, from one minimum spanning tree."""

from scratchml.algorithms.dbscan_path.estimator import DBSCANPath
from scratchml.algorithms.dbscan_path.ranges import EpsRange, most_stable

__all__ = ["DBSCANPath", "EpsRange", "most_stable"]
