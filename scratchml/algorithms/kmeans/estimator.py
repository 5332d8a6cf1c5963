"""K-means: the public class."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_random_state
from scratchml.core.verbose import say
from scratchml.core.warn import warn_user

from .base import BaseKMeans
from .iterations import ITERATIONS, choose_iteration
from .passes import mean_variance
from .rows import Rows, SparseRows
from .runs import Run, run_to_convergence


class KMeans(CallbackMixin, BaseKMeans):
    """K-means clustering.

    Finds ``n_clusters`` centres that make the inertia small: the weighted sum of squared distances
    of the samples to their nearest centre. Greedy k-means++ chooses samples to begin with; Lloyd's
    algorithm then moves each centre to the mean of the samples nearest to it, until nothing
    changes.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters and of centres.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), \
default='k-means++'
        Initial centres. 'k-means++' draws samples, far ones more likely, and keeps the best of
        ``2 + log(n_clusters)`` candidates for each. 'random' draws different samples, by weight. A
        callable is called as ``init(X, n_clusters, random_state=random_state)``.
    n_init : 'auto' or int, default='auto'
        Number of runs from different initial centres, of which the one with the lowest inertia is
        kept. 'auto' is 1 for 'k-means++' and an array, 10 for 'random' and a callable.
    max_iter : int, default=300
        The most iterations of a run.
    tol : float, default=1e-4
        A run ends when the sum of the squared distances that the centres moved is at most ``tol``
        times the mean of the variances of the features. It also ends when no label changes.
    verbose : int or bool, default=0
        Whether to print the progress of each run.
    random_state : int, RandomState or None, default=None
        Seed of the initial centres. An int gives the same result every time.
    copy_x : bool, default=True
        True promises that X is not modified; False allows it. It never is, and no copy is made for
        that, so that both values give the same result in the same memory.
    algorithm : {'auto', 'lloyd', 'hamerly', 'yinyang', 'elkan'}, default='auto'
        How labels are found; the result is the same, bit for bit. 'lloyd' compares every sample
        with every centre. The others leave out what the triangle inequality excludes, by bounds
        that they keep: 'hamerly' two numbers for each sample, 'yinyang' one for each sample and
        group of centres, a quarter of the memory of the data at most, 'elkan' 8 bytes for each pair
        of a sample and a centre. On sparse data all are 'lloyd'. 'auto' chooses among the first
        three by the size of the data.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres, in the dtype of the data.
    labels_ : ndarray of shape (n_samples,), int32
        Nearest centre of each sample, the lowest index of equally near ones; always equal to
        ``predict`` of the same data.
    inertia_ : float
        Weighted sum of squared distances of the samples to their nearest centre, computed in
        float64.
    n_iter_ : int
        Iterations of the run that was kept.
    n_distances_ : int
        Distances between a sample and a centre that the iterations of that run computed. Lloyd's
        computes ``n_samples * n_clusters`` in each, and as many again when labels have to be
        brought up to date with the last centres.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    k_means : The same as a function.
    kmeans_plusplus : The initial centres alone.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.kmeans.reference``.

    An iteration takes O(n_samples n_clusters n_features) time. Beyond the data and the fitted
    attributes a fit holds at most two floats for each sample while it seeds (three for 'random'),
    then the bounds of ``algorithm``, and at most 64 partial sums of the size of the centres. Every
    fitted attribute has the same bits for any number of threads.

    **Differences from scikit-learn.** The same seed gives the same answer up to rounding in
    float64; in float32 draws may differ, quality does not. ``algorithm='auto'`` is the default.
    ``labels_`` equals ``predict(X)`` without exception. A callable ``init`` receives the data as
    they are, not centred. ``inertia_`` is summed in float64 for float32 data too. Negative weights
    are refused. Data of another dtype than that of the fit are converted by `predict`, `transform`
    and `score`. `n_distances_` and `set_callbacks` are additions.

    References
    ----------
    .. [1] S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information
       Theory 28(2), 1982.
    .. [2] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA
       2007.
    .. [3] C. Elkan, "Using the triangle inequality to accelerate k-means", ICML 2003.
    .. [4] G. Hamerly, "Making k-means even faster", SIAM International Conference on Data Mining
       2010.
    .. [5] Y. Ding, Y. Zhao, X. Shen, M. Musuvathi and T. Mytkowicz, "Yinyang K-means: a drop-in
       replacement of the classic K-means with consistent speedup", ICML 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import KMeans
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> kmeans = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> kmeans.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> kmeans.predict([[0.0, 0.0], [12.0, 3.0]])
    array([1, 0], dtype=int32)
    >>> kmeans.cluster_centers_
    array([[10.,  2.],
           [ 1.,  2.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [Options({"k-means++", "random"}), callable, "array-like"],
        "n_init": [Options({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "copy_x": ["boolean"],
        "algorithm": [Options({"auto", "lloyd", "hamerly", "yinyang", "elkan"})],
    }

    labels_: np.ndarray
    inertia_: float
    n_iter_: int
    n_distances_: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Find the centres.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, n_samples >= n_clusters. float32 and float64 are taken as they are, other
            dtypes become float64; sparse data become CSR.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional, are fewer than the
            clusters, or do not fit ``init`` or ``sample_weight``.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        ConvergenceWarning
            If there are fewer distinct clusters than ``n_clusters``.
        """
        self._check_params()
        X, rows, attributes = self._check_fit_rows(X, sample_weight)
        init = self._check_init(rows)
        n_init = self._resolve_n_init(init, default=10)
        algorithm = self._resolve_algorithm(rows)
        random_state = check_random_state(self.random_state)
        tol = self.tol * mean_variance(rows) if self.tol > 0 else 0.0

        events = FitEvents(
            self, n_runs=n_init, X=X, y=y, sample_weight=sample_weight, attributes=attributes
        )
        best: Run | None = None
        with events:
            for _ in events.runs(algorithm, total=self.max_iter):
                centers = self._initial_centers(init, self.n_clusters, X, rows, random_state)
                say(self.verbose, "Initialization complete")
                # The iteration has no name here: its bounds go before the next run takes its own.
                run = run_to_convergence(
                    ITERATIONS[algorithm](rows, self.n_clusters), centers, tol, events, self.verbose
                )
                if best is None or (
                    run.inertia < best.inertia and not same_clustering(run.labels, best.labels)
                ):
                    best = run
            assert best is not None  # n_init >= 1
            events.result = {**attributes, **best.fitted()}
        self._warn_of_missing_clusters(best.labels, self.n_clusters)
        self._set_fitted(**events.result)
        return self

    def _resolve_algorithm(self, rows: Rows) -> str:
        if self.algorithm == "auto":
            return choose_iteration(rows, self.n_clusters)
        if self.algorithm == "elkan" and self.n_clusters == 1:
            warn_user(
                "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead.",
                RuntimeWarning,
            )
            return "lloyd"
        if isinstance(rows, SparseRows):
            return "lloyd"  # a distance that bounds can be trusted on costs a sum over all features
        return self.algorithm


def same_clustering(labels: np.ndarray, others: np.ndarray) -> bool:
    """Whether a bijection of the labels turns one clustering into the other."""
    k = int(max(labels.max(), others.max())) + 1
    pairs = labels.astype(np.int64) * k + others
    n_pairs = len(np.unique(pairs)) if k * k > len(pairs) else np.count_nonzero(np.bincount(pairs))
    return n_pairs == np.count_nonzero(np.bincount(labels)) == np.count_nonzero(np.bincount(others))
