"""The choice of a Gaussian mixture: how many components, and covariances of which kind."""

from scratchml.algorithms.select_mixture.criteria import CRITERIA
from scratchml.algorithms.select_mixture.families import COVARIANCE_TYPES
from scratchml.algorithms.select_mixture.function import N_INIT, select_mixture
from scratchml.algorithms.select_mixture.result import MixtureChoice, MixtureSelection

__all__ = [
    "COVARIANCE_TYPES",
    "CRITERIA",
    "N_INIT",
    "MixtureChoice",
    "MixtureSelection",
    "select_mixture",
]
