"""Memory that silhouettes take beyond the data, at its peak.

    python -m benchmarks.silhouette_memory [--out benchmarks/results/silhouette_memory.json]

How it is counted is said in `benchmarks.peaks`.
"""

from __future__ import annotations

from typing import Any

from .cases import CASES, silhouette
from .peaks import Call, peaks_table, run_program
from .peers import OURS

CALLS = {
    call.case.name: call
    for call in (
        *(Call(CASES[name]) for name in ("S1", "S2", "S3", "SQ")),
        Call(silhouette("100k", 100_000, 16, 10), (OURS,)),
        Call(silhouette("1M-sq", 1_000_000, 16, 10, "sqeuclidean"), (OURS,)),
    )
}


def silhouette_memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/silhouette_memory.json``."""
    return peaks_table(report, "n x d, k, dtype, metric")


if __name__ == "__main__":
    run_program(__doc__.splitlines()[0], CALLS.values(), silhouette_memory_table)
