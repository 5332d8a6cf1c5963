"""Points as the kernels take them: sorted by cluster, and transposed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces

from .kernels.pairs import LARGEST, TOGETHER

CACHE_LINE = 64
"""Bytes in one."""

ALIGNMENT = 16
"""Columns are a multiple of this many, whole cache lines,"""

ALIASED = 512
"""and not of this many, where all features of a point would fall into the same sets of a cache."""

COPY_OPERATIONS = 8
"""Multiply-adds, about, in the time that a number takes to find its place."""


class Columns(NamedTuple):
    """Points sorted by cluster, each a column."""

    order: np.ndarray
    """intp[n_samples]: the row of the data that each column is."""
    starts: np.ndarray
    """int64[n_clusters + 1]: where each cluster begins."""
    values: np.ndarray
    """float[n_features, >= n_samples]: times a power of two; with a feature of zeros where their
    number would be odd, or none."""

    def rows(self, where: Any) -> np.ndarray:
        """Some of the columns as rows, the first repeated up to a multiple of `TOGETHER`."""
        points = self.values[:, where].T
        rows = np.empty((-(-len(points) // TOGETHER) * TOGETHER, len(self.values)), points.dtype)
        rows[: len(points)] = points
        rows[len(points) :] = points[0]
        return rows


def as_columns(X: np.ndarray, codes: np.ndarray, n_clusters: int) -> Columns:
    """Sort points by cluster.

    Parameters
    ----------
    X : float[n_samples, n_features]
    codes : int32[n_samples]
        Cluster of each.
    n_clusters : int

    Notes
    -----
    A silhouette is the same on any scale. By a power of two, which changes no digit, no square
    overflows, and those that are estimated in float32 fit there.
    """
    n_samples, n_features = X.shape
    # Small integers are sorted in linear time.
    order = np.argsort(codes.astype(np.uint16) if n_clusters <= 2**16 else codes, kind="stable")
    starts = np.zeros(n_clusters + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=n_clusters), out=starts[1:])
    width = -(-n_samples // ALIGNMENT) * ALIGNMENT
    width += ALIGNMENT if width % ALIASED == 0 else 0
    values = aligned_zeros((max(n_features + n_features % 2, 2), width), X.dtype)
    low, high = X.min(axis=0), X.max(axis=0)
    exponent = _scale(low, high)
    # A feature that is the same everywhere stays zeros: scaled by the others it might overflow.
    varies = low < high

    def step(_: int, block: slice) -> None:
        for piece in row_pieces(block, n_features, X.strides[0]):
            points = X[order[piece]].T
            np.ldexp(points, exponent, out=values[:n_features, piece], where=varies[:, None])

    map_blocks(step, row_blocks(n_samples, COPY_OPERATIONS * n_features))
    return Columns(order, starts, values)


def aligned_zeros(shape: tuple[int, int], dtype: np.dtype[Any]) -> np.ndarray:
    """Zeros that begin where a cache line does, so that no vector of them lies in two."""
    n_values, per_line = shape[0] * shape[1], CACHE_LINE // dtype.itemsize
    values = np.zeros(n_values + per_line, dtype)
    first = -values.ctypes.data % CACHE_LINE // dtype.itemsize
    return values[first : first + n_values].reshape(shape)


def _scale(low: np.ndarray, high: np.ndarray) -> int:
    """The power of two by which all distances are below two to the power of `LARGEST`."""
    half = float((high * 0.5 - low * 0.5).max())  # the whole may overflow
    # No distance is longer than all sides of the bounding box together.
    return LARGEST - int(np.frexp(half)[1]) - 1 - int(np.frexp(len(low))[1]) if half else 0
