"""Mixtures of distributions, under the names of ``sklearn.mixture``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.algorithms.gaussian_mixture import DensityTerms, GaussianMixture

__all__ = ["DensityTerms", "GaussianMixture"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "DensityTerms": "scratchml.algorithms.gaussian_mixture",
        "GaussianMixture": "scratchml.algorithms.gaussian_mixture",
    },
)
