"""Ahead of the first score: every kernel of this room, compiled."""

from __future__ import annotations

import numpy as np

from .closed_forms import mean_sq_distances
from .given import mean_distances_by
from .kernels.pairs import EUCLIDEAN
from .pairs import mean_distances

_CODES = np.array([0, 0, 1, 1, 1], np.int32)


def _pairs(dtype: type[np.floating]) -> None:
    mean_distances(np.arange(10, dtype=dtype).reshape(5, 2), _CODES, 2, EUCLIDEAN)


def _centers(dtype: type[np.floating]) -> None:
    mean_sq_distances(np.arange(10, dtype=dtype).reshape(5, 2), _CODES, 2, slice(None))


def _given(dtype: type[np.floating]) -> None:
    mean_distances_by(np.ones((5, 5), dtype), _CODES, 2, "precomputed", {}, slice(None))


WORKLOADS = {"pairs": _pairs, "centres": _centers, "given distances": _given}
