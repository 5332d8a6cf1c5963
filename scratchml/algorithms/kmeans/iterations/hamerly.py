"""Lloyd's iteration with Hamerly's bounds."""

from __future__ import annotations

import numpy as np

from ..kernels.assign import assign_expanded
from ..kernels.hamerly import CenterMoves, hamerly_step
from ..rows import Assign, DenseRows
from .lloyd import Lloyd
from .moves import SMALLEST_MOVE, half_gaps, norms


class Hamerly(Lloyd):
    """Hamerly's iteration: two bounds on each row leave most rows alone. Dense rows only."""

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int) -> None:
        super().__init__(rows, n_clusters)
        self.centers: np.ndarray | None = None
        self.upper = np.empty(rows.n_samples, rows.dtype)
        self.lower = np.empty(rows.n_samples, rows.dtype)

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows, given where the centres were before."""
        previous, self.centers = self.centers, centers
        expanded = self.rows.expand(centers)
        moves = None if previous is None else self._moves(previous, centers)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            state = labels[block], self.upper[block], self.lower[block]
            if moves is None:
                n_changed = assign_expanded(self.rows.X[block], expanded, *state)
                return n_changed, len(labels[block]) * self.n_clusters
            return hamerly_step(self.rows.X[block], expanded, moves, *state)

        return assign

    def _moves(self, previous: np.ndarray, centers: np.ndarray) -> CenterMoves:
        dtype = centers.dtype.type
        eps = np.finfo(dtype).eps
        # Relative error of a distance and of its conversion.
        margin = (self.rows.n_features + 8) * eps
        exact = centers.astype(np.float64)
        own = norms(exact - previous) * (1 + margin) + SMALLEST_MOVE
        farthest = int(own.argmax())
        others = np.full(self.n_clusters, own[farthest])
        others[farthest] = np.delete(own, farthest).max(initial=0)
        return CenterMoves(
            own.astype(dtype),
            others.astype(dtype),
            half_gaps(exact, margin).astype(dtype),
            dtype(1 + 2 * eps),
            dtype(1 - 2 * eps),
            dtype(1 + margin),
        )
