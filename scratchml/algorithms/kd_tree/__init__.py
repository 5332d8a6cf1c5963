"""The KD-tree: exact nearest neighbours and neighbourhoods."""

from .build import build_tree, children
from .metrics import as_metric
from .queries import Queries, leaves_of
from .tree import KDTree, collect

__all__ = [
    "KDTree",
    "Queries",
    "as_metric",
    "build_tree",
    "children",
    "collect",
    "leaves_of",
]
