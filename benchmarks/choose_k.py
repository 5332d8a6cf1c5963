"""How often each criterion finds the number of clusters that data were drawn with.

    python -m benchmarks.choose_k [--out benchmarks/results/choose_k.json]

`choose_k` scores 1 to `MOST` clusters by all criteria, with K-means, for data of many kinds, of
`N_SEEDS` seeds each. The gap is computed with both kinds of reference sets; "gap, largest" is the
rule of Dudoit and Fridlyand (2002): the least k whose gap is within a standard error of the largest
one. "stability, subsamples" compares overlapping subsamples in place of halves, as Ben-Hur,
Elisseeff and Guyon (2002) do. Data without clusters count as one cluster, which a criterion finds
by choosing 1, or none. No clock is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris, load_wine

from scratchml.algorithms.choose_k.rules import choice_by
from scratchml.cluster import KMeans
from scratchml.datasets import load_digits, make_blobs, make_moons
from scratchml.metrics import adjusted_rand_score
from scratchml.model_selection import KChoice, choose_k

from .provenance import provenance, write_json
from .report import table

MOST = 12
N_SEEDS = 5

Maker = Callable[[int], np.ndarray]


# --- data -----------------------------------------------------------------------------------------


def blobs(n: Any, centers: Any, std: Any, n_features: int = 2) -> Maker:
    """A maker of Gaussian blobs; a number of centres are drawn."""
    return lambda seed: make_blobs(
        n, n_features, centers=centers, cluster_std=std, center_box=(-8, 8), random_state=seed
    )[0]


def uniform(n_features: int) -> Maker:
    """A maker of data without clusters."""
    return lambda seed: np.random.default_rng(seed).uniform(size=(400, n_features))


def normal(n_features: int) -> Maker:
    """A maker of a single cluster."""
    return lambda seed: np.random.default_rng(seed).normal(size=(400, n_features))


def stretched(seed: int) -> np.ndarray:
    """Three clusters that are long side by side, which K-means cuts across."""
    X, _ = make_blobs(400, centers=np.array([[0, 0], [0, 4], [0, 8]]), random_state=seed)
    return X * [6.0, 1.0] * 0.5


def with_useless_features(seed: int) -> np.ndarray:
    """Four clusters in two features, and eight more that tell nothing."""
    noise = np.random.default_rng(seed).normal(size=(400, 8))
    return np.hstack([blobs(400, SQUARE, 0.8)(seed), noise])


SQUARE = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
TRIANGLE = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 10.0]])
PAIRS = np.array([[0, 0], [3, 0], [20, 0], [23, 0], [0, 20], [3, 20]], dtype=float)

KINDS: dict[str, tuple[int, Maker]] = {
    "none: uniform, 2 features": (1, uniform(2)),
    "none: uniform, 10 features": (1, uniform(10)),
    "none: one normal, 2 features": (1, normal(2)),
    "none: one normal, 10 features": (1, normal(10)),
    "2 blobs": (2, blobs(400, np.array([[0.0, 0.0], [5.0, 0.0]]), 1.0)),
    "4 blobs in a square": (4, blobs(400, SQUARE, 0.8)),
    "4 blobs in a square, near": (4, blobs(400, SQUARE, 1.3)),
    "4 blobs, 8 useless features": (4, with_useless_features),
    "5 blobs anywhere, 5 features": (5, blobs(400, 5, 1.5, 5)),
    "8 blobs anywhere, 8 features": (8, blobs(500, 8, 2.0, 8)),
    "10 blobs anywhere, 3 features": (10, blobs(600, 10, 0.8, 3)),
    "sizes 20, 60, 120 and 300": (4, blobs([20, 60, 120, 300], 2 * SQUARE, 1.0)),
    "widths 0.5, 1 and 2": (3, blobs([150] * 3, TRIANGLE, [0.5, 1.0, 2.0])),
    "three pairs": (6, blobs(400, PAIRS, 0.5)),
    "3 long ones": (3, stretched),
    "moons": (2, lambda seed: make_moons(400, noise=0.05, random_state=seed)[0]),
}

REAL: dict[str, tuple[int, Callable[[], np.ndarray]]] = {
    "iris": (3, lambda: load_iris().data),
    "wine, standardized": (3, lambda: _standardized(load_wine().data)),
    "digits": (10, lambda: load_digits(return_X_y=True)[0]),
}


def _standardized(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


# --- the measurement ------------------------------------------------------------------------------


def chosen(X: np.ndarray, seed: int, most: int = MOST) -> dict[str, int | None]:
    """What each criterion chooses; None is none."""
    estimator, ks = KMeans(n_init=5), range(1, most + 1)
    found = choose_k(estimator, X, ks, random_state=seed, keep_fits=False)
    other = choose_k(
        estimator, X, ks, criteria=["gap"], reference="uniform", random_state=seed, keep_fits=False
    )
    return {
        **{name: choice.k for name, choice in found.choices.items() if name != "gap"},
        "stability, subsamples": by_subsamples(X, most, seed),
        "gap": found.choices["gap"].k,
        "gap, largest": largest_gap(found),
        "gap, uniform": other.choices["gap"].k,
    }


def by_subsamples(X: np.ndarray, most: int, seed: int, n_pairs: int = 10) -> int | None:
    """What the rule of the stability chooses, of pairs of subsamples on the samples they share."""
    random_state = np.random.RandomState(seed)
    ks = np.arange(1, most + 1)
    found = np.full((n_pairs, most), np.nan)
    for pair in range(n_pairs):
        drawn = [random_state.permutation(len(X))[: int(0.8 * len(X))] for _ in range(2)]
        for i, k in enumerate(ks[1:], 1):
            labels = np.full((2, len(X)), -1)
            for own, rows in zip(labels, drawn, strict=True):
                own[rows] = KMeans(int(k), n_init=5, random_state=pair).fit_predict(X[rows])
            found[pair, i] = adjusted_rand_score(*labels[:, (labels >= 0).all(axis=0)])
    errors = found.std(axis=0, ddof=1) / np.sqrt(n_pairs)
    return choice_by("stability", ks, found.mean(axis=0), errors).k


def largest_gap(choice: KChoice) -> int:
    """The least k whose gap is within a standard error of the largest one."""
    gaps, errors = choice.scores["gap"], choice.errors["gap"]
    largest = np.nanargmax(gaps)
    return int(choice.ks[np.argmax(gaps >= gaps[largest] - errors[largest])])


def measure(n_seeds: int = N_SEEDS) -> list[dict[str, Any]]:
    """What was chosen for each kind of data, and the share that is right."""
    results = []
    sources = [(name, k, [make(s) for s in range(n_seeds)]) for name, (k, make) in KINDS.items()]
    sources += [(name, k, [load()]) for name, (k, load) in REAL.items()]
    for name, k, data in sources:
        choices = [chosen(X, seed, max(MOST, k + 4)) for seed, X in enumerate(data)]
        per_rule = {rule: [choice[rule] for choice in choices] for rule in choices[0]}
        results.append({"kind": name, "k": k, "chosen": per_rule})
    return results


def share(k: int, choices: list[int | None]) -> float:
    """Share of the choices that are right; where there is one cluster, none is right as well."""
    return float(np.mean([choice == k or (k == 1 and choice is None) for choice in choices]))


def choose_k_table(report: dict[str, Any]) -> str:
    """The shares as a Markdown table, real data by what was chosen, and the means of the shares."""
    results = report["results"]
    rules = list(results[0]["chosen"])
    rows, shares = [], []
    for result in results:
        lists = [result["chosen"][rule] for rule in rules]
        if len(lists[0]) == 1:
            rows.append([result["kind"], str(result["k"]), *(_number(only) for (only,) in lists)])
            continue
        shares.append([share(result["k"], choices) for choices in lists])
        rows.append([result["kind"], str(result["k"]), *(f"{100 * s:.0f} %" for s in shares[-1])])
    means = [f"**{100 * mean:.0f} %**" for mean in np.mean(shares, axis=0)]
    rows.insert(len(shares), ["**mean**", "", *means])
    heads = [HEADS.get(rule, rule) for rule in rules]
    return table(["data", "k", *heads], rows) + "\n"


HEADS = {"calinski_harabasz": "Calinski-Harabasz", "davies_bouldin": "Davies-Bouldin"}


def _number(k: int | None) -> str:
    return "none" if k is None else str(k)


def main() -> None:
    """Print the table and write the results if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    report = {**provenance(), "results": measure()}
    print(choose_k_table(report), end="")
    if options.out:
        write_json(options.out, report)


if __name__ == "__main__":
    main()
