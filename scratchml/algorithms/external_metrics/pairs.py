"""Metrics that count pairs of samples, in exact integers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from scratchml.core.params import check_params

from .contingency import Contingency, count_contingency
from .labelings import CONSTRAINTS, check_clusterings

MOST_SAMPLES = math.isqrt(2**63 - 1)
"""Sums of squares of so many samples, and no more, are sure to fit into int64."""


class Pairs(NamedTuple):
    """Ordered pairs of two different samples, by who puts the two together. Python integers."""

    neither: int
    """Apart in classes and in clusters: true negatives."""
    only_clusters: int
    """Together in a cluster, of different classes: false positives."""
    only_classes: int
    """Of one class, in different clusters: false negatives."""
    both: int
    """Of one class and in one cluster: true positives."""


def count_pairs_of_samples(cells: Contingency) -> Pairs:
    """Count the pairs of samples that two labelings put together.

    Parameters
    ----------
    cells : Contingency

    Returns
    -------
    Pairs
        Their sum is n_samples (n_samples - 1).
    """
    n = cells.n_samples
    both = _sum_of_squares(cells.counts, n) - n
    in_clusters = _sum_of_squares(cells.cluster_sizes, n) - n
    in_classes = _sum_of_squares(cells.class_sizes, n) - n
    neither = n * (n - 1) - in_clusters - in_classes + both
    return Pairs(neither, in_clusters - both, in_classes - both, both)


def _sum_of_squares(sizes: np.ndarray, n_samples: int) -> int:
    if n_samples <= MOST_SAMPLES:
        return int(np.dot(sizes, sizes))
    return sum(size * size for size in sizes.tolist())


def _pairs_of(labels_true: Any, labels_pred: Any) -> Pairs:
    return count_pairs_of_samples(count_contingency(*check_clusterings(labels_true, labels_pred)))


def pair_confusion_matrix(labels_true: Any, labels_pred: Any) -> np.ndarray:
    """Count the pairs of samples that two labelings put together and apart.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample.

    Returns
    -------
    ndarray of shape (2, 2), int64
        ``[[apart in both, together in labels_pred only], [together in labels_true only, together
        in both]]``. Each pair is counted twice, once in either order.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.
    OverflowError
        If a count does not fit into int64, which takes more than three thousand million samples.

    Examples
    --------
    >>> from scratchml.metrics import pair_confusion_matrix
    >>> pair_confusion_matrix([0, 0, 1, 1], [0, 0, 1, 2])
    array([[8, 0],
           [2, 2]])
    """
    check_params(CONSTRAINTS, locals(), "pair_confusion_matrix")
    return np.array(_pairs_of(labels_true, labels_pred), dtype=np.int64).reshape(2, 2)


def rand_score(labels_true: Any, labels_pred: Any) -> float:
    """Share of the pairs of samples that two labelings agree on (Rand index).

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.

    Returns
    -------
    float
        From 0 to 1; 1 for the same clusters, and where there is no pair. Not adjusted for chance:
        random labels of many clusters score almost 1.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    See Also
    --------
    adjusted_rand_score : Adjusted for chance.

    References
    ----------
    .. [1] W. M. Rand, "Objective criteria for the evaluation of clustering methods", Journal of the
       American Statistical Association 66, 1971.

    Examples
    --------
    >>> from scratchml.metrics import rand_score
    >>> rand_score([0, 0, 1, 1], [1, 1, 0, 2])
    0.8333333333333334
    """
    check_params(CONSTRAINTS, locals(), "rand_score")
    pairs = _pairs_of(labels_true, labels_pred)
    return (pairs.neither + pairs.both) / sum(pairs) if sum(pairs) else 1.0


def adjusted_rand_score(labels_true: Any, labels_pred: Any) -> float:
    """Rand index adjusted for chance: 0 for random labels on average, 1 for the same clusters.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.

    Returns
    -------
    float
        From -0.5 [2]_ to 1.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    See Also
    --------
    adjusted_mutual_info_score : Adjusted for chance too; small clusters count for more.

    Notes
    -----
    Pairs are counted, multiplied and divided in exact integers: there is one rounding, of the
    result, for any number of samples.

    References
    ----------
    .. [1] L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2, 1985.
    .. [2] J. E. Chacón and A. I. Rastrojo, "Minimum adjusted Rand index for two clusterings of a
       given size", Advances in Data Analysis and Classification 17, 2023.

    Examples
    --------
    >>> from scratchml.metrics import adjusted_rand_score
    >>> adjusted_rand_score([0, 0, 1, 1], [1, 1, 0, 2])
    0.5714285714285714
    >>> adjusted_rand_score([0, 0, 1, 1], [0, 1, 0, 1])
    -0.5
    """
    check_params(CONSTRAINTS, locals(), "adjusted_rand_score")
    tn, fp, fn, tp = _pairs_of(labels_true, labels_pred)
    if fp == fn == 0:
        return 1.0
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))


def fowlkes_mallows_score(labels_true: Any, labels_pred: Any) -> float:
    """Geometric mean of precision and recall over the pairs that are put together.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.

    Returns
    -------
    float
        From 0 to 1. 1 for the same clusters; 0 if no pair is together in both, which is so where
        each sample is a cluster of its own. Not adjusted for chance.

    Raises
    ------
    InvalidParameterError, ValueError
        If labels are not valid.

    References
    ----------
    .. [1] E. B. Fowlkes and C. L. Mallows, "A method for comparing two hierarchical clusterings",
       Journal of the American Statistical Association 78, 1983.

    Examples
    --------
    >>> from scratchml.metrics import fowlkes_mallows_score
    >>> fowlkes_mallows_score([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> fowlkes_mallows_score([0, 0, 0, 0], [0, 1, 2, 3])
    0.0
    """
    check_params(CONSTRAINTS, locals(), "fowlkes_mallows_score")
    _, fp, fn, tp = _pairs_of(labels_true, labels_pred)
    return math.sqrt(tp / (tp + fp)) * math.sqrt(tp / (tp + fn)) if tp else 0.0
