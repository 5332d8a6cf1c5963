"""Text tables: fields separated by commas or tabs."""

from __future__ import annotations

import csv
import itertools
import math
import reprlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
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


def open_text(path: Path, resources: ExitStack, delimiter: str) -> TextSource:
    """Find header and columns of numbers of a text file, UTF-8 with or without a byte order mark.

    The first line holds column names if one of its fields is not a number. A column holds numbers
    if its first value is one.

    Raises
    ------
    InputError
        When the file holds no row, or no column of numbers.
    """
    try:
        return _read_layout(path, delimiter)
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except csv.Error as error:
        raise InputError(str(error)) from error


@dataclass(frozen=True)
class TextSource:
    """A text table whose layout is known; see `tables.Source`."""

    path: Path
    delimiter: str
    has_names: bool
    names: tuple[str, ...]
    numeric: tuple[int, ...] = ()
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
        try:
            values = self._load_fast(columns)
            return self._load_field_by_field(columns) if values is None else values
        except UnicodeDecodeError as error:
            raise _not_utf8(error) from error
        except csv.Error as error:
            raise InputError(str(error)) from error

    def texts(self, column: int) -> Sequence[str]:
        """Read a column as it is written."""
        return [fields[column] for _, fields in self.rows()]

    # --- ways to load

    def _load_fast(self, columns: Sequence[int]) -> np.ndarray | None:
        """The columns by a library's reader, None if anything in them is out of the ordinary."""
        if self.path.stat().st_size >= _LARGE_BYTES and find_spec("pyarrow") is not None:
            return self._load_by_arrow(columns)
        # What is not asked for is converted to nothing: `usecols` would not notice a line that is
        # too long.
        others = set(range(len(self.names))) - set(columns)
        with self._open() as file:
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

    def _load_by_arrow(self, columns: Sequence[int]) -> np.ndarray | None:
        import pyarrow
        from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

        keys = [str(position) for position in range(len(self.names))]
        chosen = [keys[column] for column in columns]
        with self._open() as file:
            if not file.readline().strip():  # a blank line, which would be skipped as the names
                return None
        try:
            table = read_csv(
                self.path,
                ReadOptions(
                    column_names=keys,
                    skip_rows_after_names=int(self.has_names),
                    use_threads=get_num_threads() > 1,
                ),
                ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                ConvertOptions(
                    include_columns=chosen,
                    column_types=dict.fromkeys(chosen, pyarrow.float64()),
                    null_values=[*_MISSING, "NA", "N/A", "None", "NULL"],
                ),
            )
        except pyarrow.ArrowInvalid:
            return None
        return row_major(table, np.float64)

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
        """Number and fields of each row; InputError when it has more or fewer than the first."""
        with self._open() as file:
            records = itertools.islice(_records(file, self.delimiter), self.has_names, None)
            for row, fields in enumerate(records):
                if len(fields) != len(self.names):
                    raise InputError(
                        f"row {row} (counting from 0) has {len(fields)} fields,"
                        f" the first line has {len(self.names)}"
                    )
                yield row, fields

    def _open(self) -> Any:
        return self.path.open(encoding="utf-8-sig", newline="")

    def _estimated_rows(self) -> float:
        """Number of rows, by the length of the first ones."""
        with self.path.open("rb") as file:
            sample = file.read(_SAMPLE_BYTES)
        return self.path.stat().st_size * max(sample.count(b"\n"), 1) / len(sample)


def _read_layout(path: Path, delimiter: str) -> TextSource:
    """Find header and columns of numbers, in as many rows as it takes to see a value of each."""
    with path.open(encoding="utf-8-sig", newline="") as file:
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
            f" {listed(names, range(len(names)))}"
        )
    notes: tuple[str, ...] = ()
    if has_names and any(number(name) is not None for name in names):
        notes = ("the first line was read as column names, though it holds numbers too",)
    return replace(text, numeric=numeric, notes=notes)


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


def _not_utf8(error: UnicodeDecodeError) -> InputError:
    return InputError(f"is not UTF-8 text ({error.reason})")
