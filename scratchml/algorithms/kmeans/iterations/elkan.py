"""Lloyd's iteration with Elkan's bounds."""

from __future__ import annotations

import numpy as np

from ..kernels.elkan import elkan_start, elkan_step
from ..rows import Assign, DenseRows
from .lloyd import Lloyd
from .moves import SMALLEST_MOVE, norms


class Elkan(Lloyd):
    """Elkan's iteration: bounds from the triangle inequality leave most distances uncomputed.

    Takes 8 bytes for each pair of a row and a centre. Dense rows only.
    """

    rows: DenseRows

    def __init__(self, rows: DenseRows, n_clusters: int) -> None:
        super().__init__(rows, n_clusters)
        # Relative error of a plain sum of squares and its root, once for each side of a comparison.
        eps = np.finfo(rows.dtype).eps
        self.margin = float((rows.n_features + 8) * eps)
        self.floor = float((rows.n_features + 8) * np.finfo(rows.dtype).tiny)
        self.centers: np.ndarray | None = None
        self.upper = np.empty(rows.n_samples)
        self.lower = np.empty((rows.n_samples, n_clusters))

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows, given where the centres were before."""
        previous, self.centers = self.centers, centers
        if previous is None:
            return self._start(centers)
        exact = centers.astype(np.float64)
        shifts = norms(exact - previous) * (1 + self.margin) + SMALLEST_MOVE
        half_gaps = np.empty((self.n_clusters, self.n_clusters))
        for c, center in enumerate(exact):
            half_gaps[c] = norms(exact - center) * (0.5 * (1 - self.margin)) - SMALLEST_MOVE
        half_gaps[~np.isfinite(half_gaps)] = 0  # squares that have overflowed exclude nothing
        np.fill_diagonal(half_gaps, np.inf)
        half_nearest = half_gaps.min(axis=1)

        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            return elkan_step(
                self.rows.X[block],
                centers,
                shifts,
                half_gaps,
                half_nearest,
                self.margin,
                self.floor,
                labels[block],
                self.upper[block],
                self.lower[block],
            )

        return assign

    def _start(self, centers: np.ndarray) -> Assign:
        def assign(block: slice, labels: np.ndarray) -> tuple[int, int]:
            state = labels[block], self.upper[block], self.lower[block]
            n_distances = elkan_start(self.rows.X[block], centers, self.margin, self.floor, *state)
            return block.stop - block.start, n_distances

        return assign
