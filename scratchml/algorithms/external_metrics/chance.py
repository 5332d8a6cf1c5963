"""Mutual information adjusted for chance."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.params import Interval, check_params

from .contingency import Contingency, as_contingency, count_contingency
from .information import average_of, entropy_of, information_of
from .kernels import sum_expected_information
from .labelings import CONSTRAINTS, check_clusterings

PAIR_OPERATIONS = 200
"""About what the expected cell of a class and a cluster costs, in multiply-adds."""


def expected_mutual_information(contingency: Any, n_samples: int) -> float:
    """Mutual information of random labelings with clusters of given sizes, on average, in nats.

    Parameters
    ----------
    contingency : array-like or sparse matrix of shape (n_classes, n_clusters)
        Only the sums of its rows and columns matter.
    n_samples : int
        The sum of all its counts.

    Returns
    -------
    float

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If the matrix has negative counts, or another number of samples.

    See Also
    --------
    adjusted_mutual_info_score : What it is for.

    Notes
    -----
    **Differences from scikit-learn.** Another number of samples than that of the matrix is refused.

    Probabilities are computed relative to that of the most probable count, without a factorial, so
    that nothing is lost where there are many samples.

    Time: one term for each class size, cluster size and count that is at all probable. Classes of
    one size are done at once, so that there are never more than 2 ``n_samples`` pairs of sizes.
    Memory O(n_classes + n_clusters).

    References
    ----------
    .. [1] N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings
       comparison: variants, properties, normalization and correction for chance", Journal of
       Machine Learning Research 11, 2010.

    Examples
    --------
    >>> from scratchml.metrics import expected_mutual_information
    >>> round(expected_mutual_information([[2, 0], [0, 2]], 4), 4)
    0.231
    """
    check_params(
        {
            "contingency": ["array-like", "sparse matrix"],
            "n_samples": [Interval(Integral, 1, None, closed="left")],
        },
        locals(),
        "expected_mutual_information",
    )
    cells = as_contingency(contingency)
    if cells.n_samples != n_samples:
        raise ValueError(
            f"n_samples is {n_samples}, but the counts in contingency add up to {cells.n_samples}."
        )
    return expected_information_of(cells)


def expected_information_of(cells: Contingency) -> float:
    """As `expected_mutual_information`, of a `Contingency`.

    Parameters
    ----------
    cells : Contingency
    """
    if 1 in (len(cells.class_sizes), len(cells.cluster_sizes)):
        return 0.0
    n_samples = cells.n_samples
    class_sizes, class_counts = _sizes_and_counts(cells.class_sizes)
    cluster_sizes, cluster_counts = _sizes_and_counts(cells.cluster_sizes)

    def add_up(_: int, block: slice) -> float:
        return sum(
            sum_expected_information(
                class_sizes,
                class_counts,
                cluster_sizes,
                cluster_counts,
                float(n_samples),
                piece.start,
                piece.stop,
            )
            for piece in row_pieces(block, PAIR_OPERATIONS)
        )

    n_pairs = len(class_sizes) * len(cluster_sizes)
    sums = map_blocks(add_up, row_blocks(n_pairs, PAIR_OPERATIONS))
    return float(sum(sums)) / n_samples


def _sizes_and_counts(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different sizes, and how often there is each, float64."""
    different, counts = np.unique(sizes, return_counts=True)
    return different.astype(np.float64), counts.astype(np.float64)


def adjusted_mutual_info_score(
    labels_true: Any, labels_pred: Any, *, average_method: str = "arithmetic"
) -> float:
    """Mutual information adjusted for chance: 0 for random labels, 1 for the same clusters.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        The class and the cluster of each sample; the order of the two does not matter.
    average_method : {'arithmetic', 'geometric', 'max', 'min'}, default='arithmetic'
        The mean of the two entropies that the mutual information is compared with.

    Returns
    -------
    float
        At most 1; random labels score 0 on average, and therefore negative values now and then.

    Raises
    ------
    InvalidParameterError, ValueError
        If a parameter or the labels are not valid.

    See Also
    --------
    adjusted_rand_score : Adjusted for chance too; large clusters count for more.
    expected_mutual_information : What is taken off.

    Notes
    -----
    **Differences from scikit-learn.** Where each sample is a class or a cluster of its own, all
    labelings of the same sizes have the same mutual information: the score is 0, or 1 with
    ``average_method='min'``, as there is no more to be had. There it is what rounding leaves, which
    with 'min' may be any number.

    Time and memory as of `expected_mutual_information`, after those of counting pairs of labels.

    References
    ----------
    .. [1] N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings
       comparison: variants, properties, normalization and correction for chance", Journal of
       Machine Learning Research 11, 2010.

    Examples
    --------
    >>> from scratchml.metrics import adjusted_mutual_info_score
    >>> round(adjusted_mutual_info_score([0, 0, 1, 1], [0, 0, 1, 2]), 4)
    0.5714
    """
    check_params(CONSTRAINTS, locals(), "adjusted_mutual_info_score")
    cells = count_contingency(*check_clusterings(labels_true, labels_pred))
    if cells.is_homogeneous and cells.is_complete:
        return 1.0
    n_samples, n_classes = cells.n_samples, len(cells.class_sizes)
    n_clusters = len(cells.cluster_sizes)
    if 1 in (n_classes, n_clusters):
        return 0.0
    information = information_of(cells)
    average = average_of(
        entropy_of(cells.class_sizes), entropy_of(cells.cluster_sizes), average_method
    )
    expected = information
    if n_samples not in (n_classes, n_clusters):
        expected = expected_information_of(cells)
    room = average - expected
    # As much as can be, and no more than by chance: 0 / 0, which counts as perfect.
    if room < np.finfo(np.float64).eps:
        return 1.0
    return (information - expected) / room
