"""Loops of k-means++: distances to the candidates, and the draw."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import TILE, load_tile, tile_sq_distances


@kernel(REORDER)
def candidate_potentials(X, sample_weight, closest, candidates, out_potentials):
    """Potential of a block of rows if each candidate in turn were the next centre.

    All candidates are scored while a tile is in cache: the data are read once.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
    closest : float[n_samples]
        Squared distance of each row to the nearest centre so far.
    candidates : float[n_candidates, n_features]
    out_potentials : float64[n_candidates]
        Added to: sum of w min(closest, squared distance to the candidate).
    """
    n_samples = X.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        current = closest[start : start + n_rows]
        weights = sample_weight[start : start + n_rows]
        for c in range(candidates.shape[0]):
            tile_sq_distances(tile, n_rows, candidates[c], sq_distances)
            for i in range(n_rows):
                sq_distances[i] = min(current[i], sq_distances[i])
            out_potentials[c] += weighted_sum(weights, sq_distances[:n_rows])


@kernel(REORDER)
def update_closest(X, sample_weight, center, inout_closest, out_potentials):
    """Lower the squared distance of each row to its nearest centre, now that one more is chosen.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
    center : float[n_features]
    inout_closest : float[n_samples]
    out_potentials : float64[ceil(n_samples / TILE)]
        Sum of w times the squared distance over each tile of rows.
    """
    n_samples = X.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        load_tile(X, start, n_rows, tile)
        tile_sq_distances(tile, n_rows, center, sq_distances)
        closest = inout_closest[start : start + n_rows]
        for i in range(n_rows):
            closest[i] = min(closest[i], sq_distances[i])
        out_potentials[start // TILE] = weighted_sum(sample_weight[start : start + n_rows], closest)


@kernel(REORDER)
def weighted_sum(sample_weight, values):
    """Sum of w times the value, in float64; without weights the sum of the values."""
    total = 0.0
    if sample_weight.shape[0] > 0:
        for i in range(values.shape[0]):
            total += sample_weight[i] * values[i]
    else:
        for i in range(values.shape[0]):
            total += values[i]
    return total


@kernel(STRICT)
def first_reaching(sample_weight, values, target):
    """First position at which the running sum of w times the value reaches a target.

    Parameters
    ----------
    sample_weight : float[n] or float[0]
    values : float[n]
    target : float64

    Returns
    -------
    position : int
        The last one, if rounding keeps the sum below the target.
    """
    running = 0.0
    for i in range(values.shape[0]):
        running += sample_weight[i] * values[i] if sample_weight.shape[0] > 0 else values[i]
        if running >= target:
            return i
    return values.shape[0] - 1
