"""Text tables: fields separated by commas or tabs."""

from __future__ import annotations

import contextlib
import csv
import itertools
import math
import reprlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from scratchml.core.blocks import get_num_threads

from .memory import check_memory
from .parquet import row_major
from .say import InputError, listed

# Spellings of a missing value besides those that ``float`` reads as NaN.
_MISSING = {"", "?", "na", "n/a", "none", "null"}

_LARGE_BYTES = 4_000_000
"""Files from this size on are worth the import of pyarrow, which reads several times as fast."""

_SAMPLE_BYTES = 2**18

_STRING_BYTES = 80
"""Memory of a short string and of the place that holds it."""

_DELIMITERS = (";", "\t", "|", ",", " ")
"""What a file may be separated by whose owner has not said so, the likelier first."""


def open_text(path: Path, delimiter: str) -> TextSource:
    """Find header and columns of numbers of a text file, UTF-8 with or without a byte order mark.

    The first line holds column names if one of its fields is not a number. A column holds numbers
    if its first value is one.

    Raises
    ------
    InputError
        When the file holds no row, or no column of numbers.
    """
    with _opened(path) as file:
        first = next(_records(file, delimiter), None)
        second = next(_records(file, delimiter), None)
    if first is None:
        raise InputError("is empty")
    has_names = any(number(field) is None for field in first)
    if has_names and second is None:
        raise InputError("has column names but no rows")
    names = [
        name.strip() or f"unnamed {position}" if has_names else str(position)
        for position, name in enumerate(first)
    ]
    text = TextSource(path, delimiter, has_names, tuple(names))

    # As many rows as it takes to see a value of each column.
    is_numeric: dict[int, bool] = {}
    for _, fields in text.rows():
        for column, value in enumerate(map(number, fields)):
            if value is None or not math.isnan(value):
                is_numeric.setdefault(column, value is not None)
        if len(is_numeric) == len(first):
            break
    numeric = tuple(column for column in range(len(first)) if is_numeric.get(column))
    if not numeric:
        raise InputError(
            f"no column holds numbers; its columns, separated by {delimiter!r}, are"
            f" {listed(names, range(len(names)))}{_advice(first, delimiter)}"
        )
    empty = tuple(column for column in range(len(first)) if column not in is_numeric)
    notes: tuple[str, ...] = ()
    if has_names and any(number(name) is not None for name in names):
        notes = ("the first line was read as column names, though it holds numbers too",)
    return replace(text, numeric=numeric, empty=empty, notes=notes)


