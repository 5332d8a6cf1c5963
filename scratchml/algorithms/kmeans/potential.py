"""The potential of k-means++: squared distances to the nearest centre so far, and their sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks
from scratchml.core.kernels.tiles import TILE

from .kernels.pruned_seeding import (
    Closest,
    nearest_candidate_sq_distances,
    pruned_candidate_potentials,
    update_gaining,
)
from .rows import DIRECT_FEATURES, DenseRows, Rows


class Potential:
    """Squared distance of each row to its nearest centre; every row is read for every centre.

    Parameters
    ----------
    rows : DenseRows or SparseRows
    n_clusters : int
    n_trials : int
        Candidates that are tried out at a time.
    """

    def __init__(self, rows: Rows, n_clusters: int, n_trials: int) -> None:
        self.rows = rows
        self.blocks = row_blocks(rows.n_samples, rows.operations_per_distance * n_trials)
        self.sq_distances = np.full(rows.n_samples, np.inf, rows.dtype)
        self.by_tile = np.empty(-(-rows.n_samples // TILE))

    def add_center(self, c: int, center: np.ndarray, trial: int) -> None:
        """Enter centre number c, which was candidate number ``trial``."""

        def on_block(_: int, block: slice) -> None:
            self.rows.update_closest(block, center, self.sq_distances, self.by_tile[tiles(block)])

        map_blocks(on_block, self.blocks)

    def with_each(self, candidates: np.ndarray) -> np.ndarray:
        """What the potential would be with each candidate as one more centre."""

        def of_block(_: int, block: slice) -> np.ndarray:
            return self.rows.candidate_potentials(block, self.sq_distances, candidates)

        return sum(map_blocks(of_block, self.blocks), start=np.zeros(len(candidates)))


class PrunedPotential(Potential):
    """The same for dense rows, of which only those are read that may come nearer to a centre.

    A candidate at least twice as far from a centre as a row is cannot be nearer to that row, by the
    triangle inequality. And the row knows which of the candidates are: when one of them becomes a
    centre, no other row is looked at. The centres are those that every row would give, but where
    two candidates are equally good: there the rounding of sums decides, in another order of them.

    Takes five bytes for each row beside its squared distance.

    References
    ----------
    .. [1] E. Raff, "Exact acceleration of k-means++ and k-means||", IJCAI 2021.
    """

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int, n_trials: int) -> None:
        super().__init__(rows, n_clusters, n_trials)
        self.closest = Closest(
            self.sq_distances,
            np.zeros(rows.n_samples, np.int32),
            np.full(rows.n_samples, 255, np.uint8),
        )
        self.centers = np.empty((n_clusters, rows.n_features), rows.dtype)
        self.n_centers = 0

    def add_center(self, c: int, center: np.ndarray, trial: int) -> None:
        self.centers[c] = center
        self.n_centers = c + 1
        bit = np.uint8(1 << trial % 8)

        def on_block(_: int, block: slice) -> None:
            update_gaining(
                self.rows.X[block],
                self.rows.weights(block),
                center,
                c,
                bit,
                self.closest.of(block),
                self.by_tile[tiles(block)],
            )

        # One cluster's share of the rows is read, and a byte of each row.
        operations = self.rows.operations_per_distance / (c + 1) + 2
        map_blocks(on_block, row_blocks(self.rows.n_samples, operations))

    def with_each(self, candidates: np.ndarray) -> np.ndarray:
        n_candidates = len(candidates)
        pairs = np.concatenate([candidates, candidates[-1:]])[: n_candidates + n_candidates % 2]
        reach = self._reach(pairs)

        def of_block(_: int, block: slice) -> np.ndarray:
            potentials = np.zeros(len(pairs))
            pruned_candidate_potentials(
                self.rows.X[block],
                self.rows.weights(block),
                self.closest.of(block),
                reach,
                pairs,
                potentials,
            )
            return potentials

        return sum(map_blocks(of_block, self.blocks), start=np.zeros(len(pairs)))[:n_candidates]

    def _reach(self, candidates: np.ndarray) -> np.ndarray:
        """Squared distance to each centre within which no candidate is nearer, rounding included.

        Each squared distance may be wrong by (d + 2) units in the last place, and where it is next
        to nothing by d of the smallest normal number.
        """
        limits = np.finfo(self.rows.dtype)
        margin = 8 * (self.rows.n_features + 8)
        reach = np.empty(self.n_centers, self.rows.dtype)
        nearest_candidate_sq_distances(self.centers[: self.n_centers], candidates, reach)
        reach -= margin * limits.tiny
        reach /= 4 * (1 + margin * limits.eps)
        # A distance that has overflowed says nothing: rows that are as far are compared.
        return reach.clip(0, limits.max / 4)


def make_potential(rows: Rows, n_clusters: int, n_trials: int) -> Potential:
    """The potential that is the fastest to keep for these rows.

    With few features a distance costs no more than finding out that it is not needed. Sparse rows
    are nearly at right angles, so that no distance is twice another. Rows that derive from dense
    rows have distances of their own.
    """
    prunes = type(rows) is DenseRows and rows.n_features > DIRECT_FEATURES
    kind: Any = PrunedPotential if prunes else Potential
    return kind(rows, n_clusters, n_trials)


def tiles(block: slice) -> slice:
    """The tiles that a block of rows consists of."""
    return slice(block.start // TILE, -(-block.stop // TILE))
