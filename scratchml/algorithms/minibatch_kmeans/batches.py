"""Where the batches of a fit come from: rows drawn by weight, with replacement."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.algorithms.kmeans import DenseRows, Rows, SparseRows

from .kernels import SEGMENT, accumulate_probabilities, draw_rows, gather_rows, make_guide


class RowDraws:
    """Draws rows as ``RandomState.choice(n_samples, size, p=weights / weights.sum())`` does.

    That takes four passes over numbers for every row, each time. Here the cumulative distribution
    is computed once, of which one number in `SEGMENT` is kept, and a draw looks at one segment.
    """

    def __init__(self, rows: Rows) -> None:
        weight, dtype = rows.sample_weight, rows.dtype.type
        if weight.size:
            total: Any = weight.sum()
        else:
            total = np.float64(dtype(1) / dtype(rows.n_samples))
        self._rows = weight, total, rows.n_samples
        self._ends = np.empty(-(-rows.n_samples // SEGMENT))
        accumulate_probabilities(*self._rows, self._ends)
        self._guide = np.empty(len(self._ends), np.int32)
        make_guide(self._ends, self._guide)

    def __call__(self, uniform: np.ndarray, out_indices: np.ndarray) -> None:
        """The row for each of some uniform numbers in [0, 1)."""
        draw_rows(uniform, *self._rows, self._ends, self._guide, out_indices)


LOADING_OPERATIONS = 500
"""Multiply-adds in the time that it takes to draw a row and to wait for it: about 50 ns."""


class Batch:
    """A batch whose rows are there: what a caller of ``partial_fit`` has brought."""

    operations_to_load = 0

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def load(self, block: slice) -> None:
        """Fill a slice of the rows, where they are not there yet."""


class DenseBatch(Batch):
    """A batch drawn anew for each step, into the same memory.

    Blocks of it may be loaded by different threads.
    """

    operations_to_load = LOADING_OPERATIONS

    def __init__(self, source: DenseRows, size: int) -> None:
        super().__init__(DenseRows(np.empty((size, source.n_features), source.dtype), None))
        self._source = source
        self._draws = RowDraws(source)
        self._indices = np.empty(size, np.int64)

    def draw(self, random_state: np.random.RandomState) -> None:
        """Draw as many uniform numbers as there are rows; `load` finds the rows they stand for."""
        self._uniform = random_state.random_sample(self.rows.n_samples)

    def load(self, block: slice) -> None:
        indices = self._indices[block]
        self._draws(self._uniform[block], indices)
        gather_rows(self._source.X, indices, self.rows.X[block])


class SparseBatch(Batch):
    """A batch of CSR rows drawn anew for each step."""

    def __init__(self, source: SparseRows, size: int) -> None:
        self._source = source
        self._draws = RowDraws(source)
        self._indices = np.empty(size, np.int64)

    def draw(self, random_state: np.random.RandomState) -> None:
        """Draw the rows."""
        self._draws(random_state.random_sample(len(self._indices)), self._indices)
        self.rows = SparseRows(self._source.X[self._indices], None)


def new_batch(source: Rows, size: int) -> DenseBatch | SparseBatch:
    """A batch to be drawn from these rows."""
    if isinstance(source, DenseRows):
        return DenseBatch(source, size)
    return SparseBatch(source, size)


def subset(rows: Rows, indices: np.ndarray) -> Rows:
    """Copies of some rows, with their weights."""
    weight = rows.sample_weight[indices] if rows.sample_weight.size else None
    return type(rows)(rows.X[indices], weight)
