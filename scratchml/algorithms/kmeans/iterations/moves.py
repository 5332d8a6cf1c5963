"""How far centres have moved, as bounds need it."""

from __future__ import annotations

import numpy as np

SMALLEST_MOVE = 1e-150
"""Added to how far a centre has moved: squares of smaller moves are below the smallest number."""


def norms(differences: np.ndarray) -> np.ndarray:
    """Length of each row."""
    return np.sqrt(np.square(differences).sum(axis=1))
