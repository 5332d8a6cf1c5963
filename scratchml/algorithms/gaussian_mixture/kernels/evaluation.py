"""What a mixture says of rows: components, densities, responsibilities."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import load_tile

from .terms import label_lanes, log_terms, normalize_terms


@kernel(REORDER)
def evaluate_rows(
    X,
    densities,
    n_lanes_of_tile,
    out_labels,
    out_log_densities,
    out_terms,
    out_responsibilities,
):
    """What a mixture says of rows; what has an empty array to go to is left out.

    Parameters
    ----------
    X : float[n_samples, n_features]
    densities : Densities
    n_lanes_of_tile : int
    out_labels : int64[n_samples]
        Component of the largest term, the lowest index of equal ones.
    out_log_densities : float64[n_samples]
    out_terms, out_responsibilities : float64[n_samples, n_components]
        Log of weight times density of each component, and its share in their sum.
    """
    n_samples, n_features = X.shape
    n_components = densities.means.shape[0]
    tile = np.zeros((n_features, n_lanes_of_tile))
    deviations = np.empty((n_features, n_lanes_of_tile))
    spare = np.empty((n_features, n_lanes_of_tile))
    sums = np.empty((4, n_lanes_of_tile))
    sums_bits = sums.view(np.int64)
    terms = np.empty((n_components, n_lanes_of_tile))
    terms_bits = terms.view(np.int64)
    log_densities = np.empty(n_lanes_of_tile)
    normalize = out_log_densities.shape[0] > 0 or out_responsibilities.shape[0] > 0
    for start in range(0, n_samples, n_lanes_of_tile):
        n_lanes = min(n_lanes_of_tile, n_samples - start)
        load_tile(X, start, n_lanes, tile)
        log_terms(densities, tile, n_lanes, spare, deviations, sums, terms)
        if out_labels.shape[0] > 0:
            label_lanes(terms, n_lanes, sums[0], out_labels[start : start + n_lanes])
        if out_terms.shape[0] > 0:
            store_tile(terms, n_lanes, start, out_terms)
        if normalize:
            normalize_terms(terms, terms_bits, n_lanes, sums, sums_bits, log_densities)
        if out_log_densities.shape[0] > 0:
            for i in range(n_lanes):
                out_log_densities[start + i] = log_densities[i]
        if out_responsibilities.shape[0] > 0:
            store_tile(terms, n_lanes, start, out_responsibilities)


@kernel(STRICT, allocates=False)
def store_tile(tile, n_lanes, start, out_rows):
    """Copy the columns of a tile into rows of an array."""
    for c in range(tile.shape[0]):
        row = tile[c]
        for i in range(n_lanes):
            out_rows[start + i, c] = row[i]
