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
    """Let contestants run in turn: each round in an order, then in the reverse of it.

    Every first of two rounds has a random order. The second begins where that one ended, so that
    each contestant is as often on the outside, where its runs lie apart, as on the inside.

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
    order: list[str] = []
    for number in range(n_rounds):
        rounds.calibrations.append(calibrate())
        if number % 2:
            order.reverse()
        else:
            order = [names[i] for i in random_state.permutation(len(names))]
        there = {name: run(name) for name in order}
        back = {name: run(name) for name in reversed(order)}
        for name in names:
            rounds.seconds[name].append(math.sqrt(there[name] * back[name]))
    return rounds


def affordable_rounds(seconds_of_a_round: float, budget: float) -> int:
    """Rounds that fit into a budget of seconds, but at least those that a verdict needs."""
    return int(np.clip(budget / seconds_of_a_round, DEFAULT_ROUNDS, MOST_ROUNDS))
