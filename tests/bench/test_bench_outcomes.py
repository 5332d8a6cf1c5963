"""What contestants found: compared before times are believed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse
from sklearn.metrics import adjusted_rand_score

from scratchml.bench.outcomes import (
    Agreement,
    Outcome,
    UnfairDuelError,
    compare_outcomes,
    outcome_of,
)
from scratchml.cluster import KMeans


@pytest.mark.parametrize("seed", range(8))
def test_adjusted_rand_index(seed):
    random = np.random.default_rng(seed)
    a = random.integers(0, 1 + seed, 60)
    b = np.where(random.random(60) < 0.7, a, random.integers(-1, 4, 60))
    agreement = compare_outcomes(Outcome(labels=a), Outcome(labels=b))
    assert agreement.adjusted_rand == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ([0, 0, 1], [5, 5, 3], True),
        ([0, 0, -1], [5, 5, -1], True),
        ([0, 0, 1], [5, 5, -1], False),
        ([0, 0, 1], [1, 1, 1], False),
        ([1, 1, 1], [0, 0, 1], False),
        ([0, 1, 2], [2, 0, 1], True),
    ],
)
def test_same_labels(a, b, same):
    agreement = compare_outcomes(Outcome(labels=np.array(a)), Outcome(labels=np.array(b)))
    assert agreement.same_labels is same


def test_centers_are_matched():
    a = np.array([[0.0, 0.0], [5.0, 5.0]])
    b = np.array([[5.0, 6.0], [0.0, 0.5]])
    assert compare_outcomes(Outcome(centers=a), Outcome(centers=b)).center_difference == 1.0


@pytest.mark.parametrize(
    ("values", "difference"),
    [([1.0, 4.0], 0.0), ([1.0, 3.0], 0.25), ([np.inf, 4.0], np.inf), ([np.nan, 4.0], np.inf)],
)
def test_values(values, difference):
    ours, theirs = Outcome(values=np.array(values)), Outcome(values=np.array([1.0, 4.0]))
    assert compare_outcomes(ours, theirs).value_difference == difference


@pytest.mark.parametrize(
    ("agreement", "refusal"),
    [
        pytest.param(Agreement(), None, id="nothing"),
        pytest.param(Agreement(False, 0.5, 0.009), None, id="as-good"),
        pytest.param(Agreement(True, 1.0, -0.02), "their objectives differ by -2.0%", id="better"),
        pytest.param(
            Agreement(False, 0.98), "their labels have an adjusted Rand index of 0.980", id="labels"
        ),
        pytest.param(
            Agreement(False, 1.0, noise_difference=0.25),
            "25.0% of the samples are noise for only one of them",
            id="noise",
        ),
        pytest.param(
            Agreement(True, 1.0, np.nan), "their objectives differ by +nan%", id="nan-objective"
        ),
        pytest.param(Agreement(value_difference=9e-4), None, id="values"),
        pytest.param(
            Agreement(value_difference=0.002),
            "their results differ by up to 0.002 of the largest",
            id="other-values",
        ),
        pytest.param(
            Agreement(value_difference=np.nan),
            "their results differ by up to nan of the largest",
            id="nan",
        ),
    ],
)
def test_refusal(agreement, refusal):
    assert agreement.refusal == refusal


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ({"labels": np.zeros(3)}, {"labels": np.zeros(4)}, "3 labels against 4"),
        (
            {"centers": np.zeros((3, 2))},
            {"centers": np.zeros((2, 2))},
            "centers of shape (3, 2) against (2, 2)",
        ),
        (
            {"values": np.zeros(3)},
            {"values": np.zeros((3, 1))},
            "results of shape (3,) against (3, 1)",
        ),
    ],
    ids=["labels", "centers", "values"],
)
def test_other_shapes(ours, theirs, message):
    with pytest.raises(UnfairDuelError, match=f"^unequal work: {re.escape(message)}$"):
        compare_outcomes(Outcome(**ours), Outcome(**theirs))


def test_outcome_of_an_estimator():
    X = np.random.default_rng(0).normal(size=(30, 2))
    kmeans = KMeans(3, random_state=0)
    outcome = outcome_of(kmeans, kmeans.fit(X))
    assert outcome.labels is kmeans.labels_
    assert outcome.centers is kmeans.cluster_centers_
    assert (outcome.objective, outcome.n_iter) == (kmeans.inertia_, kmeans.n_iter_)
    assert outcome.counters == {"n_distances_": kmeans.n_distances_}
    assert outcome.values is None
    assert outcome_of(kmeans, kmeans.transform(X)).values.shape == (30, 3)
    sparse = outcome_of(kmeans, scipy.sparse.csr_array(np.eye(2))).values
    np.testing.assert_array_equal(sparse, np.eye(2))
    labels = np.zeros(4, dtype=int)
    assert outcome_of(kmeans, labels).labels is labels


def test_an_objective_of_zero():
    same, other = Outcome(objective=0.0), Outcome(objective=0.5)
    assert compare_outcomes(same, same).objective_difference == 0.0
    assert compare_outcomes(other, same).objective_difference == 0.5


def test_of_several_results_the_first_is_compared():
    result = (np.array([1.0, 2.0]), np.array([10**6, 10**6]))
    np.testing.assert_array_equal(outcome_of(KMeans(), result).values, [1.0, 2.0])
