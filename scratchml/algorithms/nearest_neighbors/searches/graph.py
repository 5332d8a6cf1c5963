"""Neighbours that a sparse graph of distances lists: what it does not hold is no neighbour."""

from __future__ import annotations

from typing import Any

import numpy as np

from .found import Found


class GraphSearch:
    """Neighbours among the entries of CSR matrices, each row sorted by value."""

    def nearest(self, queries: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The first k entries of each row.

        Raises
        ------
        ValueError
            If some row has fewer.
        """
        fewest = int(np.diff(queries.indptr).min())
        if fewest < k:
            raise ValueError(
                f"{k} neighbors per samples are required, but some samples have only {fewest} "
                "neighbors in precomputed graph matrix. Decrease number of neighbors used or "
                "recompute the graph with more neighbors."
            )
        places = queries.indptr[:-1, None] + np.arange(k)
        return queries.data[places], queries.indices[places].astype(np.int64)

    def within(
        self, queries: Any, radii: np.ndarray, return_distance: bool, sort_results: bool = False
    ) -> Found:
        """The entries of each row that are not above its radius; they are sorted in any case."""
        inside = queries.data <= np.repeat(radii, np.diff(queries.indptr))
        starts = np.concatenate(([0], np.cumsum(inside)))[queries.indptr].astype(np.int64)
        distances = queries.data[inside] if return_distance else None
        return Found(starts, queries.indices[inside].astype(np.int64), distances)


def sort_by_value(graph: Any) -> Any:
    """A copy of a CSR matrix with each row sorted by value, then by column; zeros are kept."""
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    order = np.lexsort((graph.indices, graph.data, rows))
    return type(graph)((graph.data[order], graph.indices[order], graph.indptr), shape=graph.shape)
