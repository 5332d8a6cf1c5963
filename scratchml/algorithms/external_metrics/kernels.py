"""Counting pairs of labels, and the expected information of random labelings."""

from __future__ import annotations

import numpy as np

from scratchml.core.jit import STRICT, kernel

NEGLIGIBLE = 2.0**-64
"""Probabilities below, relative to that of the mode, end a sum. The hypergeometric distribution is
log-concave: they fall the faster the farther they are from the mode, and all that are left out add
up to less than what rounding takes."""


@kernel(STRICT, allocates=False)
def count_pairs(labels_true, labels_pred, low_true, low_pred, n_columns, out_table):
    """Count the samples of each pair of labels, in a table of all pairs.

    Parameters
    ----------
    labels_true, labels_pred : int64[n_samples]
    low_true, low_pred : int
        The labels that the first row and the first column stand for.
    n_columns : int
    out_table : int[n_rows * n_columns]
        The table, row by row. Counts are added to it.
    """
    for i in range(labels_true.shape[0]):
        out_table[(labels_true[i] - low_true) * n_columns + (labels_pred[i] - low_pred)] += 1


@kernel(STRICT, allocates=False)
def distribute(keys, values, out_next, out_values):
    """Put each value in the next free place of its key: a pass of a stable counting sort.

    Parameters
    ----------
    keys, values : int32[n]
    out_next : int64[n_keys]
        The next free place of each key, which moves on by one for each value.
    out_values : int32[n_places]
    """
    for i in range(keys.shape[0]):
        place = out_next[keys[i]]
        out_values[place] = values[i]
        out_next[keys[i]] = place + 1


@kernel(STRICT, allocates=False)
def sum_expected_information(
    class_sizes, class_counts, cluster_sizes, cluster_counts, n_samples, begin, end
):
    """Sum m log(N m / (a b)) over the expected cells of classes and clusters of some sizes.

    A class of a samples and a cluster of b share m samples with a probability that is
    hypergeometric. From one m to the next it changes by a ratio of small numbers, so that it is
    computed from the mode outwards, relative to it, and divided by the sum of all in the end.
    Plain form: ``sum(p(m) * m * log(N * m / (a * b)) for m in range(a + 1))`` for each pair, with
    ``p(m) = comb(a, m) * comb(N - a, b - m) / comb(N, b)``.

    Parameters
    ----------
    class_sizes, class_counts : float64[n_class_sizes]
        The different sizes of classes, a, and how many classes there are of each.
    cluster_sizes, cluster_counts : float64[n_cluster_sizes]
        Those of clusters, b.
    n_samples : float
        N.
    begin, end : int
        Which pairs of sizes: the one of class size i and cluster size j is pair
        ``i * n_cluster_sizes + j``.

    Returns
    -------
    total : float
        Expected information in nats, times N.

    Notes
    -----
    The number of terms is in proportion to the standard deviation of m: some tens of terms for
    small clusters, whatever N is.
    """
    total = 0.0
    for pair in range(begin, end):
        i = pair // cluster_sizes.shape[0]
        j = pair - i * cluster_sizes.shape[0]
        a, b = class_sizes[i], cluster_sizes[j]
        rest = n_samples - a - b
        least, most = max(0.0, -rest), min(a, b)
        mode = min(max(np.floor((a + 1) * (b + 1) / (n_samples + 2)), least), most)
        scale = n_samples / (a * b)
        information = mode * np.log(scale * mode) if mode > 0 else 0.0
        weight = 1.0

        m, w = mode, 1.0
        while m < most and w > NEGLIGIBLE:
            w *= (a - m) * (b - m) / ((m + 1) * (rest + m + 1))
            m += 1
            weight += w
            information += w * (m * np.log(scale * m))

        m, w = mode, 1.0
        while m > least and w > NEGLIGIBLE:
            w *= m * (rest + m) / ((a - m + 1) * (b - m + 1))
            m -= 1
            weight += w
            if m > 0:
                information += w * (m * np.log(scale * m))

        total += class_counts[i] * cluster_counts[j] * (information / weight)
    return total
