"""The parameters of a mixture, and what the next ones follow from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .covariances import CovarianceType
from .kernels import Densities


class Mixture(NamedTuple):
    """Parameters of a mixture, in float64."""

    weights: np.ndarray
    """float64[n_components]"""
    means: np.ndarray
    """float64[n_components, n_features]"""
    covariances: np.ndarray
    """In the shape of the covariance type."""
    factors: np.ndarray
    """Triangular square roots of the precisions, in the same shape."""

    def densities(self, covariance: CovarianceType) -> Densities:
        """Weighted densities of the components, as kernels take them."""
        return covariance.densities(self.weights, self.means, self.factors)


class Moments(NamedTuple):
    """What an E-step leaves of the rows."""

    log_likelihood: float
    """Weighted mean of the log-densities by the parameters before."""
    totals: np.ndarray
    """Weight of each component in samples, float64[n_components]."""
    means: np.ndarray
    """float64[n_components, n_features]"""
    scatters: np.ndarray
    """Sums of the squared deviations from the means, in the shape of the covariance type."""
    n_densities: int
    """Densities of a row under a component that were computed."""
