"""Callbacks: what a fit shows while it runs.

``estimator.set_callbacks(function)`` calls the function after each iteration with a `FitEvent`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.core.callbacks import FitEvent

__all__ = ["FitEvent"]

__getattr__, __dir__ = lazy_names(__name__, {"FitEvent": "scratchml.core.callbacks"})
