"""K-means against scikit-learn, scikit-learn-intelex and faiss on the same work.

    python -m benchmarks.kmeans [--case K1 ...] [--rounds 7] [--out results.json]

Every contestant runs the same number of Lloyd iterations from the same initial centres on the same
bytes (faiss, which knows float32 only, gets them converted beforehand). Contestants run in turn,
forth and back, so that a drift of the machine meets all alike; the ratio is the median over the
rounds of ours over the fastest peer of that case. Iterations are compared, and the inertia of the
centres too: a run that did other work than asked stops the benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import scratchml
from benchmarks.data import blobs
from scratchml.cluster import KMeans


class Case(NamedTuple):
    """Some Lloyd iterations on blobs, fewer than it takes to converge.

    No cluster becomes empty on the way: what then happens is not the same in every library.
    """

    n_samples: int
    n_features: int
    n_clusters: int
    dtype: str
    std: float = 3.0
    init_seed: int = 0
    n_iterations: int = 20


CASES = {
    "K1": Case(1_000_000, 2, 8, "float64"),
    "K2": Case(200_000, 16, 64, "float64"),
    "K2f": Case(200_000, 16, 64, "float32"),
    "K3": Case(100_000, 64, 256, "float32", init_seed=4),
    "K4": Case(60_000, 784, 10, "float32", 25.0, n_iterations=10),
    "K4b": Case(60_000, 784, 100, "float32", 25.0, n_iterations=12),
    "K5": Case(426_400, 3, 8, "float32"),
}


class Outcome(NamedTuple):
    """What a contestant did."""

    n_iter: int
    centers: np.ndarray


def run_ours(X: np.ndarray, init: np.ndarray, n_iterations: int) -> Outcome:
    """scratchml."""
    kmeans = KMeans(len(init), init=init, n_init=1, max_iter=n_iterations, tol=0).fit(X)
    return Outcome(kmeans.n_iter_, kmeans.cluster_centers_)


def run_sklearn(X: np.ndarray, init: np.ndarray, n_iterations: int) -> Outcome:
    """scikit-learn."""
    from sklearn.cluster import KMeans

    kmeans = KMeans(len(init), init=init, n_init=1, max_iter=n_iterations, tol=0).fit(X)
    return Outcome(kmeans.n_iter_, kmeans.cluster_centers_)


def run_sklearnex(X: np.ndarray, init: np.ndarray, n_iterations: int) -> Outcome:
    """scikit-learn-intelex."""
    from sklearnex.cluster import KMeans

    kmeans = KMeans(
        len(init), init=init, n_init=1, max_iter=n_iterations, tol=0, algorithm="lloyd"
    ).fit(X)
    return Outcome(kmeans.n_iter_, kmeans.cluster_centers_)


def run_faiss(X: np.ndarray, init: np.ndarray, n_iterations: int) -> Outcome:
    """faiss, without its sampling of 256 points per centre."""
    import faiss

    kmeans = faiss.Kmeans(
        X.shape[1],
        len(init),
        niter=n_iterations,
        min_points_per_centroid=1,
        max_points_per_centroid=len(X),
    )
    kmeans.train(X, init_centroids=init)
    return Outcome(len(kmeans.obj), kmeans.centroids)


Contestant = Callable[[np.ndarray, np.ndarray, int], Outcome]
PEERS: dict[str, Contestant] = {
    "scikit-learn": run_sklearn,
    "scikit-learn-intelex": run_sklearnex,
    "faiss": run_faiss,
}


def installed(peer: str) -> bool:
    """Whether the package of a peer is here."""
    try:
        metadata.version({"faiss": "faiss-cpu"}.get(peer, peer))
    except metadata.PackageNotFoundError:
        return False
    return True


def measure(case: Case, rounds: int) -> dict[str, Any]:
    """Run a case: seconds of every contestant in every round, and the ratio to the fastest peer."""
    X, init = blobs(*case[:6])
    X32, init32 = X.astype(np.float32), init.astype(np.float32)
    contestants = {"scratchml": run_ours, **{p: f for p, f in PEERS.items() if installed(p)}}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    outcomes: dict[str, Outcome] = {}

    def run(name: str) -> float:
        data = (X32, init32) if name == "faiss" else (X, init)
        began = time.perf_counter()
        outcomes[name] = contestants[name](*data, case.n_iterations)
        return time.perf_counter() - began

    for name in contestants:
        run(name)  # compiles, loads, warms up
    inertias = check_equal_work(X, outcomes)
    for i in range(rounds):
        order = list(contestants)
        for name in order if i % 2 == 0 else reversed(order):
            seconds[name].append(run(name))

    medians = {name: statistics.median(values) for name, values in seconds.items()}
    fastest = min((name for name in medians if name != "scratchml"), key=medians.__getitem__)
    ratios = [a / b for a, b in zip(seconds["scratchml"], seconds[fastest], strict=True)]
    return {
        "case": case._asdict(),
        "seconds": medians,
        "spread": {name: [min(values), max(values)] for name, values in seconds.items()},
        "n_iter": {name: outcome.n_iter for name, outcome in outcomes.items()},
        "inertia": inertias,
        "fastest_peer": fastest,
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
    }


def measure_threads(case: Case, rounds: int) -> dict[str, float]:
    """Seconds of a fit on one thread and on all, in turn, and the median ratio."""
    X, init = blobs(*case[:6])
    counts = (1, scratchml.get_num_threads())
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for i in range(rounds + 1):
        for count in counts if i % 2 == 0 else reversed(counts):
            with scratchml.threads(count):
                elapsed = timed(run_ours, X, init, case.n_iterations)
            if i:
                seconds[count].append(elapsed)
    ratios = [a / b for a, b in zip(*(seconds[count] for count in counts), strict=True)]
    return {"threads": counts[1], "speedup": statistics.median(ratios)}


def measure_small_fit(rounds: int) -> dict[str, float]:
    """Milliseconds of a default fit of 150 x 4 with k = 3, ours and scikit-learn's in turn."""
    from sklearn.cluster import KMeans as SklearnKMeans

    X = blobs(150, 4, 3, "float64", 1.0)[0]
    seconds: dict[str, list[float]] = {"scratchml": [], "scikit-learn": []}
    for _ in range(20 * rounds):
        for name, cls in (("scratchml", KMeans), ("scikit-learn", SklearnKMeans)):
            seconds[name].append(timed(cls(3, random_state=0).fit, X))
    medians = {name: 1000 * statistics.median(values) for name, values in seconds.items()}
    return {**medians, "ratio": medians["scratchml"] / medians["scikit-learn"]}


