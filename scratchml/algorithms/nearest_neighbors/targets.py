"""Classes as `fit` takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.containers import is_sparse, to_ndarray


def check_targets(y: Any, n_samples: int) -> np.ndarray:
    """Check classes.

    Parameters
    ----------
    y : array-like or sparse of shape (n_samples,) or (n_samples, n_outputs)
    n_samples : int

    Returns
    -------
    ndarray of one or two dimensions

    Raises
    ------
    ValueError
        For another length, more dimensions, NaN, infinity, and numbers with a fraction: those are
        no classes.
    """
    targets = y.toarray() if is_sparse(y) else to_ndarray(y, "y")
    if targets.ndim not in (1, 2):
        raise ValueError(f"y should be a 1d array, got an array of shape {targets.shape} instead.")
    if len(targets) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{[n_samples, len(targets)]}"
        )
    if targets.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{targets}\n")
    if targets.dtype.kind == "f":
        if np.isnan(targets).any():
            raise ValueError("Input y contains NaN.")
        if np.isinf(targets).any():
            raise ValueError(
                f"Input y contains infinity or a value too large for {targets.dtype!r}."
            )
        if (targets != np.floor(targets)).any():
            kind = (
                "continuous"
                if targets.ndim == 1 or targets.shape[1] == 1
                else ("continuous-multioutput")
            )
            raise ValueError(
                f"Unknown label type: {kind}. Maybe you are trying to fit a classifier, which "
                "expects discrete classes on a regression target with continuous values."
            )
    return targets
