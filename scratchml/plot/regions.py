"""Decision regions: what an estimator predicts all over the plane of two features."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.core.containers import column_names

_MARGIN = 0.05


class Regions(NamedTuple):
    """Predictions on a grid of pixels.

    Attributes
    ----------
    labels : ndarray of shape (n_y, n_x)
        What is predicted at the middle of each pixel.
    limits : (float, float, float, float)
        Least and greatest x, least and greatest y, at the outer edges of the pixels.
    """

    labels: np.ndarray
    limits: tuple[float, float, float, float]


def predict_regions(estimator: Any, X: Any, shown: np.ndarray, resolution: int) -> Regions:
    """Predict all over the range of the data.

    Parameters
    ----------
    estimator : estimator
        Fitted, with a `predict`.
    X : array-like
        Data as they were given: a table of the same kind is made for `predict`.
    shown : ndarray of shape (n_points, 1 or 2)
        What the regions shall surround. For one feature they are stripes from y = -0.5 to 0.5.
    resolution : int
        Pixels along each axis.
    """
    limits = [_with_margin(column) for column in shown.T]
    if len(limits) == 1:
        x = _middles(*limits[0], resolution)
        labels = np.asarray(estimator.predict(_as_container(X, x[:, None])))
        return Regions(labels[None, :], (*limits[0], -0.5, 0.5))
    x, y = (_middles(*limit, resolution) for limit in limits)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    labels = np.asarray(estimator.predict(_as_container(X, grid)))
    return Regions(labels.reshape(resolution, resolution), (*limits[0], *limits[1]))


def boundaries(regions: Regions) -> list[np.ndarray]:
    """Lines between the regions, each float64[n_vertices, 2].

    They are traced between the middles of pixels, so that one more pixel on each side carries them
    through to the edge.
    """
    from contourpy import contour_generator

    labels = np.pad(regions.labels, 1, mode="edge")
    left, right, bottom, top = regions.limits
    n_y, n_x = regions.labels.shape
    x = left + (np.arange(-1, n_x + 1) + 0.5) * ((right - left) / n_x)
    y = bottom + (np.arange(-1, n_y + 1) + 0.5) * ((top - bottom) / n_y)
    lines: list[Any] = []
    for label in np.unique(labels):
        lines += contour_generator(x, y, (labels == label).astype(np.float64)).lines(0.5)
    return lines


def _middles(low: float, high: float, n: int) -> np.ndarray:
    return low + (np.arange(n) + 0.5) * ((high - low) / n)


def _with_margin(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    # A fixed margin would vanish beside a large value.
    margin = _MARGIN * (high - low) or max(_MARGIN * abs(high), 0.5)
    return low - margin, high + margin


def _as_container(X: Any, values: np.ndarray) -> Any:
    """The values as a table like `X`, under the same column names, if it is one."""
    names = column_names(X)
    if names is None:
        return values
    # pyarrow's constructor of tables takes no mapping; those of pandas and polars do.
    build = getattr(type(X), "from_pydict", type(X))
    return build(dict(zip(names, values.T, strict=True)))
