"""The Calinski-Harabasz and the Davies-Bouldin score."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks
from scratchml.core.labels import check_labels, check_number_of_labels, encode_labels
from scratchml.core.params import check_params
from scratchml.core.validation import check_array

from .moments import Moments, cluster_moments

NEXT_TO_NOTHING = 1e-8
"""Where all mean distances within clusters, or all between means, are no larger than this, the
Davies-Bouldin score is 0, as in scikit-learn."""

DIFFERENCES_AT_ONCE = 2**17
"""Numbers, in each thread, of the differences between means that are held at once."""


def calinski_harabasz_score(X: Any, labels: Any) -> float:
    """Calinski-Harabasz score: dispersion between clusters over dispersion within.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The samples.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.

    Returns
    -------
    float
        At least 0; larger is better. 1 where each cluster is a single place.

    Raises
    ------
    InvalidParameterError
        If a parameter is no array-like.
    ValueError
        If the data are not valid, or if there are not 2 to n_samples - 1 clusters.

    See Also
    --------
    davies_bouldin_score : Compares each cluster with the one most like it.
    silhouette_score : Compares each sample with the clusters it might be in.
    scratchml.model_selection.choose_k : Scores a range of numbers of clusters.

    Notes
    -----
    It is the F statistic of an analysis of variance. Large, round clusters of about equal size are
    what it rewards.

    Time O(n_samples n_features). Beyond the data, memory for the means, and for each block of rows
    as many sums.

    **Differences from scikit-learn.** None in value but for rounding, which is less here where the
    data are far from the origin.

    References
    ----------
    .. [1] T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications in
       Statistics 3(1), 1974.

    Examples
    --------
    >>> from scratchml.metrics import calinski_harabasz_score
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> calinski_harabasz_score(X, [0, 0, 1, 1])
    50.0
    """
    return calinski_harabasz(_checked_moments(X, labels, "calinski_harabasz_score"))


def davies_bouldin_score(X: Any, labels: Any) -> float:
    """Davies-Bouldin score: how much each cluster is like the one most like it, on average.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The samples.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.

    Returns
    -------
    float
        At least 0; less is better.

    Raises
    ------
    InvalidParameterError
        If a parameter is no array-like.
    ValueError
        If the data are not valid, or if there are not 2 to n_samples - 1 clusters.

    See Also
    --------
    calinski_harabasz_score : Dispersion between clusters over dispersion within.
    silhouette_score : Compares each sample with the clusters it might be in.
    scratchml.model_selection.choose_k : Scores a range of numbers of clusters.

    Notes
    -----
    Two clusters are like each other if their samples are far from their means, on average, beside
    the distance of the means. Means that coincide are not compared; where all mean distances within
    clusters are next to nothing, or all between means, the score is 0.

    Time O(n_samples n_features + n_clusters^2 n_features). Beyond the data, memory for the means,
    and for each block of rows as many sums.

    **Differences from scikit-learn.** None in value but for rounding. Distances are sums of squared
    differences here; from dot products they lose digits where the data are far from the origin.

    References
    ----------
    .. [1] D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE Transactions on
       Pattern Analysis and Machine Intelligence 1(2), 1979, with p = 2 and q = 1.

    Examples
    --------
    >>> from scratchml.metrics import davies_bouldin_score
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> davies_bouldin_score(X, [0, 0, 1, 1])
    0.2
    """
    return davies_bouldin(_checked_moments(X, labels, "davies_bouldin_score"))


def _checked_moments(X: Any, labels: Any, caller: str) -> Moments:
    check_params({"X": ["array-like"], "labels": ["array-like"]}, locals(), caller)
    X = check_array(X, estimator_name=caller)
    classes, codes = encode_labels(check_labels(labels, len(X)))
    check_number_of_labels(len(classes), len(X))
    return cluster_moments(X, codes, len(classes))


# --- from moments ---------------------------------------------------------------------------------


def calinski_harabasz(moments: Moments) -> float:
    """The Calinski-Harabasz score of clusters with these moments, none of them empty."""
    sizes = moments.sizes
    n_samples, n_clusters = int(sizes.sum()), len(sizes)
    within = float(moments.sq_deviations.sum())
    if within == 0:
        return 1.0
    from_first = -moments.mean_differences(slice(0, 1))[0]
    overall = sizes @ from_first / n_samples
    between = float(sizes @ np.square(from_first - overall).sum(axis=1))
    return between * (n_samples - n_clusters) / (within * (n_clusters - 1))


def davies_bouldin(moments: Moments) -> float:
    """The Davies-Bouldin score of clusters with these moments, none of them empty."""
    spreads = moments.deviations / moments.sizes
    n_clusters = len(spreads)
    n_together = max(DIFFERENCES_AT_ONCE // moments.shifts.size, 1)

    def compare(_: int, block: slice) -> tuple[np.ndarray, float]:
        """How much each cluster of a block is like the one most like it; how far a mean is."""
        likeness, farthest = [np.empty(0)], 0.0
        for start in range(block.start, block.stop, n_together):
            some = slice(start, min(start + n_together, block.stop))
            distances = np.linalg.norm(moments.mean_differences(some), axis=2)
            farthest = max(farthest, float(distances.max()))
            distances[distances == 0] = np.inf
            likeness.append(((spreads[some, np.newaxis] + spreads) / distances).max(axis=1))
        return np.concatenate(likeness), farthest

    blocks = row_blocks(n_clusters, 4.0 * moments.shifts.size)
    parts = map_blocks(compare, blocks)
    if spreads.max() <= NEXT_TO_NOTHING or max(far for _, far in parts) <= NEXT_TO_NOTHING:
        return 0.0
    return float(np.concatenate([likeness for likeness, _ in parts]).mean())
