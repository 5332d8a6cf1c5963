"""Stop a run that no longer gains, and a fit that has used up its time."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from scratchml.callbacks.base import FitCallback, read_number
from scratchml.core.events import FitEvent
from scratchml.core.objective import Objective, objective_named
from scratchml.core.params import Interval, Options, check_params

_CONSTRAINTS: dict[str, list[Any]] = {
    "monitor": [str, None],
    "min_delta": [Interval(Real, 0, None, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "mode": [Options({"min", "max"}), None],
    "relative": ["boolean", None],
    "max_seconds": [Interval(Real, 0, None, closed="left"), None],
}


class EarlyStopping(FitCallback):
    """Stop a run when a value has stopped improving, or the fit when its time is up.

    A run stops after `patience` iterations in a row that did not improve on the best value of the
    run by more than `min_delta`. Each run starts anew. What the fit publishes is as if ``max_iter``
    had ended the run there.

    Parameters
    ----------
    monitor : str, optional
        Name of the value, one of the numbers that the events of the fit show. Unless given, what
        the fit makes better: the inertia of K-means, the lower bound of a mixture.
    min_delta : float, default=1e-4
        The least gain that counts as an improvement.
    patience : int, default=1
        Iterations without improvement after which the run stops.
    mode : {"min", "max"}, optional
        Whether lower or higher is better. Unless given, "max" for "lower_bound", else "min".
    relative : bool, optional
        Whether `min_delta` is a fraction of the best value, as suits the inertia, whose scale is
        that of the data. Otherwise it is a difference, as suits a log-likelihood, whose zero means
        nothing. Unless given, False for "lower_bound", else True.
    max_seconds : float, optional
        Time after which the whole fit stops, its remaining runs included. It is looked at after
        each iteration: one iteration, and the initialisation before it, always takes place.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        In a fit whose events do not show `monitor`, or show an array under that name.

    Notes
    -----
    The value is read after every iteration. Where it is not a by-product of the iteration it has
    to be computed: the inertia of K-means takes one more pass over the data.

    Examples
    --------
    >>> from scratchml.callbacks import EarlyStopping
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> X, _ = make_blobs(2000, centers=12, cluster_std=3.0, random_state=0)
    >>> kmeans = KMeans(12, tol=0, random_state=0)
    >>> n_iter = kmeans.fit(X).n_iter_
    >>> kmeans.set_callbacks(EarlyStopping(min_delta=1e-3)).fit(X).n_iter_ < n_iter
    True
    """

    def __init__(
        self,
        monitor: str | None = None,
        *,
        min_delta: float = 1e-4,
        patience: int = 1,
        mode: str | None = None,
        relative: bool | None = None,
        max_seconds: float | None = None,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.min_delta = min_delta
        self.patience = patience
        self.mode = mode
        self.relative = relative
        self.max_seconds = max_seconds
        check_params(_CONSTRAINTS, vars(self), type(self).__name__)

    def __call__(self, event: FitEvent) -> bool:
        """Whether the run shall stop after this iteration."""
        progress: _Progress = self._state_of(event.estimator)
        progress.time_is_up = self.max_seconds is not None and event.seconds >= self.max_seconds
        objective = progress.objective
        value = read_number(event, objective.name, type(self).__name__)
        value = value if objective.mode == "min" else -value
        least_gain = self.min_delta * (abs(progress.best) if objective.relative else 1.0)
        if event.iteration == 1 or progress.best - value > least_gain:
            progress.best = value
            progress.n_without = 0
        else:
            progress.n_without += 1
        return progress.time_is_up or progress.n_without >= self.patience

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        # After an iteration this ends the run, after a run the fit.
        return self._state_of(estimator).time_is_up

    def _begin_fit(self, estimator: Any) -> _Progress:
        objective = estimator._objective
        if self.monitor is not None:
            objective = objective_named(self.monitor)
        if self.mode is not None:
            objective = objective._replace(mode=self.mode)
        if self.relative is not None:
            objective = objective._replace(relative=self.relative)
        return _Progress(objective)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={getattr(self, name)!r}" for name in _CONSTRAINTS)
        return f"EarlyStopping({given})"


@dataclass
class _Progress:
    """How far a fit has come: the best value of the run, and the iterations since.

    Of `best` lower is better, whatever the objective.
    """

    objective: Objective
    best: float = float("inf")
    n_without: int = 0
    time_is_up: bool = False
