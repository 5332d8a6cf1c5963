"""How often the same seed gives scikit-learn's labels, and how good float32 fits are on average.

    python -m benchmarks.agreement

scikit-learn breaks exact ties by the rounding of a matrix product; how often it agrees with itself
when the columns are reversed is the yardstick.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans as SklearnKMeans

from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs

N_PROBLEMS = 240


def random_problem(number: int) -> tuple[np.ndarray, dict, np.ndarray | None]:
    """A float64 problem: blobs, rounded data with ties, an offset of 1e4, weights; by turns.

    Returns
    -------
    X : float64[n_samples, n_features]
    parameters : dict
        Of either library's KMeans.
    sample_weight : float64[n_samples] or None
    """
    rng = np.random.default_rng(number)
    n, d = int(rng.integers(20, 400)), int(rng.integers(1, 12))
    k = int(rng.integers(2, min(n // 2, 15) + 1))
    X = make_blobs(n, d, centers=k, cluster_std=rng.uniform(0.3, 4), random_state=number)[0]
    if number % 3 == 1:
        X = np.round(X, 1 if number % 2 else 0)
    if number % 4 == 2:
        X = X + 1e4
    weight = rng.uniform(0.1, 3, n) if number % 5 == 3 else None
    init = "random" if number % 7 == 4 else "k-means++"
    return X, {"n_clusters": k, "init": init, "n_init": 1, "random_state": number}, weight


def same_seed_agreement(n_problems: int = N_PROBLEMS) -> tuple[int, int]:
    """Problems on which scikit-learn's labels come out: ours, and its own on reversed columns."""
    ours = theirs = 0
    for number in range(n_problems):
        X, parameters, weight = random_problem(number)
        oracle = SklearnKMeans(**parameters).fit(X, sample_weight=weight).labels_
        reversed_columns = np.ascontiguousarray(X[:, ::-1])
        again = SklearnKMeans(**parameters).fit(reversed_columns, sample_weight=weight).labels_
        theirs += np.array_equal(oracle, again)
        ours += np.array_equal(oracle, KMeans(**parameters).fit(X, sample_weight=weight).labels_)
    return ours, theirs


def float32_inertia_ratio(n_seeds: int = 50) -> float:
    """Mean final inertia over seeds on float32 blobs: ours over scikit-learn's."""
    X = make_blobs(5000, 8, centers=30, cluster_std=3, random_state=0)[0].astype(np.float32)
    ours, theirs = (
        np.mean([cls(30, random_state=seed).fit(X).inertia_ for seed in range(n_seeds)])
        for cls in (KMeans, SklearnKMeans)
    )
    return float(ours / theirs)


def main() -> None:
    """Print both figures."""
    warnings.filterwarnings("ignore", message="Number of distinct clusters")
    ours, theirs = same_seed_agreement()
    print(
        f"same seed, scikit-learn's labels: ours on {ours} of {N_PROBLEMS} problems, "
        f"scikit-learn's own on reversed columns {theirs}"
    )
    print(f"float32, mean inertia over 50 seeds: {float32_inertia_ratio():.5f} of scikit-learn's")


if __name__ == "__main__":
    main()
