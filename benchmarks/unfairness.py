"""How far unfair conditions move a ratio: each beside the fair measurement of the same work.

    python -m benchmarks.unfairness [--out results.json]

The instrument refuses or avoids these conditions; here they are brought about on purpose.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from scratchml.bench.measure import measure
from scratchml.bench.schedule import play
from scratchml.bench.statistics import median_ratio

from .cases import CASES
from .peers import CONTESTANTS, FaissKMeans
from .provenance import provenance

CASE = replace(CASES["K2f"], name="unfairness", n_samples=100_000)
THREADS = 2


class SamplingFaiss(FaissKMeans):
    """faiss as it is unless told otherwise: it trains on 256 points for each centre."""

    def ready(self) -> Any:
        import faiss

        self._kmeans = faiss.Kmeans(
            self._data.shape[1], len(self._init), niter=self.parameters["max_iter"]
        )
        return partial(self._kmeans.train, self._data, init_centroids=self._init)


def contestant(peer: str, parameters: dict[str, Any], **changes: Any) -> Any:
    """A peer's contestant, with some parameters changed."""
    return CONTESTANTS["kmeans"][peer](peer, {**parameters, **changes})


def measure_all(rounds: int) -> list[dict[str, Any]]:
    """Each distortion: what was done, the fair ratio and the unfair one."""
    X, parameters = CASE.problem()
    compare = partial(measure, X=X, rounds=rounds, memory=False)
    ours = contestant("scratchml", parameters)
    theirs = contestant("scikit-learn", parameters)

    fair = compare([ours, theirs, contestant("faiss", parameters)], threads=THREADS)
    alone = compare([theirs], threads=1)
    sampled = compare([ours, SamplingFaiss("sampling", parameters)], threads=THREADS)
    early = compare([ours, contestant("scikit-learn", parameters, tol=1e-2)], threads=THREADS)

    def ratio(a: Any, b: Any) -> float:
        return median_ratio(a.seconds, b.seconds)

    us, sklearn, faiss = (fair.records[name] for name in ("scratchml", "scikit-learn", "faiss"))
    few = early.records["scikit-learn"]
    sample = sampled.records["sampling"]
    return [
        {
            "condition": "threads",
            "how": f"scikit-learn on 1 thread, scratchml on {THREADS}",
            "fair": ratio(us, sklearn),
            "unfair": ratio(us, alone.records["scikit-learn"]),
        },
        {
            "condition": "hidden sampling",
            "how": "faiss trains on 256 points for each centre, as is its default",
            "fair": ratio(us, faiss),
            "unfair": ratio(sampled.records["scratchml"], sample),
            "inertia": sample.outcome.objective / us.outcome.objective,
        },
        {
            "condition": "unequal iterations",
            "how": f"scikit-learn stops after {few.outcome.n_iter} iterations of"
            f" {CASE.n_iter}, by a tolerance of its own",
            "fair": ratio(us, sklearn),
            "unfair": ratio(early.records["scratchml"], few),
        },
        {
            "condition": "the first call",
            "how": "each is timed once, with what it compiles or loads",
            "fair": ratio(us, sklearn),
            "unfair": us.first_call_seconds / sklearn.first_call_seconds,
        },
        drifting_machine(),
    ]


def drifting_machine() -> dict[str, Any]:
    """Two equals on a simulated machine that becomes 1 % slower with every run."""
    n_runs, n_rounds = 0, 10

    def run(name: str) -> float:
        nonlocal n_runs
        n_runs += 1
        return 1.01**n_runs

    names = ["ours", "theirs"]
    there_and_back = play(names, run, n_rounds, lambda: 1.0, np.random.default_rng(0)).seconds
    n_runs = 0
    in_blocks = {name: [run(name) for _ in range(2 * n_rounds)] for name in names}
    return {
        "condition": "order",
        "how": "all runs of one before all of the other, on a simulated machine that slows down"
        " by 1 % with every run",
        "fair": median_ratio(there_and_back["ours"], there_and_back["theirs"]),
        "unfair": median_ratio(in_blocks["ours"], in_blocks["theirs"]),
    }


def unfairness_table(report: dict[str, Any]) -> str:
    """The results as a Markdown table."""
    lines = ["| condition | what was done | ratio, fair | ratio, unfair |", "|---|---|---:|---:|"]
    for row in report["results"]:
        how = row["how"]
        if "inertia" in row:
            how += f"; its inertia differs by {row['inertia'] - 1:+.1%}"
        lines.append(f"| {row['condition']} | {how} | {row['fair']:.2f} | {row['unfair']:.2f} |")
    return "\n".join([*lines, ""])


@click.command()
@click.option("--rounds", default=8, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="File for the results as JSON.")
def main(rounds: int, out: Path | None) -> None:
    """Measure how far unfair conditions move a ratio."""
    report = {**provenance(), "results": measure_all(rounds)}
    click.echo(unfairness_table(report))
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
