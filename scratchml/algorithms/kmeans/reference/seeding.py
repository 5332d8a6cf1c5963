"""k-means++: samples far from one another as initial centres."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .lloyd import sq_distances


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
        trials = draw(w * closest, n_trials, random_state)
        # ... of which the one that lowers the potential most is taken (the greedy variant).
        closest_with = np.minimum(closest[:, None], sq_distances(X, X[trials]))
        potentials = w @ closest_with
        best = np.argmin(potentials)
        sample, closest = int(trials[best]), closest_with[:, best]
        yield SeedingStep(sample, closest, trials, potentials)


def kmeans_plusplus_pruned(
    X: np.ndarray,
    k: int,
    random_state: np.random.RandomState,
    w: np.ndarray | None = None,
    n_trials: int | None = None,
) -> Iterator[tuple[SeedingStep, int]]:
    """`kmeans_plusplus` without samples that no candidate can be nearer to (E. Raff, IJCAI 2021).

    Yields
    ------
    step : SeedingStep
        What `kmeans_plusplus` yields.
    n_distances : int
        How many distances to samples it took: at most n n_trials, which the plain form takes.
    """
    n = len(X)
    w = np.ones(n, X.dtype) if w is None else w
    n_trials = 2 + int(np.log(k)) if n_trials is None else n_trials
    sample = random_state.choice(n, p=w / w.sum())
    closest = sq_distances(X, X[[sample]])[:, 0]
    chosen, nearest = [sample], np.zeros(n, int)
    yield SeedingStep(sample, closest, np.array([sample]), np.array([w @ closest])), n

    for c in range(1, k):
        trials = draw(w * closest, n_trials, random_state)
        # The centre of a sample is at most half as far as from there to any candidate: it stays.
        reach = sq_distances(X[chosen], X[trials]).min(axis=1) / 4
        far = np.flatnonzero(closest > reach[nearest])
        closest_with = np.repeat(closest[:, None], n_trials, axis=1)
        closest_with[far] = np.minimum(closest[far, None], sq_distances(X[far], X[trials]))
        potentials = w @ closest_with
        best = np.argmin(potentials)
        nearest[closest_with[:, best] < closest] = c
        sample, closest = int(trials[best]), closest_with[:, best]
        chosen.append(sample)
        yield SeedingStep(sample, closest, trials, potentials), len(far) * n_trials


def draw(p: np.ndarray, n_trials: int, random_state: np.random.RandomState) -> np.ndarray:
    """Draw samples with probability p / sum(p), int[n_trials]."""
    running = np.cumsum(p)
    targets = random_state.uniform(size=n_trials) * running[-1]
    return np.minimum(np.searchsorted(running, targets), len(p) - 1)