@dataclass(frozen=True)
class TextSource:
    """A text table whose layout is known; see `tables.Source`."""

    path: Path
    delimiter: str
    has_names: bool
    names: tuple[str, ...]
    numeric: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def load(self, columns: Sequence[int]) -> np.ndarray:
        """Read columns of numbers, float64[n_rows, n_columns], NaN where a value is missing.

        Raises
        ------
        InputError
            When a field is not a number, a line has more or fewer fields than the first, the text
            is not UTF-8, or memory is short.
        """
        n_rows = self._estimated_rows()
        check_memory(
            2 * 8 * n_rows * len(columns),
            f"reading about {n_rows:.3g} rows of {len(columns)} numbers",
            "convert it to a .npy file, which is read from disk as needed, or choose --columns",
        )
        values = self._load_fast(columns)
        return self._load_field_by_field(columns) if values is None else values

    def texts(self, column: int) -> Sequence[str]:
        """Read a column as it is written.

        Raises
        ------
        InputError
            When a line has more or fewer fields than the first, the text is not UTF-8, or memory
            is short.
        """
        n_rows = self._estimated_rows()
        check_memory(
            _STRING_BYTES * n_rows, f"reading about {n_rows:.3g} ids", "count the rows instead"
        )
        if self._is_for_arrow:
            import pyarrow

            table = self._read_by_arrow((column,), pyarrow.string())
            if table is not None:
                return table.column(0).to_pylist()
        return [fields[column] for _, fields in self.rows()]

    # --- ways to load

    def _load_fast(self, columns: Sequence[int]) -> np.ndarray | None:
        """The columns by a library's reader, None if anything in them is out of the ordinary."""
        if self._is_for_arrow:
            import pyarrow

            table = self._read_by_arrow(columns, pyarrow.float64())
            return None if table is None else row_major(table, np.float64)
        # What is not asked for is converted to nothing: `usecols` would not notice a line that is
        # too long.
        others = set(range(len(self.names))) - set(columns)
        with _opened(self.path) as file:
            for _ in range(self.has_names):
                next(_records(file, self.delimiter))
            try:
                values = np.loadtxt(
                    file,
                    delimiter=self.delimiter,
                    comments=None,
                    quotechar='"',
                    ndmin=2,
                    converters=dict.fromkeys(others, lambda _: 0.0) or None,
                )
            except UnicodeDecodeError:
                raise
            except ValueError:
                return None
        return values[:, columns] if others else values

    @property
    def _is_for_arrow(self) -> bool:
        return self.path.stat().st_size >= _LARGE_BYTES and find_spec("pyarrow") is not None

    def _read_by_arrow(self, columns: Sequence[int], dtype: Any) -> Any:
        """Columns as an Arrow table, None if anything in the file is out of the ordinary.

        Gaps are nulls in numbers; strings are as they are written.
        """
        import pyarrow
        from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

        # Arrow would take the line after a name with a NUL for a part of it.
        if self.has_names and any("\0" in name for name in self.names):
            return None
        keys = [str(position) for position in range(len(self.names))]
        chosen = [keys[column] for column in columns]
        with _opened(self.path) as file:
            if not file.readline().strip():  # a blank line, which would be skipped as the names
                return None
        try:
            return read_csv(
                self.path,
                ReadOptions(
                    column_names=keys,
                    skip_rows_after_names=int(self.has_names),
                    use_threads=get_num_threads() > 1,
                ),
                ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                ConvertOptions(
                    include_columns=chosen,
                    column_types=dict.fromkeys(chosen, dtype),
                    null_values=[*_MISSING, "NA", "N/A", "None", "NULL"],
                ),
            )
        except pyarrow.ArrowInvalid:
            return None

    def _load_field_by_field(self, columns: Sequence[int]) -> np.ndarray:
        """The columns by Python's own means: slower, but it says what is wrong, and where."""
        values = array("d")
        for row, fields in self.rows():
            for column in columns:
                value = number(fields[column])
                if value is None:
                    raise InputError(
                        f"row {row}, column {self.names[column]!r} (counting from 0):"
                        f" {reprlib.repr(fields[column])} is not a number"
                    )
                values.append(value)
        return np.array(values).reshape(-1, len(columns))

    # --- rows

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Number and fields of each row.

        Raises
        ------
        InputError
            When a row has more or fewer fields than the first line, or the text is not UTF-8.
        """
        with _opened(self.path) as file:
            records = itertools.islice(_records(file, self.delimiter), self.has_names, None)
            for row, fields in enumerate(records):
                if len(fields) != len(self.names):
                    raise InputError(
                        f"row {row} (counting from 0) has {len(fields)} fields,"
                        f" the first line has {len(self.names)}"
                    )
                yield row, fields

    def _estimated_rows(self) -> float:
        """Number of rows, by the length of the first ones."""
        with self.path.open("rb") as file:
            sample = file.read(_SAMPLE_BYTES)
        return self.path.stat().st_size * max(sample.count(b"\n"), 1) / len(sample)


def _advice(first: Sequence[str], delimiter: str) -> str:
    """Which delimiter the first line looks like being written with, if it is another one."""
    line = "".join(first)
    likely = max(_DELIMITERS, key=line.count)
    if likely == delimiter or line.count(likely) < len(first):
        return ""
    word = "tab" if likely == "\t" else f"'{likely}'"
    return f"; if they are separated by {likely!r}, say --delimiter {word}"


def _records(file: Any, delimiter: str) -> Iterator[list[str]]:
    """Records from here on; blank lines are none."""
    return filter(None, csv.reader(file, delimiter=delimiter))


def number(field: str) -> float | None:
    """Value of a field: NaN where it is missing, None where it is not a number."""
    text = field.strip()
    if text.lower() in _MISSING:
        return math.nan
    # Python's own notation 1_000 is text in a table.
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The text of a file; where it is read, what is no table in UTF-8 is an InputError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text ({error.reason})") from error
    except csv.Error as error:
        raise InputError(str(error)) from error
