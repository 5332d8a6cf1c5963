"""Memory that silhouettes take beyond the data, at its peak.

    python -m benchmarks.silhouette_memory [--out benchmarks/results/silhouette_memory.json]

Each call runs in a fresh process, on as many threads as a fit takes, after a small one that loads
what it needs. Counted is how much more resident memory the process has had at its peak than before
the call: the data are not in it unless a library copies them, the silhouettes are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .cases import CASES, Case, silhouette
from .peers import OURS, REFERENCE
from .provenance import ROOT, provenance, write_json
from .report import mebibytes, size, table

PEERS = (OURS, REFERENCE)


class Call(NamedTuple):
    """A case, and who takes part in it."""

    case: Case
    peers: tuple[str, ...]


CALLS = {
    call.case.name: call
    for call in (
        *(Call(CASES[name], PEERS) for name in ("S1", "S2", "S3", "SQ")),
        Call(silhouette("100k", 100_000, 16, 10), (OURS,)),
        Call(silhouette("1M-sq", 1_000_000, 16, 10, "sqeuclidean"), (OURS,)),
    )
}

PROGRAM = """
import sys
from benchmarks.peers import CONTESTANTS
from benchmarks.silhouette_memory import CALLS
from scratchml import get_num_threads
from scratchml.bench.worker import forget_peak, peak_resident_set

case, peer = CALLS[sys.argv[1]].case, sys.argv[2]
X, parameters = case.problem()
contestant = CONTESTANTS["silhouette"][peer](peer, parameters)
contestant.load(X[:1000], None, get_num_threads())
contestant.ready()()
contestant.load(X, None, get_num_threads())
call = contestant.ready()
forget_peak()
before = peak_resident_set()
silhouettes = call()
print(peak_resident_set() - before)
"""

# Arrays that are freed go back to the system at once, and so do not count.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536"}


def measure(call: Call, peer: str) -> int:
    """Bytes that a call takes at its peak.

    Raises
    ------
    subprocess.CalledProcessError
        If its process fails.
    """
    command = [sys.executable, "-c", PROGRAM, call.case.name, peer]
    run = subprocess.run(
        command, env={**os.environ, **ENVIRONMENT}, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return int(run.stdout.split()[-1])


def silhouette_memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/silhouette_memory.json``."""
    rows = []
    for result in report["results"]:
        peaks = [result["peak_bytes"].get(peer) for peer in PEERS]
        ours, theirs = peaks
        ratio = "-" if theirs is None else f"{ours / theirs:.2g}"
        rows.append([size(result["case"]), *map(mebibytes, peaks), ratio])
    return table(["n x d, k, dtype, metric", *PEERS, "ratio"], rows) + "\n"


def main() -> None:
    """Print the figures and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = [
        {
            "case": call.case.to_dict(),
            "peak_bytes": {peer: measure(call, peer) for peer in call.peers},
        }
        for call in CALLS.values()
    ]
    report = {**provenance(), "results": results}
    print(silhouette_memory_table(report), end="")
    if options.out:
        write_json(options.out.resolve(), report)


if __name__ == "__main__":
    main()
