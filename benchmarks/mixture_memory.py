"""Memory that Gaussian mixtures take beyond the data, at its peak.

    python -m benchmarks.mixture_memory [--out benchmarks/results/mixture_memory.json]

How it is counted is said in `benchmarks.peaks`.
"""

from __future__ import annotations

from typing import Any

from .cases import CASES, mixture
from .peaks import Call, peaks_table, run_program
from .peers import OURS

CALLS = {
    call.case.name: call
    for call in (
        *(Call(CASES[name]) for name in ("G1", "G2", "G3", "G4", "GD")),
        Call(mixture("10M", 10_000_000, 2, 5, n_iter=2), (OURS,)),
    )
}


def mixture_memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/mixture_memory.json``."""
    return peaks_table(report, "n x d, k, dtype, covariances")


if __name__ == "__main__":
    run_program(__doc__.splitlines()[0], CALLS.values(), mixture_memory_table)
