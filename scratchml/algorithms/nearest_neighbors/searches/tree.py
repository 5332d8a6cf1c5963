"""Neighbours by a KD-tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.algorithms.kd_tree import collect
from scratchml.core.jit import kernel_view

from .found import Found


class TreeSearch:
    """The queries of a tree, in the form of the other searches.

    Parameters
    ----------
    tree : KDTree
    """

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest points of each query; as `DenseSearch.nearest`."""
        return self.tree.query(queries, k)

    def within(
        self,
        queries: np.ndarray,
        radii: np.ndarray,
        return_distance: bool,
        sort_results: bool = False,
    ) -> Found:
        """The points within a radius of each query, in no particular order unless sorted."""
        points = queries if queries is self.tree.data else kernel_view(queries)
        starts, distances, indices = collect(
            self.tree, points, radii, return_distance, sort_results
        )
        return Found(starts, indices, distances if return_distance else None)
