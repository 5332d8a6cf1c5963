"""Grouped bounds (Ding et al., "Yinyang K-means", ICML 2015) over one block of rows.

Between Hamerly's single lower bound and Elkan's one for each centre: the centres are put into
groups, and each row keeps a lower bound on the distance to the centres of each group. A group's
bound falls by no more than the farthest move within that group, so that a few restless centres do
not make every row look at all the others again.

The rows whose bounds leave them open are taken in the order of their labels: rows of one cluster
ask for the same groups, and a group is compared with all rows of a tile, or with four wide rows, at
a time. Bounds are widened by rounding errors as Hamerly's are, so that the labels are Lloyd's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import STRICT, kernel
from scratchml.core.kernels.tiles import TILE

from .groups import compare_groups, load_panel, make_group_room, publish, score_own
from .sorting import sort_by_label

CHUNK = 17 * TILE
"""Rows whose open ones are sorted by label at once."""

PANEL_LANES = 96
"""Rows of a tile that are compared together: few, so that they ask for few groups."""


class GroupMoves(NamedTuple):
    """How the centres have moved, and what that does to bounds."""

    own: np.ndarray
    """How far each centre has moved, rounded up, float[n_clusters]."""
    groups: np.ndarray
    """The farthest that a centre of each group has moved, rounded up, float[n_groups]."""
    half_gaps: np.ndarray
    """Half the distance to the nearest other centre, rounded down, float[n_clusters]."""
    up: float
    """One and a rounding error: widens an upper bound."""
    down: float
    """One less a rounding error: widens a lower bound."""


@kernel(STRICT)
def yinyang_start(X, grouped, inout_labels, out_upper, inout_lower):
    """First labels and bounds: every distance is computed.

    Parameters
    ----------
    X : float[n_samples, n_features]
    grouped : GroupedCenters
    inout_labels : int32[n_samples]
    out_upper : float[n_samples]
    inout_lower : float[n_samples, n_groups]
        Zeros before.

    Returns
    -------
    n_changed, n_distances : int
    """
    n_samples = X.shape[0]
    room = make_group_room(grouped)
    indices = np.empty(TILE, np.int32)
    n_changed = 0
    for start in range(0, n_samples, grouped.expanded.panel_rows):
        n_rows = min(grouped.expanded.panel_rows, n_samples - start)
        for t in range(n_rows):
            indices[t] = start + t
            room.at[t] = -1
            room.best[t] = np.inf
            room.upper[t] = np.inf
        load_panel(X, indices, n_rows, grouped, inout_lower, room)
        compare_groups(n_rows, grouped, room)
        n_changed += publish(
            X, indices, n_rows, grouped, room, inout_labels, out_upper, inout_lower
        )
    return n_changed, n_samples * grouped.order.shape[0]


@kernel(STRICT)
def yinyang_step(X, grouped, moves, inout_labels, inout_upper, inout_lower):
    """Labels after the centres have moved, for the rows and groups that bounds leave open.

    Parameters
    ----------
    X : float[n_samples, n_features]
    grouped : GroupedCenters
        The moved centres.
    moves : GroupMoves
    inout_labels : int32[n_samples]
    inout_upper : float[n_samples]
    inout_lower : float[n_samples, n_groups]

    Returns
    -------
    n_changed, n_distances : int
    """
    n_samples = X.shape[0]
    room = make_group_room(grouped)
    n_panel = min(PANEL_LANES, grouped.expanded.panel_rows)
    open_rows = np.empty(CHUNK, np.int32)
    by_label = np.empty(CHUNK, np.int32)
    ends = np.empty(grouped.order.shape[0] + 1, np.int32)
    n_changed = 0
    n_distances = 0
    for start in range(0, n_samples, CHUNK):
        stop = min(start + CHUNK, n_samples)
        n_open = move_group_bounds(
            start, stop, moves, inout_labels, inout_upper, inout_lower, open_rows
        )
        sort_by_label(open_rows[:n_open], inout_labels, ends, by_label)
        for begin in range(0, n_open, n_panel):
            n_rows = min(n_panel, n_open - begin)
            indices = by_label[begin : begin + n_rows]
            load_panel(X, indices, n_rows, grouped, inout_lower, room)
            score_own(indices, n_rows, grouped, moves, inout_labels, room)
            n_distances += n_rows
            n_distances += compare_groups(n_rows, grouped, room)
            n_changed += publish(
                X, indices, n_rows, grouped, room, inout_labels, inout_upper, inout_lower
            )
    return n_changed, n_distances


@kernel(STRICT)
def move_group_bounds(start, stop, moves, labels, inout_upper, inout_lower, out_open_rows):
    """Widen the bounds of some rows by the moves of the centres.

    Returns
    -------
    n_open : int
        Rows for which another centre may be nearer now; their indices come first in
        ``out_open_rows``. Bounds that are not numbers exclude nothing.
    """
    n_groups = moves.groups.shape[0]
    n_open = 0
    for i in range(start, stop):
        label = labels[i]
        upper = (inout_upper[i] + moves.own[label]) * moves.up
        inout_upper[i] = upper
        lower = inout_lower[i]
        excluded = True
        for g in range(n_groups):
            bound = (lower[g] - moves.groups[g]) * moves.down
            lower[g] = bound
            excluded &= upper < bound
        out_open_rows[n_open] = i
        n_open += int((excluded | (upper < moves.half_gaps[label])) ^ True)
    return n_open
