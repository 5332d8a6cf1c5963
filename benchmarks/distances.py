"""How many distances each variant of K-means computes, on data of different kinds.

    python -m benchmarks.distances [--out benchmarks/results/distances.json]

Each variant fits the same data from the same initial centres until it converges. What it counts
(`n_distances_`) stands over what comparing every sample with every centre would take: once in each
iteration, and once to bring the labels up to date with the last centres. Beside them stands what
pruned k-means++ computes of all distances to candidates, as its reference counts them. No clock is
read: a busy machine counts as well as an idle one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.kmeans import ITERATIONS, reference
from scratchml.bench import UnfairDuelError
from scratchml.cluster import KMeans

from .cases import Rows
from .data import blobs, digits
from .provenance import provenance, write_json
from .report import table


class Kind(NamedTuple):
    """A kind of data, and what is asked of it."""

    name: str
    make: Callable[..., np.ndarray]
    """Of n_samples, n_features and n_clusters."""
    n_samples: int
    n_features: int
    n_clusters: int

    def problem(self) -> tuple[np.ndarray, np.ndarray]:
        """The data, and different rows of them to begin with."""
        X = self.make(self.n_samples, self.n_features, self.n_clusters)
        return X, Rows(self.n_clusters).of(X)


def spread_blobs(std: float) -> Callable[..., np.ndarray]:
    """A maker of as many Gaussian blobs as clusters are asked for."""
    return lambda n, d, k: blobs(n, d, k, "float64", std=std)


def uniform(n_samples: int, n_features: int, n_clusters: int) -> np.ndarray:
    """Samples without clusters, in a cube."""
    return np.random.default_rng(0).uniform(size=(n_samples, n_features))


def correlated(n_samples: int, n_features: int, n_clusters: int) -> np.ndarray:
    """One Gaussian, long in a few directions: features that repeat one another."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_samples, n_features)) @ rng.normal(size=(n_features, n_features))


def scanned_digits(n_samples: int, n_features: int, n_clusters: int) -> np.ndarray:
    """Pictures of digits, 8 x 8 pixels."""
    return digits(n_samples, n_features, n_clusters, "float64")


KINDS = (
    Kind("blobs, far apart", spread_blobs(1.0), 20_000, 16, 50),
    Kind("blobs, overlapping", spread_blobs(5.0), 20_000, 16, 50),
    Kind("uniform", uniform, 20_000, 8, 50),
    Kind("one Gaussian, correlated", correlated, 10_000, 32, 100),
    Kind("digits", scanned_digits, 1797, 64, 50),
    Kind("wide, overlapping blobs", spread_blobs(20.0), 5_000, 256, 50),
    Kind("two features, overlapping blobs", spread_blobs(2.0), 20_000, 2, 50),
)


def check_same(name: str, ours: KMeans, plain: KMeans) -> None:
    """Hold a variant to what Lloyd's iteration has found: labels, bits of centres, iterations.

    Raises
    ------
    UnfairDuelError
        When anything differs.
    """
    for attribute in ("labels_", "cluster_centers_", "inertia_", "n_iter_"):
        if not np.array_equal(getattr(ours, attribute), getattr(plain, attribute)):
            raise UnfairDuelError(f"{name} has another {attribute} than lloyd")


def count(kind: Kind) -> dict[str, Any]:
    """Sizes, iterations, and the share of all distances that each variant and seeding computed."""
    X, init = kind.problem()
    fits = {
        variant: KMeans(kind.n_clusters, init=init, algorithm=variant).fit(X)
        for variant in ITERATIONS
    }
    plain = fits["lloyd"]
    for variant, kmeans in fits.items():
        check_same(variant, kmeans, plain)
    n_pairs = len(X) * kind.n_clusters * (plain.n_iter_ + 1)
    shares = {variant: kmeans.n_distances_ / n_pairs for variant, kmeans in fits.items()}
    return {
        "kind": kind.name,
        "n_samples": len(X),
        "n_features": X.shape[1],
        "n_clusters": kind.n_clusters,
        "n_iter": plain.n_iter_,
        "shares": {**shares, "k-means++": seeding_share(X, kind.n_clusters)},
    }


def seeding_share(X: np.ndarray, n_clusters: int) -> float:
    """What pruned k-means++ computes of the distances of all samples to all candidates."""
    steps = reference.kmeans_plusplus_pruned(X, n_clusters, np.random.RandomState(0))
    counts = [(n_distances, len(X) * len(step.trials)) for step, n_distances in steps]
    computed, of_all = np.sum(counts, axis=0)
    return float(computed / of_all)


def distances_table(report: dict[str, Any]) -> str:
    """The results as a Markdown table."""
    results = report["results"]
    columns = list(results[0]["shares"])
    rows = [
        [
            r["kind"],
            f"{r['n_samples']:,} x {r['n_features']}, {r['n_clusters']}",
            str(r["n_iter"]),
            *(f"{r['shares'][column]:.3f}" for column in columns),
        ]
        for r in results
    ]
    return table(["data", "n x d, k", "iterations", *columns], rows, n_left=2) + "\n"


def main() -> None:
    """Print the table and write the results if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    report = {**provenance(), "results": [count(kind) for kind in KINDS]}
    print(distances_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
