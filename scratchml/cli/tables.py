"""Tables for the shell: read from files of several kinds, or taken from the package."""

from __future__ import annotations

import csv
import math
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np

# Spellings of a missing value besides those that ``float`` reads as NaN.
_MISSING = {"", "?", "na", "n/a", "none", "null"}

_BLOCK_ELEMENTS = 2**18


class InputError(Exception):
    """Something the user gave cannot be used; the message is one line that says what and why."""


@dataclass(frozen=True)
class Table:
    """Rows of numbers to cluster.

    Parameters
    ----------
    values : number[n_rows, n_columns]
        May be a read-only memory map.
    columns : tuple of str or None
        Names of the columns, where the source has them.
    source : str
        Where the rows come from, for people.
    notes : tuple of str
        What was done on the way that its owner may not expect.
    """

    values: np.ndarray
    columns: tuple[str, ...] | None
    source: str
    notes: tuple[str, ...] = ()


def read_table(path: Path | None) -> Table:
    """Read the table in a file, or the digits that ship with the package when there is no file.

    Raises
    ------
    InputError
        When the file cannot be read, is of an unknown kind, or holds no table of numbers without
        gaps.
    """
    if path is None:
        from scratchml.datasets import load_digits

        digits: Any = load_digits()
        return Table(digits.data, tuple(digits.feature_names), "digits (embedded)")
    try:
        path.stat()
        if path.is_dir():
            raise InputError("is a directory")
        if path.suffix.lower() not in _READERS:
            raise InputError(
                f"unknown extension {path.suffix!r}; it must be one of {', '.join(_READERS)}"
            )
        return _READERS[path.suffix.lower()](path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_npy(path: Path) -> Table:
    """Map a two-dimensional array of numbers in NumPy's format into memory.

    Raises
    ------
    InputError
        When the file is damaged, holds anything else, or a value is missing.
    """
    try:
        values = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OverflowError) as error:
        raise InputError(f"not readable as an array of numbers: {error}") from error
    if values.dtype.kind not in "iuf":
        raise InputError(f"holds values of type {values.dtype}, not real numbers")
    if values.ndim != 2:
        shape = "-1, 1" if values.ndim < 2 else "len(X), -1"
        raise InputError(
            f"holds a {values.ndim}-D array, but a 2-D one (rows, columns) is needed; save"
            f" X.reshape({shape}) instead"
        )
    if not values.size:
        raise InputError(f"is empty: its shape is {values.shape}")
    missing, first = 0, (0, 0)
    for rows in row_slices(values):
        gaps = np.isnan(values[rows])
        if gaps.any():
            row, column = divmod(int(gaps.argmax()), gaps.shape[1])
            first = first if missing else (rows.start + row, column)
            missing += int(np.count_nonzero(gaps))
    if missing:
        raise _missing(missing, first[0], str(first[1]))
    return Table(values, None, str(path))


