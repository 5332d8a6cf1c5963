"""Log-densities of the components for the columns of a tile, and the responsibilities they give."""

from __future__ import annotations

from typing import Any, NamedTuple

from scratchml.core.jit import CONTRACT, REORDER, STRICT, kernel
from scratchml.core.kernels.exponentials import exp_lanes, log_lanes

from .axes import diagonal_sq_distances, spherical_sq_distances, whiten
from .full import full_sq_distances

FULL, TIED, DIAGONAL, SPHERICAL = 0, 1, 2, 3
"""The four kinds of covariance."""

LOWEST = -1.7e308
"""The least term of a component: from minus infinity none could be subtracted."""


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
            terms[i] = max(log_scale - 0.5 * terms[i], LOWEST)


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
    work : float64[>= 2, >= n_lanes]
    work_bits : int64[>= 2, >= n_lanes]
        The same memory as ``work``.
    out_log_densities : float64[>= n_lanes]
    """
    n_components = inout_terms.shape[0]
    largest, sums, spare = out_log_densities, work[0], work[1]
    first = inout_terms[0]
    for i in range(n_lanes):
        largest[i] = first[i]
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
