"""Bisecting K-means in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]
w        weights of the samples, float[n]
C        two centres, float[2, d]
J        inertia of a cluster: the weighted sum of squared distances to its centre
leaves   the clusters so far, from left to right

Bisecting K-means (M. Steinbach, G. Karypis and V. Kumar, "A comparison of document clustering
techniques", KDD Workshop on Text Mining, 2000, section 3) begins with one cluster and splits the
worst one in two, again and again. It is a generator, so that a loop shows each bisection:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [11.0]])
>>> for step in bisecting_kmeans(X, 3, np.random.RandomState(0)):
...     print(step.parent, [leaf.members.tolist() for leaf in step.leaves])
0 [[2, 3], [0, 1]]
0 [[3], [2], [0, 1]]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Leaf(NamedTuple):
    """A cluster that has not been split."""

    center: np.ndarray
    """float[d]."""
    members: np.ndarray
    """Its samples, int[m]."""
    J: float
    """Its inertia."""


class Bisection(NamedTuple):
    """One cluster split in two."""

    parent: int
    """Place of the cluster among the leaves before."""
    leaves: list[Leaf]
    """The leaves after; label c is the place of a leaf among the last ones."""


def bisecting_kmeans(
    X: np.ndarray,
    k: int,
    random_state: np.random.RandomState,
    w: np.ndarray | None = None,
    strategy: str = "biggest_inertia",
    tol: float = 1e-4,
) -> Iterator[Bisection]:
    """Split the cluster with the largest inertia, or with the most samples, until there are k.

    Parameters
    ----------
    X : float[n, d]
    k : int
    random_state : RandomState
        Draws two different samples of each cluster, by weight.
    w : float[n], optional
    strategy : {'biggest_inertia', 'largest_cluster'}
    tol : float
        As `two_means` has it.

    Yields
    ------
    Bisection
        k - 1 times.
    """
    w = np.ones(len(X)) if w is None else w
    leaves = [Leaf(X.mean(axis=0), np.arange(len(X)), np.inf)]
    for _ in range(k - 1):
        # Step 1: pick a cluster; of equal ones the leftmost.
        sizes = [leaf.J if strategy == "biggest_inertia" else len(leaf.members) for leaf in leaves]
        parent = int(np.argmax(sizes))
        members = leaves[parent].members
        # Step 2: find two sub-clusters by K-means, from two of its samples.
        p = w[members] / w[members].sum()
        seeds = random_state.choice(len(members), size=2, replace=False, p=p)
        C, labels = two_means(X[members], w[members], X[members[seeds]], tol)
        # Step 3: they take the place of the cluster.
        sq_distances = ((X[members] - C[labels]) ** 2).sum(axis=1)
        leaves[parent : parent + 1] = [
            Leaf(C[c], members[labels == c], w[members[labels == c]] @ sq_distances[labels == c])
            for c in (0, 1)
        ]
        yield Bisection(parent, leaves.copy())


def two_means(
    X: np.ndarray, w: np.ndarray, C: np.ndarray, tol: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lloyd's algorithm with two centres.

    Parameters
    ----------
    X : float[m, d]
    w : float[m]
    C : float[2, d]
        Initial centres.
    tol : float
        It ends when the sum of the squared distances that they moved is at most this.

    Returns
    -------
    C : float[2, d]
    labels : int[m]
        The nearer of these centres; 0 if both are as near.
    """
    labels = nearer(X, C)
    while True:
        # A half without weight keeps its centre.
        means = np.array(
            [
                np.average(X[labels == c], 0, w[labels == c]) if w[labels == c].any() else C[c]
                for c in (0, 1)
            ]
        )
        shift, C = ((means - C) ** 2).sum(), means
        old, labels = labels, nearer(X, C)
        if shift <= tol or np.array_equal(labels, old):
            return C, labels


def nearer(X: np.ndarray, C: np.ndarray) -> np.ndarray:
    """Index of the nearer of two centres: on which side of the plane between them a sample lies.

    Parameters
    ----------
    X : float[m, d]
    C : float[2, d]

    Returns
    -------
    labels : int[m]
        |x - c0|^2 - |x - c1|^2 = 2 (x - (c0 + c1) / 2).(c1 - c0) > 0.
    """
    return ((X - C.mean(axis=0)) @ (C[1] - C[0]) > 0).astype(int)


def predict(
    X: np.ndarray, children: np.ndarray, centers: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Labels of new samples: each goes down the tree, at every split to the nearer half.

    Parameters
    ----------
    X : float[n, d]
    children, centers, labels : int[n_nodes, 2], float[n_nodes, d], int[n_nodes]
        The tree: the halves of each cluster, -1 for a leaf; its centre; the label of a leaf.

    Returns
    -------
    labels : int[n]
    """
    found = np.empty(len(X), int)
    for i in range(len(X)):
        node = 0
        while children[node, 0] >= 0:
            halves = children[node]
            node = halves[nearer(X[[i]], centers[halves])[0]]
        found[i] = labels[node]
    return found
