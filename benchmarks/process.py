"""What a whole process costs: start-up, first fit, memory, the shell; beside the alternatives.

    python -m benchmarks.process [--rounds 9] [--out results.json]

Each figure comes from fresh interpreters run in turn, ours and the peer's. Seconds are wall-clock
from the start of the process to its end; memory is the peak resident set.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from scratchml.datasets import make_blobs

from .provenance import provenance, write_json

SMALL_FIT = """
import numpy as np
from {library}.cluster import KMeans
X = np.random.default_rng(0).normal(size=(150, 4))
KMeans(3, random_state=0).fit(X).predict(X)
"""

PEAK_OF_FIT = """
import numpy as np
from scratchml.cluster import KMeans

def peak():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM"))

KMeans(8, random_state=0).fit(np.random.default_rng(0).normal(size=(5000, 2)))
X = np.random.default_rng(0).normal(size=(1_000_000, 2))
before = peak()
KMeans(8, random_state=0).fit(X)
print((peak() - before) / 1024)
"""


# What `scratchml cluster` does with a file, by way of pandas.
SHELL_WITH_PANDAS = """
import pandas as pd
from scratchml.cluster import KMeans
X = pd.read_csv("table.csv").to_numpy()
KMeans(8, random_state=0).fit(X)
"""

SHELL = "from scratchml.cli import main; main(['cluster', 'table.csv', '-k', '8'])"


def run(code: str, **environ: str) -> float:
    """Wall-clock seconds of a fresh interpreter that runs some code and prints to nobody."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def in_turn(rounds: int, **codes: str) -> dict[str, float]:
    """Median seconds of several codes, run in turn after one warm-up each."""
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    for i in range(rounds + 1):
        for name, code in codes.items():
            elapsed = run(code)
            if i:
                seconds[name].append(elapsed)
    return {name: statistics.median(values) for name, values in seconds.items()}


def first_ever(rounds: int) -> float:
    """Median seconds of the small fit with an empty cache."""
    code = SMALL_FIT.format(library="scratchml")
    seconds = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(run(code, SCRATCHML_CACHE_DIR=folder))
    return statistics.median(seconds)


def shell(rounds: int) -> dict[str, float]:
    """Median seconds of ``scratchml cluster`` on a CSV file of 1,000,000 x 8, whole process."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        X, _ = make_blobs(1_000_000, n_features=8, centers=8, cluster_std=4.0, random_state=0)
        with open("table.csv", "w") as file:
            file.write("a,b,c,d,e,f,g,h\n")
            np.savetxt(file, X, delimiter=",", fmt="%.6f")
        seconds = in_turn(rounds, shell=SHELL, pandas=SHELL_WITH_PANDAS)
    return {
        "shell_seconds": seconds["shell"],
        "shell_over_pandas": seconds["shell"] / seconds["pandas"],
    }


def measure(rounds: int) -> dict[str, float]:
    """All figures, in seconds and MiB."""
    imports = in_turn(
        rounds, numpy="import numpy", scratchml="import numpy, scratchml, scratchml.cluster"
    )
    fits = in_turn(
        rounds,
        scratchml=SMALL_FIT.format(library="scratchml"),
        sklearn=SMALL_FIT.format(library="sklearn"),
    )
    cold = first_ever(max(rounds // 3, 1))
    peak = subprocess.run(
        [sys.executable, "-c", PEAK_OF_FIT], check=True, capture_output=True, text=True
    )
    return {
        "import_over_numpy_seconds": imports["scratchml"] - imports["numpy"],
        "small_fit_seconds": fits["scratchml"],
        "small_fit_sklearn_seconds": fits["sklearn"],
        "small_fit_ratio": fits["scratchml"] / fits["sklearn"],
        "first_ever_seconds": cold,
        "first_ever_over_sklearn": cold / fits["sklearn"],
        "peak_of_1m_x_2_fit_mib": float(peak.stdout),
        **shell(rounds),
    }


def main() -> None:
    """Print the figures and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = measure(options.rounds)
    for name, value in results.items():
        print(f"{name:28} {value:.4f}")
    if options.out:
        write_json(options.out, {**provenance(), "results": results})


if __name__ == "__main__":
    main()
