"""The two steps of EM on the rows of a fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from .covariances import CovarianceType, Tied
from .mixture import Mixture, Moments
from .prior import Prior
from .rows import MixtureRows, Sums

FAR = 100.0
"""Standard deviations: where a mean moves further, moments about the old one lose digits."""

CANCELLED = 1e-6
"""If in some direction the variance within components is less than this, where that of the data is
1 along each feature, the difference of what is in all and what is between them has lost digits."""

RIDGE = 1e-6
"""Added to variances, relative to them, where a covariance is not positive definite."""

NO_SECONDS = (0, 0, 0)
"""Shape of second moments that are not wanted."""


Parameters = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Weights, means and covariances."""


class Steps:
    """E-step and M-step of a mixture.

    Parameters
    ----------
    rows : MixtureRows
    covariance : CovarianceType
    reg_covar : float
        Added to the variances.
    """

    def __init__(self, rows: MixtureRows, covariance: CovarianceType, reg_covar: float) -> None:
        self.rows = rows
        self.covariance = covariance
        self.reg_covar = reg_covar

    def expect(self, mixture: Mixture) -> Moments:
        """E-step: responsibilities of all rows, and the moments that they give.

        Moments are summed about the old means. If that loses digits, because a mean has moved far,
        they are summed once more about the new ones.
        """
        densities = mixture.densities(self.covariance)
        return self._moments(mixture.means, partial(self.rows.sums, densities))

    def moments_of(
        self,
        responsibilities: Callable[[slice], np.ndarray],
        origins: np.ndarray,
        *,
        in_order: bool = False,
    ) -> Moments:
        """What an E-step with these responsibilities would leave; see `MixtureRows.given_sums`.

        Parameters
        ----------
        responsibilities : callable
        origins : float64[n_components, n_features]
            Points near the means.
        in_order : bool
        """
        return self._moments(
            origins, partial(self.rows.given_sums, responsibilities, in_order=in_order)
        )

    def _moments(self, origins: np.ndarray, add: Callable[..., Sums]) -> Moments:
        rows, covariance = self.rows, self.covariance
        shape = covariance.seconds_shape(*origins.shape)
        tied = isinstance(covariance, Tied)
        sums = add(origins=origins, shape=NO_SECONDS if tied else shape)
        means, shifts = self._move(origins, sums)
        n_densities = sums.n_densities
        if tied:
            # sum over k of the scatters within = scatter of all rows - scatter of the means
            scatters = self.scatter - covariance.squares(sums.totals, means - rows.mean)
            inaccurate = self._cancelled(scatters)
        else:
            scatters = covariance.scatters(sums.totals, sums.seconds, shifts)
            inaccurate = moved_far(sums, shifts, means)
        if inaccurate:
            again = add(origins=means, shape=shape)
            means, shifts = self._move(means, again)
            scatters = covariance.scatters(again.totals, again.seconds, shifts)
            n_densities += again.n_densities
        log_likelihood = float(sums.log_likelihood / rows.total_weight)
        return Moments(log_likelihood, sums.totals, means, scatters, n_densities)

    def _cancelled(self, within: np.ndarray) -> bool:
        """Whether little of the scatter of all rows is left within components, in any direction."""
        deviations = np.sqrt(np.diag(self.scatter))
        varied = deviations > 0
        scales = 1 / deviations[varied]
        shares = within[np.ix_(varied, varied)] * scales[:, np.newaxis] * scales
        if not varied.any() or not np.isfinite(shares).all():
            return False
        return bool(np.linalg.eigvalsh(shares)[0] < CANCELLED)

    def _move(self, origins: np.ndarray, sums: Sums) -> tuple[np.ndarray, np.ndarray]:
        """Means, and how far they are from the origins; without any weight they stay there."""
        shifts = sums.firsts / (sums.totals + self.rows.least_total)[:, np.newaxis]
        return origins + shifts, shifts

    def maximize(self, moments: Moments) -> Parameters:
        """M-step: weights, means and covariances of the largest likelihood."""
        totals = moments.totals + self.rows.least_total
        covariances = moments.scatters / self.covariance.divisors(totals, self.rows.n_features)
        covariances = self.covariance.add_variance(covariances, self.reg_covar)
        return totals / totals.sum(), moments.means, covariances

    def begin(self, moments: Moments) -> Parameters:
        """What EM begins with: the same, but for weights that sum to those of the components."""
        weights, means, covariances = self.maximize(moments)
        return weights * moments.totals.sum() / self.rows.total_weight, means, covariances

    def objective(self, moments: Moments, mixture: Mixture) -> float:
        """What EM makes larger, for each unit of weight: the log-likelihood of the mixture."""
        return moments.log_likelihood

    @cached_property
    def scatter(self) -> np.ndarray:
        """Scatter of all rows about their mean, as one covariance of this type."""
        shape = self.covariance.seconds_shape(1, self.rows.n_features)
        seconds = self.rows.seconds(shape)
        no_shift = np.zeros((1, self.rows.n_features))
        return self.covariance.of_matrix(self.covariance.scatters(np.ones(1), seconds, no_shift))

    @cached_property
    def pooled(self) -> np.ndarray:
        """Covariance of all rows, of this type."""
        total = np.array([self.rows.total_weight])
        divisor = self.covariance.divisors(total, self.rows.n_features).item()
        return self.scatter / divisor

    def shrunk(self, n_components: int) -> np.ndarray:
        """The pooled covariance at a scale at which so many ellipsoids have the data's volume."""
        return self.pooled / n_components ** (2 / self.rows.n_features)

    def lifted(self, covariance: np.ndarray) -> np.ndarray:
        """One covariance with a little more variance, relative to its own and to the data's."""
        of_data = self.covariance.variances(self.pooled)
        varied = of_data[of_data > 0]
        # A constant feature gets as much as the others do on average: any number would serve.
        least = np.where(of_data > 0, of_data, varied.mean() if varied.size else 1.0)
        own = self.covariance.variances(covariance)
        return self.covariance.add_variance(covariance, RIDGE * (own + least))

    def positive(self, covariance: np.ndarray) -> np.ndarray:
        """One covariance, lifted if it is not positive definite."""
        _, collapsed = self.covariance.factorize(covariance[np.newaxis])
        return self.lifted(covariance) if collapsed.size else covariance


