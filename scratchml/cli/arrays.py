"""Tables in NumPy's own formats: one array (.npy), or an archive of several (.npz)."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from .memory import check_memory
from .say import InputError

# What NumPy and zipfile raise for files that are damaged, encrypted or compressed in another way.
_UNREADABLE = (
    ValueError,
    OverflowError,
    RuntimeError,
    EOFError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class ArraySource:
    """A two-dimensional array of numbers; see `tables.Source`."""

    array: np.ndarray
    column_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    empty = ()

    @property
    def has_names(self) -> bool:
        """Whether the columns have names."""
        return self.column_names is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, or else their positions."""
        return self.column_names or tuple(map(str, self.numeric))

    @property
    def numeric(self) -> tuple[int, ...]:
        """All columns."""
        return tuple(range(self.array.shape[1]))

    def load(self, columns: Sequence[int]) -> np.ndarray:
        """The array as it is if it can be used so, the chosen columns copied otherwise."""
        all_columns = tuple(columns) == self.numeric
        usable = self.array.dtype in (np.float32, np.float64) and self.array.flags.c_contiguous
        if not (all_columns and usable):
            check_memory(
                8 * len(self.array) * len(columns),
                f"a copy of {len(self.array)} rows of {len(columns)} numbers",
                "save what you need of it as float32 or float64 in row order, which is read from"
                " disk as needed",
            )
        return self.array if all_columns else self.array[:, columns]

    def texts(self, column: int) -> Any:
        """The numbers of a column, as a view."""
        return self.array[:, column]


def open_npy(path: Path) -> ArraySource:
    """Map a two-dimensional array of numbers in NumPy's format into memory.

    Raises
    ------
    InputError
        When the file is damaged or holds anything else.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except _UNREADABLE as error:
        raise InputError(f"not readable as an array of numbers: {error}") from error
    return ArraySource(_checked(array))


def open_npz(path: Path) -> ArraySource:
    """Read the one array of an archive that is a table of numbers.

    Raises
    ------
    InputError
        When the archive is damaged, or holds no such array, or several.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = {}
            for member in archive.namelist():
                if member.endswith(".npy"):
                    with archive.open(member) as file:
                        headers[member] = _read_header(file)
    except _UNREADABLE as error:
        raise InputError(f"not readable as an archive of arrays: {error}") from error
    tables = [
        member
        for member, (shape, dtype) in headers.items()
        if len(shape) == 2 and dtype.kind in "iuf"
    ]
    held = ", ".join(
        f"{member.removesuffix('.npy')!r} {shape} {dtype}"
        for member, (shape, dtype) in headers.items()
    )
    if len(tables) != 1:
        how_many = "several 2-D arrays" if tables else "no 2-D array"
        raise InputError(
            f"holds {how_many} of numbers among {held or 'nothing'}; save the one you mean as .npy"
        )
    (member,) = tables
    shape, dtype = headers[member]
    check_memory(
        dtype.itemsize * shape[0] * shape[1],
        f"array {member.removesuffix('.npy')!r}",
        "save it as .npy, which is read from disk as needed",
    )
    try:
        with np.load(path) as arrays:
            array = arrays[member.removesuffix(".npy")]
    except _UNREADABLE as error:
        raise InputError(f"not readable as an archive of arrays: {error}") from error
    notes = () if len(headers) == 1 else (f"took array {member.removesuffix('.npy')!r} of {held}",)
    return ArraySource(_checked(array), notes=notes)


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and dtype of an array in NumPy's format, without its values."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"array format {version} is not supported")
    shape, _, dtype = read(file)
    return shape, dtype


def _checked(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "iuf":
        raise InputError(f"holds values of type {array.dtype}, not real numbers")
    if array.ndim != 2:
        shape = "-1, 1" if array.ndim < 2 else "len(X), -1"
        raise InputError(
            f"holds a {array.ndim}-D array, but a 2-D one (rows, columns) is needed; save"
            f" X.reshape({shape}) instead"
        )
    if not array.size:
        raise InputError(f"is empty: its shape is {array.shape}")
    return array
