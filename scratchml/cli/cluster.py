"""``scratchml cluster``: read a table, fit, report, write the labels and a picture."""

from __future__ import annotations

import contextlib
import csv
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from scratchml import threads as use_threads

from .fits import Fit, fit_table, is_watched
from .output import DELIMITERS, check_output, replaced, write_labels
from .registry import ALGORITHMS, chosen_parameters, parameter_options
from .say import InputError, say
from .tables import Selection, read_table, standardized

_PICTURES = (".png", ".svg", ".pdf", ".jpg")
_DIGITS = 10
_ALGORITHM_OPTIONS = parameter_options(ALGORITHMS)


class _Columns(click.ParamType):
    """Names separated by commas; quotes protect a comma, as in a CSV file."""

    name = "NAMES"

    def convert(self, value: Any, param: Any, context: Any) -> tuple[str, ...]:
        return tuple(next(csv.reader([value], skipinitialspace=True), ()))


class _Sections(click.Command):
    """A command whose help lists the options of the algorithms apart from its own."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options of the algorithm": []}
        for option in self.get_params(context):
            record = option.get_help_record(context)
            if isinstance(option, click.Option) and record is not None:
                theirs = option in _ALGORITHM_OPTIONS
                sections["Options of the algorithm" if theirs else "Options"].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


@click.command("cluster", cls=_Sections, params=[*_ALGORITHM_OPTIONS])
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--algorithm",
    type=click.Choice(list(ALGORITHMS)),
    default="kmeans",
    show_default=True,
    help="How to cluster.",
)
@click.option(
    "--columns",
    type=_Columns(),
    help="Columns to cluster by, separated by commas; positions from 0 where they have no names."
    "  [default: all that hold numbers]",
)
@click.option(
    "--id", "id_column", metavar="COLUMN", help="Column that names the rows; not clustered by."
)
@click.option("--drop-missing", is_flag=True, help="Leave out rows that have a missing value.")
@click.option(
    "--standardize", is_flag=True, help="Bring each column to mean 0 and standard deviation 1."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="LABELS.CSV",
    help="Write the id (or else the number, from 0) and the cluster of each row, in input order.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PICTURE.PNG",
    help="Draw the clusters: .png, .svg, .pdf or .jpg.",
)
@click.option("--force", is_flag=True, help="Overwrite these files if they exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads to use.  [default: all]"
)
def command(
    file: Path | None,
    algorithm: str,
    columns: tuple[str, ...] | None,
    id_column: str | None,
    drop_missing: bool,
    standardize: bool,
    output: Path | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
    threads: int | None,
    **given: Any,
) -> None:
    """Cluster the rows of FILE.

    Without FILE: the 1797 images of handwritten digits that ship with the package.

    \b
    FILE is one of
      .csv .txt   fields separated by commas
      .tsv        fields separated by tabs
      .parquet
      .npy        a 2-D array saved by numpy.save, mapped into memory
      .npz        an archive that holds one 2-D array
      -           standard input: any of these, recognised by its first bytes

    The first line of a text file is read as column names if one of its fields is not a number. A
    column whose first value is not a number is left out, and a note on standard error says so.
    Missing values are refused unless --drop-missing is given. Columns are taken as they are:
    --standardize brings them to one scale if their units differ.

    Printed are what was read, the iterations, the inertia (sum of squared distances to the nearest
    centre) and the seconds; then for each cluster its size, its share of the rows and the mean
    distance of its rows to its centre. After --standardize distances and centres are in standard
    deviations.

    \b
    Examples:
      scratchml cluster
      scratchml cluster points.csv -k 3 --columns x,y --plot clusters.png
      scratchml cluster people.csv --id name --standardize --output labels.csv
      zcat big.csv.gz | scratchml cluster - -k 20 --json

    The exit code is 0, 2 for input that cannot be used, 130 after Ctrl-C.
    """
    chosen = ALGORITHMS[algorithm]
    if file is None and given["n_clusters"] is None:
        given["n_clusters"] = str(_DIGITS)
    parameters = chosen_parameters(chosen, given)
    _check_files(output, plot, force)
    with contextlib.ExitStack() as resources:
        if threads is not None:
            resources.enter_context(use_threads(threads))
        start = time.perf_counter()
        table = read_table(file, Selection(columns, id_column, drop_missing), resources)
        if standardize:
            table = standardized(table)
        seconds_to_read = time.perf_counter() - start
        say("note", *table.notes)
        fit = fit_table(table, chosen, parameters, show_progress=is_watched() and not as_json)
        say("note", *fit.notes)
        if output is not None:
            write_labels(output, table.id_name, table.ids, fit.model.labels_)
            say("note", f"labels written to {output}")
        if plot is not None:
            _draw(plot, fit)
            say("note", f"picture written to {plot}")

        from .report import print_json, print_tables

        (print_json if as_json else print_tables)(fit, seconds_to_read)


def _check_files(output: Path | None, plot: Path | None, force: bool) -> None:
    """Find out before the fit whether the files can be written."""
    if output is not None:
        check_output(output, tuple(DELIMITERS), force)
    if plot is not None:
        check_output(plot, _PICTURES, force)
        if find_spec("matplotlib") is None:
            raise InputError("--plot needs matplotlib: pip install 'scratchml[plot]'")


def _draw(path: Path, fit: Fit) -> None:
    """Draw the clusters of a fit into a file."""
    from matplotlib.figure import Figure

    from scratchml.plot import ClusterDisplay

    figure = Figure(figsize=(8, 6), layout="constrained")
    ClusterDisplay.from_estimator(
        fit.model, fit.table.values, feature_names=fit.table.columns, ax=figure.subplots()
    )
    with replaced(path) as new:
        figure.savefig(new, format=path.suffix[1:].lower(), dpi=150)
