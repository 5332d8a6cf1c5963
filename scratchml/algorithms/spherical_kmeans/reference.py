"""Spherical K-means in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]; only their directions count
w        weights of the samples, float[n]
U        the samples made unit vectors, float64[n, d]; zero where X is zero
C        centres, unit vectors, float[k, d]
S        cosines, float64[n, k]
labels   index of the most similar centre of each sample, int[n]
J        inertia: the weighted sum of 1 - cosine to the most similar centre

I. S. Dhillon and D. S. Modha, "Concept decompositions for large sparse text data using clustering",
Machine Learning 42, 2001, raise the sum of cosines, that is they lower J, by turns: the best labels
for the centres, then the best unit centres ("concept vectors") for the labels.

>>> import numpy as np
>>> X = np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 5.0], [-6.0, 8.0]])
>>> for step in spherical_kmeans(X, C=np.array([[1.0, 0.0], [0.8, 0.6]])):
...     print(step.labels, step.C.round(3).tolist(), round(step.J, 3))
[0 1 1 1] [[1.0, 0.0], [0.0, 1.0]] 1.44
[0 1 1 1] [[1.0, 0.0], [0.0, 1.0]] 0.4
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

# --- the sphere -----------------------------------------------------------------------------------


def unit_rows(X: np.ndarray) -> np.ndarray:
    """Directions of the samples.

    Parameters
    ----------
    X : float[n, d]

    Returns
    -------
    U : float64[n, d]
        x / |x|, and zero for a sample that is shorter than the smallest normal number.

    Notes
    -----
    Squares are summed in feature order, of rows scaled by a power of two, which changes no bit and
    keeps the squares from overflowing. So rows times a power of two have the same directions.
    """
    X = X.astype(np.float64)
    _, exponents = np.frexp(np.abs(X).max(axis=1))
    scaled = np.ldexp(X, -exponents[:, None])
    sq_norms = np.zeros(len(X))
    for j in range(X.shape[1]):
        sq_norms += scaled[:, j] ** 2
    norms = np.ldexp(np.sqrt(sq_norms), exponents)
    has_direction = norms >= np.finfo(np.float64).tiny
    scales = np.divide(1, norms, out=np.zeros(len(X)), where=has_direction)
    return X * scales[:, None]


def cosines(U: np.ndarray, C: np.ndarray) -> np.ndarray:
    """Cosine of the angle between each sample and each centre.

    Parameters
    ----------
    U : float64[n, d]
    C : float[k, d]

    Returns
    -------
    S : float64[n, k]
        Dot products, summed in feature order.
    """
    S = np.zeros((len(U), len(C)))
    for j in range(U.shape[1]):
        S += U[:, j, None] * C[None, :, j].astype(np.float64)
    return S


def cosine_distances(U: np.ndarray, C: np.ndarray) -> np.ndarray:
    """1 - cosine, as half the squared chord: |u - c|^2 = 2 (1 - u.c) for unit vectors.

    The difference keeps all its digits where 1 - u.c would lose them, at small angles.

    Parameters
    ----------
    U : float64[n, d]
    C : float[k, d]

    Returns
    -------
    float64[n, k]
        1 for a sample of length zero.
    """
    D = np.zeros((len(U), len(C)))
    for j in range(U.shape[1]):
        D += (U[:, j, None] - C[None, :, j]) ** 2
    D /= 2
    D[~U.any(axis=1)] = 1
    return D


# --- k-means++ ------------------------------------------------------------------------------------


class SeedingStep(NamedTuple):
    """One centre chosen by k-means++."""

    sample: int
    """The sample that became a centre."""
    closest: np.ndarray
    """1 - cosine of each sample to the most similar centre so far, float[n]."""
    trials: np.ndarray
    """The samples that were candidates, int[n_trials]."""
    potentials: np.ndarray
    """J if each candidate were chosen, float[n_trials]."""


def kmeans_plusplus(
    X: np.ndarray, k: int, random_state: np.random.RandomState, w: np.ndarray | None = None
) -> Iterator[SeedingStep]:
    """Choose k samples as centres, each by a draw that prefers directions far from those chosen.

    The squared distance of Arthur and Vassilvitskii is that of the chord, 2 (1 - cosine).

    Parameters
    ----------
    X : float[n, d]
    k : int
    random_state : RandomState
    w : float[n], optional

    Yields
    ------
    SeedingStep
        k times.
    """
    U = unit_rows(X)
    w = effective_weights(U, w)
    n_trials = 2 + int(np.log(k))

    # Step 1a: the first centre, by weight.
    sample = random_state.choice(len(X), p=w / w.sum())
    closest = cosine_distances(U, U[[sample]])[:, 0]
    yield SeedingStep(sample, closest, np.array([sample]), np.array([w @ closest]))

    for _ in range(1, k):
        # Step 1b: candidates, with probability w (1 - cosine) / sum(w (1 - cosine)) ...
        running = np.cumsum(w * closest)
        targets = random_state.uniform(size=n_trials) * running[-1]
        trials = np.minimum(np.searchsorted(running, targets), len(X) - 1)
        # ... of which the one that lowers the potential most is taken (the greedy variant).
        closest_with = np.minimum(closest[:, None], cosine_distances(U, U[trials]))
        potentials = w @ closest_with
        best = np.argmin(potentials)
        sample, closest = int(trials[best]), closest_with[:, best]
        yield SeedingStep(sample, closest, trials, potentials)


# --- the iteration --------------------------------------------------------------------------------


class Step(NamedTuple):
    """One iteration of spherical K-means."""

    labels: np.ndarray
    """Most similar of the centres before this step, int[n]."""
    C: np.ndarray
    """Centres after this step, float[k, d]."""
    J: float
    """Inertia of the labels to the centres before this step: it never rises."""
    shift: float
    """Sum of the squared distances that the centres moved, along chords."""
    n_changed: int
    """Labels that differ from the step before."""


def spherical_kmeans(
    X: np.ndarray,
    C: np.ndarray,
    w: np.ndarray | None = None,
    tol: float = 0.0,
    max_iter: int = 300,
) -> Iterator[Step]:
    """Alternate labels and centres until no label changes or the centres move less than ``tol``.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]
        Initial centres, unit vectors.
    w : float[n], optional
    tol : float
        Threshold for ``shift``.
    max_iter : int

    Yields
    ------
    Step
        Once for each iteration.
    """
    U = unit_rows(X)
    w = effective_weights(U, w)
    labels = np.full(len(X), -1)
    for _ in range(max_iter):
        old_labels, old_C = labels, C
        # Step 1: each sample goes to the centre of the largest cosine, the lowest index of a tie.
        labels = cosines(U, C).argmax(axis=1)
        own = cosine_distances(U, C)[np.arange(len(X)), labels]
        # Step 2: each centre goes to the direction of the sum of its samples.
        C = new_centers(U, w, labels, own, C)

        shift = float(((C - old_C) ** 2).sum())
        n_changed = int((labels != old_labels).sum())
        yield Step(labels, C, float(w @ own), shift, n_changed)
        if n_changed == 0 or shift <= tol:
            return


def new_centers(
    U: np.ndarray, w: np.ndarray, labels: np.ndarray, own: np.ndarray, C: np.ndarray
) -> np.ndarray:
    """Direction of the weighted sum of each cluster; one without weight takes over a far sample.

    Parameters
    ----------
    U : float64[n, d]
    w : float[n]
    labels : int[n]
    own : float[n]
        1 - cosine of each sample to its own centre.
    C : float[k, d]
        The centres that gave the labels.

    Returns
    -------
    C : float[k, d]
        Where the samples of a cluster cancel, every unit vector is as good: it keeps its centre.
    """
    sums = np.array([(w[labels == c, None] * U[labels == c]).sum(axis=0) for c in range(len(C))])
    weights = np.array([w[labels == c].sum() for c in range(len(C))])

    empty = np.flatnonzero(weights == 0)
    own = np.where(U.any(axis=1), own, 0)
    if len(empty) and own.max() > 0:
        farthest = np.argpartition(own, -len(empty))[: -len(empty) - 1 : -1]
        left = w > 0
        for c, i in zip(empty, farthest, strict=True):
            sums[labels[i]] -= w[i] * U[i]
            weights[labels[i]] -= w[i]
            left[i] = False
            if not left[labels == labels[i]].any():
                sums[labels[i]] = weights[labels[i]] = 0  # and no rounding residue
            sums[c] = w[i] * U[i]
            weights[c] = w[i]
    sums[weights == 0] = sums[weights.argmax()]

    norms = np.sqrt((sums**2).sum(axis=1, keepdims=True))
    return np.where(norms > 0, sums / np.where(norms > 0, norms, 1), C).astype(C.dtype)


def effective_weights(U: np.ndarray, w: np.ndarray | None) -> np.ndarray:
    """The weights, or ones; zero for samples of length zero, which have no direction.

    Parameters
    ----------
    U : float64[n, d]
    w : float[n] or None

    Returns
    -------
    float64[n]
    """
    return np.where(U.any(axis=1), 1.0 if w is None else w, 0.0)
