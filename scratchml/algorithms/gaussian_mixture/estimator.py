"""Gaussian mixture: the public class."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.exceptions import ConvergenceWarning, compatible
from scratchml.core.objective import LOWER_BOUND, Objective
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_array, check_random_state, check_sample_weight
from scratchml.core.warn import warn_user

from .collapse import Collapse, Repair, Restart
from .covariances import COVARIANCES
from .density import BaseMixture
from .mixture import Mixture
from .rows import MixtureRows
from .runs import Run, RunLog, run_to_convergence
from .starts import Given, start
from .steps import PenalizedSteps, Steps


class GaussianMixture(CallbackMixin, BaseMixture):
    """Mixture of Gaussian distributions, fitted by expectation and maximisation (EM).

    Models data as drawn from ``n_components`` normal distributions, each with a weight, a mean and
    a covariance. Beginning with the clusters of K-means, EM takes turns: from the parameters follow
    the probabilities of the components for each sample (E-step), and from these the parameters
    (M-step), under which the data are more likely each time.

    Parameters
    ----------
    n_components : int, default=1
        Number of components.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}, default='full'
        Shape of the components: 'full', each has a covariance matrix of its own; 'tied', all share
        one; 'diag', each has variances of the features, which do not correlate; 'spherical', each
        has one variance.
    tol : float, default=1e-3
        A run ends when the lower bound changes by less.
    reg_covar : float, default=1e-6
        Added to the variances of all components in each M-step.
    max_iter : int, default=100
        The most iterations of a run. With 0 the mixture is what EM would begin with.
    n_init : int, default=1
        Number of runs from different starts, of which the one with the highest lower bound is kept.
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}, default='kmeans'
        What a run begins with. 'kmeans': the clusters of K-means. 'k-means++' and
        'random_from_data': single samples, chosen by greedy k-means++ or by chance. 'random':
        random responsibilities.
    weights_init : array-like of shape (n_components,), optional
        Weights to begin with, in place of those of ``init_params``; they sum to one.
    means_init : array-like of shape (n_components, n_features), optional
        Means to begin with.
    precisions_init : array-like, optional
        Precisions (inverse covariances) to begin with, in the shape of ``precisions_``.
    random_state : int, RandomState or None, default=None
        Seed of the start. `sample` draws with it, too. An int gives the same result every time.
    warm_start : bool, default=False
        Whether a further fit begins where the last one has ended; ``n_init`` then counts for the
        first fit alone.
    verbose : int or bool, default=0
        Whether to print the progress of each run, with times if 2 or more.
    verbose_interval : int, default=10
        Number of iterations between two lines of that.
    on_collapse : {'raise', 'restart', 'prior'}, default='raise'
        What happens when a component comes down to a single sample or so, and its covariance is no
        longer positive definite: 'raise', the fit fails; 'restart', it begins anew at another
        sample; 'prior', it does not come to that, since a prior keeps covariances from shrinking.
        With 'restart' the sample is drawn by weight, and the component gets its share of the
        covariance of the data; after three times in a run, a little variance is added instead. With
        'prior', which is conjugate [2]_, ``lower_bound_`` has the log-density of the prior in it,
        and ``reg_covar`` is part of the scale of the prior.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        Weights of the components, which sum to one.
    means_ : ndarray of shape (n_components, n_features)
        Means of the components.
    covariances_ : ndarray
        Covariances, of shape (n_components, n_features, n_features) if 'full', (n_features,
        n_features) if 'tied', (n_components, n_features) if 'diag', (n_components,) if 'spherical'.
    precisions_ : ndarray
        Their inverses, in the same shape.
    precisions_cholesky_ : ndarray
        Upper triangular factors F of the precisions, F F^T, or their square roots; in the same
        shape.
    converged_ : bool
        Whether the run that was kept ended because the lower bound stood still.
    n_iter_ : int
        Iterations of that run.
    lower_bound_ : float
        Weighted mean of the log-densities of the samples in its last E-step, that is before the
        last change of the parameters.
    lower_bounds_ : list of float
        The same for each iteration.
    n_densities_ : int
        Densities of a sample under a component that the iterations of that run computed: at most
        ``n_samples * n_components`` in each, and as many again when a mean has moved so far that
        moments about the old one lose digits. With full covariances of many features, those that
        are too small to count are not computed.
    restarts_ : list of (int, int)
        Iteration and component of each restart of that run.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    scratchml.model_selection.select_mixture : Choose number and type of the components.
    scratchml.cluster.KMeans : Clusters without probabilities.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.gaussian_mixture.reference``.

    An iteration takes O(n_samples n_components n_features^2) time for full covariances, else
    O(n_samples n_components n_features), in one pass over the data. Responsibilities are used where
    they are computed: beyond the data and the fitted attributes a fit holds the labels of K-means
    while it begins, and at most 64 partial sums of the size of the covariances. Every fitted
    attribute has the same bits for any number of threads. All arithmetic is in float64.

    **Differences from scikit-learn.** The same seed gives the same answer up to rounding in
    float64; for float32 data ours is the one of float64 arithmetic, published as float32. Moments
    are taken about the means, so that neither an offset of the data nor features of other sizes
    cost digits. A component that no sample belongs to stays where it is, and does not move to the
    origin. `fit`, `fit_predict` and `score` take ``sample_weight``. ``weights_init``,
    ``means_init`` and ``precisions_init`` are not replaced by arrays. With ``max_iter=0`` there is
    a ``covariances_`` in any case. Densities and probabilities are float64 for float32 data too.
    ``on_collapse``, `explain`, `outliers`, ``n_densities_``, ``restarts_`` and `set_callbacks` are
    additions.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via
       the EM algorithm", Journal of the Royal Statistical Society B 39, 1977.
    .. [2] C. Fraley and A. E. Raftery, "Bayesian regularization for normal mixture estimation and
       model-based clustering", Journal of Classification 24, 2007.
    .. [3] G. J. McLachlan and D. Peel, "Finite mixture models", Wiley, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.mixture import GaussianMixture
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> mixture = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> mixture.means_
    array([[10.,  2.],
           [ 1.,  2.]])
    >>> mixture.predict([[0.0, 0.0], [12.0, 3.0]])
    array([1, 0])
    """

    _objective: ClassVar[Objective] = LOWER_BOUND

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [Options({"full", "tied", "diag", "spherical"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [Options({"kmeans", "random", "random_from_data", "k-means++"})],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "verbose_interval": [Interval(Integral, 1, None, closed="left")],
        "on_collapse": [Options({"raise", "restart", "prior"})],
    }

    converged_: bool
    n_iter_: int
    lower_bound_: float
    lower_bounds_: list[float]
    n_densities_: int
    restarts_: list[tuple[int, int]]

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        on_collapse: str = "raise",
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.on_collapse = on_collapse

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        """Find the parameters of the mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples, at least two and n_samples >= n_components. float32 and float64 are taken
            as they are, other dtypes become float64.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given. From a given start, integer weights do what
            repeated samples do.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional, are fewer than the
            components, or do not fit the initial parameters or ``sample_weight``; and if a
            component collapses, unless ``on_collapse`` says otherwise.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        ConvergenceWarning
            If the run that is kept has ended after ``max_iter`` iterations, and not because a
            callback stopped it.
        UserWarning
            If components have begun anew, or variance had to be added.
        """
        self._fit(X, y, sample_weight)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Find the parameters of the mixture, and the most probable component of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples, as for `fit`.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int64
            What `predict` says of the same data.

        Raises
        ------
        InvalidParameterError, ValueError, TypeError
            As `fit` does.
        """
        return self._predict(self._fit(X, y, sample_weight))

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> np.ndarray:
        """Fit, and return the checked data."""
        self._check_params()
        X, attributes = self._check_fit_input(X, min_samples=2)
        n_samples, n_features = X.shape
        if n_samples < self.n_components:
            raise ValueError(
                "Expected n_samples >= n_components but got n_components = "
                f"{self.n_components}, n_samples = {n_samples}"
            )
        rows = MixtureRows(X, check_sample_weight(sample_weight, n_samples, np.float64))
        given = self._check_given(n_features)
        former = self._former_mixture(n_features)
        random_state = check_random_state(self.random_state)
        steps = self._steps(rows)
        n_init = self.n_init if former is None else 1
        log = RunLog(self.verbose, self.verbose_interval)

        events = FitEvents(
            self, n_runs=n_init, X=X, y=y, sample_weight=sample_weight, attributes=attributes
        )
        best: Run | None = None
        with events:
            for run_index in events.runs("em", total=self.max_iter):
                log.begin(run_index)
                collapse = self._collapse(steps, X.dtype, random_state)
                bound = -np.inf if former is None else self.lower_bound_
                mixture = former or start(
                    steps,
                    self.n_components,
                    self.init_params,
                    given,
                    collapse.settle,
                    random_state,
                )
                run = run_to_convergence(steps, mixture, collapse, self.tol, events, log, bound)
                if self.max_iter > 0:
                    log.end(run)
                if best is None or self.max_iter == 0 or run.lower_bound > best.lower_bound:
                    best = run
            assert best is not None  # n_init >= 1
            events.result = {**attributes, **best.fitted(steps.covariance, X.dtype)}
        best.collapse.report()
        if not (best.converged or best.stopped) and self.max_iter > 0:
            warn_user(
                "Best performing initialization did not converge. "
                "Try different init parameters, or increase max_iter, "
                "tol, or check for degenerate data.",
                compatible(ConvergenceWarning),
            )
        self._set_fitted(**events.result)
        return X

    def _steps(self, rows: MixtureRows) -> Steps:
        covariance = COVARIANCES[self.covariance_type]
        if self.on_collapse == "prior":
            return PenalizedSteps(rows, covariance, self.reg_covar, self.n_components)
        return Steps(rows, covariance, self.reg_covar)

    def _collapse(
        self, steps: Steps, dtype: np.dtype, random_state: np.random.RandomState
    ) -> Collapse:
        if self.on_collapse == "restart":
            return Restart(steps, dtype, random_state)
        return (Repair if self.on_collapse == "prior" else Collapse)(steps, dtype)

    def _former_mixture(self, n_features: int) -> Mixture | None:
        """Where a warm start begins; None if this fit is the first, or a cold one."""
        if not self.warm_start or not self.__sklearn_is_fitted__():
            return None
        shape = (self.n_components, n_features)
        if self.means_.shape != shape or self._fitted_type != self.covariance_type:
            raise ValueError(
                f"The fitted mixture has means of shape {self.means_.shape} and covariances of "
                f"type {self._fitted_type!r}: a warm start with means of shape {shape} and "
                f"covariance_type={self.covariance_type!r} cannot begin with it. "
                "Set warm_start=False."
            )
        return Mixture(
            *(
                p.astype(np.float64)
                for p in (
                    self.weights_,
                    self.means_,
                    self.covariances_,
                    self.precisions_cholesky_,
                )
            )
        )

    # --- parameters that the caller gives

    def _check_given(self, n_features: int) -> Given:
        covariance = COVARIANCES[self.covariance_type]
        factors = None
        if self.precisions_init is not None:
            shape = covariance.shape(self.n_components, n_features)
            name = f"{self.covariance_type} precision"
            precisions = _check_given_array(self.precisions_init, shape, "precisions_init", name)
            if not covariance.are_precisions(precisions):
                raise ValueError(f"'{name}' should be {covariance.not_precisions}")
            factors = covariance.factors_of_precisions(precisions)
        means = None
        if self.means_init is not None:
            shape = (self.n_components, n_features)
            means = _check_given_array(self.means_init, shape, "means_init", "means")
        return Given(self._check_weights(), means, factors)

    def _check_weights(self) -> np.ndarray | None:
        if self.weights_init is None:
            return None
        shape = (self.n_components,)
        weights = _check_given_array(self.weights_init, shape, "weights_init", "weights")
        if (weights < 0).any() or (weights > 1).any():
            raise ValueError(
                "The parameter 'weights' should be in the range [0, 1], but got max value "
                f"{weights.max():.5f}, min value {weights.min():.5f}"
            )
        tolerance = 1e-6 if getattr(self.weights_init, "dtype", None) == np.float32 else 1e-8
        if abs(1 - weights.sum()) > tolerance:
            raise ValueError(
                "The parameter 'weights' should be normalized, but got sum(weights) = "
                f"{weights.sum():.5f}"
            )
        return weights


def _check_given_array(value: Any, shape: tuple[int, ...], parameter: str, name: str) -> np.ndarray:
    # check_array takes two dimensions at most: of more, the first ones are joined for it.
    array = np.asarray(value)
    flat = array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array
    checked = check_array(flat, dtype=np.float64, ensure_2d=False, input_name=parameter)
    checked = checked.reshape(array.shape)
    if checked.shape != shape:
        raise ValueError(
            f"The parameter '{name}' should have the shape of {shape}, but got {checked.shape}"
        )
    return checked
