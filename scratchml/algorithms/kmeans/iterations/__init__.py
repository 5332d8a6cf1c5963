"""One iteration of K-means: statistics of each block of rows, combined, then new centres.

The iterations differ in how a block of rows gets its labels. Sums and centres follow from the
labels, in block order, whoever found them: all variants give the same bits.
"""

from __future__ import annotations

from scratchml.core.blocks import PIECE_OPERATIONS

from ..rows import TILED_FEATURES, DenseRows, Rows
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

BOUNDS_OPERATIONS = 16_000_000
"""Multiply-adds of an iteration, times the features, from which on bounds are kept: what a bound
spares grows with the features, and so does how often it is tight enough to spare it."""

GROUPS_CLUSTERS = 200
"""Clusters of wide rows from which on bounds for groups of centres spare more than they cost."""


def choose_iteration(rows: Rows, n_clusters: int) -> str:
    """The iteration that ``algorithm='auto'`` stands for, by the shape of the work.

    Up to four features every row is compared with every centre: that takes no longer than a look at
    its bounds. Beyond, Hamerly's two numbers for each row spare more than they cost, but in the
    smallest fits and where there are so many centres that their distances to one another take long.
    With many clusters of wide rows, bounds by groups of centres spare still more.
    """
    if not (isinstance(rows, DenseRows) and rows.is_expanded):
        return "lloyd"
    operations = rows.n_samples * rows.operations_per_distance * n_clusters
    between_centers = n_clusters**2 * rows.n_features
    if operations * rows.n_features < BOUNDS_OPERATIONS or between_centers > PIECE_OPERATIONS:
        return "lloyd"
    is_wide = rows.n_features > TILED_FEATURES
    return "yinyang" if is_wide and n_clusters >= GROUPS_CLUSTERS else "hamerly"
