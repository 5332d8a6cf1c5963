"""Warm-up: all kernels compiled ahead of the first fit, and kept in the cache.

A room that has kernels has a module ``warmup`` with

    WORKLOADS: dict[str, Callable[[type[np.floating]], None]]

by name: functions that between them call each kernel of the room in every form that its fits do,
for data of the dtype given, on a handful of rows. They are found by their place: a further room
brings its own, and nothing here changes.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["DTYPES", "Warmup", "clean_cache", "warmup"]

DTYPES: tuple[type[np.floating], ...] = (np.float32, np.float64)
"""Dtypes that data keep in a fit; all others become one of them."""

ROOMS = "scratchml.algorithms"


class Warmup(NamedTuple):
    """What a warm-up has done. A kernel is counted once for each combination of dtypes."""

    n_compiled: int
    """Kernels that had to be compiled."""
    n_found: int
    """Kernels that were read from the cache."""
    seconds: float
    """Time that took."""
    directory: Path | None
    """Folder of the cache; None where compiled kernels are not kept."""


def warmup(on_step: Callable[[str, int, int], None] | None = None) -> Warmup:
    """Compile every kernel for every dtype that fits use, so that no fit has to.

    Compiled kernels are kept in the cache (``SCRATCHML_CACHE_DIR``, else the user's cache folder),
    where later processes find them. Without a cache they serve this process alone. Those that are
    in the cache already are read, not compiled.

    Parameters
    ----------
    on_step : callable, optional
        Called as ``on_step(name, n_done, n_steps)`` before each step, and within a step before
        each kernel that is compiled, whose name is then part of the name. What it raises ends the
        warm-up.

    Returns
    -------
    Warmup
        The named tuple ``(n_compiled, n_found, seconds, directory)``. With
        ``NUMBA_DISABLE_JIT=1`` there is nothing to compile, and nothing is run.
    """
    from scratchml.core import jit

    begin = time.perf_counter()
    n_compiled, n_found = _compilations()
    steps = _steps() if jit.compilation_is_on() else []

    def report(name: str, n_done: int, kernel: str = "") -> None:
        if on_step is not None:
            on_step(f"{name} {kernel}".rstrip(), n_done, len(steps))

    for n_done, (name, run) in enumerate(steps):
        report(name, n_done)
        with jit.before_each_compilation(partial(report, name, n_done)):
            run()
    compiled, found = _compilations()
    return Warmup(
        compiled - n_compiled,
        found - n_found,
        time.perf_counter() - begin,
        jit.cache_directory(),
    )


def clean_cache() -> tuple[int, int]:
    """Remove all compiled kernels from the cache, whatever version they are of.

    Processes that run keep what they have loaded.

    Returns
    -------
    n_files, n_bytes : int
        How many files were removed, and their size.

    Raises
    ------
    OSError
        If a file cannot be removed.
    """
    from scratchml.core.jit import cached_files

    sizes = cached_files()
    for path in sizes:
        path.unlink(missing_ok=True)
    return len(sizes), sum(sizes.values())


def _steps() -> list[tuple[str, Callable[[], None]]]:
    """The workloads of all rooms, once for each dtype."""
    return [
        (f"{room}: {name}, {dtype.__name__}", partial(run, dtype))
        for room, workloads in _rooms()
        for name, run in workloads.items()
        for dtype in DTYPES
    ]


def _rooms() -> Iterator[tuple[str, dict[str, Callable[[type[np.floating]], None]]]]:
    """Name and workloads of each room that has any."""
    rooms = importlib.import_module(ROOMS)
    for room in pkgutil.iter_modules(rooms.__path__):
        module = f"{ROOMS}.{room.name}.warmup"
        if room.ispkg and find_spec(module) is not None:
            yield room.name, importlib.import_module(module).WORKLOADS


def _compilations() -> tuple[int, int]:
    """How often this process has compiled a kernel so far, and read one from the cache."""
    from scratchml.core.jit import kernels

    stats = [kernel.stats for kernel in kernels().values()]
    return (
        sum(sum(kernel.cache_misses.values()) for kernel in stats),
        sum(sum(kernel.cache_hits.values()) for kernel in stats),
    )
