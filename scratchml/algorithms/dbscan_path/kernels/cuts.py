"""What the spanning tree says of each eps: labels, and the lives of clusters.

Everything is compared by radii that are exact thresholds (see `reachability.least_radius`), and
numbered by index.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.disjoint_sets import find_root, unite_roots

NOISE = -1


@kernel(STRICT, allocates=False)
def point_to_elders(edges, distances, inout_sets, inout_elders, inout_joins):
    """The pointer representation of the hierarchy: when a cluster gets a first point that precedes.

    Of all points of a cluster that grows, its first one stays the first until the cluster is joined
    with one whose first point has a lower index. From then on both have the same label.

    Parameters
    ----------
    edges : int64[n_edges, 2]
        Of the spanning tree, by distance; or a part of them, after those before it.
    distances : float64[n_edges]
    inout_sets : int64[n_samples]
        Disjoint sets; at first ``arange(n_samples)``.
    inout_elders : int64[n_samples]
        The first point of the cluster that each point joins as the first one of its own; at first,
        and in the end if it never does, the point itself.
    inout_joins : float64[n_samples]
        From which eps on; at first, and in the end if it never does, infinite.

    Notes
    -----
    Sibson (1973), section 2, with the lowest index in the place of the highest. O(n) time, nearly.
    """
    sets = inout_sets
    for e in range(edges.shape[0]):
        a, b = find_root(sets, edges[e, 0]), find_root(sets, edges[e, 1])
        root = unite_roots(a, b, sets)
        younger = a + b - root
        inout_elders[younger], inout_joins[younger] = root, distances[e]


@kernel(STRICT, allocates=False)
def label_cores(cores, elders, joins, eps, out_labels):
    """Label the core points at an eps, and all others as noise.

    A core point is the first of its cluster, or has the label of one that comes before it.

    Parameters
    ----------
    cores : float64[n_samples]
        Core distances.
    elders : int64[n_samples]
    joins : float64[n_samples]
        As of `point_to_elders`.
    eps : float
    out_labels : int64[n_samples]
    """
    n_clusters = 0
    for i in range(cores.shape[0]):
        if cores[i] > eps:
            out_labels[i] = NOISE
        elif joins[i] <= eps:
            out_labels[i] = out_labels[elders[i]]
        else:
            out_labels[i] = n_clusters
            n_clusters += 1


@kernel(STRICT, allocates=False)
def label_borders(begin, end, cores, radii, reaches, neighbors, eps, inout_labels):
    """Give border points the smallest label of the core points that reach them.

    Parameters
    ----------
    begin, end : int
        Which points.
    cores : float64[n_samples]
        Core distances.
    radii : float64[n_samples]
        From which eps on a point is no noise.
    reaches : float64[n_samples, n_columns]
    neighbors : int64[n_samples, n_columns]
        As of `find_reaches`.
    eps : float
    inout_labels : int64[n_samples]
        Those of the core points are set.
    """
    for i in range(begin, end):
        if cores[i] <= eps or radii[i] > eps:
            continue
        label = np.iinfo(np.int64).max
        for t in range(reaches.shape[1]):
            if reaches[i, t] <= eps:
                label = min(label, inout_labels[neighbors[i, t]])
        inout_labels[i] = label


@kernel(STRICT, allocates=False)
def find_lives(
    edges, distances, min_cluster_size, n_lives, inout_sets, inout_sizes, inout_births, out_lives
):
    """When clusters of some size are born, and when they are merged into an older one.

    Of two clusters that merge the one that was born first lives on. A cluster that dies when it is
    born has never been one.

    Parameters
    ----------
    edges : int64[n_edges, 2]
        Of the spanning tree, by distance; or a part of them, after those before it.
    distances : float64[n_edges]
    min_cluster_size : int
        Core points that make a cluster.
    n_lives : int
        Clusters that have died before.
    inout_sets : int64[n_samples]
        Disjoint sets; at first ``arange(n_samples)``.
    inout_sizes : int64[n_samples]
        Core points of each set, at its root; at first 1.
    inout_births : float64[n_samples]
        From which eps on a set is a cluster, at its root; at first the core distances if one point
        makes a cluster, else infinite.
    out_lives : float64[n_samples, 2]
        Births and deaths.

    Returns
    -------
    int
        Clusters that have died so far.

    Notes
    -----
    The persistence of connected components (Edelsbrunner, Letscher and Zomorodian 2002). O(n) time,
    nearly.
    """
    sets, sizes, births = inout_sets, inout_sizes, inout_births
    for e in range(edges.shape[0]):
        a, b = find_root(sets, edges[e, 0]), find_root(sets, edges[e, 1])
        root = unite_roots(a, b, sets)
        size = sizes[a] + sizes[b]
        older, younger = min(births[a], births[b]), max(births[a], births[b])
        if younger < distances[e]:
            out_lives[n_lives, 0], out_lives[n_lives, 1] = younger, distances[e]
            n_lives += 1
        if older == np.inf and size >= min_cluster_size:
            older = distances[e]
        sizes[root], births[root] = size, older
    return n_lives
