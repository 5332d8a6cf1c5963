"""Columns brought to one scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .memory import check_memory
from .say import InputError, listed
from .tables import Table, row_slices


def standardized(table: Table) -> Table:
    """The table with each column brought to mean 0 and standard deviation 1.

    A constant column becomes 0. The deviation is the population's (divided by the number of rows),
    as of scikit-learn's StandardScaler.

    Raises
    ------
    InputError
        When a value is infinite, or memory is short.
    """
    n_rows, n_columns = table.values.shape
    check_memory(
        8 * n_rows * n_columns,
        f"{table.source}: standardizing {n_rows} rows of {n_columns} numbers",
        "standardize them where the file is made",
    )
    if not all(np.isfinite(table.values[rows]).all() for rows in row_slices(table.values)):
        raise InputError(f"{table.source}: holds infinity, which has no standard deviation")
    values = np.array(table.values, dtype=np.float64, order="C")
    lowest, highest = values.min(axis=0), values.max(axis=0)
    constant = np.flatnonzero(lowest == highest).tolist()
    # A power of two takes no bit away, and squares of what is near 1 cannot leave the range.
    _, exponents = np.frexp(np.maximum(-lowest, highest))
    np.ldexp(values, -exponents, out=values)
    values -= values.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", values, values) / len(values))
    notes = table.notes
    if constant:
        notes += (f"constant columns say nothing: {listed(table.columns, constant)}",)
        values[:, constant] = 0.0
        scale[constant] = 1.0
    values /= scale
    return replace(table, values=values, notes=notes)
