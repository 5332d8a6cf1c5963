"""What a criterion chooses of a grid of mixtures, by its values alone, and the reasons it gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from scratchml.algorithms.select_mixture import reference
from scratchml.algorithms.select_mixture.criteria import Likelihood, criteria_of
from scratchml.algorithms.select_mixture.families import (
    COVARIANCE_TYPES,
    SPECIAL_CASES,
    mclust_name,
    n_parameters,
    widened,
)
from scratchml.algorithms.select_mixture.rules import Grid, best_of, choice_by

NAN = float("nan")


def grid(kinds, ks, d=2):
    counts = [[n_parameters(kind, k, d) for k in ks] for kind in kinds]
    return Grid(tuple(kinds), np.array(ks), np.array(counts), d)


def choose(criterion, kinds, ks, values, *, d=2, not_converged=()):
    shape = (len(kinds), len(ks))
    converged = np.ones(shape, bool)
    for place in not_converged:
        converged[place] = False
    values = np.array(values, float).reshape(shape)
    return choice_by(criterion, grid(kinds, ks, d), values, converged)


# --- numbers of parameters, and names -------------------------------------------------------------


@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("d", [1, 2, 7])
def test_numbers_of_parameters_are_those_of_scikit_learn(kind, k, d):
    theirs = GaussianMixture(k, covariance_type=kind)
    theirs.means_ = np.zeros((k, d))
    assert n_parameters(kind, k, d) == theirs._n_parameters() == reference.n_parameters(kind, k, d)


def test_numbers_of_parameters_by_hand():
    # Two components in three features: 6 numbers of means, 1 weight, and the covariances.
    assert [n_parameters(kind, 2, 3) for kind in COVARIANCE_TYPES] == [7 + 12, 7 + 6, 7 + 6, 7 + 2]


def test_names_of_mclust():
    for k, d, names in (
        (2, 2, ["VVV", "EEE", "VVI", "VII"]),
        (1, 2, ["XXX", "XXX", "XXI", "XII"]),
        (2, 1, ["V", "E", "V", "V"]),
        (1, 1, ["X", "X", "X", "X"]),
    ):
        assert [mclust_name(kind, k, d) for kind in COVARIANCE_TYPES] == names


# --- the criteria ---------------------------------------------------------------------------------


def test_criteria_by_hand():
    found = criteria_of(Likelihood(-10.0, -0.5), 3, np.exp(2))
    assert found == pytest.approx({"bic": 26.0, "aic": 26.0, "icl": 27.0}, rel=1e-15)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 0), st.integers(1, 1000), st.floats(1, 1e9))
def test_criteria_are_those_of_the_reference(L, log_map, m, n):
    found = criteria_of(Likelihood(L, log_map), m, n)
    assert found["bic"] == reference.bic(L, m, n)
    assert found["aic"] == reference.aic(L, m)
    assert found["icl"] >= found["bic"]


# --- the choice -----------------------------------------------------------------------------------


def test_the_least_is_chosen():
    choice = choose("bic", ["full", "diag"], [1, 2, 3], [[40, 31, 35], [50, 30, 45]])
    assert choice[:3] == (2, "diag", "VVI")
    assert choice.reason == (
        "BIC is least for diag (VVI) with 2 components: 30.0. Next is full (VVV) with 2 components,"
        " 1 above it: hardly worth a mention."
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (2.0, "hardly worth a mention"),
        (2.5, "positive evidence"),
        (6.0, "positive evidence"),
        (10.0, "strong evidence"),
        (10.5, "very strong evidence"),
    ],
)
def test_evidence(more, words):
    choice = choose("bic", ["tied"], [1, 2, 3], [20 + more, 20, 99])
    assert choice.reason == (
        "BIC is least for tied (EEE) with 2 components: 20.0. Next is tied (XXX) with 1 component,"
        f" {more:g} above it: {words}."
    )


def test_only_bic_tells_of_evidence():
    choice = choose("aic", ["tied"], [1, 2, 3], [30, 20, 99])
    assert choice.reason.endswith("Next is tied (XXX) with 1 component, 10 above it.")


def test_what_else_a_reason_says():
    choice = choose("icl", ["full"], [1, 2], [20, 10], not_converged=[(0, 1)])
    assert choice.reason == (
        "ICL is least for full (VVV) with 2 components: 10.0. Next is full (XXX) with 1 component,"
        " 10 above it. That is the largest number that was tried: more may be better still. Its fit"
        " has not converged: allow more iterations."
    )
    alone = choose("icl", ["full"], [2], [10])
    assert alone.reason == (
        "ICL is least for full (VVV) with 2 components: 10.0. No other is known."
    )


def test_what_is_not_known_is_not_chosen():
    choice = choose("bic", ["full", "tied"], [1, 2], [[NAN, NAN], [9, NAN]])
    assert choice[:2] == (1, "tied")
    assert choose("bic", ["full"], [1, 2], [NAN, NAN]) is None


def test_of_equal_values_the_simplest_is_chosen():
    four = list(COVARIANCE_TYPES)
    # Of one feature, full, diag and spherical are one family, but for rounding.
    values = 1000 * (1 + 1e-13 * np.arange(4))
    assert choose("bic", four, [2], values[::-1], d=1)[:2] == (2, "tied")
    assert choose("bic", ["full", "diag", "spherical"], [2], values[:3], d=1)[1] == "spherical"
    # Of one component, full and tied are one.
    assert choose("bic", ["full", "tied"], [1], [5, 5])[1] == "tied"
    # Fewer parameters come first: of two components here, of four there.
    assert choose("bic", ["full", "spherical"], [2, 4], [[7, 9], [9, 7]])[0] == 2
    # The next one is not another name of the same.
    same = choose("bic", ["full", "spherical"], [2, 3], [[10, 17], [10, 15]], d=1)
    assert "Next is spherical (V) with 3 components, 5 above it" in same.reason
    # What is larger by more than rounding is larger.
    assert choose("bic", ["full", "spherical"], [2], [1000, 1000 + 1e-4])[1] == "full"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.just(NAN), st.floats(-1e6, 1e6)), min_size=12, max_size=12),
    st.floats(-100, 100),
)
def test_the_choice_is_a_least_value(values, level):
    values = np.array(values).reshape(4, 3) + level
    place = best_of(grid(COVARIANCE_TYPES, [1, 2, 3]), values)
    if np.isnan(values).all():
        assert place is None
    else:
        least = np.nanmin(values)
        assert least <= values[place] <= least + 2e-9 * max(abs(least), 1)


# --- kinds that contain others --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wider"),
    [(kind, wider) for wider, kinds in SPECIAL_CASES.items() for kind in kinds],
)
def test_a_mixture_is_one_of_the_wider_kind_too(kind, wider):
    rng = np.random.default_rng(0)
    theirs = GaussianMixture(3, covariance_type=kind, random_state=0).fit(rng.normal(size=(60, 2)))
    P = widened(theirs.precisions_, kind, wider, (3, 2))
    shape = (3, 2) if wider == "diag" else (3, 2, 2)
    assert P.shape == shape
    inverse = 1 / P if wider == "diag" else np.linalg.inv(P)
    np.testing.assert_allclose(
        reference.full_covariances(inverse, wider, 3, 2),
        reference.full_covariances(theirs.covariances_, kind, 3, 2),
        rtol=1e-10,
        atol=1e-12,
    )
    assert n_parameters(kind, 3, 2) <= n_parameters(wider, 3, 2)
