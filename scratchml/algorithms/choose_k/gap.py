"""The gap statistic: dispersion within clusters beside that of data without clusters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchml.algorithms.internal_metrics import cluster_moments

from .fits import MAX_SEED, Fits, codes_of
from .steps import Steps

REFERENCES = ("pca", "uniform")
"""Boxes that reference sets are drawn from: along principal components, and along features."""


class Gap(NamedTuple):
    """The gap at each k, float64[n_ks] each."""

    gap: np.ndarray
    """Expected log dispersion less that of the data."""
    error: np.ndarray
    """Standard error of the gap: the deviation of the reference sets, and that of their mean."""
    log_dispersion: np.ndarray
    expected_log_dispersion: np.ndarray


def log_dispersion(dispersion: float, X: np.ndarray) -> float:
    """Logarithm of the dispersion within clusters: of the sum of squared distances to their means.

    NaN where that is nothing but rounding, or is beyond the largest number.
    """
    is_known = np.isfinite(dispersion) and not is_negligible(dispersion, X)
    return float(np.log(dispersion)) if is_known else np.nan


def is_negligible(dispersion: float, X: np.ndarray) -> bool:
    """Whether rounding alone may bring about this dispersion: each cluster is a single place."""
    largest = max(float(X.max()), -float(X.min()))
    # Not squared on this side, where it might overflow.
    return bool(np.sqrt(dispersion / X.size) <= 2 * np.finfo(np.float64).eps * largest)


class ReferenceSets:
    """Draws data without clusters, uniform in a box around the samples.

    Parameters
    ----------
    X : float[n_samples, n_features]
    reference : {'pca', 'uniform'}
        Whether the box is along the principal components or along the features.
    random_state : RandomState
    """

    def __init__(self, X: np.ndarray, reference: str, random_state: np.random.RandomState) -> None:
        self._random_state = random_state
        self._shape, self._dtype = X.shape, X.dtype
        self._origin = X.mean(axis=0, dtype=np.float64)
        rotated = X - self._origin
        self._axes: np.ndarray | None = None
        if reference == "pca":
            _, _, self._axes = np.linalg.svd(rotated, full_matrices=False)
            rotated = rotated @ self._axes.T
        self._low, self._high = rotated.min(axis=0), rotated.max(axis=0)

    def draw(self) -> tuple[np.ndarray, int]:
        """The next set, of the shape and dtype of the samples, and a seed for fits to it."""
        size = (self._shape[0], len(self._low))
        points = self._random_state.uniform(self._low, self._high, size)
        if self._axes is not None:
            points = points @ self._axes
        points += self._origin
        return points.astype(self._dtype, copy=False), int(self._random_state.randint(MAX_SEED))


def gap_statistic(
    fits: Fits,
    X: np.ndarray,
    ks: list[int],
    seed: int | None,
    log_dispersions: np.ndarray | None,
    sets: ReferenceSets,
    n_refs: int,
    steps: Steps,
) -> Gap:
    """Gap of each k.

    Parameters
    ----------
    fits : Fits
    X : float[n_samples, n_features]
    ks : list of int
    seed : int or None
        Of the fits to X.
    log_dispersions : float64[n_ks] or None
        Of the fits to X; None fits them.
    sets : ReferenceSets
    n_refs : int
        How many of them to draw. All k see the same ones.
    steps : Steps

    Returns
    -------
    Gap
    """

    def fit(data: np.ndarray, seed: int | None, what: str) -> np.ndarray:
        found = np.full(len(ks), np.nan)
        for i, k in enumerate(ks):
            steps.begin(f"gap, {what}, k={k}")
            if k <= len(data):  # a sample may have fewer than all samples
                moments = cluster_moments(data, *codes_of(fits(data, k, seed), data))
                found[i] = log_dispersion(float(moments.sq_deviations.sum()), data)
        return found

    if log_dispersions is None:
        log_dispersions = fit(X, seed, "sample")
    of_refs = np.array(
        [fit(*sets.draw(), f"reference set {b + 1} of {n_refs}") for b in range(n_refs)]
    )
    # A row for each k, contiguous: its sum is the same whatever other k there are.
    of_refs = np.ascontiguousarray(of_refs.T)
    expected = of_refs.mean(axis=1)
    gap = expected - log_dispersions
    error = of_refs.std(axis=1) * np.sqrt(1 + 1 / n_refs)
    return Gap(gap, np.where(np.isnan(gap), np.nan, error), log_dispersions, expected)
