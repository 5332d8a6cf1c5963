"""Components of full covariance: Mahalanobis distances, and moments up to the second.

Rows sit on SIMD lanes (`scratchml.core.kernels.tiles`). Both pieces are triangular: half of the
products of a matrix and a vector. They go by blocks of four by four features,
whose numbers and sums stay in registers while the lanes of a tile pass by; what four does not
divide is done feature by feature.
"""

from __future__ import annotations

from scratchml.core.jit import REORDER, kernel


@kernel(REORDER, allocates=False)
def full_sq_distances(tile, n_lanes, mean, factor, deviations, sums, out_sq_distances):
    """Squared Mahalanobis distance of each column of a tile to a mean: |factor^T (x - mean)|^2.

    Plain form: ``((tile.T - mean) @ factor) ** 2`` summed over the features.

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    mean : float64[n_features]
    factor : float64[n_features, n_features]
        Upper triangular, zeros below; factor @ factor.T is the precision matrix.
    deviations : float64[n_features, >= n_lanes]
        Memory to work in; x - mean afterwards, where there are more than three features.
    sums : float64[4, >= n_lanes]
        Memory to work in.
    out_sq_distances : float64[>= n_lanes]
    """
    n_features = tile.shape[0]
    if n_features == 1:
        x0 = tile[0]
        m0, f00 = mean[0], factor[0, 0]
        for i in range(n_lanes):
            y0 = (x0[i] - m0) * f00
            out_sq_distances[i] = y0 * y0
        return
    if n_features == 2:
        x0, x1 = tile[0], tile[1]
        m0, m1 = mean[0], mean[1]
        f00, f01, f11 = factor[0, 0], factor[0, 1], factor[1, 1]
        for i in range(n_lanes):
            u0, u1 = x0[i] - m0, x1[i] - m1
            y0 = u0 * f00
            y1 = u0 * f01 + u1 * f11
            out_sq_distances[i] = y0 * y0 + y1 * y1
        return
    if n_features == 3:
        x0, x1, x2 = tile[0], tile[1], tile[2]
        m0, m1, m2 = mean[0], mean[1], mean[2]
        f00, f01, f02 = factor[0, 0], factor[0, 1], factor[0, 2]
        f11, f12, f22 = factor[1, 1], factor[1, 2], factor[2, 2]
        for i in range(n_lanes):
            u0, u1, u2 = x0[i] - m0, x1[i] - m1, x2[i] - m2
            y0 = u0 * f00
            y1 = u0 * f01 + u1 * f11
            y2 = u0 * f02 + u1 * f12 + u2 * f22
            out_sq_distances[i] = y0 * y0 + y1 * y1 + y2 * y2
        return

    subtract_point(tile, n_lanes, mean, deviations)
    for i in range(n_lanes):
        out_sq_distances[i] = 0.0
    add_sq_products(deviations, n_lanes, factor, 0, n_features, sums, out_sq_distances)


@kernel(REORDER, allocates=False)
def add_sq_products(deviations, n_lanes, factor, begin, end, sums, inout_sq_distances):
    """Add the squares of the products of deviations and some columns of the factor.

    Plain form: ``inout_sq_distances += (deviations.T @ factor[:, begin:end]) ** 2`` summed over the
    columns, of which the first has to be a multiple of four.
    """
    whole = end - end % 4
    for j in range(begin, whole, 4):
        rectangle_products(deviations, n_lanes, factor, j, sums)
        corner_sq_norms(deviations, n_lanes, factor, j, sums, inout_sq_distances)
    for j in range(max(begin, whole), end):
        y = sums[0]
        column_products(deviations, n_lanes, factor, j, y)
        for i in range(n_lanes):
            inout_sq_distances[i] += y[i] * y[i]


@kernel(REORDER, allocates=False)
def subtract_point(tile, n_lanes, point, out_deviations):
    """Columns of a tile relative to a point."""
    for j in range(tile.shape[0]):
        x, u = tile[j], out_deviations[j]
        p = point[j]
        for i in range(n_lanes):
            u[i] = x[i] - p


