"""Files that the shell writes: each whole or not at all, and never over another unasked."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import IO, Any

import numpy as np

from .say import InputError, say

_EXISTS = "exists already; --force overwrites it"
_STDIN = 0  # what the system calls the file that standard input comes from
_BLOCK_LENGTH = 2**16
# What of a picture is drawn on, away from its edges: left, bottom, width and height as shares.
_WITHIN_FIGURE = (0.01, 0.01, 0.98, 0.98)
DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t"}


def check_output(path: Path, extensions: Sequence[str], force: bool, source: Path | None) -> None:
    """Find out before the fit whether a file can be written to `path`.

    Raises
    ------
    InputError
        When the extension is not one of `extensions`, the folder is missing or closed, the file is
        the one that is read (`source`), or it is there and `force` is not given.
    """
    # A link stays a link: what it points to is written.
    folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
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
    if source is not None and _is_same_file(path, source):
        raise InputError(f"{path}: is the file that is read; choose another name")
    if path.exists() and not force:
        raise InputError(f"{path}: {_EXISTS}")


def _is_same_file(path: Path, source: Path) -> bool:
    try:
        return os.path.samefile(path, _STDIN if source == Path("-") else source)
    except OSError:  # one of them is not there
        return False


@contextlib.contextmanager
def replaced(path: Path, force: bool) -> Iterator[Path]:
    """A new file beside `path` to write to, which takes its place when the block ends well.

    Raises
    ------
    InputError
        When the file cannot be written, or has come to be there meanwhile and `force` is not given.
    """
    target = Path(os.path.realpath(path))
    partial_file = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        yield partial_file
        if not force:
            target.touch(exist_ok=False)  # takes the name, or fails
        elif target.exists():
            shutil.copymode(target, partial_file)
        partial_file.replace(target)
    except FileExistsError as error:
        raise InputError(f"{path}: {_EXISTS}") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial_file.unlink()


def write_labels(
    path: Path | None,
    id_name: str,
    ids: Iterable[Any],
    labels: np.ndarray,
    force: bool,
    probabilities: Iterable[Sequence[float]] | None = None,
    n_clusters: int = 0,
) -> None:
    """Write the id and the cluster of each row, in order, under a header.

    Parameters
    ----------
    path : Path or None
        None stands for standard output.
    id_name : str
        Heading of the ids.
    ids : iterable
        What names the rows.
    labels : ndarray of shape (n_rows,)
        Their clusters.
    force : bool
        Whether to replace a file.
    probabilities : iterable of sequences of n_clusters floats, optional
        Of each row the probability of each cluster, which are further columns.
    n_clusters : int
        How many they are.

    Raises
    ------
    InputError
        When the file cannot be written; see `replaced`.
    """
    names = [id_name, "cluster", *(f"proba_{cluster}" for cluster in range(n_clusters))]
    if isinstance(ids, np.ndarray):
        ids = _numbers(ids)
    further = repeat(()) if probabilities is None else probabilities
    # Of endless repetitions as many are taken as there are rows.
    rows = (
        (name, label, *own)
        for (name, label), own in zip(
            zip(ids, _numbers(labels), strict=True), further, strict=False
        )
    )
    if path is None:
        _write_rows(sys.stdout, ",", names, rows)
        return
    delimiter = DELIMITERS[path.suffix.lower()]
    with replaced(path, force) as new, new.open("w", encoding="utf-8", newline="") as file:
        _write_rows(file, delimiter, names, rows)


def _write_rows(
    file: IO[str], delimiter: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _numbers(values: np.ndarray) -> Iterator[Any]:
    """The entries of an array as Python numbers, of which few exist at a time."""
    for start in range(0, len(values), _BLOCK_LENGTH):
        yield from values[start : start + _BLOCK_LENGTH].tolist()


def write_picture(
    path: Path, draw: Callable[[Any], object], force: bool, size: tuple[float, float] = (8, 6)
) -> None:
    """Draw into a file, in the format that its extension names, and say so.

    Parameters
    ----------
    path : Path
    draw : callable
        Draws into the matplotlib Axes that it is given. What it and matplotlib warn of becomes
        notes.
    force : bool
        Whether to replace a file.
    size : (float, float)
        Width and height in inches.

    Raises
    ------
    InputError
        When it cannot be drawn, or the file not be written; see `replaced`.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with warnings.catch_warnings(record=True) as warned, replaced(path, force) as new:
        for category in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", category)
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(rect=_WITHIN_FIGURE))
        try:
            draw(figure.subplots())
            figure.savefig(new, format=path.suffix[1:].lower(), dpi=150)
        except (ValueError, ArithmeticError, RuntimeError) as error:
            raise InputError(f"{path}: could not be drawn: {error}") from error
    say("note", *dict.fromkeys(str(warning.message) for warning in warned))
    say("note", f"picture written to {path}")
