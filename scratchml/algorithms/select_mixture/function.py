"""Choosing the number of components of a Gaussian mixture, and the kind of its covariances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.choose_k import MAX_SEED, Steps
from scratchml.algorithms.gaussian_mixture import GaussianMixture
from scratchml.core.containers import column_names
from scratchml.core.params import Options, check_params
from scratchml.core.validation import check_array, check_random_state, check_sample_weight
from scratchml.core.warn import warn_user

from .criteria import CRITERIA, Likelihood, criteria_of, likelihood
from .families import COVARIANCE_TYPES, SPECIAL_CASES, n_parameters, widened
from .result import MixtureSelection
from .rules import Grid, choice_by, least_of

N_INIT = 5
"""Runs of each mixture unless told: criteria waver where single fits end in local maxima."""
MOST_COMPONENTS = 10
"""The largest number of components that is tried unless told."""


def select_mixture(
    X: Any,
    components: Iterable[int] | None = None,
    covariance_types: str | Iterable[str] = COVARIANCE_TYPES,
    *,
    criterion: str = "bic",
    sample_weight: Any = None,
    n_init: int = N_INIT,
    init_params: str = "kmeans",
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float = 1e-6,
    on_collapse: str = "raise",
    refit: bool = True,
    keep_fits: bool = True,
    random_state: Any = None,
    callbacks: Iterable[Any] = (),
    verbose: bool | int = False,
    on_step: Callable[[str, int, int], object] | None = None,
) -> MixtureSelection:
    """Fit Gaussian mixtures of all sizes and shapes, and choose one by an information criterion.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The samples. Of a table, the mixtures know the names of the columns.
    components : iterable of int, optional
        Numbers of components, from 1 to n_samples; 1 to 10 unless given, or to n_samples if these
        are fewer.
    covariance_types : str or iterable of str, default=('full', 'tied', 'diag', 'spherical')
        Kinds of covariances, as of `scratchml.mixture.GaussianMixture`.
    criterion : {'bic', 'aic', 'icl'}, default='bic'
        Which criterion decides. All of them are computed.
    sample_weight : array-like of shape (n_samples,), default=None
        Frequencies: how often each sample was seen. Their sum is the number of samples that BIC and
        ICL count, so that weights that are scaled to a sum of 1 make them meaningless.
    n_init : int, default=5
        How often each mixture is fitted from another start; the best run is kept.
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}, default='kmeans'
        How the mixtures start.
    tol : float, default=1e-3
        The mixtures stop when the mean log-likelihood gains less.
    max_iter : int, default=100
        The most iterations of a run.
    reg_covar : float, default=1e-6
        Added to the diagonals of covariances.
    on_collapse : {'raise', 'restart', 'prior'}, default='raise'
        As of `scratchml.mixture.GaussianMixture`. With 'raise' the fits are those of scikit-learn;
        one that fails has no value, and is not chosen. With 'prior' components that have few
        samples for their parameters are kept from shrinking to a point, where the likelihood has no
        bound and the criteria no meaning. The scale of that prior is the covariance of all data:
        where clusters lie far apart compared with their width it makes them too wide, and the
        criteria choose too many.
    refit : bool, default=True
        Whether a mixture that fits worse than one of stricter covariances and as many components,
        or that failed where that one did not, is fitted again, beginning with it. What was the
        better one is kept: freer covariances can fit no worse, unless a fit went astray.
    keep_fits : bool, default=True
        Whether the result has all mixtures, and not only those that a criterion chose.
    random_state : int, RandomState or None, default=None
        Seeds the mixtures, all with one number: an integer as it is, so that
        ``GaussianMixture(k, covariance_type=..., random_state=random_state, ...).fit(X)`` fits the
        same, unless the mixture was fitted again.
    callbacks : iterable of callables or callback objects, default=()
        Set on each mixture, as ``GaussianMixture.set_callbacks`` takes them.
    verbose : bool or int, default=False
        Whether to print a line before each fit.
    on_step : callable or None, default=None
        Called as ``on_step(name, n_done, n_steps)`` before each fit. What it raises ends the run.

    Returns
    -------
    MixtureSelection
        With the attributes ``scores``, ``choices``, ``failures`` and ``mixtures``, and the methods
        ``best``, ``table`` and ``plot``.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    TypeError
        If the data are of a kind that cannot be taken.
    ValueError
        If the data, the numbers of components or the kinds are not valid, or if every fit failed.

    Warns
    -----
    UserWarning
        If the weights sum to less than the number of samples and than the number of parameters of
        the largest mixture: they are hardly frequencies.

    See Also
    --------
    scratchml.mixture.GaussianMixture : What is fitted.
    choose_k : The number of clusters of any clusterer, by other criteria.
    scratchml.plot.BICDisplay : Draws the curves.

    Notes
    -----
    With the log-likelihood :math:`L` of a mixture of :math:`m` free parameters,

    - **bic** :math:`= -2 L + m \\log n` [1]_: asks which mixture the data are from. With enough
      data it finds their number of components, if they are from a mixture of the kinds tried.
    - **aic** :math:`= -2 L + 2 m` [2]_: asks which mixture predicts best, and chooses more
      components.
    - **icl** :math:`= \\mathrm{bic} - 2 \\sum_i \\log \\max_j r_{ij}` [3]_: asks for clusters.
      Samples that belong to several components count against it, so that a cluster that takes two
      normal components to describe stays one.

    The least is best, as of scikit-learn; mclust has the other sign. With ``on_collapse='prior'``
    the likelihood is that of the fitted parameters without the prior, as Fraley and Raftery (2007)
    have it [4]_.

    A fit that fails is NaN and stands in ``failures``. Of equal values the mixture with fewer
    parameters is chosen.

    Each of the ``len(components) * len(covariance_types)`` mixtures is fitted ``n_init`` times, now
    and then once more, and takes one more pass for the criteria. Memory is that of a fit, of a
    piece of the rows, and of the parameters of the mixtures.

    References
    ----------
    .. [1] G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6(2), 1978.
    .. [2] H. Akaike, "A new look at the statistical model identification", IEEE Transactions on
       Automatic Control 19(6), 1974.
    .. [3] C. Biernacki, G. Celeux and G. Govaert, "Assessing a mixture model for clustering with
       the integrated completed likelihood", IEEE Transactions on Pattern Analysis and Machine
       Intelligence 22(7), 2000.
    .. [4] C. Fraley and A. E. Raftery, "Bayesian regularization for normal mixture estimation and
       model-based clustering", Journal of Classification 24(2), 2007.

    Examples
    --------
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.model_selection import select_mixture
    >>> X, _ = make_blobs(300, centers=3, cluster_std=0.7, random_state=0)
    >>> selection = select_mixture(X, range(1, 6), random_state=0)
    >>> choice = selection.choices["bic"]
    >>> choice.n_components, choice.covariance_type, choice.family
    (3, 'spherical', 'VII')
    >>> selection.best_.means_.shape
    (3, 2)
    """
    check_params(_CONSTRAINTS, locals(), "select_mixture")
    kinds = _check_covariance_types(covariance_types)
    has_columns = column_names(X) is not None
    table, X = X, check_array(X, min_samples=2, estimator_name="select_mixture")
    table = table if has_columns else X
    if components is None:
        components = range(1, min(MOST_COMPONENTS, len(X)) + 1)
    numbers = _check_components(components, len(X))
    weights = check_sample_weight(sample_weight, len(X), np.float64)
    total_weight = float(len(X) if weights is None else weights.sum())

    seed = random_state
    if not isinstance(seed, Integral):
        seed = int(check_random_state(random_state).randint(MAX_SEED))
    options = {
        "n_init": n_init,
        "init_params": init_params,
        "tol": tol,
        "max_iter": max_iter,
        "reg_covar": reg_covar,
        "on_collapse": on_collapse,
        "random_state": seed,
    }
    grid = Grid(
        kinds,
        np.array(numbers, np.int64),
        np.array([[n_parameters(kind, k, X.shape[1]) for k in numbers] for kind in kinds]),
        X.shape[1],
    )
    _check_total(total_weight, len(X), int(grid.n_parameters.max()))
    fits = _Fits(X, table, weights, total_weight, options, tuple(callbacks))
    found = _fit_all(
        grid, fits, refit, keep_fits, Steps(len(kinds) * len(numbers), verbose, on_step)
    )
    choices = {
        name: choice_by(name, grid, found.scores[name], found.converged) for name in CRITERIA
    }
    return MixtureSelection(
        components=grid.components,
        covariance_types=kinds,
        criterion=criterion,
        scores=found.scores,
        choices={name: choice for name, choice in choices.items() if choice is not None},
        log_likelihood=found.log_likelihood,
        n_parameters=grid.n_parameters,
        n_iter=found.n_iter,
        converged=found.converged,
        failures=found.failures,
        refitted=found.refitted,
        mixtures=found.mixtures,
        n_samples=len(X),
        n_features=X.shape[1],
    )


_CONSTRAINTS: dict[str, Any] = {
    "criterion": [Options(CRITERIA)],
    **{
        name: GaussianMixture._parameter_constraints[name]
        for name in ("n_init", "init_params", "tol", "max_iter", "reg_covar", "on_collapse")
    },
    "refit": ["boolean"],
    "keep_fits": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "on_step": [callable, None],
}


def _check_covariance_types(covariance_types: str | Iterable[str]) -> tuple[str, ...]:
    """The kinds that were asked for, in the order of `COVARIANCE_TYPES`."""
    if isinstance(covariance_types, Iterable) and not isinstance(covariance_types, str):
        covariance_types = kinds = list(covariance_types)
    else:
        kinds = [covariance_types]
    if not kinds or not all(kind in COVARIANCE_TYPES for kind in kinds):
        raise ValueError(
            f"covariance_types must be some of {list(COVARIANCE_TYPES)}. Got {covariance_types!r}"
            " instead."
        )
    return tuple(kind for kind in COVARIANCE_TYPES if kind in kinds)


def _check_components(components: Iterable[int], n_samples: int) -> list[int]:
    """Numbers of components, ascending, each once."""
    message = "components must be integers of at least 1. Got {!r} instead."
    if not isinstance(components, Iterable):
        raise TypeError(message.format(components))
    numbers = list(components)
    is_valid = [isinstance(k, Integral) and not isinstance(k, bool) and k >= 1 for k in numbers]
    if not numbers or not all(is_valid):
        raise ValueError(message.format(numbers))
    if max(numbers) > n_samples:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {max(numbers)}, n_samples ="
            f" {n_samples}"
        )
    return sorted({int(k) for k in numbers})


def _check_total(total_weight: float, n_samples: int, most_parameters: int) -> None:
    """Warn if the weights are hardly numbers of samples."""
    if total_weight < min(n_samples, most_parameters):
        warn_user(
            f"The weights sum to {total_weight:.3g}, and the largest mixture has {most_parameters}"
            " parameters. Weights are how often each sample was seen: BIC and ICL count their sum"
            " as the number of samples. If yours are relative, scale them to a sum of"
            f" {n_samples}."
        )


# --- fits -----------------------------------------------------------------------------------------


class _Fit(NamedTuple):
    """A fitted mixture, and what the criteria need of it."""

    mixture: Any
    measured: Likelihood


class _Fits(NamedTuple):
    """Fits mixtures to the samples, and measures them."""

    X: np.ndarray
    table: Any
    weights: np.ndarray | None
    total_weight: float
    options: dict[str, Any]
    callbacks: tuple[Any, ...]

    def __call__(self, kind: str, k: int, **options: Any) -> _Fit:
        """A mixture of some kind and size.

        Raises
        ------
        ValueError
            If it cannot be fitted: parameters and data have been checked.
        """
        mixture = GaussianMixture(k, covariance_type=kind, **{**self.options, **options})
        mixture.set_callbacks(*self.callbacks).fit(self.table, sample_weight=self.weights)
        measured = likelihood(mixture, self.X, self.weights)
        if not np.isfinite(measured.log_likelihood):
            raise ValueError("Its log-likelihood is not finite. Scale the data first.")
        return _Fit(mixture, measured)

    def again(self, kind: str, other: _Fit) -> _Fit:
        """A mixture that begins with one of a stricter kind."""
        start = other.mixture
        shape = start.means_.shape
        precisions = widened(start.precisions_, start.covariance_type, kind, shape)
        return self(
            kind,
            shape[0],
            n_init=1,
            weights_init=start.weights_,
            means_init=start.means_,
            precisions_init=precisions,
        )


class _Found(NamedTuple):
    """What was found of each mixture; every array is of shape (n_types, n_ks)."""

    scores: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    failures: dict[tuple[str, int], str]
    refitted: dict[tuple[str, int], str]
    mixtures: dict[tuple[str, int], Any]


def _fit_all(grid: Grid, fits: _Fits, refit: bool, keep_fits: bool, steps: Steps) -> _Found:
    """Fit every mixture of the grid, and keep what the criteria need.

    Raises
    ------
    ValueError
        If every fit failed.
    """
    shape = grid.n_parameters.shape
    unknown = np.full(shape, np.nan)
    found = _Found(
        {name: unknown.copy() for name in CRITERIA},
        unknown.copy(),
        np.zeros(shape, np.int64),
        np.zeros(shape, bool),
        {},
        {},
        {},
    )
    first_error: ValueError | None = None
    for j, k in enumerate(grid.components.tolist()):
        fitted: dict[str, _Fit] = {}
        # The stricter ones first, with which others may begin again.
        for i, kind in reversed(list(enumerate(grid.covariance_types))):
            steps.begin(f"{kind}, k={k}")
            try:
                fitted[kind] = fits(kind, k)
            except ValueError as error:
                first_error = first_error or error
                found.failures[kind, k] = str(error)
            if refit:
                _fit_again(kind, k, fits, fitted, found)
            if kind in fitted:
                _record(grid, (i, j), fitted[kind], fits.total_weight, found)
        if not keep_fits:
            _drop_all_but_the_best(grid, found)
    if first_error is not None and not found.mixtures:
        raise ValueError(f"Every fit failed, the first with: {first_error}") from first_error
    return found._replace(
        failures=_in_order(grid, found.failures),
        refitted=_in_order(grid, found.refitted),
        mixtures=_in_order(grid, found.mixtures),
    )


def _fit_again(kind: str, k: int, fits: _Fits, fitted: dict[str, _Fit], found: _Found) -> None:
    """Begin with the best of the stricter mixtures if that fits better by more than `tol`."""
    stricter = [fitted[other] for other in SPECIAL_CASES[kind] if other in fitted]
    if not stricter or k == 1:
        return
    best = max(stricter, key=lambda fit: fit.measured.log_likelihood)
    own = fitted.get(kind)
    if own is not None:
        gain = best.measured.log_likelihood - own.measured.log_likelihood
        if not gain > fits.options["tol"] * fits.total_weight:
            return
    try:
        again = fits.again(kind, best)
    except ValueError:
        return  # it stays as it was, failed or not
    if own is None or again.mixture.lower_bound_ > own.mixture.lower_bound_:
        fitted[kind] = again
        found.refitted[kind, k] = best.mixture.covariance_type
        found.failures.pop((kind, k), None)


def _record(
    grid: Grid, place: tuple[int, int], fit: _Fit, total_weight: float, found: _Found
) -> None:
    """Keep a mixture and its criteria."""
    values = criteria_of(fit.measured, int(grid.n_parameters[place]), total_weight)
    for name in CRITERIA:
        found.scores[name][place] = values[name]
    found.log_likelihood[place] = fit.measured.log_likelihood
    found.n_iter[place], found.converged[place] = fit.mixture.n_iter_, fit.mixture.converged_
    found.mixtures[grid.covariance_types[place[0]], int(grid.components[place[1]])] = fit.mixture


def _drop_all_but_the_best(grid: Grid, found: _Found) -> None:
    """Forget the mixtures that no criterion can choose any more."""
    places = np.concatenate([least_of(values) for values in found.scores.values()])
    kept = {(grid.covariance_types[i], int(grid.components[j])) for i, j in places}
    for name in set(found.mixtures) - kept:
        del found.mixtures[name]


def _in_order(grid: Grid, entries: dict[tuple[str, int], Any]) -> dict[tuple[str, int], Any]:
    """Entries by kind, in the order of the grid, and by number."""
    names = ((kind, k) for kind in grid.covariance_types for k in grid.components.tolist())
    return {name: entries[name] for name in names if name in entries}
