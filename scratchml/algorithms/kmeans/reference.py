"""K-means in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]
w        weights of the samples, float[n]
C        centres, float[k, d]
D        squared distances, float[n, k]
labels   index of the nearest centre of each sample, int[n]
J        inertia: the weighted sum of squared distances to the nearest centre

Lloyd's algorithm (S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on
Information Theory 28, 1982) lowers J by turns: the best labels for the centres, then the best
centres for the labels. k-means++ (D. Arthur and S. Vassilvitskii, SODA 2007) finds centres to begin
with. Both are generators, so that a loop shows each step:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [11.0]])
>>> for step in lloyd(X, C=np.array([[0.0], [1.0]])):
...     print(step.labels, step.C.ravel(), step.J)
[0 1 1 1] [0. 7.] 164.0
[0 0 1 1] [ 0.5 10. ] 21.0
[0 0 1 1] [ 0.5 10. ] 2.5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


def sq_distances(X: np.ndarray, C: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of all samples to all centres.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]

    Returns
    -------
    D : float[n, k]
        Differences squared, summed in feature order.
    """
    D = np.zeros((len(X), len(C)), X.dtype)
    for j in range(X.shape[1]):
        D += (X[:, j, None] - C[None, :, j]) ** 2
    return D


# --- k-means++ ------------------------------------------------------------------------------------


class SeedingStep(NamedTuple):
    """One centre chosen by k-means++."""

    sample: int
    """The sample that became a centre."""
    closest: np.ndarray
    """Squared distance of each sample to the nearest centre so far, float[n]."""
    trials: np.ndarray
    """The samples that were candidates, int[n_trials]."""
    potentials: np.ndarray
    """J if each candidate were chosen, float[n_trials]."""


def kmeans_plusplus(
    X: np.ndarray,
    k: int,
    random_state: np.random.RandomState,
    w: np.ndarray | None = None,
    n_trials: int | None = None,
) -> Iterator[SeedingStep]:
    """Choose k samples as centres, each by a draw that prefers samples far from those chosen.

    Parameters
    ----------
    X : float[n, d]
    k : int
    random_state : RandomState
    w : float[n], optional
    n_trials : int, optional
        Candidates for each centre, the best of which is taken; 2 + log(k) unless given.

    Yields
    ------
    SeedingStep
        k times.
    """
    n = len(X)
    w = np.ones(n, X.dtype) if w is None else w
    n_trials = 2 + int(np.log(k)) if n_trials is None else n_trials

    # Step 1a: the first centre, by weight.
    sample = random_state.choice(n, p=w / w.sum())
    closest = sq_distances(X, X[[sample]])[:, 0]
    yield SeedingStep(sample, closest, np.array([sample]), np.array([w @ closest]))

    for _ in range(1, k):
        # Step 1b: candidates, with probability w D^2 / sum(w D^2) ...
        running = np.cumsum(w * closest)
        targets = random_state.uniform(size=n_trials) * running[-1]
        trials = np.minimum(np.searchsorted(running, targets), n - 1)
        # ... of which the one that lowers the potential most is taken (the greedy variant).
        closest_with = np.minimum(closest[:, None], sq_distances(X, X[trials]))
        potentials = w @ closest_with
        best = np.argmin(potentials)
        sample, closest = int(trials[best]), closest_with[:, best]
        yield SeedingStep(sample, closest, trials, potentials)


# --- Lloyd ----------------------------------------------------------------------------------------


class LloydStep(NamedTuple):
    """One iteration of Lloyd's algorithm."""

    labels: np.ndarray
    """Nearest of the centres before this step, int[n]."""
    C: np.ndarray
    """Centres after this step, float[k, d]."""
    J: float
    """Inertia of the labels to the centres before this step: it never rises."""
    shift: float
    """Sum of the squared distances that the centres moved."""
    n_changed: int
    """Labels that differ from the step before."""


