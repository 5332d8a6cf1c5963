"""Reduced distances between points, and the radii at which they come to be within."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kd_tree.kernels.structure import (
    CHEBYSHEV,
    EUCLIDEAN,
    MANHATTAN,
    MINKOWSKI,
)
from scratchml.core.jit import STRICT, kernel

LARGEST = np.finfo(np.float64).max
SMALLEST = np.finfo(np.float64).smallest_subnormal
EPSILON = np.finfo(np.float64).eps


@kernel(STRICT, allocates=False)
def measure_pair(x, y, metric):
    """Reduced distance of two points, a float64 sum in feature order.

    Parameters
    ----------
    x, y : float[n_features]
    metric : Metric

    Returns
    -------
    float
        To the last bit what `measure_leaf` computes.
    """
    total = 0.0
    for j in range(x.shape[0]):
        u = abs(np.float64(x[j]) - np.float64(y[j]))
        if metric.code == EUCLIDEAN:
            total += u * u
        elif metric.code == MANHATTAN:
            total += u
        elif metric.code == CHEBYSHEV:
            total = max(total, u)
        else:
            total += u**metric.p
    return total


@kernel(STRICT, allocates=False)
def measure_neighbors(points, begin, neighbors, metric, out_gaps):
    """Reduced distances from consecutive points to their neighbours.

    Parameters
    ----------
    points : float[n_samples, n_features]
    begin : int
        The first of the points.
    neighbors : int64[n_points, k]
    metric : Metric
    out_gaps : float64[n_points, k]
    """
    for i in range(neighbors.shape[0]):
        for t in range(neighbors.shape[1]):
            y = points[neighbors[i, t]]
            out_gaps[i, t] = measure_pair(points[begin + i], y, metric)


@kernel(STRICT, allocates=False)
def reduce_radius(radius, metric):
    """Reduced distance of a radius: a point that is as far is within."""
    if metric.code == EUCLIDEAN:
        return radius * radius
    if metric.code == MINKOWSKI:
        return radius**metric.p
    return radius


@kernel(STRICT, allocates=False)
def least_radius(reduced, metric):
    """The least radius within which a reduced distance is.

    A root is rounded: its square may be less than the distance, or that of the number before it
    no less. The radius is looked for around it, so that comparing it with any other radius says
    what comparing the reduced distances would.

    Parameters
    ----------
    reduced : float
    metric : Metric

    Returns
    -------
    float
        Infinite if it is within no finite radius.
    """
    if metric.code == MANHATTAN or metric.code == CHEBYSHEV or reduced == 0:
        return reduced
    root = np.sqrt(reduced) if metric.code == EUCLIDEAN else reduced ** (1 / metric.p)
    low = high = min(root, LARGEST)
    step = max(EPSILON * high, SMALLEST)
    while reduce_radius(high, metric) < reduced:
        low = high
        high += step
        step *= 2
    while reduce_radius(low, metric) >= reduced:
        high = low
        low = max(low - step, 0.0)
        step *= 2
    while True:
        middle = low + 0.5 * (high - low)
        if not low < middle < high:
            return high
        if reduce_radius(middle, metric) >= reduced:
            high = middle
        else:
            low = middle


@kernel(STRICT, allocates=False)
def find_least_radii(reduced, metric, out_radii):
    """The least radius for each of some reduced distances; the two arrays may be one.

    Parameters
    ----------
    reduced : float64[n]
    metric : Metric
    out_radii : float64[n]
    """
    for i in range(reduced.shape[0]):
        out_radii[i] = least_radius(reduced[i], metric)


@kernel(STRICT, allocates=False)
def find_reaches(begin, end, order, cores, lists, metric, out_reaches, out_neighbors, out_radii):
    """From which radius on each point is in reach of each of its neighbours.

    A neighbour reaches a point once it is a core point and the point is within the radius. That
    counts as long as the point is no core point itself: then fewer than ``min_samples`` points are
    within, all of them in its list.

    Parameters
    ----------
    begin, end : int
        Which points, in the order of the tree.
    order : int64[n_samples]
        Index of each point of the tree.
    cores : float64[n_samples]
        Reduced core distances, in the order of the tree.
    lists : Lists
        Of all points.
    metric : Metric
    out_reaches : float64[n_samples, n_columns]
        Radii, in the order of the indices; infinite where there is no further neighbour that
        reaches the point before it is a core point.
    out_neighbors : int64[n_samples, n_columns]
        Indices of the neighbours; the point's own where there is none.
    out_radii : float64[n_samples]
        The least radius at which a point is no noise.
    """
    for p in range(begin, end):
        i, n = order[p], 0
        least = cores[p]
        for t in range(lists.neighbors.shape[1]):
            q = lists.neighbors[p, t]
            reach = max(lists.gaps[p, t], cores[q])
            if reach < cores[p]:
                least = min(least, reach)
                out_reaches[i, n] = least_radius(reach, metric)
                out_neighbors[i, n] = order[q]
                n += 1
        for t in range(n, out_reaches.shape[1]):
            out_reaches[i, t] = np.inf
            out_neighbors[i, t] = i
        out_radii[i] = least_radius(least, metric)
