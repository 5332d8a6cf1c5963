"""The fresh process of one contestant, which `processes.Process` starts at `main`.

It reads pickled requests from standard input and answers each on standard output, where nothing
else is written: what a contestant prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .contestants import Contestant
from .outcomes import Outcome, UnfairDuelError

_SECONDS_OF_QUIET = 0.005
_LONGEST_WAIT_FOR_QUIET = 1.0
_WARM_UP_ROWS = 1000
_SHORTEST_TO_JUDGE = 0.05  # seconds: processor time is counted in coarse steps


class FirstCall(NamedTuple):
    """What loading and the first call showed."""

    seconds: float
    outcome: Outcome


class Worker:
    """Does what the requests say: each is the name of a method and its arguments."""

    def __init__(self) -> None:
        self._contestant: Contestant
        self._n_threads = 0

    def load(self, contestant: bytes, data: str, n_threads: int) -> None:
        """Unpickle the contestant and the data, and hold every pool to the number of threads."""
        self._contestant = pickle.loads(contestant)
        self._n_threads = n_threads
        with open(data, "rb") as file:
            self._X, self._y = pickle.load(file)
        self._contestant.load(self._X, self._y, n_threads)

    def first_call(self) -> FirstCall:
        """Time the first call, with whatever it compiles or loads."""
        seconds, result = self._timed(self._contestant.ready())
        outcome = self._contestant.outcome(result)
        check_threads(self._n_threads)  # pools may have been made only now
        wait_for_quiet()
        return FirstCall(seconds, outcome)

    def run(self) -> float:
        """Seconds of one call; returns when this process has come to rest."""
        seconds, result = self._timed(self._contestant.ready())
        del result
        wait_for_quiet()
        return seconds

    def last_outcome(self) -> Outcome:
        """What one more call finds: it must be what the first found."""
        return self._contestant.outcome(self._contestant.ready()())

    def peak_memory(self) -> int | None:
        """Bytes that a call takes at most beyond what the process holds before it.

        A call on a few rows comes first, so that what is imported and compiled does not count.
        """
        few = slice(0, _WARM_UP_ROWS)
        try:
            self._load_and_call(self._X[few], None if self._y is None else self._y[few])
        except Exception:  # so few rows are not enough for everyone
            self._load_and_call(self._X, self._y)
        self._contestant.load(self._X, self._y, self._n_threads)
        call = self._contestant.ready()
        gc.collect()
        forget_peak()
        before = peak_resident_set()
        result = call()
        after = peak_resident_set()
        del result
        return None if before is None or after is None else after - before

    def _load_and_call(self, X: Any, y: Any) -> None:
        self._contestant.load(X, y, self._n_threads)
        self._contestant.ready()()

    def _timed(self, call: Callable[[], Any]) -> tuple[float, Any]:
        refuse_tracing()
        gc.collect()
        gc.disable()
        try:
            worked, began = time.process_time(), time.perf_counter()
            result = call()
            seconds = time.perf_counter() - began
            check_processors(seconds, time.process_time() - worked, self._n_threads)
            return seconds, result
        finally:
            gc.enable()


def refuse_tracing() -> None:
    """Refuse to time under a debugger, a profiler, coverage or a memory tracer.

    Raises
    ------
    UnfairDuelError
        When one is on: it slows Python code, and compiled code not at all.
    """
    monitoring = getattr(sys, "monitoring", None)  # Python 3.12
    is_monitored = monitoring is not None and any(map(monitoring.get_tool, range(6)))
    if is_monitored or sys.gettrace() is not None or sys.getprofile() is not None:
        raise UnfairDuelError("a debugger, a profiler or coverage is tracing the contestant")
    if tracemalloc.is_tracing():
        raise UnfairDuelError("tracemalloc is tracing the contestant")


def check_threads(n_threads: int) -> None:
    """Hold every BLAS and OpenMP pool of the process to a number of threads.

    Raises
    ------
    UnfairDuelError
        When a pool uses more, or this library another number.
    """
    import threadpoolctl

    threadpoolctl.threadpool_limits(n_threads)
    for pool in threadpoolctl.threadpool_info():
        if pool["num_threads"] > n_threads:
            raise UnfairDuelError(
                f"unequal threads: {pool['prefix']} uses {pool['num_threads']}, not {n_threads}"
            )
    blocks = sys.modules.get("scratchml.core.blocks")
    if blocks is not None and blocks.get_num_threads() != n_threads:
        raise UnfairDuelError(
            f"unequal threads: scratchml uses {blocks.get_num_threads()}, not {n_threads}"
        )


def check_processors(seconds: float, worked: float, n_threads: int) -> None:
    """Refuse a run whose threads have worked longer together than so many can: a net for all pools.

    Raises
    ------
    UnfairDuelError
        When the time of the processors, `worked`, was well above `n_threads` times the seconds.
    """
    if seconds > _SHORTEST_TO_JUDGE and worked > (n_threads + 0.5) * seconds:
        raise UnfairDuelError(
            f"unequal threads: {worked / seconds:.1f} processors were at work, not {n_threads}"
        )


def wait_for_quiet() -> None:
    """Return once the threads of this process rest: pools spin for a while after their work."""
    give_up = time.perf_counter() + _LONGEST_WAIT_FOR_QUIET
    while time.perf_counter() < give_up:
        before = time.process_time()
        time.sleep(_SECONDS_OF_QUIET)
        if time.process_time() - before < _SECONDS_OF_QUIET / 5:
            return


def forget_peak() -> None:
    """Let `peak_resident_set` begin anew from what is held now, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_resident_set() -> int | None:
    """The most bytes of memory this process has held, since `forget_peak` if it could; or None."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more: ('done', value) or ('failed', error, traceback)."""
    worker = Worker()
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        answer: tuple[Any, ...]
        try:
            answer = "done", getattr(worker, method)(*arguments)
        except UnfairDuelError as error:
            answer = "unfair", str(error)
        except Exception as error:  # whatever it is, the other process is told
            answer = "failed", f"{type(error).__name__}: {error}", traceback.format_exc()
        pickle.dump(answer, answers)
        answers.flush()


def main() -> None:
    """Serve on the standard streams."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)
