"""External metrics in plain Python, to be read.

symbol   name
------   ----------------------------------------------------------------------
U, V     two labelings of the same samples: classes, and clusters
N        number of samples
n        contingency matrix: n[i, j] samples are of class i and in cluster j
a, b     sizes of the classes and of the clusters: sums of the rows and columns of n
P, Q, T  pairs of samples of one class, in one cluster, and both
H        entropy, in nats
I        mutual information, in nats
E        its expected value, over all labelings with clusters of the same sizes

Pairs are counted as by W. M. Rand, "Objective criteria for the evaluation of clustering methods",
JASA 66, 1971, and by L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2,
1985. Information is that of A. Rosenberg and J. Hirschberg, "V-measure", EMNLP-CoNLL 2007, and of
N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison", JMLR
11, 2010. Integers and fractions are Python's, and exact.

>>> n = contingency(["x", "x", "y", "y", "y"], [0, 0, 0, 1, 1])
>>> n.tolist()
[[2, 0], [1, 2]]
>>> pairs(n)
(4, 2, 2, 2)
>>> adjusted_rand(n)
Fraction(1, 6)
>>> round(mutual_information(n), 4), round(expected_mutual_information(n), 4)
(0.2911, 0.1629)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

# --- counting -------------------------------------------------------------------------------------


def contingency(U: Sequence[Any], V: Sequence[Any]) -> np.ndarray:
    """How many samples each class shares with each cluster.

    Parameters
    ----------
    U, V : sequences of N labels

    Returns
    -------
    n : int64[n_classes, n_clusters]
        Rows and columns in ascending order of the labels.
    """
    classes, clusters = sorted(set(U)), sorted(set(V))
    n = np.zeros((len(classes), len(clusters)), np.int64)
    for u, v in zip(U, V, strict=True):
        n[classes.index(u), clusters.index(v)] += 1
    return n


def margins(n: np.ndarray) -> tuple[list[int], list[int], int]:
    """Sizes of the classes and of the clusters, and the number of samples.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]

    Returns
    -------
    a, b : list of int
    N : int
    """
    return n.sum(axis=1).tolist(), n.sum(axis=0).tolist(), int(n.sum())


# --- pairs of samples -----------------------------------------------------------------------------


def pairs(n: np.ndarray) -> tuple[int, int, int, int]:
    """Unordered pairs of samples: apart in both, only in one cluster, only of one class, both.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    a, b, N = margins(n)
    P = sum(math.comb(size, 2) for size in a)
    Q = sum(math.comb(size, 2) for size in b)
    T = sum(math.comb(count, 2) for count in n.ravel().tolist())
    return math.comb(N, 2) - P - Q + T, Q - T, P - T, T


def rand(n: np.ndarray) -> Fraction:
    """Share of the pairs that both labelings put together, or both apart (Rand 1971).

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    neither, _, _, both = pairs(n)
    return Fraction(neither + both, sum(pairs(n)))


def adjusted_rand(n: np.ndarray) -> Fraction:
    """(T - expected T) / (largest T - expected T), by Hubert and Arabie 1985, equation 5.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    _, only_clusters, only_classes, T = pairs(n)
    P, Q = T + only_classes, T + only_clusters
    expected = Fraction(P * Q, sum(pairs(n)))
    return (T - expected) / (Fraction(P + Q, 2) - expected)


def fowlkes_mallows(n: np.ndarray) -> float:
    """Geometric mean of T / P and T / Q (Fowlkes and Mallows 1983).

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    _, only_clusters, only_classes, T = pairs(n)
    return T / math.sqrt((T + only_classes) * (T + only_clusters))


# --- information ----------------------------------------------------------------------------------


def entropy(sizes: list[int]) -> float:
    """Sum of p log(1 / p) over the shares p of the clusters.

    Parameters
    ----------
    sizes : list of int
    """
    N = sum(sizes)
    return math.fsum(size / N * math.log(N / size) for size in sizes)


def conditional_entropy(n: np.ndarray) -> float:
    """Entropy of the class of a sample whose cluster is known.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    _, b, N = margins(n)
    columns = n.T.tolist()
    return math.fsum(
        count / N * math.log(size / count)
        for column, size in zip(columns, b, strict=True)
        for count in column
        if count > 0
    )


def mutual_information(n: np.ndarray) -> float:
    """What the cluster says of the class: sum of n_ij / N log(N n_ij / (a_i b_j)).

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    a, b, N = margins(n)
    return math.fsum(
        count / N * math.log(N * count / (a[i] * b[j]))
        for (i, j), count in np.ndenumerate(n)
        if count > 0
    )


def homogeneity(n: np.ndarray) -> float:
    """1 - H(U | V) / H(U), Rosenberg and Hirschberg 2007, equation 1; completeness is that of n.T.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    H = entropy(margins(n)[0])
    return 1 - conditional_entropy(n) / H if H else 1.0


def v_measure(n: np.ndarray, beta: float = 1.0) -> float:
    """Weighted harmonic mean of homogeneity and completeness.

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    beta : float
        Weight of completeness.
    """
    h, c = homogeneity(n), homogeneity(n.T)
    return (1 + beta) * h * c / (beta * h + c) if h * c else 0.0


# --- adjusted for chance --------------------------------------------------------------------------


def expected_mutual_information(n: np.ndarray) -> float:
    """Average of I over all labelings with clusters of the same sizes.

    Of the b_j samples of a cluster, m are of class i with a probability that is hypergeometric, and
    each cell enters I by itself (Vinh, Epps and Bailey 2010).

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    """
    a, b, N = margins(n)
    return math.fsum(
        Fraction(math.comb(size, m) * math.comb(N - size, other - m), math.comb(N, other))
        * Fraction(m, N)
        * Fraction(math.log(Fraction(N * m, size * other)))
        for size in a
        for other in b
        for m in range(max(1, size + other - N), min(size, other) + 1)
    )


def adjusted_mutual_information(
    n: np.ndarray, mean: Callable[[float, float], float] = lambda u, v: (u + v) / 2
) -> float:
    """(I - E) / (mean of the entropies - E).

    Parameters
    ----------
    n : int64[n_classes, n_clusters]
    mean : callable
        The arithmetic mean, or another.
    """
    a, b, _ = margins(n)
    expected = expected_mutual_information(n)
    return (mutual_information(n) - expected) / (mean(entropy(a), entropy(b)) - expected)
