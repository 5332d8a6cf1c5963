"""Passes over a block of rows, a tile at a time, for the moments of the components.

All arithmetic is in float64; rows of float32 become float64 when they enter a tile.
"""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import REORDER, kernel
from scratchml.core.kernels.tiles import load_tile

from .moments import add_moments, weigh
from .terms import label_lanes, log_terms, normalize_terms


@kernel(REORDER)
def accumulate_statistics(
    X,
    sample_weight,
    densities,
    origins,
    n_lanes_of_tile,
    out_groups,
    out_totals,
    out_firsts,
    out_seconds,
):
    """One pass of EM over rows: what the next weights, means and covariances follow from.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float64[n_samples] or float64[0]
        Empty for unit weights.
    densities : Densities
        Which give the responsibilities.
    origins : float64[n_components, n_features]
        Points near the means, about which moments are taken.
    n_lanes_of_tile : int
        Rows that are worked on together.
    out_groups : int32[n_samples] or int32[0]
        The component of the largest term of each row, if there is a place.
    out_totals : float64[n_components]
        Sums of the responsibilities, which are added to what is there, as below.
    out_firsts : float64[n_components, n_features]
    out_seconds : float64[n_components, n_features, n_features]
        The lower triangle. [n_components, 1, n_features] for the squares alone, or [0, 0, 0] for
        nothing.

    Returns
    -------
    float
        Weighted sum of the log-densities.
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
    log_likelihood = 0.0
    for start in range(0, n_samples, n_lanes_of_tile):
        n_lanes = min(n_lanes_of_tile, n_samples - start)
        load_tile(X, start, n_lanes, tile)
        log_terms(densities, tile, n_lanes, spare, deviations, sums, terms)
        if out_groups.shape[0] > 0:
            label_lanes(terms, n_lanes, sums[0], out_groups[start : start + n_lanes])
        normalize_terms(terms, terms_bits, n_lanes, sums, sums_bits, log_densities)
        if sample_weight.shape[0] > 0:
            for i in range(n_lanes):
                log_densities[i] *= sample_weight[start + i]
            weigh(sample_weight, start, n_lanes, terms)
        for i in range(n_lanes):
            log_likelihood += log_densities[i]
        for c in range(n_components):
            add_moments(
                tile,
                n_lanes,
                terms[c],
                c,
                origins,
                deviations,
                spare,
                out_totals,
                out_firsts,
                out_seconds,
            )
    return log_likelihood


@kernel(REORDER)
def accumulate_given(
    X,
    sample_weight,
    responsibilities,
    origins,
    n_lanes_of_tile,
    out_totals,
    out_firsts,
    out_seconds,
):
    """Sum the moments of rows whose responsibilities are given.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float64[n_samples] or float64[0]
        Empty for unit weights.
    responsibilities : float64[n_samples, n_components]
    origins, n_lanes_of_tile, out_totals, out_firsts, out_seconds
        As of `accumulate_statistics`.
    """
    n_samples, n_features = X.shape
    n_components = responsibilities.shape[1]
    tile = np.zeros((n_features, n_lanes_of_tile))
    deviations = np.empty((n_features, n_lanes_of_tile))
    spare = np.empty((n_features, n_lanes_of_tile))
    weights = np.empty((n_components, n_lanes_of_tile))
    for start in range(0, n_samples, n_lanes_of_tile):
        n_lanes = min(n_lanes_of_tile, n_samples - start)
        load_tile(X, start, n_lanes, tile)
        load_tile(responsibilities, start, n_lanes, weights)
        weigh(sample_weight, start, n_lanes, weights)
        for c in range(n_components):
            add_moments(
                tile,
                n_lanes,
                weights[c],
                c,
                origins,
                deviations,
                spare,
                out_totals,
                out_firsts,
                out_seconds,
            )
