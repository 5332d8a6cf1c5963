"""The reference by hand, and the kernels against it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from scratchml.algorithms.kmeans import as_rows
from scratchml.algorithms.minibatch_kmeans import reference
from scratchml.algorithms.minibatch_kmeans.batches import Batch, RowDraws, new_batch, subset
from scratchml.algorithms.minibatch_kmeans.kernels import (
    SEGMENT,
    gather_rows,
    largest_dividend,
    move_centers,
)
from scratchml.algorithms.minibatch_kmeans.steps import (
    Learner,
    batch_statistics,
    labels_and_inertia,
)
from scratchml.cluster import MiniBatchKMeans
from scratchml.datasets import make_blobs

each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def weights_by_name(n):
    rng = np.random.default_rng(n)
    return {
        "unit": None,
        "uniform": rng.uniform(size=n),
        "zeros": rng.integers(0, 2, n) * 1.0 + (np.arange(n) == n // 2),
        "one_heavy": np.where(np.arange(n) == n - 1, 1e9, 1.0),
        "tiny": rng.uniform(size=n) * 1e-30,
        "first_alone": (np.arange(n) == 0) * 1.0,
    }


# --- by hand --------------------------------------------------------------------------------------


def test_two_steps_by_hand():
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    state = np.random.RandomState(1)
    first, second = reference.minibatch_kmeans(X, X[1:3], 2, state, max_iter=1)
    # 1 and 9 are drawn: the centres are there, and stay.
    assert (first.samples.tolist(), first.C.ravel().tolist(), first.J) == ([1, 2], [1, 9], 0)
    # 0 and 1 are drawn for the centre that has been given 1: the mean of 1, 0 and 1.
    assert second.samples.tolist() == [0, 1]
    np.testing.assert_allclose(second.C.ravel(), [2 / 3, 9])
    assert second.v.tolist() == [3, 1]
    assert (second.J, second.ewa) == (0.5, 0.5)


def test_a_centre_is_the_mean_of_all_that_it_was_given(seed):
    rng = np.random.default_rng(seed)
    C, v = rng.normal(size=(3, 2)), np.zeros(3)
    given, weight = {0: [], 1: [], 2: []}, {0: [], 1: [], 2: []}
    for _ in range(5):
        X, w = rng.normal(size=(20, 2)), rng.uniform(size=20)
        labels, _ = reference.nearest_centers(X, C)
        C, v = reference.move_centers(X, w, labels, C, v)
        for x, label, one in zip(X, labels, w, strict=True):
            given[int(label)].append(x)
            weight[int(label)].append(one)
    for c in range(3):
        np.testing.assert_allclose(C[c], np.average(given[c], axis=0, weights=weight[c]))
        assert v[c] == pytest.approx(sum(weight[c]))


def test_low_counts_begin_again_at_samples():
    X = np.arange(8.0).reshape(-1, 1)
    C, v = np.full((3, 1), 100.0), np.array([50.0, 0.0, 20.0])
    moved, counts = reference.reassign(X, C, v, 0.3, np.random.RandomState(0))
    assert moved[1, 0] in X
    assert (moved[0, 0], moved[2, 0]) == (100, 100)
    assert counts.tolist() == [50, 20, 20]


# --- draws ----------------------------------------------------------------------------------------


@each_dtype
@pytest.mark.parametrize("n", [1, 2, SEGMENT - 1, SEGMENT, SEGMENT + 1, 1000, 4097])
@pytest.mark.parametrize("name", list(weights_by_name(5)))
def test_draws_are_those_of_choice(n, name, dtype):
    weight = weights_by_name(n)[name]
    weight = None if weight is None else weight.astype(dtype)
    draws = RowDraws(as_rows(np.zeros((n, 1), dtype), weight))
    indices = np.empty(300, np.int64)
    draws(np.random.RandomState(0).random_sample(300), indices)
    w = np.ones(n, dtype) if weight is None else weight
    expected = np.random.RandomState(0).choice(n, 300, p=w / w.sum())
    np.testing.assert_array_equal(indices, expected)
    by_reference = reference.draw_batch(w, 300, np.random.RandomState(0))
    np.testing.assert_array_equal(indices, by_reference)


@each_dtype
@pytest.mark.parametrize("name", ["unit", "uniform", "zeros", "one_heavy"])
def test_draws_at_the_edges_of_the_distribution(name, dtype):
    # Numbers equal to an entry of the cumulative distribution, and next to it: one ulp decides.
    n = 300
    weight = weights_by_name(n)[name]
    weight = None if weight is None else weight.astype(dtype)
    w = np.ones(n, dtype) if weight is None else weight
    cdf = np.cumsum(w / w.sum(), dtype=np.float64)
    cdf /= cdf[-1]
    uniform = np.concatenate([[0.0], cdf, np.nextafter(cdf, 0), np.nextafter(cdf, 2)])
    uniform = uniform[uniform < 1]
    indices = np.empty(len(uniform), np.int64)
    RowDraws(as_rows(np.zeros((n, 1), dtype), weight))(uniform, indices)
    np.testing.assert_array_equal(indices, np.searchsorted(cdf, uniform, side="right"))


def test_the_largest_dividend():
    rng = np.random.default_rng(0)
    for u, whole in zip(rng.uniform(size=300), 1 + rng.normal(size=300) * 1e-6, strict=True):
        limit = largest_dividend(u, whole)
        assert limit / whole <= u < np.nextafter(limit, np.inf) / whole
    assert largest_dividend(0.0, 0.999) == 0


# --- a step ---------------------------------------------------------------------------------------

DATA = {
    "blobs": make_blobs(200, 3, centers=4, random_state=0)[0],
    "ties": np.random.default_rng(0).integers(0, 3, size=(150, 2)).astype(float),
    "duplicates": np.repeat(np.random.default_rng(1).normal(size=(10, 6)), 9, axis=0),
    "constant_column": np.column_stack(
        [np.full(90, 7.0), np.random.default_rng(2).normal(size=90)]
    ),
    "one_point": np.array([[1.0, 2.0]]),
    "offset": np.random.default_rng(3).normal(size=(120, 4)) + 1e6,
    "wide": np.random.default_rng(4).normal(size=(60, 140)),
    "several_blocks": np.random.default_rng(5).normal(size=(6000, 12)),
}


@each_dtype
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.jit) if n == "several_blocks" else n for n in DATA],
)
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_a_step_equals_the_reference(name, dtype, weighted):
    X = DATA[name].astype(dtype)
    rng = np.random.default_rng(0)
    w = rng.integers(0, 3, len(X)).astype(dtype) + dtype(0.5) if weighted else None
    k = 40 if name == "several_blocks" else min(4, len(X))
    C, v = X[:k].copy(), rng.integers(0, 5, k).astype(float)
    statistics = batch_statistics(Batch(as_rows(X, w)), C)
    labels, nearest = reference.nearest_centers(X, C)
    ones = np.ones(len(X)) if w is None else w.astype(float)
    expected = reference.move_centers(X.astype(float), ones, labels, C.astype(float), v)
    counts, moved = v.copy(), np.empty_like(C)
    move_centers(C, statistics.sums, statistics.weights, counts, moved)
    tolerance = {
        "rtol": 1e-12 if dtype == np.float64 else 2e-6,
        "atol": 1e-7 * (dtype != np.float64),
    }
    np.testing.assert_allclose(moved, expected[0], **tolerance)
    np.testing.assert_allclose(counts, expected[1], rtol=1e-12)
    assert statistics.inertia == pytest.approx(float(ones @ nearest), rel=1e-5, abs=1e-12)


def test_a_centre_without_samples_stays_to_the_bit():
    X, C = np.zeros((5, 2)), np.array([[0.1, 0.1], [1 / 3, 1e100]])
    statistics = batch_statistics(Batch(as_rows(X, None)), C)
    moved = np.empty_like(C)
    move_centers(C, statistics.sums, statistics.weights, np.array([0.0, 3.0]), moved)
    assert moved[1].tolist() == C[1].tolist()


@each_dtype
def test_gathered_rows(dtype):
    X = np.random.default_rng(0).normal(size=(50, 7)).astype(dtype)
    indices = np.random.default_rng(1).integers(0, 50, 20)
    out = np.empty((20, 7), dtype)
    gather_rows(X, indices, out)
    np.testing.assert_array_equal(out, X[indices])


@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_dense_and_csr_batches_are_the_same_rows(weighted):
    X = np.random.default_rng(0).normal(size=(80, 3))
    w = np.arange(80.0) if weighted else None
    batches = [new_batch(as_rows(data, w), 30) for data in (X, scipy.sparse.csr_array(X))]
    for batch in batches:
        batch.draw(np.random.RandomState(0))
        batch.load(slice(0, 30))
    np.testing.assert_array_equal(batches[0].rows.X, batches[1].rows.X.toarray())
    picked = subset(as_rows(X, w), np.array([3, 3, 5]))
    np.testing.assert_array_equal(picked.X, X[[3, 3, 5]])
    assert picked.sample_weight.tolist() == ([3, 3, 5] if weighted else [])


@pytest.mark.parametrize(("k", "ratio"), [(4, 0.2), (40, 0.9), (60, 2.0), (4, 50.0), (1, 2.0)])
def test_reassignment_equals_the_reference(k, ratio, seed):
    X = np.random.default_rng(seed).normal(size=(50, 2))
    C = np.random.default_rng(seed + 9).normal(size=(k, 2))
    # Different counts: which of equal ones are the lowest is for the sorting to say.
    v = np.random.default_rng(seed).permutation(k) * 1.0 + 1
    learner = Learner(C.copy(), 50, ratio, 0)
    learner.counts = v.copy()
    learner._reassign(as_rows(X, None), np.random.RandomState(seed))
    moved, counts = reference.reassign(X, C, v, ratio, np.random.RandomState(seed))
    np.testing.assert_array_equal(learner.centers, moved)
    np.testing.assert_array_equal(learner.counts, counts)


@pytest.mark.jit
def test_labels_and_inertia_are_those_of_predict():
    X = DATA["several_blocks"]
    kmeans = MiniBatchKMeans(9, random_state=0).fit(X)
    labels, inertia = labels_and_inertia(as_rows(X, None), kmeans.cluster_centers_)
    np.testing.assert_array_equal(labels, kmeans.predict(X))
    assert inertia == pytest.approx(-kmeans.score(X), rel=1e-12)


# --- a fit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tol", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_the_reference_ends_in_the_same_place(tol, weighted, seed):
    X = make_blobs(600, 3, centers=6, random_state=seed)[0]
    w = np.random.default_rng(seed).uniform(size=600) if weighted else None
    parameters = {"batch_size": 60, "tol": tol / X.var(axis=0).mean(), "reassignment_ratio": 0.2}
    kmeans = MiniBatchKMeans(6, init=X[:6], random_state=seed, **parameters)
    kmeans.fit(X, sample_weight=w)
    state = np.random.RandomState(seed)
    state.randint(0, 600, 180)  # the samples that initialisations are compared on
    state.randint(0, 600, 180)  # those that initial centres would come from
    parameters["tol"] = tol
    steps = list(reference.minibatch_kmeans(X, X[:6], 60, state, w, **_without_size(parameters)))
    assert kmeans.n_steps_ == len(steps)
    np.testing.assert_allclose(kmeans.cluster_centers_, steps[-1].C, rtol=1e-10)


def _without_size(parameters):
    return {name: value for name, value in parameters.items() if name != "batch_size"}
