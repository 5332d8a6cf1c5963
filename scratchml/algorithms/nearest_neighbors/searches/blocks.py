"""Queries cut into blocks, and how many threads a search may use."""

from __future__ import annotations

import contextlib
from numbers import Integral
from typing import Any

from scratchml.core.blocks import available_processors, threads

BLOCK_QUERIES = 2048
"""At most so many, so that a tile of points is read from cache by all of them in turn."""

FEWEST_QUERIES = 16
"""Blocks hold a multiple of this many: points are made ready for so many at least."""

MAX_BLOCKS = 64
"""More only where blocks would be larger than `BLOCK_QUERIES`."""

SMALL_OPERATIONS = 3_000_000
"""Multiply-adds of a search that is not worth a second thread."""


def query_blocks(n_queries: int, operations_per_query: float) -> list[slice]:
    """Cut queries into blocks, by the shape of the work alone.

    Unlike `scratchml.core.blocks.row_blocks` this makes several blocks of a few queries: each may
    cost as much as all points. Nothing is summed over blocks.
    """
    if n_queries * operations_per_query < SMALL_OPERATIONS:
        return [slice(0, n_queries)]
    units = -(-n_queries // FEWEST_QUERIES)
    size = min(-(-units // MAX_BLOCKS) * FEWEST_QUERIES, BLOCK_QUERIES)
    return [slice(a, min(a + size, n_queries)) for a in range(0, n_queries, size)]


def job_threads(n_jobs: Any) -> contextlib.AbstractContextManager[None]:
    """Use as many threads as ``n_jobs`` asks for, inside a ``with`` statement.

    None is as many as any fit may use; -1 is all processors, -2 all but one.

    Raises
    ------
    ValueError
        If it is 0.
    """
    if n_jobs is None:
        return contextlib.nullcontext()
    if not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ValueError("n_jobs == 0 in Parallel has no meaning")
    n = int(n_jobs)
    return threads(n if n > 0 else max(available_processors() + 1 + n, 1))
