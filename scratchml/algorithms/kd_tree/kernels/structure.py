"""The arrays of a KD-tree, and how its metrics sum what the features differ by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

EUCLIDEAN, MANHATTAN, CHEBYSHEV, MINKOWSKI = range(4)
"""Codes of the metrics."""


class Metric(NamedTuple):
    """A Minkowski metric as kernels take it.

    Kernels compare *reduced* distances, which order points as distances do and cost less: the sum
    of squares (Euclidean), of absolute values (Manhattan), of p-th powers (Minkowski), or the
    largest absolute value (Chebyshev) of the differences.
    """

    code: int
    """EUCLIDEAN, MANHATTAN, CHEBYSHEV or MINKOWSKI."""
    p: float
    """Exponent of the Minkowski metric."""


class Tree(NamedTuple):
    """A KD-tree in arrays.

    The points are in the order of their leaves, and every leaf but the last is full: a leaf is a
    panel of coordinates with a point on each SIMD lane, and a node is a range of leaves. Nodes are
    numbered in preorder: the left child of a node follows it, and the right child follows all of
    the left one's, a tree over m leaves having 2 m - 1 nodes. No node needs a pointer.
    """

    leaves: np.ndarray
    """float[n_leaves, n_features, leaf_size]: coordinates; infinite past the last point."""
    indices: np.ndarray
    """int64[n_leaves * leaf_size]: which points they are; the largest int64 past the last one."""
    first: np.ndarray
    """int32[n_nodes]: first leaf of a node."""
    middle: np.ndarray
    """int32[n_nodes]: first leaf of its right child; 0 if the node is a leaf itself."""
    last: np.ndarray
    """int32[n_nodes]: the leaf after its last one."""
    axis: np.ndarray
    """int32[n_nodes]: the feature along which it is split."""
    threshold: np.ndarray
    """float[n_nodes]: least coordinate of the right child along the axis; no left one is larger."""
    lower: np.ndarray
    """float[n_nodes, n_features]: least coordinates of its points."""
    upper: np.ndarray
    """float[n_nodes, n_features]: largest coordinates of its points."""
    least: np.ndarray
    """int64[n_nodes]: smallest index of its points, for which of equally far ones comes first."""
