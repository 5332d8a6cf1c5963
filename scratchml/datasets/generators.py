"""Seeded toy data for clustering: blobs, moons and circles.

The draws are scikit-learn's, in its order from the same ``RandomState``: a seed gives the same
arrays there and here, to the last bit.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array, check_random_state

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Seed = int | np.random.RandomState | None

# Centers of any real dtype are returned as given; objects become float64, the first of the list.
_REAL_DTYPES = ("d", *np.typecodes["Float"], *np.typecodes["AllInteger"], "?")

_NOISE = [Interval(Real, 0, None, closed="left"), None]

_BLOBS_CONSTRAINTS: dict[str, list] = {
    "n_samples": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "n_features": [Interval(Integral, 1, None, closed="left")],
    "centers": [Interval(Integral, 1, None, closed="left"), "array-like", None],
    "cluster_std": [Interval(Real, 0, None, closed="left"), "array-like"],
    "center_box": [tuple],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "return_centers": ["boolean"],
}

_MOONS_CONSTRAINTS: dict[str, list] = {
    "n_samples": [Interval(Integral, 1, None, closed="left"), tuple],
    "shuffle": ["boolean"],
    "noise": _NOISE,
    "random_state": ["random_state"],
}

_CIRCLES_CONSTRAINTS: dict[str, list] = {
    "n_samples": [Interval(Integral, 0, None, closed="left"), tuple],
    "shuffle": ["boolean"],
    "noise": _NOISE,
    "random_state": ["random_state"],
    "factor": [Interval(Real, 0, 1, closed="left")],
}


def make_blobs(
    n_samples: int | ArrayLike = 100,
    n_features: int = 2,
    *,
    centers: int | ArrayLike | None = None,
    cluster_std: float | ArrayLike = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: Seed = None,
    return_centers: bool = False,
) -> tuple[np.ndarray, ...]:
    """Draw round Gaussian clusters.

    Parameters
    ----------
    n_samples : int or array-like of int, default=100
        The total number of samples, shared out as evenly as possible (the first clusters get one
        more), or the number of samples in each cluster.
    n_features : int, default=2
        The number of features, where `centers` does not tell it.
    centers : int, array-like of shape (n_centers, n_features) or None, default=None
        How many centers to draw, or the centers themselves. None draws three, or as many as
        `n_samples` has entries. Beside an array-like `n_samples` a number is not accepted.
    cluster_std : float or array-like of float, default=1.0
        The standard deviation of all clusters, or of each.
    center_box : tuple (low, high), default=(-10.0, 10.0)
        Drawn centers are uniform in this range, in every feature.
    shuffle : bool, default=True
        Shuffle the samples; otherwise they come cluster by cluster.
    random_state : int, RandomState or None, default=None
        The seed. The draws are, in order: centers, samples cluster by cluster, permutation.
    return_centers : bool, default=False
        Return the centers as well.

    Returns
    -------
    X : float64[n_samples, n_features]
        The samples.
    y : int64[n_samples]
        The cluster of each sample.
    centers : array of shape (n_centers, n_features)
        The center of each cluster, float64 if drawn, else of the dtype given; only if
        `return_centers`.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another type or out of range.
    ValueError
        If `n_samples`, `centers` and `cluster_std` disagree about the number of clusters,
        `centers` is not a finite matrix, or `center_box` has other than two elements.

    Examples
    --------
    >>> from scratchml.datasets import make_blobs
    >>> X, y = make_blobs(n_samples=10, centers=3, random_state=0)
    >>> X.shape
    (10, 2)
    >>> y
    array([0, 0, 1, 0, 2, 2, 2, 1, 1, 0])
    >>> X, y, centers = make_blobs([5, 1], centers=[[0, 0], [9, 9]], return_centers=True)
    >>> np.bincount(y)
    array([5, 1])
    """
    check_params(
        _BLOBS_CONSTRAINTS,
        {
            "n_samples": n_samples,
            "n_features": n_features,
            "centers": centers,
            "cluster_std": cluster_std,
            "center_box": center_box,
            "shuffle": shuffle,
            "random_state": random_state,
            "return_centers": return_centers,
        },
        "make_blobs",
    )
    rng = check_random_state(random_state)
    locations = _blob_centers(n_samples, n_features, centers, center_box, rng)
    n_centers, n_features = locations.shape
    counts = _blob_counts(n_samples, n_centers)
    stds = _blob_stds(cluster_std, locations)

    X = np.concatenate(
        [
            rng.normal(location, std, size=(count, n_features))
            for location, std, count in zip(locations, stds, counts, strict=True)
        ]
    )
    y = np.repeat(np.arange(n_centers), counts)
    if shuffle:
        X, y = _shuffle(X, y, rng)
    return (X, y, locations) if return_centers else (X, y)


def make_moons(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Seed = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make two interleaved half circles of radius 1.

    The upper one is centred on (0, 0), the lower one on (1, 0.5).

    Parameters
    ----------
    n_samples : int or tuple (n_upper, n_lower), default=100
        The total number of samples (of an odd number the lower moon gets one more), or the number
        in each moon.
    shuffle : bool, default=True
        Shuffle the samples; otherwise they come moon by moon, along each arc.
    noise : float or None, default=None
        The standard deviation of the Gaussian noise added to each coordinate.
    random_state : int, RandomState or None, default=None
        The seed. The draws are, in order: permutation, noise.

    Returns
    -------
    X : float64[n_samples, 2]
        The samples.
    y : int64[n_samples]
        The moon of each sample: 0 upper, 1 lower.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another type or out of range.
    ValueError
        If `n_samples` is a tuple of other than two elements.

    Examples
    --------
    >>> from scratchml.datasets import make_moons
    >>> X, y = make_moons(n_samples=(3, 2), shuffle=False)
    >>> X.round(3) + 0.0
    array([[ 1. ,  0. ],
           [ 0. ,  1. ],
           [-1. ,  0. ],
           [ 0. ,  0.5],
           [ 2. ,  0.5]])
    >>> y
    array([0, 0, 0, 1, 1])
    """
    check_params(
        _MOONS_CONSTRAINTS,
        {
            "n_samples": n_samples,
            "shuffle": shuffle,
            "noise": noise,
            "random_state": random_state,
        },
        "make_moons",
    )
    n_upper, n_lower = _two_counts(
        n_samples, "`n_samples` can be either an int or a two-element tuple."
    )
    rng = check_random_state(random_state)
    angles = np.linspace(0, np.pi, n_upper)
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    angles = np.linspace(0, np.pi, n_lower)
    lower = np.column_stack([1 - np.cos(angles), 1 - np.sin(angles) - 0.5])
    return _two_classes(upper, lower, shuffle, noise, rng)


