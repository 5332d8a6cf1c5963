"""Clustering a file larger than memory should be: how much memory a process takes for it.

    python -m benchmarks.memory [--gigabytes 8] [--out benchmarks/results/memory.json]

A file of that size is written in chunks to a temporary folder (``TMPDIR`` says where) and removed
in the end. `MiniBatchKMeans` clusters it, mapped, in a fresh process; ``scratchml cluster`` does so
in another and writes the labels. Memory is the peak of ``RssAnon`` in ``/proc``, sampled from
outside: what the system cannot take back, unlike the pages of the file.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from .provenance import provenance, write_json

N_FEATURES = 20
N_CLUSTERS = 16
CHUNK = 100_000
SECONDS_BETWEEN_SAMPLES = 0.01

ESTIMATOR = f"""
import numpy as np
from scratchml.cluster import MiniBatchKMeans
MiniBatchKMeans({N_CLUSTERS}, random_state=0).fit(np.load("big.npy", mmap_mode="r"))
"""

SHELL = f"""
from scratchml.cli import main
main(["cluster", "big.npy", "--algorithm", "minibatch-kmeans", "-k", "{N_CLUSTERS}",
      "--output", "labels.csv"])
"""

RUNS = {"estimator": ESTIMATOR, "shell": SHELL}


def write_blobs(path: Path, n_samples: int) -> None:
    """Write float64[n_samples, N_FEATURES] around `N_CLUSTERS` centres, a chunk at a time."""
    rng = np.random.default_rng(0)
    centers = rng.uniform(-10, 10, size=(N_CLUSTERS, N_FEATURES))
    header = {"descr": "<f8", "fortran_order": False, "shape": (n_samples, N_FEATURES)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, n_samples, CHUNK):
            labels = rng.integers(N_CLUSTERS, size=min(CHUNK, n_samples - start))
            rows = centers[labels] + rng.normal(size=(len(labels), N_FEATURES))
            rows.astype("<f8", copy=False).tofile(file)


def anonymous_memory(pid: int) -> int:
    """Bytes of anonymous memory of a process; 0 once it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return 0


def run(code: str) -> dict[str, float]:
    """Peak of anonymous memory, in bytes, and seconds of a fresh interpreter that runs some code.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    began, peak = time.perf_counter(), 0
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, anonymous_memory(process.pid))
        time.sleep(SECONDS_BETWEEN_SAMPLES)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return {"peak_anonymous_bytes": peak, "seconds": time.perf_counter() - began}


def measure(gigabytes: float) -> dict[str, Any]:
    """Memory and time of each way to cluster a file of so many gigabytes (1e9 bytes)."""
    n_samples = int(gigabytes * 1e9) // (8 * N_FEATURES)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_blobs(Path("big.npy"), n_samples)
        n_bytes = Path("big.npy").stat().st_size
        runs = {name: run(code) for name, code in RUNS.items()}
    return {"n_bytes": n_bytes, "n_samples": n_samples, "n_features": N_FEATURES, "runs": runs}


def main() -> None:
    """Print the figures and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=8)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = measure(options.gigabytes)
    for name, found in results["runs"].items():
        megabytes = found["peak_anonymous_bytes"] / 1e6
        print(f"{name:10} {megabytes:8.0f} MB of {results['n_bytes'] / 1e6:.0f} MB", end="")
        print(f"  {found['seconds']:8.1f} s")
    if options.out:
        write_json(options.out.resolve(), {**provenance(), "results": results})


if __name__ == "__main__":
    main()
