"""suggest_eps: the curve, its knees, and the eps that is read off it."""

from __future__ import annotations

import dataclasses
import doctest
import re
import sys

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score

import scratchml
from scratchml.algorithms.dbscan import knees
from scratchml.algorithms.dbscan.knees import Knee, bend_of, find_knees
from scratchml.algorithms.dbscan.suggest_eps import DIGITS, MARGIN, _rounded_up, ordinal
from scratchml.cluster import DBSCAN, suggest_eps
from scratchml.datasets import make_blobs, make_circles, make_moons
from scratchml.exceptions import InvalidParameterError

RNG = np.random.default_rng(0)


def noisy(X, n, seed=0):
    """The samples, and n more in the box around them."""
    noise = np.random.default_rng(seed).uniform(X.min(axis=0), X.max(axis=0), (n, X.shape[1]))
    return np.concatenate([X, noise])


MOONS = make_moons(200, noise=0.05, random_state=1)[0]
NOISY = noisy(make_blobs(200, centers=3, cluster_std=0.4, random_state=1)[0], 40)


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    # Pairs of neighbours at 1, and one sample at 10 from the last of them.
    suggestion = suggest_eps([[0.0], [1.0], [2.0], [3.0], [4.0], [14.0]], min_samples=2)
    assert suggestion.k_distances.tolist() == [1, 1, 1, 1, 1, 10]
    assert suggestion.knee == Knee(index=4, k_distance=1.0, share=5 / 6, strength=10.0)
    assert suggestion.knee.is_sharp
    assert suggestion.candidates == (suggestion.knee,)
    assert suggestion.eps == 1.01
    assert float(suggestion) == 1.01
    assert suggestion.min_samples == 2
    assert suggestion.reason == (
        "The curve of distances to the 2nd nearest sample has a knee at 1, which is taken for eps:"
        " the 16.7 % beyond it are 10 times as large at the median, as those of noise are."
    )


def test_the_sample_itself_counts():
    X = [[0.0], [1.0], [3.0], [7.0]]
    assert suggest_eps(X, min_samples=3).k_distances.tolist() == [2, 3, 3, 6]


def test_the_result_is_constant():
    suggestion = suggest_eps(MOONS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        suggestion.eps = 1.0
    with pytest.raises(ValueError, match=r"^assignment destination is read-only$"):
        suggestion.k_distances[0] = 1
    assert "k_distances" not in repr(suggestion)


@pytest.mark.parametrize(
    ("curve", "index"),
    [
        ([1, 1, 1, 2], 2),
        ([1, 2, 3, 4], 3),
        ([1, 3, 4, 4.5], 3),
        ([5, 5, 5], 2),
        ([5], 0),
        ([0, 0, 1, 1, 3, 9], 3),
    ],
    ids=["corner", "straight", "bent-the-other-way", "flat", "single", "two-corners"],
)
def test_bend(curve, index):
    assert bend_of(np.array(curve, dtype=float)) == index


# --- knees ----------------------------------------------------------------------------------------


def test_outliers_do_not_hide_the_knee():
    curve = np.sort(np.concatenate([np.linspace(1, 1.2, 800), np.linspace(3, 9, 195), [1e6] * 5]))
    chosen, found = find_knees(curve)
    assert chosen.k_distance == 1.2
    assert [knee.index for knee in found] == [799, 994]


def test_denser_clusters_have_knees_of_their_own():
    dense, sparse = np.linspace(0.01, 0.012, 500), np.linspace(1, 1.2, 500)
    chosen, found = find_knees(np.concatenate([dense, sparse, np.linspace(5, 9, 100)]))
    assert (chosen.k_distance, chosen.index) == (1.2, 999)
    assert [knee.index for knee in found] == [499, 999]


def test_most_samples_are_no_noise():
    dense, sparse = np.linspace(0.01, 0.012, 200), np.linspace(1, 1.5, 800)
    chosen, found = find_knees(np.concatenate([dense, sparse]))
    assert chosen.k_distance >= 1
    assert not chosen.is_sharp
    assert [knee.index for knee in found] == [199]


def test_few_samples_are_no_denser_cluster():
    curve = np.concatenate([[0.001] * 5, np.linspace(1, 1.2, 95)])
    assert find_knees(curve)[1] == ()


def test_distances_of_duplicates_are_left_out():
    rest = np.sort(RNG.gamma(5, size=100))
    chosen, found = find_knees(rest)
    shifted, all_shifted = find_knees(np.append(np.zeros(30), rest))
    assert shifted.k_distance == chosen.k_distance
    assert shifted.index == chosen.index + 30
    assert len(found) == len(all_shifted)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(any), st.floats(0.1, 10))
def test_knees_of_any_curve(values, factor):
    curve = np.sort(np.array(values))
    chosen, found = find_knees(curve)
    assert chosen.k_distance == curve[chosen.index] > 0
    assert list(found) == sorted({*found})
    assert all(knee.is_sharp and knee.k_distance > 0 for knee in found)
    assert all(knee.share == (knee.index + 1) / len(curve) for knee in found)
    if chosen.is_sharp:
        assert chosen in found


