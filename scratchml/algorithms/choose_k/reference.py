"""Gap statistic, stability and knee, in plain NumPy.

symbol     name
---------  -----------------------------------------------------------------------
n, d, k    numbers of samples, features and clusters
W_k        dispersion: sum of squared distances to the mean of the own cluster   (1)
depths     how far log W over log k is below the line between its ends           (2)
z          reference set: n points, uniform in a box around the data             (3)
B          number of reference sets
Gap(k)     mean over the reference sets of log W_k, less that of the data        (4)
s_k        standard error of Gap(k)                                              (5)
n_ij       number of samples in cluster i of one clustering and j of another
ARI        adjusted Rand index of two clusterings                                (7)

R. Tibshirani, G. Walther and T. Hastie, "Estimating the number of clusters in a data set via the
gap statistic", Journal of the Royal Statistical Society B 63(2), 2001, section 4.
T. Lange, V. Roth, M. L. Braun and J. M. Buhmann, "Stability-based validation of clustering
solutions", Neural Computation 16(6), 2004.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Cluster = Callable[[np.ndarray, int], tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]]
"""Clusters samples into k: gives their labels, and a function that labels others."""


# --- gap ------------------------------------------------------------------------------------------


def dispersion(X: np.ndarray, labels: np.ndarray) -> float:
    """Equation (1): W = sum over clusters and their samples of |x_i - mean|^2."""
    clusters = [X[labels == c] for c in np.unique(labels)]
    return float(sum(((members - members.mean(axis=0)) ** 2).sum() for members in clusters))


def reference_set(X: np.ndarray, U: np.ndarray) -> np.ndarray:
    """Equation (3): points uniform in the box around X along its principal components.

    Parameters
    ----------
    X : float[n, d]
        The data, with n >= d.
    U : float[n, d]
        Uniform between 0 and 1.

    Returns
    -------
    float[n, d]
    """
    mean = X.mean(axis=0)
    V = np.linalg.svd(X - mean)[2].T  # its columns are the components
    rotated = (X - mean) @ V
    low, high = rotated.min(axis=0), rotated.max(axis=0)
    return (low + (high - low) * U) @ V.T + mean


def gap(log_W: np.ndarray, log_W_refs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equations (4) and (5): the gap of each k, and its standard error.

    Parameters
    ----------
    log_W : float[n_ks]
        Of the data.
    log_W_refs : float[B, n_ks]
        Of the reference sets.
    """
    B = len(log_W_refs)
    return log_W_refs.mean(axis=0) - log_W, log_W_refs.std(axis=0) * np.sqrt(1 + 1 / B)


def choose_by_gap(gaps: np.ndarray, s: np.ndarray) -> int | None:
    """Equation (6): the first place with Gap(k) >= Gap(k + 1) - s_{k + 1}, if any has."""
    for i in range(len(gaps) - 1):
        if gaps[i] >= gaps[i + 1] - s[i + 1]:
            return i
    return None


# --- stability ------------------------------------------------------------------------------------


def pairs(n: np.ndarray) -> np.ndarray:
    """Number of pairs among n."""
    return n * (n - 1) / 2


def adjusted_rand(a: np.ndarray, b: np.ndarray) -> float:
    """Equation (7): pairs that two clusterings both keep together, beside those expected by chance.

    L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2, 1985.
    """
    n = np.array([[np.sum((a == i) & (b == j)) for j in np.unique(b)] for i in np.unique(a)])
    both, of_a, of_b = pairs(n).sum(), pairs(n.sum(axis=1)).sum(), pairs(n.sum(axis=0)).sum()
    expected, most = of_a * of_b / pairs(n.sum()), (of_a + of_b) / 2
    return float((both - expected) / (most - expected)) if most != expected else 1.0


def agreement(A: np.ndarray, B: np.ndarray, k: int, cluster: Cluster) -> float:
    """Equation (8): how well clusterings of two halves agree on the samples of both.

    Parameters
    ----------
    A, B : float[n_a, d], float[n_b, d]
    k : int
    cluster : Cluster
    """
    labels_a, predict_a = cluster(A, k)
    labels_b, predict_b = cluster(B, k)
    return (adjusted_rand(labels_b, predict_a(B)) + adjusted_rand(labels_a, predict_b(A))) / 2


# --- knee -----------------------------------------------------------------------------------------


def depths(ks: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Equation (2): how far log W over log k is below the line between its ends, over its height.

    V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan, "Finding a 'kneedle' in a haystack: detecting
    knee points in system behavior", ICDCS workshops 2011, without smoothing.
    """
    x = (np.log(ks) - np.log(ks[0])) / (np.log(ks[-1]) - np.log(ks[0]))
    y = (np.log(W) - np.log(W[-1])) / (np.log(W[0]) - np.log(W[-1]))
    return (1 - x) - y
