"""Elkan's bounds: one for each sample and centre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .lloyd import LloydStep, sq_distances, sq_distances_to_own, step_from


def elkan(X: np.ndarray, C: np.ndarray, max_iter: int = 300) -> Iterator[tuple[LloydStep, int]]:
    """Lloyd's algorithm with the bounds of C. Elkan (ICML 2003, section 3), unit weights.

    Each sample keeps an upper bound u on the distance to its own centre and a lower bound on the
    distance to every centre. Steps are those of the paper.

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
        How many distances to centres it took: at most n (k + 1), as that to a sample's own centre
        is computed first.
    """
    n, k = len(X), len(C)
    # Before step 1: every distance is computed once.
    D = sq_distances(X, C)
    old_labels, labels = np.full(n, -1), D.argmin(axis=1)
    own, lo = D.min(axis=1), np.sqrt(D)
    u, n_distances = np.sqrt(own), n * k
    for _ in range(max_iter):
        # Step 4, then 5 to 7: means; bounds move as far as their centres.
        step, moved = step_from(X, C, labels, old_labels)
        yield step, n_distances
        if step.n_changed == 0 or step.shift == 0:
            return
        C = step.C
        lo = np.maximum(lo - moved, 0)
        u = u + moved[labels]

        # Step 1: half the distances between centres.
        half_gaps = np.sqrt(sq_distances(C, C)) / 2
        np.fill_diagonal(half_gaps, np.inf)
        # Step 2: no centre is nearer to a sample than half the way to the nearest other centre.
        unsure = u >= half_gaps.min(axis=1)[labels]
        old_labels, labels = labels, labels.copy()
        is_tight = np.zeros(n, bool)
        n_distances = 0
        for c in range(k):
            # Step 3: samples for which neither bound excludes centre c.
            rows = np.flatnonzero(unsure & (labels != c))
            rows = rows[(u[rows] >= lo[rows, c]) & (u[rows] >= half_gaps[labels[rows], c])]
            # Step 3a: make u the distance to the own centre, once ...
            loose = rows[~is_tight[rows]]
            own[loose] = sq_distances_to_own(X[loose], C, labels[loose])
            u[loose] = lo[loose, labels[loose]] = np.sqrt(own[loose])
            is_tight[loose] = True
            # Step 3b: ... and where c is not excluded then, see which is nearer.
            rows = rows[(u[rows] >= lo[rows, c]) & (u[rows] >= half_gaps[labels[rows], c])]
            D = sq_distances(X[rows], C[[c]])[:, 0]
            lo[rows, c] = np.sqrt(D)
            nearer = (own[rows] > D) | ((own[rows] == D) & (c < labels[rows]))
            labels[rows[nearer]] = c
            own[rows[nearer]] = D[nearer]
            u[rows[nearer]] = np.sqrt(D[nearer])
            n_distances += len(loose) + len(rows)
