"""The two kinds of callbacks behind one interface, and the tasks of which protocol objects hear."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scratchml.core.events import FitEvent, LazyValues

HOOKS = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")
_HOOK_ARGUMENTS = ("X", "y", "metadata", "fitted_estimator")


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


class FunctionListener:
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


class ProtocolListener:
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


def as_listeners(callback: Any) -> list[FunctionListener | ProtocolListener]:
    """What `FitEvents` calls for a callback: one listener for each of the kinds that it is."""
    listeners: list[FunctionListener | ProtocolListener] = []
    if callable(callback):
        listeners.append(FunctionListener(callback))
    # After the function: what an object has read from an event it can answer a task with.
    if follows_protocol(callback):
        listeners.append(ProtocolListener(callback))
    return listeners


def follows_protocol(callback: Any) -> bool:
    """Whether a callback has all the hooks of scikit-learn's protocol."""
    return all(callable(getattr(callback, hook, None)) for hook in HOOKS)


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
