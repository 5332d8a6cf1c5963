"""Gaussian mixtures, fitted by expectation and maximisation."""

from scratchml.algorithms.gaussian_mixture.density import DensityTerms
from scratchml.algorithms.gaussian_mixture.estimator import GaussianMixture

__all__ = ["DensityTerms", "GaussianMixture"]
