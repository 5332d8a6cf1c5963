"""Hamerly's bounds (SIAM International Conference on Data Mining 2010) over one block of rows.

Each row keeps an upper bound on the distance to its own centre and one lower bound on the distance
to every other. When the centres move, the bounds move by as much; while the upper one stays below
the lower one, or below half the distance from its centre to the nearest other, the label cannot
change and nothing is computed. The rows that are left are gathered into panels and compared with
every centre.

Bounds are widened by the rounding error of whatever enters them: what is pruned would have lost the
comparison of plain sums too, so that the labels are those of Lloyd's iteration, ties included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import TILE

from .assign import label_some, make_room

PROBE = 8
"""One tile in so many is probed; where one open row in so many is closed, all are."""


class CenterMoves(NamedTuple):
    """How the centres have moved, and what that does to bounds."""

    own: np.ndarray
    """How far each centre has moved, rounded up, float[n_clusters]."""
    others: np.ndarray
    """The farthest that any other centre has moved, rounded up, float[n_clusters]."""
    half_gaps: np.ndarray
    """Half the distance to the nearest other centre, rounded down, float[n_clusters]."""
    up: float
    """One and a rounding error: widens an upper bound."""
    down: float
    """One less a rounding error: widens a lower bound."""
    margin: float
    """One and the rounding error of a distance: turns a distance into an upper bound."""


@kernel(REORDER)
def nearest_other_centers(centers, out_sq_distances):
    """Squared distance of each centre to the nearest other; infinity for a single one.

    Parameters
    ----------
    centers : float64[n_clusters, n_features]
    out_sq_distances : float64[n_clusters]
    """
    n_clusters, n_features = centers.shape
    for a in range(n_clusters):
        out_sq_distances[a] = np.inf
    for a in range(n_clusters):
        for b in range(a):
            total = 0.0
            for j in range(n_features):
                u = centers[a, j] - centers[b, j]
                total += u * u
            out_sq_distances[a] = min(out_sq_distances[a], total)
            out_sq_distances[b] = min(out_sq_distances[b], total)


@kernel(STRICT)
def hamerly_step(X, expanded, moves, inout_labels, inout_upper, inout_lower):
    """Labels after the centres have moved, for the rows whose bounds leave them open.

    Parameters
    ----------
    X : float[n_samples, n_features]
    expanded : ExpandedCenters
        The moved centres.
    moves : CenterMoves
    inout_labels : int32[n_samples]
    inout_upper, inout_lower : float[n_samples]

    Returns
    -------
    n_changed, n_distances : int
    """
    n_samples = X.shape[0]
    n_clusters = expanded.centers.shape[0]
    room = make_room(expanded)
    is_open = np.empty(TILE, np.uint8)
    open_rows = np.empty(2 * TILE, np.int32)
    n_open = 0
    n_changed = 0
    n_distances = 0
    helps = True
    for start in range(0, n_samples, TILE):
        stop = min(start + TILE, n_samples)
        begin = n_open
        rows = slice(start, stop)
        move_bounds(moves, inout_labels[rows], inout_upper[rows], inout_lower[rows], is_open)
        for i in range(start, stop):
            open_rows[n_open] = i
            n_open += int(is_open[i - start])
        # Where centres still move far, the distance to the own one closes few rows: it is computed
        # only now and then, to see whether that has changed.
        if helps or start % (PROBE * TILE) == 0:
            before = n_open
            n_distances += before - begin
            n_open = tighten(
                X, expanded, moves, open_rows, begin, before, inout_labels, inout_upper, inout_lower
            )
            helps = PROBE * (before - n_open) >= before - begin
        last = stop == n_samples
        while n_open >= expanded.panel_rows or (last and n_open > 0):
            n_rows = min(n_open, expanded.panel_rows)
            n_open -= n_rows
            n_distances += n_rows * n_clusters
            settled = open_rows[n_open : n_open + n_rows]
            label_some(X, settled, n_rows, expanded, room)
            for t in range(n_rows):
                i = settled[t]
                n_changed += inout_labels[i] != room.labels[t]
                inout_labels[i] = room.labels[t]
                inout_upper[i] = room.best[t]
                inout_lower[i] = room.second[t]
    return n_changed, n_distances


@kernel(STRICT)
def move_bounds(moves, labels, inout_upper, inout_lower, out_is_open):
    """Widen the bounds of a tile of rows by how far their own and the other centres have moved.

    Parameters
    ----------
    moves : CenterMoves
    labels : int32[n_rows]
    inout_upper, inout_lower : float[n_rows]
    out_is_open : uint8[>= n_rows]
        Whether another centre may be nearer now. Bounds that are not numbers exclude nothing.
    """
    for i in range(labels.shape[0]):
        c = np.uint32(labels[i])
        upper = (inout_upper[i] + moves.own[c]) * moves.up
        lower = (inout_lower[i] - moves.others[c]) * moves.down
        inout_upper[i] = upper
        inout_lower[i] = lower
        out_is_open[i] = ((upper < lower) | (upper < moves.half_gaps[c])) ^ True


@kernel(REORDER)
def tighten(X, expanded, moves, open_rows, begin, end, labels, inout_upper, lower):
    """Compute the distance to a row's own centre; keep the rows that are open still.

    Returns
    -------
    end : int
        ``open_rows[begin:end]`` are left, in order.
    """
    kept = begin
    for t in range(begin, end):
        i = open_rows[t]
        row, center = X[i], expanded.centers[labels[i]]
        total = X.dtype.type(0)
        for j in range(X.shape[1]):
            u = row[j] - center[j]
            total += u * u
        upper = np.sqrt(total + expanded.floor) * moves.margin
        inout_upper[i] = upper
        open_rows[kept] = i
        kept += ((upper < lower[i]) | (upper < moves.half_gaps[labels[i]])) ^ True
    return kept
