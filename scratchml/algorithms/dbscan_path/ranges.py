"""Ranges of eps over which the clusters are the same."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import row_pieces

from .kernels.cuts import find_lives

EDGE_OPERATIONS = 50
"""Multiply-adds, about, that an edge takes the time of: it looks far apart in memory."""

RANGE = np.dtype([("eps_low", np.float64), ("eps_high", np.float64), ("n_clusters", np.int64)])


class EpsRange(NamedTuple):
    """A range of eps, from ``eps_low`` to just below ``eps_high``."""

    eps_low: float
    """The least eps of the range."""
    eps_high: float
    """The least eps above it at which the clusters are others."""
    n_clusters: int
    """How many clusters there are in the range."""

    @property
    def eps(self) -> float:
        """The middle of the range, by ratio: the geometric mean of its ends."""
        return max(math.sqrt(self.eps_low) * math.sqrt(self.eps_high), self.eps_low)


def find_ranges(
    edges: np.ndarray, distances: np.ndarray, cores: np.ndarray, min_cluster_size: int
) -> np.ndarray:
    """Find the ranges of eps over which no cluster is born and no two are merged.

    Parameters
    ----------
    edges : int64[n_edges, 2]
        Of the spanning tree, by distance.
    distances : float64[n_edges]
    cores : float64[n_samples]
        Core distances.
    min_cluster_size : int
        Core points that make a cluster.

    Returns
    -------
    structured ndarray of shape (n_ranges,)
        ``eps_low``, ``eps_high``, ``n_clusters``; each range begins where the one before it ends.
    """
    n = len(cores)
    sets, sizes, lives = np.arange(n), np.ones(n, np.int64), np.empty((n, 2))
    births = cores.copy() if min_cluster_size <= 1 else np.full(n, np.inf)
    n_lives = 0
    for part in row_pieces(slice(0, len(edges)), EDGE_OPERATIONS):
        n_lives = find_lives(
            edges[part], distances[part], min_cluster_size, n_lives, sets, sizes, births, lives
        )
    deaths = np.sort(lives[:n_lives, 1])
    immortal = births[(sets == np.arange(n)) & (births < np.inf)]
    births = np.sort(np.concatenate([lives[:n_lives, 0], immortal]))
    levels = np.unique(np.concatenate([births, deaths]))
    ranges = np.empty(len(levels), RANGE)
    ranges["eps_low"] = levels
    ranges["eps_high"][:-1] = levels[1:]
    ranges["eps_high"][-1:] = np.inf
    n_born = np.searchsorted(births, levels, "right")
    ranges["n_clusters"] = n_born - np.searchsorted(deaths, levels, "right")
    return ranges


def most_stable(ranges: np.ndarray) -> EpsRange | None:
    """The range of the largest ratio of its ends, among those of two clusters and more.

    Parameters
    ----------
    ranges : structured ndarray
        As of `find_ranges`.

    Returns
    -------
    EpsRange or None
        Of equal ratios the range of the smallest eps; None if there is no such range, which has
        both ends.
    """
    candidates = ranges[(ranges["n_clusters"] > 1) & (ranges["eps_low"] > 0)]
    candidates = candidates[candidates["eps_high"] < np.inf]
    if len(candidates) == 0:
        return None
    best = candidates[np.argmax(candidates["eps_high"] / candidates["eps_low"])]
    return EpsRange(*best.item())
