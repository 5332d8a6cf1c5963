"""Files that the shell writes: each whole or not at all, and never over another unasked."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .say import InputError

DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t"}


def check_output(path: Path, extensions: Sequence[str], force: bool) -> None:
    """Find out before the fit whether a file can be written to `path`.

    Raises
    ------
    InputError
        When the extension is not one of `extensions`, the folder is missing or closed, or the file
        is there and `force` is not given.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{path}: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path}: the folder {str(folder)!r} is not writable")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file")
    if path.suffix.lower() not in extensions:
        raise InputError(
            f"{path}: unknown extension {path.suffix!r}; it must be one of {', '.join(extensions)}"
        )
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; --force overwrites it")


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write to, which takes its place when the block ends well.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    # A link stays a link: what it points to is replaced.
    target = Path(os.path.realpath(path))
    partial_file = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        yield partial_file
        partial_file.replace(target)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial_file.unlink()


def write_labels(path: Path, id_name: str, ids: Sequence[Any], labels: np.ndarray) -> None:
    """Write the id and the cluster of each row, in order, under a header.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    delimiter = DELIMITERS[path.suffix.lower()]
    if isinstance(ids, np.ndarray):
        ids = ids.tolist()
    with replaced(path) as new, new.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow((id_name, "cluster"))
        writer.writerows(zip(ids, labels.tolist(), strict=True))
