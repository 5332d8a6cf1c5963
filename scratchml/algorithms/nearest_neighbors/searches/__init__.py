"""Ways to find neighbours, behind one interface: `nearest` and `within`."""

from __future__ import annotations

from .blocks import job_threads
from .cosine import DenseCosineSearch, SparseCosineSearch
from .dense import DenseSearch, SquaredSearch
from .found import Found
from .graph import GraphSearch, sort_by_value
from .pairwise import PairwiseSearch
from .sparse import SparseSearch
from .tree import TreeSearch

__all__ = [
    "DenseCosineSearch",
    "DenseSearch",
    "Found",
    "GraphSearch",
    "PairwiseSearch",
    "Search",
    "SparseCosineSearch",
    "SparseSearch",
    "SquaredSearch",
    "TreeSearch",
    "job_threads",
    "sort_by_value",
]

Search = DenseSearch | GraphSearch | PairwiseSearch | SparseSearch | TreeSearch
