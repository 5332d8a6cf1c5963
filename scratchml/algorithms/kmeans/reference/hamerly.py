"""Hamerly's bounds: two numbers for each sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .lloyd import LloydStep, sq_distances, step_from


def hamerly(X: np.ndarray, C: np.ndarray, max_iter: int = 300) -> Iterator[tuple[LloydStep, int]]:
    """Lloyd's algorithm with the bounds of G. Hamerly (SIAM Data Mining 2010), unit weights.

    Each sample keeps an upper bound u on the distance to its own centre and a lower bound lo on the
    distance to any other. While u < lo its label cannot change.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]
        Initial centres.
    max_iter : int

    Yields
    ------
    step : LloydStep
        What `lloyd` yields.
    n_distances : int
        How many distances to centres it took: at most n k, which plain Lloyd takes.
    """
    n, k = len(X), len(C)
    labels, u, lo = np.full(n, -1), np.full(n, np.inf), np.zeros(n)
    for _ in range(max_iter):
        unsure = np.flatnonzero(u >= lo)
        D = sq_distances(X[unsure], C)
        old_labels, labels = labels, labels.copy()
        labels[unsure] = D.argmin(axis=1)
        u[unsure], lo[unsure] = np.sqrt(two_smallest(D))

        step, moved = step_from(X, C, labels, old_labels)
        yield step, len(unsure) * k
        if step.n_changed == 0 or step.shift == 0:
            return

        # A centre that moves by m changes a distance by at most m (triangle inequality).
        C = step.C
        u = u + moved[labels]
        lo = lo - moved.max()


def two_smallest(D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and second smallest of each row; the latter infinite if there is but one column."""
    ordered = np.sort(np.column_stack([D, np.full(len(D), np.inf)]), axis=1)
    return ordered[:, 0], ordered[:, 1]
