"""Scores of one clustering of all samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.internal_metrics import (
    Moments,
    calinski_harabasz,
    cluster_moments,
    davies_bouldin,
)
from scratchml.algorithms.silhouette import silhouette_interval, silhouette_score

from .fits import Fits, codes_of
from .gap import is_negligible, log_dispersion
from .steps import Steps

CRITERIA = (
    "inertia",
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "gap",
    "stability",
)


class Silhouette(NamedTuple):
    """How the silhouette is computed: of all samples, or of some drawn at random."""

    metric: Any
    n_sampled: int
    seed: int
    """Draws the same samples for each clustering, which makes them easier to compare."""

    def __call__(self, X: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
        """The silhouette and its standard error, NaN if it is of all samples."""
        if self.n_sampled == len(X):
            return silhouette_score(X, codes, metric=self.metric), np.nan
        found = silhouette_interval(
            X, codes, sample_size=self.n_sampled, metric=self.metric, random_state=self.seed
        )
        return found.score, found.standard_error


class Fitted(NamedTuple):
    """What was found of the fits to all samples, an entry for each k."""

    scores: dict[str, np.ndarray]
    """Name of a criterion -> float64[n_ks]; NaN where it is not defined."""
    silhouette_errors: np.ndarray
    """float64[n_ks]"""
    log_dispersions: np.ndarray
    """float64[n_ks]"""
    is_whole: np.ndarray
    """Whether as many clusters were found as were asked for, bool[n_ks]."""
    labels: np.ndarray | None
    """int32[n_ks, n_samples]"""
    estimators: list[Any]


def score_fits(
    fits: Fits,
    X: np.ndarray,
    table: Any,
    ks: list[int],
    seed: int | None,
    names: tuple[str, ...],
    silhouette: Silhouette,
    keep_fits: bool,
    steps: Steps,
) -> Fitted:
    """Fit every k to all samples, and score it by the criteria that one clustering decides.

    Where fewer clusters were found than asked for, no clustering into k clusters is known, and the
    inertia alone is defined. Where clusters are single places, the Calinski-Harabasz score is not,
    and the inertia, which may be left by rounding, is 0.

    Parameters
    ----------
    fits : Fits
    X : float[n_samples, n_features]
    table : array-like of shape (n_samples, n_features)
        What is fitted: X, or the table that it was read from.
    ks : list of int
    seed : int or None
    names : tuple of str
        Which of `CRITERIA`.
    silhouette : Silhouette
    keep_fits : bool
    steps : Steps

    Returns
    -------
    Fitted
    """
    scores = {name: np.full(len(ks), np.nan) for name in names}
    silhouette_errors, log_dispersions = np.full((2, len(ks)), np.nan)
    is_whole = np.zeros(len(ks), bool)
    labels, estimators = [], []
    for i, k in enumerate(ks):
        steps.begin(f"fit, k={k}")
        model = fits(table, k, seed)
        codes, n_found = codes_of(model, table)
        moments = cluster_moments(X, codes, n_found)
        inertia = float(moments.sq_deviations.sum())
        log_dispersions[i] = log_dispersion(inertia, X)
        is_whole[i] = n_found == k
        if "inertia" in names:
            scores["inertia"][i] = 0 if is_negligible(inertia, X) else inertia
        if is_whole[i] and 1 < k < len(X):
            if "silhouette" in names:
                scores["silhouette"][i], silhouette_errors[i] = silhouette(X, codes)
            if "calinski_harabasz" in names and np.isfinite(log_dispersions[i]):
                scores["calinski_harabasz"][i] = calinski_harabasz(moments)
            if "davies_bouldin" in names:
                scores["davies_bouldin"][i] = _davies_bouldin_at_any_scale(moments)
        if keep_fits:
            labels.append(codes)
            estimators.append(model)
    kept = np.array(labels) if keep_fits else None
    return Fitted(scores, silhouette_errors, log_dispersions, is_whole, kept, estimators)


def _davies_bouldin_at_any_scale(moments: Moments) -> float:
    """The Davies-Bouldin score, which is 0 where all distances are below a constant.

    That tells of coinciding samples only at a scale where distances are far above it. The score
    does not depend on the scale, and a power of 2 costs no digit.
    """
    largest = float(moments.deviations.max())
    if not np.isfinite(largest):
        return np.nan
    _, exponent = np.frexp(largest)
    origins, shifts, deviations = (
        np.ldexp(values, 50 - exponent)
        for values in (moments.origins, moments.shifts, moments.deviations)
    )
    return davies_bouldin(moments._replace(origins=origins, shifts=shifts, deviations=deviations))