# --- eps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "eps"),
    [
        (0.5, 0.501),
        (1.0, 1.01),
        (0.0999, 0.1),
        (123.4, 124.0),
        (9.999e-5, 1e-4),
        (2e-310, 2.01e-310),
    ],
)
def test_eps_is_rounded_up(value, eps):
    assert _rounded_up(value) == eps
    assert float(f"{eps:.{DIGITS - 1}e}") == eps


@pytest.mark.parametrize("step", [0.1, 1 / 3, 0.07, 1.0, 3.3])
def test_a_lattice_is_one_cluster_however_roots_are_rounded(step):
    grid = np.stack(np.meshgrid(*[np.arange(6) * step] * 3), axis=-1).reshape(-1, 3)
    suggestion = suggest_eps(np.append(grid, [[100.0, 100.0, 100.0]], axis=0), min_samples=4)
    labels = DBSCAN(eps=suggestion.eps, min_samples=4).fit_predict(grid)
    assert not labels.any()


def test_flat_curve():
    suggestion = suggest_eps(np.arange(30.0)[:, None], min_samples=2)
    assert suggestion.eps == _rounded_up(MARGIN)
    assert suggestion.candidates == ()
    assert suggestion.reason == (
        "The curve of distances to the 2nd nearest sample has no knee, and does not even bend: eps"
        " is 1.5 times its largest distance, 1."
    )


def test_no_knee_is_said():
    suggestion = suggest_eps(MOONS)
    assert not suggestion.knee.is_sharp
    assert suggestion.eps == _rounded_up(MARGIN * suggestion.knee.k_distance)
    expected = (
        r"The curve of distances to the 5th nearest sample has no knee, and shows no noise: those"
        r" beyond [\d.]+, where it bends most, are 1\.\d times as large at the median, less than"
        r" 2\. eps is 1\.5 times the distance there, so that clusters hold together\."
    )
    assert re.fullmatch(expected, suggestion.reason)


def test_all_that_is_said_of_a_curve():
    dense = RNG.normal(0, 0.01, (300, 2))
    sparse = RNG.normal(10, 1, (300, 2))
    X = np.concatenate([dense, sparse, dense[:30].repeat(5, axis=0), [[1e6, 0], [0, 1e6]]])
    suggestion = suggest_eps(X, sample_size=700, random_state=0)
    assert len(suggestion.k_distances) == 700
    sentences = suggestion.reason.split(". ")[2:]
    assert re.fullmatch(
        r"Further knees, at [\d.]+ \([\d.]+ % below\), tell of clusters that are much denser than"
        r" others: an eps as small as these parts them better, and gives the others up as noise",
        sentences[0],
    )
    assert sentences[1] == "Left out as outliers: 2 of the distances, the largest"
    assert re.fullmatch(
        r"Left out as of duplicates: [\d.]+ % of the distances, which are 0", sentences[2]
    )
    assert sentences[3] == (
        "The distances are from 700 samples, drawn at random, to the nearest among all 752."
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (122, "122nd")],
)
def test_ordinal(number, expected):
    assert ordinal(number) == expected


TRUE_CLUSTERS = {
    "moons": make_moons(300, noise=0.05, random_state=1),
    "circles": make_circles(300, noise=0.04, factor=0.4, random_state=0),
    "blobs": make_blobs(200, 2, centers=3, cluster_std=0.5, random_state=3),
    "8 features": make_blobs(150, 8, centers=3, random_state=0),
    "density": make_blobs(
        [150, 150],
        centers=np.array([[0.0, 0.0], [9.0, 0.0]]),
        cluster_std=[0.3, 1.0],
        random_state=0,
    ),
    "sizes": make_blobs([30, 250], centers=np.array([[0.0, 0.0], [9.0, 0.0]]), random_state=0),
    "noise": (NOISY, np.append(make_blobs(200, centers=3, random_state=1)[1], np.full(40, -1))),
}


@pytest.mark.parametrize("name", list(TRUE_CLUSTERS))
def test_true_clusters_are_found(name):
    X, truth = TRUE_CLUSTERS[name]
    labels = DBSCAN(eps=suggest_eps(X).eps, min_samples=5).fit_predict(X)
    assert adjusted_rand_score(truth, labels) > 0.8


def test_iris_has_two_clusters_by_density():
    X = load_iris().data
    labels = DBSCAN(eps=suggest_eps(X).eps, min_samples=5).fit_predict(X)
    assert labels.max() == 1


