"""Options that several commands share: which table, which algorithm with which parameters."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import click

from .output import check_output
from .registry import ALGORITHMS, Algorithm, chosen_parameters, parameter_options
from .say import InputError
from .standardize import standardized
from .tables import Selection, Table, read_table, source_name

_PICTURES = (".png", ".svg", ".pdf", ".jpg")
_DIGITS = 10
_ALGORITHM_OPTIONS = parameter_options(ALGORITHMS)

FILES = """\b
    FILE is one of
      .csv .txt   fields separated by commas, unless --delimiter says otherwise
      .tsv        fields separated by tabs
      .parquet
      .npy        a 2-D array saved by numpy.save, mapped into memory
      .npz        an archive that holds one 2-D array
      -           standard input: any of these, recognised by its first bytes"""
"""What FILE may be, for the help of a command."""

EXIT_CODES = """The exit code is 0, 2 for what cannot be used, 1 when the reader of the output has
    gone, 130 after Ctrl-C, 129 when the terminal is closed, 143 when terminated."""
"""What a command returns to the system, for its help."""


@dataclass(frozen=True)
class Source:
    """Where the rows come from.

    Attributes
    ----------
    file : Path or None
        None stands for the digits that ship with the package.
    selection : Selection
        What to take from the file.
    standardize : bool
        Whether to bring the columns to one scale.
    """

    file: Path | None
    selection: Selection
    standardize: bool

    @property
    def name(self) -> str:
        """Where the rows come from, for people."""
        return source_name(self.file)

    def read(self, resources: ExitStack) -> Table:
        """Read the table that is asked for; see `read_table`."""
        table = read_table(self.file, self.selection, resources)
        return standardized(table, resources) if self.standardize else table


@dataclass(frozen=True)
class Request(Source):
    """What is to be clustered, and how.

    Attributes
    ----------
    algorithm : Algorithm
    parameters : dict of str to object
        For the constructor of its estimator.
    """

    algorithm: Algorithm
    parameters: dict[str, Any]


class _Columns(click.ParamType):
    """Names separated by commas; quotes protect a comma, as in a CSV file."""

    name = "NAMES"

    def convert(self, value: Any, param: Any, context: Any) -> tuple[str, ...]:
        try:
            names = tuple(next(csv.reader([value], skipinitialspace=True), ()))
        except csv.Error as error:
            self.fail(f"{value!r}: {error}")
        if not names:
            self.fail("names no column")
        return names


class _Delimiter(click.ParamType):
    """The one character between the fields of a line."""

    name = "CHAR"

    def convert(self, value: Any, param: Any, context: Any) -> str:
        character: str = {"tab": "\t"}.get(value, value)
        if len(character) != 1 or not character.isascii() or character in '"\r\n':
            self.fail(f"{value!r} is not a character that may separate fields")
        return character


_OPTIONS_OF_SOURCE = (
    click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True)),
    click.option(
        "--columns",
        type=_Columns(),
        help="Columns to cluster by, separated by commas; positions from 0 where they have no"
        " names.  [default: all that hold numbers]",
    ),
    click.option(
        "--id", "id_column", metavar="COLUMN", help="Column that names the rows; not clustered by."
    ),
    click.option(
        "--delimiter",
        type=_Delimiter(),
        help="What separates the fields of a text file; 'tab' is understood."
        "  [default: a tab in .tsv, else a comma]",
    ),
    click.option("--drop-missing", is_flag=True, help="Leave out rows that have a missing value."),
    click.option(
        "--standardize", is_flag=True, help="Bring each column to mean 0 and standard deviation 1."
    ),
)

_algorithm_option = click.option(
    "--algorithm",
    type=click.Choice(list(ALGORITHMS)),
    default="kmeans",
    show_default=True,
    help="How to cluster.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads to use.  [default: all]"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the report as one JSON object."
)
plot_option = click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PICTURE.PNG",
    help="Draw it: .png, .svg, .pdf or .jpg.",
)
force_option = click.option("--force", is_flag=True, help="Overwrite files if they exist.")


def takes_source(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate the function of a command: it gets a `Source` first, and its own options."""

    @functools.wraps(function)
    def with_source(
        file: Path | None,
        columns: tuple[str, ...] | None,
        id_column: str | None,
        delimiter: str | None,
        drop_missing: bool,
        standardize: bool,
        **others: Any,
    ) -> None:
        selection = Selection(columns, id_column, drop_missing, delimiter)
        function(Source(file, selection, standardize), **others)

    for option in reversed(_OPTIONS_OF_SOURCE):
        with_source = option(with_source)
    return with_source


def takes_request(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate the function of a `RequestCommand`: it gets a `Request` first, and its own options.

    The options are those of the table, of the choice of algorithm and of its parameters.
    """

    @functools.wraps(function)
    def with_request(source: Source, algorithm: str, **others: Any) -> None:
        given = {option.name: others.pop(option.name) for option in _ALGORITHM_OPTIONS}
        chosen = ALGORITHMS[algorithm]
        if source.file is None and chosen.takes_k and given["n_clusters"] is None:
            given["n_clusters"] = str(_DIGITS)
        parameters = chosen_parameters(chosen, given)
        function(Request(**vars(source), algorithm=chosen, parameters=parameters), **others)

    return _algorithm_option(takes_source(with_request))


class RequestCommand(click.Command):
    """A command whose help lists the parameters of the algorithms apart from its own options."""

    algorithm_options: ClassVar[list[click.Option]] = _ALGORITHM_OPTIONS

    def __init__(self, name: str | None, params: list[click.Parameter], **options: Any) -> None:
        super().__init__(name, params=[*params, *self.algorithm_options], **options)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options of the algorithm": []}
        for option in self.get_params(context):
            record = option.get_help_record(context)
            if isinstance(option, click.Option) and record is not None:
                theirs = option in self.algorithm_options
                sections["Options of the algorithm" if theirs else "Options"].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def check_picture(path: Path | None, force: bool, source: Path | None) -> None:
    """Find out beforehand whether a picture can be drawn into a file.

    Raises
    ------
    InputError
        When `check_output` refuses the file, or matplotlib is missing.
    """
    if path is None:
        return
    check_output(path, _PICTURES, force, source)
    if find_spec("matplotlib") is None:
        raise InputError("--plot needs matplotlib: pip install 'scratchml[plot]'")
