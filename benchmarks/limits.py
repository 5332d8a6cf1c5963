"""How far measured times are from what the machine can do: its arithmetic and its memory.

    python -m benchmarks.limits [--rounds 30] [--out benchmarks/results/limits.json]

The machine's speed is the best of several rounds: multiply-adds in products of square matrices, by
NumPy's BLAS, and bytes read from memory while an array is summed. The limit of a K-means case is
the longer of the times that it takes at those speeds to compare every row with every centre and to
read the data, once in each iteration and once more for the last labels. Euclidean silhouettes
compare each pair of rows once; their roots come on top. Mixtures with full covariances take half a
matrix of products for each row and component twice in each iteration, to weigh it and to move it;
their exponentials come on top. Measured times are those of ``benchmarks/results/results.json``, for
mixtures of ``mixtures.json`` beside it, whose machine's speeds are in ``mixtures_limits.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from scratchml import get_num_threads
from scratchml.bench.duels import readable_seconds

from .data import SPARSE
from .peers import OURS
from .provenance import ROOT, load, provenance, write_json
from .report import BUSY, results_of, size, table

RESULTS = ROOT / "benchmarks" / "results"
MEASURED = {"gaussian_mixture": RESULTS / "mixtures.json"}
"""Times of the algorithms that were not measured with all others, on the same machine."""

MATRIX_SIZE = 2000
ARRAY_BYTES = 2**29
"""Many times what any cache holds."""

DTYPES = "float32", "float64"

PARTS = 8
"""Parts of the array for each thread: one that is held up leaves some to the others."""


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds that some work takes once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def sum_all(parts: list[np.ndarray], pool: ThreadPoolExecutor) -> float:
    """Sum of an array whose parts the threads of a pool take from one another."""
    return sum(pool.map(np.sum, parts))


def measure(rounds: int, n: int = MATRIX_SIZE, n_bytes: int = ARRAY_BYTES) -> dict[str, Any]:
    """Speeds of the machine, on one thread and on as many as a fit takes.

    All are measured in turn in each round: a busy spell strikes them alike.

    Parameters
    ----------
    rounds : int
        Of which the fastest counts.
    n, n_bytes : int
        Size of the matrices and of the array.

    Returns
    -------
    dict
        Threads -> what they do in a second: multiply-adds in ``float32`` and in ``float64``, and
        ``bytes_read``.
    """
    pair = np.random.default_rng(0).normal(size=(2, n, n))
    matrices = {dtype: (*pair.astype(dtype), np.empty((n, n), dtype)) for dtype in DTYPES}
    array = np.ones(n_bytes // 8)
    amounts = {**dict.fromkeys(DTYPES, n**3), "bytes_read": array.nbytes}
    counts = sorted({1, get_num_threads()})
    least = {threads: dict.fromkeys(amounts, np.inf) for threads in counts}
    for _ in range(rounds):
        for threads, seconds in least.items():
            parts = np.array_split(array, PARTS * threads)
            with threadpool_limits(threads, "blas"), ThreadPoolExecutor(threads) as pool:
                works: dict[str, Callable[[], object]] = {
                    dtype: partial(np.matmul, a, b, out=product)
                    for dtype, (a, b, product) in matrices.items()
                }
                works["bytes_read"] = partial(sum_all, parts, pool)
                for name, work in works.items():
                    seconds[name] = min(seconds[name], seconds_of(work))
    return {
        str(threads): {name: amounts[name] / took for name, took in seconds.items()}
        for threads, seconds in least.items()
    }


class Limit(NamedTuple):
    """What the machine allows in a case, and what was measured; seconds."""

    arithmetic: float
    reading: float
    measured: float

    @property
    def ratio(self) -> float:
        """The measured time over that which is the longer of the others."""
        return self.measured / max(self.arithmetic, self.reading)


def amounts_of(case: dict[str, Any]) -> tuple[float, float] | None:
    """Multiply-adds that a case cannot do without, and numbers that it has to read.

    None of sparse data, most of whose numbers are neither, of cases of K-means and mixtures that
    seed, which do more than iterations, of mixtures whose covariances are not full, and of
    silhouettes that compare no pairs.
    """
    n_values = case["n_samples"] * case["n_features"]
    if case["algorithm"] == "silhouette":
        if case["parameters"]["metric"] != "euclidean":
            return None
        return n_values * (case["n_samples"] - 1) / 2, n_values
    if case["n_iter"] is None or case["dataset"] in SPARSE:
        return None
    if case["algorithm"] == "gaussian_mixture":
        if case["parameters"]["covariance_type"] != "full":
            return None
        n_values *= case["n_iter"]
        half_matrix = (case["n_features"] + 1) / 2  # of products, for each number
        return 2 * half_matrix * n_values * case["n_clusters"], n_values
    n_values *= case["n_iter"] + 1
    return n_values * case["n_clusters"], n_values


def limits(
    speeds: dict[str, Any], measured: dict[str, Any], algorithm: str = "kmeans"
) -> dict[str, Limit]:
    """Limits of the cases of an algorithm, but for those of which `amounts_of` knows nothing.

    Parameters
    ----------
    speeds : dict
        As from `measure`.
    measured : dict
        The report of ``python -m benchmarks``, on the same machine.
    algorithm : {'kmeans', 'silhouette', 'gaussian_mixture'}

    Returns
    -------
    dict of str to Limit
        By the name of the case.
    """
    found = {}
    for name, result in results_of(measured, algorithm).items():
        case, ours = result["case"], result["contestants"].get(OURS)
        amounts = amounts_of(case)
        if amounts is None or ours is None or str(ours["threads"]) not in speeds:
            continue
        speed = speeds[str(ours["threads"])]
        n_operations, n_values = amounts
        found[name] = Limit(
            n_operations / speed[case["dtype"]],
            n_values * np.dtype(case["dtype"]).itemsize / speed["bytes_read"],
            ours["median"],
        )
    return found


def limits_table(
    report: dict[str, Any], algorithm: str = "kmeans", measured: dict[str, Any] | None = None
) -> str:
    """Limits by the speeds of a report as a Markdown table, beside the committed times or others.

    It follows from the two whenever the page is written: no third file has to be kept up to date.
    """
    if measured is None:
        path = MEASURED.get(algorithm, RESULTS / "results.json")
        measured = json.loads(path.read_text(encoding="utf-8"))
    rows = []
    for name, limit in limits(report["results"], measured, algorithm).items():
        result = measured["cases"][name]
        threads = str(result["contestants"][OURS]["threads"])
        seconds = map(readable_seconds, (limit.arithmetic, limit.reading, limit.measured))
        rows.append([name, size(result["case"]), threads, *seconds, f"{limit.ratio:.2f}"])
    times = ["arithmetic", "reading", "measured", "to the longer"]
    head = ["case", "n x d, k, dtype", "threads", *times]
    return f"{table(head, rows, n_left=2)}\n\n{speeds_text(report)}\n"


def speeds_text(report: dict[str, Any]) -> str:
    """A line on the speeds of the machine, and whether it was idle."""
    texts = (
        f"on {threads} thread{'' if threads == '1' else 's'} {speed['float32'] / 1e9:.1f} and "
        f"{speed['float64'] / 1e9:.1f} billion multiply-adds a second in float32 and float64, "
        f"{speed['bytes_read'] / 1e9:.1f} GB read"
        for threads, speed in report["results"].items()
    )
    busy = report["load"]["before"] and report["load"]["before"][0] >= BUSY
    remark = " Other programs were running: the machine can do more." if busy else ""
    return f"The machine: {'; '.join(texts)}.{remark}"


def main() -> None:
    """Print the table and write the speeds if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    before = load()
    speeds = measure(options.rounds)
    report = {**provenance(), "load": {"before": before, "after": load()}, "results": speeds}
    print(limits_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
