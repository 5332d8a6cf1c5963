"""Spherical K-means: the public class."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from scratchml.algorithms.kmeans import (
    BaseKMeans,
    Rows,
    Run,
    run_to_convergence,
    same_clustering,
)
from scratchml.core.callbacks import CallbackMixin, FitEvents
from scratchml.core.params import Interval, Options
from scratchml.core.validation import check_random_state
from scratchml.core.verbose import say
from scratchml.core.warn import warn_user

from .iteration import SphericalLloyd, unit_vectors
from .rows import DenseDirections, SparseDirections, as_directions


class SphericalKMeans(CallbackMixin, BaseKMeans):
    """K-means clustering of directions, by cosine similarity.

    Finds ``n_clusters`` unit vectors that make the inertia small: the weighted sum of 1 - cosine of
    the samples and their most similar centre. Lengths of the samples do not count, as of documents
    of which only the proportions of the words matter. Greedy k-means++ chooses samples to begin
    with; then each centre moves to the direction of the sum of its samples, each of them made a
    unit vector, until nothing changes.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters and of centres.
    init : {'k-means++', 'random'}, callable or array-like of shape (n_clusters, n_features), \
default='k-means++'
        Initial centres. 'k-means++' draws samples, those of other directions more likely, and keeps
        the best of ``2 + log(n_clusters)`` candidates for each. 'random' draws different samples,
        by weight. A callable is called as ``init(X, n_clusters, random_state=random_state)``.
        Lengths of given centres do not count, but none may be zero.
    n_init : 'auto' or int, default='auto'
        Number of runs from different initial centres, of which the one with the lowest inertia is
        kept. 'auto' is 1 for 'k-means++' and an array, 10 for 'random' and a callable.
    max_iter : int, default=300
        The most iterations of a run.
    tol : float, default=1e-4
        A run ends when the sum of the squared distances that the centres moved is at most ``tol``.
        Centres are unit vectors, so that it is relative to nothing else. A run also ends when no
        label changes.
    verbose : int or bool, default=0
        Whether to print the progress of each run.
    random_state : int, RandomState or None, default=None
        Seed of the initial centres. An int gives the same result every time.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centres, unit vectors, in the dtype of the data.
    labels_ : ndarray of shape (n_samples,), int32
        Centre of the largest cosine with each sample, the lowest index of equal ones; always equal
        to ``predict`` of the same data.
    inertia_ : float
        Weighted sum of 1 - cosine of the samples and their most similar centre, computed in
        float64. Samples of length zero do not count.
    n_iter_ : int
        Iterations of the run that was kept.
    n_distances_ : int
        Cosines of a sample and a centre that the iterations of that run computed:
        ``n_samples * n_clusters`` in each, and as many again when labels have to be brought up to
        date with the last centres.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    KMeans : By Euclidean distance, lengths included.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.spherical_kmeans.reference``.

    A sample of length zero, such as an empty document, has no direction. `fit` warns of it and
    leaves it out, as if its weight were zero; its label is 0 and its distance from every centre 1.
    A float64 sample shorter than the smallest normal number counts as such.

    An iteration takes O(n_samples n_clusters n_features) time, on sparse data with the stored
    entries of a row in place of n_features. The data are not copied, nor made unit vectors: beyond
    them and the fitted attributes a fit holds one float for each sample, one or two more while it
    seeds, and at most 64 partial sums of the size of the centres. Every fitted attribute has the
    same bits for any number of threads, and labels do not change with the lengths of the samples,
    to the last bit where these are multiplied by powers of two.

    **Differences from scikit-learn.** It has no such class. Names, defaults and behaviour are those
    of its `KMeans` but for the cosine in place of the squared Euclidean distance, for ``tol``,
    which is not relative to the variance of the features, and for `transform`, which gives
    1 - cosine. There is neither ``copy_x`` (data are never modified) nor ``algorithm``.
    `n_distances_` and `set_callbacks` are additions. `KMeans` on rows made unit vectors is not the
    same: its centres are means, which lie inside the sphere.

    References
    ----------
    .. [1] I. S. Dhillon and D. S. Modha, "Concept decompositions for large sparse text data using
       clustering", Machine Learning 42, 2001.
    .. [2] K. Hornik, I. Feinerer, M. Kober and C. Buchta, "Spherical k-means clustering", Journal
       of Statistical Software 50(10), 2012.
    .. [3] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA
       2007.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import SphericalKMeans
    >>> X = np.array([[1.0, 0.1], [20.0, 1.0], [300.0, 0.0], [0.2, 4.0], [0.0, 50.0]])
    >>> spherical = SphericalKMeans(n_clusters=2, random_state=0).fit(X)
    >>> spherical.labels_
    array([0, 0, 0, 1, 1], dtype=int32)
    >>> spherical.predict([[0.001, 0.0], [0.0, 1000.0]])
    array([0, 1], dtype=int32)
    >>> spherical.cluster_centers_.round(2)
    array([[1.  , 0.05],
           [0.02, 1.  ]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [Options({"k-means++", "random"}), callable, "array-like"],
        "n_init": [Options({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
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
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SphericalKMeans:
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
            If the data are not numbers, not finite or not two-dimensional, if fewer of them than
            clusters have a direction, if they do not fit ``init`` or ``sample_weight``, or if an
            initial centre has length zero.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        UserWarning
            If samples have length zero.
        ConvergenceWarning
            If there are fewer distinct clusters than ``n_clusters``.
        """
        self._check_params()
        X, rows, attributes = self._check_fit_rows(X, sample_weight)
        init = self._check_init(rows)
        n_init = self._resolve_n_init(init, default=10)
        random_state = check_random_state(self.random_state)

        events = FitEvents(
            self, n_runs=n_init, X=X, y=y, sample_weight=sample_weight, attributes=attributes
        )
        best: Run | None = None
        with events:
            for _ in events.runs("lloyd", total=self.max_iter):
                centers = self._initial_centers(init, self.n_clusters, X, rows, random_state)
                say(self.verbose, "Initialization complete")
                run = run_to_convergence(
                    SphericalLloyd(rows, self.n_clusters), centers, self.tol, events, self.verbose
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

    def _check_fit_rows(self, X: Any, sample_weight: Any) -> tuple[Any, Rows, dict[str, Any]]:
        """Check the data of a fit, and see them as directions."""
        X, plain, attributes = super()._check_fit_rows(X, sample_weight)
        rows = as_directions(plain)
        n_with = rows.n_samples - rows.n_without
        if n_with < self.n_clusters:
            raise ValueError(
                f"n_samples={n_with} of length other than zero should be >= "
                f"n_clusters={self.n_clusters}."
            )
        if rows.n_without:
            if not rows.sample_weight.any():
                raise ValueError("Sample weights must contain at least one non-zero number.")
            warn_user(
                f"X has {rows.n_without} sample(s) of length zero, which have no direction: they "
                "are left out, and get label 0. Remove them before passing X if that is not meant."
            )
        return X, rows, attributes

    def _check_new_rows(self, X: Any, sample_weight: Any = None) -> Rows:
        """Check data against the fit, and see them as directions."""
        return as_directions(super()._check_new_rows(X, sample_weight))

    def _initial_centers(
        self,
        init: Any,
        n_clusters: int,
        X: Any,
        rows: Rows,
        random_state: np.random.RandomState,
    ) -> np.ndarray:
        """Centres to begin with, as unit vectors."""
        assert isinstance(rows, DenseDirections | SparseDirections)
        centers = super()._initial_centers(init, n_clusters, X, rows, random_state)
        without = ~centers.any(axis=1)
        if without.any():
            if not isinstance(init, str):
                raise ValueError("The initial centers must not have length zero.")
            # Nothing was left to draw from: all other samples have the direction of some centre.
            centers[without] = rows.points(np.flatnonzero(rows.scales)[:1])
        return unit_vectors(centers).astype(rows.dtype)

    def transform(self, X: Any) -> Any:
        """Cosine distance of each sample to each centre.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        distances : ndarray or dataframe of shape (n_samples, n_clusters)
            1 - cosine, between 0 and 2, in the dtype of the centres; 1 for a sample of length zero.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        return super().transform(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the inertia of the data: higher is better.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        score : float
            Minus the weighted sum of 1 - cosine of the samples and their most similar centre.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        return super().score(X, y, sample_weight)
