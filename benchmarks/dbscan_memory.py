"""Memory that DBSCAN takes beyond the data, at its peak.

    python -m benchmarks.dbscan_memory [--out benchmarks/results/dbscan_memory.json]

Each fit runs in a fresh process, on one thread, after a small one that loads what it needs. Counted
is how much more resident memory the process has had at its peak than before the fit: the data are
not in it unless a library copies them, the labels are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .cases import Case, density
from .peers import OURS, REFERENCE, neighbor_pairs
from .provenance import ROOT, provenance, write_json
from .report import table
from .tree_memory import ENVIRONMENT


class Fit(NamedTuple):
    """A case, and who takes part in it."""

    case: Case
    peers: tuple[str, ...]


FITS = [
    Fit(density("200k", 200_000, 2, 0.1), (OURS, "dbscan", REFERENCE)),
    Fit(density("10M", 10_000_000, 2, 0.016), (OURS, "dbscan")),
    Fit(density("10M-wide", 10_000_000, 2, 0.1), (OURS, "dbscan")),
    Fit(density("10M-3d", 10_000_000, 3, 0.06), (OURS, "dbscan")),
    Fit(density("1M-8d", 1_000_000, 8, 1.2), (OURS,)),
]

PEERS = (OURS, "dbscan", REFERENCE)

PROGRAM = """
import re, sys, warnings
from benchmarks.dbscan_memory import FITS
from benchmarks.peers import CONTESTANTS

def kilobytes(quantity):
    with open("/proc/self/status") as file:
        return int(re.search(quantity + r":\\s+(\\d+) kB", file.read())[1])

case, peer = next(f.case for f in FITS if f.case.name == sys.argv[1]), sys.argv[2]
X, parameters = case.problem()
contestant = CONTESTANTS["dbscan"][peer](peer, parameters)
warnings.simplefilter("ignore", UserWarning)  # of few samples, eps is too small
contestant.load(X[:1000], None, 1)
contestant.ready()()
contestant.load(X, None, 1)
fit = contestant.ready()
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # forgets the peak so far
before = kilobytes("VmRSS")
result = fit()
print(1024 * (kilobytes("VmHWM") - before))
"""


def measure(fit: Fit, peer: str) -> int:
    """Bytes that a fit takes at its peak.

    Raises
    ------
    subprocess.CalledProcessError
        If its process fails.
    """
    command = [sys.executable, "-c", PROGRAM, fit.case.name, peer]
    run = subprocess.run(
        command, env={**os.environ, **ENVIRONMENT}, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return int(run.stdout.split()[-1])


def dbscan_memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/dbscan_memory.json``."""
    rows = []
    for result in report["results"]:
        n, d = result["n_samples"], result["n_features"]
        peaks = result["peak_bytes"]
        cells = (f"{peaks[p] / n:.0f} bytes" if p in peaks else "-" for p in PEERS)
        neighbors = f"{result['pairs'] / n:,.0f}"
        rows.append([f"{n:,} x {d}, eps = {result['eps']:g}", neighbors, *cells])
    return table(["for each sample of", "neighbours of a sample", *PEERS], rows) + "\n"


def main() -> None:
    """Print the figures and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = [
        {
            "n_samples": fit.case.n_samples,
            "n_features": fit.case.n_features,
            "eps": fit.case.parameters["eps"],
            "pairs": neighbor_pairs(fit.case),
            "peak_bytes": {peer: measure(fit, peer) for peer in fit.peers},
        }
        for fit in FITS
    ]
    report = {**provenance(), "results": results}
    print(dbscan_memory_table(report), end="")
    if options.out:
        write_json(options.out.resolve(), report)


if __name__ == "__main__":
    main()
