"""Two centres: which one a row is nearer to, and how far each half is spread.

With v and p the row and a centre relative to an origin, half of |x - c1|^2 - |x - c0|^2 is
h1 - h0 - v.(p1 - p0), where h = |p|^2 / 2: one dot product tells on which side of the plane between
the two centres a row lies. As a difference of two scores it rounds like the expanded form of
K-means (derived at the head of its ``kernels/assign.py``): it has the right sign where it is
farther from zero than (n + 8) eps (|v| + |p|)^2. The few rows nearer to the plane than that are
settled by plain sums, so that every label is the one that plain sums give.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import sq_distance


class Planes(NamedTuple):
    """The planes between pairs of centres, one for each split."""

    centers: np.ndarray
    """The centres of each pair, float[n_splits, 2, n_features]."""
    origins: np.ndarray
    """A point between them, float[n_splits, n_features]."""
    normals: np.ndarray
    """From the first to the second, float[n_splits, n_features]."""
    offsets: np.ndarray
    """A row v, relative to the origin, is nearer to the second if v.normal exceeds this."""
    sq_norms: np.ndarray
    """The larger squared norm of the two centres, relative to the origin, float[n_splits]."""
    slack: float
    """Rows nearer to a plane than ``slack * (|v|^2 + sq_norm)`` are settled by plain sums."""
    floor: float
    """Absolute error, where numbers are so small that there is no relative one."""


@kernel(REORDER)
def walk_tree(X, planes, children, inout_labels):
    """Lead each row from the root to a leaf, each time to the half whose centre is nearer.

    Parameters
    ----------
    X : float[n_samples, n_features]
    planes : Planes
        One for each split.
    children : int32[n_splits, 2]
        Where the halves of each split lead: to the split of that number, or, if it is negative,
        to the leaf ``-1 - number``. With a single split, [[-1, -2]], this is the labelling of
        K-means for two centres.
    inout_labels : int32[n_samples]
        Becomes the leaf of each row.

    Returns
    -------
    n_changed, n_distances : int
        How many labels differ from those that `inout_labels` held; two distances for each row and
        split on its way.

    Notes
    -----
    O(depth n_features) for each row. Sums may be reordered: what is near a plane is settled apart.
    """
    n_features = np.uintp(X.shape[1])
    rows = X.reshape(-1)
    origins, normals = planes.origins.reshape(-1), planes.normals.reshape(-1)
    n_changed = 0
    n_distances = 0
    for i in range(np.uintp(X.shape[0])):
        split = 0
        while split >= 0:
            at, to = i * n_features, np.uintp(split) * n_features
            side = -planes.offsets[split]
            sq_norm = planes.sq_norms[split]
            for j in range(n_features):
                v = rows[at + j] - origins[to + j]
                side += v * normals[to + j]
                sq_norm += v * v
            half = int(side > 0)
            # Written so that what is not a number is settled, too.
            if not abs(side) > planes.slack * sq_norm + planes.floor:
                half = nearer_of_two(X[i], planes.centers[split])
            split = children[split, half]
            n_distances += 2
        label = -1 - split
        n_changed += label != inout_labels[i]
        inout_labels[i] = label
    return n_changed, n_distances


@kernel(STRICT)
def nearer_of_two(x, centers):
    """Index of the centre nearer to one row by plain sums; 0 if both are as near."""
    return int(sq_distance(x, centers[1]) < sq_distance(x, centers[0]))


@kernel(REORDER)
def sum_sq_distances_of_halves(X, sample_weight, centers, labels, out_inertia):
    """Weighted sum of squared distances of the rows of each half to its centre, in float64.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
        Empty: every row weighs 1.
    centers : float[2, n_features]
    labels : int32[n_samples]
    out_inertia : float64[2]
        Added to.
    """
    for i in range(X.shape[0]):
        center = centers[labels[i]]
        d = 0.0
        for j in range(X.shape[1]):
            u = np.float64(X[i, j]) - np.float64(center[j])
            d += u * u
        out_inertia[labels[i]] += d * sample_weight[i] if sample_weight.shape[0] > 0 else d
