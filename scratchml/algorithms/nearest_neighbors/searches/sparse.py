"""Brute force on CSR rows, Euclidean and Manhattan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks
from scratchml.core.jit import kernel_view
from scratchml.core.kernels.heaps import NO_POINT

from ..kernels.direct import EUCLIDEAN
from ..kernels.sparse import CsrRows, nearest_csr, within_csr
from .blocks import query_blocks
from .found import Found, sort_found, starts_of

PIECE_BYTES = 2**23
"""Dot products of a few queries with all points that are held at once."""


class SparseSearch:
    """Neighbours among the rows of a CSR matrix.

    Parameters
    ----------
    X : CSR matrix of shape (n_points, n_features)
        With sorted indices.
    metric : int
        `EUCLIDEAN` or `MANHATTAN`.
    """

    def __init__(self, X: Any, metric: int) -> None:
        self.X = X
        self.metric = metric
        self.rows = csr_rows(X)
        self._slack = (2 * X.shape[1] + 16) * float(np.finfo(np.float64).eps)
        # float32 products would be sums in float32.
        self._columns = X.T.tocsr().astype(np.float64) if metric == EUCLIDEAN else None

    def reduced(self, radii: np.ndarray) -> np.ndarray:
        """Radii as they are compared."""
        with np.errstate(over="ignore", under="ignore"):
            return radii * radii if self.metric == EUCLIDEAN else radii

    def shown(self, reduced: np.ndarray) -> np.ndarray:
        """Distances, from those that were compared; in place."""
        return np.sqrt(reduced, out=reduced) if self.metric == EUCLIDEAN else reduced

    def nearest(self, queries: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest points of each query; as `DenseSearch.nearest`."""
        distances = np.full((queries.shape[0], k), np.inf)
        indices = np.full((queries.shape[0], k), NO_POINT)

        def on_block(_: int, block: slice) -> None:
            for piece in self._pieces(block):
                rows, dots = self._compared(queries[piece])
                nearest_csr(
                    rows,
                    self.rows,
                    dots,
                    self.metric,
                    self._slack,
                    distances[piece],
                    indices[piece],
                )

        map_blocks(on_block, self._blocks(queries))
        return self.shown(distances), indices

    def within(
        self, queries: Any, radii: np.ndarray, return_distance: bool, sort_results: bool = False
    ) -> Found:
        """The points within a radius of each query; as `DenseSearch.within`."""
        reduced = self.reduced(radii)
        counts = np.zeros(queries.shape[0], np.int64)
        self._within(queries, reduced, counts, np.empty(0, np.int64), np.empty(0))
        starts = starts_of(counts)
        indices, distances = np.empty(starts[-1], np.int64), np.empty(starts[-1])
        if len(indices) > 0:
            self._within(queries, reduced, starts[:-1].copy(), indices, distances)
        if sort_results:
            sort_found(starts, distances, indices)
        return Found(starts, indices, self.shown(distances) if return_distance else None)

    def _within(
        self,
        queries: Any,
        reduced: np.ndarray,
        ends: np.ndarray,
        indices: np.ndarray,
        distances: np.ndarray,
    ) -> None:
        def on_block(_: int, block: slice) -> None:
            for piece in self._pieces(block):
                rows, dots = self._compared(queries[piece])
                within_csr(
                    rows,
                    self.rows,
                    dots,
                    self.metric,
                    self._slack,
                    reduced[piece],
                    ends[piece],
                    indices,
                    distances,
                )

        map_blocks(on_block, self._blocks(queries))

    def _blocks(self, queries: Any) -> list[slice]:
        entries = (queries.nnz / queries.shape[0] + self.X.nnz / self.X.shape[0]) * 4 + 4
        return query_blocks(queries.shape[0], entries * self.X.shape[0])

    def _pieces(self, block: slice) -> Iterator[slice]:
        n_rows = max(PIECE_BYTES // (8 * self.X.shape[0]), 1)
        for start in range(block.start, block.stop, n_rows):
            yield slice(start, min(start + n_rows, block.stop))

    def _compared(self, queries: Any) -> tuple[CsrRows, np.ndarray]:
        """Queries for a kernel, and their dot products with all points."""
        if self._columns is None:
            return csr_rows(queries, np.float64), np.empty((0, 0))
        return csr_rows(queries, np.float64), (queries.astype(np.float64) @ self._columns).toarray()


def csr_rows(X: Any, dtype: Any = None) -> CsrRows:
    """A CSR matrix as kernels take it, its values in a dtype if one is given."""
    values = X.data.astype(np.float64)
    of_entry = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    with np.errstate(over="ignore", under="ignore"):
        sq_norms = np.bincount(of_entry, values * values, X.shape[0])
    # Few enough entries are counted in int32, whatever SciPy has made of them.
    index = np.int32 if max(X.nnz, *X.shape) <= np.iinfo(np.int32).max else np.int64
    return CsrRows(
        kernel_view(X.data.astype(dtype or X.dtype, copy=False)),
        kernel_view(X.indices.astype(index, copy=False)),
        kernel_view(X.indptr.astype(index, copy=False)),
        sq_norms,
    )
