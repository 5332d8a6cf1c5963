"""Mean distances of points: what silhouettes are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Means(NamedTuple):
    """Mean distances of some points: the two of a point are on one scale."""

    within: np.ndarray
    """float64[n_points]: to the others of the own cluster; NaN where there are none."""
    nearest: np.ndarray
    """float64[n_points]: to the points of the nearest other cluster."""

    def silhouettes(self) -> np.ndarray:
        """float64[n_points]; 0 for a point that is alone in its cluster."""
        scores = np.zeros(len(self.within))
        largest = np.maximum(self.within, self.nearest)
        np.divide(self.nearest - self.within, largest, out=scores, where=largest > 0)
        return np.nan_to_num(scores, copy=False)


def within_of_sums(sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Means over the others of the own cluster.

    Parameters
    ----------
    sums : float64[n_points]
        Of the distances to the own cluster, 0 to the point itself.
    sizes : int[n_points]
        Of the own cluster.
    """
    return np.divide(sums, sizes - 1.0, out=np.full(len(sums), np.nan), where=sizes > 1)


def split_sums(
    sums: np.ndarray, own: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum to the own cluster, and least mean to another.

    Parameters
    ----------
    sums : float64[n_points, n_clusters]
        Of the distances of each point to each cluster; overwritten.
    own : int32[n_points]
    sizes : int64[n_clusters]
    """
    points = np.arange(len(own))
    within = sums[points, own]
    sums /= sizes
    sums[points, own] = np.inf
    return within, sums.min(axis=1)
