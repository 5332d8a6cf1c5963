"""DBSCAN in plain NumPy, to be read.

symbol       name
-----------  ------------------------------------------------------------------
X            points, float[n, d]
eps          radius of a neighbourhood, Eps of the paper
min_samples  what a neighbourhood of a core point holds at least, MinPts of the paper
w            weights of the points, float64[n]; all 1 unless given
N(p)         neighbourhood of p: all points within eps of it, itself included
core         a point p with w(N(p)) >= min_samples
border       no core point, but in the neighbourhood of one
noise        all others

M. Ester, H.-P. Kriegel, J. Sander and X. Xu, "A density-based algorithm for discovering clusters in
large spatial databases with noise", KDD 1996. Their three procedures are `dbscan`, `expand_cluster`
and `region_query`. A visit is what happens at one point, and a loop shows each of them:

>>> import numpy as np
>>> X = np.array([[9.0], [0.0], [1.0], [2.0], [3.0]])
>>> for visit in visits(X, eps=1.0, min_samples=3):
...     print(visit.point, visit.role, visit.neighbors, "->", visit.joined, visit.seeds)
0 noise [0] -> [] []
1 noise [1 2] -> [] []
2 core [1 2 3] -> [1, 2, 3] [3]
3 core [2 3 4] -> [4] [4]
4 border [3 4] -> [] []

Each cluster grows from its first core point to all that it reaches, before the next one begins. So
clusters are numbered by their smallest core point, and a border point that several of them reach
belongs to that of the smallest number. `components` says the same without an order: the clusters
are the connected components of the core points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

UNCLASSIFIED, NOISE = -2, -1


class Visit(NamedTuple):
    """What happens at one point."""

    point: int
    role: str
    """'core', 'border' or 'noise'; what is noise may yet join a cluster as a border point."""
    cluster: int
    """Number of the cluster that grows, or NOISE."""
    neighbors: np.ndarray
    """N(point), int64[m], ascending."""
    joined: list[int]
    """Points that come to the cluster by this visit."""
    seeds: list[int]
    """Points of the cluster that wait to be visited."""


def sq_distances(X: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of a point, summed in feature order.

    Parameters
    ----------
    X : float[n, d]
    q : float[d]

    Returns
    -------
    float64[n]
    """
    D = np.zeros(len(X))
    for j in range(X.shape[1]):
        difference = X[:, j].astype(np.float64) - np.float64(q[j])
        D = D + difference * difference
    return D


class Neighborhoods(NamedTuple):
    """Points, and what says which of them are near and which are dense."""

    X: np.ndarray
    eps: float
    min_samples: float
    w: np.ndarray | None = None
    distances: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    """From (X, q) to the distances of q, float64[n]; without it, Euclidean."""


def region_query(of: Neighborhoods, p: int) -> np.ndarray:
    """N(p): the points within eps of p, itself included.

    Returns
    -------
    int64[m]
        Ascending.
    """
    if of.distances is None:
        # Definition 1, squared: eps * eps is rounded as the squares are.
        return np.flatnonzero(sq_distances(of.X, of.X[p]) <= of.eps * of.eps)
    return np.flatnonzero(of.distances(of.X, of.X[p]) <= of.eps)


def is_core(of: Neighborhoods, neighbors: np.ndarray) -> bool:
    """Whether a neighbourhood makes its point a core point (definition 2, condition 2)."""
    weight = len(neighbors) if of.w is None else of.w[neighbors].sum()
    return bool(weight >= of.min_samples)


