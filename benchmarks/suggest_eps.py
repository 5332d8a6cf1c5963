"""How well an eps that is read off the sorted k-distances finds the true clusters.

    python -m benchmarks.suggest_eps [--out benchmarks/results/suggest_eps.json]

Several rules choose an eps for data of many kinds, of `N_SEEDS` seeds each where they are drawn;
DBSCAN clusters with it, and is compared with the truth by the adjusted Rand index. Beside them
stands the best of many eps, which only the truth can choose. No clock is read.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score

from scratchml.algorithms.dbscan.knees import bend_of
from scratchml.cluster import DBSCAN, suggest_eps
from scratchml.datasets import load_digits, make_blobs, make_circles, make_moons

from .provenance import provenance, write_json
from .report import table

MIN_SAMPLES = 5
N_SEEDS = 5

Problem = tuple[np.ndarray, np.ndarray]


# --- data -----------------------------------------------------------------------------------------


def with_noise(problem: Problem, share: float, seed: int) -> Problem:
    """The samples, and so large a share of them more, uniform in a box around them."""
    X, labels = problem
    n_noise = int(share * len(X))
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.2 * (high - low)
    noise = np.random.default_rng(seed).uniform(low - margin, high + margin, (n_noise, X.shape[1]))
    return np.vstack([X, noise]), np.append(labels, np.full(n_noise, -1))


def spirals(seed: int) -> Problem:
    """Two arms around each other."""
    angle = np.linspace(0, 3 * np.pi, 500)
    arm = (1 + angle)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    noise = np.random.default_rng(seed).normal(0, 0.15, (1000, 2))
    return np.vstack([arm, -arm]) + noise, np.repeat([0, 1], 500)


def stretched(seed: int) -> Problem:
    """Blobs that are longer than wide."""
    X, labels = make_blobs(1000, centers=3, random_state=seed)
    return X @ np.array([[0.6, -0.6], [-0.4, 0.8]]), labels


def blobs(n: Any, centers: Any, std: Any, n_features: int = 2) -> Callable[[int], Problem]:
    """A maker of Gaussian blobs."""
    return lambda seed: make_blobs(
        n, n_features, centers=centers, cluster_std=std, center_box=(-8, 8), random_state=seed
    )


def heavy_tails(seed: int) -> Problem:
    """Two clusters with many samples far from their middle: Student's t, 3 degrees of freedom."""
    X = np.random.default_rng(seed).standard_t(3, (1000, 2))
    labels = np.repeat([0, 1], 500)
    return X + 25 * labels[:, None], labels


SQUARE = np.array([[-4.0, -4.0], [-4.0, 4.0], [4.0, -4.0], [4.0, 4.0]])
CORNERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 12.0]])

CLEAN: dict[str, Callable[[int], Problem]] = {
    "moons": lambda seed: make_moons(1000, noise=0.05, random_state=seed),
    "moons, thick": lambda seed: make_moons(1000, noise=0.08, random_state=seed),
    "circles": lambda seed: make_circles(1000, noise=0.05, factor=0.5, random_state=seed),
    "spirals": spirals,
    "4 blobs": blobs(1000, SQUARE, 0.8),
    "6 blobs, some overlapping": blobs(1000, 6, 0.8),
    "10,000 in 10 blobs": blobs(10_000, 10, 0.4),
    "5 blobs, 3 features": blobs(1000, 5, 1.0, 3),
    "5 blobs, 8 features": blobs(1000, 5, 1.0, 8),
    "blobs of different density": blobs([300] * 3, CORNERS, [0.3, 0.6, 1.2]),
    "blobs of 50, 200 and 1000": blobs([50, 200, 1000], CORNERS, 1.0),
    "blobs, stretched": stretched,
    "heavy tails": heavy_tails,
}

KINDS = {
    **CLEAN,
    **{
        f"{name}, {share:.0%} noise": lambda seed, make=CLEAN[name], share=share: with_noise(
            make(seed), share, seed
        )
        for name in ("moons", "4 blobs", "5 blobs, 8 features")
        for share in (0.03, 0.1, 0.3)
    },
}

REAL: dict[str, Callable[[], Problem]] = {
    "iris": lambda: load_iris(return_X_y=True),
    "digits": lambda: load_digits(return_X_y=True),
}


# --- rules ----------------------------------------------------------------------------------------


