"""Density-based clustering: the public class."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.algorithms.nearest_neighbors import (
    METRICS,
    NearestNeighbors,
    Plan,
    job_threads,
    plan_search,
)
from scratchml.core.containers import is_sparse
from scratchml.core.estimator import Estimator
from scratchml.core.interop import ClusterMixin
from scratchml.core.jit import kernel_view
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_sample_weight

from .advice import warn_of_eps
from .engines.clusters import NOISE
from .fitted import CoreSamples, Rule
from .methods import Density, choose_methods, find_clusters


class DBSCAN(ClusterMixin, Estimator):
    """Density-based clustering: clusters are where many points are near each other.

    A *core point* has at least ``min_samples`` points within ``eps``, itself included. Core points
    within ``eps`` of each other are in one cluster, and so are the points within ``eps`` of them.
    All other points are noise.

    Parameters
    ----------
    eps : float, default=0.5
        The distance within which points are neighbours. There is no good default: `suggest_eps`
        finds one for the data.
    min_samples : int, default=5
        Number, or weight, of the points within ``eps`` that makes a core point.
    metric : str or callable, default='euclidean'
        What is near: a metric of `NearestNeighbors`, 'precomputed' (the data are distances), or a
        function of two rows. 'haversine' takes rows of latitude and longitude in radians; ``eps``
        is an angle then, in radians.
    metric_params : dict or None, default=None
        Further arguments of the metric.
    algorithm : {'auto', 'kd_tree', 'ball_tree', 'brute', 'grid'}, default='auto'
        How neighbours are found; the result is the same. 'grid' serves the Euclidean metric of up
        to three features, 'kd_tree' the Minkowski metrics; 'ball_tree' is served by the KD-tree
        where there is one, also for 'haversine', and by brute force elsewhere. 'auto' is the
        grid where it serves, unless nearly every point is alone in its cell in three dimensions;
        else the tree where there is one, else brute force. In more than 8 features, where the
        metric is Euclidean, it is the tree only if that spares a sample of points nine tenths of
        all comparisons.
    leaf_size : int, default=30
        Points in a leaf of the tree; no more than some thousands are put into one.
    p : float or None, default=None
        Power of 'minkowski'; None is 2.
    n_jobs : int or None, default=None
        Threads of a fit: None is as many as any fit may use, -1 all processors.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,), int64
        Cluster of each sample; -1 for noise. Clusters are numbered by their first core sample.
    core_sample_indices_ : ndarray of shape (n_core,), int64
        The core samples, ascending.
    components_ : ndarray or CSR of shape (n_core, n_features)
        Copy of the core samples.
    n_distances_ : int
        Distances that were computed; 0 where they were given. In a grid some are to boxes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    dbscan : The same as a function.
    DBSCANPath : The clusters for every eps, from one fit.
    suggest_eps : An eps for the data.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.dbscan.reference``.

    A sample that is no core sample and within ``eps`` of several clusters is in the one with the
    smallest number. Whether a sample is within ``eps`` is decided exactly: by ``d2 <= eps * eps``
    of squared distances that are summed in float64 in the order of features (float32 data too).

    Neighbourhoods are not stored, so that a fit takes O(n_samples) memory whatever ``eps`` is. The
    grid and the tree take O(n log n) time where clusters are dense or neighbourhoods small, and
    O(n^2) at worst; brute force takes O(n^2). All fitted attributes are the same for any number of
    threads.

    **Differences from scikit-learn.** Labels are the same, but for weights whose sum is rounded
    at ``min_samples``, for metrics that scikit-learn computes with another rounding, and for
    functions that are not symmetric. float32 data are compared as the same numbers in float64.
    Angles of pi and more reach the whole sphere. `predict`, `predict_nearest`,
    `predict_nearest_proba`, ``n_distances_`` and 'grid' are additions, and so is the warning about
    ``eps``.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander and X. Xu, "A density-based algorithm for discovering
       clusters in large spatial databases with noise", KDD 1996.
    .. [2] E. Schubert, J. Sander, M. Ester, H.-P. Kriegel and X. Xu, "DBSCAN revisited, revisited:
       why and how you should (still) use DBSCAN", ACM Transactions on Database Systems 42(3), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import DBSCAN
    >>> X = np.array([[1.0, 2.0], [2.0, 2.0], [2.0, 3.0], [8.0, 7.0], [8.0, 8.0], [25.0, 80.0]])
    >>> dbscan = DBSCAN(eps=3, min_samples=2).fit(X)
    >>> dbscan.labels_
    array([ 0,  0,  0,  1,  1, -1])
    >>> dbscan.predict([[3.0, 3.0], [50.0, 50.0]])
    array([ 0, -1])
    """

    _accepts_sparse = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "min_samples": [Interval(Integral, 1, None, closed="left")],
        "metric": [Options(METRICS), callable],
        "metric_params": [dict, None],
        "algorithm": [Options({"auto", "ball_tree", "kd_tree", "brute", "grid"})],
        "leaf_size": [Interval(Integral, 1, None, closed="left")],
        "p": [Interval(Real, 0, None, closed="left"), None],
        "n_jobs": [Integral, None],
    }

    labels_: np.ndarray
    core_sample_indices_: np.ndarray
    components_: Any
    n_distances_: int
    _rule: Rule
    _cache: dict[str, CoreSamples]

    def __init__(
        self,
        eps: float = 0.5,
        *,
        min_samples: int = 5,
        metric: Any = "euclidean",
        metric_params: dict[str, Any] | None = None,
        algorithm: str = "auto",
        leaf_size: int = 30,
        p: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.metric = metric
        self.metric_params = metric_params
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn, as real ``sklearn.utils.Tags``."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_cache": {}}

    # --- fit

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> DBSCAN:
        """Find the clusters.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
            The samples, or the distances from each of them to all. float32 and float64 are taken as
            they are, other dtypes become float64; sparse data become CSR. What a sparse matrix of
            distances does not hold is no neighbour.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given. A sample that weighs ``min_samples`` is a core
            sample by itself; one of negative weight may keep its neighbours from being any.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the metric is none of the algorithm's, or the data or the weights are not numbers,
            not finite or of the wrong shape.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        UserWarning
            If all samples are noise, or nearly all are in one cluster while neighbourhoods hold a
            large share of them: ``eps`` is plainly wrong then. If a tree is asked for that sparse
            data cannot have.
        """
        self._check_params()
        X, attributes = self._check_fit_input(X, accept_sparse=("csr",))
        weights = check_sample_weight(sample_weight, X.shape[0], np.float64, allow_negative=True)
        plan = self._plan(X)
        methods = choose_methods(self.algorithm, plan, weights)
        density = Density(float(self.eps), int(self.min_samples), weights)
        with job_threads(self.n_jobs):
            clusters, rule = find_clusters(methods, plan, density, self.leaf_size)
        warn_of_eps(
            clusters.labels,
            plan.points,
            self.eps,
            self.min_samples,
            metric=plan.metric,
            params=plan.params,
            is_weighted=weights is not None,
        )
        self._set_fitted(
            **attributes,
            labels_=clusters.labels,
            core_sample_indices_=clusters.core_indices,
            components_=X[clusters.core_indices],
            n_distances_=int(clusters.n_distances),
            _rule=rule,
            _cache={},
        )
        return self

    def _plan(self, X: Any) -> Plan:
        """The data and the metric, as scikit-learn's estimator of neighbours would check them."""
        model = NearestNeighbors(
            radius=self.eps,
            algorithm="auto" if self.algorithm == "grid" else self.algorithm,
            leaf_size=self.leaf_size,
            metric=self.metric,
            metric_params=self.metric_params,
            p=self.p,
            n_jobs=self.n_jobs,
        )
        return plan_search(model, X)

    # --- other points

    def predict(self, X: Any) -> np.ndarray:
        """The cluster that each sample would join, were it no core sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples) if metric='precomputed'
            Samples, or their distances to the samples of the fit.

        Returns
        -------
        ndarray of shape (n_queries,), int64
            The smallest-numbered cluster that has a core sample within ``eps``; -1 for none. Of the
            samples of the fit, ``labels_``.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid.

        Notes
        -----
        By the tree in O(log n_core) time a sample on average, and O(n_core) at worst. The first
        call of a fit builds the tree. A matrix of distances that is not symmetric, or a sparse one
        that leaves out the distance of a sample to itself, may give a sample of the fit another
        cluster than ``labels_``.
        """
        cores, X = self._check_queries(X)
        with job_threads(self.n_jobs):
            return cores.clusters_of(X)

    def predict_nearest(
        self, X: Any, n_neighbors: int = 50, max_distance: float | None = None
    ) -> np.ndarray:
        """The cluster of most of the nearest core samples.

        Parameters
        ----------
        X : array-like or sparse matrix
            As of `predict`.
        n_neighbors : int, default=50
            How many core samples vote; all of them if there are fewer, and of a sparse matrix of
            distances those that it holds.
        max_distance : float or None, default=None
            A sample whose nearest core sample is farther away is noise. None sets no limit.

        Returns
        -------
        ndarray of shape (n_queries,), int64
            Of clusters with as many votes, the one with the smallest number; -1 beyond the
            distance, and where there is no core sample.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid, or a parameter is not.
        """
        votes = self.predict_nearest_proba(X, n_neighbors, max_distance)
        if votes.shape[1] == 0:
            return np.full(len(votes), NOISE)
        return np.where(votes.any(axis=1), votes.argmax(axis=1), NOISE)

    def predict_nearest_proba(
        self, X: Any, n_neighbors: int = 50, max_distance: float | None = None
    ) -> np.ndarray:
        """The share of each cluster in the nearest core samples.

        Parameters
        ----------
        X : array-like or sparse matrix
            As of `predict`.
        n_neighbors : int, default=50
            How many core samples vote; all of them if there are fewer, and of a sparse matrix of
            distances those that it holds.
        max_distance : float or None, default=None
            A sample whose nearest core sample is farther away is noise. None sets no limit.

        Returns
        -------
        ndarray of shape (n_queries, n_clusters), float64
            Rows sum to 1; those of noise are 0.

        Raises
        ------
        NotFittedError, ValueError
            As of `predict_nearest`.
        """
        self._check_is_fitted()
        if not isinstance(n_neighbors, Integral) or n_neighbors < 1:
            raise ValueError(f"n_neighbors must be an integer of at least 1, got {n_neighbors!r}")
        if max_distance is not None and not (isinstance(max_distance, Real) and max_distance >= 0):
            raise ValueError(f"max_distance must be None or at least 0, got {max_distance!r}")
        cores, X = self._check_queries(X)
        n_clusters = int(self.labels_.max()) + 1
        votes = np.zeros((X.shape[0], n_clusters))
        if n_clusters == 0:
            return votes
        with job_threads(self.n_jobs):
            k = min(int(n_neighbors), len(cores.labels))
            distances, labels = cores.nearest(X, k)
        limit = math.inf if max_distance is None else max_distance
        has_a_say = labels >= 0
        has_a_say[distances[:, 0] > limit] = False
        for voter, votes_too in zip(labels.T, has_a_say.T, strict=True):
            votes[votes_too, voter[votes_too]] += 1
        return votes / np.maximum(has_a_say.sum(axis=1, keepdims=True), 1)

    def _check_queries(self, X: Any) -> tuple[CoreSamples, Any]:
        """The core samples and, in the form that those are in, other samples."""
        queries: Any = self._check_predict_input(X, accept_sparse=("csr",))
        labels = self.labels_[self.core_sample_indices_]
        if self._rule.metric == "precomputed":
            columns = queries[:, self.core_sample_indices_]
            return CoreSamples(self._rule, columns, labels), columns
        if is_sparse(queries) != is_sparse(self.components_):
            queries = queries.toarray() if is_sparse(queries) else type(self.components_)(queries)
        if "cores" not in self._cache:
            components = self.components_
            if not is_sparse(components):
                components = kernel_view(components)
            self._cache["cores"] = CoreSamples(self._rule, components, labels)
        return self._cache["cores"], queries if is_sparse(queries) else kernel_view(queries)
