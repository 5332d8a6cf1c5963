"""What a plain callback sees of an iteration, computed when it is first read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class FitEvent:
    """One finished iteration of a fit, as a plain callback sees it.

    Besides the attributes below it has those of the state that the algorithm shows (`inertia`,
    `shift`, `centers`, `labels`, ...; `dir` lists them). Each is computed when it is first read,
    which must happen inside the callback; what was read stays. Arrays are copies: keep or change
    them at will.

    Attributes
    ----------
    estimator : estimator
        The estimator being fitted; nothing of this fit is stored on it yet.
    stage : str
        What is iterating ("lloyd", ...).
    run : int
        Which of the `n_runs` runs, from 0.
    n_runs : int
        Number of runs of this fit.
    iteration : int
        Which iteration of the run, from 1.
    total : int or None
        The most iterations the run may take, if known.
    seconds : float
        Time since the fit began.
    """

    def __init__(
        self,
        estimator: Any,
        stage: str,
        run: int,
        n_runs: int,
        iteration: int,
        total: int | None,
        seconds: float,
        state: LazyValues,
    ) -> None:
        self.estimator = estimator
        self.stage = stage
        self.run = run
        self.n_runs = n_runs
        self.iteration = iteration
        self.total = total
        self.seconds = seconds
        self._state = state

    @property
    def state_names(self) -> list[str]:
        """Names of what the algorithm shows beside the attributes above, sorted."""
        return sorted(self._state.names)

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not stored yet. Copying and unpickling ask before `_state` exists.
        if name.startswith("_") or name not in self._state.names:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if self._state.closed:
            raise AttributeError(
                f"{name!r} of {self} was not read inside the callback, and the fit has moved on."
            )
        value = own(self._state[name])
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._state.names})

    def __repr__(self) -> str:
        return (
            f"FitEvent(stage={self.stage!r}, run={self.run}, n_runs={self.n_runs}, "
            f"iteration={self.iteration}, total={self.total})"
        )


class LazyValues:
    """Named values, each computed when first read, until closed.

    Parameters
    ----------
    suppliers : mapping of str to object
        The value itself, or a function without arguments that computes it.
    """

    def __init__(self, suppliers: Mapping[str, Any]) -> None:
        self.names = frozenset(suppliers)
        self.closed = False
        self._suppliers = suppliers
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            supplier = self._suppliers[name]
            self._values[name] = supplier() if callable(supplier) else supplier
        return self._values[name]

    def close(self) -> None:
        """Forget the values: what computes them may have changed since."""
        self.closed = True
        self._suppliers = self._values = {}


def own(value: Any) -> Any:
    """The value, or a copy of it if it is an array that the fit may go on writing to."""
    return value.copy() if isinstance(value, np.ndarray) else value
