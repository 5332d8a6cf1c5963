"""Tables for the shell: which columns and rows of a file become the rows of numbers to cluster."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from .arrays import ArraySource, open_npy, open_npz
from .output import DELIMITERS
from .parquet import open_parquet
from .say import InputError, listed
from .storage import keep_rows
from .text import open_text

_BLOCK_ELEMENTS = 2**18
_STDIN = Path("-")


class Source(Protocol):
    """A file whose layout has been read, and its values not yet."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, or else their positions from 0 as text."""

    @property
    def has_names(self) -> bool:
        """Whether the file names its columns."""

    @property
    def numeric(self) -> tuple[int, ...]:
        """Positions of the columns that hold numbers, not empty."""

    @property
    def empty(self) -> tuple[int, ...]:
        """Positions of the columns without any value, of no type that would tell more."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was understood in a way that its owner may not expect."""

    def load(self, columns: Sequence[int]) -> np.ndarray:
        """Read columns as numbers, number[n_rows, n_columns], NaN where a value is missing."""

    def texts(self, column: int) -> Sequence[Any]:
        """Read a column as it is written, one entry for each row."""


# A further format is a further line. Besides these there is text.
_READERS: dict[str, Callable[[Path], Source]] = {
    ".parquet": open_parquet,
    ".npy": open_npy,
    ".npz": open_npz,
}
_EXTENSIONS = (*DELIMITERS, *_READERS)

_FIRST_BYTES = {
    b"\x93NUMPY": ".npy",
    b"PK\x03\x04": ".npz",
    b"PAR1": ".parquet",
    b"\x1f\x8b": ".gz",
}