def read_text(path: Path, delimiter: str) -> Table:
    """Read the columns of numbers in a text file, UTF-8 with or without a byte order mark.

    The first line holds column names if one of its fields is not a number. A column whose first
    value is not a number is left out; the others must hold numbers throughout.

    Raises
    ------
    InputError
        When the file holds no table of numbers, or a value is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = _read_layout(file, delimiter)
            try:
                values = text.load()
            except UnicodeDecodeError:
                raise
            except ValueError as error:
                text.check_fields()
                raise InputError(str(error)) from error
            if np.isnan(values).any():
                text.check_fields()
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text ({error.reason})") from error
    except csv.Error as error:
        raise InputError(str(error)) from error

    notes = []
    if text.has_header and any(_number(name) is not None for name in text.names):
        notes.append("the first line was read as column names, though it holds numbers too")
    if text.left_out:
        notes.append(f"left out, not being numbers: {_listed(text.names, text.left_out)}")
    columns = tuple(text.names[column] for column in text.numeric) if text.has_header else None
    return Table(values, columns, str(path), tuple(notes))


# A further format is a further line.
_READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": partial(read_text, delimiter=","),
    ".txt": partial(read_text, delimiter=","),
    ".tsv": partial(read_text, delimiter="\t"),
    ".npy": read_npy,
}


@dataclass(frozen=True)
class _Text:
    """An open text table and its layout: columns by position, names or else positions as text."""

    file: TextIO
    delimiter: str
    has_header: bool
    names: tuple[str, ...]
    numeric: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()

    def load(self) -> np.ndarray:
        """Read the columns of numbers, float64[n_rows, n_numeric].

        Raises
        ------
        ValueError
            When one of their fields is not a number, or a line has another number of fields.
        """
        self.rewind()
        # What is left out is converted to nothing: `usecols` would not notice a line that is too
        # long.
        values = np.loadtxt(
            self.file,
            delimiter=self.delimiter,
            comments=None,
            quotechar='"',
            ndmin=2,
            converters=dict.fromkeys(self.left_out, lambda _: 0.0) or None,
        )
        return values[:, self.numeric] if self.left_out else values

    def check_fields(self) -> None:
        """Find what is wrong with a table that did not load; slower, but it knows the place.

        Raises
        ------
        InputError
            When a line has another number of fields, a field is not a number, or some are empty.
        """
        missing, first = 0, (0, "")
        for row, fields in self.rows():
            for column in self.numeric:
                name, value = self.names[column], _number(fields[column])
                if value is None:
                    raise InputError(
                        f"row {row}, column {name!r} (counting from 0):"
                        f" {reprlib.repr(fields[column])} is not a number"
                    )
                if math.isnan(value):
                    first = first if missing else (row, name)
                    missing += 1
        if missing:
            raise _missing(missing, *first)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Number and fields of each row; InputError when it has more or fewer than the first."""
        for row, fields in enumerate(self.rewind()):
            if len(fields) != len(self.names):
                raise InputError(
                    f"row {row} (counting from 0) has {len(fields)} fields,"
                    f" the first line has {len(self.names)}"
                )
            yield row, fields

    def rewind(self) -> Iterator[list[str]]:
        """Place the file before its first row, and return an iterator over the rows."""
        records = _records(self.file, self.delimiter)
        if self.has_header:
            next(records)
        return records


def _read_layout(file: TextIO, delimiter: str) -> _Text:
    """Find header and columns of numbers, in as many rows as it takes to see a value of each.

    Raises
    ------
    InputError
        When there is no row, or no column of numbers.
    """
    first = next(_records(file, delimiter), None)
    if first is None:
        raise InputError("is empty")
    has_header = any(_number(field) is None for field in first)
    names = [
        name.strip() or f"unnamed {position}" if has_header else str(position)
        for position, name in enumerate(first)
    ]
    text = _Text(file, delimiter, has_header, tuple(names))
    if next(text.rewind(), None) is None:
        raise InputError("has column names but no rows")

    is_numeric: dict[int, bool] = {}
    for _, fields in text.rows():
        for column, value in enumerate(map(_number, fields)):
            if value is None or not math.isnan(value):
                is_numeric.setdefault(column, value is not None)
        if len(is_numeric) == len(first):
            break
    columns = range(len(first))
    if not any(is_numeric.values()):
        raise InputError(
            f"no column holds numbers; its columns, separated by {delimiter!r}, are"
            f" {_listed(text.names, columns)}"
        )
    return replace(
        text,
        numeric=tuple(column for column in columns if is_numeric.get(column)),
        left_out=tuple(column for column in columns if not is_numeric.get(column)),
    )


def _records(file: TextIO, delimiter: str) -> Iterator[list[str]]:
    """Records of a text file from its beginning; blank lines are none."""
    file.seek(0)
    return filter(None, csv.reader(file, delimiter=delimiter))


def _number(field: str) -> float | None:
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


def _listed(names: Sequence[str], columns: Sequence[int], limit: int = 8) -> str:
    """Names of some columns for a message, the first few of them if they are many."""
    more = f" and {len(columns) - limit} more" if len(columns) > limit else ""
    return ", ".join(repr(names[column]) for column in columns[:limit]) + more


def _missing(count: int, row: int, name: str) -> InputError:
    """Error for a table in which `count` values are missing, the first of them at `row`, `name`."""
    which = "1 missing value, in" if count == 1 else f"{count} missing values, the first in"
    return InputError(
        f"{which} row {row}, column {name!r} (counting from 0); fill in or remove such rows"
    )


def row_slices(values: np.ndarray) -> Iterator[slice]:
    """Cut the rows of a two-dimensional array into slices of a few megabytes."""
    n_rows, n_columns = values.shape
    step = max(1, _BLOCK_ELEMENTS // n_columns)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))
