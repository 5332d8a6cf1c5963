"""The public surface: parameters, results, errors, warnings, callbacks, printing."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import scipy.sparse
from helpers import same_clustering
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics.pairwise import cosine_distances
from spherical_cases import (
    TRICKY,
    clusters_for,
    each_dtype,
    each_tricky,
    in_dtype,
    text_like,
)

from scratchml.algorithms.spherical_kmeans import reference
from scratchml.cluster import KMeans, SphericalKMeans
from scratchml.exceptions import ConvergenceWarning, InvalidParameterError

pytestmark = [
    pytest.mark.filterwarnings("ignore:Number of distinct clusters"),
    pytest.mark.filterwarnings("ignore:X has .* of length zero"),
    # Uncompiled kernels warn where squares overflow, which is then seen to.
    pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning"),
]


@pytest.fixture
def X():
    """Four bundles of directions, of all lengths."""
    rng = np.random.default_rng(0)
    U = np.repeat(np.eye(5)[:4], 60, axis=0) + rng.normal(size=(240, 5)) * 0.15
    return U * rng.uniform(0.1, 30, size=(240, 1))


def fitted_bytes(estimator):
    """Every fitted attribute, to the last bit."""
    return {n: np.asarray(v).tobytes() for n, v in vars(estimator).items() if n[-1] == "_"}


# --- results --------------------------------------------------------------------------------------


@each_tricky
@each_dtype
def test_labels_are_predict_and_the_largest_cosine(name, dtype):
    X = in_dtype(name, dtype)
    fitted = SphericalKMeans(clusters_for(X), random_state=0).fit(X)
    np.testing.assert_array_equal(fitted.labels_, fitted.predict(X))
    U = reference.unit_rows(X)
    cosines = reference.cosines(U, fitted.cluster_centers_)
    np.testing.assert_array_equal(fitted.labels_, cosines.argmax(axis=1))
    inertia = (1 - cosines.max(axis=1))[U.any(axis=1)].sum()
    assert fitted.inertia_ == pytest.approx(inertia, abs=1e-6 * len(X))
    assert fitted.score(X) == -fitted.inertia_
    assert fitted.cluster_centers_.dtype == dtype
    assert fitted.labels_.dtype == np.int32
    lengths = np.linalg.norm(fitted.cluster_centers_.astype(float), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-15 if dtype == np.float64 else 1e-7)


@each_tricky
@each_dtype
def test_sparse_is_dense(name, dtype):
    X = in_dtype(name, dtype)
    init = X[reference.unit_rows(X).any(axis=1)][: clusters_for(X)]
    fits = [
        SphericalKMeans(len(init), init=init, max_iter=4).fit(data)
        for data in (X, scipy.sparse.csr_array(X), scipy.sparse.csc_matrix(X))
    ]
    for fitted in fits[1:]:
        np.testing.assert_array_equal(fitted.labels_, fits[0].labels_)
        assert fitted.inertia_ == pytest.approx(fits[0].inertia_, rel=1e-12, abs=1e-12)
    np.testing.assert_array_equal(fits[1].predict(X), fits[1].labels_)


@pytest.mark.parametrize("name", ["directions", "text_like", "zero_rows", "wide", "a_tile_and_one"])
def test_the_reference_ends_in_the_same_place(name, seed):
    X = TRICKY[name]
    fitted = SphericalKMeans(4, random_state=seed, tol=0).fit(X)
    seeds = [step.sample for step in reference.kmeans_plusplus(X, 4, np.random.RandomState(seed))]
    *_, last = reference.spherical_kmeans(X, reference.unit_rows(X[seeds]))
    np.testing.assert_array_equal(fitted.labels_, last.labels)
    np.testing.assert_allclose(fitted.cluster_centers_, last.C, atol=1e-13)
    assert fitted.inertia_ == pytest.approx(last.J, rel=1e-12)


@each_dtype
@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("n_features", [3, 20, pytest.param(140, marks=pytest.mark.jit)])
def test_powers_of_two_change_no_bit(dtype, layout, n_features):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, n_features)).astype(dtype)
    factors = 2.0 ** rng.integers(-60, 60, (100, 1))
    plain, scaled = (
        SphericalKMeans(5, random_state=0).fit(layout(data.astype(dtype)))
        for data in (X, X * factors)
    )
    assert fitted_bytes(plain) == fitted_bytes(scaled)


def test_lengths_do_not_count(X):
    lengths = np.random.default_rng(1).uniform(0.01, 100, size=(len(X), 1))
    plain, scaled = (SphericalKMeans(4, random_state=0).fit(data) for data in (X, X * lengths))
    np.testing.assert_array_equal(plain.labels_, scaled.labels_)
    assert scaled.inertia_ == pytest.approx(plain.inertia_, rel=1e-12)


def test_bundles_are_found(X):
    fitted = SphericalKMeans(4, random_state=0, n_init=3).fit(X)
    assert same_clustering(fitted.labels_, np.arange(240) // 60)
    assert not same_clustering(KMeans(4, random_state=0, n_init=3).fit(X).labels_, fitted.labels_)


def test_topics_of_documents_are_found():
    X = text_like()
    for data in (X, X.astype(np.float32), X.toarray()):
        labels = SphericalKMeans(4, random_state=0, n_init=5).fit_predict(data)
        assert same_clustering(labels, np.arange(120) % 4)


def test_inertia_never_rises(X, seed):
    for data in (X, text_like(seed=seed)):
        inertias = []
        SphericalKMeans(6, random_state=seed, init="random", n_init=1, tol=0).set_callbacks(
            lambda event, seen=inertias: seen.append(event.inertia)
        ).fit(data)
        assert len(inertias) > 1
        assert all(b <= a * (1 + 1e-12) for a, b in itertools.pairwise(inertias))


@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
def test_integer_weights_are_repetition(X, layout):
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    init = X[:4]
    weighted = SphericalKMeans(4, init=init, tol=0).fit(layout(X), sample_weight=weight)
    repeated = SphericalKMeans(4, init=init, tol=0).fit(layout(np.repeat(X, weight, axis=0)))
    np.testing.assert_array_equal(np.repeat(weighted.labels_, weight), repeated.labels_)
    np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_, atol=1e-13)
    assert weighted.inertia_ == pytest.approx(repeated.inertia_, rel=1e-12)


def test_unit_weights_are_no_weights(X):
    plain, weighted = (
        SphericalKMeans(4, random_state=0).fit(X, sample_weight=w) for w in (None, np.ones(len(X)))
    )
    assert fitted_bytes(plain) == fitted_bytes(weighted)


@each_dtype
def test_transform_and_score(X, dtype):
    X = X.astype(dtype)
    weight = np.arange(len(X)) % 3
    fitted = SphericalKMeans(4, random_state=0).fit(X)
    distances = fitted.transform(X)
    assert distances.dtype == dtype
    expected = cosine_distances(X.astype(float), fitted.cluster_centers_.astype(float))
    np.testing.assert_allclose(distances, expected, atol=1e-6 if dtype == np.float32 else 1e-14)
    score = -(weight * expected.min(axis=1)).sum()
    assert fitted.score(X, sample_weight=weight) == pytest.approx(score, rel=1e-6)
    np.testing.assert_array_equal(
        SphericalKMeans(4, random_state=0).fit_transform(X), fitted.transform(X)
    )


def test_best_of_several_runs_is_kept(X):
    state = np.random.RandomState(0)
    singles = [SphericalKMeans(7, random_state=state).fit(X).inertia_ for _ in range(4)]
    several = SphericalKMeans(7, n_init=4, random_state=np.random.RandomState(0)).fit(X)
    assert several.inertia_ == min(singles)
    assert len(set(singles)) > 1


def test_initial_centers_of_any_length_are_directions(X):
    lengths = np.array([[0.25], [8.0], [1024.0], [1.0]])
    plain, scaled = (
        SphericalKMeans(4, init=init).fit(X) for init in (X[:4], (X[:4] * lengths).tolist())
    )
    assert fitted_bytes(plain) == fitted_bytes(scaled)
    given = SphericalKMeans(4, init=lambda X, k, random_state: X[:k] * lengths, n_init=1).fit(X)
    assert fitted_bytes(plain) == fitted_bytes(given)


def test_tol_is_the_sum_of_squared_shifts(X):
    shifts = []
    SphericalKMeans(5, init=X[:5], tol=0).set_callbacks(lambda e: shifts.append(e.shift**2)).fit(X)
    assert len(shifts) > 2
    for n_iter, shift in enumerate(shifts[:-1], start=1):
        assert SphericalKMeans(5, init=X[:5], tol=shift * 1.001).fit(X).n_iter_ <= n_iter
    assert SphericalKMeans(5, init=X[:5], tol=min(shifts[:-1]) * 0.99).fit(X).n_iter_ == len(shifts)


def test_n_distances_is_the_formula(X):
    converged = SphericalKMeans(4, random_state=0, tol=0).fit(X)
    assert converged.n_distances_ == len(X) * 4 * converged.n_iter_
    stopped = SphericalKMeans(4, init="random", n_init=1, random_state=1, max_iter=1).fit(X)
    assert stopped.n_distances_ == len(X) * 4 * (1 + 1)


@settings(max_examples=50, deadline=None)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 30), st.integers(1, 6)),
        elements=st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3),
    ),
    k=st.integers(1, 6),
    seed=st.integers(0, 5),
)
def test_properties(X, k, seed):
    U = reference.unit_rows(X)
    k = min(k, int(U.any(axis=1).sum()))
    if k == 0:
        return
    # pytest's filters do not reach into every example.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = SphericalKMeans(k, random_state=seed, tol=0, max_iter=30).fit(X)
        np.testing.assert_array_equal(fitted.labels_, fitted.predict(X))
    cosines = reference.cosines(U, fitted.cluster_centers_)
    np.testing.assert_array_equal(fitted.labels_, cosines.argmax(axis=1))
    np.testing.assert_allclose(np.linalg.norm(fitted.cluster_centers_, axis=1), 1, rtol=1e-14)


# --- samples without a direction, empty clusters --------------------------------------------------


@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
def test_samples_of_length_zero_are_left_out(X, layout):
    with_zeros = np.insert(X, [0, 100, 240], 0, axis=0)
    message = (
        "X has 3 sample(s) of length zero, which have no direction: they are left out, and get "
        "label 0. Remove them before passing X if that is not meant."
    )
    with pytest.warns(UserWarning, match="length zero") as record:
        fitted = SphericalKMeans(4, init=X[[0, 60, 120, 180]]).fit(layout(with_zeros))
    assert [str(w.message) for w in record] == [message]
    assert record[0].filename == __file__
    plain = SphericalKMeans(4, init=X[[0, 60, 120, 180]]).fit(layout(X))
    zero = ~with_zeros.any(axis=1)
    np.testing.assert_array_equal(fitted.labels_[~zero], plain.labels_)
    np.testing.assert_allclose(fitted.cluster_centers_, plain.cluster_centers_, atol=1e-14)
    assert fitted.inertia_ == pytest.approx(plain.inertia_, rel=1e-13)
    assert (fitted.labels_[zero] == 0).all()
    assert (fitted.transform(layout(with_zeros))[zero] == 1).all()
    with warnings.catch_warnings():  # new data are told apart by their distances, not by a warning
        warnings.simplefilter("error")
        np.testing.assert_array_equal(fitted.predict(layout(with_zeros)), fitted.labels_)
        assert fitted.score(layout(with_zeros)) == -fitted.inertia_


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_samples_of_length_zero_never_seed(init, seed):
    X = np.zeros((40, 3))
    X[::4] = np.random.default_rng(seed).normal(size=(10, 3))
    fitted = SphericalKMeans(10, init=init, n_init=1, random_state=seed).fit(X)
    assert len(np.unique(fitted.labels_[::4])) == 10
    assert fitted.inertia_ == pytest.approx(0, abs=1e-14)


def test_fewer_directions_than_clusters():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [0.0, 5.0]])
    fitted = SphericalKMeans(3, random_state=0)
    with pytest.warns(ConvergenceWarning) as record:
        fitted.fit(X)
    assert str(record[-1].message) == (
        "Number of distinct clusters (2) found smaller than n_clusters (3). "
        "Possibly due to duplicate points in X."
    )
    assert fitted.inertia_ == 0
    np.testing.assert_allclose(np.linalg.norm(fitted.cluster_centers_, axis=1), 1)


def test_empty_cluster_takes_the_sample_of_the_smallest_cosine(X):
    init = np.vstack([X[[0, 60, 120]], -X.sum(axis=0, keepdims=True)])
    first = []
    SphericalKMeans(4, init=init, max_iter=1).set_callbacks(
        lambda event: first.append(event.centers)
    ).fit(X)
    U = reference.unit_rows(X)
    farthest = reference.cosines(U, reference.unit_rows(init)).max(axis=1).argmin()
    np.testing.assert_allclose(first[0][3], U[farthest], rtol=1e-14)


# --- batches, callbacks ---------------------------------------------------------------------------


@pytest.mark.jit
def test_predictions_in_any_batches(X):
    fitted = SphericalKMeans(4, random_state=0).fit(X)
    for n in (1, 7, 100):
        batches = [fitted.predict(X[i : i + n]) for i in range(0, len(X), n)]
        np.testing.assert_array_equal(np.concatenate(batches), fitted.labels_)


def test_callbacks_change_no_bit_and_stop(X):
    plain = SphericalKMeans(6, random_state=0).fit(X)
    events = []
    watched = SphericalKMeans(6, random_state=0).set_callbacks(
        lambda event: events.append((event.iteration, event.inertia)) or False
    )
    assert fitted_bytes(watched.fit(X)) == fitted_bytes(plain)
    assert [iteration for iteration, _ in events] == list(range(1, plain.n_iter_ + 1))
    stopped = SphericalKMeans(6, random_state=0).set_callbacks(lambda event: True).fit(X)
    assert stopped.n_iter_ == 1
    np.testing.assert_array_equal(stopped.labels_, stopped.predict(X))


def test_printing(X, capsys):
    SphericalKMeans(4, init=X[:4], tol=0, verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Initialization complete"
    assert lines[1].startswith("Iteration 0, inertia ")
    assert lines[-1] == f"Converged at iteration {len(lines) - 3}: strict convergence."


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"n_clusters": 0},
            "The 'n_clusters' parameter of SphericalKMeans must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"init": np.ones((3, 2))},
            "The shape of the initial centers (3, 2) does not match the number of features of the "
            "data 5.",
        ),
        (
            {"init": np.eye(5)[:2]},
            "The shape of the initial centers (2, 5) does not match the number of clusters 3.",
        ),
        ({"init": np.zeros((3, 5))}, "The initial centers must not have length zero."),
        (
            {"init": lambda X, k, random_state: np.zeros((k, 5)), "n_init": 1},
            "The initial centers must not have length zero.",
        ),
        ({"n_clusters": 241}, "n_samples=240 should be >= n_clusters=241."),
    ],
)
def test_errors(X, parameters, message):
    with pytest.raises((ValueError, InvalidParameterError)) as caught:
        SphericalKMeans(**{"n_clusters": 3, **parameters}).fit(X)
    assert str(caught.value) == message


def test_too_few_samples_with_a_direction():
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared whole
        SphericalKMeans(2).fit(X)
    assert str(caught.value) == ("n_samples=1 of length other than zero should be >= n_clusters=2.")


def test_weight_on_samples_of_length_zero_alone():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared whole
        SphericalKMeans(1).fit([[0.0, 0.0], [1.0, 2.0]], sample_weight=[1.0, 0.0])
    assert str(caught.value) == "Sample weights must contain at least one non-zero number."


def test_samples_too_long_for_float64():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared whole
        SphericalKMeans(1).fit([[1e308, 1e308], [1.0, 0.0]])
    assert str(caught.value) == (
        "Input X contains infinity or a value too large for dtype('float64')."
    )


def test_several_runs_from_given_centers_are_one(X):
    with pytest.warns(RuntimeWarning) as record:
        SphericalKMeans(4, init=X[:4], n_init=3).fit(X)
    assert str(record[0].message) == (
        "Explicit initial center position passed: performing only one init in SphericalKMeans "
        "instead of n_init=3."
    )
