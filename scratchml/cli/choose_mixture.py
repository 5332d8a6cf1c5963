"""``scratchml choose-k --algorithm gmm``: mixtures of all sizes and shapes, by BIC, AIC and ICL."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scratchml.algorithms.select_mixture import select_mixture

from .output import write_picture
from .report import without_infinity
from .say import InputError
from .tables import Table


def choose(
    table: Table,
    ks: list[int],
    covariance_types: Sequence[str],
    criteria: Sequence[str],
    parameters: dict[str, Any],
    on_step: Callable[[str, int, int], object],
) -> tuple[Any, tuple[str, ...]]:
    """What is chosen, and what the fits have warned of.

    Parameters
    ----------
    table : Table
    ks : list of int
        Numbers of components.
    covariance_types : sequence of str
    criteria : sequence of str
        The first decides.
    parameters : dict of str to object
        Of `select_mixture`.
    on_step : callable

    Raises
    ------
    InputError
        When the values or the numbers of components cannot be used, or no mixture could be fitted.
    """
    with warnings.catch_warnings(record=True) as warned, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            selection = select_mixture(
                table.values,
                ks,
                covariance_types,
                criterion=criteria[0],
                on_step=on_step,
                **parameters,
            )
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
    notes = [str(warning.message) for warning in warned]
    return selection, tuple(dict.fromkeys([*notes, *selection.notes()]))


def print_json(
    table: Table,
    selection: Any,
    criteria: Sequence[str],
    parameters: dict[str, Any],
    notes: Sequence[str],
) -> None:
    """Print everything that is known of a selection as one JSON object, on standard output."""
    found = {}
    for name in criteria:
        choice = selection.choices[name]
        found[name] = {
            "k": choice.n_components,
            "covariance_type": choice.covariance_type,
            "family": choice.family,
            "reason": choice.reason,
            "scores": _by_kind(selection, selection.scores[name]),
        }
    report = {
        "algorithm": "gmm",
        "parameters": parameters,
        "source": table.source,
        "rows": len(table.values),
        "features": table.values.shape[1],
        "ks": selection.components.tolist(),
        "covariance_types": list(selection.covariance_types),
        "log_likelihood": _by_kind(selection, selection.log_likelihood),
        "n_parameters": _by_kind(selection, selection.n_parameters),
        "converged": _by_kind(selection, selection.converged),
        "criteria": found,
        "notes": [*table.notes, *notes],
    }
    sys.stdout.write(json.dumps(without_infinity(report), allow_nan=False) + "\n")


def _by_kind(selection: Any, values: np.ndarray) -> dict[str, list[Any]]:
    return dict(zip(selection.covariance_types, values.tolist(), strict=True))


def tables_of(selection: Any, criteria: Sequence[str]) -> list[Any]:
    """A table of each criterion, with a * at what it chose, and one of the reasons."""
    from rich import box
    from rich.table import Table as Grid

    tables = []
    for name in criteria:
        choice = selection.choices[name]
        values = Grid(box=box.SIMPLE, header_style="bold cyan")
        values.add_column(f"{name.upper()}, k", justify="right")
        for kind in selection.covariance_types:
            values.add_column(kind, justify="right")
        for j, k in enumerate(selection.components.tolist()):
            cells = []
            for kind, score in zip(
                selection.covariance_types, selection.scores[name][:, j], strict=True
            ):
                is_chosen = (k, kind) == choice[:2]
                cells.append(_cell(score) + ("*" if is_chosen else " "))
            values.add_row(str(k), *cells)
        tables.append(values)

    reasons = Grid(box=box.SIMPLE, show_header=False)
    reasons.add_column(overflow="fold")
    for name in criteria:
        reasons.add_row(selection.choices[name].reason)
    return [*tables, reasons]


def _cell(score: float) -> str:
    return "-" if np.isnan(score) else f"{score:.1f}"


def draw(path: Path, selection: Any, criteria: Sequence[str], force: bool) -> None:
    """Draw the criteria into a file.

    Raises
    ------
    InputError
        When it cannot be drawn, or the file not be written.
    """
    from scratchml.plot.bic import draw_mixture_criteria, mixture_criteria_size

    if len(criteria) == 1:
        write_picture(path, lambda ax: selection.plot(criteria[0], ax=ax), force)
        return
    write_picture(
        path,
        lambda ax: draw_mixture_criteria(selection, criteria, ax),
        force,
        mixture_criteria_size(len(criteria)),
    )
