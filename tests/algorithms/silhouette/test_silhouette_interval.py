"""The interval of a sample: equal to the reference, and as sure as it says."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import scipy.stats
import sklearn.utils
from scipy.spatial.distance import cdist
from silhouette_cases import COMPILED, each_metric, sums_of

import scratchml
from scratchml.algorithms.silhouette import reference
from scratchml.algorithms.silhouette.interval import interval_of
from scratchml.datasets import make_blobs
from scratchml.metrics import (
    SilhouetteInterval,
    silhouette_interval,
    silhouette_samples,
    silhouette_score,
)

N_SAMPLES = 300 if COMPILED else 60


def blobs(n_samples=N_SAMPLES, std=3.0):
    return make_blobs(n_samples, 3, centers=5, cluster_std=std, random_state=0)


def ends(interval):
    return interval.score, interval.low, interval.high


@each_metric
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_drawn_rows_against_all(dtype, metric):
    X, labels = blobs()
    X = X.astype(dtype)
    s = reference.silhouette_samples(X, labels, metric)
    drawn = sklearn.utils.check_random_state(7).permutation(len(X))[:40]
    for confidence_level in (0.5, 0.95, 0.999):
        found = silhouette_interval(
            X,
            labels,
            sample_size=40,
            confidence_level=confidence_level,
            metric=metric,
            random_state=7,
        )
        expected = reference.interval(s[drawn], len(X), confidence_level)
        tolerance = 1e-7 if dtype == np.float64 else 1e-5
        assert ends(found) == pytest.approx(expected, rel=tolerance)
        assert found.confidence_level == confidence_level
        assert (found.n_sampled, found.n_samples) == (40, N_SAMPLES)


def test_what_it_is():
    X, labels = blobs()
    interval = silhouette_interval(X, labels, sample_size=50, random_state=0)
    assert isinstance(interval, SilhouetteInterval)
    assert float(interval) == interval.score
    assert all(type(value) in (int, float) for value in dataclasses.astuple(interval))
    margin = scipy.stats.t.ppf(0.975, 49) * interval.standard_error
    assert ends(interval) == pytest.approx(
        (interval.score, interval.score - margin, interval.score + margin)
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        interval.score = 0.0


@pytest.mark.parametrize("sample_size", [N_SAMPLES, 1000])
def test_all_samples_have_no_error(sample_size):
    X, labels = blobs()
    interval = silhouette_interval(X, labels, sample_size=sample_size)
    assert ends(interval) == (interval.score,) * 3
    assert interval.standard_error == 0
    assert interval.n_sampled == N_SAMPLES
    assert interval.score == pytest.approx(silhouette_score(X, labels), rel=1e-12)


def test_same_seed_same_answer():
    X, labels = blobs()
    settings = {"sample_size": 50, "random_state": 3}
    assert silhouette_interval(X, labels, **settings) == silhouette_interval(X, labels, **settings)
    state = np.random.RandomState(3)
    assert silhouette_interval(X, labels, sample_size=50, random_state=state) == (
        silhouette_interval(X, labels, **settings)
    )


def test_same_bits_for_any_number_of_threads():
    X, labels = blobs(4000 if COMPILED else 100)
    found = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            found.append(silhouette_interval(X, labels, sample_size=600, random_state=0))
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize("metric", ["precomputed", "chebyshev", "function"])
def test_other_distances(metric):
    X, labels = blobs(100)
    D = cdist(X, X, "chebyshev")
    s = reference.silhouette_samples(D, labels, "precomputed")
    drawn = np.random.RandomState(0).permutation(100)[:30]
    data = D if metric == "precomputed" else X
    how = (lambda x, y: np.abs(x - y).max()) if metric == "function" else metric
    found = silhouette_interval(data, labels, sample_size=30, metric=how, random_state=0)
    assert ends(found) == pytest.approx(reference.interval(s[drawn], 100), rel=1e-7)


def test_ends_are_scores():
    # Of few samples with silhouettes all over, nothing but what is possible is known.
    interval = interval_of(np.array([1.0, -1.0]), 100, 0.95)
    assert ends(interval) == (0.0, -1.0, 1.0)


# --- coverage -------------------------------------------------------------------------------------

N_REPEATS = 1000


@pytest.mark.parametrize("n_sampled", [100, 1500])
@pytest.mark.parametrize("std", [1.0, 3.0], ids=["apart", "overlapping"])
def test_as_many_intervals_hold_the_score_as_they_say(std, n_sampled):
    # 1500 of 2000: without the correction for a finite population nearly all would.
    X, labels = make_blobs(2000, 4, centers=6, cluster_std=std, random_state=1)
    s = reference.silhouettes(sums_of(cdist(X, X), labels), labels)
    random_state, held = np.random.RandomState(0), dict.fromkeys((0.8, 0.95, 0.99), 0)
    for _ in range(N_REPEATS):
        drawn = random_state.permutation(len(s))[:n_sampled]
        for confidence_level in held:
            interval = interval_of(s[drawn], len(s), confidence_level)
            held[confidence_level] += interval.low <= s.mean() <= interval.high
    for confidence_level, n_held in held.items():
        fewest, most = scipy.stats.binom.interval(0.999, N_REPEATS, confidence_level)
        assert fewest <= n_held <= most


@pytest.mark.jit
def test_whole_calls_draw_and_hold_as_these():
    X, labels = blobs(400)
    s = silhouette_samples(X, labels)
    held = 0
    for seed in range(60):
        interval = silhouette_interval(X, labels, sample_size=50, random_state=seed)
        drawn = np.random.RandomState(seed).permutation(len(s))[:50]
        expected = interval_of(s[drawn], len(s), 0.95)
        assert ends(interval) == pytest.approx(ends(expected), rel=1e-10)
        held += interval.low <= s.mean() <= interval.high
    assert held >= scipy.stats.binom.ppf(0.001, 60, 0.95)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"sample_size": 1},
            "The 'sample_size' parameter of silhouette_interval must be an int in the range"
            " [2, inf). Got 1 instead.",
        ),
        (
            {"sample_size": None},
            "The 'sample_size' parameter of silhouette_interval must be an int in the range"
            " [2, inf). Got None instead.",
        ),
        (
            {"confidence_level": 1.0},
            "The 'confidence_level' parameter of silhouette_interval must be a float in the range"
            " (0.0, 1.0). Got 1.0 instead.",
        ),
        (
            {"confidence_level": 0},
            "The 'confidence_level' parameter of silhouette_interval must be a float in the range"
            " (0.0, 1.0). Got 0 instead.",
        ),
    ],
)
def test_refused_parameters(settings, message):
    X, labels = blobs(50)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        silhouette_interval(X, labels, **settings)
