"""The KD-tree: exact nearest neighbours and neighbourhoods."""

from .tree import KDTree, collect

__all__ = ["KDTree", "collect"]
