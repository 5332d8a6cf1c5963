"""Comparing a panel of rows with the groups of centres that their bounds leave open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, STRICT, kernel
from scratchml.core.kernels.scores import center_row, dot, dot_four, score_four
from scratchml.core.kernels.tiles import TILE, center_tile, gather_tile, sq_distance

from .assign import LANES, ExpandedCenters, is_near_tie

NOTHING, ONE, ALL = 0, 1, 2
"""What is known of the scores of a group: nothing, one centre's, or those of all its centres."""


class GroupedCenters(NamedTuple):
    """Centres in the order of their groups."""

    expanded: ExpandedCenters
    """The centres, group after group; four zeros are appended to the features of tiles."""
    order: np.ndarray
    """Centre at each place of that order, int32[n_clusters]."""
    place: np.ndarray
    """Place of each centre, int32[n_clusters]."""
    size: int
    """Centres in a group, a multiple of four; the last one may have fewer."""


class GroupRoom(NamedTuple):
    """Arrays to work in while a panel of rows is compared with the groups that they ask for."""

    panel: np.ndarray
    """The rows, relative to the origin."""
    sq_norms: np.ndarray
    """|x|^2 of the rows, float[TILE]."""
    scores: np.ndarray
    """Of the centres of a group, float[size, TILE]."""
    best: np.ndarray
    """The lowest score of each row so far, float[TILE]."""
    runner_up: np.ndarray
    """The second lowest so far, float[TILE]."""
    at: np.ndarray
    """Place of the centre with the lowest, int32[TILE]; -1 before there is one."""
    upper: np.ndarray
    """Upper bound on the distance to that centre, float[TILE]."""
    margins: np.ndarray
    """What widens a squared distance to a bound, float[TILE]."""
    lowest: np.ndarray
    """Lowest score in each group, but for the row's own centre, float[n_groups, TILE]."""
    bounds: np.ndarray
    """Lower bounds on the distances to each group, float[n_groups, TILE]."""
    second: np.ndarray
    """Second lowest score in the group at hand, float[TILE]."""
    nearest: np.ndarray
    """Place of the lowest there, int32[TILE]."""
    known: np.ndarray
    """Whether that is of all centres of the group, of one, or of nothing, uint8[n_groups, TILE]."""


@kernel(STRICT)
def make_group_room(grouped):
    """Arrays for panels of the size that these centres ask for."""
    expanded = grouped.expanded
    dtype = expanded.padded.dtype
    n_places, width = expanded.padded.shape
    n_groups = (n_places + grouped.size - 1) // grouped.size
    if expanded.tiled:
        panel = np.zeros((width, TILE), dtype)
    else:
        panel = np.zeros((expanded.panel_rows, width), dtype)
    return GroupRoom(
        panel,
        np.empty(TILE, dtype),
        np.empty((grouped.size, TILE), dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, np.int32),
        np.empty(TILE, dtype),
        np.empty(TILE, dtype),
        # Unknown ones are computed with, to no effect: they must be numbers that do not overflow.
        np.zeros((n_groups, TILE), dtype),
        np.empty((n_groups, TILE), dtype),
        np.empty(TILE, dtype),
        np.empty(TILE, np.int32),
        np.empty((n_groups, TILE), np.uint8),
    )


@kernel(STRICT)
def load_panel(X, indices, n_rows, grouped, lower, room):
    """Fill the panel with some rows, relative to the origin, and with their bounds."""
    expanded = grouped.expanded
    sq_norms, margins = room.sq_norms, room.margins
    if expanded.tiled:
        gather_tile(X, indices, n_rows, room.panel)
        n_lanes = (n_rows + LANES - 1) // LANES * LANES
        center_tile(expanded.origin, n_lanes, room.panel, sq_norms)
    else:
        for t in range(n_rows):
            sq_norms[t] = center_row(X[indices[t]], expanded.origin, room.panel[t])
    for t in range(n_rows):
        margin = expanded.slack * (sq_norms[t] + expanded.max_sq_norm) + expanded.floor
        margin += margin
        margins[t] = margin + margin
        for g in range(room.bounds.shape[0]):
            room.bounds[g, t] = lower[indices[t], g]


