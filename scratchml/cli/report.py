"""What the shell prints of a fit: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Grid

from .fits import Fit


def print_tables(fit: Fit, seconds_to_read: float) -> None:
    """Print the summary of a fit and its clusters, on standard output."""
    n_rows, n_features = fit.table.values.shape
    summary = Grid(title=fit.algorithm.title, title_justify="left", box=box.SIMPLE)
    summary.show_header = False
    summary.add_column(style="bold cyan", overflow="fold")
    summary.add_column(overflow="fold")
    for name, value in {
        "source": fit.table.source,
        "rows": n_rows,
        "features": n_features,
        "clusters" if fit.algorithm.by_density else "k": len(fit.clusters),
        **_facts(fit),
        "seconds": f"{fit.seconds:.4f} to fit, {seconds_to_read:.4f} to read",
    }.items():
        summary.add_row(name, f"{value:.8g}" if isinstance(value, float) else str(value))

    clusters = Grid(box=box.SIMPLE, header_style="bold cyan")
    columns = [name for name in next(iter(fit.clusters), ()) if name != "center"]
    for name in columns:
        clusters.add_column("share %" if name == "share" else name, justify="right")
    for cluster in fit.clusters:
        clusters.add_row(*(_cell(name, cluster[name]) for name in columns))

    # Nobody sees the edge of a pipe or a file: no line is folded there.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    console.print(summary, clusters, sep="")


def _facts(fit: Fit) -> dict[str, Any]:
    facts = fit.facts
    # As many as are allowed: the fit may have converged in the last of them, or not.
    if facts.get("iterations") == getattr(fit.model, "max_iter", math.inf):
        facts["iterations"] = f"{facts['iterations']} (the most allowed)"
    if "converged" in facts:
        facts["converged"] = "yes" if facts["converged"] else "no"
    if "noise" in facts:
        share = facts["noise"] / len(fit.table.values)
        facts["noise"] = f"{facts['noise']} ({_cell('share', share)} %)"
    return facts


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name == "share":
        return f"{100 * value:.1f}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def print_json(fit: Fit, seconds_to_read: float) -> None:
    """Print everything that is known of a fit as one JSON object, on standard output."""
    n_rows, n_features = fit.table.values.shape
    report = {
        "algorithm": fit.algorithm.name,
        "parameters": fit.parameters,
        "source": fit.table.source,
        "rows": n_rows,
        "features": n_features,
        "columns": fit.table.columns,
        **_with_underscores(fit.facts),
        "seconds": {"fit": fit.seconds, "read": seconds_to_read},
        **({"covariances": fit.model.covariances_.tolist()} if fit.is_mixture else {}),
        "clusters": [_with_underscores(cluster) for cluster in fit.clusters],
        "notes": [*fit.table.notes, *fit.notes],
    }
    sys.stdout.write(json.dumps(without_infinity(report), allow_nan=False) + "\n")


def _with_underscores(values: dict[str, Any]) -> dict[str, Any]:
    """The same under names without spaces."""
    return {name.replace(" ", "_"): value for name, value in values.items()}


def without_infinity(value: Any) -> Any:
    """The value with None for each number in it that JSON cannot say."""
    if isinstance(value, dict):
        return {name: without_infinity(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_infinity(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