# --- data and metrics -----------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine", "braycurtis"])
def test_distances_are_those_of_the_metric(metric):
    X = np.abs(NOISY[:60]) + 1
    found = suggest_eps(X, 4, metric=metric).k_distances
    name = {"manhattan": "cityblock"}.get(metric, metric)
    expected = np.sort(np.sort(cdist(X, X, name), axis=1)[:, 3])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_minkowski_and_callables():
    cubic = suggest_eps(NOISY[:40], metric="minkowski", p=3)
    as_params = suggest_eps(NOISY[:40], metric="minkowski", metric_params={"p": 3})
    called = suggest_eps(NOISY[:40], metric=lambda a, b: (np.abs(a - b) ** 3).sum() ** (1 / 3))
    assert cubic.eps == as_params.eps == called.eps


def test_precomputed():
    expected = suggest_eps(NOISY[:80])
    distances = cdist(NOISY[:80], NOISY[:80])
    np.testing.assert_allclose(
        suggest_eps(distances, metric="precomputed").k_distances, expected.k_distances
    )


@pytest.mark.parametrize("explicit", [True, False], ids=["with-diagonal", "without"])
def test_precomputed_graph(explicit):
    distances = cdist(NOISY[:80], NOISY[:80])
    graph = scipy.sparse.coo_array(distances)  # leaves the diagonal out
    if explicit:
        i = np.arange(80)
        graph = scipy.sparse.coo_array(
            (
                np.append(graph.data, np.zeros(80)),
                (np.append(graph.row, i), np.append(graph.col, i)),
            )
        )
    found = suggest_eps(graph.tocsr(), metric="precomputed")
    assert found.k_distances.tolist() == np.sort(np.sort(distances, axis=1)[:, 4]).tolist()


def test_layouts_and_dtypes():
    X = NOISY.astype(np.float32)
    expected = suggest_eps(X.astype(np.float64))
    read_only = np.asfortranarray(X)
    read_only.flags.writeable = False
    for given_X in (X, read_only, scipy.sparse.csr_array(X), X.tolist()):
        found = suggest_eps(given_X)
        np.testing.assert_allclose(found.k_distances, expected.k_distances, rtol=1e-6)
        assert found.eps == expected.eps


def test_scale_and_order_do_not_matter():
    expected = suggest_eps(NOISY)
    order = np.random.default_rng(0).permutation(len(NOISY))
    assert suggest_eps(NOISY[order]).eps == expected.eps
    for factor in (2.0**200, 2.0**-200):
        scaled = suggest_eps(NOISY * factor)
        assert scaled.knee.index == expected.knee.index
        assert scaled.knee.strength == expected.knee.strength


def test_same_bits_for_any_number_of_threads():
    found = []
    for n_threads in (1, 3):
        with scratchml.threads(n_threads):
            found.append(suggest_eps(NOISY).k_distances.tobytes())
    assert found[0] == found[1] == suggest_eps(NOISY, n_jobs=1).k_distances.tobytes()


def test_a_sample_is_drawn():
    first = suggest_eps(NOISY, sample_size=100, random_state=3)
    again = suggest_eps(NOISY, sample_size=100, random_state=np.random.RandomState(3))
    assert first.k_distances.tolist() == again.k_distances.tolist()
    assert set(first.k_distances) <= set(suggest_eps(NOISY).k_distances)
    assert "drawn at random" not in suggest_eps(NOISY, sample_size=10**6).reason


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (MOONS[:4], {}, "n_samples=4 should be >= min_samples=5."),
        (
            np.ones((20, 2)),
            {},
            "Each sample has at least 4 duplicates: all distances to the 5th nearest sample are 0."
            " Increase min_samples, or drop duplicates.",
        ),
        (
            np.array([[0, 1e301], [1e301, 0]]),
            {"min_samples": 2, "metric": "precomputed"},
            "A distance is larger than 1e+300. Scale the data first.",
        ),
    ],
    ids=["few", "duplicates", "huge"],
)
def test_errors(X, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        suggest_eps(X, **options)


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match=r"^Input X contains NaN\.\nsuggest_eps does not accept"):
        suggest_eps([[np.nan], [1.0]] * 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"min_samples": 1},
            "The 'min_samples' parameter of suggest_eps must be an int in the range [2, inf). Got 1"
            " instead.",
        ),
        (
            {"sample_size": 0},
            "The 'sample_size' parameter of suggest_eps must be an int in the range [1, inf) or"
            " None. Got 0 instead.",
        ),
    ],
    ids=["min_samples", "sample_size"],
)
def test_wrong_parameters(options, message):
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        suggest_eps(MOONS, **options)


def test_constants_are_those_that_are_documented():
    documented = suggest_eps.__doc__
    assert f"An eps of {MARGIN:g} times the distance there" in documented
    assert (knees.LEAST_STRENGTH, knees.FEW, DIGITS) == (2, 0.01, 3)
    assert "twice as large" in documented
    assert "Less than a hundredth" in documented
    assert "three digits" in documented


def test_examples_in_docstrings():
    module = sys.modules["scratchml.algorithms.dbscan.suggest_eps"]
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
