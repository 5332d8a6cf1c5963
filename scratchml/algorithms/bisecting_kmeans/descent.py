"""Prediction: each row goes down the tree, at each split to the half whose centre is nearer."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kmeans import DenseRows, Rows, SparseRows, as_rows, assign_all
from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view

from .halves import planes_between
from .kernels import walk_tree
from .tree import ClusterTree


def descend(rows: Rows, tree: ClusterTree) -> np.ndarray:
    """Label of the leaf that each row arrives at, int32[n_samples]."""
    if len(tree.children) == 1:
        return np.zeros(rows.n_samples, np.int32)
    if isinstance(rows, DenseRows):
        return descend_dense(rows, tree)
    return descend_sparse(rows, tree)


def descend_dense(rows: DenseRows, tree: ClusterTree) -> np.ndarray:
    """Each row by itself, O(depth n_features) time."""
    is_split = tree.children[:, 0] >= 0
    # What `walk_tree` calls a cluster: the number of its split, or of its leaf.
    numbers = np.where(is_split, np.cumsum(is_split) - 1, -1 - tree.labels).astype(np.int32)
    children = tree.children[is_split]
    planes = planes_between(kernel_view(tree.centers)[children])
    labels = np.full(rows.n_samples, -1, np.int32)
    operations = rows.n_features * 2 * np.log2(len(children) + 1)

    def on_block(_: int, block: slice) -> None:
        for piece in row_pieces(block, operations):
            walk_tree(rows.X[piece], planes, numbers[children], labels[piece])

    map_blocks(on_block, row_blocks(rows.n_samples, operations))
    return labels


def descend_sparse(rows: SparseRows, tree: ClusterTree) -> np.ndarray:
    """All rows of a cluster together; they are copied for each split."""
    labels = np.empty(rows.n_samples, np.int32)
    waiting = {0: np.arange(rows.n_samples)}
    for node, (left, right) in enumerate(tree.children):
        indices = waiting.pop(node)
        if left < 0:
            labels[indices] = tree.labels[node]
            continue
        part = rows if len(indices) == rows.n_samples else as_rows(rows.X[indices], None)
        halves = assign_all(part, tree.centers[[left, right]])
        waiting[left], waiting[right] = indices[halves == 0], indices[halves == 1]
    return labels
