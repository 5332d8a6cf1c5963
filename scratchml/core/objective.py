"""The numbers that fits make better: what they are called, and which way is up."""

from __future__ import annotations

from typing import NamedTuple


class Objective(NamedTuple):
    """A number that the iterations of a fit show, and make better.

    Attributes
    ----------
    name : str
        What it is called in the events of a fit.
    mode : {"min", "max"}
        Whether lower or higher is better.
    relative : bool
        Whether a change means something as a fraction of the value, as where its zero is the best
        there may be; otherwise as a difference.
    """

    name: str
    mode: str = "min"
    relative: bool = True


INERTIA = Objective("inertia")
"""Of K-means and its relatives."""

LOWER_BOUND = Objective("lower_bound", mode="max", relative=False)
"""Of mixtures: a log-likelihood, whose zero means nothing."""

KNOWN = {objective.name: objective for objective in (INERTIA, LOWER_BOUND)}
"""The objectives of the library by name."""


def objective_named(name: str) -> Objective:
    """The objective of that name; a number that is none is taken for one that falls to zero.

    Parameters
    ----------
    name : str
        What the events call it.
    """
    return KNOWN.get(name, Objective(name))