@dataclass(frozen=True)
class Selection:
    """What to take from a file.

    Attributes
    ----------
    columns : tuple of str or None
        Names, or positions from 0 where the file has no names; None stands for all numbers.
    id : str or None
        Name or position of the column that names the rows.
    drop_missing : bool
        Whether rows with missing values are left out rather than refused.
    delimiter : str or None
        What separates the fields of a text file; None is what its extension says.
    """

    columns: tuple[str, ...] | None = None
    id: str | None = None
    drop_missing: bool = False
    delimiter: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of numbers to cluster.

    Attributes
    ----------
    values : number[n_rows, n_columns]
        May be a read-only memory map.
    columns : tuple of str
        Names of the columns, or else their positions in the file.
    source : str
        Where the rows come from, for people.
    id_name : str
        What `ids` are: the name of a column, or ``row``.
    ids : sequence or array of n_rows
        What tells each row apart, in the order of the file.
    notes : tuple of str
        What was done on the way that its owner may not expect.
    """

    values: np.ndarray
    columns: tuple[str, ...]
    source: str
    id_name: str
    ids: Any
    notes: tuple[str, ...] = ()


def read_table(path: Path | None, selection: Selection, resources: ExitStack) -> Table:
    """Read the table in a file, or the digits that ship with the package when there is no file.

    Parameters
    ----------
    path : Path or None
        ``-`` is standard input, whose format its first bytes tell.
    selection : Selection
        What to take from it.
    resources : ExitStack
        Closes what the table needs as long as it is used.

    Raises
    ------
    InputError
        When the file cannot be read, is of an unknown kind, or holds no table of numbers without
        gaps.
    """
    name = source_name(path)
    try:
        source = _open_source(path, selection.delimiter, resources)
        return _select(source, selection, name, resources)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def source_name(path: Path | None) -> str:
    """Where the rows of a table come from, for people."""
    return {None: "digits (embedded)", _STDIN: "standard input"}.get(path, str(path))


def _open_source(path: Path | None, delimiter: str | None, resources: ExitStack) -> Source:
    """Find the reader for a path, and let it read the layout."""
    if path is None:
        from scratchml.datasets import load_digits

        digits: Any = load_digits()
        return ArraySource(digits.data, tuple(digits.feature_names))
    if path == _STDIN:
        path = _stored_input(resources)
    path.stat()
    if path.is_dir():
        raise InputError("is a directory")
    kind = path.suffix.lower()
    if kind in DELIMITERS:
        return open_text(path, delimiter or DELIMITERS[kind])
    if kind == ".gz":
        raise InputError(
            "is compressed; let zcat decompress it into standard input:"
            " zcat FILE.gz | scratchml ... -"
        )
    if kind not in _READERS:
        raise InputError(
            f"unknown extension {path.suffix!r}; it must be one of {', '.join(_EXTENSIONS)}"
        )
    if delimiter is not None:
        raise InputError("is not a text file, so that --delimiter means nothing")
    return _READERS[kind](path)


def _stored_input(resources: ExitStack) -> Path:
    """Standard input in a temporary file, whose extension says what its first bytes are."""
    folder = Path(resources.enter_context(TemporaryDirectory(prefix="scratchml-")))
    path = folder / "input"
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise InputError(
            f"no space for a copy of it in {folder.parent}; set TMPDIR to a folder with more"
        ) from error
    with path.open("rb") as file:
        first_line = file.readline(2**16)
    text = ".tsv" if first_line.count(b"\t") > first_line.count(b",") else ".csv"
    suffixes = (suffix for magic, suffix in _FIRST_BYTES.items() if first_line.startswith(magic))
    return path.rename(path.with_suffix(next(suffixes, text)))


# --- what to take -------------------------------------------------------------------------------


def _select(source: Source, selection: Selection, name: str, resources: ExitStack) -> Table:
    """Load what is asked for, and account for every column and row that is left out."""
    notes = list(source.notes)
    id_column = None if selection.id is None else _position(source, selection.id)
    if selection.columns is None:
        columns = tuple(column for column in source.numeric if column != id_column)
        others = set(range(len(source.names))) - {*source.numeric, id_column}
        for left_out, why in (
            (others.difference(source.empty), "not being numbers"),
            (others.intersection(source.empty), "being empty"),
        ):
            if left_out:
                notes.append(f"left out, {why}: {listed(source.names, sorted(left_out))}")
        if not columns:
            raise InputError("no column holds numbers besides the one of the ids")
    else:
        columns = tuple(_position(source, column) for column in selection.columns)
        if twice := sorted({c for c in columns if columns.count(c) > 1}):
            raise InputError(f"chosen more than once: {listed(source.names, twice)}")
        if id_column in columns:
            raise InputError(
                f"{source.names[id_column]!r} is the --id, and among --columns as well"
            )
        if empty := set(columns).intersection(source.empty):
            raise InputError(f"empty: {listed(source.names, sorted(empty))}")
        if text := set(columns) - set(source.numeric):
            raise InputError(f"not numbers: {listed(source.names, sorted(text))}")

    values = source.load(columns)
    chosen_names = tuple(source.names[column] for column in columns)
    rows: Any = range(len(values))
    missing = _missing_values(values)
    if missing is not None:
        if not selection.drop_missing:
            raise missing.error(chosen_names)
        rows = np.flatnonzero(~missing.rows)
        if not rows.size:
            raise InputError("every row has a missing value")
        values = _without(values, missing.rows, resources)
        notes.append(missing.note(chosen_names))
    if id_column is None:
        return Table(values, chosen_names, name, "row", rows, tuple(notes))
    ids: Any = source.texts(id_column)
    if missing is not None:
        ids = ids[rows] if isinstance(ids, np.ndarray) else [ids[row] for row in rows.tolist()]
    return Table(values, chosen_names, name, source.names[id_column], ids, tuple(notes))


def _position(source: Source, name: str) -> int:
    """Position of a column by its name, or by its position where the file has no names.

    Raises
    ------
    InputError
        When there is no such column, or more than one.
    """
    found = [position for position, other in enumerate(source.names) if other == name.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{len(found)} columns are called {name!r}; rename them")
    what = "its columns are" if source.has_names else "its columns have no names, only positions:"
    raise InputError(
        f"has no column {name!r}; {what} {listed(source.names, range(len(source.names)))}"
    )


@dataclass(frozen=True)
class _Missing:
    """The gaps of a table: how many, which rows have one, and where the first one is."""

    count: int
    rows: np.ndarray
    first: tuple[int, int]

    def error(self, names: Sequence[str]) -> InputError:
        row, column = self.first
        which = (
            "1 missing value, in"
            if self.count == 1
            else f"{self.count} missing values, the first in"
        )
        return InputError(
            f"{which} row {row}, column {names[column]!r} (counting from 0); fill in or remove such"
            " rows, or leave them out with --drop-missing"
        )

    def note(self, names: Sequence[str]) -> str:
        n_rows, (row, column) = np.count_nonzero(self.rows), self.first
        return (
            f"left out {n_rows} of {len(self.rows)} rows, having missing values: the first is row"
            f" {row}, column {names[column]!r} (counting from 0)"
        )


def _missing_values(values: np.ndarray) -> _Missing | None:
    """The gaps of a table, None when there are none; in blocks."""
    if values.dtype.kind != "f":
        return None
    count, first = 0, (0, 0)
    rows = np.zeros(0, dtype=bool)  # until there is a gap
    for block in row_slices(values):
        gaps = np.isnan(values[block])
        if not gaps.any():
            continue
        if not count:
            row, column = divmod(int(gaps.argmax()), gaps.shape[1])
            first = (block.start + row, column)
            rows = np.zeros(len(values), dtype=bool)
        count += int(np.count_nonzero(gaps))
        rows[block] = gaps.any(axis=1)
    return _Missing(count, rows, first) if count else None


def _without(values: np.ndarray, left_out: np.ndarray, resources: ExitStack) -> np.ndarray:
    """The rows that are not left out."""
    shape = (len(values) - int(np.count_nonzero(left_out)), values.shape[1])
    what = f"leaving rows out of {len(values)}"

    def blocks() -> Iterator[np.ndarray]:
        return (values[rows][~left_out[rows]] for rows in row_slices(values))

    return keep_rows(blocks, shape, values.dtype, values, resources, what)


def row_slices(values: np.ndarray) -> Iterator[slice]:
    """Cut the rows of a two-dimensional array into slices of a few megabytes."""
    n_rows, n_columns = values.shape
    step = max(1, _BLOCK_ELEMENTS // n_columns)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))
