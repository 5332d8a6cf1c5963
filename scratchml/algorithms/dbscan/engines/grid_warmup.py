"""A workload that calls every kernel of the sorted grid."""

from __future__ import annotations

import numpy as np

from .grid import cluster_by_grid


def cluster_small_grid(dtype: type[np.floating]) -> None:
    """Find two clusters that are nearly within eps, so that their cells have to be searched."""
    y = np.linspace(0, 0.1, 50)
    clusters = np.concatenate([np.stack([0 * y, y], 1), np.stack([0 * y + 1.2, y], 1)])
    cluster_by_grid(clusters.astype(dtype), 1.0, 5)
