"""Memory that a search tree keeps beyond the data it is given.

    python -m benchmarks.tree_memory [--out benchmarks/results/tree_memory.json]

Each tree is built in a fresh process, on one thread, after a small one that loads what it needs.
Counted is the anonymous memory that the process has more once the tree is there: the data are not
in it unless a library copies them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .provenance import ROOT, provenance, write_json
from .report import table

DATA = [(1_000_000, 3, "float64"), (1_000_000, 8, "float64"), (1_000_000, 3, "float32")]
"""Samples, features and dtype."""

TREES = {
    "scratchml": "scratchml.neighbors.KDTree",
    "scikit-learn": "sklearn.neighbors.KDTree",
    "scipy": "scipy.spatial.cKDTree",
}
"""Peer -> import path."""

PROGRAM = """
import gc, os, sys
from importlib import import_module
import numpy as np
from benchmarks.memory import anonymous_memory

path, n_samples, n_features, dtype = sys.argv[1:]
module, _, name = path.rpartition(".")
cls = getattr(import_module(module), name)
X = np.random.default_rng(0).random((int(n_samples), int(n_features)), dtype)
cls(X[:1000])
gc.collect()
before = anonymous_memory(os.getpid())
tree = cls(X)
gc.collect()
print(anonymous_memory(os.getpid()) - before)
"""

# Arrays that are freed go back to the system at once, and so do not count.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536", "SCRATCHML_NUM_THREADS": "1"}


def measure(path: str, data: tuple[int, int, str]) -> int:
    """Bytes that a tree keeps.

    Parameters
    ----------
    path : str
        Import path of the class.
    data : tuple
        Samples, features and dtype of evenly spread data.

    Raises
    ------
    subprocess.CalledProcessError
        If its process fails.
    """
    command = [sys.executable, "-c", PROGRAM, path, *map(str, data)]
    run = subprocess.run(
        command, env={**os.environ, **ENVIRONMENT}, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return int(run.stdout)


def tree_memory_table(report: dict[str, Any]) -> str:
    """Table of ``benchmarks/results/tree_memory.json``."""
    rows = []
    for result in report["results"]:
        n, d, dtype = result["data"]
        per_sample = (f"{kept / n:.1f} bytes" for kept in result["kept_bytes"].values())
        rows.append([f"{n:,} x {d}, {dtype}", str(d * np.dtype(dtype).itemsize), *per_sample])
    return table(["a sample of", "bytes of data", *TREES], rows) + "\n"


def main() -> None:
    """Print the figures and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = [
        {"data": data, "kept_bytes": {peer: measure(path, data) for peer, path in TREES.items()}}
        for data in DATA
    ]
    report = {**provenance(), "results": results}
    print(tree_memory_table(report), end="")
    if options.out:
        write_json(options.out.resolve(), report)


if __name__ == "__main__":
    main()
