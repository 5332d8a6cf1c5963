"""How long each variant of K-means takes on work of different shapes: what 'auto' is chosen by.

    python -m benchmarks.variants [--out benchmarks/results/variants.json]

Every variant runs the same iterations from the same initial centres, on one thread, in turns. Times
are those of the processor, the least of three, over that of Lloyd's iteration.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import scratchml
from scratchml.algorithms.kmeans import ITERATIONS, as_rows, choose_iteration, update_centers

from .cases import Rows
from .data import blobs
from .distances import uniform
from .provenance import provenance, write_json
from .report import table

VARIANTS = ("lloyd", "hamerly", "yinyang")
"""Those that 'auto' chooses among."""

SHAPES = (
    (100_000, 2, 8),
    (100_000, 2, 100),
    (100_000, 4, 100),
    (3_000, 8, 20),
    (20_000, 8, 8),
    (100_000, 8, 40),
    (20_000, 8, 1000),
    (3_000, 16, 20),
    (100_000, 16, 4),
    (50_000, 16, 64),
    (1_797, 64, 50),
    (20_000, 64, 256),
    (10_000, 300, 50),
    (10_000, 300, 100),
    (10_000, 300, 200),
    (10_000, 300, 400),
)
"""Samples, features, clusters."""

KINDS = {
    "blobs": lambda n, d, k: blobs(n, d, k, "float64", std=3.0 if d < 128 else 25.0),
    "uniform": uniform,
}

N_ITER = 20


def iterations(variant: str, X: np.ndarray, init: np.ndarray, n_iter: int) -> np.ndarray:
    """Run some iterations, or until no label changes; returns the labels."""
    rows = as_rows(X, None)
    step = ITERATIONS[variant](rows, len(init))
    labels, centers = np.full(len(X), -1, np.int32), init
    for _ in range(n_iter):
        statistics = step(centers, labels)
        centers = update_centers(rows, statistics, centers, labels)
        if statistics.n_changed == 0:
            break
    return labels


def compare(
    X: np.ndarray, n_clusters: int, n_iter: int = N_ITER, rounds: int = 3
) -> dict[str, Any]:
    """Seconds of each variant, and the one that 'auto' stands for.

    Raises
    ------
    AssertionError
        When a variant ends with other labels.
    """
    init = Rows(n_clusters).of(X)
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    with scratchml.threads(1):
        expected = iterations("lloyd", X, init, n_iter)
        for variant in VARIANTS:
            iterations(variant, X, init, 2)  # compiles
        for _, variant in product(range(rounds), VARIANTS):
            began = time.thread_time()
            labels = iterations(variant, X, init, n_iter)
            seconds[variant].append(time.thread_time() - began)
            assert np.array_equal(labels, expected), variant
    return {
        "auto": choose_iteration(as_rows(X, None), n_clusters),
        "seconds": {variant: min(times) for variant, times in seconds.items()},
    }


def measure() -> list[dict[str, Any]]:
    """`compare` on every shape, kind of data and dtype."""
    results = []
    for (n, d, k), (kind, make), dtype in product(SHAPES, KINDS.items(), ("float64", "float32")):
        found = compare(make(n, d, k).astype(dtype), k)
        sizes = {"n_samples": n, "n_features": d, "n_clusters": k}
        results.append({"kind": kind, **sizes, "dtype": dtype, **found})
    return results


def variants_table(report: dict[str, Any]) -> str:
    """The results as a Markdown table: a line for each shape, ratios on each kind of data."""
    shapes: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    for result in report["results"]:
        shape = tuple(result[size] for size in ("n_samples", "n_features", "n_clusters"))
        shapes.setdefault(shape, []).append(result)
    rows = []
    for (n, d, k), results in shapes.items():
        cells = []
        for variant in VARIANTS[1:]:
            for kind in KINDS:
                ratios = [
                    f"{r['seconds'][variant] / r['seconds']['lloyd']:.2f}"
                    for r in results
                    if r["kind"] == kind
                ]
                cells.append(" / ".join(ratios))
        rows.append([f"{n:,} x {d}, {k}", results[0]["auto"], *cells])
    columns = [f"{variant}, {kind}" for variant in VARIANTS[1:] for kind in KINDS]
    return table(["n x d, k", "auto", *columns], rows, n_left=2) + "\n"


def main() -> None:
    """Print the table and write the results if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    report = {**provenance(), "results": measure()}
    print(variants_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
