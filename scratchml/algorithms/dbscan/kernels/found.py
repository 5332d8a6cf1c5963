"""Clusters from lists of neighbours, as brute force finds them."""

from __future__ import annotations

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.disjoint_sets import find_root, unite_roots

from .first_clusters import NO_CLUSTER


@kernel(STRICT, allocates=False)
def weigh_found(starts, indices, weights, out_totals):
    """The weight of the neighbours of each query.

    Parameters
    ----------
    starts : int64[n_queries + 1]
        Where the list of each query starts, and where the last one ends.
    indices : int64[n_found] or int32[n_found]
        The points on the lists.
    weights : float64[n_points]
    out_totals : float64[n_queries]
    """
    for q in range(starts.shape[0] - 1):
        total = 0.0
        for t in range(starts[q], starts[q + 1]):
            total += weights[indices[t]]
        out_totals[q] = total


@kernel(STRICT, allocates=False)
def connect_found(rows, starts, indices, ranks, inout_parents):
    """Connect core points with the core points on their lists.

    Parameters
    ----------
    rows : int64[n_queries]
        Which points the queries are.
    starts, indices
        As for `weigh_found`.
    ranks : int64[n_points]
        How many core points come before a core point; -1 for the other points.
    inout_parents : int32[n_core] or int64[n_core]
        Disjoint sets of the core points.
    """
    for q in range(rows.shape[0]):
        if ranks[rows[q]] < 0:
            continue
        root = find_root(inout_parents, ranks[rows[q]])
        for t in range(starts[q], starts[q + 1]):
            rank = ranks[indices[t]]
            if rank >= 0:
                other = find_root(inout_parents, rank)
                if other != root:
                    root = unite_roots(root, other, inout_parents)


@kernel(STRICT, allocates=False)
def claim_found(starts, indices, clusters, out_clusters):
    """The first cluster among the points on each list.

    Parameters
    ----------
    starts, indices
        As for `weigh_found`.
    clusters : int64[n_points]
        Those of the core points; ``NO_CLUSTER`` for the other points.
    out_clusters : int64[n_queries]
        ``NO_CLUSTER`` where there is none.
    """
    for q in range(starts.shape[0] - 1):
        least = NO_CLUSTER
        for t in range(starts[q], starts[q + 1]):
            least = min(least, clusters[indices[t]])
        out_clusters[q] = least
