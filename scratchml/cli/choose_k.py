"""``scratchml choose-k``: how many clusters the rows of a table have, by several criteria."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import click
import numpy as np

from scratchml import threads as use_threads
from scratchml.algorithms.choose_k import CRITERIA, choose_k
from scratchml.algorithms.select_mixture import COVARIANCE_TYPES, N_INIT
from scratchml.algorithms.select_mixture import CRITERIA as MIXTURE_CRITERIA

from . import choose_mixture
from .fits import doubts
from .options import (
    EXIT_CODES,
    FILES,
    RequestCommand,
    Source,
    check_picture,
    force_option,
    json_option,
    plot_option,
    takes_source,
    threads_option,
)
from .output import write_picture
from .registry import ALGORITHMS, Algorithm, chosen_parameters, parameter_options
from .report import without_infinity
from .say import InputError, say
from .status import counting, is_watched
from .tables import Table

_K = "n_clusters"
_ALGORITHMS = {
    name: replace(
        algorithm,
        defaults={**algorithm.defaults, "n_init": N_INIT},
        left_out=algorithm.left_out | {_K},
    )
    for name, algorithm in ALGORITHMS.items()
    if any(parameter.name == _K for parameter in algorithm.parameters())
}
_MIXTURE = "gmm"
# All kinds of covariances are tried, as --covariance-types says.
_ALGORITHMS[_MIXTURE] = replace(
    ALGORITHMS[_MIXTURE],
    defaults={**ALGORITHMS[_MIXTURE].defaults, "n_init": N_INIT},
    left_out=ALGORITHMS[_MIXTURE].left_out
    | {"n_components", "covariance_type", "warm_start", "verbose_interval"},
)
_RANGE = re.compile(r"(\d+)(?:-(\d+)(?::(\d+))?)?")
_MOST_KS = 1_000
_ALL = "all"

_HELP = f"""Choose the number of clusters of the rows of FILE.

    The rows are clustered into each number of clusters, and each criterion says which number it
    would choose, and why. The criteria look for different things, and may well disagree. Printed
    are their values, some with a standard error in parentheses, and a * where each chooses; --plot
    draws them. Let the numbers begin at 1: else nothing can say that there are no clusters.

    Of Gaussian mixtures (--algorithm gmm) the kind of the covariances is chosen, too; the criteria
    are BIC, AIC and ICL, of which the least is best.

    {FILES}

    \b
    Examples:
      scratchml choose-k points.csv --ks 1-12 --plot criteria.png
      scratchml choose-k points.csv --ks 1-8,16-64:16 --criteria silhouette,gap
      scratchml choose-k points.csv --algorithm bisecting-kmeans --standardize --json
      scratchml choose-k points.csv --algorithm gmm --covariance-types full,diag --criteria bic

    {EXIT_CODES}
    """


class _Ks(click.ParamType):
    """Numbers of clusters: numbers and ranges, separated by commas."""

    name = "RANGE"

    def convert(self, value: Any, param: Any, context: Any) -> list[int]:
        ks: set[int] = set()
        for word in value.split(","):
            found = _RANGE.fullmatch(word.strip())
            if found is None:
                self.fail(f"{word!r} is no number and no range such as 1-12 or 2-12:2")
            first, last, step = (
                int(part or default)
                for part, default in zip(found.groups(), (0, found[1], 1), strict=True)
            )
            if first < 1 or last < first or step < 1:
                self.fail(f"{word!r} is an empty range, or does not begin at 1 or later")
            if (last - first) // step >= _MOST_KS:
                self.fail(f"{word!r} are more than {_MOST_KS} numbers of clusters")
            ks.update(range(first, last + 1, step))
        return sorted(ks)


def _named(words: str, known: Sequence[str], option: str) -> list[str]:
    """The names that words separated by commas are, in the order in which they are known.

    Raises
    ------
    click.BadParameter
        When one is not known.
    """
    names = [word.strip().replace("-", "_") for word in words.split(",")]
    if names == [_ALL]:
        return list(known)
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"{_hyphened(name)!r} is none of {', '.join(map(_hyphened, known))}, {_ALL}",
                param_hint=repr(option),
            )
    return [name for name in known if name in names]


def _hyphened(name: str) -> str:
    return name.replace("_", "-")


class _Command(RequestCommand):
    """A command with the options of the algorithms, but for the number of clusters."""

    algorithm_options: ClassVar = parameter_options(_ALGORITHMS)


@click.command("choose-k", cls=_Command, help=_HELP)
@takes_source
@click.option(
    "--ks",
    type=_Ks(),
    default="1-10",
    show_default=True,
    help="Numbers of clusters: numbers and ranges, such as 1-12, 1,2,4,8 or 10-50:10.",
)
@click.option(
    "--algorithm",
    type=click.Choice(list(_ALGORITHMS)),
    default="kmeans",
    show_default=True,
    help="How to cluster.",
)
@click.option(
    "--criteria",
    metavar="NAMES",
    default=_ALL,
    show_default=True,
    help=f"Criteria, separated by commas: {', '.join(map(_hyphened, CRITERIA))};"
    f" of gmm: {', '.join(MIXTURE_CRITERIA)}.",
)
@click.option(
    "--covariance-types",
    "--covariance-type",
    "covariance_types",
    metavar="NAMES",
    help=f"Kinds of covariances, separated by commas: {', '.join(COVARIANCE_TYPES)}."
    f"  [{_MIXTURE}]  [default: {_ALL}]",
)
@click.option(
    "--sample-size",
    type=click.IntRange(min=2),
    default=inspect.signature(choose_k).parameters["sample_size"].default,
    show_default=True,
    metavar="N",
    help="If there are more rows, the silhouette, the gap and the stability are of so many."
    f"  [all but {_MIXTURE}]",
)
@plot_option
@force_option
@json_option
@threads_option
def command(
    source: Source,
    ks: list[int],
    algorithm: str,
    criteria: str,
    covariance_types: str | None,
    sample_size: int,
    plot: Path | None,
    force: bool,
    as_json: bool,
    threads: int | None,
    **given: Any,
) -> None:
    """Do what the options say."""
    check_picture(plot, force, source.file)
    chosen = _ALGORITHMS[algorithm]
    parameters = chosen_parameters(chosen, given)
    of_mixtures = algorithm == _MIXTURE
    names = _named(criteria, MIXTURE_CRITERIA if of_mixtures else CRITERIA, "--criteria")
    foreign = "sample_size" if of_mixtures else "covariance_types"
    source_of = click.get_current_context().get_parameter_source
    if source_of(foreign) is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--algorithm {algorithm} has no option --{_hyphened(foreign)}")
    kinds = _named(covariance_types or _ALL, COVARIANCE_TYPES, "--covariance-types")
    with contextlib.ExitStack() as resources:
        if threads is not None:
            resources.enter_context(use_threads(threads))
        table = source.read(resources)
        say("note", *table.notes)
        ks = _possible(table, ks, source_of("ks") is click.core.ParameterSource.COMMANDLINE)
        options = {
            "criteria": names,
            "sample_size": sample_size,
            "metric": "cosine" if chosen.of_directions else "euclidean",
        }
        with counting(is_watched() and not as_json) as on_step:
            if of_mixtures:
                choice, notes = choose_mixture.choose(table, ks, kinds, names, parameters, on_step)
            else:
                estimator = chosen.estimator(**parameters)
                choice, notes = _choose(table, chosen, estimator, ks, on_step, options)
    say("note", *notes)
    if of_mixtures:
        if as_json:
            choose_mixture.print_json(table, choice, names, parameters, notes)
        else:
            title = f"{chosen.title} of {table.source}, {choice.n_samples} rows"
            _print(title, *choose_mixture.tables_of(choice, names))
        if plot is not None:
            choose_mixture.draw(plot, choice, names, force)
        return
    if as_json:
        report = {
            "algorithm": algorithm,
            "parameters": parameters,
            "source": table.source,
            "rows": len(table.values),
            "features": table.values.shape[1],
            **_as_dict(choice),
            "notes": [*table.notes, *notes],
        }
        sys.stdout.write(json.dumps(without_infinity(report), allow_nan=False) + "\n")
    else:
        title = f"{chosen.title} of {table.source}, {choice.n_samples} rows"
        if choice.n_sampled < choice.n_samples:
            title += f"; silhouette, gap and stability of {choice.n_sampled} of them"
        _print_table(choice, title)
    if plot is not None:
        from scratchml.plot.criteria import criteria_size

        write_picture(plot, choice.plot, force, criteria_size(len(choice.scores)))


def _possible(table: Table, ks: list[int], are_given: bool) -> list[int]:
    """The numbers of clusters that there can be; of numbers that were asked for all.

    Raises
    ------
    InputError
        When more were asked for than there are rows.
    """
    n_rows = len(table.values)
    if are_given and ks[-1] > n_rows:
        raise InputError(
            f"{table.source}: {ks[-1]} clusters need as many rows, but there are {n_rows};"
            f" choose --ks between 1 and {n_rows}"
        )
    return [k for k in ks if k <= n_rows]


def _choose(
    table: Table,
    algorithm: Algorithm,
    estimator: Any,
    ks: list[int],
    on_step: Callable[[str, int, int], object],
    options: dict[str, Any],
) -> tuple[Any, tuple[str, ...]]:
    """What is chosen, what the fits have warned of, and why they may not be trusted.

    Raises
    ------
    InputError
        When the values or the numbers of clusters cannot be used.
    """
    seed = estimator.random_state
    # What the arithmetic warns of, `doubts` says in words that help.
    with warnings.catch_warnings(record=True) as warned, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            choice = choose_k(
                estimator, table.values, ks, random_state=seed, on_step=on_step, **options
            )
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
    notes = [str(warning.message) for warning in warned]
    for model in choice.estimators:
        notes.extend(doubts(algorithm, model, table.values))
    return choice, tuple(dict.fromkeys(notes))


def _as_dict(choice: Any) -> dict[str, Any]:
    criteria = {}
    for name, scores in choice.scores.items():
        found = choice.choices[name]
        criteria[name] = {"k": found.k, "reason": found.reason, "scores": scores.tolist()}
        if name in choice.errors:
            criteria[name]["errors"] = choice.errors[name].tolist()
    return {"sampled": choice.n_sampled, "ks": choice.ks.tolist(), "criteria": criteria}


def _print_table(choice: Any, title: str) -> None:
    from rich import box
    from rich.table import Table as Grid

    values = Grid(box=box.SIMPLE, header_style="bold cyan")
    values.add_column("k", justify="right")
    for name in choice.scores:
        values.add_column(name.replace("_", " "), justify="right")
    for i, k in enumerate(choice.ks.tolist()):
        cells = []
        for name, scores in choice.scores.items():
            error = choice.errors[name][i] if name in choice.errors else np.nan
            mark = "*" if choice.choices[name].k == k else " "
            cells.append(_cell(scores[i], error) + mark)
        values.add_row(str(k), *cells)

    reasons = Grid(box=box.SIMPLE, show_header=False)
    reasons.add_column(style="bold cyan")
    reasons.add_column(justify="right")
    reasons.add_column(overflow="fold")
    for name, found in choice.choices.items():
        k = "-" if found.k is None else str(found.k)
        reasons.add_row(name.replace("_", " "), k, found.reason)
    _print(title, values, reasons)


def _print(*parts: Any) -> None:
    """Print a title and tables on standard output."""
    from rich.console import Console

    # Nobody sees the edge of a pipe or a file: no line is folded or filled up there.
    is_seen = sys.stdout.isatty()
    width = None if is_seen else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    text = captured.get()
    if not is_seen:
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    sys.stdout.write(text)


def _cell(score: float, error: float) -> str:
    if np.isnan(score):
        return "-"
    return f"{score:.5g}" if np.isnan(error) else f"{score:.3g} ({error:.2g})"
