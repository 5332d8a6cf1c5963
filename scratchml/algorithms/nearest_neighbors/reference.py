"""Nearest neighbours in plain NumPy, as one would write them on paper.

Symbols
-------
x_i     a point, row of X                       n points
q       a query                                 d features
delta   the difference q - x_i
r_i     reduced distance: what is compared      (1)
rho     the radius, reduced in the same way
k       number of neighbours
c_i     the class of a point
w_i     the weight of its vote                  (4)
"""

from __future__ import annotations

import numpy as np

METRICS = {
    # name: (reduced distance from |delta|, distance from the reduced, reduced from a radius)
    "euclidean": (lambda u, p: u**2, lambda r, p: np.sqrt(r), lambda t, p: t * t),
    "manhattan": (lambda u, p: u, lambda r, p: r, lambda t, p: t),
    "chebyshev": (lambda u, p: u, lambda r, p: r, lambda t, p: t),
    "minkowski": (lambda u, p: u**p, lambda r, p: r ** (1 / p), lambda t, p: t**p),
}


def reduced_distances(q, X, metric="euclidean", p=2.0):
    """Equation (1): r_i = sum_j |delta_j|^p, the maximum for Chebyshev, in feature order.

    Parameters
    ----------
    q : float[d]
    X : float[n, d]
    metric : str
        Key of `METRICS`.
    p : float
        The power of Minkowski.

    Returns
    -------
    float64[n]
    """
    term, _, _ = METRICS[metric]
    r = np.zeros(len(X))
    for j in range(X.shape[1]):
        delta = np.abs(np.float64(q[j]) - X[:, j].astype(np.float64))
        r = np.maximum(r, delta) if metric == "chebyshev" else r + term(delta, p)
    return r


def k_nearest(queries, X, k, metric="euclidean", p=2.0):
    """Equation (2): the k smallest pairs (r_i, i), the smallest first.

    Returns
    -------
    distances : float64[n_queries, k]
    indices : int64[n_queries, k]
    """
    _, distance, _ = METRICS[metric]
    distances = np.empty((len(queries), k))
    indices = np.empty((len(queries), k), np.int64)
    for row, q in enumerate(queries):
        r = reduced_distances(q, X, metric, p)
        indices[row] = np.argsort(r, kind="stable")[:k]  # stable: ties stay in index order
        distances[row] = distance(r[indices[row]], p)
    return distances, indices


def within_radius(queries, X, radius, metric="euclidean", p=2.0):
    """Equation (3): all i with r_i <= rho, in index order.

    Returns
    -------
    distances : list of float64[n_found]
    indices : list of int64[n_found]
    """
    _, distance, reduced = METRICS[metric]
    distances, indices = [], []
    for q in queries:
        r = reduced_distances(q, X, metric, p)
        found = np.flatnonzero(r <= reduced(radius, p))
        distances.append(distance(r[found], p))
        indices.append(found)
    return distances, indices


def vote(distances, classes, n_classes, weights="uniform"):
    """Equation (4): the share of each class in the votes of the neighbours.

    Parameters
    ----------
    distances : float64[n_queries, k]
    classes : int[n_queries, k]
        c_i of the neighbours.
    n_classes : int
    weights : {'uniform', 'distance'}

    Returns
    -------
    float64[n_queries, n_classes]
        The class is its argmax, the lowest of equal ones.
    """
    shares = np.zeros((len(classes), n_classes))
    for row in range(len(classes)):
        w = np.ones(distances.shape[1])
        if weights == "distance":
            at_zero = distances[row] == 0
            # Neighbours at the query itself vote alone.
            w = at_zero.astype(float) if at_zero.any() else 1 / distances[row]
        np.add.at(shares[row], classes[row], w)
        shares[row] /= shares[row].sum()
    return shares