class PenalizedSteps(Steps):
    """The same with a prior: its log-density is added to the log-likelihood of all rows.

    The scale of the prior is the covariance of the data, `shrunk`; ``reg_covar`` is added there,
    and not to the covariances.
    """

    def __init__(
        self,
        rows: MixtureRows,
        covariance: CovarianceType,
        reg_covar: float,
        n_components: int,
    ) -> None:
        super().__init__(rows, covariance, reg_covar)
        d = rows.n_features
        scale = covariance.add_variance(self.shrunk(n_components), reg_covar)
        self.prior = Prior(rows.mean, d + 2.0, self.positive(scale))

    def maximize(self, moments: Moments) -> Parameters:
        """M-step: weights, means and covariances of the largest likelihood times prior density."""
        totals = moments.totals + self.rows.least_total
        means, covariances = self.prior.parameters(moments, self.covariance)
        return totals / totals.sum(), means, covariances

    def objective(self, moments: Moments, mixture: Mixture) -> float:
        """What EM makes larger, for each unit of weight: log-likelihood and log-prior."""
        log_prior = self.prior.log_density(mixture, self.covariance)
        return moments.log_likelihood + log_prior / self.rows.total_weight


def moved_far(sums: Sums, shifts: np.ndarray, means: np.ndarray) -> bool:
    """Whether a mean has moved by many standard deviations, and by more than rounding."""
    squares = sums.seconds
    squares = squares[:, 0] if squares.shape[1] == 1 else np.diagonal(squares, 0, 1, 2)
    sq_lengths = sums.totals[:, np.newaxis] * shifts**2
    far = sq_lengths > FAR**2 * np.maximum(squares - sq_lengths, 0)
    return bool((far & (np.abs(shifts) > 16 * np.finfo(np.float64).eps * np.abs(means))).any())