def lloyd(
    X: np.ndarray,
    C: np.ndarray,
    w: np.ndarray | None = None,
    tol: float = 0.0,
    max_iter: int = 300,
) -> Iterator[LloydStep]:
    """Alternate labels and centres until no label changes or the centres move less than ``tol``.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]
        Initial centres.
    w : float[n], optional
    tol : float
        Threshold for ``shift``.
    max_iter : int

    Yields
    ------
    LloydStep
        Once for each iteration.
    """
    w = np.ones(len(X)) if w is None else w
    labels = np.full(len(X), -1)
    for _ in range(max_iter):
        old_labels, old_C = labels, C
        # Step 1: each sample goes to its nearest centre; a tie goes to the lowest index.
        D = sq_distances(X, C)
        labels = D.argmin(axis=1)
        nearest = D[np.arange(len(X)), labels]
        # Step 2: each centre goes to the mean of its samples.
        C = new_centers(X, w, labels, nearest, C)

        shift = float(((C - old_C) ** 2).sum())
        n_changed = int((labels != old_labels).sum())
        yield LloydStep(labels, C, float(w @ nearest), shift, n_changed)
        if n_changed == 0 or shift <= tol:
            return


def hamerly(X: np.ndarray, C: np.ndarray, max_iter: int = 300) -> Iterator[tuple[LloydStep, int]]:
    """Lloyd's algorithm with the bounds of G. Hamerly (SIAM Data Mining 2010), unit weights.

    Each sample keeps an upper bound u on the distance to its own centre and a lower bound l on the
    distance to any other. While u < l its label cannot change.

    Yields
    ------
    step : LloydStep
        What `lloyd` yields.
    n_distances : int
        How many distances it took, n k for plain Lloyd.
    """
    n, k = len(X), len(C)
    w = np.ones(n)
    D = np.sqrt(sq_distances(X, C))
    labels = D.argmin(axis=1)
    u, lo = _two_smallest(D)
    n_distances, n_changed = n * k, n
    for _ in range(max_iter):
        own = ((X - C[labels]) ** 2).sum(axis=1)
        old_C, C = C, new_centers(X, w, labels, own, C)
        moved = np.sqrt(((C - old_C) ** 2).sum(axis=1))
        shift = float((moved**2).sum())
        yield LloydStep(labels, C, float(own.sum()), shift, n_changed), n_distances
        if n_changed == 0 or shift == 0:
            return

        # A centre that moves by m changes a distance by at most m (triangle inequality).
        u = u + moved[labels]
        lo = lo - moved.max()
        unsure = np.flatnonzero(u >= lo)
        D = np.sqrt(sq_distances(X[unsure], C))
        old_labels, labels = labels, labels.copy()
        labels[unsure] = D.argmin(axis=1)
        u[unsure], lo[unsure] = _two_smallest(D)
        n_distances, n_changed = len(unsure) * k, int((labels != old_labels).sum())


def _two_smallest(D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and second smallest of each row; the latter infinite if there is but one column."""
    ordered = np.sort(np.column_stack([D, np.full(len(D), np.inf)]), axis=1)
    return ordered[:, 0], ordered[:, 1]


def new_centers(
    X: np.ndarray, w: np.ndarray, labels: np.ndarray, nearest: np.ndarray, C: np.ndarray
) -> np.ndarray:
    """Weighted mean of each cluster; a cluster without weight takes over a far sample.

    Parameters
    ----------
    X : float[n, d]
    w : float[n]
    labels : int[n]
    nearest : float[n]
        Squared distance of each sample to its own centre.
    C : float[k, d]
        The centres that gave the labels.

    Returns
    -------
    C : float[k, d]
    """
    sums = np.array([(w[labels == c, None] * X[labels == c]).sum(axis=0) for c in range(len(C))])
    weights = np.array([w[labels == c].sum() for c in range(len(C))])

    empty = np.flatnonzero(weights == 0)
    if len(empty) and nearest.max() > 0:
        farthest = np.argpartition(nearest, -len(empty))[: -len(empty) - 1 : -1]
        left = w > 0
        for c, i in zip(empty, farthest, strict=True):
            sums[labels[i]] -= w[i] * X[i]
            weights[labels[i]] -= w[i]
            left[i] = False
            if not left[labels == labels[i]].any():
                sums[labels[i]] = weights[labels[i]] = 0  # and no rounding residue
            sums[c] = w[i] * X[i]
            weights[c] = w[i]

    means = sums / np.where(weights > 0, weights, 1)[:, None]
    means[weights == 0] = means[weights.argmax()]
    return means.astype(C.dtype)
