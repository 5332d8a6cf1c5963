"""``scratchml suggest-eps``: an eps for DBSCAN, by the distances between the rows of a table."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from scratchml import threads as use_threads

from .options import (
    EXIT_CODES,
    FILES,
    Source,
    check_picture,
    force_option,
    json_option,
    plot_option,
    takes_source,
    threads_option,
)
from .output import write_picture
from .report import without_infinity
from .say import InputError, say
from .status import is_watched, working

_HELP = f"""Suggest an eps for DBSCAN on the rows of FILE.

    For each row the distance to its nearest rows is measured. Sorted, these distances show where
    clusters end and noise begins. Printed are the eps, why it was chosen, and further knees of the
    curve, if there are any; --plot draws it.

    {FILES}

    \b
    Examples:
      scratchml suggest-eps points.csv --min-samples 10 --plot distances.png
      scratchml cluster points.csv --algorithm dbscan --min-samples 10 --eps auto

    {EXIT_CODES}
    """


@click.command("suggest-eps", help=_HELP)
@takes_source
@click.option(
    "--min-samples",
    type=click.IntRange(min=2),
    default=5,
    show_default=True,
    metavar="N",
    help="Rows that a core point of DBSCAN has around it, itself included.",
)
@click.option(
    "--metric", default="euclidean", show_default=True, metavar="NAME", help="What is near."
)
@click.option(
    "--sample-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rows to measure from, drawn at random.  [default: all]",
)
@plot_option
@force_option
@json_option
@threads_option
def command(
    source: Source,
    min_samples: int,
    metric: str,
    sample_size: int | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
    threads: int | None,
) -> None:
    """Do what the options say."""
    check_picture(plot, force, source.file)
    from scratchml.cluster import suggest_eps

    with contextlib.ExitStack() as resources:
        if threads is not None:
            resources.enter_context(use_threads(threads))
        table = source.read(resources)
        say("note", *table.notes)
        is_silent = as_json or not is_watched()
        with contextlib.nullcontext() if is_silent else working("measuring distances"):
            try:
                suggestion = suggest_eps(
                    table.values,
                    min_samples,
                    metric=metric,
                    sample_size=sample_size,
                    random_state=0,
                )
            except ValueError as error:
                raise InputError(f"{table.source}: {error}") from error
    knees = [
        {"k_distance": knee.k_distance, "share": knee.share, "strength": knee.strength}
        for knee in suggestion.candidates
    ]
    (_print_json if as_json else _print_table)(
        {
            "source": table.source,
            "rows": len(table.values),
            "features": table.values.shape[1],
            "min_samples": min_samples,
            "eps": suggestion.eps,
            "reason": suggestion.reason,
            "knees": knees,
        }
    )
    if plot is not None:
        from scratchml.plot import KDistanceDisplay

        write_picture(
            plot, lambda ax: KDistanceDisplay.from_suggestion(suggestion, ax=ax), force, (8, 5)
        )


def _print_json(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(without_infinity(found), allow_nan=False) + "\n")


def _print_table(found: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    summary = Grid(title="eps of DBSCAN", title_justify="left", box=box.SIMPLE, show_header=False)
    summary.add_column(style="bold cyan", overflow="fold")
    summary.add_column(overflow="fold")
    shown = {name: value for name, value in found.items() if name != "reason"}
    knees = ", ".join(
        f"{knee['k_distance']:.3g} ({100 * knee['share']:.1f} % below)" for knee in found["knees"]
    )
    for name, value in {**shown, "eps": f"{found['eps']:g}", "knees": knees or "none"}.items():
        summary.add_row(name.replace("_", " "), str(value))
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    console.print(summary, found["reason"], sep="")
