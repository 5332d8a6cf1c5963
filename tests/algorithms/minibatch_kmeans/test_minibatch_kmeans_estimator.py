"""The public surface: parameters, results, errors, warnings, callbacks, printing."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone

import scratchml
from scratchml.algorithms.minibatch_kmeans import reference
from scratchml.callbacks import EarlyStopping, History
from scratchml.cluster import KMeans, MiniBatchKMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError


@pytest.fixture
def X():
    return make_blobs(400, 3, centers=4, random_state=0)[0]


def minibatch(n_clusters=4, **parameters):
    return MiniBatchKMeans(n_clusters, **{"random_state": 0, "batch_size": 50, **parameters})


def everything(model):
    """Fitted attributes and private state, to the last bit."""
    return pickle.dumps(vars(model))


def fitted_bytes(model):
    return {name: np.asarray(v).tobytes() for name, v in vars(model).items() if name[-1] == "_"}


# --- results --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("n_features", [1, 3, 12, 140])
def test_labels_are_predict_and_inertia_is_theirs(dtype, n_features):
    X = make_blobs(300, n_features, centers=5, random_state=0)[0].astype(dtype)
    kmeans = minibatch(5).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))
    own = kmeans.cluster_centers_[kmeans.labels_].astype(float)
    assert kmeans.inertia_ == pytest.approx(((X.astype(float) - own) ** 2).sum(), rel=1e-10)
    assert kmeans.cluster_centers_.dtype == dtype
    assert kmeans.labels_.dtype == np.int32


def test_clusters_that_are_apart_are_found(X):
    ours = minibatch().fit(X)
    assert ours.inertia_ < 1.05 * KMeans(4, random_state=0).fit(X).inertia_


def test_n_distances_is_the_formula(X):
    kmeans = minibatch().fit(X)
    assert kmeans.n_distances_ == kmeans.n_steps_ * 50 * 4 + len(X) * 4
    without = minibatch(compute_labels=False).fit(X)
    assert without.n_distances_ == without.n_steps_ * 50 * 4
    in_parts = minibatch().partial_fit(X[:100]).partial_fit(X[100:130])
    assert in_parts.n_distances_ == 2 * (100 + 30) * 4
    assert in_parts.n_steps_ == 2
    assert kmeans.partial_fit(X[:10]).n_steps_ > without.n_steps_


def test_steps_and_passes(X):
    kmeans = minibatch(max_iter=3, max_no_improvement=None, batch_size=150).fit(X)
    assert (kmeans.n_steps_, kmeans.n_iter_) == (8, 3)


def test_without_labels_inertia_is_an_estimate(X):
    kmeans = minibatch(compute_labels=False).fit(X)
    assert not hasattr(kmeans, "labels_")
    assert kmeans.inertia_ == pytest.approx(minibatch().fit(X).inertia_, rel=0.5)


def test_a_single_step_estimates_from_its_batch(X):
    # scikit-learn has nothing to estimate from after one step, and fails.
    kmeans = minibatch(compute_labels=False, max_iter=1, batch_size=400).fit(X)
    assert kmeans.n_steps_ == 1
    assert 0 < kmeans.inertia_ < np.inf


def test_more_than_all_centres_cannot_be_reassigned(X):
    kmeans = minibatch(reassignment_ratio=5.0).fit(X)
    assert np.isfinite(kmeans.cluster_centers_).all()


def test_heavy_samples_draw_the_centres(X):
    weight = np.where(np.arange(len(X)) < 20, 1e6, 1e-6)
    kmeans = minibatch(1).fit(X, sample_weight=weight)
    assert np.abs(kmeans.cluster_centers_[0] - X[:20].mean(axis=0)).max() < 2


@settings(max_examples=25, deadline=None)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 40), st.integers(1, 6)),
        elements=st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3),
    ),
    k=st.integers(1, 6),
    batch_size=st.integers(1, 50),
    seed=st.integers(0, 5),
)
def test_properties(X, k, batch_size, seed):
    k = min(k, len(X))
    kmeans = MiniBatchKMeans(k, random_state=seed, batch_size=batch_size, max_iter=2).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))
    np.testing.assert_array_equal(
        kmeans.labels_, reference.nearest_centers(X, kmeans.cluster_centers_)[0]
    )
    # Means of samples lie among the samples.
    slack = 1e-12 * np.abs(X).max()
    assert (kmeans.cluster_centers_ >= X.min(axis=0) - slack).all()
    assert (kmeans.cluster_centers_ <= X.max(axis=0) + slack).all()


# --- one batch at a time --------------------------------------------------------------------------


def test_partial_fit_of_one_centre_is_a_running_mean(X):
    kmeans = minibatch(1)
    for start in (0, 100, 250):
        kmeans.partial_fit(X[start : start + 100])
    seen = np.concatenate([X[:200], X[250:350]])
    np.testing.assert_allclose(kmeans.cluster_centers_[0], seen.mean(axis=0), rtol=1e-12)


def test_partial_fit_goes_on_after_pickling(X):
    parts = [X[:100], X[100:200], X[200:400]]
    plain = minibatch(reassignment_ratio=0.5)
    carried = minibatch(reassignment_ratio=0.5)
    for part in parts:
        plain.partial_fit(part)
        carried = pickle.loads(pickle.dumps(carried)).partial_fit(part)
    assert fitted_bytes(plain) == fitted_bytes(carried)


def test_a_clone_begins_anew(X):
    learnt = minibatch(reassignment_ratio=0.5).partial_fit(X[:200]).partial_fit(X[200:])
    fresh = clone(learnt)
    assert not [name for name in vars(fresh) if name.startswith("_") or name.endswith("_")]
    fresh.partial_fit(X[:200]).partial_fit(X[200:])
    assert fitted_bytes(fresh) == fitted_bytes(learnt)


@pytest.mark.parametrize(
    ("batch", "weight", "message"),
    [
        (np.full((5, 3), np.nan), None, "Input X contains NaN."),
        (
            np.ones((5, 2)),
            None,
            "X has 2 features, but MiniBatchKMeans is expecting 3 features as input.",
        ),
        (np.ones((5, 3)), np.ones(4), "sample_weight.shape == (4,), expected (5,)!"),
    ],
    ids=["nan", "features", "weights"],
)
def test_a_failed_partial_fit_changes_nothing(X, batch, weight, message):
    kmeans = minibatch(reassignment_ratio=0.5).partial_fit(X[:200])
    before = everything(kmeans)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        kmeans.partial_fit(batch, sample_weight=weight)
    assert str(caught.value).splitlines()[0] == message
    assert everything(kmeans) == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_partial_fit_that_fails_in_the_middle_changes_nothing(X, error, monkeypatch):
    from scratchml.algorithms.minibatch_kmeans import estimator

    kmeans = minibatch(reassignment_ratio=0.5).partial_fit(X[:200])
    before = everything(kmeans)

    def fail(rows, centers):
        raise error("no labels today")

    with monkeypatch.context() as patch:
        patch.setattr(estimator, "labels_and_inertia", fail)
        with pytest.raises(error, match="no labels today"):
            kmeans.partial_fit(X[200:])
    assert everything(kmeans) == before
    expected = minibatch(reassignment_ratio=0.5).partial_fit(X[:200]).partial_fit(X[200:])
    assert fitted_bytes(kmeans.partial_fit(X[200:])) == fitted_bytes(expected)


def test_a_failed_partial_fit_leaves_the_draws_where_they_were(X, monkeypatch):
    from scratchml.algorithms.minibatch_kmeans import estimator

    kmeans = minibatch(reassignment_ratio=0.99).partial_fit(X[:200])
    kmeans._n_since_reassignment = 10**6  # so that centres are drawn anew
    before = kmeans._random_state.get_state()[1:]

    def fail(rows, centers):
        raise ValueError("no labels today")

    with monkeypatch.context() as patch:
        patch.setattr(estimator, "labels_and_inertia", fail)
        with pytest.raises(ValueError, match="no labels today"):
            kmeans.partial_fit(X[200:])
    np.testing.assert_equal(kmeans._random_state.get_state()[1:], before)
    after = kmeans.partial_fit(X[200:])._random_state.get_state()[1:]
    assert not np.array_equal(after[1], before[1]) or after[0].tolist() != before[0].tolist()


def test_a_batch_of_another_dtype_is_converted(X):
    kmeans = minibatch().partial_fit(X[:200])
    kmeans.partial_fit(X[200:].astype(np.float32))
    assert kmeans.cluster_centers_.dtype == np.float64


def test_no_labels_of_an_earlier_batch_stay_behind(X):
    kmeans = minibatch().partial_fit(X[:200]).set_params(compute_labels=False)
    kmeans.partial_fit(X[200:])
    assert not hasattr(kmeans, "labels_")
    assert not hasattr(kmeans, "inertia_")


def test_the_first_batch_needs_as_many_samples_as_clusters(X):
    with pytest.raises(ValueError, match=r"^n_samples=3 should be >= n_clusters=4\.$"):
        minibatch().partial_fit(X[:3])
    assert minibatch().partial_fit(X[:4]).partial_fit(X[4:5]).n_steps_ == 2


def test_a_fit_forgets_the_batches_before(X):
    learnt = minibatch().partial_fit(X[:100] + 50).fit(X)
    assert fitted_bytes(learnt) == fitted_bytes(minibatch().fit(X))


# --- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "'n_clusters' {} an int in the range [1, inf). Got 0 instead."),
        ({"batch_size": 0}, "'batch_size' {} an int in the range [1, inf). Got 0 instead."),
        ({"max_iter": 0}, "'max_iter' {} an int in the range [1, inf). Got 0 instead."),
        ({"tol": -1.0}, "'tol' {} a float in the range [0.0, inf). Got -1.0 instead."),
        (
            {"max_no_improvement": -1},
            "'max_no_improvement' {} an int in the range [0, inf) or None. Got -1 instead.",
        ),
        ({"init_size": 0}, "'init_size' {} an int in the range [1, inf) or None. Got 0 instead."),
        (
            {"reassignment_ratio": -0.1},
            "'reassignment_ratio' {} a float in the range [0.0, inf). Got -0.1 instead.",
        ),
        (
            {"init": "best"},
            "'init' {} a str among {{'k-means++', 'random'}}, a callable or an array-like. "
            "Got 'best' instead.",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_invalid_parameters(X, parameters, message, call):
    with pytest.raises(InvalidParameterError) as caught:
        getattr(MiniBatchKMeans(**parameters), call)(X)
    expected = "The " + message.format("parameter of MiniBatchKMeans must be")
    assert str(caught.value) == expected


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_a_small_init_size_warns(X, call):
    with pytest.warns(RuntimeWarning) as record:
        getattr(minibatch(init_size=2), call)(X)
    assert str(record[0].message) == (
        "init_size=2 should be larger than n_clusters=4. Setting it to min(3*n_clusters, n_samples)"
    )
    assert record[0].filename == __file__


def test_several_inits_from_one_array_warn(X):
    with pytest.warns(RuntimeWarning) as record:
        minibatch(init=X[:4], n_init=5).fit(X)
    assert str(record[0].message) == (
        "Explicit initial center position passed: performing only one init in MiniBatchKMeans "
        "instead of n_init=5."
    )


def test_an_init_array_is_not_written_to(X):
    init = X[:4].copy()
    minibatch(init=init, reassignment_ratio=1.0).fit(X).partial_fit(X)
    np.testing.assert_array_equal(init, X[:4])


# --- input ----------------------------------------------------------------------------------------


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


FORMS = {
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "list": lambda X: X.tolist(),
    "read_only": _read_only,
}


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_of_a_batch_gives_the_same_bits(X, form):
    before = X.copy()
    plain = minibatch().partial_fit(X).partial_fit(X)
    other = minibatch().partial_fit(FORMS[form](X)).partial_fit(FORMS[form](X))
    assert fitted_bytes(plain) == fitted_bytes(other)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(("kind", "seed"), [("csr_array", 0), ("csr_matrix", 1), ("csc_array", 2)])
def test_sparse_data(kind, seed):
    X = scipy.sparse.random_array((300, 15), density=0.3, rng=seed)
    dense = minibatch(5).fit(X.toarray())
    sparse = minibatch(5).fit(getattr(scipy.sparse, kind)(X))
    np.testing.assert_array_equal(dense.labels_, sparse.labels_)
    np.testing.assert_allclose(dense.cluster_centers_, sparse.cluster_centers_, atol=1e-13)
    np.testing.assert_array_equal(sparse.predict(X.toarray()), sparse.predict(X))


# --- threads --------------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("kind", ["direct", "tiled", "wide", "csr"])
def test_a_batch_gives_the_same_bits_on_any_number_of_threads(kind):
    n_features = {"direct": 2, "tiled": 16, "wide": 200, "csr": 30}[kind]
    X = np.random.default_rng(0).normal(size=(12_000, n_features))
    if kind == "csr":
        X = scipy.sparse.csr_array(np.where(X > 0.5, X, 0))
    weight = np.random.default_rng(1).uniform(size=12_000)
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            kmeans = minibatch(40, n_init=2).partial_fit(X, sample_weight=weight)
            results.append(fitted_bytes(kmeans.partial_fit(X)))
    for result in results[1:]:
        assert result == results[0]


# --- callbacks and printing -----------------------------------------------------------------------


def test_callbacks_see_every_step_and_change_nothing(X):
    events = []

    def record(event):
        assert event.stage == "minibatch"
        assert event.total == 100 * 400 // 50
        assert event.labels.shape == (400,)
        event.centers[:] = 0  # a copy
        events.append((event.iteration, event.inertia, event.batch_inertia, event.shift))
        assert event.n_reassigned >= 0

    quiet = minibatch(n_init=2).fit(X)
    watched = minibatch(n_init=2).set_callbacks(record).fit(X)
    assert fitted_bytes(quiet) == fitted_bytes(watched)
    assert [event[0] for event in events] == list(range(1, quiet.n_steps_ + 1))
    # At first the smoothed inertia is that of the batch.
    assert events[1][1] == pytest.approx(events[1][2] * 400, rel=1e-12)


def test_a_callback_stops_the_fit(X):
    kmeans = minibatch().set_callbacks(lambda event: event.iteration == 3).fit(X)
    assert kmeans.n_steps_ == 3
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


def test_the_callbacks_of_the_library(X):
    history = History(centers=True)
    kmeans = minibatch().set_callbacks(history, EarlyStopping(patience=2)).fit(X)
    assert len(history["inertia"]) == kmeans.n_steps_
    np.testing.assert_array_equal(history.centers[-1], kmeans.cluster_centers_)


def test_silent_without_verbose(X, capsys):
    minibatch().fit(X).partial_fit(X)
    assert capsys.readouterr() == ("", "")
