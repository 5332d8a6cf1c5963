"""``scratchml cluster``: read a table, fit, report, write the labels and a picture."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from pathlib import Path
from typing import Any

import click

from scratchml import threads as use_threads

from .fits import fit_table
from .options import (
    EXIT_CODES,
    FILES,
    Request,
    RequestCommand,
    check_picture,
    force_option,
    json_option,
    plot_option,
    takes_request,
    threads_option,
)
from .output import DELIMITERS, check_output, write_labels, write_picture
from .registry import ALGORITHMS, Algorithm
from .say import say
from .status import is_watched, working

_HELP = f"""Cluster the rows of FILE.

    Without FILE: the 1797 images of handwritten digits that ship with the package.

    {FILES}

    The first line of a text file is read as column names if one of its fields is not a number. A
    column whose first value is not a number is left out, and a note on standard error says so.
    Missing values are refused unless --drop-missing is given. Columns are taken as they are:
    --standardize brings them to one scale if their units differ.

    Printed are what was read, the iterations, the inertia (sum of squared distances to the nearest
    centre; spherical-kmeans: of cosine distances) and the seconds; then for each cluster its size,
    its share of the rows and the mean distance of its rows to its centre. After --standardize
    distances and centres are in standard deviations.

    dbscan has no centres: its clusters are where rows are dense. Printed are how many rows are
    noise, whose label is -1, and how many are core points. --eps auto chooses eps by the data and
    says why, as suggest-eps does.

    gmm fits a mixture of Gaussians, whose clusters overlap. Printed are the iterations, whether
    they converged, the lower bound (mean log-likelihood of a row) and the BIC, which is lowest for
    the number of components and the --covariance-type that suit the rows; then for each component
    its weight, and how many rows it is the likeliest for. --proba writes the probability of each
    component beside the label: into the file of --output, or else to standard output in place of
    the report.

    \b
    Examples:
      scratchml cluster
      scratchml cluster points.csv -k 3 --columns x,y --plot clusters.png
      scratchml cluster points.csv --algorithm dbscan --eps auto --min-samples 10
      scratchml cluster people.csv --id name --standardize --output labels.csv
      scratchml cluster points.csv --algorithm gmm -k 3 --proba --output labels.csv
      zcat big.csv.gz | scratchml cluster - -k 20 --json

    {EXIT_CODES}
    """


@click.command("cluster", cls=RequestCommand, help=_HELP)
@takes_request
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="LABELS.CSV",
    help="Write the id (or else the number, from 0) and the cluster of each row, in input order.",
)
@click.option(
    "--proba",
    is_flag=True,
    help="Write the probability of each cluster, too: columns proba_0, proba_1, ...",
)
@plot_option
@force_option
@json_option
@threads_option
def command(
    request: Request,
    output: Path | None,
    proba: bool,
    plot: Path | None,
    force: bool,
    as_json: bool,
    threads: int | None,
) -> None:
    """Do what the options say."""
    if proba:
        _check_proba(request.algorithm, output, as_json)
    if output is not None:
        check_output(output, tuple(DELIMITERS), force, request.file)
    check_picture(plot, force, request.file)
    show_progress = is_watched() and not as_json
    with contextlib.ExitStack() as resources:
        if threads is not None:
            resources.enter_context(use_threads(threads))
        start = time.perf_counter()
        with working(f"reading {request.name}") if show_progress else contextlib.nullcontext():
            table = request.read(resources)
        seconds_to_read = time.perf_counter() - start
        say("note", *table.notes)
        fit = fit_table(table, request.algorithm, request.parameters, show_progress)
        say("note", *fit.notes)
        if output is not None or proba:
            probabilities = (fit.probabilities(), len(fit.clusters)) if proba else ()
            write_labels(output, table.id_name, table.ids, fit.labels, force, *probabilities)
        if output is not None:
            say("note", f"labels written to {output}")
        if output is not None or not proba:
            from .report import print_json, print_tables

            (print_json if as_json else print_tables)(fit, seconds_to_read)
        if plot is not None:
            # Last: whatever is wrong with the picture takes nothing else away.
            from scratchml.plot import ClusterDisplay, DensityDisplay

            display: Any = DensityDisplay if fit.is_mixture else ClusterDisplay
            draw = partial(
                display.from_estimator, fit.model, table.values, feature_names=table.columns
            )
            write_picture(plot, lambda ax: draw(ax=ax), force)


def _check_proba(algorithm: Algorithm, output: Path | None, as_json: bool) -> None:
    """Find out beforehand whether there are probabilities, and somewhere to write them.

    Raises
    ------
    click.UsageError
        When there are none, or standard output is taken.
    """
    if not algorithm.has_probabilities:
        able = " or ".join(other.name for other in ALGORITHMS.values() if other.has_probabilities)
        raise click.UsageError(
            f"--algorithm {algorithm.name} has no probabilities; --proba needs --algorithm {able}"
        )
    if as_json and output is None:
        raise click.UsageError("--proba needs --output beside --json")
