"""Duels on simulated clocks: how often the verdict is right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from scratchml.bench import schedule, statistics
from scratchml.bench.statistics import Interval

N_DUELS = 1000


class Machine:
    """A clock without a machine: each run takes its time, by noise and drift.

    Parameters
    ----------
    noise : float
        Standard deviation of the logarithm of a time.
    drift : float
        Growth of the logarithm of all times from one run to the next.
    bursts : float
        Probability that a run falls into a burst, which makes it up to three times as long.
    """

    def __init__(self, seed, times, noise=0.05, drift=0.0, bursts=0.0):
        self.random = np.random.default_rng(seed)
        self.times = times
        self.noise, self.drift, self.bursts = noise, drift, bursts
        self.n_runs = 0

    def elapsed(self, seconds):
        self.n_runs += 1
        log = self.noise * self.random.normal() + self.drift * self.n_runs
        if self.random.random() < self.bursts:
            log += self.random.uniform(0, math.log(3))
        return seconds * math.exp(log)

    def run(self, name):
        return self.elapsed(self.times[name])

    def duel(self, n_rounds=schedule.DEFAULT_ROUNDS):
        rounds = schedule.play(["a", "b"], self.run, n_rounds, lambda: 1.0, self.random)
        return rounds.seconds["a"], rounds.seconds["b"]


def verdict_of(seconds):
    return statistics.verdict(statistics.ratio_interval(*seconds), noise=0.0)


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param({}, id="quiet"),
        pytest.param({"noise": 0.3}, id="noisy"),
        pytest.param({"drift": 0.02}, id="drifting"),
        pytest.param({"bursts": 0.2}, id="bursts"),
    ],
)
def test_equals_are_seldom_called_different(conditions):
    verdicts = [
        verdict_of(Machine(seed, {"a": 1.0, "b": 1.0}, **conditions).duel())
        for seed in range(N_DUELS)
    ]
    different = verdicts.count(statistics.FASTER) + verdicts.count(statistics.SLOWER)
    assert different <= 0.02 * N_DUELS


@pytest.mark.parametrize(("slow", "verdict"), [("a", "slower"), ("b", "faster")])
def test_a_tenth_is_found_through_noise(slow, verdict):
    times = {"a": 1.0, "b": 1.0, slow: 1.1}
    found = [verdict_of(Machine(seed, times).duel()) for seed in range(N_DUELS)]
    assert found.count(verdict) >= 0.95 * N_DUELS


@pytest.mark.parametrize("drift", [-0.05, 0.05])
def test_drift_does_not_bias_the_ratio(drift):
    machine = Machine(0, {"a": 1.0, "b": 2.0}, noise=0.0, drift=drift)
    seconds = machine.duel()
    assert max(seconds[0]) > 2 * min(seconds[0])
    np.testing.assert_allclose(statistics.median_ratio(*seconds), 0.5, rtol=1e-12)
    np.testing.assert_allclose(statistics.ratio_interval(*seconds), 0.5, rtol=1e-12)


def test_drift_would_bias_runs_one_after_the_other():
    machine = Machine(0, {"a": 1.0, "b": 1.0}, noise=0.0, drift=0.05)
    ours = [machine.run("a") for _ in range(10)]
    theirs = [machine.run("b") for _ in range(10)]
    assert statistics.median_ratio(ours, theirs) < 0.7


@pytest.mark.parametrize("n", [8, 10, 14])
def test_interval_is_what_the_signed_rank_test_does_not_reject(n):
    random = np.random.default_rng(n)
    theirs = random.uniform(1, 2, n)
    ours = theirs * np.exp(random.normal(0.1, 0.2, n))
    low, high = statistics.ratio_interval(ours, theirs)

    def p_value(ratio):
        return wilcoxon(np.log(ours / theirs / ratio), method="exact").pvalue

    assert p_value(low * 1.0001) > 0.01 >= p_value(low * 0.9999)
    assert p_value(high * 0.9999) > 0.01 >= p_value(high * 1.0001)
    assert low < statistics.median_ratio(ours, theirs) < high


def test_few_rounds_say_nothing():
    ours, theirs = [1.0] * 7, [9.0] * 7
    assert statistics.ratio_interval(ours, theirs) == (0.0, math.inf)
    interval = statistics.ratio_interval([*ours, 1.0], [*theirs, 9.0])
    np.testing.assert_allclose(interval, 1 / 9)


@pytest.mark.parametrize(
    ("interval", "noise", "verdict"),
    [
        pytest.param((0.5, 0.9), 0.01, "faster", id="below"),
        pytest.param((1.1, 9.0), 0.01, "slower", id="above"),
        pytest.param((0.9, 1.1), 0.01, "no difference found", id="around"),
        pytest.param((0.8, 1.2), 0.01, "too noisy to tell", id="wide"),
        pytest.param((0.0, math.inf), 0.01, "too noisy to tell", id="unbounded"),
        pytest.param((0.5, 0.9), 0.12, "too noisy to tell", id="noisy-machine"),
        pytest.param((0.5, 0.89), 0.12, "faster", id="more-than-the-noise"),
        pytest.param((1.13, 2.0), 0.12, "slower", id="more-than-the-noise-above"),
        pytest.param((0.99, 1.01), 0.12, "too noisy to tell", id="equal-on-a-noisy-machine"),
        pytest.param((0.5, 0.9), math.nan, "too noisy to tell", id="unknown-noise"),
        pytest.param((0.5, 0.9), 0.10, "faster", id="at-the-limit"),
    ],
)
def test_rule_of_the_verdict(interval, noise, verdict):
    assert statistics.verdict(Interval(*interval), noise) == verdict


def test_machine_noise_is_the_typical_change():
    assert statistics.machine_noise([1.0, 1.1, 1.0, 1.1]) == pytest.approx(0.1)
    assert statistics.machine_noise([1.0, 1.0, 5.0, 1.0, 1.0, 1.0]) == 0.0
    assert math.isnan(statistics.machine_noise([1.0]))


# --- the schedule -------------------------------------------------------------------------------


def test_every_round_goes_there_and_back():
    runs = []

    def run(name):
        runs.append(name)
        return 1.0

    names = ["a", "b", "c"]
    schedule.play(names, run, 20, lambda: 1.0, np.random.default_rng(0))
    orders = [runs[i : i + 6] for i in range(0, len(runs), 6)]
    assert len(orders) == 20
    assert all(sorted(order[:3]) == names for order in orders)
    assert all(order[3:] == order[2::-1] for order in orders)
    assert len({tuple(order) for order in orders}) == 6  # all orders of three come up


def test_time_of_a_round_is_the_geometric_mean():
    times = iter([1.0, 2.0, 8.0, 9.0])
    rounds = schedule.play(["a", "b"], lambda _: next(times), 1, lambda: 3.0, FirstOrder())
    assert rounds.seconds == {"a": [3.0], "b": [4.0]}
    assert rounds.calibrations == [3.0]


class FirstOrder:
    """Draws the order 0, 1, 2, ..."""

    def permutation(self, n):
        return np.arange(n)


@pytest.mark.parametrize(("seconds", "rounds"), [(1e-3, 25), (1.0, 20), (60.0, 10)])
def test_affordable_rounds(seconds, rounds):
    assert schedule.affordable_rounds(seconds, 20.0) == rounds
