"""Compiled passes of Gaussian mixtures over blocks of rows."""

from .passes import (
    DIAGONAL,
    FULL,
    SPHERICAL,
    TIED,
    Densities,
    accumulate_given,
    accumulate_statistics,
    evaluate_rows,
)

__all__ = [
    "DIAGONAL",
    "FULL",
    "SPHERICAL",
    "TIED",
    "Densities",
    "accumulate_given",
    "accumulate_statistics",
    "evaluate_rows",
]
