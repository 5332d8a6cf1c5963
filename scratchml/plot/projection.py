"""Samples of any number of features in the plane; of many, by their principal axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scratchml.core.containers import is_sparse

from .axes import percent

_BLOCK_BYTES = 1 << 24
# Beyond it the ranges and margins that are computed from the values, here and by matplotlib, are
# infinite.
_LARGEST = 1e300


class Placement(NamedTuple):
    """Where samples and centres are in a picture.

    Attributes
    ----------
    points : ndarray of shape (n_points, 2)
        The samples.
    centers : ndarray of shape (n_clusters, 2) or None
        The centres, if there are any.
    axis_labels : (str, str or None)
        What the axes are called; None where height means nothing.
    """

    points: np.ndarray
    centers: np.ndarray | None
    axis_labels: tuple[str, str | None]


def check_magnitude(X: Any, name: str, owner: str) -> None:
    """Raise ValueError if values are too large for any axis.

    Parameters
    ----------
    X : ndarray or CSR
        The values, all finite.
    name : str
        What the user calls them.
    owner : str
        Who draws them.
    """
    largest = _magnitude(X)
    if largest > _LARGEST:
        raise ValueError(
            f"{owner} draws values up to {_LARGEST:g} in size, but {name} has one of"
            f" {largest:.3g}. Scale the data first."
        )


def place_samples(
    X: Any,
    drawn: np.ndarray,
    centers: np.ndarray | None,
    feature_names: Any,
    random_state: np.random.RandomState,
) -> Placement:
    """Where samples are in a picture: as they are, or along their first two principal axes.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        All samples; dense unless they have more than two features.
    drawn : ndarray of shape (n_points,)
        Indices of those that are shown.
    centers : ndarray of shape (n_clusters, n_features) or None
        The centres.
    feature_names : sequence of str or None
        Names of the features.
    random_state : RandomState
        Draws the height of each point, if there is a single feature.

    Raises
    ------
    ValueError
        If there are more or fewer names than features.
    """
    points, n_features = X[drawn], X.shape[1]
    if feature_names is None:
        feature_names = [f"feature {i}" for i in range(n_features)]
    elif len(feature_names) != n_features:
        raise ValueError(f"There are {len(feature_names)} feature_names, but X has {n_features}.")
    if n_features == 1:
        jitter = random_state.uniform(-0.4, 0.4, size=(len(drawn), 1))
        flat = None if centers is None else np.pad(centers, [(0, 0), (0, 1)])
        return Placement(np.hstack([points, jitter]), flat, (str(feature_names[0]), None))
    if n_features == 2:
        return Placement(points, centers, (str(feature_names[0]), str(feature_names[1])))
    plane = principal_axes(X)
    first, second = (f"({percent(share)} of the variance)" for share in plane.shares)
    return Placement(
        plane.project(points),
        None if centers is None else plane.project(centers),
        (f"first principal axis {first}", f"second principal axis {second}"),
    )


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
        The samples; three passes over them, in float64 whatever their dtype.
    n_axes : int, default=2
        How many axes, at most n_features.

    Returns
    -------
    PrincipalAxes

    Notes
    -----
    O(n_samples n_features^2 + n_features^3) time and O(n_features^2) memory: the covariance is
    summed over blocks of rows, which alone are centred and made dense. It is that of the samples
    scaled by a power of two, which changes no bit but lets squares neither overflow nor vanish.
    """
    from scipy.linalg import eigh

    n_samples, n_features = X.shape
    exponent = np.frexp(_magnitude(X))[1]
    mean = np.zeros(n_features)
    for _, block in float64_blocks(X):
        mean += np.ldexp(block, -exponent).sum(axis=0) / n_samples
    scatter = np.zeros((n_features, n_features))
    for _, block in float64_blocks(X):
        centred = np.ldexp(block, -exponent) - mean
        scatter += centred.T @ centred
    values, vectors = eigh(scatter, subset_by_index=(n_features - n_axes, n_features - 1))
    axes = vectors.T[::-1]
    largest = np.argmax(np.abs(axes), axis=1)
    axes = axes * np.sign(axes[np.arange(n_axes), largest])[:, None]
    total = np.trace(scatter)
    shares = np.maximum(values[::-1], 0) / total if total > 0 else np.zeros(n_axes)
    return PrincipalAxes(np.ldexp(mean, exponent), axes, shares)


def _magnitude(X: Any) -> float:
    """The largest size of any value of dense or CSR samples, without a copy of them."""
    values = X.data if is_sparse(X) else X
    return max(float(np.max(values, initial=0)), -float(np.min(values, initial=0)))


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
