"""Silhouettes in plain NumPy, to be read.

symbol   name
-------  --------------------------------------------------------------------------
x_i      samples, the rows of X, float[n, d]
C        a cluster; own(i) is that of sample i
n_C      its number of samples
d(i, j)  distance of two samples, or another dissimilarity, 0 of a sample to itself
D_iC     sum of the distances of sample i to the samples of C              (1)
a_i      mean distance to the others of the own cluster                    (2)
b_i      mean distance to the samples of the nearest other cluster         (3)
s_i      silhouette of a sample                                            (4)
m_C      mean of a cluster
W_C      sum of the squared distances of its samples to m_C                (5)
u_i      direction of a sample, x_i / |x_i|, zero where x_i is

P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster
analysis", Journal of Computational and Applied Mathematics 20, 1987, section 2.

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [4.0], [6.0]])
>>> silhouette_samples(X, np.array([0, 0, 1, 1])).round(3)
array([0.8  , 0.75 , 0.429, 0.636])
"""

from __future__ import annotations

import math

import numpy as np

# --- distances ------------------------------------------------------------------------------------


def distances(X, i, metric="euclidean"):
    """d(i, j) of one sample to all.

    Parameters
    ----------
    X : float[n, d], or float[n, n] if metric='precomputed'
    i : int
    metric : {'euclidean', 'sqeuclidean', 'manhattan', 'cosine', 'precomputed'}

    Returns
    -------
    float64[n]
    """
    if metric == "precomputed":
        return X[i].astype(np.float64)
    if metric == "cosine":
        U = directions(X)
        # 1 - u_i.u_j is half the squared chord, which keeps its digits at small angles.
        d = ((U - U[i]) ** 2).sum(axis=1) / 2
        d[~U.any(axis=1) | ~U[i].any()] = 1  # what has no direction is at a right angle to all
        d[i] = 0
        return d
    difference = X.astype(np.float64) - X[i]
    if metric == "manhattan":
        return np.abs(difference).sum(axis=1)
    sq = (difference**2).sum(axis=1)
    return sq if metric == "sqeuclidean" else np.sqrt(sq)


def directions(X):
    """u_i: rows divided by their lengths, float64[n, d]; zero where they are."""
    X = X.astype(np.float64)
    lengths = np.sqrt((X**2).sum(axis=1, keepdims=True))
    return np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)


# --- sums of distances to each cluster ------------------------------------------------------------


def cluster_sums(X, labels, metric="euclidean"):
    """Equation (1): D_iC = sum over j in C of d(i, j), from all pairs.

    Parameters
    ----------
    X : as of `distances`
    labels : array[n]

    Returns
    -------
    float64[n, k]
        A column for each cluster, in ascending order of labels.
    """
    clusters = np.unique(labels)
    D = np.empty((len(X), len(clusters)))
    for i in range(len(X)):
        d = distances(X, i, metric)
        D[i] = [d[labels == C].sum() for C in clusters]
    return D


def sq_euclidean_sums(X, labels):
    """Equation (5): D_iC = n_C |x_i - m_C|^2 + W_C of squared distances, without pairs.

    Returns
    -------
    float64[n, k]
        As `cluster_sums` with metric='sqeuclidean', in O(n k d) time.
    """
    clusters = np.unique(labels)
    D = np.empty((len(X), len(clusters)))
    for column, C in enumerate(clusters):
        is_member = labels == C
        to_mean = sq_distances_to_mean(X, is_member)
        W = to_mean[is_member].sum()
        D[:, column] = is_member.sum() * to_mean + W
    return D


def sq_distances_to_mean(X, is_member):
    """|x_i - m_C|^2, float64[n].

    The mean is taken relative to a member: rounded, it would lose digits far from 0.
    """
    members = X[is_member].astype(np.float64)
    origin = members[0]
    return ((X - origin - (members - origin).mean(axis=0)) ** 2).sum(axis=1)


def cosine_sums(X, labels):
    """Equation (6): of directions, 1 - u_i.u_j = |u_i - u_j|^2 / 2, which has (5).

    Returns
    -------
    float64[n, k]
        As `cluster_sums` with metric='cosine', in O(n k d) time.
    """
    U = directions(X)
    clusters, own = np.unique(labels, return_inverse=True)
    has_direction = U.any(axis=1)
    D = np.zeros((len(X), len(clusters)))
    rows = np.flatnonzero(has_direction)
    columns = np.unique(own[rows])  # clusters with any direction
    if len(rows):
        D[np.ix_(rows, columns)] = sq_euclidean_sums(U[rows], own[rows]) / 2
    # What has no direction is at distance 1 from all, and at 0 from itself.
    for column in range(len(clusters)):
        D[rows, column] += (~has_direction[own == column]).sum()
        D[~has_direction, column] = (own == column).sum()
    D[~has_direction, own[~has_direction]] -= 1
    return D


# --- silhouettes ----------------------------------------------------------------------------------


