"""How far centres have moved, as bounds need it."""

from __future__ import annotations

import numpy as np

from ..kernels.hamerly import nearest_other_centers

SMALLEST_MOVE = 1e-150
"""Added to how far a centre has moved: squares of smaller moves are below the smallest number."""


def norms(differences: np.ndarray) -> np.ndarray:
    """Length of each row."""
    return np.sqrt(np.square(differences).sum(axis=1))


def half_gaps(centers: np.ndarray, margin: float) -> np.ndarray:
    """Half the distance of each centre to the nearest other, rounded down, float64[n_clusters].

    Infinity for a single centre; 0, which excludes nothing, where a square has overflowed.

    Parameters
    ----------
    centers : float64[n_clusters, n_features]
    margin : float
        Relative error of a distance and of its conversion.
    """
    sq_gaps = np.empty(len(centers))
    nearest_other_centers(centers, sq_gaps)
    if len(centers) > 1:
        sq_gaps[~np.isfinite(sq_gaps)] = 0
    return 0.5 * np.sqrt(sq_gaps) * (1 - margin) - SMALLEST_MOVE