@kernel(REORDER, allocates=False)
def rectangle_products(deviations, n_lanes, factor, j, out_sums):
    """Products of the first j features and the columns j to j + 3 of the factor.

    Plain form: ``out_sums = factor[:j, j : j + 4].T @ deviations[:j]``; left alone if j is 0.
    """
    s0, s1, s2, s3 = out_sums[0], out_sums[1], out_sums[2], out_sums[3]
    for p in range(0, j, 4):
        u0, u1, u2, u3 = deviations[p], deviations[p + 1], deviations[p + 2], deviations[p + 3]
        f0, f1, f2, f3 = factor[p], factor[p + 1], factor[p + 2], factor[p + 3]
        a0, a1, a2, a3 = f0[j], f1[j], f2[j], f3[j]
        b0, b1, b2, b3 = f0[j + 1], f1[j + 1], f2[j + 1], f3[j + 1]
        c0, c1, c2, c3 = f0[j + 2], f1[j + 2], f2[j + 2], f3[j + 2]
        d0, d1, d2, d3 = f0[j + 3], f1[j + 3], f2[j + 3], f3[j + 3]
        if p == 0:
            for i in range(n_lanes):
                v0, v1, v2, v3 = u0[i], u1[i], u2[i], u3[i]
                s0[i] = v0 * a0 + v1 * a1 + v2 * a2 + v3 * a3
                s1[i] = v0 * b0 + v1 * b1 + v2 * b2 + v3 * b3
                s2[i] = v0 * c0 + v1 * c1 + v2 * c2 + v3 * c3
                s3[i] = v0 * d0 + v1 * d1 + v2 * d2 + v3 * d3
        else:
            for i in range(n_lanes):
                v0, v1, v2, v3 = u0[i], u1[i], u2[i], u3[i]
                s0[i] = s0[i] + v0 * a0 + v1 * a1 + v2 * a2 + v3 * a3
                s1[i] = s1[i] + v0 * b0 + v1 * b1 + v2 * b2 + v3 * b3
                s2[i] = s2[i] + v0 * c0 + v1 * c1 + v2 * c2 + v3 * c3
                s3[i] = s3[i] + v0 * d0 + v1 * d1 + v2 * d2 + v3 * d3


@kernel(REORDER, allocates=False)
def corner_sq_norms(deviations, n_lanes, factor, j, sums, inout_sq_distances):
    """Complete the products of columns j to j + 3 of the factor, and add their squares."""
    s0, s1, s2, s3 = sums[0], sums[1], sums[2], sums[3]
    u0, u1, u2, u3 = deviations[j], deviations[j + 1], deviations[j + 2], deviations[j + 3]
    f0, f1, f2 = factor[j], factor[j + 1], factor[j + 2]
    a0 = f0[j]
    b0, b1 = f0[j + 1], f1[j + 1]
    c0, c1, c2 = f0[j + 2], f1[j + 2], f2[j + 2]
    d0, d1, d2, d3 = f0[j + 3], f1[j + 3], f2[j + 3], factor[j + 3, j + 3]
    if j == 0:
        for i in range(n_lanes):
            v0, v1, v2, v3 = u0[i], u1[i], u2[i], u3[i]
            y0 = v0 * a0
            y1 = v0 * b0 + v1 * b1
            y2 = v0 * c0 + v1 * c1 + v2 * c2
            y3 = v0 * d0 + v1 * d1 + v2 * d2 + v3 * d3
            inout_sq_distances[i] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)
    else:
        for i in range(n_lanes):
            v0, v1, v2, v3 = u0[i], u1[i], u2[i], u3[i]
            y0 = s0[i] + v0 * a0
            y1 = s1[i] + v0 * b0 + v1 * b1
            y2 = s2[i] + v0 * c0 + v1 * c1 + v2 * c2
            y3 = s3[i] + v0 * d0 + v1 * d1 + v2 * d2 + v3 * d3
            inout_sq_distances[i] += (y0 * y0 + y1 * y1) + (y2 * y2 + y3 * y3)


@kernel(REORDER, allocates=False)
def column_products(deviations, n_lanes, factor, j, out_products):
    """Products of the first j + 1 features and column j of the factor."""
    for i in range(n_lanes):
        out_products[i] = 0.0
    whole = (j + 1) - (j + 1) % 4
    for p in range(0, whole, 4):
        u0, u1, u2, u3 = deviations[p], deviations[p + 1], deviations[p + 2], deviations[p + 3]
        f0, f1, f2, f3 = factor[p, j], factor[p + 1, j], factor[p + 2, j], factor[p + 3, j]
        for i in range(n_lanes):
            products = u0[i] * f0 + u1[i] * f1 + u2[i] * f2 + u3[i] * f3
            out_products[i] += products
    for p in range(whole, j + 1):
        u0 = deviations[p]
        f0 = factor[p, j]
        for i in range(n_lanes):
            out_products[i] += u0[i] * f0


