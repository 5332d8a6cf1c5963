"""DBSCAN for every eps: the public class."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.algorithms.kd_tree import as_metric
from scratchml.algorithms.nearest_neighbors import job_threads
from scratchml.core.estimator import Estimator
from scratchml.core.jit import kernel_view
from scratchml.core.params import Interval, Options, check_params

from .cuts import Cuts, columns_of, cut_points
from .ranges import EpsRange, find_ranges, most_stable

METRICS = ("chebyshev", "cityblock", "euclidean", "l1", "l2", "manhattan", "minkowski")

EPS = Interval(Real, 0, None, closed="neither")


class DBSCANPath(Estimator):
    """The clusters of DBSCAN for every eps, from one fit.

    A fit finds the minimum spanning tree of the mutual reachability distances; `labels` then reads
    the labels of DBSCAN at any ``eps`` off it, in linear time, to the last one. How many clusters
    and how much noise there are takes a search in a sorted array, so that all of ``eps`` can be
    looked at, and a range that changes little can be chosen.

    Parameters
    ----------
    min_samples : int, default=5
        Number of points within ``eps`` that makes a core point, itself included.
    metric : {'euclidean', 'l2', 'manhattan', 'cityblock', 'l1', 'chebyshev', 'minkowski'}, \
default='euclidean'
        What is near.
    p : float or None, default=None
        Power of 'minkowski', at least 1; None is 2.
    n_jobs : int or None, default=None
        Threads of a fit: None is as many as any fit may use, -1 all processors.

    Attributes
    ----------
    core_distances_ : ndarray of shape (n_samples,), float64
        The least ``eps`` at which each sample is a core sample: its distance to the nearest
        sample number ``min_samples``, itself included. Infinite if there are fewer samples.
    spanning_tree_ : structured ndarray of shape (n_samples - 1,)
        ``source``, ``target`` and ``distance`` of each edge, by distance: the least ``eps`` at
        which it joins two clusters, or a core sample to one. No edges if there are fewer samples
        than ``min_samples``.
    n_distances_ : int
        Distances between two samples that the fit has computed.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    DBSCAN : The clusters at one eps, which takes less time and memory.
    suggest_eps : An eps for the data, by the distances to nearest samples.
    scratchml.plot.DBSCANPathDisplay : A picture of the path.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.dbscan_path.reference``.

    A sample is a core sample from its core distance on. Two core samples are within ``eps`` of each
    other from the largest of their core distances and their distance on, which is their mutual
    reachability distance; and the clusters at ``eps`` are what the edges of a minimum spanning tree
    that are no longer connect. A sample that is no core sample has fewer than ``min_samples``
    samples within ``eps``, so that those that may reach it are among its nearest.

    The tree is found by Boruvka's algorithm over a KD-tree, in O(n log^2 n) time where there are
    few features, and O(n^2 log n) at worst. Memory is O(n min_samples). All fitted attributes are
    the same for any number of threads.

    Distances are exact thresholds: a core distance is the least floating-point number ``eps`` with
    ``d2 <= eps * eps`` for the squared distance that DBSCAN would compare, and so are the others.
    It may differ from the root of the squared distance in the last digit.

    Of equally long edges one is taken by the distance of its points, and then by their order in the
    KD-tree. Whatever edges are taken, they have the same lengths and give the same labels.

    **Differences from scikit-learn.** There is no such estimator. Labels are those of its DBSCAN
    without weights. There are no ``labels_``, and no `fit_predict`: a path has no single
    clustering, and is no clusterer.

    References
    ----------
    .. [1] R. J. G. B. Campello, D. Moulavi and J. Sander, "Density-based clustering based on
       hierarchical density estimates", PAKDD 2013.
    .. [2] W. B. March, P. Ram and A. G. Gray, "Fast Euclidean minimum spanning tree: algorithm,
       analysis, and applications", KDD 2010.
    .. [3] R. Sibson, "SLINK: an optimally efficient algorithm for the single-link cluster method",
       The Computer Journal 16(1), 1973.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import DBSCANPath
    >>> X = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [20.0]])
    >>> path = DBSCANPath(min_samples=2).fit(X)
    >>> path.labels(1.5)
    array([ 0,  0,  0,  1,  1, -1])
    >>> path.n_clusters([0.5, 1.5, 5.0, 15.0])
    array([0, 2, 1, 1])
    >>> path.stable_range()
    EpsRange(eps_low=1.0, eps_high=4.0, n_clusters=2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "min_samples": [Interval(Integral, 1, None, closed="left")],
        "metric": [Options(METRICS)],
        "p": [Interval(Real, 1, None, closed="left"), None],
        "n_jobs": [Integral, None],
    }

    core_distances_: np.ndarray
    spanning_tree_: np.ndarray
    n_distances_: int
    _cuts: Cuts
    _fitted_min_samples: int

    def __init__(
        self,
        min_samples: int = 5,
        metric: str = "euclidean",
        *,
        p: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.min_samples = min_samples
        self.metric = metric
        self.p = p
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> DBSCANPath:
        """Find the spanning tree.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples. float32 and float64 are taken as they are, other dtypes become float64.
        y : ignored
            Present by convention.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the data are not numbers, not finite or not two-dimensional.
        TypeError
            If the data are sparse.
        """
        self._check_params()
        X, attributes = self._check_fit_input(X)
        metric = as_metric(self.metric, 2 if self.p is None else self.p)
        with job_threads(self.n_jobs):
            cuts, tree, n_distances = cut_points(kernel_view(X), int(self.min_samples), metric)
        self._set_fitted(
            **attributes,
            core_distances_=cuts.core_distances,
            spanning_tree_=tree,
            n_distances_=n_distances,
            _cuts=cuts,
            _fitted_min_samples=int(self.min_samples),
        )
        return self

    # --- the clusters at one eps

    def labels(self, eps: float) -> np.ndarray:
        """The labels of DBSCAN.

        Parameters
        ----------
        eps : float
            The distance within which points are neighbours.

        Returns
        -------
        ndarray of shape (n_samples,), int64
            Cluster of each sample of the fit, numbered by their first core sample; -1 for noise.

        Raises
        ------
        NotFittedError
            Before the first fit.
        InvalidParameterError
            If ``eps`` is not positive and finite.

        Notes
        -----
        O(n_samples) time for the core samples, O(min_samples) for each border sample.
        """
        eps = self._check_eps(eps, "labels")
        return self._cuts.labels(eps)

    def core_sample_indices(self, eps: float) -> np.ndarray:
        """The core samples.

        Parameters
        ----------
        eps : float
            The distance within which points are neighbours.

        Returns
        -------
        ndarray of shape (n_core,), int64
            Ascending.

        Raises
        ------
        NotFittedError, InvalidParameterError
            As of `labels`.
        """
        eps = self._check_eps(eps, "core_sample_indices")
        return np.flatnonzero(self.core_distances_ <= eps)

    def _check_eps(self, eps: Any, method: str) -> float:
        self._check_is_fitted()
        check_params({"eps": [EPS]}, {"eps": eps}, f"{type(self).__name__}.{method}")
        return float(eps)

    # --- the path

    def n_clusters(self, eps: Any) -> Any:
        """How many clusters there are.

        Parameters
        ----------
        eps : float or array-like
            The distance within which points are neighbours, or several.

        Returns
        -------
        int or ndarray, int64
            One number, or one for each ``eps``.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If an ``eps`` is not positive and finite.

        Notes
        -----
        The core samples less the edges of the spanning tree that are no longer than ``eps``: each
        joins two clusters. O(log n_samples) time for each ``eps``.
        """
        values = self._check_many(eps, "n_clusters")
        n_cores = np.searchsorted(self._cuts.sorted_cores, values, "right")
        n_edges = np.searchsorted(self.spanning_tree_["distance"], values, "right")
        return _as_given(n_cores - n_edges)

    def n_noise(self, eps: Any) -> Any:
        """How many samples are noise.

        Parameters
        ----------
        eps : float or array-like
            The distance within which points are neighbours, or several.

        Returns
        -------
        int or ndarray, int64
            One number, or one for each ``eps``.

        Raises
        ------
        NotFittedError, ValueError
            As of `n_clusters`.
        """
        values = self._check_many(eps, "n_noise")
        radii = self._cuts.sorted_radii
        return _as_given(len(radii) - np.searchsorted(radii, values, "right"))

    def _check_many(self, eps: Any, method: str) -> np.ndarray:
        if np.ndim(eps) == 0:
            return np.asarray(self._check_eps(eps, method))
        self._check_is_fitted()
        values = np.asarray(eps, np.float64)
        wrong = values[~((values > 0) & (values < np.inf))]
        if len(wrong) > 0:
            raise ValueError(
                f"The values of 'eps' of {type(self).__name__}.{method} must be {EPS}."
                f" Got {float(wrong[0])!r} among them."
            )
        return values

    def ranges(self, min_cluster_size: int = 1) -> np.ndarray:
        """The ranges of ``eps`` over which the clusters stay the same.

        Within a range no cluster is born, and no two are merged. Clusters do grow: samples that
        were noise join them, and border samples become core samples.

        Parameters
        ----------
        min_cluster_size : int, default=1
            Core samples that a cluster needs to be counted: smaller ones are looked through, as the
            condensed tree of HDBSCAN does. With 1 the ranges are those of DBSCAN, of which noisy
            data have very many.

        Returns
        -------
        structured ndarray of shape (n_ranges,)
            ``eps_low``, ``eps_high`` and ``n_clusters`` of each, ascending: from ``eps_low`` to
            just below ``eps_high``, where the next one begins. The first one begins with the first
            cluster, the last one is without end.

        Raises
        ------
        NotFittedError
            Before the first fit.
        InvalidParameterError
            If ``min_cluster_size`` is not an int of at least 1.

        Notes
        -----
        O(n_samples log n_samples) time.
        """
        self._check_is_fitted()
        check_params(
            {"min_cluster_size": [Interval(Integral, 1, None, closed="left")]},
            {"min_cluster_size": min_cluster_size},
            f"{type(self).__name__}.ranges",
        )
        edges, distances = columns_of(self.spanning_tree_)
        return find_ranges(edges, distances, self.core_distances_, int(min_cluster_size))

    def stable_range(self, min_cluster_size: int | None = None) -> EpsRange:
        """The range of ``eps`` that has at least two clusters and extends the farthest.

        Parameters
        ----------
        min_cluster_size : int or None, default=None
            Core samples that a cluster needs to be counted; None is ``min_samples``. See `ranges`.

        Returns
        -------
        EpsRange
            The named tuple ``(eps_low, eps_high, n_clusters)`` with the largest ratio of
            ``eps_high`` to ``eps_low``, of equal ones that of the smallest ``eps``. Its property
            ``eps`` is the geometric mean of the two. A range that begins at 0, where clusters are
            made of duplicates, is left out.

        Raises
        ------
        NotFittedError, InvalidParameterError
            As of `ranges`.
        ValueError
            If there is no such range.
        """
        self._check_is_fitted()
        size = self._fitted_min_samples if min_cluster_size is None else min_cluster_size
        best = most_stable(self.ranges(size))
        if best is None:
            raise ValueError(
                f"There are never two clusters of {size} core samples at once, but at eps=0. "
                "Try a smaller min_cluster_size."
            )
        return best


def _as_given(numbers: np.ndarray) -> Any:
    """An int for a scalar, else int64."""
    return int(numbers) if np.ndim(numbers) == 0 else np.asarray(numbers, np.int64)
