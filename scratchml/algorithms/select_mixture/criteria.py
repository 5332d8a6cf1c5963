"""BIC, AIC and ICL of a fitted mixture, in one pass over the rows."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

CRITERIA = ("bic", "aic", "icl")

_PIECE_ENTRIES = 2**20
"""Rows of a piece times components."""


class Likelihood(NamedTuple):
    """What the criteria need of a mixture and the samples."""

    log_likelihood: float
    """Sum of the log densities, by weight."""
    log_map: float
    """Sum of the logarithms of each sample's largest responsibility, by weight."""


def likelihood(mixture: Any, X: np.ndarray, sample_weight: np.ndarray | None) -> Likelihood:
    """The log-likelihood of samples, and how sure the mixture is of their components.

    A piece of the rows at a time, cut by the shape of the work alone: memory does not grow with the
    samples, and the sums have the same bits for any number of threads.

    Parameters
    ----------
    mixture : GaussianMixture
        Fitted.
    X : float[n_samples, n_features]
    sample_weight : float64[n_samples] or None

    Returns
    -------
    Likelihood
    """
    mixture = _without_names(mixture)
    log_likelihood = log_map = 0.0
    n_rows = max(_PIECE_ENTRIES // mixture.n_components, 1)
    for start in range(0, len(X), n_rows):
        rows = slice(start, start + n_rows)
        terms = mixture.explain(X[rows])
        log_density = terms.log_density
        log_largest = terms.log_terms.max(axis=1) - log_density
        if sample_weight is not None:
            log_density = sample_weight[rows] * log_density
            log_largest = sample_weight[rows] * log_largest
        log_likelihood += float(log_density.sum())
        log_map += float(log_largest.sum())
    return Likelihood(log_likelihood, log_map)


def criteria_of(found: Likelihood, n_parameters: int, total_weight: float) -> dict[str, float]:
    """The value of each of `CRITERIA`, of which the least is best.

    Parameters
    ----------
    found : Likelihood
    n_parameters : int
        Number of free parameters.
    total_weight : float
        Number of samples, or sum of their weights.
    """
    bic = -2 * found.log_likelihood + n_parameters * float(np.log(total_weight))
    return {
        "bic": bic,
        "aic": -2 * found.log_likelihood + 2 * n_parameters,
        "icl": bic - 2 * found.log_map,
    }


def _without_names(mixture: Any) -> Any:
    """The mixture, which takes arrays also where it was fitted to a table."""
    if not hasattr(mixture, "feature_names_in_"):
        return mixture
    nameless = copy.copy(mixture)
    del nameless.feature_names_in_
    return nameless
