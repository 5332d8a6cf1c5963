"""What times say: a ratio, how sure it is, and when it says nothing.

Each round gives every contestant one time, the geometric mean of a run on the way there and one on
the way back (A B B A): a machine that drifts adds the same to both. The order of each round is
drawn at random, so that of two equals the logarithm of the ratio is as likely above zero as below,
whatever the noise is like; that is all that the interval assumes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEVEL = 0.99
"""Confidence of the interval of a ratio."""

FEWEST_ROUNDS = 8
"""With fewer rounds no interval of this confidence is bounded."""

NOISE_LIMIT = 0.10
"""Beyond this noise of the machine a difference has to be larger than the noise."""

WIDEST_INTERVAL = 1.25
"""Up to this quotient of its ends an interval around 1 says that there is no difference."""

FASTER, SLOWER = "faster", "slower"
NO_DIFFERENCE, TOO_NOISY = "no difference found", "too noisy to tell"


class Interval(NamedTuple):
    """Confidence interval of a ratio."""

    low: float
    high: float


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over rounds of our seconds over theirs."""
    return float(np.median(np.divide(ours, theirs)))


def ratio_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Confidence interval of the ratio of two series of seconds, taken in the same rounds.

    The median of the averages of all pairs of log ratios, and the interval around it that
    Wilcoxon's signed-rank test does not reject (Hollander, Wolfe and Chicken, *Nonparametric
    Statistical Methods*, 3rd edition, section 3.3). With fewer than `FEWEST_ROUNDS` rounds
    everything is possible: the interval is (0, inf).
    """
    logs = np.log(np.divide(ours, theirs))
    i, j = np.triu_indices(len(logs))
    averages = np.sort((logs[i] + logs[j]) / 2)
    outside = _signed_rank_quantile(len(logs), (1 - LEVEL) / 2)
    if outside == 0:
        return Interval(0.0, math.inf)
    low, high = averages[outside - 1], averages[-outside]
    return Interval(float(np.exp(low)), float(np.exp(high)))


def _signed_rank_quantile(n: int, tail: float) -> int:
    """How many values of the signed-rank statistic, from 0, lie in a tail of this probability.

    Every subset of the ranks 1..n is equally likely to be the positive ones.
    """
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, n + 1):
        counts[rank:] = counts[rank:] + counts[:-rank]
    probabilities = np.cumsum(counts / 2.0**n)
    return int(np.searchsorted(probabilities, tail, side="right"))


def machine_noise(calibrations: Sequence[float]) -> float:
    """How much the time of one and the same loop typically changes from one round to the next.

    Parameters
    ----------
    calibrations : sequence of float
        Seconds of the loop, in the order in which it ran.

    Returns
    -------
    float
        Median relative change; NaN with fewer than two.
    """
    if len(calibrations) < 2:
        return math.nan
    return float(np.expm1(np.median(np.abs(np.diff(np.log(calibrations))))))


def verdict(interval: Interval, noise: float) -> str:
    """What an interval says about the first contestant, on a machine of this noise.

    A `noise` above `NOISE_LIMIT` widens the interval on both sides. 'faster' or 'slower' where 1 is
    outside it; 'no difference found' where it holds 1, is no wider than `WIDEST_INTERVAL` and the
    noise is within its limit; 'too noisy to tell' otherwise, and where the noise is not known.
    """
    if math.isnan(noise):
        return TOO_NOISY
    is_noisy = noise > NOISE_LIMIT
    margin = 1 + noise if is_noisy else 1.0
    low, high = interval.low / margin, interval.high * margin
    if high < 1:
        return FASTER
    if low > 1:
        return SLOWER
    if not is_noisy and low > 0 and high / low <= WIDEST_INTERVAL:
        return NO_DIFFERENCE
    return TOO_NOISY
