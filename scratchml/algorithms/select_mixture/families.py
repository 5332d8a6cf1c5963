"""The four kinds of covariances: what is free in them, and what mclust calls them."""

from __future__ import annotations

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")

SPECIAL_CASES = {
    "full": ("tied", "diag", "spherical"),
    "tied": (),
    "diag": ("spherical",),
    "spherical": (),
}
"""Which kinds each kind contains, so that with as many components it can fit no worse."""

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
