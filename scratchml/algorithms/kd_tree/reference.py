"""The KD-tree in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        points, float64[n, d]
q        a query point, float64[d]
k        how many neighbours are looked for
r        radius within which they are looked for
p        power of the metric: 1 Manhattan, 2 Euclidean, inf Chebyshev, others Minkowski
gaps     |x_j - q_j| of each feature j, float64[..., d]
D        reduced distances: the sum of gaps^p, or for p = inf the largest gap

A KD-tree halves the points again and again (J. L. Bentley, "Multidimensional binary search trees
used for associative searching", Communications of the ACM 18, 1975), here across the longest side
of their box (J. H. Friedman, J. L. Bentley and R. A. Finkel, "An algorithm for finding best matches
in logarithmic expected time", ACM Transactions on Mathematical Software 3, 1977). A query leaves
out every node whose box is too far away. Both queries are generators, so that a loop shows each
node that they come to:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [11.0]])
>>> tree = build(X, leaf_size=2)
>>> for visit in nearest(tree, X, np.array([2.0]), k=1):
...     print(visit.node.points, visit.bound, visit.action, visit.found)
[0 1 2 3] 0.0 split []
[0 1] 1.0 searched [1]
[2 3] 49.0 pruned [1]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Node(NamedTuple):
    """A part of the points, and the box around them."""

    points: np.ndarray
    """Their indices, int[m], ascending."""
    lower: np.ndarray
    """Smallest coordinates, float64[d]."""
    upper: np.ndarray
    """Largest coordinates, float64[d]."""
    axis: int = -1
    """The feature whose median splits the points; -1 for a leaf."""
    children: tuple[Node, ...] = ()
    """The lower half and the upper half; none of a leaf."""


class Visit(NamedTuple):
    """What a query does with one node."""

    node: Node
    bound: float
    """Reduced distance from the query point to the box: no point in it is nearer."""
    action: str
    """'pruned', 'split' into its children, 'searched' point by point, or 'included' as a whole."""
    found: list[int]
    """The neighbours so far: indices, for `nearest` by distance."""
    n_distances: int
    """Distances computed at this node."""


def build(X: np.ndarray, leaf_size: int, points: np.ndarray | None = None) -> Node:
    """Build the tree of some points.

    Parameters
    ----------
    X : float64[n, d]
    leaf_size : int
        The most points of a leaf.
    points : int[m], optional
        Indices of the points of the tree, ascending; all by default.

    Returns
    -------
    Node
        The root.
    """
    # Step 1: put a box around the points.
    points = np.arange(len(X)) if points is None else points
    lower, upper = X[points].min(axis=0), X[points].max(axis=0)
    if len(points) <= leaf_size:
        return Node(points, lower, upper)
    # Step 2: halve them at the median of the longest side; of equal sides the first.
    axis = int(np.argmax(upper - lower))
    order = points[np.argsort(X[points, axis], kind="stable")]
    half = len(points) // 2
    # Step 3: build a tree of each half.
    halves = np.sort(order[:half]), np.sort(order[half:])
    return Node(points, lower, upper, axis, tuple(build(X, leaf_size, part) for part in halves))


def nearest(root: Node, X: np.ndarray, q: np.ndarray, k: int, p: float = 2) -> Iterator[Visit]:
    """Find the k nearest points; of equally distant ones those of the lowest index.

    Parameters
    ----------
    root : Node
        Tree of X.
    X : float64[n, d]
    q : float64[d]
    k : int
        At least 1, at most n.
    p : float
        At least 1.

    Yields
    ------
    Visit
        In the order in which the query comes to the nodes. What the last one has found is the
        answer.
    """
    nearest_pairs: list[tuple[float, int]] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        bound, n_distances = box_distance(node, q, p), 0
        # Step 1: leave out a node that is farther away than the k-th nearest so far. One that is
        # just as far may hold a point of as large a distance and a lower index.
        if len(nearest_pairs) == k and bound > nearest_pairs[-1][0]:
            action = "pruned"
        # Step 2: go on with the nearer child, and come back for the other one.
        elif node.children:
            action = "split"
            waiting += sorted(node.children, key=lambda c: box_distance(c, q, p))[::-1]
        # Step 3: in a leaf, compare every point.
        else:
            action, n_distances = "searched", len(node.points)
            D = reduced_distances(np.abs(X[node.points] - q), p)
            pairs = zip(D.tolist(), node.points.tolist(), strict=True)
            nearest_pairs = sorted([*nearest_pairs, *pairs])[:k]
        yield Visit(node, bound, action, [index for _, index in nearest_pairs], n_distances)


def within(root: Node, X: np.ndarray, q: np.ndarray, r: float, p: float = 2) -> Iterator[Visit]:
    """Find the points at a distance of at most r.

    Parameters
    ----------
    root : Node
        Tree of X.
    X : float64[n, d]
    q : float64[d]
    r : float
        Not negative.
    p : float
        At least 1.

    Yields
    ------
    Visit
        In the order in which the query comes to the nodes. What the last one has found is the
        answer, in no particular order.
    """
    limit = reduced_distances(np.array([r]), p)
    found: list[int] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        bound, n_distances = box_distance(node, q, p), 0
        farthest_corner = np.maximum(np.abs(node.lower - q), np.abs(node.upper - q))
        # Step 1: leave out a box that is out of reach.
        if bound > limit:
            action = "pruned"
        # Step 2: take all of a box whose farthest corner is within reach.
        elif reduced_distances(farthest_corner, p) <= limit:
            action, found = "included", [*found, *node.points.tolist()]
        # Step 3: look into any other one.
        elif node.children:
            action = "split"
            waiting += node.children[::-1]
        else:
            action, n_distances = "searched", len(node.points)
            D = reduced_distances(np.abs(X[node.points] - q), p)
            found = [*found, *node.points[limit >= D].tolist()]
        yield Visit(node, bound, action, found, n_distances)


def box_distance(node: Node, q: np.ndarray, p: float) -> float:
    """Reduced distance of a point to the nearest place in a node's box: 0 inside."""
    gaps = np.maximum(np.maximum(node.lower - q, q - node.upper), 0)
    return float(reduced_distances(gaps, p))


def reduced_distances(gaps: np.ndarray, p: float) -> np.ndarray:
    """Sum of powers, which orders points as their distances do without a root.

    Parameters
    ----------
    gaps : float64[..., d]
        Not negative.
    p : float

    Returns
    -------
    D : float64[...]
        Powers summed in feature order; for p = inf the largest gap.
    """
    D = np.zeros(gaps.shape[:-1])
    for j in range(gaps.shape[-1]):
        if p == np.inf:
            D = np.maximum(D, gaps[..., j])
        else:
            D = D + power(gaps[..., j], p)
    return D


def power(gap: np.ndarray, p: float) -> np.ndarray:
    """Gaps to the power p, float64[...]."""
    if p == 1:
        return gap
    if p == 2:
        return gap * gap
    # One at a time: NumPy's loop over an array rounds by where a number stands.
    return np.array([x**p for x in gap.ravel()]).reshape(gap.shape)


def distances(D: np.ndarray, p: float) -> np.ndarray:
    """The distances that reduced distances belong to, float64[...]."""
    if p in (1, np.inf):
        return D
    return np.sqrt(D) if p == 2 else D ** (1 / p)
