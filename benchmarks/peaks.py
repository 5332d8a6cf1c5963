"""Memory that a call takes beyond the data, at its peak: what the programs that count it share.

Each call runs in a fresh process, on as many threads as a fit takes, after a small one that loads
what it needs. Counted is how much more resident memory the process has had at its peak than before
the call: the data are not in it unless a library copies them, what is returned is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .cases import Case
from .peers import OURS, REFERENCE
from .provenance import ROOT, provenance, write_json
from .report import mebibytes, size, table

PEERS = (OURS, REFERENCE)
"""Those who are shown."""


class Call(NamedTuple):
    """A case, and who takes part in it."""

    case: Case
    peers: tuple[str, ...] = PEERS


PROGRAM = """
import json, sys
from benchmarks.cases import Case
from benchmarks.peers import CONTESTANTS
from scratchml import get_num_threads
from scratchml.bench.worker import forget_peak, peak_resident_set

case, peer = Case.from_dict(json.loads(sys.argv[1])), sys.argv[2]
X, parameters = case.problem()
contestant = CONTESTANTS[case.algorithm][peer](peer, parameters)
contestant.load(X[:1000], None, get_num_threads())
contestant.ready()()
contestant.load(X, None, get_num_threads())
call = contestant.ready()
forget_peak()
before = peak_resident_set()
result = call()
print(peak_resident_set() - before)
"""

# Arrays that are freed go back to the system at once, and so do not count.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536"}


def measure(case: Case, peer: str) -> int:
    """Bytes that a call takes at its peak.

    Raises
    ------
    subprocess.CalledProcessError
        If its process fails.
    """
    command = [sys.executable, "-c", PROGRAM, json.dumps(case.to_dict()), peer]
    run = subprocess.run(
        command, env={**os.environ, **ENVIRONMENT}, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return int(run.stdout.split()[-1])


def peaks_table(report: dict[str, Any], sizes: str) -> str:
    """The results as a Markdown table.

    Parameters
    ----------
    report : dict
        As `run_program` writes it.
    sizes : str
        Head of the first column: what `benchmarks.report.size` says of these cases.
    """
    rows = []
    for result in report["results"]:
        ours, theirs = (result["peak_bytes"].get(peer) for peer in PEERS)
        ratio = "-" if theirs is None else f"{ours / theirs:.2g}"
        rows.append([size(result["case"]), mebibytes(ours), mebibytes(theirs), ratio])
    return table([sizes, *PEERS, "ratio"], rows) + "\n"


def run_program(
    description: str, calls: Iterable[Call], table_of: Callable[[dict[str, Any]], str]
) -> None:
    """Measure calls, print their table, and write the figures if the command line asks for it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = [
        {"case": case.to_dict(), "peak_bytes": {peer: measure(case, peer) for peer in peers}}
        for case, peers in calls
    ]
    report = {**provenance(), "results": results}
    print(table_of(report), end="")
    if options.out:
        write_json(options.out.resolve(), report)
