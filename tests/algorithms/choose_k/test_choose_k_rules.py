"""What each criterion chooses, by its curve alone, and the reasons it gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml.algorithms.choose_k import reference
from scratchml.algorithms.choose_k.rules import LEAST_DEPTH, STABLE, choice_by, depth_below_chord

NAN = float("nan")
KS = np.arange(1, 7)


def choose(criterion, scores, errors=None, ks=KS):
    ks = np.asarray(ks)[: len(scores)]
    errors = None if errors is None else np.asarray(errors, float)
    return choice_by(criterion, ks, np.asarray(scores, float), errors)


# --- inertia --------------------------------------------------------------------------------------


def test_knee():
    # Between ends (log 1, log 16) and (log 4, log 1); at k=2 the curve is at log 2, not log 4.
    choice = choose("inertia", [16.0, 2.0, 1.0], ks=[1, 2, 4])
    assert choice.k == 2
    assert choice.reason == (
        "The inertia has a knee at k=2: there it is farthest below the straight line from k=1 to"
        " k=4, on logarithmic axes, by 25 % of the height of that line."
    )


@pytest.mark.parametrize("power", [0.2, 1.0, 2.0])
def test_a_power_of_k_has_no_knee(power):
    choice = choose("inertia", 7.0 * KS**-power)
    assert choice.k is None
    assert choice.reason == (
        "The inertia has no knee from k=1 to k=6: on logarithmic axes it is hardly below the"
        " straight line between its ends, as it is without clusters."
    )


def test_no_knee_without_a_fall_or_three_points():
    assert choose("inertia", [3.0, 3.0, 3.0]).reason == (
        "The inertia does not fall as clusters become more: it has no knee."
    )
    few = "A knee takes the inertia of at least three numbers of clusters."
    assert choose("inertia", [3.0, 1.0]).reason == few
    assert choose("inertia", [3.0, 1.0, 0.0, 0.0]).reason == (  # a logarithm has no zero
        f"{few} From k=3 on no cluster is more than a single place."
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 1e6), min_size=3, max_size=6), st.floats(0.01, 100))
def test_depths_are_those_of_the_reference(values, unit):
    W = np.sort(np.array(values))[::-1]
    if W[0] <= W[-1] * (1 + 1e-6):
        return
    ks = KS[: len(W)]
    found = depth_below_chord(np.log(ks), np.log(W))
    np.testing.assert_allclose(found, reference.depths(ks, W), atol=1e-9)
    assert choose("inertia", W).k == choose("inertia", unit * W).k or found.max() < 2 * LEAST_DEPTH


# --- the best of all ------------------------------------------------------------------------------


def test_largest_and_least():
    assert choose("silhouette", [NAN, 0.4, 0.7, 0.5]) == (
        3,
        "The silhouette is largest at k=3: 0.7.",
    )
    assert choose("calinski_harabasz", [NAN, 30, 812.4, 70]) == (
        3,
        "The Calinski-Harabasz score is largest at k=3: 812.",
    )
    assert choose("davies_bouldin", [NAN, 0.4, 0.7, 0.5]) == (
        2,
        "The Davies-Bouldin score is least at k=2: 0.4.",
    )


def test_notes_on_the_best():
    assert choose("silhouette", [NAN, 0.1, 0.2], [NAN, 0.01, 0.012]).reason == (
        "The silhouette is largest at k=3: 0.2. That is the largest k that was tried: larger ones"
        " may be better still. Its standard error is 0.012. Below 0.25 it tells of no substantial"
        " structure."
    )


def test_the_largest_k_at_which_it_is_defined():
    note = " That is the largest k at which it is defined."
    for criterion, scores in (
        ("silhouette", [NAN, 0.6, 0.7, NAN]),
        ("davies_bouldin", [NAN, 0.7, 0.6, NAN]),
        ("stability", [NAN, 0.9, 0.9, NAN]),
    ):
        choice = choose(criterion, scores, [0.01] * 4)
        assert choice.k == 3
        assert note in choice.reason, criterion


def test_a_single_k():
    choices = {name: choose(name, [0.9], [0.01], ks=[3]) for name in ("silhouette", "stability")}
    assert choices["silhouette"] == (
        3,
        "The silhouette is defined at k=3 alone: 0.9. Its standard error is 0.01.",
    )
    assert choices["stability"] == (
        3,
        "Clusterings of two halves agree at k=3, and no other is known: the adjusted Rand index is"
        " 0.90, its standard error 0.01.",
    )
    assert choose("gap", [0.9], [0.01], ks=[3]) == (
        None,
        "The gap is defined at k=3 alone: there is none to compare it with. Try larger k.",
    )


def test_of_equals_the_least_k():
    assert choose("silhouette", [NAN, 0.5, 0.5]).k == 2
    assert choose("davies_bouldin", [NAN, 0.5, 0.5]).k == 2


@pytest.mark.parametrize(
    "criterion",
    ["inertia", "silhouette", "calinski_harabasz", "davies_bouldin", "gap", "stability"],
)
def test_undefined_everywhere(criterion):
    reason = "It is not defined at any k that was tried."
    assert choose(criterion, [NAN, NAN], [NAN, NAN]) == (None, reason)


# --- gap ------------------------------------------------------------------------------------------


def test_gap():
    choice = choose("gap", [0.1, 0.2, 0.9, 0.85, 0.8], [0.02] * 5)
    assert choice == (
        3,
        "k=3 is the least whose gap, 0.9, is no less than the next one less its standard error,"
        " 0.85 - 0.02 at k=4.",
    )


def test_gap_within_the_error_of_the_next():
    assert choose("gap", [0.1, 0.12, 0.9], [0.02] * 3).k == 1
    assert choose("gap", [0.1, 0.125, 0.9, 0.8], [0.02] * 4).k == 3


def test_the_last_gap_cannot_be_chosen():
    choice = choose("gap", [0.1, 0.5, 0.9, NAN], [0.02, 0.02, 0.02, NAN])
    assert choice == (
        None,
        "The gap still rises at k=3, the last at which it is defined: none before is large enough"
        " beside the next. From k=4 on no cluster is more than a single place.",
    )
    assert choose("gap", [0.1, 0.5, 0.9], [0.02] * 3).reason.endswith(" the next. Try larger k.")


@pytest.mark.parametrize(
    ("scores", "ks", "k", "note"),
    [
        ([0.3, 0.2, 0.1], KS, 1, " The data cannot be told from a single cluster."),
        (
            [0.3, 0.2, 0.1],
            [2, 3, 4],
            2,
            " Smaller k were not tried: there may be fewer than 2 clusters, or none.",
        ),
        (
            [0.3, 0.29, 0.9, 0.8],
            KS,
            1,
            " Yet the gap is larger by more than its standard error at k=3: 0.9. Look at the"
            " curve.",
        ),
        (
            [0.3, 0.29, 0.9, 0.8],
            [2, 3, 4, 5],
            2,
            " Yet the gap is larger by more than its standard error at k=4: 0.9. Look at the"
            " curve. Smaller k were not tried: there may be fewer than 2 clusters, or none.",
        ),
    ],
    ids=["none", "first", "dip", "first-and-dip"],
)
def test_notes_on_the_gap(scores, ks, k, note):
    choice = choose("gap", scores, [0.02] * len(scores), ks)
    assert choice.k == k
    assert choice.reason.endswith(note)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 0.5)), min_size=1, max_size=6))
def test_gap_rule_is_that_of_the_reference(points):
    gaps, errors = np.array(points).T
    place = reference.choose_by_gap(gaps, errors)
    assert choose("gap", gaps, errors).k == (None if place is None else KS[place])


# --- stability ------------------------------------------------------------------------------------


def test_stability():
    choice = choose("stability", [NAN, 1.0, 0.97, 0.7, 0.6], [NAN, 0.0, 0.011, 0.1, 0.1])
    assert choice == (
        3,
        "k=3 is the largest at which clusterings of two halves agree nearly as well as at the best:"
        " the adjusted Rand index is 0.97, its standard error 0.011; the best is 1.00, at k=2.",
    )


def test_stability_of_a_single_split_and_at_the_end():
    choice = choose("stability", [NAN, 0.9, 0.99], [NAN] * 3)
    assert choice == (
        3,
        "k=3 is the largest at which clusterings of two halves agree nearly as well as at the best:"
        " the adjusted Rand index is 0.99; the best is 0.99, at k=3. That is the largest k that was"
        " tried: larger ones may be as stable.",
    )


def test_nothing_is_stable():
    choice = choose("stability", [NAN, 0.5, STABLE - 0.01], [0.0] * 3)
    assert choice == (
        None,
        "No k is stable: clusterings of two halves agree by an adjusted Rand index of no more than"
        " 0.79, at k=3; 0.8 is asked for.",
    )