def timed(function: Callable[..., Any], *arguments: Any) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def check_equal_work(X: np.ndarray, outcomes: dict[str, Outcome]) -> dict[str, float]:
    """Inertia of what each contestant found; stops if one did other work than ours.

    Iterations must be the same, and inertias but for the rounding of single precision.
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    inertias = {}
    for name, outcome in outcomes.items():
        centers = outcome.centers.astype(X.dtype)
        _, sq_distances = pairwise_distances_argmin_min(X, centers, metric="sqeuclidean")
        inertias[name] = float(sq_distances.sum(dtype=np.float64))
    ours = outcomes["scratchml"].n_iter, inertias["scratchml"]
    for name, outcome in outcomes.items():
        if outcome.n_iter != ours[0] or abs(inertias[name] / ours[1] - 1) > 1e-3:
            raise SystemExit(f"unequal work: {name} {outcome.n_iter, inertias[name]}, ours {ours}")
    return inertias


def environment() -> dict[str, Any]:
    """Versions and machine, to stand beside the figures."""
    packages = ["numpy", "numba", "scipy", "scikit-learn", "scikit-learn-intelex", "faiss-cpu"]
    versions = {name: metadata.version(name) for name in packages if installed(name)}
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return {
        "python": platform.python_version(),
        "packages": {"scratchml": scratchml.__version__, **versions},
        "cpu": cpu,
        "threads": scratchml.get_num_threads(),
        "load": os.getloadavg(),
    }


def main() -> None:
    """Run the cases named on the command line, print a table and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    # The iterations are too few to converge, as intended.
    warnings.filterwarnings("ignore", category=UserWarning)

    results = {}
    for name in options.case:
        results[name] = result = measure(CASES[name], options.rounds)
        times = "  ".join(f"{peer} {value:.4f}" for peer, value in result["seconds"].items())
        print(f"{name:4} ratio {result['ratio']:.3f}  seconds: {times}", flush=True)
    threads = measure_threads(CASES["K2"], options.rounds)
    print(f"K2 on {threads['threads']} threads: {threads['speedup']:.2f} times as fast as on one")
    small = measure_small_fit(options.rounds)
    print(f"150 x 4, k = 3, whole fit: {small['scratchml']:.2f} ms, ratio {small['ratio']:.3f}")
    if options.out:
        report = {
            "environment": environment(),
            "results": results,
            "threads": threads,
            "small_fit": small,
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
