"""Who runs when: every round there and back again, in an order drawn anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

MOST_ROUNDS = 25
DEFAULT_ROUNDS = 10


class Rounds(NamedTuple):
    """Times of all rounds.

    Attributes
    ----------
    seconds : dict of str to list of float
        For each contestant the time of each round: the geometric mean of its two runs.
    calibrations : list of float
        Seconds of the calibration loop before each round.
    """

    seconds: dict[str, list[float]]
    calibrations: list[float]


def play(
    names: Sequence[str],
    run: Callable[[str], float],
    n_rounds: int,
    calibrate: Callable[[], float],
    random_state: np.random.Generator,
) -> Rounds:
    """Let contestants run in turn: each round in a random order, then in the reverse of it.

    Parameters
    ----------
    names : sequence of str
        The contestants.
    run : callable
        Lets the named contestant run once and gives its seconds.
    n_rounds : int
        Number of rounds, of two runs of each contestant.
    calibrate : callable
        Gives the seconds of a loop that is always the same.
    random_state : numpy.random.Generator
        Draws the orders.
    """
    rounds = Rounds({name: [] for name in names}, [])
    for _ in range(n_rounds):
        rounds.calibrations.append(calibrate())
        order = random_state.permutation(len(names))
        there = {names[i]: run(names[i]) for i in order}
        back = {names[i]: run(names[i]) for i in reversed(order)}
        for name in names:
            rounds.seconds[name].append(math.sqrt(there[name] * back[name]))
    return rounds


def affordable_rounds(seconds_of_a_round: float, budget: float) -> int:
    """Rounds that fit into a budget of seconds, but at least those that a verdict needs."""
    return int(np.clip(budget / seconds_of_a_round, DEFAULT_ROUNDS, MOST_ROUNDS))
