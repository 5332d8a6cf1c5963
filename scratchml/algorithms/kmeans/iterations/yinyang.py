"""Lloyd's iteration with grouped bounds."""

from __future__ import annotations

import numpy as np

from ..kernels.groups import GroupedCenters
from ..kernels.yinyang import GroupMoves, yinyang_start, yinyang_step
from ..rows import TILED_FEATURES, Assign, DenseRows
from .lloyd import Lloyd
from .moves import SMALLEST_MOVE, half_gaps, norms

BOUNDS_SHARE = 4
"""The lower bounds may take one part in so many of the memory that the data take."""


class Yinyang(Lloyd):
    """Yinyang's iteration: a bound for each group of centres. Dense rows only."""

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int) -> None:
        super().__init__(rows, n_clusters)
        most = max(rows.n_features // BOUNDS_SHARE, 1)
        self.size = -(-n_clusters // (4 * most)) * 4
        self.centers: np.ndarray | None = None
        self.upper = np.empty(rows.n_samples, rows.dtype)
        # Zeros exclude nothing: the first pass looks at all groups.
        self.lower = np.zeros((rows.n_samples, -(-n_clusters // self.size)), rows.dtype)

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows, given where the centres were before."""
        previous, self.centers = self.centers, centers
        if previous is None:
            self.order = group_centers(centers.astype(np.float64), self.size)
            self.place = np.empty_like(self.order)
            self.place[self.order] = np.arange(self.n_clusters)
        spare = 4 if self.rows.n_features <= TILED_FEATURES else 0
        expanded = self.rows.expand(centers[self.order], spare)
        grouped = GroupedCenters(expanded, self.order, self.place, self.size)
        moves = None if previous is None else self._moves(previous, centers)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            state = labels[block], self.upper[block], self.lower[block]
            if moves is None:
                return yinyang_start(self.rows.X[block], grouped, *state)
            return yinyang_step(self.rows.X[block], grouped, moves, *state)

        return assign

    def _moves(self, previous: np.ndarray, centers: np.ndarray) -> GroupMoves:
        dtype = centers.dtype.type
        eps = np.finfo(dtype).eps
        # Relative error of a distance and of its conversion.
        margin = (self.rows.n_features + 8) * eps
        exact = centers.astype(np.float64)
        own = norms(exact - previous) * (1 + margin) + SMALLEST_MOVE
        groups = np.maximum.reduceat(own[self.order], np.arange(0, self.n_clusters, self.size))
        return GroupMoves(
            own.astype(dtype),
            groups.astype(dtype),
            half_gaps(exact, margin).astype(dtype),
            dtype(1 + 2 * eps),
            dtype(1 - 2 * eps),
        )


def group_centers(centers: np.ndarray, size: int) -> np.ndarray:
    """Order in which centres that are close to one another stand together.

    They are halved at the middle of the feature of largest variance, again and again, at multiples
    of ``size``.

    Parameters
    ----------
    centers : float64[n_clusters, n_features]
    size : int

    Returns
    -------
    int32[n_clusters]
    """

    def ordered(members: np.ndarray) -> np.ndarray:
        n_groups = -(-len(members) // size)
        if n_groups == 1:
            return members
        feature = centers[members].var(axis=0).argmax()
        members = members[np.argsort(centers[members, feature], kind="stable")]
        middle = n_groups // 2 * size
        return np.concatenate([ordered(members[:middle]), ordered(members[middle:])])

    return ordered(np.arange(len(centers), dtype=np.int32))
