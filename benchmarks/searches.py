"""How long the KD-tree and brute force take for neighbours: what 'auto' is chosen by.

    python -m benchmarks.searches [--out benchmarks/results/searches.json]

Each finds the nearest neighbours of some queries, of the same distribution as the points, on one
thread, in turns; building the tree counts. Times are those of the processor, the least of three;
shown are those of the tree over those of brute force.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import scratchml
from scratchml.neighbors import NearestNeighbors

from .data import blobs
from .distances import uniform
from .provenance import provenance, write_json
from .report import table

ALGORITHMS = ("kd_tree", "brute")

SHAPES = (
    (100, 3, 60),
    (300, 2, 5),
    (300, 10, 5),
    (3_000, 4, 5),
    (3_000, 8, 5),
    (3_000, 12, 5),
    (3_000, 16, 5),
    (3_000, 32, 5),
    (20_000, 8, 5),
    (20_000, 12, 5),
    (20_000, 16, 5),
    (20_000, 32, 5),
    (20_000, 3, 200),
    (20_000, 10, 200),
    (3_000, 3, 1_000),
    (3_000, 10, 2_900),
    (100_000, 8, 5),
    (100_000, 12, 5),
    (100_000, 16, 5),
    (20_000, 128, 5),
    (100_000, 32, 5),
)
"""Points, features, neighbours."""

KINDS = {
    "blobs": lambda n, d: blobs(n, d, 20, "float64", std=1.0),
    "uniform": lambda n, d: uniform(n, d, 1),
}

MOST_QUERIES = 2_000
"""Queries are as many as points, but no more than this; the tree is then charged for its share."""


def compare(X: np.ndarray, n_neighbors: int, rounds: int = 3) -> dict[str, Any]:
    """Seconds of each algorithm for as many queries as points, and the one 'auto' stands for.

    Raises
    ------
    AssertionError
        When they find other neighbours.
    """
    n_queries = min(len(X), MOST_QUERIES)
    queries = X[np.random.default_rng(0).choice(len(X), n_queries, replace=False)]
    share = len(X) / n_queries
    seconds: dict[str, list[float]] = {algorithm: [] for algorithm in ALGORITHMS}
    found = {}
    with scratchml.threads(1):
        for turn, algorithm in product(range(rounds + 1), ALGORITHMS):
            began = time.thread_time()
            neighbors = NearestNeighbors(n_neighbors=n_neighbors, algorithm=algorithm).fit(X)
            built = time.thread_time()
            found[algorithm] = neighbors.kneighbors(queries, return_distance=False)
            if turn > 0:  # the first compiles
                seconds[algorithm].append(built - began + (time.thread_time() - built) * share)
    assert np.array_equal(*found.values())
    return {
        "auto": NearestNeighbors(n_neighbors=n_neighbors).fit(X)._fit_method,
        "seconds": {algorithm: min(times) for algorithm, times in seconds.items()},
    }


def measure() -> list[dict[str, Any]]:
    """`compare` on every shape and kind of data."""
    results = []
    for (n, d, k), (kind, make) in product(SHAPES, KINDS.items()):
        sizes = {"n_samples": n, "n_features": d, "n_neighbors": k}
        results.append({"kind": kind, **sizes, **compare(make(n, d), k)})
    return results


def searches_table(report: dict[str, Any]) -> str:
    """The results as a Markdown table: a line for each shape, a ratio for each kind of data."""
    shapes: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    for result in report["results"]:
        shape = tuple(result[size] for size in ("n_samples", "n_features", "n_neighbors"))
        shapes.setdefault(shape, []).append(result)
    rows = []
    for (n, d, k), results in shapes.items():
        ratios = [
            f"{r['seconds']['kd_tree'] / r['seconds']['brute']:.2f}"
            for kind in KINDS
            for r in results
            if r["kind"] == kind
        ]
        rows.append([f"{n:,} x {d}, {k}", results[0]["auto"], *ratios])
    return table(["n x d, k", "auto", *KINDS], rows, n_left=2) + "\n"


def main() -> None:
    """Print the table and write the results if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    report = {**provenance(), "results": measure()}
    print(searches_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
