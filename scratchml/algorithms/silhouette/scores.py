"""The silhouettes of samples, and their mean."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_random_state

from .checks import CONSTRAINTS, check_labelled, check_rows, threads_of
from .dispatch import known, means_of


def silhouette_samples(
    X: Any, labels: Any, *, metric: Any = "euclidean", **kwds: Any
) -> np.ndarray:
    """Silhouette of each sample: how much nearer its own cluster is than the nearest other.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
        The samples, or the distances between them, with zeros on the diagonal. Sparse data are
        taken as CSR, by 'euclidean', 'sqeuclidean', 'manhattan', 'cosine' and their aliases, by
        callables and by 'precomputed', where what is not stored is 0.
    labels : array-like of shape (n_samples,)
        Cluster of each sample, of any kind that can be sorted.
    metric : str or callable, default='euclidean'
        Compiled are 'euclidean', 'sqeuclidean', 'manhattan' and 'cosine'; the other names are those
        of `scipy.spatial.distance`. A callable takes two rows and returns their distance.
    **kwds
        Parameters of the metric; and ``n_jobs``, the number of threads: None is as many as any fit
        may use, -1 all processors.

    Returns
    -------
    ndarray of shape (n_samples,)
        From -1 to 1; 0 for a sample that is alone in its cluster. float32 where the data are, else
        float64. Sums are in float64, but for those of a few hundred distances of float32 data.

    Raises
    ------
    InvalidParameterError
        If ``metric`` is not valid.
    ValueError
        If data or labels are not valid, or there are not 2 to n_samples - 1 clusters.
    TypeError
        If the data are of a kind that cannot be taken, or a parameter is none of the metric.

    See Also
    --------
    silhouette_score : Their mean.
    silhouette_interval : Their mean, estimated from some of the samples.
    simplified_silhouette : By the distances to centres, in linear time.
    scratchml.plot.SilhouetteDisplay : Draws them.

    Notes
    -----
    With a the mean distance to the other samples of the own cluster, and b to those of the nearest
    other cluster, a silhouette is (b - a) / max(a, b).

    'euclidean' and 'manhattan' compare each pair of samples once: O(n_samples^2 n_features) time,
    and O(n_samples n_features) memory. 'sqeuclidean' and 'cosine' need the mean of each cluster
    alone: O(n_samples n_clusters n_features). All other metrics compute each distance twice, some
    megabytes of them at a time.

    **Differences from scikit-learn.** Distances of dense data are sums of differences, where
    scikit-learn's Euclidean ones lose digits of what is near and far from the origin. Euclidean
    ones are right to some 13 digits: where a and b are the same, rounding may leave a silhouette a
    little beside 0. There is no parameter ``working_memory``.

    References
    ----------
    .. [1] P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
       cluster analysis", Journal of Computational and Applied Mathematics 20, 1987.

    Examples
    --------
    >>> from scratchml.metrics import silhouette_samples
    >>> silhouette_samples([[0.0], [1.0], [4.0], [6.0]], [0, 0, 1, 1]).round(3)
    array([0.8  , 0.75 , 0.429, 0.636])
    """
    check_params(CONSTRAINTS, locals(), "silhouette_samples")
    scores, dtype = _samples(X, labels, metric, kwds, "silhouette_samples")
    return scores.astype(dtype, copy=False)


def silhouette_score(
    X: Any,
    labels: Any,
    *,
    metric: Any = "euclidean",
    sample_size: int | None = None,
    random_state: Any = None,
    **kwds: Any,
) -> float:
    """Mean silhouette of all samples.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
        The samples, as for `silhouette_samples`.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.
    metric : str or callable, default='euclidean'
        As of `silhouette_samples`.
    sample_size : int or None, default=None
        How many samples to draw: the score is that of these alone, as if there were no others.
        `silhouette_interval` compares those it draws with all, which errs less.
    random_state : int, RandomState or None, default=None
        Draws them: the first of a permutation.
    **kwds
        As of `silhouette_samples`.

    Returns
    -------
    float
        From -1 to 1. It is high where clusters are dense and apart, about 0 where they overlap.

    Raises
    ------
    InvalidParameterError, ValueError, TypeError
        As of `silhouette_samples`; the clusters that count are those that the samples drawn are in.

    See Also
    --------
    silhouette_samples : Those of the samples.
    silhouette_interval : For many samples.

    Notes
    -----
    Time and memory are those of `silhouette_samples`, of ``sample_size`` samples. The same seed
    draws the samples that scikit-learn draws.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.metrics import silhouette_score
    >>> X, _ = make_blobs(300, centers=4, random_state=1)
    >>> for k in 2, 3, 4, 5:
    ...     labels = KMeans(k, random_state=0).fit_predict(X)
    ...     print(k, round(silhouette_score(X, labels), 2))
    2 0.59
    3 0.6
    4 0.64
    5 0.54
    """
    check_params(
        {
            **CONSTRAINTS,
            "sample_size": [Interval(Integral, 1, None, closed="left"), None],
            "random_state": ["random_state"],
        },
        locals(),
        "silhouette_score",
    )
    if sample_size is not None:
        X, labels = check_rows(X, labels, metric)
        drawn = check_random_state(random_state).permutation(X.shape[0])[:sample_size]
        X, labels = X[drawn], labels[drawn]
        if metric == "precomputed":
            X = X[:, drawn]
    return float(_samples(X, labels, metric, kwds, "silhouette_score")[0].mean())


def _samples(
    X: Any, labels: Any, metric: Any, kwds: dict[str, Any], owner: str
) -> tuple[np.ndarray, np.dtype[Any]]:
    """Silhouettes in float64, and the dtype of the data."""
    params = dict(kwds)
    with threads_of(params, owner):
        labelled = check_labelled(X, labels, metric)
        return means_of(*labelled, *known(metric, params)).silhouettes(), labelled.X.dtype
