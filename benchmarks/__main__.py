"""Measure scratchml beside its peers: ``python -m benchmarks``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .cases import CASES
from .chart import ratios_chart
from .peers import OURS, PEERS
from .provenance import write_json
from .report import (
    CHART,
    algorithms,
    has_duels,
    interval_text,
    left_out,
    ratio_text,
    remarks,
    results_of,
    to_markdown,
)
from .run import run
from .scale import SCALINGS, measure_scaling, scaling_chart, scaling_markdown

OUT = Path("build/benchmarks")
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=OUT,
    show_default=True,
    help="Folder of the results.",
)


@click.group(invoke_without_command=True, no_args_is_help=False)
@click.option("--quick", is_flag=True, help="Fewer and smaller cases: three minutes on two cores.")
@click.option(
    "--case", "names", multiple=True, type=click.Choice(list(CASES)), help="This one; repeatable."
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    type=click.Choice([peer for peer in PEERS if peer != OURS]),
    help="Against this one; repeatable.",
)
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of each case.")
@out_option
@click.pass_context
def main(
    context: click.Context,
    quick: bool,
    names: tuple[str, ...],
    peers: tuple[str, ...],
    rounds: int | None,
    out: Path,
) -> None:
    """Measure scratchml beside its peers, each in a fresh process, on the same work.

    Writes results.json, report.md and a picture for each algorithm.
    """
    if context.invoked_subcommand is not None:
        if quick or names or peers or rounds:
            raise click.UsageError("Options of a command come after its name.")
        return
    cases = [CASES[name] for name in names or CASES]
    report = run(cases, peers or list(PEERS), quick=quick, rounds=rounds, each=say_result)
    for line in left_out(report):
        click.echo(line)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "results.json", report)
    (out / "report.md").write_text(to_markdown(report), encoding="utf-8")
    for algorithm in algorithms(report):
        if has_duels(results_of(report, algorithm)):
            path = out / CHART.format(algorithm=algorithm)
            ratios_chart(report, algorithm).savefig(path, dpi=150)
    click.echo(f"Written to {out}.")
    if any("failed" in result for result in report["cases"].values()):
        context.exit(1)


def say_result(result: dict[str, Any]) -> None:
    """Show the duels of a case in the terminal."""
    name, base = result["case"]["name"], result["base"]
    for peer, duel in result["duels"].items():
        if "refused" not in duel:
            numbers = f"{ratio_text(duel)} ({interval_text(duel)})"
            click.echo(f"{name:5}{base} / {peer}: {numbers}, {duel['verdict']}")
    for line in remarks({name: result}):
        click.echo(line)


@main.command()
@click.option(
    "--algorithm", "names", multiple=True, type=click.Choice(list(SCALINGS)), help="Repeatable."
)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@out_option
def scale(names: tuple[str, ...], rounds: int, out: Path) -> None:
    """Measure how time and memory grow with samples, features and clusters.

    Writes scale.json, scale.md and a picture for each algorithm.
    """
    report = measure_scaling(names or list(SCALINGS), rounds, each=click.echo)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "scale.json", report)
    (out / "scale.md").write_text(scaling_markdown(report), encoding="utf-8")
    for algorithm in report["algorithms"]:
        scaling_chart(report, algorithm).savefig(out / f"scale-{algorithm}.png", dpi=150)
    click.echo(f"Written to {out}.")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
