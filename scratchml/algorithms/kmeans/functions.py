"""K-means and its seeding as functions."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array, check_random_state, check_sample_weight

from .base import SPARSE_FORMATS
from .estimator import KMeans
from .rows import as_rows
from .seeding import greedy_kmeans_plusplus


def k_means(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: Any = None,
    init: Any = "k-means++",
    n_init: Any = "auto",
    max_iter: int = 300,
    verbose: int = False,
    tol: float = 1e-4,
    random_state: Any = None,
    copy_x: bool = True,
    algorithm: str = "auto",
    return_n_iter: bool = False,
) -> tuple[Any, ...]:
    """Cluster data with K-means; `KMeans` as a function.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The samples.
    n_clusters : int
        Number of clusters and of centres.
    sample_weight : array-like of shape (n_samples,), optional
        Weight of each sample; 1 unless given.
    init, n_init, max_iter, verbose, tol, random_state, copy_x, algorithm : optional
        As for `KMeans`, with the same defaults.
    return_n_iter : bool, default=False
        Whether to return the number of iterations too.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
    labels : ndarray of shape (n_samples,), int32
    inertia : float
    n_iter : int
        Only with ``return_n_iter``.

    Raises
    ------
    InvalidParameterError, ValueError, TypeError
        As `KMeans.fit` does.

    Examples
    --------
    >>> from scratchml.cluster import k_means
    >>> centers, labels, inertia = k_means([[0.0], [1.0], [9.0], [10.0]], 2, random_state=0)
    >>> inertia
    1.0
    """
    check_params({"return_n_iter": [bool]}, {"return_n_iter": return_n_iter}, "k_means")
    kmeans = KMeans(
        n_clusters,
        init=init,
        n_init=n_init,
        max_iter=max_iter,
        tol=tol,
        verbose=verbose,
        random_state=random_state,
        copy_x=copy_x,
        algorithm=algorithm,
    ).fit(X, sample_weight=sample_weight)
    result = (kmeans.cluster_centers_, kmeans.labels_, kmeans.inertia_)
    return (*result, kmeans.n_iter_) if return_n_iter else result


def kmeans_plusplus(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: Any = None,
    x_squared_norms: Any = None,
    random_state: Any = None,
    n_local_trials: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose samples as initial centres by greedy k-means++.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The samples, n_samples >= n_clusters.
    n_clusters : int
        Number of centres.
    sample_weight : array-like of shape (n_samples,), optional
        Weight of each sample; 1 unless given.
    x_squared_norms : array-like of shape (n_samples,), optional
        Squared norms of the samples. Their number is checked; distances are computed from
        differences, which need no norms.
    random_state : int, RandomState or None, default=None
        Seed of the draws.
    n_local_trials : int, optional
        Candidates for each centre but the first, of which the best is taken:
        ``2 + log(n_clusters)`` unless given; 1 is k-means++ without greed.

    Returns
    -------
    centers : ndarray of shape (n_clusters, n_features)
    indices : ndarray of shape (n_clusters,)
        ``X[indices]`` are the centres.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If the data are not valid or fewer than the centres.
    TypeError
        If the data are of a kind that cannot be taken.

    Notes
    -----
    Time O(n_samples n_features n_clusters n_local_trials). The same seed chooses the samples that
    scikit-learn's function chooses, up to rounding.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA
       2007.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import kmeans_plusplus
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> centers, indices = kmeans_plusplus(X, n_clusters=2, random_state=0)
    >>> indices
    array([3, 2])
    """
    owner = "kmeans_plusplus"
    check_params(
        {
            "X": ["array-like", "sparse matrix"],
            "n_clusters": [Interval(Integral, 1, None, closed="left")],
            "sample_weight": ["array-like", None],
            "x_squared_norms": ["array-like", None],
            "random_state": ["random_state"],
            "n_local_trials": [Interval(Integral, 1, None, closed="left"), None],
        },
        locals(),
        owner,
    )
    X = check_array(X, accept_sparse=SPARSE_FORMATS, estimator_name=owner)
    rows = as_rows(X, check_sample_weight(sample_weight, X.shape[0], X.dtype))
    if rows.n_samples < n_clusters:
        raise ValueError(f"n_samples={rows.n_samples} should be >= n_clusters={n_clusters}.")
    if x_squared_norms is not None:
        norms = check_array(x_squared_norms, dtype=X.dtype.type, ensure_2d=False)
        if norms.shape[0] != rows.n_samples:
            raise ValueError(
                f"The length of x_squared_norms {norms.shape[0]} should "
                f"be equal to the length of n_samples {rows.n_samples}."
            )
    return greedy_kmeans_plusplus(
        rows, n_clusters, n_local_trials, check_random_state(random_state)
    )
