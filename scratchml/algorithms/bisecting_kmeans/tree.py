"""The tree of clusters: while it grows, and as a fit publishes it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.kmeans import DenseRows, Rows, as_rows, inertia
from scratchml.core.blocks import map_blocks, row_blocks

from .halves import inertia_of_halves, plain_mean

STRATEGIES = {"biggest_inertia": attrgetter("inertia"), "largest_cluster": attrgetter("n_samples")}
"""What the next cluster to be split has the most of; of several the leftmost is taken."""


class ClusterTree(NamedTuple):
    """The tree of a fit: an entry for each cluster that there has been, in order of creation.

    Cluster 0 is all the data; split ``t`` has made the clusters ``2 t + 1`` and ``2 t + 2``.
    """

    children: np.ndarray
    """Left and right half of each cluster, int32[n_nodes, 2]; -1 where it was not split."""
    centers: np.ndarray
    """Centre of each cluster, float[n_nodes, n_features]."""
    inertia: np.ndarray
    """Weighted sum of squared distances of its samples to its centre, float64[n_nodes]."""
    n_samples: np.ndarray
    """Number of samples in each cluster, int64[n_nodes]."""
    labels: np.ndarray
    """Label of each cluster that was not split, int32[n_nodes]; -1 where it was."""


class Cluster(NamedTuple):
    """A cluster of a tree that grows."""

    center: np.ndarray
    inertia: float
    n_samples: int
    is_divisible: bool
    """Whether at least two of its rows have a weight."""
    indices: np.ndarray | None
    """Its rows, ascending, int[n_samples]; None: all rows, or those of its halves."""


class GrowingTree:
    """Clusters that are split one after the other; at first there is one of all rows.

    Parameters
    ----------
    rows : DenseRows or SparseRows
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        center = plain_mean(rows)
        spread = inertia(rows, center[np.newaxis], np.zeros(rows.n_samples, np.int32))
        divisible = is_divisible(rows.sample_weight, rows.n_samples)
        self.clusters = [Cluster(center, spread, rows.n_samples, divisible, None)]
        self.children = [(-1, -1)]
        #: The clusters that are not split, from left to right.
        self.leaves = [0]

    def next_to_split(self, strategy: str) -> int:
        """The cluster that comes next; one that is not divisible only where no other is left."""
        measure = STRATEGIES[strategy]

        def urgency(node: int) -> tuple[bool, float]:
            cluster = self.clusters[node]
            return cluster.is_divisible, measure(cluster)

        return max(self.leaves, key=urgency)

    def rows_of(self, node: int) -> Rows:
        """The rows of a cluster that is not split: copies, unless it is all of them."""
        indices = self.clusters[node].indices
        if indices is None:
            return self.rows
        weight = self.rows.sample_weight
        return as_rows(take(self.rows, indices), weight[indices] if weight.size else None)

    def split(self, node: int, rows: Rows, centers: np.ndarray, labels: np.ndarray) -> None:
        """Put two clusters in the place of one.

        Parameters
        ----------
        node : int
            The cluster.
        rows : DenseRows or SparseRows
            Its rows.
        centers : float[2, n_features]
            The centres of its halves.
        labels : int32[n_rows]
            Which half each row belongs to, 0 or 1.
        """
        parent = self.clusters[node]
        spreads = inertia_of_halves(rows, centers, labels)
        halves = len(self.clusters), len(self.clusters) + 1
        for half, center in enumerate(centers):
            within = np.flatnonzero(labels == half)
            weight = rows.sample_weight[within] if rows.sample_weight.size else rows.sample_weight
            indices = within if parent.indices is None else parent.indices[within]
            divisible = is_divisible(weight, len(within))
            cluster = Cluster(center, float(spreads[half]), len(within), divisible, indices)
            self.clusters.append(cluster)
            self.children.append((-1, -1))
        self.clusters[node] = parent._replace(indices=None)
        self.children[node] = halves
        place = self.leaves.index(node)
        self.leaves[place : place + 1] = halves

    def copy(self) -> GrowingTree:
        """The same tree, to be grown by itself."""
        other = object.__new__(GrowingTree)
        other.rows = self.rows
        other.clusters = self.clusters.copy()
        other.children = self.children.copy()
        other.leaves = self.leaves.copy()
        return other

    def fitted(self) -> dict[str, Any]:
        """The tree, and its leaves as clusters, as fitted attributes."""
        labels = np.zeros(self.rows.n_samples, np.int32)
        node_labels = np.full(len(self.clusters), -1, np.int32)
        for label, node in enumerate(self.leaves):
            node_labels[node] = label
            indices = self.clusters[node].indices
            if indices is not None:
                labels[indices] = label
        centers, spreads, sizes, *_ = zip(*self.clusters, strict=True)
        tree = ClusterTree(
            np.array(self.children, np.int32),
            np.array(centers),
            np.array(spreads, np.float64),
            np.array(sizes, np.int64),
            node_labels,
        )
        return {
            "cluster_centers_": tree.centers[self.leaves],
            "labels_": labels,
            "inertia_": float(tree.inertia[self.leaves].sum()),
            "tree_": tree,
        }


def is_divisible(sample_weight: np.ndarray, n_samples: int) -> bool:
    """Whether two rows have a weight; no weights at all are unit weights."""
    return int(np.count_nonzero(sample_weight) if sample_weight.size else n_samples) >= 2


def take(rows: Rows, indices: np.ndarray) -> Any:
    """Copies of some rows, as an ndarray or a CSR matrix."""
    if not isinstance(rows, DenseRows):
        return rows.X[indices]
    X = rows.X
    taken = np.empty((len(indices), rows.n_features), rows.dtype)

    def copy(_: int, block: slice) -> None:
        # Indices are valid: clipping, which changes none, spares numpy a buffer.
        np.take(X, indices[block], axis=0, out=taken[block], mode="clip")

    map_blocks(copy, row_blocks(len(indices), rows.n_features * 4))
    return taken
