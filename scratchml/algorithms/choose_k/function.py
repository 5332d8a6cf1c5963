"""Choosing the number of clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.algorithms.silhouette import CONSTRAINTS as SILHOUETTE
from scratchml.core.containers import column_names
from scratchml.core.params import Interval, Options, check_params
from scratchml.core.validation import check_array, check_random_state

from .criteria import CRITERIA, Silhouette, score_fits
from .fits import MAX_SEED, Fits
from .gap import REFERENCES, Gap, ReferenceSets, gap_statistic
from .result import KChoice
from .rules import choice_by
from .stability import stability
from .steps import Steps


def choose_k(
    estimator: Any,
    X: Any,
    ks: Iterable[int],
    *,
    criteria: str | Iterable[str] = "all",
    metric: Any = "euclidean",
    sample_size: int | None = 5_000,
    n_refs: int = 10,
    reference: str = "pca",
    n_splits: int = 10,
    keep_fits: bool = True,
    random_state: Any = None,
    verbose: bool | int = False,
    on_step: Callable[[str, int, int], object] | None = None,
) -> KChoice:
    """Score a range of numbers of clusters by several criteria.

    Parameters
    ----------
    estimator : estimator
        A clusterer with the parameter ``n_clusters`` or ``n_components``, of this library or of
        scikit-learn. Copies of it are fitted. Not a pipeline: apply the steps before the clusterer
        first.
    X : array-like of shape (n_samples, n_features)
        The samples. The copies that are fitted to all of a table get the table, and so the names of
        its columns. Sparse data are refused, since reference sets of them would be dense: reduce
        their dimension first.
    ks : iterable of int
        Numbers of clusters, from 1 to n_samples.
    criteria : str or iterable of str, default='all'
        Among 'inertia', 'silhouette', 'calinski_harabasz', 'davies_bouldin', 'gap' and 'stability',
        or 'all'.
    metric : str or callable, default='euclidean'
        Of the silhouette, as of `scratchml.metrics.silhouette_score`, but for 'precomputed'.
    sample_size : int or None, default=5_000
        If there are more samples, so many are drawn at random: the silhouette is of those, by their
        distances to all samples, and gap and stability are those of the sample. None draws none.
    n_refs : int, default=10
        Number of reference sets of the gap.
    reference : {'pca', 'uniform'}, default='pca'
        The box in which reference sets are uniform: along the principal components of the data, or
        along their features.
    n_splits : int, default=10
        How often the data are halved for the stability.
    keep_fits : bool, default=True
        Whether the result has the fitted copies and their labels.
    random_state : int, RandomState or None, default=None
        Draws samples, reference sets and halves, and seeds the copies that take a
        ``random_state``. Those that are fitted to all samples get a number as it is, so that
        ``estimator.set_params(n_clusters=k, random_state=random_state).fit(X)`` fits the same; with
        None they keep their own.
    verbose : bool or int, default=False
        Whether to print a line before each fit.
    on_step : callable or None, default=None
        Called as ``on_step(name, n_done, n_steps)`` before each fit, of a reference set or of both
        halves too. What it raises ends the run.

    Returns
    -------
    KChoice
        With the attributes ``scores``, ``errors``, ``choices``, ``labels`` and ``estimators``, and
        the methods ``table``, ``plot`` and ``best``.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    TypeError
        If the estimator is no clusterer with a number of clusters to set, or the data are of a kind
        that cannot be taken.
    ValueError
        If the data or the numbers of clusters are not valid. And whatever the estimator raises.

    See Also
    --------
    scratchml.metrics.silhouette_score : One of the criteria, for one clustering.
    scratchml.plot.ElbowDisplay : Draws the inertia.
    scratchml.plot.GapDisplay : Draws the gap.
    scratchml.plot.SilhouetteDisplay : Draws silhouettes.

    Notes
    -----
    - **inertia**: sum of squared distances to the mean of the own cluster. It always falls; a knee
      is where it is farthest below the line between its ends, on logarithmic axes [1]_.
    - **silhouette**: how much nearer samples are to their own cluster than to the next one [2]_.
      The largest is chosen.
    - **calinski_harabasz**: dispersion between clusters over dispersion within [3]_. The largest.
    - **davies_bouldin**: how much each cluster is like the one most like it [4]_. The least.
    - **gap**: how much less the logarithm of the inertia is than that of data without clusters
      [5]_. The least k whose gap is no less than the next one less its standard error.
    - **stability**: how well clusterings of two halves of the data agree on which clusters there
      are, by the adjusted Rand index; each half's samples are put into the clusters of the other by
      ``predict``, or by their nearest neighbour [6]_. The largest k that is nearly as stable as the
      best.

    A criterion that is not defined at some k is NaN there: silhouette, Calinski-Harabasz,
    Davies-Bouldin and stability at 1 and where fewer clusters were found than asked for, the gap
    where clusters are single places. Silhouette, Calinski-Harabasz and Davies-Bouldin choose a k
    also where there are no clusters at all, and the gap does unless ``ks`` begin at 1. Where fits
    end in local minima criteria waver: let the estimator run several times (``n_init``).

    Each k is fitted once to all samples, ``n_refs`` times to reference sets and ``2 n_splits``
    times to halves. Beyond the fits, the silhouette takes O(sample_size n_samples n_features) time
    for each k, which is most of all time where samples are many; the others take
    O(n_samples n_features). Memory is that of a fit, of a reference set, and of what is kept.

    Four integers are drawn from ``random_state`` in any case. They seed, in this order: the copies
    fitted to all samples (unless ``random_state`` is an integer or None), the sample, the reference
    sets (each followed by the seed of the copies fitted to it), and the halves (each split followed
    by the seed of its copies). What is computed does not depend on what else is.

    References
    ----------
    .. [1] V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan, "Finding a 'kneedle' in a haystack:
       detecting knee points in system behavior", ICDCS workshops 2011.
    .. [2] P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
       cluster analysis", Journal of Computational and Applied Mathematics 20, 1987.
    .. [3] T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications in
       Statistics 3(1), 1974.
    .. [4] D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE Transactions on
       Pattern Analysis and Machine Intelligence 1(2), 1979.
    .. [5] R. Tibshirani, G. Walther and T. Hastie, "Estimating the number of clusters in a data set
       via the gap statistic", Journal of the Royal Statistical Society B 63(2), 2001.
    .. [6] T. Lange, V. Roth, M. L. Braun and J. M. Buhmann, "Stability-based validation of
       clustering solutions", Neural Computation 16(6), 2004.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.model_selection import choose_k
    >>> X, _ = make_blobs(300, centers=4, cluster_std=0.6, random_state=3)
    >>> choice = choose_k(KMeans(n_init=5), X, range(1, 9), random_state=0)
    >>> [chosen.k for chosen in choice.choices.values()]
    [4, 4, 4, 4, 4, 4]
    >>> choice.choices["silhouette"].reason
    'The silhouette is largest at k=4: 0.837.'
    >>> choice.best("stability").cluster_centers_.shape
    (4, 2)
    """
    check_params(_CONSTRAINTS, locals(), "choose_k")
    names = _check_criteria(criteria)
    if isinstance(metric, str) and metric == "precomputed":
        raise ValueError(
            "choose_k takes no metric='precomputed': criteria and estimators need the samples"
            " themselves."
        )
    fits = Fits(estimator)
    has_columns = column_names(X) is not None
    table, X = X, check_array(X, estimator_name="choose_k")
    table = table if has_columns else X
    numbers = _check_ks(ks, len(X))

    seeds = check_random_state(random_state).randint(MAX_SEED, size=4).tolist()
    fit_seed = seeds[0] if isinstance(random_state, np.random.RandomState) else random_state
    sample = _sample(X, sample_size, seeds[1])
    is_sampled = len(sample) < len(X)
    n_of_gap, n_of_stability = n_refs + is_sampled, n_splits
    n_rounds = 1 + ("gap" in names) * n_of_gap + ("stability" in names) * n_of_stability
    steps = Steps(n_rounds * len(numbers), verbose, on_step)

    silhouette = Silhouette(metric, len(sample), seeds[1])
    fitted = score_fits(fits, X, table, numbers, fit_seed, names, silhouette, keep_fits, steps)
    scores, errors = fitted.scores, {}
    if "silhouette" in names and is_sampled:
        errors["silhouette"] = fitted.silhouette_errors
    gap: Gap | None = None
    if "gap" in names:
        sets = ReferenceSets(sample, reference, np.random.RandomState(seeds[2]))
        of_data = None if is_sampled else fitted.log_dispersions
        gap = gap_statistic(fits, sample, numbers, fit_seed, of_data, sets, n_refs, steps)
        scores["gap"], errors["gap"] = gap.gap, gap.error
    if "stability" in names:
        state = np.random.RandomState(seeds[3])
        scores["stability"], errors["stability"] = stability(
            fits, sample, numbers, fitted.is_whole, n_splits, state, steps
        )

    ks_array = np.array(numbers, np.int64)
    return KChoice(
        ks=ks_array,
        scores={name: scores[name] for name in names},
        errors=errors,
        choices={name: choice_by(name, ks_array, scores[name], errors.get(name)) for name in names},
        n_samples=len(X),
        n_sampled=len(sample),
        metric=metric,
        labels=fitted.labels,
        estimators=fitted.estimators,
        log_dispersion=gap.log_dispersion if gap else None,
        expected_log_dispersion=gap.expected_log_dispersion if gap else None,
    )


_CONSTRAINTS: dict[str, Any] = {
    "metric": SILHOUETTE["metric"],
    "sample_size": [Interval(Integral, 2, None, closed="left"), None],
    "n_refs": [Interval(Integral, 1, None, closed="left")],
    "reference": [Options(REFERENCES)],
    "n_splits": [Interval(Integral, 1, None, closed="left")],
    "keep_fits": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "on_step": [callable, None],
}


def _check_criteria(criteria: str | Iterable[str]) -> tuple[str, ...]:
    """The criteria that were asked for, in the order of `CRITERIA`."""
    if isinstance(criteria, str) and criteria == "all":
        return CRITERIA
    if isinstance(criteria, Iterable) and not isinstance(criteria, str):
        criteria = names = list(criteria)
    else:
        names = [criteria]
    if not names or not all(name in CRITERIA for name in names):
        raise ValueError(
            f"criteria must be 'all' or some of {list(CRITERIA)}. Got {criteria!r} instead."
        )
    return tuple(name for name in CRITERIA if name in names)


def _check_ks(ks: Iterable[int], n_samples: int) -> list[int]:
    """Numbers of clusters, ascending, each once."""
    if not isinstance(ks, Iterable):
        raise TypeError(f"ks must be integers of at least 1. Got {ks!r} instead.")
    numbers = list(ks)
    is_valid = [isinstance(k, Integral) and not isinstance(k, bool) and k >= 1 for k in numbers]
    if not numbers or not all(is_valid):
        raise ValueError(f"ks must be integers of at least 1. Got {numbers!r} instead.")
    if max(numbers) > n_samples:
        raise ValueError(f"n_samples={n_samples} should be >= n_clusters={max(numbers)}.")
    return sorted({int(k) for k in numbers})


def _sample(X: np.ndarray, sample_size: int | None, seed: int) -> np.ndarray:
    """So many of the samples, in their order, or all of them."""
    if sample_size is None or len(X) <= sample_size:
        return X
    drawn = np.random.RandomState(seed).permutation(len(X))[:sample_size]
    return X[np.sort(drawn)]
