"""Columns brought to one scale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from .say import InputError, listed
from .storage import keep_rows
from .tables import Table, row_slices


def standardized(table: Table, resources: ExitStack) -> Table:
    """The table with each column brought to mean 0 and standard deviation 1.

    A constant column becomes 0. The deviation is the population's (divided by the number of rows),
    as of scikit-learn's StandardScaler. The rows are read in blocks, four times.

    Parameters
    ----------
    table : Table
    resources : ExitStack
        Removes what had to be put into a file; see `keep_rows`.

    Raises
    ------
    InputError
        When a value is infinite, or memory is short.
    """
    n_rows, n_columns = table.values.shape
    lowest, highest = np.full(n_columns, np.inf), np.full(n_columns, -np.inf)
    for rows in row_slices(table.values):
        block = table.values[rows]
        if not np.isfinite(block).all():
            raise InputError(f"{table.source}: holds infinity, which has no standard deviation")
        lowest = np.minimum(lowest, block.min(axis=0))
        highest = np.maximum(highest, block.max(axis=0))
    constant = lowest == highest
    # A power of two takes no bit away, and squares of what is near 1 cannot leave the range.
    _, exponents = np.frexp(np.maximum(-lowest, highest))
    mean, scale = np.zeros(n_columns), np.ones(n_columns)

    def blocks() -> Iterator[np.ndarray]:
        for rows in row_slices(table.values):
            block = np.ldexp(table.values[rows].astype(np.float64), -exponents)
            yield np.where(constant, 0.0, (block - mean) / scale)

    mean = sum(block.sum(axis=0) for block in blocks()) / n_rows
    scale = np.sqrt(sum(np.einsum("ij,ij->j", block, block) for block in blocks()) / n_rows)
    scale[constant] = 1.0
    what = f"{table.source}: standardizing {n_rows} rows of {n_columns} numbers"
    values = keep_rows(blocks, table.values.shape, np.float64, table.values, resources, what)
    notes = table.notes
    if constant.any():
        names = listed(table.columns, np.flatnonzero(constant).tolist())
        notes += (f"constant columns say nothing: {names}",)
    return replace(table, values=values, notes=notes)
