"""What a fitted mixture says of data: densities, components, samples, criteria."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.estimator import Estimator
from scratchml.core.jit import kernel_view
from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_random_state, check_sample_weight

from .covariances import COVARIANCES, CovarianceType
from .kernels import Densities, evaluate_rows
from .rows import EXPONENTIAL_OPERATIONS, tile_lanes


@dataclass(frozen=True)
class DensityTerms:
    """What the log-density of samples is made of.

    ``log_terms`` is ``log_weights - (n_features * log(2 pi) + log_determinants) / 2 -
    sq_mahalanobis / 2``, and ``log_density`` the logarithm of the sum of its exponentials over the
    components.

    Attributes
    ----------
    log_weights : ndarray of shape (n_components,)
    log_determinants : ndarray of shape (n_components,)
        Of the covariances.
    sq_mahalanobis : ndarray of shape (n_samples, n_components)
        Squared Mahalanobis distance of each sample to each mean.
    log_terms : ndarray of shape (n_samples, n_components)
        Logarithm of weight times density of each component.
    log_density : ndarray of shape (n_samples,)
        What `GaussianMixture.score_samples` gives.
    responsibilities : ndarray of shape (n_samples, n_components)
        What `GaussianMixture.predict_proba` gives.
    """

    log_weights: np.ndarray
    log_determinants: np.ndarray
    sq_mahalanobis: np.ndarray
    log_terms: np.ndarray
    log_density: np.ndarray
    responsibilities: np.ndarray


class BaseMixture(Estimator):
    """Base of the estimators that end with the parameters of a Gaussian mixture.

    A subclass has the parameters ``n_components``, ``covariance_type`` and ``random_state``, and
    fits.
    """

    _estimator_type = "density_estimator"

    n_components: int
    covariance_type: str
    random_state: Any
    weights_: np.ndarray
    means_: np.ndarray
    covariances_: np.ndarray
    precisions_: np.ndarray
    precisions_cholesky_: np.ndarray
    # The covariance type of the fit, whatever the parameter has been set to since.
    _fitted_type: str

    @property
    def _covariance(self) -> CovarianceType:
        return COVARIANCES[self._fitted_type]

    def _densities(self) -> Densities:
        parameters = (self.weights_, self.means_, self.precisions_cholesky_)
        return self._covariance.densities(*(p.astype(np.float64) for p in parameters))

    def _evaluate(
        self,
        X: np.ndarray,
        densities: Densities,
        *,
        labels: np.ndarray | None = None,
        log_densities: np.ndarray | None = None,
        terms: np.ndarray | None = None,
        responsibilities: np.ndarray | None = None,
    ) -> None:
        """Fill those arrays that are given, one row for each sample."""
        X = kernel_view(X)
        k, d = len(densities.log_scales), X.shape[1]
        lanes = tile_lanes(d)
        operations = k * (EXPONENTIAL_OPERATIONS + 2 * d + densities.factors[0].size)
        outputs = (
            np.empty(0, np.int64) if labels is None else labels,
            np.empty(0) if log_densities is None else log_densities,
            np.empty((0, 0)) if terms is None else terms,
            np.empty((0, 0)) if responsibilities is None else responsibilities,
        )

        def on_block(_: int, block: slice) -> None:
            for piece in row_pieces(block, operations):
                evaluate_rows(X[piece], densities, lanes, *(out[piece] for out in outputs))

        map_blocks(on_block, row_blocks(len(X), operations))

    # --- components

    def predict(self, X: Any) -> np.ndarray:
        """Most probable component of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int64
            Of equally probable components the one with the lowest index.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        return self._predict(self._check_predict_input(X))

    def _predict(self, X: np.ndarray) -> np.ndarray:
        labels = np.empty(len(X), np.int64)
        self._evaluate(X, self._densities(), labels=labels)
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:
        """Responsibilities: the probability of each component, given the sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_components)
            float64; each row sums to one.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        X = self._check_predict_input(X)
        responsibilities = np.empty((len(X), len(self.weights_)))
        self._evaluate(X, self._densities(), responsibilities=responsibilities)
        return responsibilities

    # --- densities

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-density of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_densities : ndarray of shape (n_samples,), float64
            Natural logarithms; the density integrates to one over the space of the features.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        X = self._check_predict_input(X)
        log_densities = np.empty(len(X))
        self._evaluate(X, self._densities(), log_densities=log_densities)
        return log_densities

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log-density of samples: higher is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        score : float
            Weighted mean of `score_samples`.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        log_densities = self.score_samples(X)
        weights = check_sample_weight(sample_weight, len(log_densities), np.float64)
        return float(np.average(log_densities, weights=weights))

    def outliers(self, X: Any, contamination: float = 0.1, *, reference: Any = None) -> np.ndarray:
        """Tell samples where the density is low from the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        contamination : float, default=0.1
            Share of the reference samples to call outliers, above 0 and at most 0.5.
        reference : array-like of shape (n_reference, n_features), optional
            Samples that say what a low density is, such as those of the fit when X are new ones; X
            itself unless given.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int64
            -1 for outliers, whose log-density is below the quantile of that order of the reference
            samples, and 1 for the others, as scikit-learn's outlier detectors say it.

        Raises
        ------
        InvalidParameterError
            If ``contamination`` is not in that range.
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        check_params(
            {"contamination": [Interval(Real, 0, 0.5, closed="right")]},
            {"contamination": contamination},
            f"{type(self).__name__}.outliers",
        )
        log_densities = self.score_samples(X)
        of_reference = log_densities if reference is None else self.score_samples(reference)
        threshold = np.quantile(of_reference, contamination)
        return np.where(log_densities < threshold, -1, 1)

    def explain(self, X: Any) -> DensityTerms:
        """Take the log-density of samples apart.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        terms : DensityTerms
            Log-weights, log-determinants and squared Mahalanobis distances, which sum to the
            log-density.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        X = self._check_predict_input(X)
        densities = self._densities()
        n, (k, d) = len(X), self.means_.shape
        log_terms, distances, responsibilities = (np.empty((n, k)) for _ in range(3))
        log_density = np.empty(n)
        self._evaluate(
            X,
            densities,
            log_densities=log_density,
            terms=log_terms,
            responsibilities=responsibilities,
        )
        # The same terms without what does not depend on the sample: halves of the distances.
        self._evaluate(X, densities._replace(log_scales=np.zeros(k)), terms=distances)
        factors = self.precisions_cholesky_.astype(np.float64)
        with np.errstate(divide="ignore"):  # a component without weight
            log_weights = np.log(self.weights_.astype(np.float64))
        return DensityTerms(
            log_weights,
            self._covariance.log_determinants(factors, k, d).copy(),
            -2 * distances + 0.0,  # 0 and not -0 at a mean
            log_terms,
            log_density,
            responsibilities,
        )

    # --- criteria

    def _n_parameters(self) -> int:
        """Number of free parameters."""
        k, d = self.means_.shape
        return self._covariance.n_parameters(k, d) + k * d + k - 1

    def bic(self, X: Any) -> float:
        """Bayesian information criterion: lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        bic : float
            -2 log-likelihood + log(n_samples) times the number of free parameters [1]_.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.

        References
        ----------
        .. [1] G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6, 1978.
        """
        log_densities = self.score_samples(X)
        n_samples = len(log_densities)
        return float(-2 * log_densities.mean() * n_samples) + self._n_parameters() * float(
            np.log(n_samples)
        )

    def aic(self, X: Any) -> float:
        """Akaike information criterion: lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        aic : float
            -2 log-likelihood + 2 times the number of free parameters [1]_.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.

        References
        ----------
        .. [1] H. Akaike, "A new look at the statistical model identification", IEEE Transactions
           on Automatic Control 19, 1974.
        """
        log_densities = self.score_samples(X)
        return float(-2 * log_densities.mean() * len(log_densities)) + 2 * self._n_parameters()

    # --- samples

    def sample(self, n_samples: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw from the mixture.

        Parameters
        ----------
        n_samples : int, default=1
            How many.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features), float64
            The samples, those of one component after those of another.
        y : ndarray of shape (n_samples,), int64
            Component of each.

        Raises
        ------
        ValueError
            If there shall be fewer than one.
        NotFittedError
            Before the first fit.

        InvalidParameterError
            If that is no whole number.

        Notes
        -----
        Draws by ``random_state``, as scikit-learn draws: an int gives the same samples every time.
        """
        self._check_is_fitted()
        check_params(
            {"n_samples": [Interval(Integral, None, None, closed="neither")]},
            {"n_samples": n_samples},
            f"{type(self).__name__}.sample",
        )
        if n_samples < 1:
            raise ValueError(
                f"Invalid value for 'n_samples': {n_samples} . The sampling requires at "
                "least one sample."
            )
        random_state = check_random_state(self.random_state)
        weights, means, covariances = (
            p.astype(np.float64) for p in (self.weights_, self.means_, self.covariances_)
        )
        k, d = means.shape
        counts = random_state.multinomial(n_samples, weights / weights.sum())
        if self._fitted_type in ("full", "tied"):
            matrices = np.broadcast_to(covariances, (k, d, d))
            parts = [
                random_state.multivariate_normal(mean, matrix, int(count))
                for mean, matrix, count in zip(means, matrices, counts, strict=True)
            ]
        else:
            parts = [
                mean + random_state.standard_normal(size=(count, d)) * np.sqrt(variance)
                for mean, variance, count in zip(means, covariances, counts, strict=True)
            ]
        return np.vstack(parts), np.repeat(np.arange(k), counts)
