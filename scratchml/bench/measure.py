"""Let contestants run, and keep what was measured."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchml.core.blocks import get_num_threads
from scratchml.core.environment import describe

from .contestants import Contestant
from .duels import Duel
from .outcomes import Outcome, UnfairDuelError, compare_outcomes
from .processes import Process, stored
from .schedule import affordable_rounds, play
from .statistics import machine_noise

_CALIBRATION_VALUES = 20_000
_CALIBRATION_REPEATS = 300


@dataclass(frozen=True)
class Record:
    """What was measured of one contestant.

    Attributes
    ----------
    name : str
    seconds : list of float
        Of each round: the geometric mean of its two runs.
    first_call_seconds : float
        Of the first call in a fresh process, with all that it compiles or loads.
    peak_memory : int or None
        Bytes that a call takes at most beyond data and libraries, in a process of its own; None if
        it was not measured.
    outcome : Outcome
        What it found.
    threads : int
        Threads that were imposed on it.
    """

    name: str
    seconds: list[float]
    first_call_seconds: float
    peak_memory: int | None
    outcome: Outcome
    threads: int

    @property
    def median(self) -> float:
        """Median seconds of a call."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """Seconds of the fastest and of the slowest round."""
        return min(self.seconds), max(self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "seconds": self.seconds,
            "median": self.median,
            "spread": list(self.spread),
            "first_call_seconds": self.first_call_seconds,
            "peak_memory": self.peak_memory,
            "n_iter": self.outcome.n_iter,
            "objective": self.outcome.objective,
            "counters": self.outcome.counters,
            "threads": self.threads,
        }


@dataclass(frozen=True)
class Measurement:
    """What was measured of several contestants in one run.

    Attributes
    ----------
    records : dict of str to Record
        By name.
    noise : float
        `machine_noise` of the calibration loop that ran between the rounds.
    clock_resolution : float
        Seconds.
    load : ((float, ...), (float, ...))
        Load averages of the machine before and after; empty where it does not tell.
    environment : dict
        As of `scratchml.core.environment.describe`.
    """

    records: dict[str, Record]
    noise: float
    clock_resolution: float
    load: tuple[tuple[float, ...], tuple[float, ...]]
    environment: dict[str, Any] = field(repr=False)

    def duel(self, ours: str, theirs: str) -> Duel:
        """One contestant against another.

        Raises
        ------
        UnfairDuelError
            When they have not found the same.
        """
        a, b = self.records[ours], self.records[theirs]
        agreement = compare_outcomes(a.outcome, b.outcome)
        if agreement.refusal is not None:
            raise UnfairDuelError(f"{ours} and {theirs} did not do the same: {agreement.refusal}")
        return Duel(a, b, agreement, self)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without the environment."""
        return {
            "contestants": {name: record.to_dict() for name, record in self.records.items()},
            "noise": None if math.isnan(self.noise) else self.noise,
            "clock_resolution": self.clock_resolution,
            "load": [list(load) for load in self.load],
        }


def measure(
    contestants: Sequence[Contestant],
    X: Any,
    y: Any = None,
    *,
    rounds: int | None = None,
    threads: int | None = None,
    seconds: float = 20.0,
    memory: bool = True,
) -> Measurement:
    """Let contestants run in turn, each in a fresh process of its own.

    Parameters
    ----------
    contestants : sequence of Contestant
        Of different names.
    X, y : array-like
        The data, pickled once and read by each process.
    rounds : int or None, default=None
        Number of rounds, in each of which every contestant runs twice. None takes as many as go
        into `seconds`, and no fewer than ten.
    threads : int or None, default=None
        Threads of each contestant; None is what a fit would use here (`get_num_threads`).
    seconds : float, default=20.0
        Budget of the timed runs where `rounds` is None.
    memory : bool, default=True
        Whether to measure peak memory too, in one more process for each.

    Raises
    ------
    UnfairDuelError
        When the conditions of a contestant are not fair, or it finds something else the last time
        than the first.
    ContestantError
        When a contestant fails.
    ValueError
        When a contestant cannot be sent to a process of its own.
    """
    n_threads = threads or get_num_threads()
    load_before = _load()
    with stored(X, y) as data, ExitStack() as running:
        processes: dict[str, Process] = {}
        first_calls = {}
        for contestant in contestants:
            process = running.enter_context(Process(contestant, data, n_threads))
            processes[contestant.name] = process
            first_calls[contestant.name] = process.ask("first_call")

        def run(name: str) -> float:
            return processes[name].ask("run")

        if rounds is None:
            rounds = affordable_rounds(2 * sum(run(name) for name in processes), seconds)
        calibrate = running.enter_context(_calibration(n_threads))
        timed = play(list(processes), run, rounds, calibrate, np.random.default_rng())
        for name, process in processes.items():
            _check_repeatable(name, first_calls[name].outcome, process.ask("last_outcome"))
        running.close()

        peaks: dict[str, int | None] = dict.fromkeys(processes)
        if memory:
            for contestant in contestants:
                with Process(contestant, data, n_threads) as process:
                    peaks[contestant.name] = process.ask("peak_memory")
    records = {
        name: Record(
            name,
            timed.seconds[name],
            first_calls[name].seconds,
            peaks[name],
            first_calls[name].outcome,
            n_threads,
        )
        for name in processes
    }
    return Measurement(
        records,
        machine_noise(timed.calibrations),
        time.get_clock_info("perf_counter").resolution,
        (load_before, _load()),
        describe(),
    )


def _check_repeatable(name: str, first: Outcome, last: Outcome) -> None:
    """Refuse a contestant whose runs differ: their mean time would be that of no run."""
    refusal = compare_outcomes(last, first).refusal
    if refusal is None and first.n_iter != last.n_iter:
        refusal = f"{first.n_iter} iterations the first time, {last.n_iter} the last"
    if refusal is not None:
        raise UnfairDuelError(f"{name} does not repeat what it did: {refusal}; give it a seed")


@contextmanager
def _calibration(n_threads: int) -> Iterator[Callable[[], float]]:
    """A function that gives the seconds in which as many threads do work that is always the same.

    It feels what contestants feel: a processor that is lent out, or busy with something else.
    """
    values = np.linspace(1.0, 2.0, _CALIBRATION_VALUES)

    def work(_: int) -> None:
        out = np.empty_like(values)
        for _ in range(_CALIBRATION_REPEATS):
            np.sqrt(values, out=out)  # without the interpreter's lock

    with ThreadPoolExecutor(n_threads) as pool:

        def calibrate() -> float:
            began = time.perf_counter()
            list(pool.map(work, range(n_threads)))
            return time.perf_counter() - began

        calibrate()
        yield calibrate


def _load() -> tuple[float, ...]:
    return os.getloadavg() if hasattr(os, "getloadavg") else ()
