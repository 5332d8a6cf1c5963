"""Write the committed results into README and documentation, as tables.

    python -m benchmarks.tables

A page marks the place of a table: ``<!-- results: FILE [ALGORITHM] -->``, then
``<!-- end of results -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .choose_k import choose_k_table
from .dbscan_memory import dbscan_memory_table
from .distances import distances_table
from .limits import limits_table
from .mixture_memory import mixture_memory_table
from .provenance import ROOT
from .report import ratios_table, summary, table
from .scale import slopes_table
from .searches import searches_table
from .silhouette_memory import silhouette_memory_table
from .suggest_eps import suggest_eps_table
from .tree_memory import tree_memory_table
from .unfairness import unfairness_table
from .variants import variants_table

MARKED = re.compile(
    r"(<!-- results: (\S+)(?: (\S+))? -->\n).*?(<!-- end of results -->)", re.DOTALL
)


def process_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/process.json``."""
    results = report["results"]
    rows = {
        "`import scratchml, scratchml.cluster` over `import numpy`": (
            f"{1000 * results['import_over_numpy_seconds']:.0f} ms"
            if results["import_over_numpy_seconds"] > 0.001
            else "less than can be told from noise"
        ),
        "process: import, fit 150 x 4, predict": (
            f"{results['small_fit_seconds']:.2f} s, "
            f"{results['small_fit_ratio']:.2f} of scikit-learn's"
        ),
        "the same for the first time ever, the cache empty": (
            f"{results['first_ever_seconds']:.1f} s, "
            f"{results['first_ever_over_sklearn']:.1f} times scikit-learn's"
        ),
        "peak memory of a fit of 1,000,000 x 2 beyond interpreter and data": (
            f"{results['peak_of_1m_x_2_fit_mib']:.0f} MiB"
        ),
        "`scratchml cluster` on a CSV file of 1,000,000 x 8": (
            f"{results['shell_seconds']:.2f} s, {results['shell_over_pandas']:.2f} of a process"
            " that reads it with pandas and fits"
        ),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items()), ""])


def memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/memory.json``."""
    results = report["results"]
    what = {
        "estimator": "`MiniBatchKMeans().fit` of the mapped file",
        "shell": "`scratchml cluster --algorithm minibatch-kmeans`, labels written",
    }
    size = f"{results['n_samples']:,} x {results['n_features']}, {results['n_bytes'] / 1e9:.3g} GB"
    rows = [
        [what[name], f"{found['peak_anonymous_bytes'] / 1e6:.0f} MB", f"{found['seconds']:.0f} s"]
        for name, found in results["runs"].items()
    ]
    return table([size, "anonymous memory at its peak", "whole process"], rows) + "\n"


def results_table(report: dict[str, Any], algorithm: str | None = None) -> str:
    """Tables of cases that were raced: of one algorithm, or our ratios in every case."""
    return f"{ratios_table(report)}\n" if algorithm is None else summary(report, algorithm)


def scale_table(report: dict[str, Any], algorithm: str) -> str:
    """Table of how time and memory of an algorithm grow."""
    return f"{slopes_table(report['algorithms'][algorithm])}\n"


TABLES: dict[str, Callable[..., str]] = {
    "benchmarks/results/results.json": results_table,
    "benchmarks/results/mixtures.json": results_table,
    "benchmarks/results/mixtures_limits.json": limits_table,
    "benchmarks/results/process.json": process_table,
    "benchmarks/results/memory.json": memory_table,
    "benchmarks/results/scale.json": scale_table,
    "benchmarks/results/tree_memory.json": tree_memory_table,
    "benchmarks/results/dbscan_memory.json": dbscan_memory_table,
    "benchmarks/results/silhouette_memory.json": silhouette_memory_table,
    "benchmarks/results/mixture_memory.json": mixture_memory_table,
    "benchmarks/results/unfairness.json": unfairness_table,
    "benchmarks/results/distances.json": distances_table,
    "benchmarks/results/limits.json": limits_table,
    "benchmarks/results/variants.json": variants_table,
    "benchmarks/results/searches.json": searches_table,
    "benchmarks/results/suggest_eps.json": suggest_eps_table,
    "benchmarks/results/choose_k.json": choose_k_table,
}


def with_tables(page: str) -> str:
    """A page with its tables as the committed results have them."""

    def filled(match: re.Match[str]) -> str:
        begin, path, algorithm, end = match.groups()
        report = json.loads((ROOT / path).read_text(encoding="utf-8"))
        arguments = (report,) if algorithm is None else (report, algorithm)
        return begin + TABLES[path](*arguments) + end

    return MARKED.sub(filled, page)


def main() -> None:
    """Rewrite the pages whose tables have changed."""
    for path in [*ROOT.glob("*.md"), *sorted(ROOT.glob("docs/**/*.md"))]:
        page = path.read_text(encoding="utf-8")
        if (updated := with_tables(page)) != page:
            path.write_text(updated, encoding="utf-8")


if __name__ == "__main__":
    main()
