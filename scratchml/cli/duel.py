"""``scratchml duel``: race an algorithm against another library's on a table."""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path
from typing import Any

import click

from scratchml.bench import ContestantError, UnfairDuelError, duel
from scratchml.bench.estimators import counterpart

from .fits import new_model, with_eps
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
from .output import write_picture
from .say import InputError, say

_HELP = f"""Race an algorithm against another library on the rows of FILE.

    Both run in fresh processes of their own, on the same data, with the same parameters, seed and
    number of threads, in turn. What they find is compared before the times are believed. The
    verdict is about scratchml: faster, slower, no difference found, or too noisy to tell.

    {FILES}

    \b
    Examples:
      scratchml duel points.csv -k 8
      scratchml duel points.npy -k 50 --against sklearnex.cluster:KMeans --plot duel.png

    A duel that would not be fair is refused.

    {EXIT_CODES}
    """


@click.command("duel", cls=RequestCommand, help=_HELP)
@takes_request
@click.option(
    "--against",
    metavar="MODULE:CLASS",
    help="The opponent, made with the same parameters as far as it has them."
    "  [default: scikit-learn's class of the same name]",
)
@click.option("--method", default="fit", show_default=True, metavar="NAME", help="Method to time.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rounds, of two runs of each.  [default: as many as go into 20 seconds, at least 10]",
)
@plot_option
@force_option
@json_option
@threads_option
def command(
    request: Request,
    against: str | None,
    method: str,
    rounds: int | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
    threads: int | None,
) -> None:
    """Do what the options say."""
    check_picture(plot, force, request.file)
    with contextlib.ExitStack() as resources:
        table = request.read(resources)
        say("note", *table.notes)
        parameters, reasons = with_eps(table, request.algorithm, request.parameters)
        say("note", *reasons)
        estimator = new_model(table, request.algorithm, parameters)
        try:
            opponent = counterpart(estimator, _imported(against))
            report: Any = duel(
                estimator,
                table.values,
                against=opponent,
                method=method,
                rounds=rounds,
                threads=threads,
            )
        except (UnfairDuelError, ContestantError, ValueError, ImportError) as error:
            first_line = str(error).partition("\n")[0]  # a contestant's traceback follows
            raise InputError(f"{table.source}: {first_line}") from error
    if plot is not None:
        write_picture(plot, lambda ax: report.plot(ax=ax), force, size=(8, 5))
    if as_json:
        sys.stdout.write(report.to_json() + "\n")
        return
    from rich.console import Console

    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, emoji=False, highlight=False).print(report)


def _imported(name: str | None) -> Any:
    """The class that ``module:class`` names, or None for None.

    Raises
    ------
    InputError
        When there is no such class.
    """
    if name is None:
        return None
    module, _, attribute = name.partition(":")
    if not (module and attribute):
        raise InputError(f"--against {name}: must be MODULE:CLASS, as in sklearn.cluster:KMeans")
    try:
        cls = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"--against {name}: {error}") from error
    if not isinstance(cls, type):
        raise InputError(f"--against {name}: is not a class")
    return cls
