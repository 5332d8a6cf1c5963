"""One iteration of spherical K-means: Lloyd's on the sphere."""

from __future__ import annotations

import numpy as np

from scratchml.algorithms.kmeans import Lloyd, Statistics, update_centers


class SphericalLloyd(Lloyd):
    """Lloyd's iteration over directions, with centres that go back to the sphere.

    The statistics it returns are of clusters of weight one whose sums are the new centres, so that
    the mean that a run of K-means takes of them is the unit vector itself.
    """

    def __call__(self, centers: np.ndarray, labels: np.ndarray) -> Statistics:
        """Label all rows (``labels`` is modified in place) and find the centres that follow."""
        statistics = super().__call__(centers, labels)
        means = update_centers(self.rows, statistics, centers.astype(np.float64), labels)
        # Where directions cancel, every unit vector is as good: the centre stays.
        cancelled = ~means.any(axis=1)
        means[cancelled] = centers[cancelled]
        return statistics._replace(sums=unit_vectors(means), weights=np.ones(len(centers)))


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors divided by their lengths, none of which may be zero.

    Parameters
    ----------
    vectors : float[n, n_features]

    Returns
    -------
    float64[n, n_features]
    """
    # By the largest entry first, so that no square overflows or vanishes.
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True).astype(np.float64)
    return scaled / np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
