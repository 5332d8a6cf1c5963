"""Labels: which cluster each sample is in, as integers, strings or whatever can be sorted."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.containers import to_ndarray

__all__ = ["check_labels", "check_number_of_labels", "encode_labels"]

TABLE_SIZE = 2**16
"""Integers within a range of this size, or of twice the number of samples, are looked up in a table
instead of being sorted."""


def check_labels(labels: Any, n_samples: int | None = None, name: str = "y") -> np.ndarray:
    """Check labels.

    Parameters
    ----------
    labels : array-like of shape (n_samples,) or (n_samples, 1)
    n_samples : int or None
        How many there have to be; None is any number.
    name : str
        What they are, for messages.

    Returns
    -------
    ndarray of shape (n_samples,)
        Of any dtype but complex.

    Raises
    ------
    ValueError
        For more dimensions, another length, NaN, infinity and complex numbers.
    """
    array = to_ndarray(labels, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(
            f"{name} should be a 1d array, got an array of shape {array.shape} instead."
        )
    if n_samples is not None and len(array) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {[n_samples, len(array)]}"
        )
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{array}\n")
    if array.dtype.kind in "OfmM" and np.any(array != array):
        raise ValueError(f"Input {name} contains NaN.")
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise ValueError(
            f"Input {name} contains infinity or a value too large for {array.dtype!r}."
        )
    return array


def encode_labels(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct labels, in ascending order.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        As `check_labels` returns them.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The distinct labels, sorted.
    codes : ndarray of shape (n_samples,), int32
        ``classes[codes]`` are the labels.

    Notes
    -----
    Time O(n_samples) for integers that lie close together, as those of clusters do, else
    O(n_samples log n_samples). Memory O(n_samples).
    """
    if labels.dtype.kind == "b":
        classes, codes = encode_labels(labels.view(np.uint8))
        return classes.astype(bool), codes
    if labels.dtype.kind in "iu" and len(labels):
        low, high = int(labels.min()), int(labels.max())
        if high - low < max(TABLE_SIZE, 2 * len(labels)):
            # Integers wrap around where their dtype is narrow: unsigned, the differences are right.
            places = (labels - labels.dtype.type(low)).view(f"u{labels.dtype.itemsize}")
            is_there = np.zeros(high - low + 1, bool)
            is_there[places] = True
            present = np.flatnonzero(is_there)
            codes_of = np.empty(len(is_there), np.int32)
            codes_of[present] = np.arange(len(present), dtype=np.int32)
            return present.astype(labels.dtype) + labels.dtype.type(low), codes_of[places]
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes.astype(np.int32, copy=False)


def check_number_of_labels(n_labels: int, n_samples: int) -> None:
    """Raise ValueError unless there are 2 to n_samples - 1 clusters."""
    if not 1 < n_labels < n_samples:
        raise ValueError(
            f"Number of labels is {n_labels}. Valid values are 2 to n_samples - 1 (inclusive)"
        )