@kernel(CONTRACT)
def score_own(indices, n_rows, grouped, moves, labels, room):
    """Begin with the score of each row's own centre; it may settle the row by itself."""
    centers, half_sq_norms = grouped.expanded.padded, grouped.expanded.half_sq_norms
    for t in range(n_rows):
        label = labels[indices[t]]
        at = grouped.place[label]
        room.at[t] = at
        if grouped.expanded.tiled:
            score = half_sq_norms[at]
            for j in range(centers.shape[1]):
                score -= room.panel[j, t] * centers[at, j]
        else:
            score = half_sq_norms[at] - dot(room.panel[t], centers[at])
        room.best[t] = score
        upper = at_most(score, t, room)
        # Closer to its centre than any other can be: it asks for no group.
        room.upper[t] = -np.inf if upper < moves.half_gaps[label] else upper


@kernel(STRICT)
def at_most(score, t, room):
    """The largest distance that may have given a score of row t."""
    square = room.sq_norms[t] + (score + score) + room.margins[t]
    return np.sqrt(max(square, room.best.dtype.type(0)))


@kernel(STRICT)
def at_least(score, t, room):
    """The least distance that may have given a score of row t."""
    square = room.sq_norms[t] + (score + score) - room.margins[t]
    return np.sqrt(max(square, room.best.dtype.type(0)))


@kernel(STRICT)
def compare_groups(n_rows, grouped, room):
    """Compare the rows of a panel with the groups whose bounds do not exclude them.

    Returns
    -------
    n_distances : int
    """
    expanded = grouped.expanded
    centers, half_sq_norms = expanded.padded, expanded.half_sq_norms
    n_clusters = grouped.order.shape[0]
    n_lanes = (n_rows + LANES - 1) // LANES * LANES
    # As many rows at a time as a kernel takes: all lanes of a tile, or four wide rows.
    step = n_rows if expanded.tiled else 4
    upper = room.upper
    n_distances = 0
    room.runner_up[:n_rows] = np.inf
    room.known[:, :n_rows] = NOTHING
    for g in range(room.lowest.shape[0]):
        first = g * grouped.size
        n_members = min(grouped.size, n_clusters - first)
        bounds = room.bounds[g]
        begin = 0
        while begin < n_rows:
            end = begin
            while end < n_rows:
                following = min(end + step, n_rows)
                asked = False
                for t in range(end, following):
                    asked |= (upper[t] < bounds[t]) ^ True
                if not asked:
                    break
                end = following
            if end > begin:
                for q in range(0, n_members, 4):
                    c = first + q
                    scores = room.scores[q : q + 4]
                    if expanded.tiled:
                        score_four(room.panel, centers, half_sq_norms, c, n_lanes, scores)
                    else:
                        stop = begin + (end - begin + 3) // 4 * 4
                        dot_four(room.panel, centers, half_sq_norms, c, begin, stop, scores)
                merge_group(g, n_members, begin, end, grouped.size, room)
                n_distances += (end - begin) * n_members
            begin = end + step
    return n_distances


@kernel(STRICT)
def merge_group(g, n_members, begin, end, size, room):
    """Offer the scores of a group to some rows: keep the lowest, and the lowest of the others."""
    first = g * size
    lowest, second, nearest = room.lowest[g], room.second, room.nearest
    lowest[begin:end] = np.inf
    second[begin:end] = np.inf
    for q in range(0, n_members, 4):
        offer_others(first + q, begin, end, room.scores[q:], room.at, lowest, second, nearest)
    room.known[g, begin:end] = ALL
    if keep_runner_up(begin, end, lowest, second, room.best, room.runner_up):
        for t in range(begin, end):
            best = room.best[t]
            if lowest[t] < best:
                if room.at[t] >= 0:
                    # The centre that was the nearest is one of the others now.
                    left = room.at[t] // size
                    if room.known[left, t] == NOTHING:
                        room.known[left, t] = ONE
                        room.lowest[left, t] = best
                    elif left != g:
                        room.lowest[left, t] = min(room.lowest[left, t], best)
                    else:
                        second[t] = min(second[t], best)
                room.best[t] = lowest[t]
                room.at[t] = nearest[t]
                room.upper[t] = at_most(lowest[t], t, room)
                lowest[t] = second[t]