def expand_cluster(
    of: Neighborhoods, point: int, cluster: int, labels: np.ndarray
) -> Iterator[Visit]:
    """Grow a cluster from a point, if it is a core point (section 4.1).

    Parameters
    ----------
    of : Neighborhoods
    point : int
        Unclassified.
    cluster : int
        Number of the cluster.
    labels : int64[n]
        Modified in place.

    Yields
    ------
    Visit
    """
    neighbors = region_query(of, point)
    if not is_core(of, neighbors):
        labels[point] = NOISE
        yield Visit(point, "noise", NOISE, neighbors, [], [])
        return
    seeds = [point]
    while seeds:
        point = seeds.pop(0)
        neighbors = region_query(of, point)
        role, joined = "border", []
        if is_core(of, neighbors):
            role = "core"
            # What an earlier cluster has reached stays there: "assigned to the cluster discovered
            # first", as the text of the paper says where its pseudocode forgets.
            reached = sorted({point, *neighbors.tolist()})
            joined = [q for q in reached if labels[q] in (UNCLASSIFIED, NOISE)]
            # Noise has been found not to be core: it joins, and brings no others.
            seeds += [q for q in joined if labels[q] == UNCLASSIFIED and q != point]
            labels[joined] = cluster
        yield Visit(point, role, cluster, neighbors, joined, seeds.copy())


def visits(
    X: np.ndarray,
    eps: float,
    min_samples: float,
    w: np.ndarray | None = None,
    distances: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Iterator[Visit]:
    """Visit the points in the order of their indices, and those that a cluster reaches from there.

    Parameters
    ----------
    X : float[n, d]
    eps : float
    min_samples : float
    w : float64[n], optional
    distances : callable, optional
        From (X, q) to the distances of a point q, float64[n]. With ``lambda X, row: row`` the
        rows of X are distances; they need not be symmetric.

    Yields
    ------
    Visit
        O(n) of them, each with the distances of a point to all.
    """
    of = Neighborhoods(X, eps, min_samples, w, distances)
    labels = np.full(len(X), UNCLASSIFIED)
    cluster = 0
    for point in range(len(X)):
        if labels[point] == UNCLASSIFIED:
            yield from expand_cluster(of, point, cluster, labels)
            cluster += labels[point] == cluster


def dbscan(
    X: np.ndarray,
    eps: float,
    min_samples: float,
    w: np.ndarray | None = None,
    distances: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster by density: all visits, and what they leave behind.

    Parameters
    ----------
    X, eps, min_samples, w, distances
        As of `visits`.

    Returns
    -------
    core_indices : int64[n_core]
        Ascending.
    labels : int64[n]
        Numbers of the clusters; NOISE.
    """
    labels = np.full(len(X), NOISE)
    core_indices = []
    for visit in visits(X, eps, min_samples, w, distances):
        labels[visit.joined] = visit.cluster
        if visit.role == "core":
            core_indices.append(visit.point)
    return np.sort(np.array(core_indices, dtype=np.int64)), labels


def components(
    X: np.ndarray,
    eps: float,
    min_samples: float,
    w: np.ndarray | None = None,
    distances: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The same clusters, by a rule that knows of no order in which points are visited.

    For distances that are symmetric: then of two core points each reaches the other or neither
    does (lemma 2 of the paper), and a cluster's core points are a connected component.

    Parameters
    ----------
    X, eps, min_samples, w, distances
        As of `visits`.

    Returns
    -------
    core_indices : int64[n_core]
    labels : int64[n]
        As of `dbscan`.
    """
    of = Neighborhoods(X, eps, min_samples, w, distances)
    neighborhoods = [region_query(of, p) for p in range(len(X))]
    core = np.array([is_core(of, neighbors) for neighbors in neighborhoods], dtype=bool)
    core_indices = np.flatnonzero(core)
    # Step 1: the smallest core point of each component, passed on until nothing changes.
    smallest = np.arange(len(X))
    changed = True
    while changed:
        before = smallest.copy()
        for p in core_indices:
            neighbors = neighborhoods[p]
            smallest[p] = smallest[neighbors[core[neighbors]]].min(initial=smallest[p])
        changed = bool((smallest != before).any())
    # Step 2: number the components by it.
    labels = np.full(len(X), NOISE)
    labels[core_indices] = np.unique(smallest[core_indices], return_inverse=True)[1]
    # Step 3: a border point takes the smallest number among the core points within eps.
    for p in np.flatnonzero(~core):
        near_cores = neighborhoods[p][core[neighborhoods[p]]]
        if len(near_cores):
            labels[p] = labels[near_cores].min()
    return core_indices, labels
