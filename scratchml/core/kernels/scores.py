"""Scores h - x.c of a panel of rows, four centres at a time: the expanded form of a distance.

|x - c|^2 / 2 is h - x.c but for |x|^2 / 2, with h = |c|^2 / 2: one multiply-add for each feature
where a difference takes three operations. A panel holds rows relative to an origin. Rows of up to a
hundred or so features make a tile: each sits on a SIMD lane of its own. Wider ones stay rows: a dot
product is long enough to fill the lanes by itself, and a tile of them would not fit into a cache.
"""

from __future__ import annotations

from scratchml.core.jit import CONTRACT, REORDER, kernel


@kernel(CONTRACT, allocates=False)
def score_four(tile, centers, half_sq_norms, c, n_lanes, out_scores):
    """Scores h - x.c of centres c to c + 3 for each column of a tile, but for its last features.

    Four features and four centres at a time: their sixteen coordinates, four columns and four sums
    fill the registers. Whoever reads the scores adds the last four features on the way, or has
    four of zeros at the end.
    Plain form: ``out_scores[q] = half_sq_norms[c + q] - centers[c + q, :-4] @ tile[:-4]``.
    """
    s0, s1, s2, s3 = out_scores[0], out_scores[1], out_scores[2], out_scores[3]
    for j in range(0, tile.shape[0] - 4, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        k0, k1, k2, k3 = centers[c], centers[c + 1], centers[c + 2], centers[c + 3]
        p0, p1, p2, p3 = k0[j], k0[j + 1], k0[j + 2], k0[j + 3]
        q0, q1, q2, q3 = k1[j], k1[j + 1], k1[j + 2], k1[j + 3]
        r0, r1, r2, r3 = k2[j], k2[j + 1], k2[j + 2], k2[j + 3]
        t0, t1, t2, t3 = k3[j], k3[j + 1], k3[j + 2], k3[j + 3]
        if j == 0:
            h0, h1 = half_sq_norms[c], half_sq_norms[c + 1]
            h2, h3 = half_sq_norms[c + 2], half_sq_norms[c + 3]
            for i in range(n_lanes):
                u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
                s0[i] = h0 - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
                s1[i] = h1 - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
                s2[i] = h2 - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
                s3[i] = h3 - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3
        else:
            for i in range(n_lanes):
                u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
                s0[i] = s0[i] - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
                s1[i] = s1[i] - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
                s2[i] = s2[i] - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
                s3[i] = s3[i] - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3


@kernel(REORDER, allocates=False)
def dot_four(panel, centers, half_sq_norms, c, begin, end, out_scores):
    """Scores h - x.c of centres c to c + 3 for some rows of a panel, four rows at a time.

    Each coordinate that is loaded enters four products; sixteen sums stay in registers.
    Plain form: ``out_scores[q] = half_sq_norms[c + q] - panel @ centers[c + q]``.

    Parameters
    ----------
    panel : float[>= end, n_features + padding]
    centers : float[n_clusters + padding, n_features + padding]
    half_sq_norms : float[n_clusters + padding]
    c : int
    begin, end : int
        Which rows; both multiples of four.
    out_scores : float[4, >= end]
    """
    zero = panel.dtype.type(0)
    p, q, r, t = centers[c], centers[c + 1], centers[c + 2], centers[c + 3]
    h0, h1 = half_sq_norms[c], half_sq_norms[c + 1]
    h2, h3 = half_sq_norms[c + 2], half_sq_norms[c + 3]
    s0, s1, s2, s3 = out_scores[0], out_scores[1], out_scores[2], out_scores[3]
    for i in range(begin, end, 4):
        x, y, z, w = panel[i], panel[i + 1], panel[i + 2], panel[i + 3]
        x0 = x1 = x2 = x3 = y0 = y1 = y2 = y3 = zero
        z0 = z1 = z2 = z3 = w0 = w1 = w2 = w3 = zero
        for j in range(panel.shape[1]):
            x0 += x[j] * p[j]
            x1 += x[j] * q[j]
            x2 += x[j] * r[j]
            x3 += x[j] * t[j]
            y0 += y[j] * p[j]
            y1 += y[j] * q[j]
            y2 += y[j] * r[j]
            y3 += y[j] * t[j]
            z0 += z[j] * p[j]
            z1 += z[j] * q[j]
            z2 += z[j] * r[j]
            z3 += z[j] * t[j]
            w0 += w[j] * p[j]
            w1 += w[j] * q[j]
            w2 += w[j] * r[j]
            w3 += w[j] * t[j]
        s0[i], s0[i + 1], s0[i + 2], s0[i + 3] = h0 - x0, h0 - y0, h0 - z0, h0 - w0
        s1[i], s1[i + 1], s1[i + 2], s1[i + 3] = h1 - x1, h1 - y1, h1 - z1, h1 - w1
        s2[i], s2[i + 1], s2[i + 2], s2[i + 3] = h2 - x2, h2 - y2, h2 - z2, h2 - w2
        s3[i], s3[i + 1], s3[i + 2], s3[i + 3] = h3 - x3, h3 - y3, h3 - z3, h3 - w3


@kernel(REORDER, allocates=False)
def dot(x, y):
    """Dot product of two vectors, its sum in no particular order."""
    total = x.dtype.type(0)
    for j in range(x.shape[0]):
        total += x[j] * y[j]
    return total


@kernel(REORDER, allocates=False)
def center_row(x, origin, out_centered):
    """Copy a row relative to an origin; returns its squared length."""
    total = x.dtype.type(0)
    for j in range(x.shape[0]):
        u = x[j] - origin[j]
        out_centered[j] = u
        total += u * u
    return total
