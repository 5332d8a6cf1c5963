"""The instrument: fair duels between estimators, each in a fresh process, with a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.bench.duels import Duel
    from scratchml.bench.estimators import duel
    from scratchml.bench.outcomes import UnfairDuelError
    from scratchml.bench.processes import ContestantError

__all__ = ["duel", "Duel", "ContestantError", "UnfairDuelError"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "duel": "scratchml.bench.estimators",
        "Duel": "scratchml.bench.duels",
        "ContestantError": "scratchml.bench.processes",
        "UnfairDuelError": "scratchml.bench.outcomes",
    },
)
