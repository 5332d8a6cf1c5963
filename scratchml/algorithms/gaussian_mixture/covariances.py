"""The four types of covariance: their shapes, what they follow from, and what kernels take.

Every type answers the same questions, so that EM is written once. Shapes are those of the public
attributes; all arrays are float64.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from .kernels import DIAGONAL, FULL, SPHERICAL, TIED, Densities

FAR_APART = 1e6
"""Standard deviations: components further apart are not compared after one map for all of them,
whose rounding is relative to that."""


class CovarianceType(ABC):
    """One type of covariance."""

    name: ClassVar[str]
    """What the public calls it."""
    kind: ClassVar[int]
    """What kernels call it."""

    # --- shapes

    @abstractmethod
    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Shape of the covariances of k components in d dimensions."""

    @abstractmethod
    def seconds_shape(self, k: int, d: int) -> tuple[int, int, int]:
        """Shape of the second moments that a pass over the rows has to sum."""

    @abstractmethod
    def n_parameters(self, k: int, d: int) -> int:
        """Number of free parameters of the covariances."""

    # --- from moments to covariances

    @abstractmethod
    def squares(self, weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Weighted outer products of vectors with themselves, as far as this type counts them.

        Parameters
        ----------
        weights : float64[n_components]
        vectors : float64[n_components, n_features]
        """

    @abstractmethod
    def scatters(self, totals: np.ndarray, seconds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """Scatters about the means, from second moments about origins.

        Parameters
        ----------
        totals : float64[n_components]
        seconds : float64, see `seconds_shape`
        shifts : float64[n_components, n_features]
            From the origins to the means.
        """

    @abstractmethod
    def divisors(self, totals: np.ndarray, d: int) -> np.ndarray:
        """What turns scatters into covariances: how many samples each number is a sum over."""

    @abstractmethod
    def map_divisors(self, totals: np.ndarray, d: int, nu: float) -> np.ndarray:
        """The same with a normal-inverse-Wishart prior of nu degrees of freedom."""

    @abstractmethod
    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        """One covariance of this type from what `scatters` gives for a single component."""

    @abstractmethod
    def add_variance(self, covariances: np.ndarray, variances: np.ndarray | float) -> np.ndarray:
        """Covariances with variances added: a number, or what `variances` gives."""

    @abstractmethod
    def variances(self, covariances: np.ndarray) -> np.ndarray:
        """Variances of the features, or of all of them where they do not differ."""

    # --- factors

    @abstractmethod
    def factorize(self, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Triangular square roots of the precisions, and which components have none.

        Returns
        -------
        factors : float64, in the shape of the covariances
            Upper triangular F with F F^T = precision.
        collapsed : int[...]
            Indices of covariances that are not positive definite; 0 for a tied one.
        """

    @abstractmethod
    def factors_of_precisions(self, precisions: np.ndarray) -> np.ndarray:
        """The same from precisions."""

    @abstractmethod
    def precisions(self, factors: np.ndarray) -> np.ndarray:
        """Precisions from their factors."""

    @abstractmethod
    def covariances_of(self, factors: np.ndarray) -> np.ndarray:
        """Covariances from the factors of their precisions."""

    @abstractmethod
    def log_precisions(self, factors: np.ndarray) -> np.ndarray:
        """Log-determinant of each distinct precision; of a spherical one the logarithm itself."""

    def log_determinants(self, factors: np.ndarray, k: int, d: int) -> np.ndarray:
        """Logarithms of the determinants of the covariances, float64[n_components]."""
        return np.broadcast_to(-self.log_precisions(factors), k)

    @abstractmethod
    def trace_products(self, factors: np.ndarray, scale: np.ndarray) -> float:
        """Sum over the distinct covariances of the trace of precision times scale."""

    @abstractmethod
    def are_precisions(self, precisions: np.ndarray) -> bool:
        """Whether these are symmetric and positive definite."""

    not_precisions: ClassVar[str]
    """The words for it when they are not."""

    @abstractmethod
    def kernel_factors(self, factors: np.ndarray) -> np.ndarray:
        """Factors in the three dimensions that kernels take."""

    def densities(self, weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> Densities:
        """Weighted densities of the components, as kernels take them."""
        with np.errstate(divide="ignore"):  # a component without weight has density 0
            log_weights = np.log(weights)
        log_scales = log_weights + self.log_norms(factors, *means.shape)
        return self.scaled_densities(log_scales, means, factors)

    def log_norms(self, factors: np.ndarray, k: int, d: int) -> np.ndarray:
        """Logarithms of the densities at the means, float64[n_components]."""
        return -0.5 * (d * np.log(2 * np.pi) + self.log_determinants(factors, k, d))

    def scaled_densities(
        self, log_scales: np.ndarray, means: np.ndarray, factors: np.ndarray
    ) -> Densities:
        """The same with the logarithm of what each component is at its mean."""
        kernel_factors = np.ascontiguousarray(self.kernel_factors(factors))
        origin = np.zeros(means.shape[1])
        return Densities(self.kind, means, kernel_factors, log_scales, origin)


class Matrices(CovarianceType):
    """What full and tied covariances share: products of different features count."""

    not_precisions = "symmetric, positive-definite"

    def seconds_shape(self, k: int, d: int) -> tuple[int, int, int]:
        return (k, d, d)

    def add_variance(self, covariances: np.ndarray, variances: np.ndarray | float) -> np.ndarray:
        return covariances + np.asarray(variances)[..., np.newaxis] * np.eye(covariances.shape[-1])

    def variances(self, covariances: np.ndarray) -> np.ndarray:
        return np.diagonal(covariances, axis1=-2, axis2=-1)

    def factorize(self, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        matrices = covariances.reshape(-1, *covariances.shape[-2:])
        factors = np.zeros_like(matrices)
        collapsed = []
        for c, matrix in enumerate(matrices):
            if not _precision_factor(matrix, factors[c]):
                collapsed.append(c)
        return factors.reshape(covariances.shape), np.array(collapsed, np.intp)

    def factors_of_precisions(self, precisions: np.ndarray) -> np.ndarray:
        # With rows and columns in reverse order the lower triangular factor is an upper one.
        lower = np.linalg.cholesky(precisions[..., ::-1, ::-1])
        return np.ascontiguousarray(lower[..., ::-1, ::-1])

    def precisions(self, factors: np.ndarray) -> np.ndarray:
        return factors @ factors.swapaxes(-1, -2)

    def covariances_of(self, factors: np.ndarray) -> np.ndarray:
        inverses = np.linalg.inv(factors)
        return inverses.swapaxes(-1, -2) @ inverses

    def log_precisions(self, factors: np.ndarray) -> np.ndarray:
        return 2 * np.log(np.diagonal(factors, axis1=-2, axis2=-1)).sum(axis=-1)

    def trace_products(self, factors: np.ndarray, scale: np.ndarray) -> float:
        return float(np.sum((scale @ factors) * factors))

    def are_precisions(self, precisions: np.ndarray) -> bool:
        matrices = precisions.reshape(-1, *precisions.shape[-2:])
        symmetric = np.isclose(matrices, matrices.swapaxes(1, 2)).all()
        return bool(symmetric and (np.linalg.eigvalsh(matrices) > 0).all())

    def kernel_factors(self, factors: np.ndarray) -> np.ndarray:
        return factors.reshape(-1, *factors.shape[-2:])


class Full(Matrices):
    """Each component has a covariance matrix of its own."""

    name = "full"
    kind = FULL

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d, d)

    def n_parameters(self, k: int, d: int) -> int:
        return k * d * (d + 1) // 2

    def squares(self, weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return weights[:, None, None] * vectors[:, :, None] * vectors[:, None, :]

    def scatters(self, totals: np.ndarray, seconds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        lower = np.tril(seconds)
        return lower + np.tril(seconds, -1).swapaxes(1, 2) - self.squares(totals, shifts)

    def divisors(self, totals: np.ndarray, d: int) -> np.ndarray:
        return totals[:, None, None]

    def map_divisors(self, totals: np.ndarray, d: int, nu: float) -> np.ndarray:
        return (nu + totals + d + 2)[:, None, None]

    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        return matrix[0]


class Tied(Matrices):
    """All components share one covariance matrix."""

    name = "tied"
    kind = TIED

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (d, d)

    def n_parameters(self, k: int, d: int) -> int:
        return d * (d + 1) // 2

    def squares(self, weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        # Of one matrix and itself, so that the product is symmetric to the last bit.
        weighted = np.sqrt(weights)[:, None] * vectors
        return weighted.T @ weighted

    def scatters(self, totals: np.ndarray, seconds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        pooled = seconds.sum(axis=0)
        lower = np.tril(pooled)
        return lower + np.tril(pooled, -1).T - self.squares(totals, shifts)

    def divisors(self, totals: np.ndarray, d: int) -> np.ndarray:
        return totals.sum()

    def map_divisors(self, totals: np.ndarray, d: int, nu: float) -> np.ndarray:
        return nu + totals.sum() + d + len(totals) + 1

    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        return matrix

    def scaled_densities(
        self, log_scales: np.ndarray, means: np.ndarray, factors: np.ndarray
    ) -> Densities:
        # The map that makes all components spheres; relative to a point, so that no offset counts.
        origin = means.mean(axis=0)
        white = np.ascontiguousarray((means - origin) @ factors)
        if np.abs(white).max() > FAR_APART:
            repeated = np.repeat(factors[np.newaxis], len(means), axis=0)
            return Densities(FULL, means, repeated, log_scales, origin)
        return Densities(self.kind, white, factors[np.newaxis], log_scales, origin)


class Axes(CovarianceType):
    """What diagonal and spherical covariances share: features do not depend on one another."""

    not_precisions = "positive"

    def seconds_shape(self, k: int, d: int) -> tuple[int, int, int]:
        return (k, 1, d)

    def add_variance(self, covariances: np.ndarray, variances: np.ndarray | float) -> np.ndarray:
        return covariances + variances

    def variances(self, covariances: np.ndarray) -> np.ndarray:
        return covariances

    def factorize(self, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            factors = 1 / np.sqrt(covariances)
            valid = (covariances > 0) & np.isfinite(covariances) & np.isfinite(factors**2)
        return factors, np.flatnonzero(~valid.reshape(len(covariances), -1).all(axis=1))

    def factors_of_precisions(self, precisions: np.ndarray) -> np.ndarray:
        return np.sqrt(precisions)

    def precisions(self, factors: np.ndarray) -> np.ndarray:
        return factors**2

    def covariances_of(self, factors: np.ndarray) -> np.ndarray:
        return 1 / factors**2

    def trace_products(self, factors: np.ndarray, scale: np.ndarray) -> float:
        return float(np.sum(factors**2 * scale))

    def are_precisions(self, precisions: np.ndarray) -> bool:
        return bool((precisions > 0).all())


class Diagonal(Axes):
    """Each component has a variance for each feature."""

    name = "diag"
    kind = DIAGONAL

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d)

    def n_parameters(self, k: int, d: int) -> int:
        return k * d

    def squares(self, weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return weights[:, None] * vectors**2

    def scatters(self, totals: np.ndarray, seconds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        return seconds[:, 0] - self.squares(totals, shifts)

    def divisors(self, totals: np.ndarray, d: int) -> np.ndarray:
        return totals[:, None]

    def map_divisors(self, totals: np.ndarray, d: int, nu: float) -> np.ndarray:
        return (nu + totals + 3)[:, None]

    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        return matrix[0]

    def log_precisions(self, factors: np.ndarray) -> np.ndarray:
        return 2 * np.log(factors).sum(axis=1)

    def kernel_factors(self, factors: np.ndarray) -> np.ndarray:
        return factors[:, np.newaxis]


class Spherical(Axes):
    """Each component has one variance."""

    name = "spherical"
    kind = SPHERICAL

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k,)

    def n_parameters(self, k: int, d: int) -> int:
        return k

    def squares(self, weights: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return weights * (vectors**2).sum(axis=1)

    def scatters(self, totals: np.ndarray, seconds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        return (seconds[:, 0] - totals[:, None] * shifts**2).sum(axis=1)

    def divisors(self, totals: np.ndarray, d: int) -> np.ndarray:
        return totals * d

    def map_divisors(self, totals: np.ndarray, d: int, nu: float) -> np.ndarray:
        return nu + (totals + 1) * d + 2

    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        return matrix[0]

    def log_precisions(self, factors: np.ndarray) -> np.ndarray:
        return 2 * np.log(factors)

    def log_determinants(self, factors: np.ndarray, k: int, d: int) -> np.ndarray:
        return -d * self.log_precisions(factors)

    def kernel_factors(self, factors: np.ndarray) -> np.ndarray:
        return factors[:, np.newaxis, np.newaxis]


COVARIANCES: dict[str, CovarianceType] = {
    covariance.name: covariance for covariance in (Full(), Tied(), Diagonal(), Spherical())
}


def _precision_factor(covariance: np.ndarray, out_factor: np.ndarray) -> bool:
    """Write the factor of the inverse of a matrix; answer whether it is positive definite."""
    # Both from SciPy's LAPACK: NumPy's has threads of its own, which would wait for these.
    from scipy.linalg.lapack import dpotrf, dtrtri

    if not np.isfinite(covariance).all():
        return False
    lower, not_positive = dpotrf(covariance, lower=1, clean=1)
    if not_positive:
        return False
    inverse, singular = dtrtri(lower, lower=1)
    with np.errstate(over="ignore", invalid="ignore"):
        # The diagonal of the precision, which no other entry of it exceeds.
        diagonal = np.einsum("ij,ij->j", inverse, inverse)
    if singular or not np.isfinite(diagonal).all():
        return False
    out_factor[:] = inverse.T
    return True
