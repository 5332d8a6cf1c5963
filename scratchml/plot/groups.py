"""Labels of any kind as clusters: names, codes, sizes, means, and which samples to draw."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.containers import to_ndarray

from .projection import float64_blocks

# Points of a small cluster that thinning keeps, where there is room: enough to be seen.
_VISIBLE_POINTS = 20


class Clusters(NamedTuple):
    """A labeling: sample i belongs to the cluster `names[codes[i]]`, or is noise.

    Attributes
    ----------
    names : ndarray of shape (n_clusters,)
        The label of each cluster.
    codes : ndarray of shape (n_samples,), intp
        Index into `names`; -1 is noise.
    """

    names: np.ndarray
    codes: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Number of samples of each cluster, intp[n_clusters]."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    @property
    def shares(self) -> np.ndarray:
        """Share of each cluster in all samples, noise among them, float64[n_clusters]."""
        return self.sizes / len(self.codes)


def check_labels(labels: Any, n_samples: int) -> np.ndarray:
    """Labels as an array.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Numbers or strings.
    n_samples : int
        Number of samples that they belong to.

    Raises
    ------
    ValueError
        If their shape is another one.
    """
    labels = to_ndarray(labels, "labels")
    if labels.shape != (n_samples,):
        raise ValueError(f"labels has shape {labels.shape}, expected {(n_samples,)}.")
    return labels


def cluster_names(labels: np.ndarray, n_centers: int | None = None) -> np.ndarray:
    """The labels of the clusters, sorted; noise is none.

    Parameters
    ----------
    labels : ndarray
        Labels of samples.
    n_centers : int or None
        Number of centres, if there are any. Then integers below it count centres, of which some
        may have no sample. Other labels belong to the centres in sorted order.

    Raises
    ------
    ValueError
        If labels and centres do not fit together.
    """
    names = np.unique(labels[~_is_noise(labels)])
    if n_centers is None:
        return names
    if names.dtype.kind in "iu" and (len(names) == 0 or 0 <= names[0] <= names[-1] < n_centers):
        return np.arange(n_centers)
    if len(names) != n_centers:
        raise ValueError(f"There are {n_centers} centers, but labels of {len(names)} clusters.")
    return names


def encode(labels: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Index of each label in the sorted `names`; -1 for noise. Every label is one or the other."""
    codes = np.searchsorted(names, labels)
    codes[_is_noise(labels)] = -1
    return codes


def _is_noise(labels: np.ndarray) -> np.ndarray:
    # Strings have no number that stands for noise.
    return labels == -1 if labels.dtype.kind in "iufO" else np.zeros(labels.shape, dtype=bool)


def cluster_means(X: Any, clusters: Clusters) -> np.ndarray:
    """Mean of the samples of each cluster; each cluster has at least one.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The samples.
    clusters : Clusters
        Which of them belong together.

    Returns
    -------
    ndarray of shape (n_clusters, n_features), float64
    """
    from scipy.sparse import csr_array

    n_clusters = len(clusters.names)
    sums = np.zeros((n_clusters + 1, X.shape[1]))
    for rows, block in float64_blocks(X):
        # Noise, -1, is collected in the last row.
        members = (clusters.codes[rows] % (n_clusters + 1), np.arange(len(block)))
        shape = (n_clusters + 1, len(block))
        sums += csr_array((np.ones(len(block)), members), shape=shape) @ block
    return sums[:-1] / clusters.sizes[:, None]


def middle_points(points: np.ndarray, codes: np.ndarray) -> dict[int, np.ndarray]:
    """The point of each cluster that is nearest to their mean, seen on axes of equal length.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_axes)
        Where the points are.
    codes : ndarray of shape (n_points,)
        Cluster of each; -1 is noise.

    Returns
    -------
    dict of int to ndarray of shape (n_axes,)
        By code, for the clusters that have points.
    """
    scale = np.ptp(points, axis=0)
    scaled = points / np.where(scale > 0, scale, 1)
    middles = {}
    for code in np.unique(codes[codes >= 0]):
        members = np.flatnonzero(codes == code)
        offsets = scaled[members] - scaled[members].mean(axis=0)
        middles[int(code)] = points[members[np.argmin((offsets**2).sum(axis=1))]]
    return middles


def draw_samples(
    codes: np.ndarray, max_points: int | None, random_state: np.random.RandomState
) -> np.ndarray:
    """Draw samples to show, such that none of the clusters disappears.

    Every sample is as likely as any other, but that of small clusters (and of noise) at least a
    few are taken.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Cluster of each sample; -1 is noise.
    max_points : int or None
        How many to draw at most; None draws all.
    random_state : RandomState
        Draws one number for each sample, if not all are taken, and a permutation.

    Returns
    -------
    ndarray of shape (min(n_samples, max_points),), intp
        Indices, in random order: drawn one after the other no cluster covers another.

    Raises
    ------
    ValueError
        If `max_points` is less than the number of clusters.
    """
    n_samples = len(codes)
    if max_points is None or n_samples <= max_points:
        return random_state.permutation(n_samples)
    sizes = np.bincount(codes + 1)
    n_groups = np.count_nonzero(sizes)
    if max_points < n_groups:
        raise ValueError(
            f"max_points={max_points} should be >= {n_groups}, so that each cluster can be seen."
        )
    n_kept = min(max(max_points // (2 * n_groups), 1), _VISIBLE_POINTS)
    urgency = random_state.random_sample(n_samples)
    order = np.lexsort((urgency, codes))
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(n_samples) - starts[codes[order] + 1]
    urgency[order[rank < n_kept]] -= 1  # before all others
    return random_state.permutation(np.argpartition(urgency, max_points)[:max_points])
