"""Two scores of a clustering, in plain NumPy.

symbol  name
------  -------------------------------------------------------
n, k    numbers of samples and of clusters
n_c     size of cluster c, int[k]
m_c     mean of cluster c, float[k, d]
m       mean of all samples, float[d]
W       dispersion within: sum of |x_i - m_c|^2 over samples and their clusters
B       dispersion between: sum of n_c |m_c - m|^2 over clusters
S_c     mean distance of the samples of cluster c to its mean
M_cd    distance of the means of clusters c and d
R_c     how much cluster c is like the one most like it
"""

from __future__ import annotations

import numpy as np


def calinski_harabasz(X: np.ndarray, labels: np.ndarray) -> float:
    """Calinski and Harabasz (1974): dispersion between over dispersion within, each by its degrees
    of freedom.

    Parameters
    ----------
    X : float[n, d]
    labels : int[n]
        Of 2 to n - 1 clusters.

    Returns
    -------
    float
    """
    n, clusters = len(X), np.unique(labels)
    k = len(clusters)
    m = X.mean(axis=0)
    W = B = 0.0
    for c in clusters:
        members = X[labels == c]
        m_c = members.mean(axis=0)
        W += np.sum((members - m_c) ** 2)
        B += len(members) * np.sum((m_c - m) ** 2)
    return float((B / (k - 1)) / (W / (n - k))) if W > 0 else 1.0


def davies_bouldin(X: np.ndarray, labels: np.ndarray) -> float:
    """Davies and Bouldin (1979): the mean over clusters of their likeness to the most like other.

    Parameters
    ----------
    X : float[n, d]
    labels : int[n]
        Of 2 to n - 1 clusters.

    Returns
    -------
    float
    """
    members = [X[labels == c] for c in np.unique(labels)]
    m_c = [rows.mean(axis=0) for rows in members]
    S = [np.linalg.norm(rows - m, axis=1).mean() for rows, m in zip(members, m_c, strict=True)]
    k = len(members)
    M = np.array([[np.linalg.norm(m_c[c] - m_c[d]) for d in range(k)] for c in range(k)])
    if max(S) <= 1e-8 or M.max() <= 1e-8:
        return 0.0
    R = [max((S[c] + S[d]) / M[c, d] if M[c, d] > 0 else 0.0 for d in range(k)) for c in range(k)]
    return float(np.mean(R))
