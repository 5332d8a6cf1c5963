"""Callbacks: how a fit tells what it is doing, and how it is told to stop.

Two kinds are taken. A plain function is called after each iteration with a `FitEvent`. An object
that follows scikit-learn's callback protocol (`setup`, `on_fit_task_begin`, `on_fit_task_end`,
`teardown`) hears of every task of the fit: the fit itself, its runs, their iterations. Each task is
a `FitTask`, which has the attributes of ``sklearn.callback.CallbackContext`` and takes its place in
the tree of a meta-estimator, so that scikit-learn's own callbacks work on it. Nothing of
scikit-learn is needed for that, nor loaded. An object may be both: the callbacks that come with the
library read the events and hear from the tasks where a fit begins and ends.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar

import numpy as np

from scratchml.core.events import FitEvent, LazyValues, own
from scratchml.core.listeners import (
    HOOKS,
    FitTask,
    FunctionListener,
    ProtocolListener,
    as_listeners,
    follows_protocol,
)
from scratchml.core.objective import INERTIA, Objective


class CallbackMixin:
    """An estimator whose fit runs under `FitEvents`."""

    # The number that its iterations make better.
    _objective: ClassVar[Objective] = INERTIA

    def set_callbacks(self: Any, *callbacks: Any) -> Any:
        """Set the callbacks of the next fits, in place of any earlier ones.

        Parameters
        ----------
        *callbacks : callables or callback objects
            A function is called after each iteration with a `FitEvent`; if it returns True, that
            run stops there. An object with the methods `setup`, `on_fit_task_begin`,
            `on_fit_task_end` and `teardown` is called as scikit-learn's callback protocol says.
            An object that is both is called in both ways. None at all removes the callbacks.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If one is neither, or is a class where an instance is meant.
        """
        for callback in callbacks:
            valid = callable(callback) or follows_protocol(callback)
            if isinstance(callback, type) or not valid:
                raise TypeError(
                    "callbacks must be functions of one FitEvent, or instances following the "
                    f"FitCallback protocol ({', '.join(HOOKS)}), got {callback!r}."
                )
        # The name under which scikit-learn's clone and meta-estimators look.
        if callbacks:
            self._skl_callbacks = list(callbacks)
        else:
            vars(self).pop("_skl_callbacks", None)
        return self


class FitEvents:
    """The callbacks of one fit: the fit tells it what happens, and asks it whether to stop.

    Parameters
    ----------
    estimator : estimator
        The estimator being fitted.
    n_runs : int, default=1
        Number of runs (`n_init`).
    X, y, sample_weight : array-like, optional
        The data of the fit, for the callbacks that ask for it. Callbacks see arrays read-only.
    attributes : mapping, optional
        Fitted attributes known from the start, as of `_check_fit_input`.

    Notes
    -----
    A fit reads::

        with FitEvents(self, n_runs=n_init, X=X, y=y, attributes=attributes) as events:
            for run in events.runs("lloyd", total=max_iter):
                centers = initial_centers(X)
                for iteration in events.iterations():
                    centers, inertia = step(X, centers)
                    stop = events.end_iteration(
                        inertia=inertia,
                        centers=lambda: centers,
                        fitted=lambda: {"cluster_centers_": centers},
                    )
                    if stop or converged:
                        break
            events.result = {**attributes, "cluster_centers_": best_centers}
        self._set_fitted(**events.result)

    Without callbacks it costs one attribute look-up a fit and a method call an iteration (guard
    it with ``if events:`` where even that counts); `runs` and `iterations` are plain ranges.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        n_runs: int = 1,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        callbacks = getattr(estimator, "_skl_callbacks", ())
        self._listeners = [
            listener for callback in callbacks for listener in as_listeners(callback)
        ]
        self._estimator = estimator
        self._n_runs = n_runs
        self._data = (X, y, sample_weight)
        self._attributes = attributes or {}
        self._total: int | None = None
        #: Fitted attributes the fit is about to publish; None until they are known.
        self.result: Mapping[str, Any] | None = None

    def __bool__(self) -> bool:
        """Whether anyone listens."""
        return bool(self._listeners)

    # ------------------------------------------------------------------ what a fit tells

    def __enter__(self) -> FitEvents:
        if self._listeners:
            self._begin_fit()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if not self._listeners:
            return
        if error is not None:
            self._tear_down(kind, error, traceback)
            return
        with ExitStack() as stack:
            stack.push(self._tear_down)
            self._end(self._root, fitted=lambda: self.result)

    def runs(self, stage: str, *, total: int | None = None) -> Iterable[int]:
        """The runs, from 0, each to be followed by its `iterations`.

        Parameters
        ----------
        stage : str
            Name of what iterates.
        total : int, optional
            The most iterations a run may take; None if there is no limit.
        """
        self._stage = stage
        self._total = total
        return self._announced_runs() if self._listeners else range(self._n_runs)

    def iterations(self) -> Iterable[int]:
        """The iterations of the current run, from 1; each ends with `end_iteration`."""
        numbers: Iterable[int]
        if self._total is None:
            numbers = itertools.count(1)
        else:
            numbers = range(1, self._total + 1)
        return self._announced_iterations(numbers) if self._listeners else numbers

    def end_iteration(
        self, *, fitted: Callable[[], Mapping[str, Any]] | None = None, **state: Any
    ) -> bool:
        """Tell that the current iteration is done; answer whether the run shall stop.

        Parameters
        ----------
        fitted : callable, optional
            Gives the fitted attributes of an estimator ready to predict, as if the fit stopped
            here. Only called for callbacks that ask for a `fitted_estimator`; called once more
            when the run is over.
        **state
            What a `FitEvent` shows. A callable is a function without arguments that computes the
            value; it is called when a callback first reads it.

        Returns
        -------
        bool
            True if any callback said stop. All are called in any case.
        """
        if not self._listeners:
            return False
        self._fitted = fitted
        values = LazyValues(state)
        new_event = partial(
            FitEvent,
            self._estimator,
            self._stage,
            self._run,
            self._n_runs,
            self._iteration,
            self._total,
            time.perf_counter() - self._began,
            values,
        )
        stop = self._end(self._iteration_task, fitted=fitted, new_event=new_event)
        values.close()
        return stop

    # ------------------------------------------------------------------ what callbacks hear

    def _begin_fit(self) -> None:
        self._began = time.perf_counter()
        self._root = FitTask.root(self._estimator, max_subtasks=self._n_runs)
        propagated = hasattr(self._estimator, "_parent_callback_ctx")
        self._set_up: list[FunctionListener | ProtocolListener] = []
        with ExitStack() as stack:
            stack.push(self._tear_down)
            for listener in self._listeners:
                if not (propagated and listener.auto_propagated):
                    # Before its setup: one that fails half-way is torn down too.
                    self._set_up.append(listener)
                    listener.setup(estimator=self._estimator, context=self._root)
            self._begin(self._root)
            stack.pop_all()

    def _tear_down(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """Tear down every callback that was set up, even if the teardown of another fails."""
        with _Subordinate(error), ExitStack() as stack:
            for listener in reversed(self._set_up):
                stack.callback(listener.teardown, estimator=self._estimator, context=self._root)

    def _announced_runs(self) -> Iterator[int]:
        for run in range(self._n_runs):
            self._run = run
            self._fitted = None
            self._run_task = self._root.subcontext(self._stage, max_subtasks=self._total)
            self._begin(self._run_task)
            yield run
            if self._end(self._run_task, fitted=self._fitted):
                return

    def _announced_iterations(self, numbers: Iterable[int]) -> Iterator[int]:
        for number in numbers:
            self._iteration = number
            self._iteration_task = self._run_task.subcontext("iteration")
            self._begin(self._iteration_task)
            yield number

    def _begin(self, task: FitTask) -> None:
        arguments = self._arguments(fitted=None)
        for listener in self._listeners:
            listener.begin(self._estimator, task, arguments)

    def _end(
        self,
        task: FitTask,
        *,
        fitted: Callable[[], Mapping[str, Any] | None] | None,
        new_event: Callable[[], FitEvent] | None = None,
    ) -> bool:
        arguments = self._arguments(fitted)
        answers = [
            listener.end(self._estimator, task, arguments, new_event)
            for listener in self._listeners
        ]
        return any(answers)

    def _arguments(self, fitted: Callable[[], Mapping[str, Any] | None] | None) -> LazyValues:
        """What a hook may ask for, by name."""
        X, y, sample_weight = map(_read_only, self._data)
        return LazyValues(
            {
                "X": X,
                "y": y,
                "metadata": None if sample_weight is None else {"sample_weight": sample_weight},
                "fitted_estimator": lambda: self._fitted_estimator(fitted() if fitted else None),
            }
        )

    def _fitted_estimator(self, attributes: Mapping[str, Any] | None) -> Any:
        """A copy of the estimator with these fitted attributes, or None without any."""
        if attributes is None:
            return None
        import copy

        estimator = copy.copy(self._estimator)
        merged = {**self._attributes, **attributes}
        estimator._set_fitted(**{name: own(value) for name, value in merged.items()})
        return estimator


def _read_only(value: Any) -> Any:
    """The value, or a view of it that cannot be written to if it is an array."""
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


class _Subordinate:
    """Errors raised within become a note on the primary error, if there is one."""

    def __init__(self, primary: BaseException | None) -> None:
        self._primary = primary

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> bool:
        if self._primary is None or not isinstance(error, Exception):
            return False
        self._primary.add_note(f"The teardown of a callback failed as well: {error!r}")
        return True
