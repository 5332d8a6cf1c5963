"""Callbacks: how a fit tells what it is doing, and how it is told to stop.

Two kinds are taken. A plain function is called after each iteration with a `FitEvent`. An object
that follows scikit-learn's callback protocol (`setup`, `on_fit_task_begin`, `on_fit_task_end`,
`teardown`) hears of every task of the fit: the fit itself, its runs, their iterations. Each task is
a `FitTask`, which has the attributes of ``sklearn.callback.CallbackContext`` and takes its place in
the tree of a meta-estimator, so that scikit-learn's own callbacks work on it. Nothing of
scikit-learn is needed for that, nor loaded.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

_HOOKS = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")
_HOOK_ARGUMENTS = ("X", "y", "metadata", "fitted_estimator")


class CallbackMixin:
    """An estimator whose fit runs under `FitEvents`."""

    def set_callbacks(self: Any, *callbacks: Any) -> Any:
        """Set the callbacks of the next fits, in place of any earlier ones.

        Parameters
        ----------
        *callbacks : callables or callback objects
            A function is called after each iteration with a `FitEvent`; if it returns True, that
            run stops there. An object with the methods `setup`, `on_fit_task_begin`,
            `on_fit_task_end` and `teardown` is called as scikit-learn's callback protocol says.
            None at all removes the callbacks.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If one is neither, or is a class where an instance is meant.
        """
        for callback in callbacks:
            valid = callable(callback) or _follows_protocol(callback)
            if isinstance(callback, type) or not valid:
                raise TypeError(
                    "callbacks must be functions of one FitEvent, or instances following the "
                    f"FitCallback protocol ({', '.join(_HOOKS)}), got {callback!r}."
                )
        # The name under which scikit-learn's clone and meta-estimators look.
        if callbacks:
            self._skl_callbacks = list(callbacks)
        else:
            vars(self).pop("_skl_callbacks", None)
        return self


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
    """

    def __init__(
        self,
        estimator: Any,
        stage: str,
        run: int,
        n_runs: int,
        iteration: int,
        total: int | None,
        state: LazyValues,
    ) -> None:
        self.estimator = estimator
        self.stage = stage
        self.run = run
        self.n_runs = n_runs
        self.iteration = iteration
        self.total = total
        self._state = state

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not stored yet. Copying and unpickling ask before `_state` exists.
        if name.startswith("_") or name not in self._state.names:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if self._state.closed:
            raise AttributeError(
                f"{name!r} of {self} was not read inside the callback, and the fit has moved on."
            )
        value = _own(self._state[name])
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._state.names})

    def __repr__(self) -> str:
        return (
            f"FitEvent(stage={self.stage!r}, run={self.run}, n_runs={self.n_runs}, "
            f"iteration={self.iteration}, total={self.total})"
        )


class FitTask:
    """A task of a fit and its place among the others: the context that hooks receive.

    Attributes
    ----------
    task_name : str
        "fit", the stage of a run, or "iteration".
    task_id : int
        Which of the parent's tasks, from 0.
    max_subtasks : int or None
        The most tasks below this one: 0 for a leaf, None if unknown.
    sequential_subtasks : bool
        Always True: subtasks follow one another, numbered from 0.
    estimator_name : str
        Class of the estimator.
    parent : FitTask, sklearn.callback.CallbackContext or None
        The task this one is a part of.
    children : dict of int to FitTask
        Tasks below this one, by `task_id`.
    root_uuid : uuid.UUID
        Common to all tasks of a tree.
    init_time : datetime.datetime
        When the task began, in UTC.
    source_estimator_name, source_task_name : str or None
        The task of a meta-estimator that this one stands for, if any.
    """

    sequential_subtasks = True

    def __init__(
        self, estimator_name: str, task_name: str, task_id: int, max_subtasks: int | None
    ) -> None:
        from datetime import UTC, datetime

        self.task_name = task_name
        self.task_id = task_id
        self.max_subtasks = max_subtasks
        self.estimator_name = estimator_name
        self.parent: Any = None
        self.children: dict[int, FitTask] = {}
        self.root_uuid: Any = None
        self.init_time = datetime.now(UTC)
        self.source_estimator_name: str | None = None
        self.source_task_name: str | None = None

    @classmethod
    def root(cls, estimator: Any, max_subtasks: int | None) -> FitTask:
        """The task of a whole fit.

        Where a meta-estimator runs the fit as a leaf of its own tree, the new task takes the place
        of that leaf.
        """
        import uuid

        task = cls(type(estimator).__name__, "fit", 0, max_subtasks)
        leaf = getattr(estimator, "_parent_callback_ctx", None)
        if leaf is None:
            task.root_uuid = uuid.uuid4()
        else:
            task.task_id = leaf.task_id
            task.parent = leaf.parent
            task.root_uuid = leaf.root_uuid
            task.source_estimator_name = leaf.estimator_name
            task.source_task_name = leaf.task_name
            leaf.parent._children_map[leaf.task_id] = task
        return task

    def subcontext(self, task_name: str, max_subtasks: int | None = 0) -> FitTask:
        """Begin the next task below this one."""
        task = FitTask(self.estimator_name, task_name, len(self.children), max_subtasks)
        task.parent = self
        task.root_uuid = self.root_uuid
        self.children[task.task_id] = task
        return task

    def __iter__(self) -> Iterator[FitTask]:
        """This task and all below, parents before their children."""
        yield self
        for child in self.children.values():
            yield from child

    def __repr__(self) -> str:
        return (
            f"FitTask(estimator_name={self.estimator_name!r}, task_name={self.task_name!r}, "
            f"task_id={self.task_id})"
        )


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
        self._listeners = [_listener(callback) for callback in callbacks]
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
            values,
        )
        stop = self._end(self._iteration_task, fitted=fitted, new_event=new_event)
        values.close()
        return stop

    # ------------------------------------------------------------------ what callbacks hear

    def _begin_fit(self) -> None:
        self._root = FitTask.root(self._estimator, max_subtasks=self._n_runs)
        propagated = hasattr(self._estimator, "_parent_callback_ctx")
        self._set_up: list[_Function | _ProtocolObject] = []
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
        estimator._set_fitted(**{name: _own(value) for name, value in merged.items()})
        return estimator


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


