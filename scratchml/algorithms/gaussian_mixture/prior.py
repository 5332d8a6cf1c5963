"""A conjugate prior, under which no component collapses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .covariances import CovarianceType
from .mixture import Mixture, Moments

KAPPA = 0.01
"""Samples that the prior mean counts like: Fraley and Raftery's choice, as the others here."""


class Prior(NamedTuple):
    """Normal-inverse-Wishart prior of each mean and covariance [1]_.

    A covariance is drawn from an inverse Wishart distribution, a mean from a normal one of that
    covariance divided by kappa. The variances of 'diag' and 'spherical' are drawn from inverse
    gamma distributions, which are the same for a single feature.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Bayesian regularization for normal mixture estimation and
       model-based clustering", Journal of Classification 24, 2007.
    """

    mean: np.ndarray
    """float64[n_features]"""
    nu: float
    """Degrees of freedom."""
    scale: np.ndarray
    """One covariance of the type that is fitted: a matrix, variances, or one variance."""

    def parameters(
        self, moments: Moments, covariance: CovarianceType
    ) -> tuple[np.ndarray, np.ndarray]:
        """Means and covariances of the largest likelihood times prior density."""
        totals = moments.totals
        means = self.mean + (totals / (totals + KAPPA))[:, np.newaxis] * (moments.means - self.mean)
        between = covariance.squares(totals * KAPPA / (totals + KAPPA), moments.means - self.mean)
        divisors = covariance.map_divisors(totals, means.shape[1], self.nu)
        return means, (self.scale + between + moments.scatters) / divisors

    def log_density(self, mixture: Mixture, covariance: CovarianceType) -> float:
        """Log-density of the prior at the parameters, but for a term that none of them changes."""
        means, factors = mixture.means, mixture.factors
        k, d = means.shape
        # A sum of kappa (mu - m)^T P (mu - m) is the trace of P and a scatter.
        between = covariance.squares(np.full(k, KAPPA), means - self.mean)
        traces = covariance.trace_products(factors, self.scale)
        traces += covariance.trace_products(factors, between)
        # A log-precision counts as often as the divisor says that no sample has been added to.
        counts = np.ravel(covariance.map_divisors(np.zeros(k), d, self.nu))
        return 0.5 * (float(np.sum(counts * covariance.log_precisions(factors))) - traces)
