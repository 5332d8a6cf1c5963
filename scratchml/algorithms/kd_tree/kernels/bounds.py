"""Reduced distances: from many points to a box, and from some points to a leaf.

The distance to a box sums, feature by feature, what the distance to each point in it sums, only
smaller; and rounding keeps order. So the bound that is computed never exceeds a distance that is
computed, and comparing the two as they are prunes nothing that counts. (Powers are not known to be
monotone in the last bit: bounds of the Minkowski metric are made a little smaller.)
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

from .structure import CHEBYSHEV, EUCLIDEAN, MANHATTAN, MINKOWSKI

POWER_SLACK = 1e-13
"""Relative slack of bounds that are sums of powers."""

POWER_FLOOR = 1e-300
"""And slack where powers are so small that they have lost digits."""


@kernel(STRICT, allocates=False)
def bound_box(lower, upper, lanes, n_lanes, metric, out_bounds):
    """Least reduced distance from each lane to a box.

    Parameters
    ----------
    lower, upper : float[n_features]
        Corners of the box.
    lanes : float64[n_features, >= n_lanes]
        A point on each lane.
    n_lanes : int
    metric : Metric
    out_bounds : float64[>= n_lanes]
    """
    for j in range(lower.shape[0]):
        x, low, high = lanes[j], np.float64(lower[j]), np.float64(upper[j])
        if j == 0 and metric.code == EUCLIDEAN:
            for i in range(n_lanes):
                u = max(max(low - x[i], x[i] - high), 0.0)
                out_bounds[i] = u * u
            continue
        if j == 0:
            for i in range(n_lanes):
                out_bounds[i] = 0.0
        if metric.code == EUCLIDEAN:
            for i in range(n_lanes):
                u = max(max(low - x[i], x[i] - high), 0.0)
                out_bounds[i] += u * u
        elif metric.code == MANHATTAN:
            for i in range(n_lanes):
                out_bounds[i] += max(max(low - x[i], x[i] - high), 0.0)
        elif metric.code == CHEBYSHEV:
            for i in range(n_lanes):
                u = max(max(low - x[i], x[i] - high), 0.0)
                out_bounds[i] = max(out_bounds[i], u)
        else:
            for i in range(n_lanes):
                out_bounds[i] += max(max(low - x[i], x[i] - high), 0.0) ** metric.p
    if metric.code == MINKOWSKI:
        for i in range(n_lanes):
            out_bounds[i] = out_bounds[i] * (1 - POWER_SLACK) - POWER_FLOOR


@kernel(STRICT, allocates=False)
def bound_box_above(lower, upper, lanes, n_lanes, metric, out_bounds):
    """Largest reduced distance from each lane to a point of a box; see `bound_box`."""
    for i in range(n_lanes):
        out_bounds[i] = 0.0
    for j in range(lower.shape[0]):
        x, low, high = lanes[j], np.float64(lower[j]), np.float64(upper[j])
        if metric.code == EUCLIDEAN:
            for i in range(n_lanes):
                u = max(x[i] - low, high - x[i])
                out_bounds[i] += u * u
        elif metric.code == MANHATTAN:
            for i in range(n_lanes):
                out_bounds[i] += max(x[i] - low, high - x[i])
        elif metric.code == CHEBYSHEV:
            for i in range(n_lanes):
                out_bounds[i] = max(out_bounds[i], max(x[i] - low, high - x[i]))
        else:
            for i in range(n_lanes):
                out_bounds[i] += max(x[i] - low, high - x[i]) ** metric.p
    if metric.code == MINKOWSKI:
        for i in range(n_lanes):
            out_bounds[i] = out_bounds[i] * (1 + POWER_SLACK) + POWER_FLOOR


@kernel(STRICT, allocates=False)
def measure_leaf(leaf, queries, chosen, n_chosen, metric, out_distances):
    """Reduced distances from some queries to all points of a leaf, float64 in feature order.

    Parameters
    ----------
    leaf : float[n_features, leaf_size]
    queries : float64[n_queries, n_features]
    chosen : int64[>= n_chosen]
        Which of the queries.
    n_chosen : int
    metric : Metric
    out_distances : float64[>= n_chosen, leaf_size]
        A row for each chosen query, in their order.
    """
    if metric.code == EUCLIDEAN:
        measure_squares(leaf, queries, chosen, n_chosen, out_distances)
        return
    n_features, size = leaf.shape
    for s in range(n_chosen):
        query, out = queries[chosen[s]], out_distances[s]
        for i in range(size):
            out[i] = 0.0
        for j in range(n_features):
            x, y = leaf[j], query[j]
            if metric.code == MANHATTAN:
                for i in range(size):
                    out[i] += abs(np.float64(x[i]) - y)
            elif metric.code == CHEBYSHEV:
                for i in range(size):
                    out[i] = max(out[i], abs(np.float64(x[i]) - y))
            else:
                for i in range(size):
                    out[i] += abs(np.float64(x[i]) - y) ** metric.p


@kernel(STRICT, allocates=False)
def measure_squares(leaf, queries, chosen, n_chosen, out_sq_distances):
    """Squared distances, four features at a time where there are as many; see `measure_leaf`.

    Plain form: ``out[s] = ((leaf - queries[chosen[s], :, None]) ** 2).sum(axis=0)``, in the order
    of features.
    """
    n_features, size = leaf.shape
    whole = n_features - n_features % 4
    x = leaf.reshape(-1)
    for s in range(n_chosen):
        y, out = queries[chosen[s]], out_sq_distances[s]
        if n_features == 2:
            y0, y1 = y[0], y[1]
            for i in range(size):
                u0, u1 = np.float64(x[i]) - y0, np.float64(x[i + size]) - y1
                out[i] = u0 * u0 + u1 * u1
            continue
        if n_features == 3:
            y0, y1, y2 = y[0], y[1], y[2]
            for i in range(size):
                u0, u1 = np.float64(x[i]) - y0, np.float64(x[i + size]) - y1
                u2 = np.float64(x[i + 2 * size]) - y2
                out[i] = u0 * u0 + u1 * u1 + u2 * u2
            continue
        for j in range(0, whole, 4):
            y0, y1, y2, y3 = y[j], y[j + 1], y[j + 2], y[j + 3]
            four = x[j * size : (j + 4) * size]
            if j == 0:
                for i in range(size):
                    u0, u1 = np.float64(four[i]) - y0, np.float64(four[i + size]) - y1
                    u2 = np.float64(four[i + 2 * size]) - y2
                    u3 = np.float64(four[i + 3 * size]) - y3
                    out[i] = u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            else:
                for i in range(size):
                    u0, u1 = np.float64(four[i]) - y0, np.float64(four[i + size]) - y1
                    u2 = np.float64(four[i + 2 * size]) - y2
                    u3 = np.float64(four[i + 3 * size]) - y3
                    out[i] = out[i] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
        for j in range(whole, n_features):
            one, y0 = leaf[j], y[j]
            if j == 0:
                for i in range(size):
                    u0 = np.float64(one[i]) - y0
                    out[i] = u0 * u0
            else:
                for i in range(size):
                    u0 = np.float64(one[i]) - y0
                    out[i] += u0 * u0


@kernel(STRICT, allocates=False)
def reduce_radii(radii, metric, out_limits):
    """Reduced distances from radii; -1, below any distance, where a radius is negative."""
    for i in range(radii.shape[0]):
        radius = radii[i]
        if not radius >= 0:
            out_limits[i] = -1
        elif metric.code == EUCLIDEAN:
            out_limits[i] = radius * radius
        elif metric.code == MINKOWSKI:
            out_limits[i] = radius**metric.p
        else:
            out_limits[i] = radius


@kernel(STRICT, allocates=False)
def restore_distances(reduced, metric, out_distances):
    """Distances from reduced ones; the two arrays may be one."""
    for t in range(reduced.shape[0]):
        if metric.code == EUCLIDEAN:
            out_distances[t] = np.sqrt(reduced[t])
        elif metric.code == MINKOWSKI:
            out_distances[t] = reduced[t] ** (1 / metric.p)
        else:
            out_distances[t] = reduced[t]
