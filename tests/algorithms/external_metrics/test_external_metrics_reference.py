"""The metrics by hand, and equal to the reference."""

from __future__ import annotations

import doctest
import itertools
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from external_cases import all_scores, expected_scores, tricky_pairs
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import metrics
from scratchml.algorithms.external_metrics import chance, pairs, reference
from scratchml.algorithms.external_metrics.contingency import Contingency, as_contingency

CLASSES, CLUSTERS = ["x", "x", "y", "y", "y"], [0, 0, 0, 1, 1]


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    # Ten pairs: of one class 4, in one cluster 4, both 2.
    assert metrics.contingency_matrix(CLASSES, CLUSTERS).tolist() == [[2, 0], [1, 2]]
    assert metrics.pair_confusion_matrix(CLASSES, CLUSTERS).tolist() == [[8, 4], [4, 4]]
    assert metrics.rand_score(CLASSES, CLUSTERS) == 0.6
    assert metrics.adjusted_rand_score(CLASSES, CLUSTERS) == 1 / 6
    assert metrics.fowlkes_mallows_score(CLASSES, CLUSTERS) == pytest.approx(0.5)
    entropy = 0.4 * math.log(5 / 2) + 0.6 * math.log(5 / 3)
    assert metrics.entropy(CLASSES) == pytest.approx(entropy)
    # The cluster of 2 tells the class, that of 3 leaves two to one.
    left = 0.6 * (math.log(3) - 2 / 3 * math.log(2))
    assert metrics.mutual_info_score(CLASSES, CLUSTERS) == pytest.approx(entropy - left)
    shares = metrics.homogeneity_completeness_v_measure(CLASSES, CLUSTERS)
    assert shares == pytest.approx((1 - left / entropy,) * 3)


def test_expected_mutual_information_is_the_mean_over_all_arrangements():
    shared = [
        reference.mutual_information(reference.contingency(CLASSES, arranged))
        for arranged in itertools.permutations(CLUSTERS)
    ]
    mean = math.fsum(shared) / len(shared)
    n = reference.contingency(CLASSES, CLUSTERS)
    assert reference.expected_mutual_information(n) == pytest.approx(mean)
    assert metrics.expected_mutual_information(n, 5) == pytest.approx(mean)


def test_pairs_counted_one_by_one():
    rng = np.random.default_rng(0)
    U, V = rng.integers(0, 3, 20).tolist(), rng.integers(0, 4, 20).tolist()
    confusion = np.zeros((2, 2), int)
    for i, j in itertools.permutations(range(20), 2):
        confusion[int(U[i] == U[j]), int(V[i] == V[j])] += 1
    assert metrics.pair_confusion_matrix(U, V).tolist() == confusion.tolist()
    assert (2 * np.array(reference.pairs(reference.contingency(U, V)))).tolist() == [
        *confusion.ravel()
    ]


def test_examples():
    rooms = [name for name in sys.modules if "algorithms.external_metrics." in name]
    assert len(rooms) > 5
    for name in rooms:
        assert doctest.testmod(sys.modules[name]).failed == 0


# --- equal to the reference -----------------------------------------------------------------------

WITHOUT_SPECIAL_CASES = {
    name: labels
    for name, labels in tricky_pairs().items()
    if not name.startswith(("one_", "each_", "equal", "renamed", "two_samples"))
}


@pytest.mark.parametrize("name", WITHOUT_SPECIAL_CASES)
def test_scores_equal_the_reference(name):
    labels = WITHOUT_SPECIAL_CASES[name]
    assert all_scores(*labels) == pytest.approx(expected_scores(*labels), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    "n",
    [
        [[3, 1], [2, 5]],
        [[50, 60, 3], [20, 40, 90]],
        [[1, 0], [0, 299]],
        [[1, 1, 1, 1], [1, 90, 1, 1]],
        [[200, 1], [1, 0]],
        np.eye(6, dtype=int) + 1,
    ],
    ids=["small", "uneven", "lone", "dense", "full", "equal-sizes"],
)
def test_expected_mutual_information_equals_the_reference(n):
    n = np.array(n)
    expected = reference.expected_mutual_information(n)
    assert metrics.expected_mutual_information(n, n.sum()) == pytest.approx(
        expected, rel=1e-11, abs=1e-16
    )


def margins_only(class_sizes, cluster_sizes):
    """A contingency matrix of these margins, whose cells do not matter."""
    class_sizes, cluster_sizes = np.array(class_sizes), np.array(cluster_sizes)
    return Contingency(None, None, class_sizes, class_sizes, cluster_sizes)


def test_expected_mutual_information_of_single_samples_is_the_entropy_at_any_size():
    sizes = [10**6, 3 * 10**6, 6 * 10**6]
    cells = margins_only(np.ones(10**7, int), sizes)
    expected = chance.expected_information_of(cells)
    assert expected == pytest.approx(reference.entropy(sizes), rel=1e-12)


@pytest.mark.parametrize("n_samples", [10**6, 10**9], ids="{:.0e}".format)
def test_expected_mutual_information_of_large_clusters(n_samples):
    # To second order it is (n_classes - 1) (n_clusters - 1) / 2 N.
    half, third = n_samples // 2, n_samples // 3
    cells = margins_only([half, n_samples - half], [third, n_samples - third])
    expected = chance.expected_information_of(cells)
    assert expected == pytest.approx(1 / (2 * n_samples), rel=1e-5, abs=1e-15)


# --- exact integers -------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [2**20, 2**30, 2**45], ids=["2^20", "2^30", "2^45"])
def test_pairs_are_exact_at_any_size(scale):
    n = np.array([[3, 1, 0], [2, 5, 7]]) * scale + 1
    counted = pairs.count_pairs_of_samples(as_contingency(n))
    assert list(counted) == [2 * count for count in reference.pairs(n)]
    assert Fraction(counted.neither + counted.both, sum(counted)) == reference.rand(n)


def test_more_pairs_than_int64_holds(monkeypatch):
    cells = as_contingency(np.full((2, 2), 2**40))
    monkeypatch.setattr(pairs, "count_contingency", lambda *_: cells)
    assert metrics.adjusted_rand_score([0], [0]) == pytest.approx(-1 / 2**42)
    with pytest.raises(OverflowError, match=r"^Python int too large to convert to C long$"):
        metrics.pair_confusion_matrix([0], [0])


# --- properties -----------------------------------------------------------------------------------


@st.composite
def labelings(draw):
    size = draw(st.integers(3, 14))
    label = st.integers(-2, 3)
    return tuple(draw(st.lists(label, min_size=size, max_size=size)) for _ in range(2))


def is_special(U, V):
    k, n_pairs = {len(set(U)), len(set(V))}, len(set(zip(U, V, strict=True)))
    return not k.isdisjoint({1, len(U)}) or k == {n_pairs}


@given(labelings())
@settings(max_examples=150, deadline=None)
def test_scores_are_those_of_the_reference(pair):
    if not is_special(*pair):
        expected = expected_scores(*pair)
        assert all_scores(*pair) == pytest.approx(expected, rel=1e-10, abs=1e-13)
