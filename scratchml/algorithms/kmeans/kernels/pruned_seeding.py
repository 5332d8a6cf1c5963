"""Loops of k-means++ that leave alone the rows which a candidate cannot be nearer to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.core.jit import CONTRACT, REORDER, STRICT, kernel
from scratchml.core.kernels.tiles import TILE, gather_tile, load_tile, tile_sq_distances

from .seeding import weighted_sum


class Closest(NamedTuple):
    """What is known of each row while centres are being chosen."""

    sq_distances: np.ndarray
    """Squared distance to the nearest centre so far, float[n_samples]."""
    centers: np.ndarray
    """Which centre that is, int32[n_samples]."""
    gains: np.ndarray
    """Candidates that are nearer, uint8[n_samples]: candidate t sets bit t modulo 8."""

    def of(self, block: slice) -> Closest:
        """The same for a slice of rows."""
        return Closest(self.sq_distances[block], self.centers[block], self.gains[block])


@kernel(REORDER)
def pruned_candidate_potentials(X, sample_weight, closest, reach, candidates, out_potentials):
    """Potential of a block of rows if each candidate in turn were the next centre.

    Rows within reach of their centre keep it whatever the candidate: they are not read. The others
    are gathered into tiles, and all candidates are scored while a tile is in cache.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
    closest : Closest
        Its ``gains`` are overwritten.
    reach : float[n_centers]
        A row that is no farther from its centre than this (squared) is nearer to no candidate.
    candidates : float[n_candidates, n_features]
        An even number.
    out_potentials : float64[n_candidates]
        Added to: sum of w min(squared distance to the centre, squared distance to the candidate).

    Notes
    -----
    Time O(n_candidates n_features) for a row out of reach, O(1) for any other.
    """
    n_samples = X.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    limits = np.empty(TILE, X.dtype)
    rest = np.empty(TILE, X.dtype)
    first = np.empty(TILE, X.dtype)
    second = np.empty(TILE, X.dtype)
    is_far = np.empty(TILE, np.bool_)
    selected = np.zeros(TILE, np.int32)
    selected_sq_distances = np.empty(TILE, X.dtype)
    selected_weights = np.empty(TILE if sample_weight.shape[0] > 0 else 0, X.dtype)
    selected_gains = np.empty(TILE, np.uint8)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        sq_distances = closest.sq_distances[start : start + n_rows]
        weights = sample_weight[start : start + n_rows]
        gains = closest.gains[start : start + n_rows]
        gains[:] = 0
        # In two loops, of which the second has no branch to mispredict.
        for i in range(n_rows):
            limits[i] = reach[np.uintp(closest.centers[start + i])]
        n = 0
        for i in range(n_rows):
            is_far[i] = sq_distances[i] > limits[i]
            rest[i] = 0 if sq_distances[i] > limits[i] else sq_distances[i]
            n += is_far[i]
        kept = weighted_sum(weights, rest[:n_rows])
        for t in range(candidates.shape[0]):
            out_potentials[t] += kept
        if n == 0:
            continue
        if n == n_rows:
            load_tile(X, start, n_rows, tile)
        else:
            select(is_far[:n_rows], selected)
            gather_tile(X[start:], selected, n, tile)
            sq_distances = gather(sq_distances, selected, selected_sq_distances[:n])
            weights = gather(weights, selected, selected_weights[:n])
            gains = selected_gains[:n]
            gains[:] = 0
        for t in range(0, candidates.shape[0], 2):
            sq_distances_to_two(tile, n, candidates[t], candidates[t + 1], first, second)
            keep_smaller(sq_distances, np.uint8(1 << (t % 8)), first, gains)
            keep_smaller(sq_distances, np.uint8(2 << (t % 8)), second, gains)
            out_potentials[t] += weighted_sum(weights, first[:n])
            out_potentials[t + 1] += weighted_sum(weights, second[:n])
        if n < n_rows:
            for i in range(n):
                closest.gains[start + np.uintp(selected[i])] = gains[i]


@kernel(STRICT)
def update_gaining(X, sample_weight, center, index, bit, inout_closest, inout_potentials):
    """Lower the squared distance of each row to its nearest centre, now that one more is chosen.

    Only rows that gain by it are read; distances are plain sums.

    Parameters
    ----------
    X : float[n_samples, n_features]
    sample_weight : float[n_samples] or float[0]
    center : float[n_features]
    index : int
        Its number among the centres.
    bit : uint8
        The bit of ``gains`` that says which rows gain.
    inout_closest : Closest
    inout_potentials : float64[ceil(n_samples / TILE)]
        Sum of w times the squared distance over each tile of rows.
    """
    n_samples = X.shape[0]
    tile = np.zeros((X.shape[1], min(TILE, X.shape[0])), X.dtype)
    sq_distances = np.empty(TILE, X.dtype)
    selected = np.zeros(TILE, np.int32)
    is_gaining = np.empty(TILE, np.bool_)
    for start in range(0, n_samples, TILE):
        n_rows = min(TILE, n_samples - start)
        n = 0
        for i in range(n_rows):
            is_gaining[i] = inout_closest.gains[start + i] & bit != 0
            n += is_gaining[i]
        if n == 0:
            continue
        select(is_gaining[:n_rows], selected)
        gather_tile(X[start:], selected, n, tile)
        tile_sq_distances(tile, n, center, sq_distances)
        closest = inout_closest.sq_distances[start : start + n_rows]
        for i in range(n):
            row = np.uintp(selected[i])
            if sq_distances[i] < closest[row]:
                closest[row] = sq_distances[i]
                inout_closest.centers[start + row] = index
        weights = sample_weight[start : start + n_rows]
        inout_potentials[start // TILE] = weighted_sum(weights, closest)


@kernel(CONTRACT)
def nearest_candidate_sq_distances(centers, candidates, out_sq_distances):
    """Squared distance of each centre to the nearest of the candidates.

    Parameters
    ----------
    centers : float[n_centers, n_features]
    candidates : float[n_candidates, n_features]
        An even number.
    out_sq_distances : float[n_centers]
    """
    tile = np.zeros((centers.shape[1], min(TILE, centers.shape[0])), centers.dtype)
    first = np.empty(TILE, centers.dtype)
    second = np.empty(TILE, centers.dtype)
    out_sq_distances[:] = np.inf
    for start in range(0, centers.shape[0], TILE):
        n_rows = min(TILE, centers.shape[0] - start)
        load_tile(centers, start, n_rows, tile)
        nearest = out_sq_distances[start : start + n_rows]
        for t in range(0, candidates.shape[0], 2):
            sq_distances_to_two(tile, n_rows, candidates[t], candidates[t + 1], first, second)
            for i in range(n_rows):
                nearest[i] = min(nearest[i], first[i], second[i])


@kernel(STRICT)
def select(is_selected, out_selected):
    """Positions at which a flag is set, in order; the rest of the output means nothing."""
    n = 0
    for i in range(is_selected.shape[0]):
        out_selected[n] = i  # overwritten unless it counts: no branch to mispredict
        n += is_selected[i]


@kernel(STRICT)
def gather(values, positions, out_values):
    """The values at the first positions, as many as there is room for; none if there are none."""
    for i in range(min(values.shape[0], out_values.shape[0])):
        out_values[i] = values[np.uintp(positions[i])]
    return out_values


@kernel(CONTRACT)
def sq_distances_to_two(tile, n_lanes, p, q, out_p, out_q):
    """Squared distance from the first columns of a tile to each of two points.

    Parameters
    ----------
    tile : float[n_features, TILE]
    n_lanes : int
    p, q : float[n_features]
    out_p, out_q : float[TILE]
    """
    n_features = tile.shape[0]
    whole = n_features - n_features % 4
    for i in range(n_lanes):
        out_p[i] = 0
        out_q[i] = 0
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        p0, p1, p2, p3 = p[j], p[j + 1], p[j + 2], p[j + 3]
        q0, q1, q2, q3 = q[j], q[j + 1], q[j + 2], q[j + 3]
        for i in range(n_lanes):
            u0, u1, u2, u3 = x0[i] - p0, x1[i] - p1, x2[i] - p2, x3[i] - p3
            v0, v1, v2, v3 = x0[i] - q0, x1[i] - q1, x2[i] - q2, x3[i] - q3
            out_p[i] = out_p[i] + u0 * u0 + u1 * u1 + u2 * u2 + u3 * u3
            out_q[i] = out_q[i] + v0 * v0 + v1 * v1 + v2 * v2 + v3 * v3
    for j in range(whole, n_features):
        x = tile[j]
        pj, qj = p[j], q[j]
        for i in range(n_lanes):
            u, v = x[i] - pj, x[i] - qj
            out_p[i] += u * u
            out_q[i] += v * v


@kernel(STRICT)
def keep_smaller(current, bit, inout_sq_distances, inout_gains):
    """Replace distances by the current ones where these are no larger; set a bit elsewhere."""
    for i in range(current.shape[0]):
        gains = inout_sq_distances[i] < current[i]
        inout_gains[i] |= bit if gains else np.uint8(0)
        inout_sq_distances[i] = inout_sq_distances[i] if gains else current[i]
