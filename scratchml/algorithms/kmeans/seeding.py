"""Greedy k-means++ over blocks of rows, drawing what scikit-learn draws from the same seed."""

from __future__ import annotations

import numpy as np

from scratchml.core.kernels.tiles import TILE

from .kernels.seeding import first_reaching
from .potential import make_potential
from .rows import Rows


def draw_probabilities(rows: Rows) -> np.ndarray:
    """Probability of each row in the first draw: its share of the weight."""
    weight = rows.sample_weight if rows.sample_weight.size else np.ones(rows.n_samples, rows.dtype)
    return weight / weight.sum()


def greedy_kmeans_plusplus(
    rows: Rows, n_clusters: int, n_trials: int | None, random_state: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Choose rows as initial centres (Arthur and Vassilvitskii 2007, with local trials).

    Parameters
    ----------
    rows : DenseRows or SparseRows
    n_clusters : int
    n_trials : int or None
        Candidates for each centre; None: 2 + log(n_clusters).
    random_state : RandomState
        Draws one weighted row, then ``n_trials`` uniform numbers for each further centre.

    Returns
    -------
    centers : float[n_clusters, n_features]
    indices : int[n_clusters]

    Notes
    -----
    Time O(n_samples n_features n_clusters n_trials) at most: see `potential` for what is left out.
    Memory for each row: two floats in the first draw; after it one, and five bytes where dense rows
    know which centre they are nearest to.
    """
    n_samples = rows.n_samples
    if n_trials is None:
        n_trials = 2 + int(np.log(n_clusters))
    # The draw takes two floats for each row: it is over before the distances need theirs.
    first = random_state.choice(n_samples, p=draw_probabilities(rows))
    potential = make_potential(rows, n_clusters, n_trials)
    indices = np.empty(n_clusters, np.intp)

    def draw(running: np.ndarray, target: float) -> int:
        """First row at which the running potential of all rows reaches a target."""
        tile = min(int(np.searchsorted(running, target)), len(running) - 1)
        start = tile * TILE
        within = slice(start, min(start + TILE, n_samples))
        before = running[tile - 1] if tile else 0.0
        sq_distances = potential.sq_distances[within]
        return start + first_reaching(rows.weights(within), sq_distances, target - before)

    indices[0] = first
    potential.add_center(0, rows.points(indices[:1])[0], 0)
    for c in range(1, n_clusters):
        running = np.cumsum(potential.by_tile)
        targets = random_state.uniform(size=n_trials) * running[-1]
        trials = np.array([draw(running, target) for target in targets])
        candidates = rows.points(trials)
        best = int(np.argmin(potential.with_each(candidates)))
        indices[c] = trials[best]
        potential.add_center(c, candidates[best], best)
    return rows.points(indices), indices
