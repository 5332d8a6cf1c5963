"""Passes over a block of rows, a tile at a time: log-densities, responsibilities, moments.

All arithmetic is in float64; rows of float32 become float64 when they enter a tile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, REORDER, STRICT, kernel
from scratchml.core.kernels.exponentials import exp_lanes, log_lanes
from scratchml.core.kernels.tiles import load_tile

from .axes import (
    diagonal_moments,
    diagonal_sq_distances,
    first_moments,
    spherical_sq_distances,
    whiten,
)
from .full import full_moments, full_sq_distances

FULL, TIED, DIAGONAL, SPHERICAL = 0, 1, 2, 3
"""The four kinds of covariance."""

LOWEST = -1.7e308
"""Stands for a log-density of minus infinity where one is subtracted from others."""


class Densities(NamedTuple):
    """Weighted densities of the components, as kernels take them.

    The factor is the triangular square root of the precision: of full covariances
    float64[n_components, n_features, n_features], of a tied one [1, n_features, n_features], of
    diagonal ones [n_components, 1, n_features], of spherical ones [n_components, 1, 1].
    """

    kind: Any
    """`FULL`, `TIED`, `DIAGONAL` or `SPHERICAL`."""
    means: Any
    """float64[n_components, n_features]; if tied, after the map, and relative to ``origin``."""
    factors: Any
    log_scales: Any
    """float64[n_components]: log weight + log of the density at the mean."""
    origin: Any
    """float64[n_features]: what is subtracted before the map of a tied covariance."""


@kernel(REORDER, allocates=False)
def log_terms(densities, tile, n_lanes, white, deviations, sums, out_terms):
    """Log of weight times density of each component for each column of a tile.

    Plain form: ``out_terms[c] = log_scales[c] - sq_mahalanobis(tile, c) / 2``.

    Parameters
    ----------
    densities : Densities
    tile : float64[n_features, >= n_lanes]
    n_lanes : int
    white, deviations : float64[n_features, >= n_lanes]
        Memory to work in.
    sums : float64[4, >= n_lanes]
        Memory to work in.
    out_terms : float64[n_components, >= n_lanes]
    """
    kind, means, factors = densities.kind, densities.means, densities.factors
    if kind == TIED:
        whiten(tile, n_lanes, densities.origin, factors[0], deviations, white)
    for c in range(means.shape[0]):
        terms = out_terms[c]
        if kind == FULL:
            full_sq_distances(tile, n_lanes, means[c], factors[c], deviations, sums, terms)
        elif kind == TIED:
            spherical_sq_distances(white, n_lanes, means[c], 1.0, terms)
        elif kind == DIAGONAL:
            diagonal_sq_distances(tile, n_lanes, means[c], factors[c, 0], terms)
        else:
            spherical_sq_distances(tile, n_lanes, means[c], factors[c, 0, 0], terms)
        log_scale = densities.log_scales[c]
        for i in range(n_lanes):
            terms[i] = log_scale - 0.5 * terms[i]


@kernel(CONTRACT, allocates=False)
def normalize_terms(inout_terms, inout_bits, n_lanes, work, work_bits, out_log_densities):
    """Turn log terms into responsibilities, and sum them to log-densities.

    The largest term of each column is subtracted before exponentials are taken, so that none
    overflows (log-sum-exp).

    Parameters
    ----------
    inout_terms : float64[n_components, >= n_lanes]
        Log terms, modified in place: responsibilities, which sum to one over the components.
    inout_bits : int64[n_components, >= n_lanes]
        The same memory.
    n_lanes : int
    work : float64[3, >= n_lanes]
    work_bits : int64[3, >= n_lanes]
        The same memory as ``work``.
    out_log_densities : float64[>= n_lanes]
    """
    n_components = inout_terms.shape[0]
    largest, sums, spare = out_log_densities, work[0], work[1]
    first = inout_terms[0]
    for i in range(n_lanes):
        largest[i] = max(first[i], LOWEST)
        sums[i] = 0.0
    for c in range(1, n_components):
        terms = inout_terms[c]
        for i in range(n_lanes):
            largest[i] = max(largest[i], terms[i])
    for c in range(n_components):
        terms = inout_terms[c]
        exp_lanes(n_lanes, largest, terms, inout_bits[c], spare, work_bits[1])
        for i in range(n_lanes):
            sums[i] += terms[i]
    for i in range(n_lanes):
        spare[i] = 1.0 / sums[i]
    for c in range(n_components):
        terms = inout_terms[c]
        for i in range(n_lanes):
            terms[i] *= spare[i]
    log_lanes(n_lanes, sums, work_bits[0], spare)
    for i in range(n_lanes):
        out_log_densities[i] += spare[i]


@kernel(REORDER)
def accumulate_statistics(
    X, sample_weight, densities, origins, n_lanes_of_tile, out_totals, out_firsts, out_seconds
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
        normalize_terms(terms, terms_bits, n_lanes, sums, sums_bits, log_densities)
        if sample_weight.shape[0] > 0:
            for i in range(n_lanes):
                log_likelihood += sample_weight[start + i] * log_densities[i]
            weigh(sample_weight, start, n_lanes, terms)
        else:
            for i in range(n_lanes):
                log_likelihood += log_densities[i]
        add_moments(
            terms, tile, n_lanes, origins, deviations, spare, out_totals, out_firsts, out_seconds
        )
    return log_likelihood


@kernel(REORDER, allocates=False)
def add_moments(
    responsibilities,
    tile,
    n_lanes,
    origins,
    deviations,
    weighted,
    out_totals,
    out_firsts,
    out_seconds,
):
    """Add the moments of a tile, of those orders for which there is a place."""
    for c in range(responsibilities.shape[0]):
        r = responsibilities[c]
        if out_seconds.shape[0] == 0:
            out_totals[c] += first_moments(tile, n_lanes, r, origins[c], out_firsts[c])
        elif out_seconds.shape[1] == out_seconds.shape[2]:
            out_totals[c] += full_moments(
                tile, n_lanes, r, origins[c], deviations, weighted, out_firsts[c], out_seconds[c]
            )
        else:
            out_totals[c] += diagonal_moments(
                tile, n_lanes, r, origins[c], out_firsts[c], out_seconds[c, 0]
            )


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
        add_moments(
            weights, tile, n_lanes, origins, deviations, spare, out_totals, out_firsts, out_seconds
        )


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
def label_lanes(terms, n_lanes, largest, out_labels):
    """Index of the largest number in each column, the lowest of equal ones."""
    first = terms[0]
    for i in range(n_lanes):
        largest[i] = first[i]
        out_labels[i] = 0
    for c in range(1, terms.shape[0]):
        row = terms[c]
        for i in range(n_lanes):
            greater = row[i] > largest[i]
            out_labels[i] = c if greater else out_labels[i]
            largest[i] = row[i] if greater else largest[i]


@kernel(STRICT, allocates=False)
def store_tile(tile, n_lanes, start, out_rows):
    """Copy the columns of a tile into rows of an array."""
    for c in range(tile.shape[0]):
        row = tile[c]
        for i in range(n_lanes):
            out_rows[start + i, c] = row[i]


@kernel(REORDER, allocates=False)
def weigh(sample_weight, start, n_lanes, inout_responsibilities):
    """Multiply the columns of a tile by weights, if there are any."""
    if sample_weight.shape[0] > 0:
        for c in range(inout_responsibilities.shape[0]):
            r = inout_responsibilities[c]
            for i in range(n_lanes):
                r[i] *= sample_weight[start + i]
