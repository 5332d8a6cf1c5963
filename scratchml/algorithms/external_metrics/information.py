"""Metrics of the information that two labelings share, in nats."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.params import check_params

from .contingency import Contingency, as_contingency, count_contingency, count_labels
from .labelings import CONSTRAINTS, check_clusterings, check_labeling


def entropy_of(sizes: np.ndarray) -> float:
    """Entropy of a labeling in nats.

    Parameters
    ----------
    sizes : int64[n_labels]
        How many samples have each label; at least 1.
    """
    n_samples = int(sizes.sum())
    # No product by BLAS: its sums may depend on the number of threads.
    return float((sizes / n_samples * np.log(n_samples / sizes)).sum())


def information_of(cells: Contingency) -> float:
    """Information that the cluster of a sample gives on its class, in nats.

    Parameters
    ----------
    cells : Contingency
    """
    # Two exact cases, so that what is perfect scores 1 to the last bit.
    if cells.is_homogeneous:
        return entropy_of(cells.class_sizes)
    if cells.is_complete:
        return entropy_of(cells.cluster_sizes)
    counts = cells.counts.astype(np.float64)
    independent = cells.class_sizes[cells.classes] * cells.cluster_sizes[cells.clusters].astype(
        np.float64
    )
    n_samples = cells.n_samples
    terms = counts / n_samples * np.log(counts * n_samples / independent)
    return max(float(terms.sum()), 0.0)


def average_of(u: float, v: float, average_method: str) -> float:
    """Mean of two entropies, of the kind asked for."""
    if average_method == "min":
        return min(u, v)
    if average_method == "max":
        return max(u, v)
    if average_method == "geometric":
        return float(np.sqrt(u * v))
    return (u + v) / 2


def _cells_of(labels_true: Any, labels_pred: Any) -> Contingency:
    return count_contingency(*check_clusterings(labels_true, labels_pred))


def entropy(labels: Any) -> float:
    """Entropy of a labeling, in nats.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The cluster of each sample.

    Returns
    -------
    float
        0 for a single cluster, at most the logarithm of the number of clusters, and 1 for no labels
        at all, as scikit-learn has it.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    Notes
    -----
    **Differences from scikit-learn.** There the function is deprecated from version 1.8 on.

    Examples
    --------
    >>> from scratchml.metrics import entropy
    >>> round(entropy(["a", "a", "b", "b"]), 4)
    0.6931
    """
    check_params(CONSTRAINTS, locals(), "entropy")
    sizes = count_labels(check_labeling(labels, "labels"))
    return entropy_of(sizes) if len(sizes) else 1.0


def mutual_info_score(labels_true: Any, labels_pred: Any, *, contingency: Any = None) -> float:
    """Mutual information of two labelings, in nats.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.
    contingency : array-like or sparse matrix of shape (n_classes, n_clusters), default=None
        What `contingency_matrix` returns. Where it is given, the labels are not looked at, and may
        be None.

    Returns
    -------
    float
        At least 0, at most the smaller of the two entropies. Adjusted neither for the number of
        clusters nor for chance.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If labels are not valid, or the matrix has negative counts.

    Notes
    -----
    **Differences from scikit-learn.** No labels at all have mutual information 0; there they end in
    an error.

    Examples
    --------
    >>> from scratchml.metrics import mutual_info_score
    >>> round(mutual_info_score([0, 0, 1, 1], [0, 0, 1, 2]), 4)
    0.6931
    """
    if contingency is None:
        check_params(CONSTRAINTS, locals(), "mutual_info_score")
        cells = _cells_of(labels_true, labels_pred)
    else:
        check_params(CONSTRAINTS, {"contingency": contingency}, "mutual_info_score")
        cells = as_contingency(contingency)
    return information_of(cells) if len(cells.counts) else 0.0


def normalized_mutual_info_score(
    labels_true: Any, labels_pred: Any, *, average_method: str = "arithmetic"
) -> float:
    """Mutual information over a mean of the two entropies.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.
    average_method : {'arithmetic', 'geometric', 'max', 'min'}, default='arithmetic'
        The mean.

    Returns
    -------
    float
        From 0 to 1; 1 for the same clusters. Not adjusted for chance: random labels score the
        higher, the more clusters there are.

    Raises
    ------
    InvalidParameterError, ValueError
        If a parameter or the labels are not valid.

    See Also
    --------
    adjusted_mutual_info_score : Adjusted for chance.
    v_measure_score : The same, with the arithmetic mean.

    Examples
    --------
    >>> from scratchml.metrics import normalized_mutual_info_score
    >>> normalized_mutual_info_score([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    """
    check_params(CONSTRAINTS, locals(), "normalized_mutual_info_score")
    cells = _cells_of(labels_true, labels_pred)
    if cells.is_homogeneous and cells.is_complete:
        return 1.0
    information = information_of(cells)
    if information == 0:
        return 0.0
    entropies = entropy_of(cells.class_sizes), entropy_of(cells.cluster_sizes)
    return min(information / average_of(*entropies, average_method), 1.0)


def homogeneity_completeness_v_measure(
    labels_true: Any, labels_pred: Any, *, beta: float = 1.0
) -> tuple[float, float, float]:
    """Homogeneity, completeness and V-measure at once.

    Parameters
    ----------
    labels_true : array-like of shape (n_samples,)
        The class of each sample.
    labels_pred : array-like of shape (n_samples,)
        The cluster of each sample.
    beta : float, default=1.0
        Weight of completeness in the V-measure, over that of homogeneity.

    Returns
    -------
    homogeneity : float
        From 0 to 1: how far each cluster holds samples of one class only.
    completeness : float
        From 0 to 1: how far the samples of each class are in one cluster.
    v_measure : float
        Their harmonic mean, weighted by ``beta``.

    Raises
    ------
    InvalidParameterError, ValueError
        If a parameter or the labels are not valid.

    Notes
    -----
    **Differences from scikit-learn.** With ``beta=0`` and no completeness the V-measure is 0; there
    it ends in a division by zero.

    References
    ----------
    .. [1] A. Rosenberg and J. Hirschberg, "V-measure: a conditional entropy-based external cluster
       evaluation measure", EMNLP-CoNLL 2007.

    Examples
    --------
    >>> from scratchml.metrics import homogeneity_completeness_v_measure
    >>> scores = homogeneity_completeness_v_measure([0, 0, 1, 1], [0, 0, 1, 2])
    >>> [round(score, 4) for score in scores]
    [1.0, 0.6667, 0.8]
    """
    return _v_measure(labels_true, labels_pred, beta, "homogeneity_completeness_v_measure")


def homogeneity_score(labels_true: Any, labels_pred: Any) -> float:
    """How far each cluster holds samples of one class only.

    Parameters
    ----------
    labels_true : array-like of shape (n_samples,)
        The class of each sample.
    labels_pred : array-like of shape (n_samples,)
        The cluster of each sample.

    Returns
    -------
    float
        From 0 to 1. It is 1 also where each sample is a cluster of its own.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    See Also
    --------
    completeness_score : The same with classes and clusters swapped.
    v_measure_score : The mean of the two.

    Examples
    --------
    >>> from scratchml.metrics import homogeneity_score
    >>> homogeneity_score([0, 0, 1, 1], [0, 0, 1, 2])
    1.0
    """
    return _v_measure(labels_true, labels_pred, 1.0, "homogeneity_score")[0]


def completeness_score(labels_true: Any, labels_pred: Any) -> float:
    """How far the samples of each class are in one cluster.

    Parameters
    ----------
    labels_true : array-like of shape (n_samples,)
        The class of each sample.
    labels_pred : array-like of shape (n_samples,)
        The cluster of each sample.

    Returns
    -------
    float
        From 0 to 1. It is 1 also where all samples are in one cluster.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    See Also
    --------
    homogeneity_score : The same with classes and clusters swapped.
    v_measure_score : The mean of the two.

    Examples
    --------
    >>> from scratchml.metrics import completeness_score
    >>> completeness_score([0, 0, 1, 1], [0, 0, 0, 0])
    1.0
    """
    return _v_measure(labels_true, labels_pred, 1.0, "completeness_score")[1]


def v_measure_score(labels_true: Any, labels_pred: Any, *, beta: float = 1.0) -> float:
    """Harmonic mean of homogeneity and completeness.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample.
    beta : float, default=1.0
        Weight of completeness, over that of homogeneity. With 1 the order of the labels does not
        matter.

    Returns
    -------
    float
        From 0 to 1. Not adjusted for chance.

    Raises
    ------
    InvalidParameterError, ValueError
        If a parameter or the labels are not valid.

    See Also
    --------
    normalized_mutual_info_score : The same where ``beta`` is 1.

    Examples
    --------
    >>> from scratchml.metrics import v_measure_score
    >>> round(v_measure_score([0, 0, 1, 1], [0, 0, 1, 2]), 4)
    0.8
    """
    return _v_measure(labels_true, labels_pred, beta, "v_measure_score")[2]


def _v_measure(
    labels_true: Any, labels_pred: Any, beta: float, owner: str
) -> tuple[float, float, float]:
    check_params(CONSTRAINTS, locals(), owner)
    cells = _cells_of(labels_true, labels_pred)
    if len(cells.counts) == 0:
        return 1.0, 1.0, 1.0
    information = information_of(cells)
    homogeneity = completeness = 1.0
    if not cells.is_homogeneous:
        homogeneity = min(information / entropy_of(cells.class_sizes), 1.0)
    if not cells.is_complete:
        completeness = min(information / entropy_of(cells.cluster_sizes), 1.0)
    both = homogeneity * completeness
    v_measure = (1 + beta) * both / (beta * homogeneity + completeness) if both else 0.0
    return homogeneity, completeness, v_measure
