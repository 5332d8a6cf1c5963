"""The two kinds of data that K-means walks over, dense rows and CSR rows, behind one interface.

Each method runs a kernel on the rows of one slice. The data are never copied nor changed: what a
kernel needs relative to some origin it subtracts on the way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Assign
from .csr import SparseRows
from .dense import DIRECT_FEATURES, TILED_FEATURES, DenseRows, round_up, rows_in_panel

__all__ = [
    "DIRECT_FEATURES",
    "TILED_FEATURES",
    "Assign",
    "DenseRows",
    "Rows",
    "SparseRows",
    "as_rows",
    "round_up",
    "rows_in_panel",
]

Rows = DenseRows | SparseRows


def as_rows(X: Any, sample_weight: np.ndarray | None) -> Rows:
    """Wrap validated data: an ndarray or a CSR matrix, and weights or None."""
    kind = DenseRows if isinstance(X, np.ndarray) else SparseRows
    return kind(X, sample_weight)
