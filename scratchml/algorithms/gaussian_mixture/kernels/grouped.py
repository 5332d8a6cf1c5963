"""A pass of EM over rows that are grouped by the component they probably belong to.

Where clusters are apart, most responsibilities are too small to count. That of component c for a
row x of group g is known to be so from one dot product: by the inequality of Cauchy and Schwarz the
Mahalanobis distance to the mean of c is at least |v^T (x - m_c)| for any v with v^T S_c v = 1,
where S_c is the covariance of c and P_c = F_c F_c^T its inverse. Along the line of the two means,
which every row of the group shares, little is lost:

    v = P_c (m_g - m_c) / D,    D = Mahalanobis distance of m_g to the mean of c,
    |F_c^T (x - m_c)| >= |v^T (x - m_g) + D|.

Only rows and components whose term is within a margin of the largest are computed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.scores import score_four
from scratchml.core.kernels.tiles import gather_tile

from .full import add_sq_products, subtract_point
from .moments import add_moments
from .terms import LOWEST, normalize_terms


class Projections(NamedTuple):
    """Directions that tell the rows of one component from another, as `score_four` takes them."""

    directions: Any
    """-v, float64[n_components, n_components + padding, n_features + padding]: group, component."""
    distances: Any
    """D, float64[n_components, n_components + padding]."""


@kernel(REORDER)
def accumulate_grouped(
    X,
    sample_weight,
    order,
    densities,
    projections,
    origins,
    margin,
    n_lanes_of_tile,
    inout_groups,
    out_totals,
    out_firsts,
    out_seconds,
):
    """One pass of EM over rows, without the responsibilities that are too small to count.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float64[n_samples] or float64[0]
        Empty for unit weights.
    order : int32[n_samples]
        The rows, those of one group after those of another.
    densities : Densities
        Of full covariances.
    projections : Projections
    origins : float64[n_components, n_features]
        Points near the means, about which moments are taken.
    margin : float
        Responsibilities below exp(-margin) count as 0.
    n_lanes_of_tile : int
        Rows that are worked on together.
    inout_groups : int32[n_samples]
        The component that each row is taken for, at first; then the one of its largest term.
    out_totals, out_firsts, out_seconds
        As of `accumulate_statistics`.

    Returns
    -------
    log_likelihood : float
        Weighted sum of the log-densities.
    n_densities : int
        How many densities were computed.
    """
    n_samples, n_features = X.shape
    n_components = densities.means.shape[0]
    n_padded = projections.directions.shape[2]
    tile = np.zeros((n_features, n_lanes_of_tile))
    deviations = np.zeros((n_padded, n_lanes_of_tile))
    spare = np.empty((n_features, n_lanes_of_tile))
    sums = np.empty((5, n_lanes_of_tile))
    sums_bits = sums.view(np.int64)
    bounds = np.empty((4, n_lanes_of_tile))
    terms = np.empty((n_components, n_lanes_of_tile))
    terms_bits = terms.view(np.int64)
    components = np.empty(n_components, np.int64)
    log_densities = np.empty(n_lanes_of_tile)
    least = np.empty(n_lanes_of_tile)
    lanes = np.empty(n_lanes_of_tile, np.int32)
    queues = np.empty((n_components, n_features + 1, n_lanes_of_tile))
    queued = np.zeros(n_components, np.int64)
    least_share = np.exp(-margin)
    log_likelihood = 0.0
    n_densities = 0
    start = 0
    while start < n_samples:
        group = inout_groups[order[start]]
        n_lanes = 1
        while (
            n_lanes < n_lanes_of_tile
            and start + n_lanes < n_samples
            and inout_groups[order[start + n_lanes]] == group
        ):
            n_lanes += 1
        rows = order[start : start + n_lanes]
        start += n_lanes
        gather_tile(X, rows, n_lanes, tile)
        n_terms, n_computed = grouped_log_terms(
            densities,
            projections,
            group,
            margin,
            tile,
            n_lanes,
            deviations,
            spare,
            sums,
            bounds,
            least,
            lanes,
            components,
            terms,
        )
        n_densities += n_computed
        regroup(terms, components, n_terms, n_lanes, rows, sums[0], inout_groups)
        normalize_terms(
            terms[:n_terms], terms_bits[:n_terms], n_lanes, sums, sums_bits, log_densities
        )
        if sample_weight.shape[0] > 0:
            for i in range(n_lanes):
                log_densities[i] *= sample_weight[rows[i]]
        for i in range(n_lanes):
            log_likelihood += log_densities[i]
        for t in range(n_terms):
            c = components[t]
            r = terms[t]
            n_found = find_lanes(r, n_lanes, least_share, lanes)
            if sample_weight.shape[0] > 0:
                for i in range(n_lanes):
                    r[i] *= sample_weight[rows[i]]
            if 2 * n_found > n_lanes_of_tile:
                add_moments(
                    tile,
                    n_lanes,
                    r,
                    c,
                    origins,
                    deviations,
                    spare,
                    out_totals,
                    out_firsts,
                    out_seconds,
                )
                continue
            queue = queues[c]
            if queued[c] + n_found > n_lanes_of_tile:
                add_moments(
                    queue,
                    queued[c],
                    queue[n_features],
                    c,
                    origins,
                    deviations,
                    spare,
                    out_totals,
                    out_firsts,
                    out_seconds,
                )
                queued[c] = 0
            append_columns(tile, r, lanes, n_found, queued[c], queue)
            queued[c] += n_found
    for c in range(n_components):
        queue = queues[c]
        add_moments(
            queue,
            queued[c],
            queue[n_features],
            c,
            origins,
            deviations,
            spare,
            out_totals,
            out_firsts,
            out_seconds,
        )
    return log_likelihood, n_densities


@kernel(REORDER, allocates=False)
def grouped_log_terms(
    densities,
    projections,
    group,
    margin,
    tile,
    n_lanes,
    deviations,
    spare,
    sums,
    bounds,
    least,
    lanes,
    out_components,
    out_terms,
):
    """Log terms of the components that can count for any column of a tile of one group.

    Returns
    -------
    n_terms : int
        Of how many components there are terms: ``out_terms[t]`` is of ``out_components[t]``, and
        `LOWEST` where it cannot count.
    n_computed : int
        How many terms were computed.
    """
    means, factors, log_scales = densities.means, densities.factors, densities.log_scales
    n_components, n_features = means.shape
    subtract_point(tile, n_lanes, means[group], deviations)
    own = out_terms[0]
    for i in range(n_lanes):
        own[i] = 0.0
    add_sq_products(deviations, n_lanes, factors[group], 0, n_features, sums, own)
    log_scale = log_scales[group]
    for i in range(n_lanes):
        own[i] = max(log_scale - 0.5 * own[i], LOWEST)
        least[i] = own[i] - margin
    out_components[0] = group
    n_terms, n_computed = 1, n_lanes
    directions, distances = projections.directions[group], projections.distances[group]
    for begin in range(0, n_components, 4):
        score_four(deviations, directions, distances, begin, n_lanes, bounds)
        for c in range(begin, min(begin + 4, n_components)):
            if c == group:
                continue
            log_scale = log_scales[c]
            scores = bounds[c - begin]
            n_found = 0
            for i in range(n_lanes):
                n_found += log_scale - 0.5 * scores[i] * scores[i] >= least[i]
            if n_found == 0:
                continue
            n_found = 0
            for i in range(n_lanes):
                lanes[n_found] = i
                n_found += log_scale - 0.5 * scores[i] * scores[i] >= least[i]
            terms = out_terms[n_terms]
            if n_found < n_lanes:
                for i in range(n_lanes):
                    terms[i] = LOWEST
            complete(densities, tile, c, lanes, n_found, spare, sums, terms)
            out_components[n_terms] = c
            n_terms += 1
            n_computed += n_found
    return n_terms, n_computed


@kernel(REORDER, allocates=False)
def complete(densities, tile, c, lanes, n_found, deviations, sums, out_terms):
    """Log terms of a component for some columns of a tile, which are gathered for that."""
    for j in range(tile.shape[0]):
        x, u = tile[j], deviations[j]
        mean = densities.means[c, j]
        for m in range(n_found):
            u[m] = x[lanes[m]] - mean
    sq_distances = sums[4]  # the first four are worked with below
    for m in range(n_found):
        sq_distances[m] = 0.0
    add_sq_products(deviations, n_found, densities.factors[c], 0, tile.shape[0], sums, sq_distances)
    log_scale = densities.log_scales[c]
    for m in range(n_found):
        out_terms[lanes[m]] = max(log_scale - 0.5 * sq_distances[m], LOWEST)


@kernel(STRICT, allocates=False)
def regroup(terms, components, n_terms, n_lanes, rows, largest, out_groups):
    """Take each row for the component of its largest term from now on."""
    first = terms[0]
    for i in range(n_lanes):
        largest[i] = first[i]
    for t in range(1, n_terms):
        row = terms[t]
        for i in range(n_lanes):
            if row[i] > largest[i]:
                largest[i] = row[i]
                out_groups[rows[i]] = components[t]


@kernel(STRICT, allocates=False)
def find_lanes(responsibilities, n_lanes, least, out_lanes):
    """Columns whose responsibility is not below the least that counts; returns how many."""
    n_found = 0
    for i in range(n_lanes):
        n_found += responsibilities[i] >= least
    if n_found > 0:
        n_found = 0
        for i in range(n_lanes):
            out_lanes[n_found] = i
            n_found += responsibilities[i] >= least
    return n_found


@kernel(STRICT, allocates=False)
def append_columns(tile, responsibilities, lanes, n_found, at, out_queue):
    """Copy some columns of a tile, and their responsibilities below them, to a place in a queue."""
    n_features = tile.shape[0]
    for j in range(n_features):
        x, queue = tile[j], out_queue[j]
        for m in range(n_found):
            queue[at + m] = x[lanes[m]]
    queue = out_queue[n_features]
    for m in range(n_found):
        queue[at + m] = responsibilities[lanes[m]]
