"""What is within eps: comparisons of reduced distances, on the sphere by two of them.

Distances on a sphere are those of a tree over unit vectors. A chord says on which side of eps a
point is but for the rounding of the unit vectors: between two limits the haversine formula decides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import POWER_FLOOR, POWER_SLACK
from scratchml.algorithms.kd_tree.kernels.structure import CHEBYSHEV, EUCLIDEAN, MANHATTAN
from scratchml.core.jit import STRICT, kernel


class Reach(NamedTuple):
    """The points within eps, as kernels compare them."""

    inner: float
    """Reduced distance up to which a point is within eps,"""
    outer: float
    """and beyond which it is not; they differ on the sphere alone."""
    haversine: float
    """The haversine of eps."""
    angles: np.ndarray
    """float64[n_points, 2]: latitude and longitude of the points, in radians; empty elsewhere."""


@kernel(STRICT, allocates=False)
def settle_leaf(reach, latitude, longitude, indices, inout_distances):
    """Settle by the haversine formula which points between the two limits are within eps.

    Parameters
    ----------
    reach : Reach
    latitude, longitude : float
        Of the query, in radians.
    indices : int64[n_points]
        Which points they are.
    inout_distances : float64[n_points]
        Their reduced distances; -1 or infinite where they are settled.
    """
    for t in range(inout_distances.shape[0]):
        if reach.inner < inout_distances[t] <= reach.outer:
            other = reach.angles[indices[t]]
            along = np.sin((latitude - other[0]) / 2)
            across = np.sin((longitude - other[1]) / 2)
            haversine = along * along + np.cos(latitude) * np.cos(other[0]) * across * across
            inout_distances[t] = -1.0 if haversine <= reach.haversine else np.inf


@kernel(STRICT, allocates=False)
def bound_boxes(lower, upper, other_lower, other_upper, metric):
    """Least reduced distance between the points of two boxes; see `kd_tree.kernels.bounds`.

    Parameters
    ----------
    lower, upper, other_lower, other_upper : float[n_features]
    metric : Metric

    Returns
    -------
    float64
    """
    total = 0.0
    for j in range(lower.shape[0]):
        gap = np.float64(other_lower[j]) - np.float64(upper[j])
        other_gap = np.float64(lower[j]) - np.float64(other_upper[j])
        u = max(max(gap, other_gap), 0.0)
        if metric.code == EUCLIDEAN:
            total += u * u
        elif metric.code == MANHATTAN:
            total += u
        elif metric.code == CHEBYSHEV:
            total = max(total, u)
        elif u > 0:
            total += u**metric.p * (1 - POWER_SLACK) - POWER_FLOOR
    return total


@kernel(STRICT, allocates=False)
def bound_diameter(lower, upper, metric):
    """Largest reduced distance between two points of a box."""
    total = 0.0
    for j in range(lower.shape[0]):
        u = np.float64(upper[j]) - np.float64(lower[j])
        if metric.code == EUCLIDEAN:
            total += u * u
        elif metric.code == MANHATTAN:
            total += u
        elif metric.code == CHEBYSHEV:
            total = max(total, u)
        else:
            total += u**metric.p * (1 + POWER_SLACK) + POWER_FLOOR
    return total
