"""Moments of the columns of a tile, weighted by responsibilities."""

from __future__ import annotations

from scratchml.core.jit import REORDER, kernel

from .axes import diagonal_moments, first_moments
from .full import full_moments


@kernel(REORDER, allocates=False)
def add_moments(
    tile,
    n_lanes,
    responsibilities,
    c,
    origins,
    deviations,
    weighted,
    out_totals,
    out_firsts,
    out_seconds,
):
    """Add the moments of the columns of a tile to those of component c, as far as there is a place.

    The tile may be a queue, which has the responsibilities in a further row.
    """
    n_features = origins.shape[1]
    columns, origin, firsts = tile[:n_features], origins[c], out_firsts[c]
    if out_seconds.shape[0] == 0:
        total = first_moments(columns, n_lanes, responsibilities, origin, firsts)
    elif out_seconds.shape[1] == out_seconds.shape[2]:
        total = full_moments(
            columns, n_lanes, responsibilities, origin, deviations, weighted, firsts, out_seconds[c]
        )
    else:
        total = diagonal_moments(
            columns, n_lanes, responsibilities, origin, firsts, out_seconds[c, 0]
        )
    out_totals[c] += total


@kernel(REORDER, allocates=False)
def weigh(sample_weight, start, n_lanes, inout_responsibilities):
    """Multiply the columns of a tile by weights, if there are any."""
    if sample_weight.shape[0] > 0:
        for c in range(inout_responsibilities.shape[0]):
            r = inout_responsibilities[c]
            for i in range(n_lanes):
                r[i] *= sample_weight[start + i]
