"""The shell: read a table, fit, report, write the labels.

Each of the four steps is a function of its own. What is wrong with the input, wherever it is found,
is an `InputError`, which `main` turns into one line on standard error.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import reprlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from scratchml import __version__

if TYPE_CHECKING:
    import click

    from scratchml.cluster import KMeans

# Spellings of a missing value besides those that ``float`` reads as NaN.
_MISSING = {"", "?", "na", "n/a", "none", "null"}

_BLOCK_ELEMENTS = 2**18

_EXIT_BAD_INPUT = 2
_EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


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


@dataclass(frozen=True)
class Fit:
    """A fitted model, the seconds its ``fit`` took, and what it warned of."""

    model: KMeans
    seconds: float
    notes: tuple[str, ...] = ()


# --- reading ------------------------------------------------------------------------------------


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
    for rows in _row_blocks(values):
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


# --- fitting ------------------------------------------------------------------------------------


def fit_kmeans(table: Table, n_clusters: int, seed: int) -> Fit:
    """Cluster a table with K-means.

    Raises
    ------
    InputError
        When there are more clusters than rows, or the estimator refuses the values.
    """
    from scratchml.cluster import KMeans

    n_rows = len(table.values)
    if n_clusters > n_rows:
        raise InputError(
            f"{table.source}: {n_clusters} clusters need as many rows, but there are {n_rows};"
            f" choose -k between 1 and {n_rows}"
        )
    model = KMeans(n_clusters=n_clusters, random_state=seed)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            model.fit(table.values)
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
        seconds = time.perf_counter() - start
    return Fit(model, seconds, tuple(str(warning.message) for warning in warned))


def mean_distances(values: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Mean distance of the rows of each cluster to its centre, float64[n_clusters].

    NaN for a cluster without rows. One pass, in blocks: working memory does not grow with the
    rows.
    """
    sums = np.zeros(len(centers))
    for rows in _row_blocks(values):
        differences = np.subtract(values[rows], centers[labels[rows]], dtype=np.float64)
        distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        sums += np.bincount(labels[rows], weights=distances, minlength=len(centers))
    with np.errstate(invalid="ignore"):
        return sums / np.bincount(labels, minlength=len(centers))


def _row_blocks(values: np.ndarray) -> Iterator[slice]:
    """Cut the rows of a two-dimensional array into slices of a few megabytes."""
    n_rows, n_columns = values.shape
    step = max(1, _BLOCK_ELEMENTS // n_columns)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


# --- reporting ----------------------------------------------------------------------------------


def print_report(table: Table, fit: Fit) -> None:
    """Print the summary of a fit and its clusters, on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    model = fit.model
    n_rows, n_features = table.values.shape
    summary = Grid(title="K-means", title_justify="left", box=box.SIMPLE, show_header=False)
    summary.add_column(style="bold cyan", overflow="fold")
    summary.add_column(overflow="fold")
    for name, value in {
        "source": table.source,
        "rows": n_rows,
        "features": n_features,
        "k": len(model.cluster_centers_),
        "iterations": model.n_iter_,
        "inertia": f"{model.inertia_:.8g}",
        "seconds": f"{fit.seconds:.4f}",
    }.items():
        summary.add_row(name, str(value))

    clusters = Grid(box=box.SIMPLE, header_style="bold cyan")
    for heading in ("cluster", "size", "share %", "mean distance"):
        clusters.add_column(heading, justify="right", overflow="fold")
    sizes = np.bincount(model.labels_, minlength=len(model.cluster_centers_))
    distances = mean_distances(table.values, model.labels_, model.cluster_centers_)
    for cluster, (size, distance) in enumerate(zip(sizes, distances, strict=True)):
        clusters.add_row(
            str(cluster),
            str(size),
            f"{100 * size / n_rows:.1f}",
            "-" if math.isnan(distance) else f"{distance:.6g}",
        )

    # Nobody sees the edge of a pipe or a file: no line is folded there.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    console.print(summary, clusters, sep="")


# --- writing ------------------------------------------------------------------------------------


def check_output(path: Path, force: bool) -> None:
    """Find out before the fit whether labels can be written to `path`.

    Raises
    ------
    InputError
        When the folder is missing or closed, or the file is there and `force` is not given.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{path}: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path}: the folder {str(folder)!r} is not writable")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file")
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; --force overwrites it")


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write ``row,cluster`` as CSV, one line per row in input order, all of it or nothing.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    # A link stays a link: what it points to is replaced.
    target = Path(os.path.realpath(path))
    partial_file = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with partial_file.open("x", encoding="ascii", newline="\n") as file:
            file.write("row,cluster\n")
            file.writelines(f"{row},{label}\n" for row, label in enumerate(labels.tolist()))
        partial_file.replace(target)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial_file.unlink()


