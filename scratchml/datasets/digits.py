"""The handwritten digits that ship with the package."""

from __future__ import annotations

import io
from importlib import resources
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.datasets.bunch import Bunch

_CONSTRAINTS: dict[str, list] = {
    "n_class": [Interval(Integral, 1, 10, closed="both")],
    "return_X_y": ["boolean"],
    "as_frame": ["boolean"],
}

_DESCRIPTION = """\
Optical recognition of handwritten digits
=========================================

1,797 images of the digits 0 to 9, about 180 of each, written by 13 people. An image has 8 x 8
pixels. A pixel is a whole number from 0 to 16: how many points of a 4 x 4 tile of the scanned
32 x 32 bitmap are ink. No value is missing.

This is the test part of the data set of that name in the UCI Machine Learning Repository. The
training part, written by 30 other people, is not included.

Source: Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits [Dataset].
UCI Machine Learning Repository. https://doi.org/10.24432/C50P49

Licence: Creative Commons Attribution 4.0 International,
https://creativecommons.org/licenses/by/4.0/
"""


def load_digits(
    *, n_class: int = 10, return_X_y: bool = False, as_frame: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load 1,797 images of handwritten digits, 8 x 8 pixels each.

    The data are read from a file of the package: nothing is downloaded.

    Parameters
    ----------
    n_class : int, default=10
        How many classes to keep, from 1 to 10: the digits below `n_class`.
    return_X_y : bool, default=False
        Return ``(data, target)`` alone.
    as_frame : bool, default=False
        Return ``data`` as a pandas DataFrame and ``target`` as a pandas Series.

    Returns
    -------
    digits : Bunch
        A dictionary whose keys are attributes too:

        data : float64[n_samples, 64] or DataFrame
            One image a row, pixel after pixel along its lines; values 0 to 16.
        target : int64[n_samples] or Series
            The digit that was written.
        frame : DataFrame of shape (n_samples, 65) or None
            ``data`` and ``target`` side by side; None unless `as_frame`.
        feature_names : list of 64 str
            ``pixel_<line>_<column>``.
        target_names : int64[10]
            The digits 0 to 9, whatever `n_class` is.
        images : float64[n_samples, 8, 8]
            The images; without `as_frame`, ``data`` is a view of this array.
        DESCR : str
            What the data are, where they come from, their licence.
    (data, target) : tuple
        Only these two, if `return_X_y`.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another type, or `n_class` is not in 1, ..., 10.
    ImportError
        If `as_frame` and pandas is not installed.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998. https://doi.org/10.24432/C50P49 (CC BY 4.0)

    Examples
    --------
    >>> from scratchml.datasets import load_digits
    >>> digits = load_digits()
    >>> digits.data.shape, digits.images.shape
    ((1797, 64), (1797, 8, 8))
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> np.bincount(y)
    array([178, 182, 177])
    """
    check_params(
        _CONSTRAINTS,
        {"n_class": n_class, "return_X_y": return_X_y, "as_frame": as_frame},
        "load_digits",
    )
    images, target = _read_digits()
    kept = target < n_class
    images, target = images[kept], target[kept]
    data = images.reshape(-1, 64)
    feature_names = [f"pixel_{line}_{column}" for line in range(8) for column in range(8)]

    frame = None
    if as_frame:
        frame = _to_frame(data, target, feature_names)
        data, target = frame[feature_names], frame["target"]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=np.arange(10),
        images=images,
        DESCR=_DESCRIPTION,
    )


def _read_digits() -> tuple[np.ndarray, np.ndarray]:
    """Read the shipped file: images float64[1797, 8, 8], target int64[1797]."""
    # By way of bytes, so that a package imported from a zip archive has its data too.
    stored = (resources.files("scratchml.datasets") / "data" / "digits.npz").read_bytes()
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        return arrays["images"].astype(np.float64), arrays["target"].astype(np.int64)


def _to_frame(data: np.ndarray, target: np.ndarray, feature_names: list[str]) -> Any:
    """Build the DataFrame of the features, with `target` as its last column."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "load_digits with as_frame=True requires pandas. Install it with `pip install pandas`."
        ) from error
    return pd.DataFrame(data, columns=feature_names).assign(target=target)
