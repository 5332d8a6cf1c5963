"""Sums of distances between a few rows and a stream of points, cluster by cluster.

Points are columns, sorted by cluster: each sits on a SIMD lane, and four rows at a time are
compared with a tile of them. A distance serves two points, so that it is added up twice: over the
columns for the row, and over the rows for the column.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, RECIPROCAL, REORDER, STRICT, kernel

EUCLIDEAN, MANHATTAN = 0, 1
"""Metrics."""

TOGETHER = 4
"""Rows that are compared with a tile at once."""

LARGEST = 63
"""Distances are below two to the power of this, by the scale of the columns: their squares fit into
float32, and those of far smaller ones do as well."""

TINY = np.float32(2.0**-120)
"""A squared distance that is smaller is taken for this by the estimate of its root: what then comes
out is known to be small, no more."""


class Work(NamedTuple):
    """Memory of `compare`, and what it has found so far."""

    tile: np.ndarray
    """float[TOGETHER, tile_size]: sums over all features but two; zeros to begin with."""
    row_sums: np.ndarray
    """float64[n_rows]: distances from each row to the cluster that the last column is in."""
    within: np.ndarray
    """float64[n_rows]: sum of the distances from each row to the columns of its own cluster."""
    nearest: np.ndarray
    """float64[n_rows]: least mean distance from each row to another cluster."""
    column_sums: np.ndarray
    """float64[>= n_columns compared]: distances from each column to all rows."""


@kernel(STRICT, allocates=False)
def compare(metric, rows, n_rows, own, columns, starts, begin, stop, first, work):
    """Add up the distances between some rows and the columns from ``begin`` to ``stop``.

    Parameters
    ----------
    metric : int
        `EUCLIDEAN` or `MANHATTAN`.
    rows : float[>= n_rows, n_features]
        Their number is filled up to a multiple of `TOGETHER` with any of them, and that of the
        features to an even number with zeros.
    n_rows : int
    own : int32[n_rows]
        Cluster of each row.
    columns : float[n_features, >= stop]
        Points, sorted by cluster.
    starts : int64[n_clusters + 1]
        Where each cluster begins.
    begin, stop : int
        Which columns.
    first : int
        Column that the first element of ``work.column_sums`` belongs to.
    work : Work
        Added to. The mean of a cluster is taken when its last column has been compared: a next call
        goes on where this one stops.
    """
    tile_size = work.tile.shape[1]
    cluster = 0
    while starts[cluster + 1] <= begin:
        cluster += 1
    start = begin
    while start < stop:
        # Tiles end where whole ones would, so that the columns of the next begin a cache line.
        n_lanes = min(tile_size - start % tile_size, stop - start)
        while starts[cluster + 1] <= start:
            cluster += 1
        for i in range(0, n_rows, TOGETHER):
            if metric == EUCLIDEAN:
                sum_squares(rows, i, columns, start, n_lanes, work.tile)
            else:
                sum_absolutes(rows, i, columns, start, n_lanes, work.tile)
            c, lane = cluster, 0
            while lane < n_lanes:
                end = min(starts[c + 1] - start, n_lanes)
                if metric == EUCLIDEAN:
                    add_roots(rows, i, n_rows, columns, start, lane, end, first, work)
                else:
                    add_absolutes(rows, i, n_rows, columns, start, lane, end, first, work)
                if start + end == starts[c + 1]:
                    end_cluster(i, n_rows, own, c, starts[c + 1] - starts[c], work)
                    c += 1
                lane = end
        start += n_lanes


@kernel(STRICT, allocates=False)
def end_cluster(i, n_rows, own, c, size, work):
    """Take the sums of four rows over a cluster: as their own, or as the mean of another."""
    for r in range(i, min(i + TOGETHER, n_rows)):
        if own[r] == c:
            work.within[r] += work.row_sums[r]
        else:
            work.nearest[r] = min(work.nearest[r], work.row_sums[r] / size)
        work.row_sums[r] = 0


@kernel(CONTRACT, allocates=False)
def sum_squares(rows, i, columns, start, n_lanes, out_tile):
    """Sum the squared differences of four rows and a tile, but for the last two features.

    Each metric has kernels of its own: in one for both, registers would not suffice.
    Plain form: ``out_tile[r] = ((columns[:-2] - rows[i + r, :-2]) ** 2).sum(axis=0)``.
    """
    s0, s1, s2, s3 = out_tile[0], out_tile[1], out_tile[2], out_tile[3]
    p, q, r, t = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
    n_features = columns.shape[0] - 2
    if n_features == 0:
        return  # they stay zeros
    end = start + n_lanes
    for lane in range(n_lanes):
        s0[lane] = 0
        s1[lane] = 0
        s2[lane] = 0
        s3[lane] = 0
    for j in range(0, n_features - 3, 4):
        x0, x1 = columns[j, start:end], columns[j + 1, start:end]
        x2, x3 = columns[j + 2, start:end], columns[j + 3, start:end]
        p0, p1, p2, p3 = p[j], p[j + 1], p[j + 2], p[j + 3]
        q0, q1, q2, q3 = q[j], q[j + 1], q[j + 2], q[j + 3]
        r0, r1, r2, r3 = r[j], r[j + 1], r[j + 2], r[j + 3]
        t0, t1, t2, t3 = t[j], t[j + 1], t[j + 2], t[j + 3]
        for lane in range(n_lanes):
            y0, y1, y2, y3 = x0[lane], x1[lane], x2[lane], x3[lane]
            u0, u1, u2, u3 = y0 - p0, y1 - p1, y2 - p2, y3 - p3
            s0[lane] = s0[lane] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            u0, u1, u2, u3 = y0 - q0, y1 - q1, y2 - q2, y3 - q3
            s1[lane] = s1[lane] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            u0, u1, u2, u3 = y0 - r0, y1 - r1, y2 - r2, y3 - r3
            s2[lane] = s2[lane] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            u0, u1, u2, u3 = y0 - t0, y1 - t1, y2 - t2, y3 - t3
            s3[lane] = s3[lane] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
    if n_features % 4:
        x0, x1 = columns[n_features - 2, start:end], columns[n_features - 1, start:end]
        p0, p1, q0, q1 = p[n_features - 2], p[n_features - 1], q[n_features - 2], q[n_features - 1]
        r0, r1, t0, t1 = r[n_features - 2], r[n_features - 1], t[n_features - 2], t[n_features - 1]
        for lane in range(n_lanes):
            y0, y1 = x0[lane], x1[lane]
            s0[lane] += (y0 - p0) * (y0 - p0) + (y1 - p1) * (y1 - p1)
            s1[lane] += (y0 - q0) * (y0 - q0) + (y1 - q1) * (y1 - q1)
            s2[lane] += (y0 - r0) * (y0 - r0) + (y1 - r1) * (y1 - r1)
            s3[lane] += (y0 - t0) * (y0 - t0) + (y1 - t1) * (y1 - t1)


@kernel(CONTRACT, allocates=False)
def sum_absolutes(rows, i, columns, start, n_lanes, out_tile):
    """Sum the absolute differences of four rows and a tile, but for the last two features.

    Plain form: ``out_tile[r] = abs(columns[:-2] - rows[i + r, :-2]).sum(axis=0)``.
    """
    s0, s1, s2, s3 = out_tile[0], out_tile[1], out_tile[2], out_tile[3]
    p, q, r, t = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
    n_features = columns.shape[0] - 2
    end = start + n_lanes
    for lane in range(n_lanes):
        s0[lane] = 0
        s1[lane] = 0
        s2[lane] = 0
        s3[lane] = 0
    for j in range(0, n_features, 2):
        x0, x1 = columns[j, start:end], columns[j + 1, start:end]
        p0, p1, q0, q1, r0, r1, t0, t1 = (
            p[j],
            p[j + 1],
            q[j],
            q[j + 1],
            r[j],
            r[j + 1],
            t[j],
            t[j + 1],
        )
        for lane in range(n_lanes):
            y0, y1 = x0[lane], x1[lane]
            s0[lane] += abs(y0 - p0) + abs(y1 - p1)
            s1[lane] += abs(y0 - q0) + abs(y1 - q1)
            s2[lane] += abs(y0 - r0) + abs(y1 - r1)
            s3[lane] += abs(y0 - t0) + abs(y1 - t1)


@kernel(RECIPROCAL, allocates=False)
def add_roots(rows, i, n_rows, columns, start, lane, end, first, work):
    """Add the last two features, take the root, and add up, for some lanes of a tile.

    The root of x is y = x r, for r about the reciprocal root, estimated in float32; one step of
    Newton's then doubles its digits: y + r (x - y^2) / 2. That takes half the time of a root in
    float64, whose instruction is no pipeline.
    Plain form: ``d = sqrt(tile[r] + ((columns[-2:] - rows[i + r, -2:]) ** 2).sum(axis=0))``,
    ``row_sums[i + r] += d.sum()``, ``column_sums += d``.
    """
    one, half, dtype = np.float32(1), rows.dtype.type(0.5), rows.dtype
    # Rows that are there to fill up do not count.
    w1, w2 = dtype.type(i + 1 < n_rows), dtype.type(i + 2 < n_rows)
    w3 = dtype.type(i + 3 < n_rows)
    s0, s1 = work.tile[0, lane:end], work.tile[1, lane:end]
    s2, s3 = work.tile[2, lane:end], work.tile[3, lane:end]
    j = columns.shape[0] - 2
    x0, x1 = columns[j, start + lane : start + end], columns[j + 1, start + lane : start + end]
    p0, p1, q0, q1 = rows[i, j], rows[i, j + 1], rows[i + 1, j], rows[i + 1, j + 1]
    r0, r1, t0, t1 = rows[i + 2, j], rows[i + 2, j + 1], rows[i + 3, j], rows[i + 3, j + 1]
    sums = work.column_sums[start + lane - first : start + end - first]
    total0 = total1 = total2 = total3 = dtype.type(0)
    for k in range(end - lane):
        y0, y1 = x0[k], x1[k]
        d0 = s0[k] + (y0 - p0) * (y0 - p0) + (y1 - p1) * (y1 - p1)
        d1 = s1[k] + (y0 - q0) * (y0 - q0) + (y1 - q1) * (y1 - q1)
        d2 = s2[k] + (y0 - r0) * (y0 - r0) + (y1 - r1) * (y1 - r1)
        d3 = s3[k] + (y0 - t0) * (y0 - t0) + (y1 - t1) * (y1 - t1)
        g0 = dtype.type(one / np.sqrt(max(np.float32(d0), TINY)))
        g1 = dtype.type(one / np.sqrt(max(np.float32(d1), TINY)))
        g2 = dtype.type(one / np.sqrt(max(np.float32(d2), TINY)))
        g3 = dtype.type(one / np.sqrt(max(np.float32(d3), TINY)))
        z0, z1, z2, z3 = d0 * g0, d1 * g1, d2 * g2, d3 * g3
        z0 += half * g0 * (d0 - z0 * z0)
        z1 += half * g1 * (d1 - z1 * z1)
        z2 += half * g2 * (d2 - z2 * z2)
        z3 += half * g3 * (d3 - z3 * z3)
        total0 += z0
        total1 += z1
        total2 += z2
        total3 += z3
        sums[k] += np.float64(z0 + w1 * z1 + w2 * z2 + w3 * z3)
    add_to_rows(i, n_rows, total0, total1, total2, total3, work.row_sums)


@kernel(REORDER, allocates=False)
def add_absolutes(rows, i, n_rows, columns, start, lane, end, first, work):
    """As `add_roots`, of sums of absolute differences, which are distances."""
    dtype = rows.dtype
    # Rows that are there to fill up do not count.
    w1, w2 = dtype.type(i + 1 < n_rows), dtype.type(i + 2 < n_rows)
    w3 = dtype.type(i + 3 < n_rows)
    s0, s1 = work.tile[0, lane:end], work.tile[1, lane:end]
    s2, s3 = work.tile[2, lane:end], work.tile[3, lane:end]
    j = columns.shape[0] - 2
    x0, x1 = columns[j, start + lane : start + end], columns[j + 1, start + lane : start + end]
    p0, p1, q0, q1 = rows[i, j], rows[i, j + 1], rows[i + 1, j], rows[i + 1, j + 1]
    r0, r1, t0, t1 = rows[i + 2, j], rows[i + 2, j + 1], rows[i + 3, j], rows[i + 3, j + 1]
    sums = work.column_sums[start + lane - first : start + end - first]
    total0 = total1 = total2 = total3 = dtype.type(0)
    for k in range(end - lane):
        y0, y1 = x0[k], x1[k]
        z0 = s0[k] + abs(y0 - p0) + abs(y1 - p1)
        z1 = s1[k] + abs(y0 - q0) + abs(y1 - q1)
        z2 = s2[k] + abs(y0 - r0) + abs(y1 - r1)
        z3 = s3[k] + abs(y0 - t0) + abs(y1 - t1)
        total0 += z0
        total1 += z1
        total2 += z2
        total3 += z3
        sums[k] += np.float64(z0 + w1 * z1 + w2 * z2 + w3 * z3)
    add_to_rows(i, n_rows, total0, total1, total2, total3, work.row_sums)


@kernel(STRICT, allocates=False)
def add_to_rows(i, n_rows, total0, total1, total2, total3, inout_row_sums):
    """Add to the sums of four rows, or of as many as there are."""
    inout_row_sums[i] += total0
    if i + 1 < n_rows:
        inout_row_sums[i + 1] += total1
    if i + 2 < n_rows:
        inout_row_sums[i + 2] += total2
    if i + 3 < n_rows:
        inout_row_sums[i + 3] += total3
