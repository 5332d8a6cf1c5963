"""Tables in Parquet files, and what else takes pyarrow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .memory import check_memory
from .say import InputError, listed


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file whose schema is known; see `tables.Source`."""

    path: Path
    names: tuple[str, ...]
    numeric: tuple[int, ...]
    empty: tuple[int, ...]
    dtype: type[np.floating]
    n_rows: int
    notes: tuple[str, ...] = ()
    has_names = True

    def load(self, columns: Sequence[int]) -> np.ndarray:
        """Read columns of numbers: float32 if the file has nothing wider, else float64.

        Raises
        ------
        InputError
            When the file is damaged, or memory is short.
        """
        check_memory(
            2 * np.dtype(self.dtype).itemsize * self.n_rows * len(columns),
            f"reading {self.n_rows} rows of {len(columns)} numbers",
            "convert it to a .npy file, which is read from disk as needed, or choose --columns",
        )
        with _damage_reported():
            return row_major(self._read(columns), self.dtype)

    def texts(self, column: int) -> Sequence[Any]:
        """The values of a column."""
        with _damage_reported():
            return self._read((column,)).column(0).to_pylist()

    def _read(self, columns: Sequence[int]) -> Any:
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self.path) as file:
            found = file.read([self.names[column] for column in columns])
        # Names may be those of several columns, which then come all, in the order of the file.
        return found.select(
            [
                found.schema.get_all_field_indices(self.names[column])[
                    self.names[:column].count(self.names[column])
                ]
                for column in columns
            ]
        )


@contextlib.contextmanager
def _damage_reported() -> Iterator[None]:
    """Inside a ``with`` statement, what Arrow cannot read is an InputError."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"not readable as Parquet: {error}") from error


def open_parquet(path: Path) -> ParquetSource:
    """Read the schema of a Parquet file.

    Raises
    ------
    InputError
        When pyarrow is missing, the file is damaged, or it holds no row or no column of numbers.
    """
    if find_spec("pyarrow") is None:
        raise InputError("Parquet files need pyarrow: pip install 'scratchml[parquet]'")
    import pyarrow
    from pyarrow.parquet import ParquetFile

    with _damage_reported(), ParquetFile(path) as file:
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
    types = pyarrow.types
    numeric = tuple(
        position
        for position, dtype in enumerate(schema.types)
        if types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype)
    )
    empty = tuple(position for position, dtype in enumerate(schema.types) if types.is_null(dtype))
    if not n_rows:
        raise InputError("has column names but no rows")
    if not numeric:
        raise InputError(
            f"no column holds numbers; its columns are {listed(schema.names, range(len(schema)))}"
        )
    single = all(types.is_float32(schema.types[position]) for position in numeric)
    dtype = np.float32 if single else np.float64
    return ParquetSource(path, tuple(schema.names), numeric, empty, dtype, n_rows)


def row_major(table: Any, dtype: type[np.floating]) -> np.ndarray:
    """Numbers of an Arrow table, dtype[n_rows, n_columns] in row order, NaN where one is null."""
    import pyarrow

    arrow_type = pyarrow.from_numpy_dtype(dtype)
    values = np.empty((table.num_rows, table.num_columns), dtype)
    start = 0
    for batch in table.to_batches():
        rows = slice(start, start + batch.num_rows)
        for position, column in enumerate(batch.columns):
            # What is as it should be is taken without a call that imports as long as reading lasts:
            # to_numpy would import pandas, cast and fill_null Arrow's functions.
            if column.type != arrow_type or column.null_count:
                column = column.cast(arrow_type, safe=False).fill_null(np.nan)
            values[rows, position] = np.from_dlpack(column)
        start = rows.stop
    return values
