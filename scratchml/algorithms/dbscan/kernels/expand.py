"""Clusters expanded one after the other, by distances that may differ in the two directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel

NO_LABEL = -1


class Expansion(NamedTuple):
    """How far clusters have been expanded; kernels write to it."""

    labels: np.ndarray
    """int64[n_samples]: ``NO_LABEL`` where no cluster has come yet."""
    queue: np.ndarray
    """int64[n_samples]: points with a label, in the order in which they got it."""
    left: np.ndarray
    """int64[n_samples]: first the points without one, and maybe some with one, ascending."""
    state: np.ndarray
    """int64[5]: points of ``left``, points of ``queue`` that are done and that are there, clusters,
    and the first point that may begin the next one."""


def make_expansion(n: int) -> Expansion:
    """Before the first cluster of n points."""
    state = np.array([n, 0, 0, 0, 0])
    return Expansion(np.full(n, NO_LABEL), np.empty(n, np.int64), np.arange(n), state)


@kernel(STRICT, allocates=False)
def next_core(is_core, inout_expansion):
    """The next core point whose neighbours get its label, maybe of a new cluster; -1 at the end."""
    labels, queue, _, state = inout_expansion
    while True:
        while state[1] < state[2]:
            point = queue[state[1]]
            state[1] += 1
            if is_core[point]:
                return point
        seed = state[4]
        while seed < is_core.shape[0] and not (is_core[seed] and labels[seed] == NO_LABEL):
            seed += 1
        state[4] = seed
        if seed == is_core.shape[0]:
            return np.int64(-1)
        labels[seed] = state[3]
        state[3] += 1
        queue[state[2]] = seed
        state[2] += 1


@kernel(STRICT, allocates=False)
def expand_dense(distances, eps, is_core, budget, inout_expansion):
    """Expand clusters by rows of distances.

    Parameters
    ----------
    distances : float[n_samples, n_samples]
        From each point, in its row, to all points.
    eps : float
        Of the same dtype.
    is_core : bool[n_samples]
    budget : int
        Distances to look at before the kernel returns.
    inout_expansion : Expansion

    Returns
    -------
    bool
        Whether it has come to the end.
    """
    labels, queue, left, state = inout_expansion
    while budget > 0:
        point = next_core(is_core, inout_expansion)
        if point < 0:
            return True
        row, label = distances[point], labels[point]
        n_left = state[0]
        budget -= n_left + 1
        kept, end = 0, state[2]
        for t in range(n_left):
            other = left[t]
            if labels[other] == NO_LABEL:
                if row[other] <= eps:
                    labels[other] = label
                    queue[end] = other
                    end += 1
                else:
                    left[kept] = other
                    kept += 1
        state[0], state[2] = kept, end
    return False


@kernel(STRICT, allocates=False)
def expand_sparse(values, indices, starts, eps, is_core, budget, inout_expansion):
    """Expand clusters by the rows of a CSR matrix of distances; see `expand_dense`.

    Parameters
    ----------
    values : float[n_entries]
    indices, starts : int32 or int64
        Columns of the entries, and where each row starts and the last one ends.
    eps, is_core, budget, inout_expansion
        As for `expand_dense`.
    """
    labels, queue, _, state = inout_expansion
    while budget > 0:
        point = next_core(is_core, inout_expansion)
        if point < 0:
            return True
        budget -= starts[point + 1] - starts[point] + 1
        for t in range(starts[point], starts[point + 1]):
            other = indices[t]
            if values[t] <= eps and labels[other] == NO_LABEL:
                labels[other] = labels[point]
                queue[state[2]] = other
                state[2] += 1
    return False
