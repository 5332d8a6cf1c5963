"""How many samples each class shares with each cluster: all that external metrics look at."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.jit import kernel_view
from scratchml.core.labels import encode_labels
from scratchml.core.params import check_params
from scratchml.core.validation import check_array

from .kernels import count_pairs, distribute
from .labelings import CONSTRAINTS, check_pair

CHEAP_CELLS = 2**14
"""A table of so many cells costs next to nothing, however few samples are counted in it."""


class Contingency(NamedTuple):
    """The cells of a contingency matrix that are not empty, in row-major order, and its margins."""

    classes: np.ndarray
    """Row of each cell, int[n_cells]."""
    clusters: np.ndarray
    """Column of each cell, int[n_cells]."""
    counts: np.ndarray
    """Samples in each cell, int64[n_cells]."""
    class_sizes: np.ndarray
    """Samples in each row, int64[n_classes]; none is empty."""
    cluster_sizes: np.ndarray
    """Samples in each column, int64[n_clusters]; none is empty."""

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.counts.sum())

    @property
    def is_homogeneous(self) -> bool:
        """Whether each cluster holds samples of one class only."""
        return len(self.counts) == len(self.cluster_sizes)

    @property
    def is_complete(self) -> bool:
        """Whether all samples of each class are in one cluster."""
        return len(self.counts) == len(self.class_sizes)


def contingency_matrix(
    labels_true: Any,
    labels_pred: Any,
    *,
    eps: float | None = None,
    sparse: bool = False,
    dtype: Any = np.int64,
) -> Any:
    """Count the samples that each class shares with each cluster.

    Parameters
    ----------
    labels_true : array-like of shape (n_samples,)
        The class of each sample.
    labels_pred : array-like of shape (n_samples,)
        The cluster of each sample.
    eps : float or None, default=None
        Added to every count, if it is not None.
    sparse : bool, default=False
        Whether the matrix is a sparse one. A matrix of many classes and many clusters may be too
        large for memory otherwise.
    dtype : dtype, default=np.int64
        Of the counts; of no account where ``eps`` is given.

    Returns
    -------
    ndarray or csr_matrix of shape (n_classes, n_clusters)
        Rows are classes and columns are clusters, in ascending order of their labels.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If labels are not valid, or ``eps`` is given for a sparse matrix.

    Notes
    -----
    **Differences from scikit-learn.** Labels are checked: NaN, other dimensions than one, and
    lengths that differ are refused with a message that says so.

    Time and memory as of `count_contingency`, and those of the matrix.

    Examples
    --------
    >>> from scratchml.metrics import contingency_matrix
    >>> contingency_matrix(["a", "a", "b", "b", "b"], [1, 1, 0, 1, 2])
    array([[0, 2, 0],
           [1, 1, 1]])
    """
    check_params(CONSTRAINTS, locals(), "contingency_matrix")
    if eps is not None and sparse:
        raise ValueError("Cannot set 'eps' when sparse=True")
    cells = count_contingency(*check_pair(labels_true, labels_pred))
    shape = len(cells.class_sizes), len(cells.cluster_sizes)
    if sparse:
        from scipy.sparse import csr_matrix

        ends = np.cumsum(np.bincount(cells.classes, minlength=shape[0]))
        starts = np.concatenate([[0], ends])
        return csr_matrix((cells.counts.astype(dtype), cells.clusters, starts), shape=shape)
    matrix = np.zeros(shape, np.int64 if eps is not None else dtype)
    matrix[cells.classes, cells.clusters] = cells.counts
    return matrix if eps is None else matrix + eps


def count_contingency(labels_true: np.ndarray, labels_pred: np.ndarray) -> Contingency:
    """Count the samples of each pair of labels that occurs.

    Parameters
    ----------
    labels_true, labels_pred : ndarray of shape (n_samples,)
        As `check_pair` returns them.

    Returns
    -------
    Contingency

    Notes
    -----
    Time O(n_samples) for integers that lie close together, as those of clusters do, else that of
    sorting the labels. Where the table of all pairs has fewer cells than there are samples, samples
    are counted in it, in threads, and no label is copied. Where it has more there is no such table:
    pairs are sorted by two counting sorts, in O(n_samples) memory.
    """
    true, pred = _as_indices(labels_true), _as_indices(labels_pred)
    if true.width * pred.width <= max(CHEAP_CELLS, len(labels_true)):
        return _count_in_table(true, pred)
    return _count_by_sorting(true, pred)


def count_labels(labels: np.ndarray) -> np.ndarray:
    """Count the samples of each label that occurs.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        As `check_labeling` returns them.

    Returns
    -------
    int64[n_labels]
    """
    in_one_cluster = _Indices(np.zeros(len(labels), np.int8), 0, 1)
    return _count_in_table(_as_indices(labels), in_one_cluster).class_sizes


def as_contingency(matrix: Any) -> Contingency:
    """Read a contingency matrix that was given.

    Parameters
    ----------
    matrix : array-like or sparse matrix of shape (n_classes, n_clusters)
        Decimals of counts are dropped.

    Returns
    -------
    Contingency
        Without the rows and columns that are empty.

    Raises
    ------
    ValueError
        If it is not 2-dimensional, or a count is not finite or negative.
    """
    matrix = check_array(matrix, dtype=np.float64, accept_sparse=("csr",), input_name="contingency")
    if isinstance(matrix, np.ndarray):
        classes, clusters = np.nonzero(matrix)
        counts = matrix[classes, clusters]
    else:
        matrix = matrix.tocoo()
        classes, clusters, counts = matrix.row, matrix.col, matrix.data
    if len(counts) and counts.min() < 0:
        raise ValueError("Negative values in data passed to `contingency`.")
    counts = counts.astype(np.int64)
    # Weights are summed in float64, which holds these integers exactly.
    class_sizes = np.bincount(classes, counts, matrix.shape[0]).astype(np.int64)
    cluster_sizes = np.bincount(clusters, counts, matrix.shape[1]).astype(np.int64)
    is_filled = counts > 0
    cells = classes[is_filled], clusters[is_filled], counts[is_filled]
    return _without_empty(*cells, class_sizes, cluster_sizes)


def _without_empty(
    rows: np.ndarray,
    columns: np.ndarray,
    counts: np.ndarray,
    row_sizes: np.ndarray,
    column_sizes: np.ndarray,
) -> Contingency:
    """Leave out the rows and columns without a sample."""
    if not row_sizes.all():
        rows = (np.cumsum(row_sizes > 0) - 1)[rows]
        row_sizes = row_sizes[row_sizes > 0]
    if not column_sizes.all():
        columns = (np.cumsum(column_sizes > 0) - 1)[columns]
        column_sizes = column_sizes[column_sizes > 0]
    return Contingency(rows, columns, counts, row_sizes, column_sizes)


# --- counting -------------------------------------------------------------------------------------


class _Indices(NamedTuple):
    """Integer labels from ``low`` to ``low + width - 1``; they need not all occur."""

    labels: np.ndarray
    low: int
    width: int


def _as_indices(labels: np.ndarray) -> _Indices:
    """Labels as they are where they are integers close together, else numbered."""
    if labels.dtype.kind == "b":
        labels = labels.view(np.uint8)
    if labels.dtype.kind in "iu" and labels.dtype != np.uint64 and len(labels):
        blocks = row_blocks(len(labels), 1)
        lows = map_blocks(lambda _, block: labels[block].min(), blocks)
        highs = map_blocks(lambda _, block: labels[block].max(), blocks)
        low, high = int(min(lows)), int(max(highs))
        if high - low < max(CHEAP_CELLS, len(labels)):
            return _Indices(kernel_view(labels), low, high - low + 1)
    classes, codes = encode_labels(labels)
    return _Indices(codes, 0, len(classes))


def _count_in_table(true: _Indices, pred: _Indices) -> Contingency:
    """Count pairs in a table of all."""
    n_samples, n_cells = len(true.labels), true.width * pred.width
    dtype = np.int32 if n_samples < 2**31 else np.int64  # the smaller, the more of it is in cache

    def count(_: int, block: slice) -> np.ndarray:
        table = np.zeros(n_cells, dtype)
        for piece in row_pieces(block, 1, bytes_per_row=16):
            count_pairs(
                np.ascontiguousarray(true.labels[piece], np.int64),
                np.ascontiguousarray(pred.labels[piece], np.int64),
                true.low,
                pred.low,
                pred.width,
                table,
            )
        return table

    tables = map_blocks(count, row_blocks(n_samples, 1, n_cells * dtype().itemsize))
    table = tables[0]
    for other in tables[1:]:
        table += other
    filled = np.flatnonzero(table)
    counts = table[filled].astype(np.int64)
    rows, columns = np.divmod(filled, max(pred.width, 1))
    table = table.reshape(true.width, pred.width)
    row_sizes, column_sizes = table.sum(axis=1, dtype=np.int64), table.sum(axis=0, dtype=np.int64)
    return _without_empty(rows, columns, counts, row_sizes, column_sizes)


def _count_by_sorting(true: _Indices, pred: _Indices) -> Contingency:
    """Count pairs by sorting them: stably by columns, then by rows."""
    rows, columns = (
        (indices.labels - np.int64(indices.low)).astype(np.int32) for indices in (true, pred)
    )
    row_sizes = np.bincount(rows, minlength=true.width)
    column_sizes = np.bincount(columns, minlength=pred.width)
    rows, columns = _sort_values(columns, rows, column_sizes)
    columns, rows = _sort_values(rows, columns, row_sizes)
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    first = np.flatnonzero(is_first)
    counts = np.diff(first, append=len(rows))
    return _without_empty(rows[first], columns[first], counts, row_sizes, column_sizes)


def _sort_values(
    keys: np.ndarray, values: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The values in the order of their keys, and the keys in order; there are `sizes` of each."""
    next_places = np.cumsum(sizes) - sizes
    ordered = np.empty_like(values)
    for piece in row_pieces(slice(0, len(keys)), 1):
        distribute(keys[piece], values[piece], next_places, ordered)
    return ordered, np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