def make_circles(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Seed = None,
    factor: float = 0.8,
) -> tuple[np.ndarray, np.ndarray]:
    """Make a circle of radius 1 around a smaller one, both centred on the origin.

    Parameters
    ----------
    n_samples : int or tuple (n_outer, n_inner), default=100
        The total number of samples (of an odd number the inner circle gets one more), or the
        number on each circle.
    shuffle : bool, default=True
        Shuffle the samples; otherwise they come circle by circle, by angle.
    noise : float or None, default=None
        The standard deviation of the Gaussian noise added to each coordinate.
    random_state : int, RandomState or None, default=None
        The seed. The draws are, in order: permutation, noise.
    factor : float, default=0.8
        The radius of the inner circle, in [0, 1).

    Returns
    -------
    X : float64[n_samples, 2]
        The samples.
    y : int64[n_samples]
        The circle of each sample: 0 outer, 1 inner.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another type or out of range.
    ValueError
        If `n_samples` is a tuple of other than two elements.

    Examples
    --------
    >>> from scratchml.datasets import make_circles
    >>> X, y = make_circles(n_samples=(4, 2), factor=0.5, shuffle=False)
    >>> X.round(3) + 0.0
    array([[ 1. ,  0. ],
           [ 0. ,  1. ],
           [-1. ,  0. ],
           [ 0. , -1. ],
           [ 0.5,  0. ],
           [-0.5,  0. ]])
    >>> y
    array([0, 0, 0, 0, 1, 1])
    """
    check_params(
        _CIRCLES_CONSTRAINTS,
        {
            "n_samples": n_samples,
            "shuffle": shuffle,
            "noise": noise,
            "random_state": random_state,
            "factor": factor,
        },
        "make_circles",
    )
    n_outer, n_inner = _two_counts(
        n_samples, "When a tuple, n_samples must have exactly two elements."
    )
    rng = check_random_state(random_state)
    outer = _unit_circle(n_outer)
    inner = factor * _unit_circle(n_inner)
    return _two_classes(outer, inner, shuffle, noise, rng)


