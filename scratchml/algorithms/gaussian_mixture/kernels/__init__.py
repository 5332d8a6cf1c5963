"""Compiled passes of Gaussian mixtures over blocks of rows."""

from .evaluation import evaluate_rows
from .grouped import Projections, accumulate_grouped
from .passes import accumulate_given, accumulate_statistics
from .terms import DIAGONAL, FULL, SPHERICAL, TIED, Densities

__all__ = [
    "DIAGONAL",
    "FULL",
    "SPHERICAL",
    "TIED",
    "Densities",
    "Projections",
    "accumulate_given",
    "accumulate_grouped",
    "accumulate_statistics",
    "evaluate_rows",
]
