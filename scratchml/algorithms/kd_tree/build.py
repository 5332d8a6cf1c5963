"""Building the tree: the first splits one level after the other, then subtrees in parallel."""

from __future__ import annotations

import numpy as np

from scratchml.core.blocks import map_blocks
from scratchml.core.kernels.heaps import NO_POINT

from .kernels.build import SHORT_RANGE, build_subtree, join_boxes, split_node
from .kernels.structure import Tree

SUBTREES = 16
"""Subtrees that are built in parallel, at most; a power of two."""

SUBTREE_POINTS = 4096
"""Points in a subtree that is worth a thread, at least."""


def build_tree(X: np.ndarray, leaf_size: int) -> Tree:
    """Build a KD-tree over the rows of an array.

    Parameters
    ----------
    X : float[n_samples, n_features]
        C-contiguous and finite; it is copied.
    leaf_size : int
        Points in a leaf; a multiple of 8.

    Returns
    -------
    Tree
        The same for any number of threads.
    """
    n, d = X.shape
    n_leaves = -(-n // leaf_size)
    n_nodes = 2 * n_leaves - 1
    points = np.empty((n_leaves * leaf_size, d), X.dtype)
    points[:n] = X
    points[n:] = np.inf
    indices = np.arange(n_leaves * leaf_size)
    indices[n:] = NO_POINT
    tree = Tree(
        leaves=points.reshape(n_leaves, d, leaf_size),
        indices=indices,
        first=np.empty(n_nodes, np.int32),
        middle=np.empty(n_nodes, np.int32),
        last=np.empty(n_nodes, np.int32),
        axis=np.empty(n_nodes, np.int32),
        threshold=np.empty(n_nodes, X.dtype),
        lower=np.empty((n_nodes, d), X.dtype),
        upper=np.empty((n_nodes, d), X.dtype),
        least=np.empty(n_nodes, np.int64),
    )
    tree.first[0], tree.last[0] = 0, n_leaves

    roots, upper_nodes = [0], []
    least = max(SUBTREE_POINTS, leaf_size)
    while len(roots) < SUBTREES and n // len(roots) >= 2 * least:
        upper_nodes += roots
        map_blocks(
            lambda _, node: split_node(
                node, n, leaf_size, np.empty(SHORT_RANGE, X.dtype), points, tree
            ),
            roots,
        )
        roots = [child for node in roots for child in children(tree, node)]
    map_blocks(lambda _, root: build_subtree(root, n, leaf_size, points, tree), roots)
    for node in reversed(upper_nodes):
        join_boxes(node, tree)
    return tree


def children(tree: Tree, node: int) -> tuple[int, int]:
    """The children of a node that is split."""
    return node + 1, node + 2 * int(tree.middle[node] - tree.first[node])
