"""Comparing the distances between one point of a sorted grid and a run of others with eps.

Squared distances are float64 sums over two or three axes, in their order.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

STRETCH = 128
"""Points after which a count looks at whether there are enough."""


@kernel(STRICT, allocates=False)
def count_run(points, i, begin, end, sq_eps):
    """How many points of a run are within eps of the point at place i.

    Plain form: ``(((points[:, begin:end].T - points[:, i]) ** 2).sum(axis=1) <= sq_eps).sum()``

    Parameters
    ----------
    points : float64[2 or 3, n_points]
    i, begin, end : int
    sq_eps : float64

    Returns
    -------
    int
    """
    x, y = points[0, begin:end], points[1, begin:end]
    a, b = points[0, i], points[1, i]
    count = np.int64(0)
    if points.shape[0] == 2:
        for t in range(end - begin):
            u, v = x[t] - a, y[t] - b
            count += np.int64(u * u + v * v <= sq_eps)
        return count
    z, c = points[2, begin:end], points[2, i]
    for t in range(end - begin):
        u, v, w = x[t] - a, y[t] - b, z[t] - c
        count += np.int64(u * u + v * v + w * w <= sq_eps)
    return count


@kernel(STRICT, allocates=False)
def count_enough(points, i, begin, end, sq_eps, enough, inout_n_distances):
    """`count_run`, but for the end of a run once there are enough.

    Parameters
    ----------
    points, i, begin, end, sq_eps
        As for `count_run`.
    enough : int
    inout_n_distances : int64[1]
        Distances computed are added.

    Returns
    -------
    int
        How many of those looked at.
    """
    count = np.int64(0)
    while begin < end and count < enough:
        stop = min(begin + STRETCH, end)
        count += count_run(points, i, begin, stop, sq_eps)
        inout_n_distances[0] += stop - begin
        begin = stop
    return count


@kernel(STRICT, allocates=False)
def is_near_any(points, i, begin, end, sq_eps, inout_n_distances):
    """Whether any point of a run is within eps of the point at place i; see `count_enough`."""
    return count_enough(points, i, begin, end, sq_eps, np.int64(1), inout_n_distances) > 0
