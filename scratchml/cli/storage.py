"""Where a command keeps rows that it makes from those of a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .memory import check_memory, readable_bytes
from .say import InputError

MOST_IN_MEMORY = 2**28
"""Bytes of rows from a mapped file that are kept in memory; more of them go to another file."""


def keep_rows(
    blocks: Callable[[], Iterable[np.ndarray]],
    shape: tuple[int, int],
    dtype: Any,
    source: np.ndarray,
    resources: ExitStack,
    what: str,
) -> np.ndarray:
    """Keep rows that come a block at a time.

    Parameters
    ----------
    blocks : callable
        Gives the blocks, in order.
    shape, dtype
        Of all rows together.
    source : ndarray
        What they are made from. Where it is mapped from a file, many of them go to a temporary
        file that is mapped as well.
    resources : ExitStack
        Removes that file.
    what : str
        What needs the room, for messages.

    Raises
    ------
    InputError
        When there is no room in memory, or in the temporary folder.
    """
    n_bytes = shape[0] * shape[1] * np.dtype(dtype).itemsize
    if not isinstance(source, np.memmap) or n_bytes <= MOST_IN_MEMORY:
        check_memory(n_bytes, what, "do so where the file is made")
        rows = np.empty(shape, dtype)
        start = 0
        for block in blocks():
            rows[start : start + len(block)] = block
            start += len(block)
        return rows
    folder = resources.enter_context(
        TemporaryDirectory(prefix="scratchml-", ignore_cleanup_errors=True)
    )
    # Before the first byte: a full disk found by a mapped write would end the process.
    if n_bytes > (free := shutil.disk_usage(folder).free):
        raise InputError(
            f"{what} takes {readable_bytes(n_bytes)} in {Path(folder).parent}, where"
            f" {readable_bytes(free)} are free; set TMPDIR to a folder with more"
        )
    path = Path(folder) / "rows"
    with path.open("wb") as file:
        for block in blocks():
            np.ascontiguousarray(block, dtype).tofile(file)
    return np.memmap(path, dtype, "r", shape=shape)
