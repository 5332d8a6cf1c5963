"""Write the committed results into the documentation, as tables.

    python -m benchmarks.tables

A page marks the place of a table: ``<!-- results: FILE -->``, then ``<!-- end of results -->``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- results: (\S+) -->\n).*?(<!-- end of results -->)", re.DOTALL)


def kmeans_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/kmeans.json``."""
    peers = ["scratchml", "scikit-learn", "scikit-learn-intelex", "faiss"]
    lines = [
        f"| case | n x d, k, dtype | iterations | {' | '.join(peers)} | ratio |",
        "|---|---" + "|---:" * (len(peers) + 2) + "|",
    ]
    for name, result in report["results"].items():
        case = result["case"]
        shape = f"{case['n_samples']} x {case['n_features']}, {case['n_clusters']}, {case['dtype']}"
        seconds = [
            f"{result['seconds'][peer]:.3f}" if peer in result["seconds"] else "-" for peer in peers
        ]
        cells = [name, shape, str(case["n_iterations"]), *seconds, f"**{result['ratio']:.2f}**"]
        lines.append(f"| {' | '.join(cells)} |")
    environment, small, threads = report["environment"], report["small_fit"], report["threads"]
    machine = f"{environment['cpu']}, {environment['threads']} threads"
    versions = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    return "\n".join(
        [
            *lines,
            "",
            f"Median seconds on {machine}; {versions}.",
            "",
            f"A whole default fit of 150 x 4 with k = 3 takes {small['scratchml']:.2f} ms, "
            f"{small['ratio']:.2f} of scikit-learn's {small['scikit-learn']:.2f} ms. On K2 "
            f"{threads['threads']} threads are {threads['speedup']:.2f} times as fast as one.",
            "",
        ]
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


TABLES = {
    "benchmarks/results/kmeans.json": kmeans_table,
    "benchmarks/results/process.json": process_table,
}


def with_tables(page: str) -> str:
    """A page with its tables as the committed results have them."""

    def table(match: re.Match[str]) -> str:
        begin, path, end = match.groups()
        return begin + TABLES[path](json.loads((ROOT / path).read_text())) + end

    return MARKED.sub(table, page)


def main() -> None:
    """Rewrite the pages whose tables have changed."""
    for path in sorted(ROOT.glob("docs/**/*.md")):
        page = path.read_text(encoding="utf-8")
        if (updated := with_tables(page)) != page:
            path.write_text(updated, encoding="utf-8")


if __name__ == "__main__":
    main()
