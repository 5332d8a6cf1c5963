"""Yinyang bounds: one for each sample and group of centres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .lloyd import LloydStep, sq_distances, sq_distances_to_own, step_from


def yinyang(
    X: np.ndarray, C: np.ndarray, size: int = 10, max_iter: int = 300
) -> Iterator[tuple[LloydStep, int]]:
    """Lloyd's algorithm with the bounds of Y. Ding et al. (ICML 2015), unit weights.

    Each sample keeps an upper bound u on the distance to its own centre and, for each group of
    centres, a lower bound on the distance to those of them that are not its own. Groups of one
    centre would be Elkan's bounds, a single group Hamerly's.

    Parameters
    ----------
    X : float[n, d]
    C : float[k, d]
        Initial centres.
    size : int
        The most centres in a group; the paper has k / 10 groups.
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
    groups = group_centers(C, np.arange(k), size)
    # Before the first step: every distance is computed once.
    D = sq_distances(X, C)
    old_labels, labels = np.full(n, -1), D.argmin(axis=1)
    u, n_distances = np.sqrt(D.min(axis=1)), n * k
    D[np.arange(n), labels] = np.inf
    lo = np.sqrt(np.column_stack([D[:, members].min(axis=1) for members in groups]))
    for _ in range(max_iter):
        step, moved = step_from(X, C, labels, old_labels)
        yield step, n_distances
        if step.n_changed == 0 or step.shift == 0:
            return
        # The bound of a group falls by the farthest move in that group alone.
        C = step.C
        u = u + moved[labels]
        lo = lo - np.array([moved[members].max() for members in groups])

        # Global filter: where u is below all bounds the label stands; elsewhere u is made exact.
        rows = np.flatnonzero(u >= lo.min(axis=1))
        own = sq_distances_to_own(X[rows], C, labels[rows])
        u[rows] = np.sqrt(own)
        n_distances = len(rows)

        # Group filter: the sample meets the centres of groups that u does not exclude.
        asks = u[rows, None] >= lo[rows]
        D = np.full((len(rows), k), np.inf)
        D[np.arange(len(rows)), labels[rows]] = own
        for g, members in enumerate(groups):
            asking = np.flatnonzero(asks[:, g])
            D[np.ix_(asking, members)] = sq_distances(X[rows[asking]], C[members])
            n_distances += len(asking) * len(members)
        old_labels, labels = labels, labels.copy()
        labels[rows] = D.argmin(axis=1)

        # Bounds are exact for groups that were met; another may get the centre that was left.
        u[rows] = np.sqrt(D.min(axis=1))
        D[np.arange(len(rows)), labels[rows]] = np.inf
        for g, members in enumerate(groups):
            known = np.sqrt(D[:, members].min(axis=1))
            lo[rows, g] = np.where(asks[:, g], known, np.minimum(lo[rows, g], known))


def group_centers(C: np.ndarray, members: np.ndarray, size: int) -> list[np.ndarray]:
    """Put centres that are close to one another into groups: halve them at their widest feature.

    Parameters
    ----------
    C : float[k, d]
    members : int[k]
        Indices of the centres that are to be grouped.
    size : int
        The most that a group may have.

    Returns
    -------
    list of int[at most size]
    """
    if len(members) <= size:
        return [members]
    widest = C[members].var(axis=0).argmax()
    members = members[C[members, widest].argsort(kind="stable")]
    middle = -(-len(members) // size) // 2 * size
    return group_centers(C, members[:middle], size) + group_centers(C, members[middle:], size)
