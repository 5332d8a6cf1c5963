"""Neighbours by a KD-tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from .found import Found, starts_of


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

    def within(self, queries: np.ndarray, radii: np.ndarray, return_distance: bool) -> Found:
        """The points within a radius of each query, in no particular order."""
        if return_distance:
            lists, distances = self.tree.query_radius(queries, radii, return_distance=True)
            found = np.concatenate(list(distances))
        else:
            lists, found = self.tree.query_radius(queries, radii), None
        return Found(
            starts_of(np.array([len(indices) for indices in lists])),
            np.concatenate(list(lists)),
            found,
        )
