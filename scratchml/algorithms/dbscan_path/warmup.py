"""Workloads that call every kernel of the path."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .estimator import DBSCANPath


def fit_and_cut(dtype: type[np.floating]) -> None:
    """A fit whose tree has inner nodes, on points of two clusters, and a cut."""
    X = np.linspace(0, 1, 240, dtype=dtype).reshape(80, 3)
    X[40:] += 9
    path = DBSCANPath(min_samples=4).fit(X)
    path.labels(0.1)
    path.ranges()


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {"fit and cut": fit_and_cut}
