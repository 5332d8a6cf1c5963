"""Bisecting K-means: the public class."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from scratchml.algorithms.kmeans import BaseKMeans, KMeans, Rows
from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_random_state

from .bisection import Bisection
from .descent import descend
from .tree import STRATEGIES, ClusterTree, GrowingTree


class BisectingKMeans(CallbackMixin, BaseKMeans):
    """Bisecting K-means clustering.

    All samples begin as one cluster. Of the clusters so far, the one with the largest inertia (or
    the most samples) is split in two by K-means, until there are ``n_clusters``. The splits form a
    binary tree, in which new samples find their cluster from the root down.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters and of centres.
    init : {'k-means++', 'random'} or callable, default='random'
        Initial centres of each bisection. 'random' draws two different samples of the cluster, by
        weight. 'k-means++' draws the second far from the first more likely, the best of 2
        candidates. A callable is called as ``init(X, 2, random_state=random_state)`` with the
        samples of the cluster.
    n_init : int, default=1
        Number of runs from different initial centres in each bisection, of which the one with the
        lowest inertia is kept.
    random_state : int, RandomState or None, default=None
        Seed of the initial centres. An int gives the same result every time.
    max_iter : int, default=300
        The most iterations of a run.
    verbose : int or bool, default=0
        Whether to print the progress of each run, and the centres of each bisection.
    tol : float, default=1e-4
        A run ends when the sum of the squared distances that the two centres moved is at most
        ``tol``, in the units of the data. It also ends when no label changes.
    copy_x : bool, default=True
        True promises that X is not modified; False allows it. It never is.
    algorithm : {'auto', 'lloyd', 'hamerly', 'yinyang', 'elkan'}, default='auto'
        How labels are found in a bisection, as in `KMeans`; the result is the same, bit for bit.
        'auto' is Lloyd's iteration with one dot product for both distances of a sample.
    bisecting_strategy : {'biggest_inertia', 'largest_cluster'}, default='biggest_inertia'
        Which cluster is split next: the one with the largest inertia, or the one with the most
        samples. Of equal ones it is the leftmost.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres of the leaves of the tree, from left to right, in the dtype of the data.
    labels_ : ndarray of shape (n_samples,), int32
        Cluster of each sample; always equal to ``predict`` of the same data.
    inertia_ : float
        Weighted sum of squared distances of the samples to the centre of their cluster, computed
        in float64.
    n_distances_ : int
        Distances between a sample and a centre that the bisections computed, in the runs that were
        kept.
    tree_ : ClusterTree
        The tree: ``children``, ``centers``, ``inertia``, ``n_samples`` and ``labels`` of every
        cluster there has been, in order of creation. Cluster 0 is all the data; split ``t``
        (from 0) has made the clusters ``2 t + 1`` and ``2 t + 2``. ``children`` holds the two
        halves of a cluster, or -1 for a leaf, whose label is in ``labels``.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    KMeans : All centres at once.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.bisecting_kmeans.reference``.

    An iteration on a cluster of m samples takes O(m n_features) time. Where splits are even, a
    sample takes part in O(log n_clusters) bisections. Beyond the data and the fitted attributes a
    fit holds one index for each sample and a copy of the samples of the cluster that is being
    split, unless that is all of them. Every fitted attribute has the same bits for any number of
    threads.

    A callback sees a run for each run of each bisection (``n_init`` of each, in order), whose
    ``inertia``, ``centers`` and ``labels`` are those of the two halves of the cluster. One that
    ends the fit leaves the tree as it is by then, with fewer clusters.

    **Differences from scikit-learn.** The same seed gives the same answer up to rounding in
    float64; in float32 draws may differ, quality does not. ``algorithm='auto'`` is the default.
    ``labels_`` equals ``predict(X)`` without exception. A callable ``init`` receives the data as
    they are, and ``verbose`` prints centres as they are, not centred. A cluster in which fewer than
    two samples have a weight is left whole, one half being empty, where scikit-learn fails; if
    clusters are empty, a warning says so. ``inertia_`` is summed in float64 for float32 data too.
    Negative weights are refused. `tree_`, `n_distances_` and `set_callbacks` are additions.

    References
    ----------
    .. [1] M. Steinbach, G. Karypis and V. Kumar, "A comparison of document clustering techniques",
       KDD Workshop on Text Mining, 2000, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import BisectingKMeans
    >>> X = np.array([[1, 1], [2, 1], [3, 1], [10, 0], [10, 1], [10, 2], [10, 8], [10, 9]])
    >>> model = BisectingKMeans(n_clusters=3, random_state=0).fit(X)
    >>> len(np.unique(model.labels_)), model.tree_.n_samples[0].item()
    (3, 8)
    >>> model.cluster_centers_[model.predict([[0, 0]])]
    array([[2., 1.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **KMeans._parameter_constraints,
        "init": [Options({"k-means++", "random"}), callable],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "bisecting_strategy": [Options(STRATEGIES)],
    }

    labels_: np.ndarray
    inertia_: float
    n_distances_: int
    tree_: ClusterTree

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "random",
        n_init: int = 1,
        random_state: Any = None,
        max_iter: int = 300,
        verbose: int = 0,
        tol: float = 1e-4,
        copy_x: bool = True,
        algorithm: str = "auto",
        bisecting_strategy: str = "biggest_inertia",
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.random_state = random_state
        self.max_iter = max_iter
        self.verbose = verbose
        self.tol = tol
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.bisecting_strategy = bisecting_strategy

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> BisectingKMeans:
        """Split clusters until there are as many as wanted.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, n_samples >= n_clusters. float32 and float64 are taken as they are, other
            dtypes become float64; sparse data become CSR.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given. A callable ``init`` does not see it.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional, are fewer than the
            clusters, or do not fit ``sample_weight`` or what a callable ``init`` returns.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        ConvergenceWarning
            If clusters are empty: one of equal samples was split, because all others have such
            too, or because it has the most samples.
        """
        self._check_params()
        X, rows, attributes = self._check_fit_rows(X, sample_weight)
        random_state = check_random_state(self.random_state)
        draw = partial(self._draw_two, X, rows, random_state)

        events = FitEvents(
            self,
            n_runs=(self.n_clusters - 1) * self.n_init,
            X=X,
            y=y,
            sample_weight=sample_weight,
            attributes=attributes,
        )
        with events:
            tree = GrowingTree(rows)
            bisection: Bisection | None = None
            n_distances = 0
            for number in events.runs("bisection", total=self.max_iter):
                if bisection is None:
                    node = tree.next_to_split(self.bisecting_strategy)
                    bisection = Bisection(tree, node, n_distances)
                bisection.run(self.algorithm, draw, self.tol, events, self.verbose)
                if (number + 1) % self.n_init == 0:
                    n_distances = bisection.finish(self.verbose)
                    bisection = None
            if bisection is not None:  # a callback has ended the fit between two of its runs
                n_distances = bisection.finish(self.verbose)
            events.result = {**attributes, **tree.fitted(), "n_distances_": n_distances}
        self._warn_of_missing_clusters(events.result["labels_"], len(tree.leaves))
        self._set_fitted(**events.result)
        return self

    def _draw_two(
        self, X: Any, rows: Rows, random_state: np.random.RandomState, part: Rows
    ) -> np.ndarray:
        """Initial centres among the rows of a cluster."""
        data = X if part is rows else part.X
        return self._initial_centers(self.init, 2, data, part, random_state)

    def predict(self, X: Any) -> np.ndarray:
        """Cluster of each sample, found by going down the tree.

        At each split a sample goes to the half whose centre is nearer, to the left one of equally
        near ones. Where it ends is not always the cluster whose centre is the nearest of all.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
            Index of the cluster of each sample.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        rows = self._check_new_rows(X)
        return descend(rows, self.tree_)