# --- commands -----------------------------------------------------------------------------------


def build_cli() -> click.Group:
    """Make the command ``scratchml``; click is loaded here, not with the module."""
    import click

    @click.group(
        invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
    )
    @click.version_option(__version__, prog_name="scratchml")
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Clustering you can read, trust and race."""
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    @cli.command()
    @click.argument("file", required=False, type=click.Path(path_type=Path))
    @click.option(
        "-k",
        "n_clusters",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of clusters.  [default: 8; 10 for the digits]",
    )
    @click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        default=0,
        show_default=True,
        help="Seed of the initial centres: the same seed gives the same clusters.",
    )
    @click.option(
        "--output",
        type=click.Path(path_type=Path),
        metavar="LABELS.CSV",
        help="Write the cluster of each row here: columns row (from 0, in input order), cluster.",
    )
    @click.option("--force", is_flag=True, help="Overwrite the output file if it exists.")
    def cluster(
        file: Path | None, n_clusters: int | None, seed: int, output: Path | None, force: bool
    ) -> None:
        """Cluster the rows of FILE with K-means.

        Without FILE: the 1797 images of handwritten digits that ship with the package.

        \b
        FILE is one of
          .csv .txt   fields separated by commas
          .tsv        fields separated by tabs
          .npy        a 2-D array saved by numpy.save, mapped into memory

        The first line of a text file is read as column names if one of its fields is not a
        number. A column whose first value is not a number, an id or a name, is left out; a note
        on standard error says which. Missing values are refused: fill them in or remove their
        rows first. Columns are taken as they are: bring them to one scale if their units differ.

        Printed are the source, its numbers of rows and features, k, the iterations, the inertia
        (sum of squared distances to the nearest centre) and the seconds of the fit; then for each
        cluster its size, its share of the rows and the mean distance of its rows to its centre.

        \b
        Examples:
          scratchml cluster
          scratchml cluster points.csv -k 3
          scratchml cluster points.npy -k 20 --seed 7 --output labels.csv --force

        The exit code is 0, 2 for input that cannot be used, 130 after Ctrl-C.
        """
        if output is not None:
            check_output(output, force)
        table = read_table(file)
        _say("note", *table.notes)
        if n_clusters is None:
            n_clusters = 10 if file is None else 8
        fit = fit_kmeans(table, n_clusters, seed)
        _say("note", *fit.notes)
        if output is not None:
            write_labels(output, fit.model.labels_)
            _say("note", f"labels written to {output}")
        print_report(table, fit)

    return cli


def _say(kind: str, *messages: str) -> None:
    """Write messages on standard error, each on one line whatever file names or errors hold."""
    for message in messages:
        sys.stderr.write(f"{kind}: {' '.join(message.split())}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell.

    Parameters
    ----------
    arguments : sequence of str or None
        Words after the name of the program; None stands for those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for anything that cannot be used as given, 130 after Ctrl-C.
    """
    if find_spec("click") is None or find_spec("rich") is None:
        sys.stderr.write("The shell needs two small packages: pip install 'scratchml[cli]'\n")
        return _EXIT_BAD_INPUT
    import click

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        build_cli().main(arguments, prog_name="scratchml", standalone_mode=False)
    except click.ClickException as error:
        message = error.format_message()
    except (InputError, OSError) as error:
        message = str(error)
    except MemoryError as error:
        message = str(error) or "not enough memory"
    except (click.Abort, KeyboardInterrupt):
        return _EXIT_INTERRUPTED
    else:
        return 0
    _say("error", message)
    return _EXIT_BAD_INPUT