def _blob_centers(
    n_samples: Any, n_features: int, centers: Any, center_box: tuple, rng: np.random.RandomState
) -> np.ndarray:
    """Draw the centers, or check those given; shape (n_centers, n_features)."""
    counted = not isinstance(n_samples, Integral)
    if centers is None:
        centers = len(n_samples) if counted else 3
    elif counted:
        if isinstance(centers, Integral):
            raise ValueError(f"Parameter `centers` must be array-like. Got {centers!r} instead")
        if len(centers) != len(n_samples):
            raise ValueError(
                "Length of `n_samples` not consistent with number of centers. "
                f"Got n_samples = {n_samples} and centers = {centers}"
            )
    if isinstance(centers, Integral):
        if len(center_box) != 2:
            raise ValueError(f"center_box must be a tuple (low, high). Got {center_box!r} instead.")
        centers = rng.uniform(*center_box, size=(centers, n_features))
    return check_array(centers, dtype=_REAL_DTYPES, input_name="centers")


def _blob_counts(n_samples: Any, n_centers: int) -> list[int]:
    """Return the number of samples in each cluster."""
    if isinstance(n_samples, Integral):
        share, rest = divmod(int(n_samples), n_centers)
        return [share + (i < rest) for i in range(n_centers)]
    return [operator.index(count) for count in n_samples]


def _blob_stds(cluster_std: Any, centers: np.ndarray) -> Sequence[Any]:
    """Return the standard deviation of each cluster."""
    if isinstance(cluster_std, Real):
        return [cluster_std] * len(centers)
    if len(cluster_std) != len(centers):
        raise ValueError(
            "Length of `clusters_std` not consistent with number of centers. "
            f"Got centers = {centers} and cluster_std = {cluster_std}"
        )
    return cluster_std


def _two_counts(n_samples: int | tuple[int, int], message: str) -> tuple[int, int]:
    """Return the number of samples in each of two classes; ValueError(message) if not two."""
    if isinstance(n_samples, Integral):
        n_first = int(n_samples) // 2
        return n_first, int(n_samples) - n_first
    counts = cast(tuple, n_samples)
    if len(counts) != 2:
        raise ValueError(message)
    return counts


def _unit_circle(n_samples: int) -> np.ndarray:
    """Place points evenly on the unit circle, from angle 0 on; float64[n_samples, 2]."""
    angles = np.linspace(0, 2 * np.pi, n_samples, endpoint=False)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def _two_classes(
    first: np.ndarray,
    second: np.ndarray,
    shuffle: bool,
    noise: float | None,
    rng: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """Stack two curves, label them 0 and 1, then shuffle and add noise, in this order."""
    X = np.concatenate([first, second])
    y = np.repeat(np.arange(2), [len(first), len(second)])
    if shuffle:
        X, y = _shuffle(X, y, rng)
    if noise is not None:
        X += rng.normal(scale=noise, size=X.shape)
    return X, y


def _shuffle(
    X: np.ndarray, y: np.ndarray, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples and their labels in one random order."""
    order = rng.permutation(len(X))
    return X[order], y[order]