@kernel(STRICT)
def keep_runner_up(begin, end, lowest, second, best, inout_runner_up):
    """Note the second lowest score of some rows; returns whether any has a new lowest one."""
    n_improved = 0
    for t in range(begin, end):
        runner_up = min(second[t], max(best[t], lowest[t]))
        inout_runner_up[t] = min(inout_runner_up[t], runner_up)
        n_improved += lowest[t] < best[t]
    return n_improved > 0


@kernel(STRICT)
def offer_others(c, begin, end, scores, at, inout_lowest, inout_second, inout_nearest):
    """Offer the scores of places c to c + 3 to some rows, but not that of a row's own centre.

    Plain form: as `offer_four`, with an infinite score where ``c + q == at``.
    """
    s0, s1, s2, s3 = scores[0], scores[1], scores[2], scores[3]
    infinity = s0.dtype.type(np.inf)
    # Whole numbers of the width that the lanes have: sums of them would be wider.
    p0, p1, p2, p3 = np.int32(c), np.int32(c + 1), np.int32(c + 2), np.int32(c + 3)
    for t in range(begin, end):
        lowest, second, nearest, own = inout_lowest[t], inout_second[t], inout_nearest[t], at[t]
        s = infinity if own == p0 else s0[t]
        second = min(second, max(lowest, s))
        nearest = p0 if s < lowest else nearest
        lowest = min(lowest, s)
        s = infinity if own == p1 else s1[t]
        second = min(second, max(lowest, s))
        nearest = p1 if s < lowest else nearest
        lowest = min(lowest, s)
        s = infinity if own == p2 else s2[t]
        second = min(second, max(lowest, s))
        nearest = p2 if s < lowest else nearest
        lowest = min(lowest, s)
        s = infinity if own == p3 else s3[t]
        second = min(second, max(lowest, s))
        nearest = p3 if s < lowest else nearest
        lowest = min(lowest, s)
        inout_lowest[t] = lowest
        inout_second[t] = second
        inout_nearest[t] = nearest


@kernel(STRICT)
def publish(X, indices, n_rows, grouped, room, inout_labels, inout_upper, inout_lower):
    """Write labels and bounds of a panel back to its rows; near ties are settled by plain sums.

    Returns
    -------
    n_changed : int
    """
    move_to_scores(n_rows, room)
    n_changed = 0
    for t in range(n_rows):
        i = indices[t]
        best, at = room.best[t], room.at[t]
        lower = inout_lower[i]
        for g in range(lower.shape[0]):
            lower[g] = room.bounds[g, t]
        label = grouped.order[at]
        if is_near_tie(best, room.runner_up[t], room.sq_norms[t], grouped.expanded):
            label = settle_by_plain_sums(X[i], t, grouped, room)
            if label != grouped.order[at]:
                left = at // grouped.size
                lower[left] = min(lower[left], at_least(best, t, room))
        inout_upper[i] = at_most(best, t, room)
        n_changed += inout_labels[i] != label
        inout_labels[i] = label
    return n_changed


@kernel(STRICT)
def move_to_scores(n_rows, room):
    """Replace the bounds of groups of which scores are known by what those say."""
    for g in range(room.bounds.shape[0]):
        bounds, known, lowest = room.bounds[g], room.known[g], room.lowest[g]
        for t in range(n_rows):
            bound = at_least(lowest[t], t, room)
            lower = bounds[t] if known[t] == NOTHING else min(bounds[t], bound)
            bounds[t] = bound if known[t] == ALL else lower


@kernel(STRICT)
def settle_by_plain_sums(x, t, grouped, room):
    """Nearest centre of row t of the panel by plain sums; the lowest index of a tie."""
    expanded = grouped.expanded
    label = -1
    nearest = np.inf
    for c in range(grouped.place.shape[0]):
        at = grouped.place[c]
        if not expanded.tiled:
            score = expanded.half_sq_norms[at] - dot(room.panel[t], expanded.padded[at])
            if not is_near_tie(room.best[t], score, room.sq_norms[t], expanded):
                continue
        d = sq_distance(x, expanded.centers[at])
        if label < 0 or d < nearest:
            nearest = d
            label = c
    return label
