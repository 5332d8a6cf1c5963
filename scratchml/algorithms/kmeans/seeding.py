"""Greedy k-means++ over blocks of rows, drawing what scikit-learn draws from the same seed."""

from __future__ import annotations

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks
from scratchml.core.kernels.tiles import TILE

from .kernels.seeding import first_reaching
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
    Time O(n_samples n_features n_clusters n_trials); memory two floats for each row in the first
    draw, one after it.
    """
    n_samples = rows.n_samples
    if n_trials is None:
        n_trials = 2 + int(np.log(n_clusters))
    blocks = row_blocks(n_samples, rows.operations_per_distance * n_trials * 3)
    # The draw takes two floats for each row: it is over before the distances need theirs.
    first = random_state.choice(n_samples, p=draw_probabilities(rows))
    closest = np.full(n_samples, np.inf, rows.dtype)
    tile_potentials = np.empty(-(-n_samples // TILE))
    indices = np.empty(n_clusters, np.intp)

    def choose(c: int, index: int) -> np.ndarray:
        """Make a row centre c; return the running potential after each tile of rows."""
        indices[c] = index
        (center,) = rows.points(indices[c : c + 1])

        def on_block(_: int, block: slice) -> None:
            tiles = tile_potentials[block.start // TILE : -(-block.stop // TILE)]
            rows.update_closest(block, center, closest, tiles)

        map_blocks(on_block, blocks)
        return np.cumsum(tile_potentials)

    def draw(running: np.ndarray, target: float) -> int:
        """First row at which the running potential of all rows reaches a target."""
        tile = min(int(np.searchsorted(running, target)), len(running) - 1)
        start = tile * TILE
        within = slice(start, min(start + TILE, n_samples))
        before = running[tile - 1] if tile else 0.0
        return start + first_reaching(rows.weights(within), closest[within], target - before)

    def try_out(trials: np.ndarray) -> np.ndarray:
        """Potential of all rows for each candidate as the next centre."""
        candidates = rows.points(trials)
        return sum(
            map_blocks(
                lambda _, block: rows.candidate_potentials(block, closest, candidates), blocks
            ),
            start=np.zeros(n_trials),
        )

    running = choose(0, first)
    for c in range(1, n_clusters):
        targets = random_state.uniform(size=n_trials) * running[-1]
        trials = np.array([draw(running, target) for target in targets])
        running = choose(c, trials[np.argmin(try_out(trials))])
    return rows.points(indices), indices