@kernel(REORDER, allocates=False)
def full_moments(tile, n_lanes, weights, origin, deviations, weighted, out_firsts, out_seconds):
    """Add the weighted first and second moments of the columns of a tile about an origin.

    Plain form, with ``u = tile.T - origin``: ``out_firsts += weights @ u`` and
    ``out_seconds += (u.T * weights) @ u``.

    Parameters
    ----------
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    weights : float64[>= n_lanes]
        Responsibilities.
    origin : float64[n_features]
    deviations, weighted : float64[n_features, >= n_lanes]
        Memory to work in.
    out_firsts : float64[n_features]
        Modified in place.
    out_seconds : float64[n_features, n_features]
        The lower triangle is modified in place, and perhaps parts of the upper one.

    Returns
    -------
    float
        Sum of the weights.
    """
    n_features = tile.shape[0]
    total = 0.0
    if n_features == 1:
        x0 = tile[0]
        m0 = origin[0]
        a0 = b00 = 0.0
        for i in range(n_lanes):
            r = weights[i]
            u0 = x0[i] - m0
            z0 = r * u0
            total += r
            a0 += z0
            b00 += z0 * u0
        out_firsts[0] += a0
        out_seconds[0, 0] += b00
        return total
    if n_features == 2:
        x0, x1 = tile[0], tile[1]
        m0, m1 = origin[0], origin[1]
        a0 = a1 = b00 = b10 = b11 = 0.0
        for i in range(n_lanes):
            r = weights[i]
            u0, u1 = x0[i] - m0, x1[i] - m1
            z0, z1 = r * u0, r * u1
            total += r
            a0 += z0
            a1 += z1
            b00 += z0 * u0
            b10 += z1 * u0
            b11 += z1 * u1
        out_firsts[0] += a0
        out_firsts[1] += a1
        out_seconds[0, 0] += b00
        out_seconds[1, 0] += b10
        out_seconds[1, 1] += b11
        return total

    for i in range(n_lanes):
        total += weights[i]
    for j in range(n_features):
        x, u, z = tile[j], deviations[j], weighted[j]
        m = origin[j]
        first = 0.0
        for i in range(n_lanes):
            v = x[i] - m
            w = v * weights[i]
            u[i] = v
            z[i] = w
            first += w
        out_firsts[j] += first
    whole = n_features - n_features % 4
    for j in range(0, whole, 4):
        for p in range(0, j + 4, 4):
            add_four_by_four(weighted, deviations, n_lanes, j, p, out_seconds)
    for j in range(whole, n_features):
        for p in range(0, whole, 4):
            add_one_by_four(weighted, deviations, n_lanes, j, p, out_seconds)
        for p in range(whole, j + 1):
            z, u = weighted[j], deviations[p]
            second = 0.0
            for i in range(n_lanes):
                second += z[i] * u[i]
            out_seconds[j, p] += second
    return total


@kernel(REORDER, allocates=False)
def add_four_by_four(weighted, deviations, n_lanes, j, p, out_seconds):
    """Add the products of four features and four others, each summed over the lanes.

    Plain form, with J and P of four features each:
    ``out_seconds[J, P] += weighted[J] @ deviations[P].T``.
    """
    z0, z1, z2, z3 = weighted[j], weighted[j + 1], weighted[j + 2], weighted[j + 3]
    u0, u1, u2, u3 = deviations[p], deviations[p + 1], deviations[p + 2], deviations[p + 3]
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
    c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = 0.0
    for i in range(n_lanes):
        w0, w1, w2, w3 = z0[i], z1[i], z2[i], z3[i]
        v0, v1, v2, v3 = u0[i], u1[i], u2[i], u3[i]
        a0 += w0 * v0
        a1 += w0 * v1
        a2 += w0 * v2
        a3 += w0 * v3
        b0 += w1 * v0
        b1 += w1 * v1
        b2 += w1 * v2
        b3 += w1 * v3
        c0 += w2 * v0
        c1 += w2 * v1
        c2 += w2 * v2
        c3 += w2 * v3
        d0 += w3 * v0
        d1 += w3 * v1
        d2 += w3 * v2
        d3 += w3 * v3
    s0, s1, s2, s3 = out_seconds[j], out_seconds[j + 1], out_seconds[j + 2], out_seconds[j + 3]
    s0[p] += a0
    s0[p + 1] += a1
    s0[p + 2] += a2
    s0[p + 3] += a3
    s1[p] += b0
    s1[p + 1] += b1
    s1[p + 2] += b2
    s1[p + 3] += b3
    s2[p] += c0
    s2[p + 1] += c1
    s2[p + 2] += c2
    s2[p + 3] += c3
    s3[p] += d0
    s3[p + 1] += d1
    s3[p + 2] += d2
    s3[p + 3] += d3


@kernel(REORDER, allocates=False)
def add_one_by_four(weighted, deviations, n_lanes, j, p, out_seconds):
    """Add the products of one feature and four others, each summed over the lanes."""
    z = weighted[j]
    u0, u1, u2, u3 = deviations[p], deviations[p + 1], deviations[p + 2], deviations[p + 3]
    a0 = a1 = a2 = a3 = 0.0
    for i in range(n_lanes):
        w = z[i]
        a0 += w * u0[i]
        a1 += w * u1[i]
        a2 += w * u2[i]
        a3 += w * u3[i]
    seconds = out_seconds[j]
    seconds[p] += a0
    seconds[p + 1] += a1
    seconds[p + 2] += a2
    seconds[p + 3] += a3
