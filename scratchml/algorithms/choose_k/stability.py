"""Stability: whether two halves of the data, clustered apart, tell of the same clusters."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.external_metrics import adjusted_rand_score

from .fits import MAX_SEED, Fits, codes_of, codes_of_others
from .steps import Steps


def stability(
    fits: Fits,
    X: np.ndarray,
    ks: list[int],
    is_whole: np.ndarray,
    n_splits: int,
    random_state: np.random.RandomState,
    steps: Steps,
) -> tuple[np.ndarray, np.ndarray]:
    """Agreement of clusterings of two halves, for each k.

    Parameters
    ----------
    fits : Fits
    X : float[n_samples, n_features]
    ks : list of int
    is_whole : bool[n_ks]
        Whether as many clusters were found in all samples as were asked for.
    n_splits : int
        How often the data are halved. All k see the same halves.
    random_state : RandomState
    steps : Steps

    Returns
    -------
    mean : float64[n_ks]
        Adjusted Rand index, averaged over the splits, and over both ways from one half to the
        other. NaN for a single cluster, on which halves always agree, and where a half has fewer
        samples than k, or all samples fewer clusters.
    error : float64[n_ks]
        Standard error of the mean; NaN for a single split.
    """
    n_samples = len(X)
    # A row for each k, contiguous: its sum is the same whatever other k there are.
    agreements = np.full((len(ks), n_splits), np.nan)
    for b in range(n_splits):
        order = random_state.permutation(n_samples)
        seed = int(random_state.randint(MAX_SEED))
        A, B = (X[np.sort(half)] for half in np.array_split(order, 2))
        for i, k in enumerate(ks):
            steps.begin(f"stability, split {b + 1} of {n_splits}, k={k}")
            if is_whole[i] and 1 < k <= len(B):
                agreements[i, b] = _agreement(fits, A, B, k, seed)
    error = np.full(len(ks), np.nan)
    if n_splits > 1:
        error = agreements.std(axis=1, ddof=1) / np.sqrt(n_splits)
    return agreements.mean(axis=1), error


def _agreement(fits: Fits, A: np.ndarray, B: np.ndarray, k: int, seed: int) -> float:
    """How much each half agrees with what the other says of its samples."""
    models = fits(A, k, seed), fits(B, k, seed)
    codes = codes_of(models[0], A)[0], codes_of(models[1], B)[0]
    of_b = adjusted_rand_score(codes[1], codes_of_others(models[0], A, codes[0], B))
    of_a = adjusted_rand_score(codes[0], codes_of_others(models[1], B, codes[1], A))
    return (of_a + of_b) / 2
