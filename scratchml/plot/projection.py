"""Samples of many features in the plane: principal axes, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scratchml.core.containers import is_sparse

_BLOCK_BYTES = 1 << 24


class PrincipalAxes(NamedTuple):
    """An affine map into the plane of largest variance.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
        The point that becomes the origin.
    axes : ndarray of shape (n_axes, n_features)
        Orthonormal, by decreasing variance; the loading that is largest in size is positive.
    shares : ndarray of shape (n_axes,)
        Share of the total variance along each axis; 0 where nothing varies.
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def project(self, X: Any) -> np.ndarray:
        """Coordinates of samples along the axes, float64[n_samples, n_axes]."""
        blocks = [(block - self.mean) @ self.axes.T for _, block in float64_blocks(X)]
        return np.concatenate(blocks)


def principal_axes(X: Any, n_axes: int = 2) -> PrincipalAxes:
    """Directions in which the samples vary most, uncorrelated with each other.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The samples; two passes over them, in float64 whatever their dtype.
    n_axes : int, default=2
        How many axes, at most n_features.

    Returns
    -------
    PrincipalAxes

    Notes
    -----
    O(n_samples n_features^2 + n_features^3) time and O(n_features^2) memory: the covariance is
    summed over blocks of rows, which alone are centred and made dense.
    """
    from scipy.linalg import eigh

    n_samples, n_features = X.shape
    mean = np.zeros(n_features)
    for _, block in float64_blocks(X):
        mean += block.sum(axis=0) / n_samples
    scatter = np.zeros((n_features, n_features))
    for _, block in float64_blocks(X):
        centred = block - mean
        scatter += centred.T @ centred
    values, vectors = eigh(scatter, subset_by_index=(n_features - n_axes, n_features - 1))
    axes = vectors.T[::-1]
    largest = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(n_axes), largest])[:, None]
    total = np.trace(scatter)
    shares = np.maximum(values[::-1], 0) / total if total > 0 else np.zeros(n_axes)
    return PrincipalAxes(mean, axes, shares)


def float64_blocks(X: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of dense or CSR samples, as dense float64 blocks of bounded size.

    Yields
    ------
    (slice, ndarray of shape (n_rows, n_features))
        Which rows, and the rows; they may share memory with `X`.
    """
    n_samples, n_features = X.shape
    n_rows = max(_BLOCK_BYTES // (8 * n_features), 1)
    for start in range(0, n_samples, n_rows):
        rows = slice(start, min(start + n_rows, n_samples))
        block = X[rows].toarray() if is_sparse(X) else X[rows]
        yield rows, block.astype(np.float64, copy=False)
