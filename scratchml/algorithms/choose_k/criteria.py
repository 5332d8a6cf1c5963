"""Scores of one clustering of all samples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.internal_metrics import (
    calinski_harabasz,
    cluster_moments,
    davies_bouldin,
)
from scratchml.algorithms.silhouette import silhouette_interval, silhouette_score

from .fits import Fits, codes_of
from .gap import log_dispersion
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
    ks: list[int],
    seed: int | None,
    names: tuple[str, ...],
    silhouette: Silhouette,
    keep_fits: bool,
    steps: Steps,
) -> Fitted:
    """Fit every k to all samples, and score it by the criteria that one clustering decides.

    Where fewer clusters were found than asked for, no clustering into k clusters is known, and the
    inertia alone is defined. Where clusters are single places, the Calinski-Harabasz score is not.

    Parameters
    ----------
    fits : Fits
    X : float[n_samples, n_features]
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
        model = fits(X, k, seed)
        codes, n_found = codes_of(model, X)
        moments = cluster_moments(X, codes, n_found)
        inertia = float(moments.sq_deviations.sum())
        log_dispersions[i] = log_dispersion(inertia, X)
        is_whole[i] = n_found == k
        if "inertia" in names:
            scores["inertia"][i] = inertia if np.isfinite(log_dispersions[i]) else 0
        if is_whole[i] and 1 < k < len(X):
            if "silhouette" in names:
                scores["silhouette"][i], silhouette_errors[i] = silhouette(X, codes)
            if "calinski_harabasz" in names and np.isfinite(log_dispersions[i]):
                scores["calinski_harabasz"][i] = calinski_harabasz(moments)
            if "davies_bouldin" in names:
                scores["davies_bouldin"][i] = davies_bouldin(moments)
        if keep_fits:
            labels.append(codes)
            estimators.append(model)
    kept = np.array(labels) if keep_fits else None
    return Fitted(scores, silhouette_errors, log_dispersions, is_whole, kept, estimators)
