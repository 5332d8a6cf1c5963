"""What the callbacks of this package share: a state of its own for each fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np

from scratchml.core.callbacks import CallbackMixin
from scratchml.core.events import FitEvent


class FitCallback(ABC):
    """A callback that is called with each `FitEvent` and hears where a fit begins and ends.

    Several estimators may share one object, also in threads that fit at the same time: whatever
    belongs to a fit is kept in the state that `_begin_fit` makes. Copies and pickles start without
    the states of the fits that are running.
    """

    def __init__(self) -> None:
        # By the id of the estimator, which is alive, and so unique, as long as its fit runs.
        self._fits: dict[int, Any] = {}

    @abstractmethod
    def __call__(self, event: FitEvent) -> bool | None:
        """Hear of a finished iteration; True stops the run."""

    @abstractmethod
    def _begin_fit(self, estimator: Any) -> Any:
        """The state of a fit that begins."""

    def _state_of(self, estimator: Any) -> Any:
        return self._fits[id(estimator)]

    # ------------------------------------------------------------------ scikit-learn's protocol

    def setup(self, estimator: Any, context: Any) -> None:
        """Hear that a fit begins.

        Parameters
        ----------
        estimator : estimator
            The estimator that is being fitted.
        context : FitTask
            The fit among the tasks around it.

        Raises
        ------
        TypeError
            If the estimator is one that shows no events, such as scikit-learn's.
        """
        if not isinstance(estimator, CallbackMixin):
            name = type(self).__name__
            raise TypeError(
                f"{name} follows the iterations of an estimator of scratchml: set it on that "
                f"estimator, not on {type(estimator).__name__}, which does not show any."
            )
        self._fits[id(estimator)] = self._begin_fit(estimator)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:  # noqa: B027 - nothing to do
        """Hear that a fit, a run or an iteration begins.

        Parameters
        ----------
        estimator : estimator
            The estimator that is being fitted.
        context : FitTask
            What begins.
        """

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Hear that a fit, a run or an iteration has ended.

        Parameters
        ----------
        estimator : estimator
            The estimator that is being fitted.
        context : FitTask
            What has ended.

        Returns
        -------
        bool
            True if the tasks that would follow on the same level shall not begin.
        """
        return False

    def teardown(self, estimator: Any, context: Any) -> None:
        """Hear that the fit is over, whichever way it ended.

        Parameters
        ----------
        estimator : estimator
            The estimator that was being fitted.
        context : FitTask
            The fit.
        """
        self._fits.pop(id(estimator), None)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_fits": {}}


def is_number(event: FitEvent, name: str) -> bool:
    """Whether what an event shows under a name is a single number; this reads it."""
    return isinstance(getattr(event, name), Real | np.bool_)


def read_number(event: FitEvent, name: str, caller: str) -> float:
    """The number that an event shows under a name that the user has chosen.

    Parameters
    ----------
    event : FitEvent
        A finished iteration.
    name : str
        What to read.
    caller : str
        Who monitors it.

    Raises
    ------
    ValueError
        If the event shows nothing of that name, or an array.
    """
    if name not in event.state_names or not is_number(event, name):
        numbers = [shown for shown in event.state_names if is_number(event, shown)]
        raise ValueError(
            f"{caller} cannot monitor {name!r}: the fit of {type(event.estimator).__name__} shows "
            f"no number of that name. The numbers it shows: {', '.join(numbers) or 'none'}."
        )
    return float(getattr(event, name))
