"""One iteration of K-means: statistics of each block of rows, combined, then new centres.

The iterations differ in how a block of rows gets its labels. Sums and centres follow from the
labels, in block order, whoever found them: all variants give the same bits.
"""

from __future__ import annotations

from scratchml.core.blocks import PIECE_OPERATIONS

from ..rows import DenseRows, Rows
from .elkan import Elkan
from .hamerly import Hamerly
from .lloyd import Lloyd
from .statistics import Statistics, update_centers
from .yinyang import Yinyang

__all__ = [
    "ITERATIONS",
    "Elkan",
    "Hamerly",
    "Lloyd",
    "Statistics",
    "Yinyang",
    "choose_iteration",
    "update_centers",
]

ITERATIONS: dict[str, type[Lloyd]] = {
    "lloyd": Lloyd,
    "hamerly": Hamerly,
    "yinyang": Yinyang,
    "elkan": Elkan,
}

BOUNDS_OPERATIONS = 10_000_000
"""Multiply-adds in an iteration from which on bounds are kept: some milliseconds of work."""


def choose_iteration(rows: Rows, n_clusters: int) -> str:
    """The iteration that ``algorithm='auto'`` stands for, by the shape of the work.

    Hamerly's bounds cost two numbers and a few operations for each row, which they save many times
    over where a distance costs more than that: beyond the few features that are compared directly.
    With so many features that BLAS is used, Lloyd's iteration is the faster; and with so many
    centres that their distances to one another take long.
    """
    operations = rows.n_samples * rows.operations_per_distance * n_clusters
    between_centers = n_clusters**2 * rows.n_features
    expanded = isinstance(rows, DenseRows) and rows.is_expanded
    pays = operations >= BOUNDS_OPERATIONS and between_centers <= PIECE_OPERATIONS
    return "hamerly" if expanded and pays else "lloyd"
