"""What the two kinds of data share, and what labels them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchml.core.jit import kernel_view

Assign = Callable[[slice, np.ndarray], tuple[int, int]]
"""Labels the rows of a slice, in the array given.

Returns how many labels changed, and how many distances between a row and a centre were computed.
"""


class BaseRows:
    """What both kinds share: shape, dtype and weights."""

    def __init__(self, X: Any, sample_weight: np.ndarray | None) -> None:
        self.X = X
        self.n_samples, self.n_features = X.shape
        self.dtype = X.dtype
        # Kernels read an empty array as unit weights: nothing to allocate, nothing to load.
        self.sample_weight = (
            np.empty(0, self.dtype) if sample_weight is None else kernel_view(sample_weight)
        )

    @property
    def bytes_per_row(self) -> float:
        """Memory that a row takes, about."""
        n_stored = self.X.size if isinstance(self.X, np.ndarray) else 2 * self.X.nnz
        return n_stored * self.dtype.itemsize / max(self.n_samples, 1)

    def weights(self, block: slice) -> np.ndarray:
        """Weights of a slice of rows; an empty slice of an empty array stays empty."""
        return self.sample_weight[block]


def length(block: slice) -> int:
    """Number of rows in a slice."""
    return block.stop - block.start
