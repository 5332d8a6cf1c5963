"""Lloyd's iteration."""

from __future__ import annotations

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces

from ..passes import label_rows
from ..rows import Assign, Rows
from .statistics import Statistics, combine


class Lloyd:
    """Lloyd's iteration: every row is compared with every centre.

    Those that keep bounds derive from it and replace `assigner`.
    """

    def __init__(self, rows: Rows, n_clusters: int) -> None:
        self.rows = rows
        self.n_clusters = n_clusters
        self.operations_per_row = rows.operations_per_distance * (n_clusters + 4)
        self.blocks = row_blocks(
            rows.n_samples, self.operations_per_row, 8 * n_clusters * (rows.n_features + 1)
        )
        # Partial sums are kept from one iteration to the next: fresh memory costs more than sums.
        self.sums = np.empty((len(self.blocks), n_clusters, rows.n_features))
        self.weights = np.empty((len(self.blocks), n_clusters))

    def assigner(self, centers: np.ndarray) -> Assign:
        """Make the function that labels a slice of rows."""
        return self.rows.assigner(centers)

    def __call__(self, centers: np.ndarray, labels: np.ndarray) -> Statistics:
        """Label all rows (``labels`` is modified in place) and sum them by cluster."""
        assign = self.assigner(centers)

        def block_statistics(index: int, block: slice) -> Statistics:
            n_changed = n_distances = 0
            sums, weights = self.sums[index], self.weights[index]
            sums.fill(0)
            weights.fill(0)
            for piece in row_pieces(block, self.operations_per_row, self.rows.bytes_per_row):
                changed, computed = assign(piece, labels)
                n_changed += changed
                n_distances += computed
                self.rows.accumulate(piece, labels, sums, weights)
            return Statistics(n_changed, n_distances, sums, weights)

        return combine(map_blocks(block_statistics, self.blocks))

    def relabel(self, centers: np.ndarray, labels: np.ndarray) -> int:
        """Label all rows without summing them; returns how many distances that took."""
        return label_rows(self.assigner(centers), self.blocks, self.operations_per_row, labels)
