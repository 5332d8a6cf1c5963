"""The KD-tree: exact nearest neighbours and neighbourhoods."""

from .tree import KDTree

__all__ = ["KDTree"]
