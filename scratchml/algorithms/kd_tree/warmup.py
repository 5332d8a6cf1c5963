"""Workloads that call every kernel of the tree in each form that it is called in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .tree import KDTree


def build_and_query(dtype: type[np.floating]) -> None:
    """Build a tree that has inner nodes, and ask everything that can be asked."""
    X = np.linspace(0, 1, 60, dtype=dtype).reshape(20, 3)
    tree = KDTree(X, leaf_size=8)
    tree.query(X[:2], breadth_first=True)
    tree.query_radius(X[:2], 0.5, return_distance=True, sort_results=True)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {"queries": build_and_query}