class _Function:
    """A plain function, which hears of finished iterations only."""

    auto_propagated = False

    def __init__(self, function: Callable[[FitEvent], Any]) -> None:
        self._function = function

    def setup(self, estimator: Any, context: FitTask) -> None:
        """Nothing to do."""

    teardown = setup

    def begin(self, estimator: Any, task: FitTask, arguments: LazyValues) -> None:
        """Nothing to do."""

    def end(
        self,
        estimator: Any,
        task: FitTask,
        arguments: LazyValues,
        new_event: Callable[[], FitEvent] | None,
    ) -> bool:
        if new_event is None:
            return False
        answer = self._function(new_event())
        # Only a true bool stops: `lambda event: file.write(...)` returns a number.
        return isinstance(answer, bool | np.bool_) and bool(answer)


class _ProtocolObject:
    """An object that follows scikit-learn's callback protocol."""

    def __init__(self, callback: Any) -> None:
        self.auto_propagated = hasattr(callback, "max_propagation_depth")
        self.setup = callback.setup
        self.teardown = callback.teardown
        self._begin = callback.on_fit_task_begin
        self._end = callback.on_fit_task_end
        self._begin_names = _asked_for(self._begin)
        self._end_names = _asked_for(self._end)

    def begin(self, estimator: Any, task: FitTask, arguments: LazyValues) -> None:
        self._begin(estimator, task, **{name: arguments[name] for name in self._begin_names})

    def end(
        self,
        estimator: Any,
        task: FitTask,
        arguments: LazyValues,
        new_event: Callable[[], FitEvent] | None,
    ) -> bool:
        asked = {name: arguments[name] for name in self._end_names}
        return bool(self._end(estimator, task, **asked))


def _listener(callback: Any) -> _Function | _ProtocolObject:
    """Either kind of callback, with the methods that `FitEvents` calls."""
    return _ProtocolObject(callback) if _follows_protocol(callback) else _Function(callback)


def _follows_protocol(callback: Any) -> bool:
    return all(callable(getattr(callback, hook, None)) for hook in _HOOKS)


def _asked_for(hook: Callable[..., Any]) -> list[str]:
    """Names of the keyword-only arguments of a hook.

    Raises
    ------
    TypeError
        If the protocol has no argument of that name.
    """
    parameters = inspect.signature(hook).parameters.values()
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if unknown := set(names) - set(_HOOK_ARGUMENTS):
        owner = type(getattr(hook, "__self__", hook)).__name__
        raise TypeError(
            f"Hook {hook.__name__} of the callback {owner} has parameters that are not valid: "
            f"{unknown}. The valid parameters are: {list(_HOOK_ARGUMENTS)}."
        )
    return names


def _own(value: Any) -> Any:
    """The value, or a copy of it if it is an array that the fit may go on writing to."""
    return value.copy() if isinstance(value, np.ndarray) else value


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
