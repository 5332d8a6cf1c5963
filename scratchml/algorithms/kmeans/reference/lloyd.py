"""Lloyd's algorithm, and what its variants share with it."""

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


def sq_distances_to_own(X: np.ndarray, C: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Squared distance of each sample to the centre it is labelled with, float[n].

    The same sums as in `sq_distances`, bit for bit.
    """
    own = np.zeros(len(X), X.dtype)
    for j in range(X.shape[1]):
        own += (X[:, j] - C[labels, j]) ** 2
    return own


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


def step_from(
    X: np.ndarray, C: np.ndarray, labels: np.ndarray, old_labels: np.ndarray
) -> tuple[LloydStep, np.ndarray]:
    """Step 2 for the variants: what follows from labels, whoever found them; unit weights.

    Returns
    -------
    step : LloydStep
    moved : float[k]
        How far each centre moves in it.
    """
    w = np.ones(len(X))
    nearest = sq_distances_to_own(X, C, labels)
    old_C, C = C, new_centers(X, w, labels, nearest, C)
    n_changed = int((labels != old_labels).sum())
    shift = float(((C - old_C) ** 2).sum())
    moved = np.sqrt(((C - old_C) ** 2).sum(axis=1))
    return LloydStep(labels, C, float(w @ nearest), shift, n_changed), moved


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
