"""Knees of the sorted k-distance curve: where the samples of clusters end and noise begins.

symbol       name
-----------  ------------------------------------------------------------------
d            the curve, float64[n]: distances to the k-th nearest sample, sorted
chord        the straight line from one end of a part of the curve to the other
bend         where a part of the curve is farthest below its chord
strength     what the samples beyond a bend have at the median, over d at the bend
knee         a bend of strength `LEAST_STRENGTH` or more

The curve is Ester, Kriegel, Sander and Xu's (KDD 1996, section 4.2), turned round. The bend is the
point that Satopaa, Albrecht, Irwin and Raghavan's Kneedle finds without smoothing ("Finding a
'kneedle' in a haystack", ICDCS workshops 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_STRENGTH = 2.0
"""A bend is a knee if distances beyond it are so many times as large, at the median."""

FEW = 0.01
"""So small a share of the samples tells of no noise: they are outliers, and the rest is looked at
again."""

LEAST_SHARE = 0.1
"""Fewer of the samples are no denser clusters, so that no knee tells of them."""


@dataclass(frozen=True, order=True)
class Knee:
    """A place in the sorted curve of k-distances."""

    index: int
    """The last sample below it, in the order of the curve."""
    k_distance: float
    """The distance there."""
    share: float
    """Of all samples, those whose k-distance is no larger."""
    strength: float
    """How many times as large the k-distances beyond it are, at the median; 1 if there are none."""

    @property
    def is_sharp(self) -> bool:
        """Whether it is a knee, and not just the place where the curve bends most."""
        return self.strength >= LEAST_STRENGTH


def find_knees(k_distances: np.ndarray) -> tuple[Knee, tuple[Knee, ...]]:
    """The bend that parts clusters from noise, and all knees.

    Parameters
    ----------
    k_distances : float64[n]
        In ascending order, finite; at least one is not 0.

    Returns
    -------
    chosen : Knee
        Where the curve bends most, once the few samples beyond an earlier bend are left out, and
        those before it if they are less than half of all. It may be no knee.
    knees : tuple of Knee
        All knees, the chosen one among them if it is one, by ascending distance.

    Notes
    -----
    O(n) time for each part that is looked at; each loses at least one sample, and in practice a
    tenth of them.
    """
    n = len(k_distances)
    first = int(np.searchsorted(k_distances, 0, "right"))  # duplicates have no distance
    start, end = first, n
    passed = []
    while True:
        knee = _knee_at(k_distances, start, end)
        n_beyond = end - 1 - knee.index
        if 0 < n_beyond < FEW * (end - start):
            end = knee.index + 1
        elif n_beyond > n / 2:
            start = knee.index + 1
        else:
            break
        passed.append(knee)
    chosen = knee
    passed.append(chosen)
    while knee.index >= first + LEAST_SHARE * n:
        inner = _knee_at(k_distances, start, knee.index + 1)
        if inner.index == knee.index:
            break
        knee = inner
        passed.append(knee)
    least = first + LEAST_SHARE * n - 1
    found = {k for k in passed if k.is_sharp and (k.index >= least or k == chosen)}
    return chosen, tuple(sorted(found))


def _knee_at(k_distances: np.ndarray, start: int, end: int) -> Knee:
    """The bend of a part of the curve."""
    index = start + bend_of(k_distances[start:end])
    k_distance, beyond = float(k_distances[index]), k_distances[index + 1 : end]
    strength = float(np.median(beyond)) / k_distance if len(beyond) else 1.0
    return Knee(index, k_distance, (index + 1) / len(k_distances), strength)


def bend_of(curve: np.ndarray) -> int:
    """Where an ascending curve is farthest below its chord; its end if it is nowhere below.

    Parameters
    ----------
    curve : float64[n]
        Finite, n >= 1.

    Returns
    -------
    int
        The first such place.
    """
    last = len(curve) - 1
    height = curve[-1] - curve[0]
    if height == 0:
        return last
    depths = np.linspace(0, 1, last + 1) - (curve - curve[0]) / height
    deepest = int(np.argmax(depths))
    return deepest if depths[deepest] > 0 else last
