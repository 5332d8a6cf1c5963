"""Silhouettes by the distances to one point of each cluster: its mean, or its medoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.algorithms.internal_metrics import cluster_moments
from scratchml.algorithms.nearest_neighbors import parameters_of_data
from scratchml.core.containers import is_sparse
from scratchml.core.params import Options, check_params
from scratchml.core.validation import check_array

from .checks import CONSTRAINTS, Labelled, check_labelled, threads_of
from .closed_forms import compare
from .dispatch import by_pairs, known, within_of
from .given import distances_to_points, mean_distances_by
from .means import Means

ROUGHLY = 1e-12
"""Sums of distances by pairs that differ by no more than this share of them may be equal,"""

ROUNDING = 1e-14
"""and sums of distances computed once more, without estimated roots."""


def simplified_silhouette(
    X: Any,
    labels: Any,
    *,
    centers: Any = None,
    metric: str = "euclidean",
    return_samples: bool = False,
) -> Any:
    """Mean silhouette by the distances to centres, in linear time.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The samples.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.
    centers : array-like of shape (n_clusters, n_features) or None, default=None
        Centre of each cluster, in ascending order of labels. None takes the means.
    metric : {'euclidean', 'sqeuclidean'}, default='euclidean'
        Distances, or their squares.
    return_samples : bool, default=False
        Whether to return the silhouettes of the samples too.

    Returns
    -------
    score : float
        From -1 to 1.
    samples : ndarray of shape (n_samples,), float64
        Only with ``return_samples``.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If data, labels or centres are not valid or do not fit each other, or there are not 2 to
        n_samples - 1 clusters.
    TypeError
        If the data are of a kind that cannot be taken.

    See Also
    --------
    silhouette_score : By the distances to all samples.
    medoid_silhouette : By the distances to medoids, for any metric.

    Notes
    -----
    With a the distance to the own centre and b that to the nearest other, it is (b - a) / max(a, b)
    for each sample; 0 for one that is alone in its cluster. Since distances to a centre are smaller
    than those to the samples around it, scores are higher than those of `silhouette_score`.
    O(n_samples n_clusters n_features) time.

    References
    ----------
    .. [1] E. R. Hruschka, L. N. de Castro and R. J. G. B. Campello, "Evolutionary algorithms for
       clustering gene-expression data", ICDM 2004.

    Examples
    --------
    >>> from scratchml.metrics import simplified_silhouette
    >>> simplified_silhouette([[0.0], [1.0], [4.0], [6.0]], [0, 0, 1, 1])
    0.83...
    """
    check_params(
        {
            **CONSTRAINTS,
            "metric": [Options({"euclidean", "sqeuclidean"})],
            "centers": ["array-like", None],
            "return_samples": ["boolean"],
        },
        locals(),
        "simplified_silhouette",
    )
    X, codes, n_clusters = check_labelled(X, labels, metric, takes_sparse=False)
    if centers is None:
        moments = cluster_moments(X, codes, n_clusters)
        origins, shifts = moments.origins, moments.shifts
    else:
        origins = check_array(centers, dtype=np.float64, input_name="centers")
        shifts = np.zeros(origins.shape)
        if origins.shape != (n_clusters, X.shape[1]):
            raise ValueError(
                f"The shape of centers {origins.shape} does not match the number of clusters and"
                f" features {(n_clusters, X.shape[1])}."
            )
    scores = _to_centers(X, codes, origins, shifts, metric).silhouettes()
    scores[np.bincount(codes)[codes] == 1] = 0
    return _result(scores, return_samples)


def medoid_silhouette(
    X: Any,
    labels: Any,
    *,
    medoids: Any = None,
    metric: Any = "euclidean",
    return_samples: bool = False,
    **kwds: Any,
) -> Any:
    """Mean silhouette by the distances to medoids, samples in the middle of their clusters.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
        The samples, as for `silhouette_samples`.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.
    medoids : array-like of shape (n_clusters,) or None, default=None
        Index of the medoid of each cluster, in ascending order of labels. None takes the sample
        with the least sum of distances to the others of its cluster, of several the first.
    metric : str or callable, default='euclidean'
        As of `silhouette_samples`.
    return_samples : bool, default=False
        Whether to return the silhouettes of the samples too.
    **kwds
        As of `silhouette_samples`.

    Returns
    -------
    score : float
        From -1 to 1.
    samples : ndarray of shape (n_samples,), float64
        Only with ``return_samples``.

    Raises
    ------
    InvalidParameterError, ValueError, TypeError
        As of `silhouette_samples`; ValueError also if there is not one medoid for each cluster.

    See Also
    --------
    simplified_silhouette : By the distances to means.

    Notes
    -----
    With a the distance to the own medoid and b that to the nearest other, it is (b - a) / max(a, b)
    for each sample; 1 where a is 0, as of the medoids themselves. O(n_samples n_clusters) distances
    where ``medoids`` are given. To find them takes those of all pairs within clusters, with another
    metric than 'euclidean' and 'manhattan' what `silhouette_samples` takes.

    References
    ----------
    .. [1] L. Lenssen and E. Schubert, "Clustering by direct optimization of the medoid silhouette",
       SISAP 2022, section 3.

    Examples
    --------
    >>> from scratchml.metrics import medoid_silhouette
    >>> medoid_silhouette([[0.0], [1.0], [4.0], [6.0]], [0, 0, 1, 1])
    0.81...
    """
    check_params(
        {
            **CONSTRAINTS,
            "medoids": ["array-like", None],
            "return_samples": ["boolean"],
        },
        locals(),
        "medoid_silhouette",
    )
    params = dict(kwds)
    with threads_of(params, "medoid_silhouette"):
        labelled = check_labelled(X, labels, metric)
        metric, params = known(metric, params)
        if medoids is None:
            medoids = _find_medoids(labelled, metric, params)
        else:
            medoids = _check_medoids(medoids, labelled.n_clusters, len(labelled.codes))
        to_medoids = _to_medoids(medoids, labelled, metric, params)
    scores = to_medoids.silhouettes()
    scores[to_medoids.within == 0] = 1
    return _result(scores, return_samples)


def _result(scores: np.ndarray, return_samples: bool) -> Any:
    score = float(scores.mean())
    return (score, scores) if return_samples else score


def _find_medoids(labelled: Labelled, metric: Any, params: dict[str, Any]) -> np.ndarray:
    """The sample of each cluster with the least sum of distances, intp[n_clusters]."""
    X, codes, n_clusters = labelled
    within = np.nan_to_num(within_of(X, codes, n_clusters, metric, params))  # NaN if alone
    rounding = ROUGHLY
    if by_pairs(X, metric, params) is not None:
        close = np.flatnonzero(_is_least(within, codes, n_clusters, rounding) & (within > 0))
        if len(close) > n_clusters:
            closely = mean_distances_by(X, codes, n_clusters, metric, params, close).within
            within = np.where(within > 0, np.inf, 0)
            within[close], rounding = closely, ROUNDING
    least = np.flatnonzero(_is_least(within, codes, n_clusters, rounding))
    return least[np.unique(codes[least], return_index=True)[1]]


def _is_least(
    values: np.ndarray, codes: np.ndarray, n_clusters: int, rounding: float
) -> np.ndarray:
    """Whether a value is the least of its cluster, or differs from it by rounding."""
    least = np.full(n_clusters, np.inf)
    np.minimum.at(least, codes, values)
    return values <= least[codes] * (1 + rounding)


def _check_medoids(medoids: Any, n_clusters: int, n_samples: int) -> np.ndarray:
    indices = np.asarray(medoids)
    if indices.shape != (n_clusters,) or indices.dtype.kind not in "iu":
        raise ValueError(
            f"medoids must be {n_clusters} indices, one for each cluster. Got {medoids!r} instead."
        )
    if indices.min() < 0 or indices.max() >= n_samples:
        raise ValueError(f"medoids must be indices from 0 to {n_samples - 1}. Got {medoids!r}.")
    return indices.astype(np.intp)


def _to_medoids(
    medoids: np.ndarray, labelled: Labelled, metric: Any, params: dict[str, Any]
) -> Means:
    """Distances to the own medoid, and to the nearest other."""
    X, codes, _ = labelled
    if not is_sparse(X) and not params and metric in ("euclidean", "l2", "sqeuclidean"):
        points = X[medoids].astype(np.float64)
        return _to_centers(X, codes, points, np.zeros(points.shape), metric)
    if isinstance(metric, str) and metric != "precomputed":
        params = {**params, **parameters_of_data(metric, X, params)}
    to_medoids = distances_to_points(X, codes, medoids, metric, params)
    # By some metrics, a row is not at distance 0 from itself.
    itself = medoids[codes[medoids] == np.arange(len(medoids))]
    to_medoids.within[itself] = 0
    return to_medoids


def _to_centers(
    X: np.ndarray, codes: np.ndarray, origins: np.ndarray, shifts: np.ndarray, metric: str
) -> Means:
    """Distances to the own centre and to the nearest other; centres are ``origins + shifts``."""
    ones, zeros = np.ones(len(origins)), np.zeros(len(origins))
    to_centers = Means(*compare(X, codes, origins, shifts, ones, zeros))
    if metric != "sqeuclidean":
        for sq_distances in to_centers:
            np.sqrt(sq_distances, out=sq_distances)
    return to_centers
