"""The four kinds of covariances: what is free in them, and what mclust calls them."""

from __future__ import annotations

import numpy as np

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")

SPECIAL_CASES = {
    "full": ("tied", "diag", "spherical"),
    "tied": (),
    "diag": ("spherical",),
    "spherical": (),
}
"""Kinds that each kind contains: with as many components it can fit no worse than they do."""

_SEVERAL = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
_ONE = {"full": "XXX", "tied": "XXX", "diag": "XXI", "spherical": "XII"}


def n_parameters(covariance_type: str, n_components: int, n_features: int) -> int:
    """Number of free parameters of a mixture: means, covariances, and all weights but one."""
    of_covariances = {
        "full": n_components * n_features * (n_features + 1) // 2,
        "tied": n_features * (n_features + 1) // 2,
        "diag": n_components * n_features,
        "spherical": n_components,
    }
    return n_components * n_features + of_covariances[covariance_type] + n_components - 1


def mclust_name(covariance_type: str, n_components: int, n_features: int) -> str:
    """The name of a family in the R package mclust.

    Its letters stand for volume, shape and orientation: V if they vary from component to component,
    E if they are equal, I if they are those of the identity; X of a single component. One feature
    takes one letter.
    """
    if n_features == 1:
        if n_components == 1:
            return "X"
        return "E" if covariance_type == "tied" else "V"
    return (_ONE if n_components == 1 else _SEVERAL)[covariance_type]


def widened(precisions: np.ndarray, kind: str, wider: str, shape: tuple[int, int]) -> np.ndarray:
    """Precisions of one kind in the form of another one that contains it.

    Parameters
    ----------
    precisions : float[...]
        In the shape of ``kind``.
    kind, wider : str
        One of the `SPECIAL_CASES` of the other.
    shape : (int, int)
        Numbers of components and features.
    """
    k, d = shape
    if kind == "tied":
        return np.repeat(precisions[np.newaxis], k, axis=0)
    diagonals = precisions.reshape(k, -1) * np.ones(d)
    return diagonals if wider == "diag" else diagonals[:, :, np.newaxis] * np.eye(d)
