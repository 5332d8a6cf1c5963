"""What a picture of a density shows: which axes, how much of them, and the density there."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from .axes import percent
from .gaussians import Gaussians, boundaries_in_plane, boundaries_on_line, grid_lines
from .projection import principal_axes

_MARGIN = 0.05
_TAIL = 0.01  # share of the samples on either side that may be left out
_ROOM = 0.2  # that ellipses may take beside the samples, over the range of these
_MOST_UNEQUAL = 3  # ratio of two ranges on axes with one scale
_LEAST_SHAPE = np.array([1.0, 0.72])  # length of each of these axes at least, over the other


class View(NamedTuple):
    """What is shown of the features.

    Attributes
    ----------
    axes : ndarray of shape (1 or 2, n_features)
        Directions of the axes.
    origin : ndarray of shape (n_features,)
        The point that becomes the origin.
    axis_labels : tuple of str
        What the axes are called.
    is_whole : bool
        Whether all features are shown.
    """

    axes: np.ndarray
    origin: np.ndarray
    axis_labels: tuple[str, ...]
    is_whole: bool

    def project(self, X: np.ndarray) -> np.ndarray:
        """Coordinates of samples along the axes, float64[n_samples, n_axes]."""
        return (X.astype(np.float64, copy=False) - self.origin) @ self.axes.T


def choose_view(X: np.ndarray, features: Any, feature_names: Any) -> View:
    """The axes of a picture: features as they are, or the principal axes of more than two.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The samples.
    features : int, str, sequence of one or two of them, or None
        The features that are asked for.
    feature_names : sequence of str or None
        Names of all features.

    Raises
    ------
    ValueError
        If there are no such features, too many of them, or not as many names as features.
    """
    n_features = X.shape[1]
    if feature_names is None:
        feature_names = [f"feature {i}" for i in range(n_features)]
    elif len(feature_names) != n_features:
        raise ValueError(f"There are {len(feature_names)} feature_names, but X has {n_features}.")
    names = [str(name) for name in feature_names]
    if features is None and n_features > 2:
        plane = principal_axes(X)
        first, second = (f"({percent(share)} of the variance)" for share in plane.shares)
        labels = (f"first principal axis {first}", f"second principal axis {second}")
        return View(plane.axes, plane.mean, labels, False)
    chosen = list(range(n_features)) if features is None else _chosen(features, names)
    axes, origin = np.eye(n_features)[chosen], np.zeros(n_features)
    return View(axes, origin, tuple(names[i] for i in chosen), len(chosen) == n_features)


def _chosen(features: Any, names: Sequence[str]) -> list[int]:
    """Numbers of the features that are asked for."""
    wanted = [features] if isinstance(features, str | Integral) else list(features)
    chosen = []
    for feature in wanted:
        if isinstance(feature, str) and feature in names:
            feature = names.index(feature)
        if not isinstance(feature, Integral) or not -len(names) <= int(feature) < len(names):
            raise ValueError(
                f"features has {feature!r}, which is neither a name of a feature nor a number below"
                f" {len(names)}."
            )
        chosen.append(int(feature) % len(names))
    if len(set(chosen)) != len(chosen) or not 1 <= len(chosen) <= 2:
        raise ValueError(f"features should be one feature or two different ones, got {features!r}.")
    return chosen


class DensityGrid(NamedTuple):
    """What a mixture is all over a picture.

    Attributes
    ----------
    x : ndarray of shape (n_x,)
        Where the density was computed along the first axis, ascending.
    y : ndarray of shape (n_y,) or None
        The same for the second axis, if there is one.
    log_density : ndarray of shape (n_y, n_x) or (n_x,)
        The logarithm of the density.
    boundaries : list of ndarray of shape (n_vertices, 2), or ndarray of shape (n_boundaries,)
        Lines, or places on one axis, where one component becomes likelier than another.
    has_one_scale : bool
        Whether a unit shall be as long on both axes: where their ranges do not differ much.
    """

    x: np.ndarray
    y: Any
    log_density: np.ndarray
    boundaries: Any
    has_one_scale: bool = False

    def count_outside(self, points: np.ndarray) -> int:
        """Number of points, of shape (n_points, n_axes), beyond the limits."""
        outside = np.zeros(len(points), dtype=bool)
        for values, lines in zip(points.T, (self.x, self.y), strict=False):
            outside |= (values < lines[0]) | (values > lines[-1])
        return int(outside.sum())


def compute_grid(
    gaussians: Gaussians, points: np.ndarray, n: int, *, holds_all: bool
) -> DensityGrid:
    """The density all over a picture of some samples.

    Parameters
    ----------
    gaussians : Gaussians
        The mixture, on the axes of the picture.
    points : ndarray of shape (n_points, 1 or 2)
        The samples that the picture shall hold.
    n : int
        Along how many lines of each axis the density is computed at least.
    holds_all : bool
        Whether it holds samples that are far from most of the others, too.

    Notes
    -----
    O(n_lines^2 n_components) time and O(n_lines^2) memory in a plane.
    """
    n_axes = points.shape[1]
    limits = np.array([_limits(gaussians, points, axis, holds_all) for axis in range(n_axes)])
    if n_axes == 1:
        x = grid_lines(limits[0], gaussians, 0, n)
        ranking = gaussians.rank(x[:, None])
        places = boundaries_on_line(gaussians, x, ranking.first)
        return DensityGrid(x, None, ranking.log_density, places)
    lengths = np.ptp(limits, axis=1)
    has_one_scale = bool(lengths.max() <= _MOST_UNEQUAL * lengths.min())
    if has_one_scale:  # there is room beside a short one
        lacking = np.maximum(_LEAST_SHAPE * lengths[::-1] - lengths, 0)
        limits += np.outer(lacking, [-0.5, 0.5])
    x, y = (grid_lines(limits[axis], gaussians, axis, n) for axis in range(n_axes))
    ranking = gaussians.rank(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    lines = boundaries_in_plane(gaussians, x, y, ranking)
    log_density = ranking.log_density.reshape(len(y), len(x))
    return DensityGrid(x, y, log_density, lines, has_one_scale)


def _limits(
    gaussians: Gaussians, points: np.ndarray, axis: int, holds_all: bool
) -> tuple[float, float]:
    """From where to where an axis goes: beyond the samples, and ellipses that are not huge."""
    values, means = points[:, axis], gaussians.means[:, axis]
    if not holds_all:
        values, kept = _without_far(values), gaussians.weights >= _TAIL
        if kept.any():
            gaussians = Gaussians(*(part[kept] for part in gaussians))
            means = gaussians.means[:, axis]
    low = float(min(values.min(), means.min()))
    high = float(max(values.max(), means.max()))
    # A fixed margin would vanish beside a large value.
    size = (high - low) or max(abs(high), 1.0)
    reach = 2 * gaussians.deviations[:, axis]
    low = max(min(low, float((means - reach).min())), low - _ROOM * size)
    high = min(max(high, float((means + reach).max())), high + _ROOM * size)
    return low - _MARGIN * size, high + _MARGIN * size


def _without_far(values: np.ndarray) -> np.ndarray:
    """All but those that are further from the bulk of them than that is wide."""
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    width = high - low
    near = (values >= low - width) & (values <= high + width)
    return values[near] if width > 0 else values
