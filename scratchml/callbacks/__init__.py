"""Callbacks: what a fit shows while it runs, and what may stop it.

``estimator.set_callbacks(function)`` calls the function after each iteration with a `FitEvent`.
The objects here are given in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.callbacks.early_stopping import EarlyStopping
    from scratchml.callbacks.history import History
    from scratchml.callbacks.progress import ProgressBar
    from scratchml.core.events import FitEvent

__all__ = ["EarlyStopping", "FitEvent", "History", "ProgressBar"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "EarlyStopping": "scratchml.callbacks.early_stopping",
        "FitEvent": "scratchml.core.events",
        "History": "scratchml.callbacks.history",
        "ProgressBar": "scratchml.callbacks.progress",
    },
)
