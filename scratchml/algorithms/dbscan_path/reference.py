"""DBSCAN for every eps in plain NumPy, to be read.

symbol       name
-----------  ------------------------------------------------------------------
X            points, float[n, d]
min_samples  what a neighbourhood of a core point holds at least, MinPts
D            squared distances of a point to all, float64[n]
c            squared core distances, float64[n]: from c on a point is a core point
m            squared mutual reachability distance of two points: the largest of their core
             distances and their distance; from m on both are core points within eps of each other
level        eps * eps, with which all of these are compared

The core points at eps that are within eps of each other make a graph, whose edges are those with
m <= level (R. J. G. B. Campello, D. Moulavi and J. Sander, "Density-based clustering based on
hierarchical density estimates", PAKDD 2013, definitions 3 and 4). What it connects, a minimum
spanning tree of m connects with its edges up to the same level: so one tree has the clusters for
every eps.

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [2.0], [6.0], [7.0]])
>>> for edge in spanning_tree(X, min_samples=2):
...     print(edge.source, edge.target, edge.level)
0 1 1.0
1 2 1.0
2 3 16.0
3 4 1.0
>>> cut(X, min_samples=2, eps=1.0)
array([0, 0, 0, 1, 1])
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NOISE = -1


class Edge(NamedTuple):
    """An edge of the spanning tree."""

    source: int
    target: int
    level: float
    """Squared mutual reachability distance of its points."""


def sq_distances(X: np.ndarray, q: np.ndarray) -> np.ndarray:
    """D: squared distances of a point to all, summed in feature order, float64[n]."""
    D = np.zeros(len(X))
    for j in range(X.shape[1]):
        difference = X[:, j].astype(np.float64) - np.float64(q[j])
        D = D + difference * difference
    return D


def sq_core_distances(X: np.ndarray, min_samples: int) -> np.ndarray:
    """c: squared distance to point number ``min_samples``, the point itself being number one.

    Infinite if there are fewer points: then none is a core point at any eps.
    """
    if len(X) < min_samples:
        return np.full(len(X), np.inf)
    return np.array([np.sort(sq_distances(X, x))[min_samples - 1] for x in X])


def spanning_tree(X: np.ndarray, min_samples: int) -> list[Edge]:
    """A minimum spanning tree of the mutual reachability distances, by Prim's algorithm.

    R. C. Prim, "Shortest connection networks and some generalizations", Bell System Technical
    Journal 36, 1957.

    Parameters
    ----------
    X : float[n, d]
    min_samples : int

    Returns
    -------
    list of Edge
        n - 1 of them, in the order in which they join the tree; O(n^2) distances.
    """
    c = sq_core_distances(X, min_samples)
    nearest = np.zeros(len(X), dtype=np.int64)
    levels = np.full(len(X), np.inf)
    outside = np.ones(len(X), dtype=bool)
    tree, new = [], 0
    for _ in range(len(X) - 1):
        outside[new] = False
        # The point that has joined the tree may be nearer to those outside than all before it.
        m = np.maximum(np.maximum(c[new], c), sq_distances(X, X[new]))
        nearest[m < levels] = new
        levels = np.minimum(levels, m)
        # The next one is the nearest of those outside.
        candidates = np.flatnonzero(outside)
        new = int(candidates[np.argmin(levels[candidates])])
        tree.append(Edge(int(nearest[new]), new, float(levels[new])))
    return tree


def cut(X: np.ndarray, min_samples: int, eps: float) -> np.ndarray:
    """The labels of DBSCAN at an eps, read off the spanning tree.

    Parameters
    ----------
    X : float[n, d]
    min_samples : int
    eps : float

    Returns
    -------
    int64[n]
        Clusters numbered by their first core point; NOISE.
    """
    level = eps * eps
    is_core = sq_core_distances(X, min_samples) <= level
    # Edges up to the level join clusters; a cluster is called by its first point.
    firsts = np.arange(len(X))
    for edge in spanning_tree(X, min_samples):
        if edge.level <= level and is_core[edge.source]:  # infinite levels join nothing
            a, b = sorted((firsts[edge.source], firsts[edge.target]))
            firsts[firsts == b] = a
    labels = np.full(len(X), NOISE)
    labels[is_core] = np.unique(firsts[is_core], return_inverse=True)[1]
    # A border point takes the smallest label of the core points within eps.
    for i in np.flatnonzero(~is_core):
        within = is_core & (sq_distances(X, X[i]) <= level)
        if within.any():
            labels[i] = labels[within].min()
    return labels


def cluster_counts(X: np.ndarray, min_samples: int) -> list[tuple[float, int]]:
    """The levels at which the number of clusters may change, and the number from there on.

    A point that becomes a core point is a cluster, and an edge of the tree joins two.

    Returns
    -------
    list of (level, n_clusters)
        By level.
    """
    births = sq_core_distances(X, min_samples)
    merges = np.array([edge.level for edge in spanning_tree(X, min_samples)])
    levels = np.unique(births[births < np.inf])
    levels = np.union1d(levels, merges[merges < np.inf])
    return [(float(v), int((births <= v).sum() - (merges <= v).sum())) for v in levels]
