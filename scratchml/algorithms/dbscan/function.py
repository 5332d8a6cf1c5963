"""Density-based clustering as a function."""

from __future__ import annotations

from typing import Any

import numpy as np

from .estimator import DBSCAN


def dbscan(
    X: Any,
    eps: float = 0.5,
    *,
    min_samples: int = 5,
    metric: Any = "minkowski",
    metric_params: dict[str, Any] | None = None,
    algorithm: str = "auto",
    leaf_size: int = 30,
    p: float | None = 2,
    sample_weight: Any = None,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster by density.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or (n_samples, n_samples)
        The samples, or distances if metric='precomputed'.
    eps : float, default=0.5
        The distance within which points are neighbours.
    min_samples : int, default=5
        Number, or weight, of the points within ``eps`` that makes a core point.
    metric : str or callable, default='minkowski'
        What is near.
    metric_params : dict or None, default=None
        Further arguments of the metric.
    algorithm : {'auto', 'kd_tree', 'ball_tree', 'brute', 'grid'}, default='auto'
        How neighbours are found.
    leaf_size : int, default=30
        Points in a leaf of the tree.
    p : float or None, default=2
        Power of 'minkowski'.
    sample_weight : array-like of shape (n_samples,), optional
        Weight of each sample.
    n_jobs : int or None, default=None
        Threads: None is as many as any fit may use, -1 all processors.

    Returns
    -------
    core_samples : ndarray of shape (n_core,), int64
        The core samples, ascending.
    labels : ndarray of shape (n_samples,), int64
        Cluster of each sample; -1 for noise.

    Raises
    ------
    InvalidParameterError, ValueError, TypeError
        As of `DBSCAN.fit`.

    See Also
    --------
    DBSCAN : The same as an estimator, which can tell the clusters of other samples.

    Examples
    --------
    >>> from scratchml.cluster import dbscan
    >>> core_samples, labels = dbscan([[1.0], [2.0], [2.5], [8.0]], eps=1, min_samples=2)
    >>> core_samples, labels
    (array([0, 1, 2]), array([ 0,  0,  0, -1]))
    """
    model = DBSCAN(
        eps,
        min_samples=min_samples,
        metric=metric,
        metric_params=metric_params,
        algorithm=algorithm,
        leaf_size=leaf_size,
        p=p,
        n_jobs=n_jobs,
    ).fit(X, sample_weight=sample_weight)
    return model.core_sample_indices_, model.labels_
