"""Rows in the order of their labels."""

from __future__ import annotations

from scratchml.core.jit import STRICT, kernel


@kernel(STRICT)
def sort_by_label(rows, labels, out_ends, out_rows):
    """Sort rows by label, equal ones in order (counting sort).

    Parameters
    ----------
    rows : int32[n_rows]
    labels : int32[n_samples]
    out_ends : int32[n_clusters + 1]
        Where the rows of each label end among the sorted ones.
    out_rows : int32[>= n_rows]
    """
    out_ends[:] = 0
    for t in range(rows.shape[0]):
        out_ends[labels[rows[t]] + 1] += 1
    for c in range(1, out_ends.shape[0]):
        out_ends[c] += out_ends[c - 1]
    for t in range(rows.shape[0]):
        label = labels[rows[t]]
        out_rows[out_ends[label]] = rows[t]
        out_ends[label] += 1
