"""Contestants: what a fresh process loads, repeats under the clock, and shows of its results."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from .outcomes import Outcome, outcome_of


class Contestant(ABC):
    """Something that is timed, in a process of its own.

    A subclass is pickled, unpickled in the fresh process, and there `load` is called once, then
    `ready` before each run, and what `ready` returns under the clock.

    Parameters
    ----------
    name : str
        Of the contestant, in reports.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def load(self, X: Any, y: Any, n_threads: int) -> None:
        """Take the data, in the layout and dtype of choice, and import what is needed.

        Parameters
        ----------
        X, y : array-like
            The data, the same for every contestant.
        n_threads : int
            Threads to use. Environment variables and the pools that threadpoolctl knows are set
            already; what has another switch sets it here.
        """

    @abstractmethod
    def ready(self) -> Callable[[], Any]:
        """Make what the next run calls; not timed."""

    @abstractmethod
    def outcome(self, result: Any) -> Outcome:
        """What the latest run found, given what it returned; not timed."""


class EstimatorContestant(Contestant):
    """A method of an estimator: ``fit`` of a fresh copy, or another one of a fitted copy.

    Parameters
    ----------
    name : str
        Of the contestant, in reports.
    estimator : estimator
        Not fitted; it is copied.
    method : str
        Name of the method.
    """

    def __init__(self, name: str, estimator: Any, method: str = "fit") -> None:
        super().__init__(name)
        self.estimator = copy.deepcopy(estimator)
        self.method = method

    def load(self, X: Any, y: Any, n_threads: int) -> None:
        self._arguments = (X,) if y is None else (X, y)
        if not self.method.startswith("fit"):
            self.estimator.fit(*self._arguments)
            self._arguments = (X,)

    def ready(self) -> Callable[[], Any]:
        # A copy each time: a RandomState starts where it stood, and nothing is left from before.
        self._latest = copy.deepcopy(self.estimator)
        return partial(getattr(self._latest, self.method), *self._arguments)

    def outcome(self, result: Any) -> Outcome:
        outcome = outcome_of(self._latest, result)
        if self.method.startswith("fit"):
            return outcome
        # Iterations and work are those of a fit that was not timed.
        return replace(outcome, objective=None, n_iter=None, counters={})
