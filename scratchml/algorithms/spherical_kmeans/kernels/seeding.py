"""Loops of k-means++ on the sphere, over tiles of unit rows: distances are those of chords."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kmeans.kernels.seeding import weighted_sum
from scratchml.core.jit import REORDER, kernel
from scratchml.core.kernels.tiles import TILE, tile_sq_distances

from .dense import load_unit_tile


@kernel(REORDER)
def candidate_potentials(X, scales, sample_weight, closest, candidates, out_potentials):
    """Potential of a block of rows if each candidate in turn were the next centre.

    All candidates are scored while a tile is in cache: the data are read once.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
    sample_weight : float[n_samples] or float[0]
    closest : float[n_samples]
        1 - cosine of each row and the most similar centre so far.
    candidates : float[n_candidates, n_features]
        Unit vectors.
    out_potentials : float64[n_candidates]
        Added to: sum of w min(closest, 1 - cosine with the candidate).
    """
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    distances = np.empty(TILE, X.dtype)
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        load_unit_tile(X, scales, start, n_rows, tile)
        current = closest[start : start + n_rows]
        weights = sample_weight[start : start + n_rows]
        for c in range(candidates.shape[0]):
            tile_sq_distances(tile, n_rows, candidates[c], distances)
            for i in range(n_rows):
                distances[i] = min(current[i], distances[i] / 2)
            out_potentials[c] += weighted_sum(weights, distances[:n_rows])


@kernel(REORDER)
def update_closest(X, scales, sample_weight, center, inout_closest, out_potentials):
    """Lower 1 - cosine of each row and its most similar centre, now that one more is chosen.

    Parameters
    ----------
    X : float[n_samples, n_features]
    scales : float64[n_samples]
    sample_weight : float[n_samples] or float[0]
    center : float[n_features]
        A unit vector.
    inout_closest : float[n_samples]
    out_potentials : float64[ceil(n_samples / TILE)]
        Sum of w times that over each tile of rows.
    """
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    distances = np.empty(TILE, X.dtype)
    for start in range(0, X.shape[0], TILE):
        n_rows = min(TILE, X.shape[0] - start)
        load_unit_tile(X, scales, start, n_rows, tile)
        tile_sq_distances(tile, n_rows, center, distances)
        closest = inout_closest[start : start + n_rows]
        for i in range(n_rows):
            closest[i] = min(closest[i], distances[i] / 2)
        out_potentials[start // TILE] = weighted_sum(sample_weight[start : start + n_rows], closest)
