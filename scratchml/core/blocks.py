"""Blocks and threads: the only place where the library runs anything in parallel.

Rows are cut into blocks, a sequential kernel runs on each, and what the blocks return is combined
in block order. The cut depends on the shape of the work alone, so that every result has the same
bits for any number of threads. Kernels release the GIL; the calling thread takes part, and each
further thread draws the next block from one shared counter.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import itertools
import operator
import os
import threading
from collections.abc import Callable, Iterator, Sequence

# Here and not on first use: by then another thread may be forking, whose child would find the
# module half imported, or the interpreter may be shutting down, which refuses it.
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

__all__ = [
    "available_processors",
    "get_num_threads",
    "map_blocks",
    "row_blocks",
    "row_pieces",
    "set_num_threads",
    "stop_if_cancelled",
    "threads",
]

T = TypeVar("T")
Part = TypeVar("Part")

MAX_BLOCKS = 64
"""Partial results held at once: at most this many."""

BLOCK_OPERATIONS = 1_500_000
"""Multiply-adds in a block of the smallest size worth a thread: some tenths of a millisecond."""

FEW_BLOCKS = 16
"""So many may be of the smallest size. Each costs some microseconds that no other thread can use,
so that more of them have to be worth more."""

LONG_BLOCK_OPERATIONS = 20_000_000
"""Multiply-adds in a block where there are more than a few."""

PARTIALS_BYTES = 64 * 2**20
"""Memory that the partial results of one pass may take."""

ROW_ALIGNMENT = 480
"""Blocks begin at multiples of this many rows, so that tiles inside them are full."""

PIECE_OPERATIONS = 100_000_000
"""Multiply-adds between two looks at Ctrl-C: some tens of milliseconds at worst."""

PIECE_BYTES = 2**20
"""Rows that go through several kernels one after the other: about a second-level cache of them."""


# --- how many threads ---------------------------------------------------------------------------

_scoped: contextvars.ContextVar[int | None] = contextvars.ContextVar("threads", default=None)
_chosen: int | None = None


def get_num_threads() -> int:
    """Threads that the next fit may use.

    In order: `threads` around the call, `set_num_threads`, ``SCRATCHML_NUM_THREADS``, and else the
    processors this process may run on (its affinity and its container's quota), no more than
    ``OMP_NUM_THREADS`` and ``NUMBA_NUM_THREADS`` where those are set.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If ``SCRATCHML_NUM_THREADS`` is not an integer of at least 1.
    """
    return _scoped.get() or _chosen or _default_threads()


def set_num_threads(n: int | None) -> None:
    """Set the number of threads for the whole process.

    Parameters
    ----------
    n : int or None
        At least 1. None returns to the default, as `get_num_threads` describes it.

    Raises
    ------
    ValueError
        If ``n`` is neither None nor an integer of at least 1.
    """
    global _chosen
    _chosen = None if n is None else _check_thread_count(n)


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Use ``n`` threads inside a ``with`` statement, in this thread or task only.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    ValueError
        If ``n`` is not an integer of at least 1.

    Examples
    --------
    >>> import scratchml
    >>> with scratchml.threads(1):
    ...     scratchml.get_num_threads()
    1
    """
    token = _scoped.set(_check_thread_count(n))
    try:
        yield
    finally:
        _scoped.reset(token)


def _check_thread_count(n: Any) -> int:
    try:
        count = operator.index(n)
    except TypeError:
        count = 0
    if isinstance(n, bool) or count < 1:
        raise ValueError(
            f"The number of threads must be an integer of at least 1. Got {n!r} instead."
        )
    return count


@functools.cache
def _default_threads() -> int:
    chosen = os.environ.get("SCRATCHML_NUM_THREADS", "").strip()
    if chosen:
        return _check_thread_count(int(chosen) if chosen.isdecimal() else chosen)
    limits = [available_processors()]
    for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        # OMP_NUM_THREADS may list one count per nesting level. What it means is not ours to judge.
        value = os.environ.get(variable, "").split(",")[0].strip()
        if value.isdecimal() and int(value) > 0:
            limits.append(int(value))
    return min(limits)


def available_processors() -> int:
    """Processors that this process may use: its affinity, within its container's quota."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    return max(1, min(processors, _container_quota()))


def _container_quota() -> int:
    """Processors that a container's CPU quota amounts to (cgroup 2, then 1), rounded up."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        try:
            with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as file:
                quota = file.read().strip()
            with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as file:
                period = file.read().strip()
        except OSError:
            return 2**31
    if not quota.isdecimal() or int(quota) == 0:
        return 2**31
    return -(-int(quota) // int(period))


# --- cutting rows into blocks -------------------------------------------------------------------


def row_blocks(n_rows: int, operations_per_row: float, partial_bytes: int = 0) -> list[slice]:
    """Cut rows into blocks, by the shape of the work alone.

    Parameters
    ----------
    n_rows : int
    operations_per_row : float
        About how many multiply-adds a row costs.
    partial_bytes : int
        Size of the partial result that each block returns.

    Returns
    -------
    list of slice
        Consecutive, none empty (but for ``n_rows = 0``: one empty slice).
    """
    work = n_rows * operations_per_row
    by_work = int(max(min(work / BLOCK_OPERATIONS, FEW_BLOCKS), work / LONG_BLOCK_OPERATIONS))
    by_memory = PARTIALS_BYTES // max(partial_bytes, 1)
    by_rows = n_rows // ROW_ALIGNMENT
    n_blocks = max(1, min(by_work, by_memory, by_rows, MAX_BLOCKS))
    n_units = -(-n_rows // ROW_ALIGNMENT)
    edges = [n_units * b // n_blocks * ROW_ALIGNMENT for b in range(n_blocks)] + [n_rows]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def row_pieces(
    block: slice, operations_per_row: float, bytes_per_row: float = 0
) -> Iterator[slice]:
    """Cut a block into pieces, so short that Ctrl-C between two of them is heard at once.

    Before each of them a helper thread looks whether its work is still wanted. Where several
    kernels run on each piece, the size of a row keeps its data in cache for them.
    """
    by_time = PIECE_OPERATIONS / max(operations_per_row, 1)
    by_size = PIECE_BYTES / max(bytes_per_row, 1e-9)
    n_rows = max(int(min(by_time, by_size)) // ROW_ALIGNMENT, 1) * ROW_ALIGNMENT
    for start in range(block.start, block.stop, n_rows):
        stop_if_cancelled()
        yield slice(start, min(start + n_rows, block.stop))


# --- running them -------------------------------------------------------------------------------

_helper = threading.local()


class _CancelledError(BaseException):
    """Ends a block whose result nobody waits for any more."""


def stop_if_cancelled() -> None:
    """End the block of this helper thread if another block has failed or was interrupted.

    A long block calls it between two pieces of its work; in other threads it does nothing.
    """
    cancelled = getattr(_helper, "cancelled", None)
    if cancelled is not None and cancelled.is_set():
        raise _CancelledError


def map_blocks(step: Callable[[int, Part], T], blocks: Sequence[Part]) -> list[T]:
    """Call ``step(index, block)`` for every block and return the results in block order.

    A block is a slice of rows, or another part of the work.

    Everything runs in the calling thread where there is one thread to use, inside a helper thread
    (a fit that a block starts), and once the interpreter has begun to shut down. When all helpers
    are busy with other fits, the calling thread does the work alone: nothing ever waits for a
    thread to become free. A kernel that is not compiled yet compiles once, in the first thread that
    calls it, while the others wait.

    Raises
    ------
    BaseException
        KeyboardInterrupt as soon as the calling thread gets it, else the error of the lowest block
        that failed. No further block is started, and those that run are waited for, until they end
        or call `stop_if_cancelled`.
    """
    n_helpers = min(get_num_threads(), len(blocks)) - 1
    if n_helpers < 1 or getattr(_helper, "active", False):
        return [step(index, block) for index, block in enumerate(blocks)]

    results: list[Any] = [None] * len(blocks)
    indices = iter(range(len(blocks)))  # next() on it is atomic: the threads share it
    errors: dict[int, BaseException] = {}
    cancelled = threading.Event()

    def work() -> None:
        for index in indices:
            if cancelled.is_set():
                return
            try:
                results[index] = step(index, blocks[index])
            except _CancelledError:
                return
            except BaseException as error:
                errors[index] = error
                cancelled.set()

    helpers: list[Future[None] | None] = []
    try:
        for _ in range(n_helpers):
            helpers.append(_submit(work, cancelled))
        work()
    except BaseException:  # an interrupt between two blocks
        cancelled.set()
        raise
    finally:
        _join(helpers, cancelled)
    if errors:
        interrupts = [error for error in errors.values() if not isinstance(error, Exception)]
        try:
            raise interrupts[0] if interrupts else errors[min(errors)]
        finally:
            errors.clear()  # breaks the cycle error -> traceback -> this frame -> error
            interrupts.clear()
    return results


_lock = threading.RLock()
"""Held while the pool is looked at or changed; a fork waits for it."""

_pool: ThreadPoolExecutor | None = None


def _submit(work: Callable[[], None], cancelled: threading.Event) -> Future[None] | None:
    """Ask a helper thread to run ``work``; None when the interpreter starts no more threads."""
    global _pool

    def help_out() -> None:
        _helper.active, _helper.cancelled = True, cancelled
        work()

    # Each helper has its own copy of the caller's context: numpy's errstate, the number of threads.
    context = contextvars.copy_context()
    _register_fork_hooks()
    try:
        with _lock:
            if _pool is None:
                # Threads start as they are needed: the size is only an upper bound.
                _pool = ThreadPoolExecutor(MAX_BLOCKS, thread_name_prefix="scratchml")
            return _pool.submit(context.run, help_out)
    except RuntimeError:
        return None


def _join(helpers: list[Future[None] | None], cancelled: threading.Event) -> None:
    """Withdraw the helpers that have not begun and wait for the others, interrupted or not."""
    try:
        wait([helper for helper in helpers if helper is not None and not helper.cancel()])
    except BaseException:
        # They write into the caller's arrays: finish the blocks they have, then hand the error on.
        cancelled.set()
        _join(helpers, cancelled)
        raise


@functools.cache
def _register_fork_hooks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lambda: _lock.acquire(),
            after_in_parent=lambda: _lock.release(),
            after_in_child=_after_fork,
        )


def _after_fork() -> None:
    """Threads do not survive a fork: the child starts its own."""
    global _lock, _pool
    _lock = threading.RLock()
    _pool = None
    _helper.active, _helper.cancelled = False, None
