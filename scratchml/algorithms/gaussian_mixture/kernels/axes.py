"""Components that need no products of different features: variances along the axes, or one for all.

A covariance that all components share is the identity after one linear map of the data: tiles are
mapped once (`whiten`), and then all components are spheres.
"""

from __future__ import annotations

from scratchml.core.jit import REORDER, kernel

from .full import column_products, subtract_point


@kernel(REORDER, allocates=False)
def whiten(tile, n_lanes, origin, factor, deviations, out_white):
    """Map the columns of a tile: factor^T (x - origin).

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    origin : float64[n_features]
    factor : float64[n_features, n_features]
        Upper triangular.
    deviations : float64[n_features, >= n_lanes]
        Memory to work in.
    out_white : float64[n_features, >= n_lanes]
    """
    subtract_point(tile, n_lanes, origin, deviations)
    for j in range(tile.shape[0]):
        column_products(deviations, n_lanes, factor, j, out_white[j])


@kernel(REORDER, allocates=False)
def diagonal_sq_distances(tile, n_lanes, mean, factor, out_sq_distances):
    """Squared distance of each column of a tile to a mean, in units of deviations along the axes.

    Plain form: ``((tile.T - mean) * factor) ** 2`` summed over the features.

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    mean, factor : float64[n_features]
    out_sq_distances : float64[>= n_lanes]
    """
    n_features = tile.shape[0]
    for i in range(n_lanes):
        out_sq_distances[i] = 0.0
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        m0, m1, m2, m3 = mean[j], mean[j + 1], mean[j + 2], mean[j + 3]
        f0, f1, f2, f3 = factor[j], factor[j + 1], factor[j + 2], factor[j + 3]
        for i in range(n_lanes):
            y0, y1 = (x0[i] - m0) * f0, (x1[i] - m1) * f1
            y2, y3 = (x2[i] - m2) * f2, (x3[i] - m3) * f3
            out_sq_distances[i] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)
    for j in range(whole, n_features):
        x0 = tile[j]
        m0, f0 = mean[j], factor[j]
        for i in range(n_lanes):
            y0 = (x0[i] - m0) * f0
            out_sq_distances[i] += y0 * y0


@kernel(REORDER, allocates=False)
def spherical_sq_distances(tile, n_lanes, mean, factor, out_sq_distances):
    """Squared distance of each column of a tile to a mean, in units of one deviation.

    Plain form: ``factor**2 * ((tile.T - mean) ** 2)`` summed over the features.

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    mean : float64[n_features]
    factor : float
    out_sq_distances : float64[>= n_lanes]
    """
    n_features = tile.shape[0]
    for i in range(n_lanes):
        out_sq_distances[i] = 0.0
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        m0, m1, m2, m3 = mean[j], mean[j + 1], mean[j + 2], mean[j + 3]
        for i in range(n_lanes):
            y0, y1, y2, y3 = x0[i] - m0, x1[i] - m1, x2[i] - m2, x3[i] - m3
            out_sq_distances[i] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)
    for j in range(whole, n_features):
        x0 = tile[j]
        m0 = mean[j]
        for i in range(n_lanes):
            y0 = x0[i] - m0
            out_sq_distances[i] += y0 * y0
    sq_factor = factor * factor
    for i in range(n_lanes):
        out_sq_distances[i] *= sq_factor


@kernel(REORDER, allocates=False)
def first_moments(tile, n_lanes, weights, origin, out_firsts):
    """Add the weighted sums of the columns of a tile relative to an origin.

    Plain form: ``out_firsts += weights @ (tile.T - origin)``. Returns the sum of the weights.
    """
    total = 0.0
    for i in range(n_lanes):
        total += weights[i]
    n_features = tile.shape[0]
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        m0, m1, m2, m3 = origin[j], origin[j + 1], origin[j + 2], origin[j + 3]
        a0 = a1 = a2 = a3 = 0.0
        for i in range(n_lanes):
            r = weights[i]
            a0 += r * (x0[i] - m0)
            a1 += r * (x1[i] - m1)
            a2 += r * (x2[i] - m2)
            a3 += r * (x3[i] - m3)
        out_firsts[j] += a0
        out_firsts[j + 1] += a1
        out_firsts[j + 2] += a2
        out_firsts[j + 3] += a3
    for j in range(whole, n_features):
        x0 = tile[j]
        m0 = origin[j]
        a0 = 0.0
        for i in range(n_lanes):
            a0 += weights[i] * (x0[i] - m0)
        out_firsts[j] += a0
    return total


@kernel(REORDER, allocates=False)
def diagonal_moments(tile, n_lanes, weights, origin, out_firsts, out_seconds):
    """Add the weighted first moments of the columns of a tile, and the squares along each axis.

    Plain form: ``u = tile.T - origin; out_firsts += weights @ u; out_seconds += weights @ u**2``.
    Returns the sum of the weights.
    """
    total = 0.0
    for i in range(n_lanes):
        total += weights[i]
    n_features = tile.shape[0]
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        m0, m1, m2, m3 = origin[j], origin[j + 1], origin[j + 2], origin[j + 3]
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
        for i in range(n_lanes):
            r = weights[i]
            u0, u1, u2, u3 = x0[i] - m0, x1[i] - m1, x2[i] - m2, x3[i] - m3
            z0, z1, z2, z3 = r * u0, r * u1, r * u2, r * u3
            a0 += z0
            a1 += z1
            a2 += z2
            a3 += z3
            b0 += z0 * u0
            b1 += z1 * u1
            b2 += z2 * u2
            b3 += z3 * u3
        out_firsts[j] += a0
        out_firsts[j + 1] += a1
        out_firsts[j + 2] += a2
        out_firsts[j + 3] += a3
        out_seconds[j] += b0
        out_seconds[j + 1] += b1
        out_seconds[j + 2] += b2
        out_seconds[j + 3] += b3
    for j in range(whole, n_features):
        x0 = tile[j]
        m0 = origin[j]
        a0 = b0 = 0.0
        for i in range(n_lanes):
            u0 = x0[i] - m0
            z0 = weights[i] * u0
            a0 += z0
            b0 += z0 * u0
        out_firsts[j] += a0
        out_seconds[j] += b0
    return total
