"""What every engine gives: the labels, and the core points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NOISE = -1
"""Label of the points that no core point reaches."""


class Clusters(NamedTuple):
    """A clustering by density."""

    labels: np.ndarray
    """int64[n_samples]: clusters numbered by their first core point; ``NOISE``."""
    core_indices: np.ndarray
    """int64[n_core]: the core points, ascending."""
    n_distances: int
    """Distances computed, of pairs of points mostly."""


def index_type(n: int) -> type[np.signedinteger]:
    """The smaller integer that numbers n points."""
    return np.int32 if n < 2**31 else np.int64