def kneedle(curve: np.ndarray) -> float:
    """The distance that is farthest below the chord."""
    return float(curve[bend_of(curve)])


def kneedle_log(curve: np.ndarray) -> float:
    """The same of the curve of logarithms."""
    curve = curve[curve > 0]
    return float(curve[bend_of(np.log(curve))])


def second_difference(curve: np.ndarray) -> float:
    """Where the logarithm turns up most, over a hundredth of the samples to each side."""
    curve = curve[curve > 0]
    logs, width = np.log(curve), max(len(curve) // 100, 1)
    turns = logs[2 * width :] - 2 * logs[width:-width] + logs[: -2 * width]
    return float(curve[width + np.argmax(turns)])


def two_lines(curve: np.ndarray) -> float:
    """Where two straight lines meet that fit the curve best: Salvador and Chan's L method."""
    n = len(curve)
    x = np.arange(n, dtype=float)
    sums = [np.append(0, np.cumsum(term)) for term in (x, curve, x * x, x * curve, curve * curve)]

    def error(start: Any, end: Any) -> np.ndarray:
        sx, sy, sxx, sxy, syy = (total[end] - total[start] for total in sums)
        m = end - start
        return (syy - sy * sy / m) - (sxy - sx * sy / m) ** 2 / (sxx - sx * sx / m)

    ends = np.arange(3, n - 2)
    return float(curve[ends[np.argmin(error(0, ends) + error(ends, n))]])


RULES: dict[str, Callable[[np.ndarray], float]] = {
    "98 %": lambda curve: float(np.quantile(curve, 0.98)),
    "Kneedle": kneedle,
    "Kneedle, log": kneedle_log,
    "two lines": two_lines,
    "2nd difference": second_difference,
    "1.3 Kneedle": lambda curve: 1.3 * kneedle(curve),
    "1.5 Kneedle": lambda curve: 1.5 * kneedle(curve),
}


# --- the measurement ------------------------------------------------------------------------------


def scores(problem: Problem) -> dict[str, float]:
    """The adjusted Rand index of each rule, of `suggest_eps`, and of the best eps of many."""
    X, truth = problem

    @cache
    def score(eps: float) -> float:
        with warnings.catch_warnings():
            # Some of the eps are plainly wrong, which is what is to be found out.
            warnings.simplefilter("ignore", UserWarning)
            labels = DBSCAN(eps=eps, min_samples=MIN_SAMPLES).fit_predict(X)
        return float(adjusted_rand_score(truth, labels))

    suggestion = suggest_eps(X, MIN_SAMPLES)
    curve = suggestion.k_distances
    of_rules = {name: score(rule(curve)) for name, rule in RULES.items()}
    tried = kneedle(curve) * np.geomspace(0.5, 4, 25)
    ours = score(suggestion.eps)
    best = max(ours, *of_rules.values(), *(score(eps) for eps in tried.tolist()))
    return {**of_rules, "suggest_eps": ours, "best": best}


def problems(n_seeds: int) -> Iterator[tuple[str, list[Problem]]]:
    """Names of kinds, and their problems."""
    for name, make in KINDS.items():
        yield name, [make(seed) for seed in range(n_seeds)]
    for name, load in REAL.items():
        yield name, [load()]


def measure(n_seeds: int = N_SEEDS) -> list[dict[str, Any]]:
    """Mean scores over the seeds, for each kind of data."""
    results = []
    for name, of_seeds in problems(n_seeds):
        found = [scores(problem) for problem in of_seeds]
        means = {rule: float(np.mean([each[rule] for each in found])) for rule in found[0]}
        results.append({"kind": name, "n_problems": len(found), "scores": means})
    return results


def suggest_eps_table(report: dict[str, Any]) -> str:
    """The results as a Markdown table, and their mean over all kinds."""
    results = report["results"]
    rules = list(results[0]["scores"])
    rows = [
        [result["kind"], *(f"{result['scores'][rule]:.2f}" for rule in rules)] for result in results
    ]
    means = [np.mean([result["scores"][rule] for result in results]) for rule in rules]
    rows.append(["**mean**", *(f"**{mean:.2f}**" for mean in means)])
    return table(["data", *rules], rows) + "\n"


def main() -> None:
    """Print the table and write the results if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    report = {**provenance(), "results": measure()}
    print(suggest_eps_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
