"""A workload that calls the kernels of the internal metrics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .moments import cluster_moments


def score(dtype: type[np.floating]) -> None:
    """The moments of two clusters."""
    cluster_moments(np.eye(4, dtype=dtype), np.array([0, 0, 1, 1], np.int32), 2)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {"moments of clusters": score}