def silhouettes(D, labels):
    """Equations (2) to (4), from the sums of distances.

    Parameters
    ----------
    D : float64[n, k]
        D_iC, as of `cluster_sums`.
    labels : array[n]

    Returns
    -------
    float64[n]
    """
    _, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    s = np.zeros(len(D))
    for i in range(len(D)):
        if sizes[own[i]] == 1:
            continue  # a_i is not defined: Rousseeuw sets s_i = 0
        a = D[i, own[i]] / (sizes[own[i]] - 1)
        b = np.delete(D[i] / sizes, own[i]).min()
        s[i] = ratio(a, b)
    return s


def ratio(a, b):
    """Equation (4): s = (b - a) / max(a, b), and 0 where both are 0."""
    return (b - a) / max(a, b) if max(a, b) > 0 else 0.0


def silhouette_samples(X, labels, metric="euclidean"):
    """s_i of every sample, from all pairs; its mean is the silhouette score.

    Parameters
    ----------
    X, metric : as of `distances`
    labels : array[n]
        Of 2 to n - 1 clusters.

    Returns
    -------
    float64[n]
    """
    return silhouettes(cluster_sums(X, labels, metric), labels)


# --- silhouettes by centres and by medoids --------------------------------------------------------


def simplified_silhouette(X, labels, centers=None, metric="euclidean"):
    """Equation (7): a_i and b_i are distances to the centres of clusters.

    E. R. Hruschka, L. N. de Castro and R. J. G. B. Campello, "Evolutionary algorithms for
    clustering gene-expression data", ICDM 2004.

    Parameters
    ----------
    X : float[n, d]
    labels : array[n]
    centers : float[k, d] or None
        In ascending order of labels; None takes the means.
    metric : {'euclidean', 'sqeuclidean'}

    Returns
    -------
    float64[n]
    """
    X = X.astype(np.float64)
    clusters, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if centers is None:
        to_centers = [sq_distances_to_mean(X, labels == C) for C in clusters]
    else:
        to_centers = [((X - m) ** 2).sum(axis=1) for m in np.asarray(centers, np.float64)]
    s = np.zeros(len(X))
    for i, d in enumerate(np.transpose(to_centers)):
        if sizes[own[i]] > 1:
            d = d if metric == "sqeuclidean" else np.sqrt(d)
            s[i] = ratio(d[own[i]], np.delete(d, own[i]).min())
    return s


def medoids_of(X, labels, metric="euclidean"):
    """The sample of each cluster with the least sum of distances to the others, int64[k].

    Ties go to the lowest index, and clusters are in ascending order of labels.
    """
    D = cluster_sums(X, labels, metric)
    medoids = []
    for column, C in enumerate(np.unique(labels)):
        members = np.flatnonzero(labels == C)
        medoids.append(members[D[members, column].argmin()])
    return np.array(medoids)


def medoid_silhouette(X, labels, medoids=None, metric="euclidean"):
    """Equation (8): a_i and b_i are distances to the medoids of clusters.

    L. Lenssen and E. Schubert, "Clustering by direct optimization of the medoid silhouette", SISAP
    2022, section 3. Where a_i = 0 they set s_i = 1, which a medoid itself so has.

    Parameters
    ----------
    X, metric : as of `distances`
    labels : array[n]
    medoids : int[k] or None
        Samples, in ascending order of labels; None takes `medoids_of`.

    Returns
    -------
    float64[n]
    """
    _, own = np.unique(labels, return_inverse=True)
    medoids = medoids_of(X, labels, metric) if medoids is None else medoids
    to_medoids = np.array([distances(X, i, metric)[medoids] for i in range(len(X))])
    s = np.ones(len(to_medoids))
    for i, d in enumerate(to_medoids):
        a, b = d[own[i]], np.delete(d, own[i]).min()
        if a > 0:
            s[i] = ratio(a, b)
    return s


# --- the score of a sample, and how far it may be from that of all --------------------------------


def interval(s, n, confidence_level=0.95):
    """Equation (9): mean of m of n silhouettes, drawn without replacement, and its interval.

    W. G. Cochran, *Sampling Techniques*, 3rd edition, Wiley 1977, sections 2.6 and 2.8.

    Parameters
    ----------
    s : float64[m]
        Of at least two of the n samples.
    n : int
    confidence_level : float

    Returns
    -------
    mean, low, high : float
    """
    m = len(s)
    variance = ((s - s.mean()) ** 2).sum() / (m - 1)
    error = math.sqrt(variance / m * (1 - m / n))
    margin = t_quantile((1 + confidence_level) / 2, m - 1) * error
    return s.mean(), s.mean() - margin, s.mean() + margin


def t_quantile(p, df):
    """The value that Student's t with ``df`` degrees of freedom exceeds with probability 1 - p.

    With t = sqrt(df) tan(v) the density is C cos(v)^(df - 1); p is at least 1/2.
    """
    log_c = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(math.pi) / 2
    nodes, weights = np.polynomial.legendre.leggauss(100)

    def probability(v):  # of values up to sqrt(df) tan(v)
        cosines = np.cos(v * (nodes + 1) / 2)
        return 0.5 + v / 2 * weights @ np.exp(log_c + (df - 1) * np.log(cosines))

    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if probability(middle) < p else (low, middle)
    return math.sqrt(df) * math.tan(low)
