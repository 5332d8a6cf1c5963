"""What two labelings must be to be compared."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from scratchml.core.containers import to_ndarray
from scratchml.core.labels import check_labels, encode_labels
from scratchml.core.params import Interval, Options
from scratchml.core.warn import warn_user

CONSTRAINTS: dict[str, Any] = {
    "labels_true": ["array-like"],
    "labels_pred": ["array-like"],
    "labels": ["array-like"],
    "beta": [Interval(Real, 0, None, closed="left")],
    "average_method": [Options({"arithmetic", "max", "min", "geometric"})],
    "contingency": ["array-like", "sparse matrix", None],
    "eps": [Interval(Real, 0, None, closed="left"), None],
    "sparse": ["boolean"],
}
"""What the parameters of all metrics of this room may be."""


def check_clusterings(labels_true: Any, labels_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check two labelings of the same samples; labels that look continuous get a warning.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Integers, booleans, strings, or what else can be sorted.

    Returns
    -------
    labels_true, labels_pred : ndarray of shape (n_samples,)
        Integers where all labels are, whatever their dtype was.

    Raises
    ------
    ValueError
        For labels that are not 1-dimensional, for different lengths, and as
        `scratchml.core.labels.check_labels` does.

    Warns
    -----
    UserWarning
        If labels are numbers that are no integers.
    """
    pair = check_pair(labels_true, labels_pred)
    if any(labels.dtype.kind == "f" for labels in pair):
        kinds = [_kind(labels) for labels in pair]
        warn_user(
            f"Clustering metrics expects discrete values but received {kinds[0]} values for label,"
            f" and {kinds[1]} values for target"
        )
    return pair


def check_pair(labels_true: Any, labels_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """As `check_clusterings`, of labels of any kind."""
    true = check_labeling(labels_true, "labels_true")
    pred = check_labeling(labels_pred, "labels_pred")
    check_labels(pred, len(true), "labels_pred")
    return true, pred


def check_labeling(labels: Any, name: str) -> np.ndarray:
    """Check one labeling.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
    name : str
        What they are, for messages.

    Returns
    -------
    ndarray of shape (n_samples,)
        Integers where all labels are, whatever their dtype was.

    Raises
    ------
    ValueError
        As `check_clusterings` does.
    """
    array = to_ndarray(labels, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be 1D: shape is {array.shape}")
    array = check_labels(array, name=name)
    if array.dtype.kind != "f":
        return array
    with np.errstate(invalid="ignore"):  # of numbers beyond int64, which come back as others
        integers = array.astype(np.int64)
    return integers if np.array_equal(integers, array) else array


def _kind(labels: np.ndarray) -> str:
    """What scikit-learn calls labels of such values."""
    if labels.dtype.kind == "f":
        return "continuous"
    if labels.dtype.kind == "O" and not isinstance(labels[0], str):
        return "unknown"
    return "multiclass" if len(encode_labels(labels)[0]) > 2 else "binary"
