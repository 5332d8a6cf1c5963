"""The public surface: results, the tree, parameters, errors, callbacks."""

from __future__ import annotations

import io

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchml.algorithms.bisecting_kmeans.warmup import WORKLOADS
from scratchml.callbacks import EarlyStopping, History, ProgressBar
from scratchml.cluster import BisectingKMeans, KMeans
from scratchml.core.jit import kernels
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning, InvalidParameterError

ALGORITHMS = sorted(KMeans._parameter_constraints["algorithm"][0].options)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
RNG = np.random.default_rng(0)
DATA = {
    "blobs": make_blobs(200, 3, centers=5, random_state=0)[0],
    "ties": RNG.integers(0, 4, (200, 2)).astype(float),
    "ties_6d": RNG.integers(0, 3, (200, 6)).astype(float),
    "rounded_at_offset": np.round(RNG.normal(size=(200, 7)), 1) + 1e4,
    "duplicates": np.repeat(RNG.normal(size=(12, 5)), 9, axis=0),
    "one_point": np.array([[1.0, 2.0, 3.0]]),
    "all_equal": np.full((50, 6), 3.25),
    "wide": RNG.normal(size=(60, 140)),
    "far_outlier": np.concatenate([RNG.normal(size=(60, 5)), [[1e9, 0, 0, 0, 0]]]),
}


@pytest.fixture
def X():
    return make_blobs(200, 5, centers=5, random_state=0)[0]


def fitted_bytes(model):
    """Every fitted attribute, to the last bit."""
    values = {name: value for name, value in vars(model).items() if name[-1] == "_"}
    values |= values.pop("tree_")._asdict()
    return {name: np.asarray(value).tobytes() for name, value in values.items()}


# --- results --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(DATA))
@each_dtype
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_labels_are_predict_and_inertia_is_theirs(name, dtype, sparse):
    X = DATA[name].astype(dtype)
    data = scipy.sparse.csr_array(X) if sparse else X
    for strategy in ("biggest_inertia", "largest_cluster"):
        k = min(6, len(X))
        model = BisectingKMeans(k, random_state=0, bisecting_strategy=strategy).fit(data)
        np.testing.assert_array_equal(model.labels_, model.predict(data))
        own = ((X.astype(float) - model.cluster_centers_[model.labels_]) ** 2).sum()
        scale = 0 if not sparse else 1e-6 * np.square(X.astype(float)).sum()
        assert model.inertia_ == pytest.approx(own, rel=1e-9, abs=scale)
        assert model.cluster_centers_.dtype == dtype
        assert model.labels_.dtype == np.int32


@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_labels_are_predict_when_runs_end_early(X, max_iter):
    model = BisectingKMeans(6, random_state=0, max_iter=max_iter).fit(X)
    np.testing.assert_array_equal(model.labels_, model.predict(X))


@pytest.mark.parametrize("name", list(DATA))
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_variants_share_every_bit(name):
    X = DATA[name]
    fits = []
    for algorithm in ALGORITHMS:
        model = BisectingKMeans(min(5, len(X)), random_state=1, n_init=2, algorithm=algorithm)
        fits.append(fitted_bytes(model.fit(X)))
        del fits[-1]["n_distances_"]
    assert all(fit == fits[0] for fit in fits)


def test_tree_adds_up(X):
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
    model = BisectingKMeans(7, random_state=0).fit(X, sample_weight=weight)
    children, centers, inertia, n_samples, labels = model.tree_
    inner = np.flatnonzero(children[:, 0] >= 0)
    assert len(children) == 2 * 7 - 1
    assert sorted(children[inner].ravel().tolist()) == list(range(1, 13))
    np.testing.assert_array_equal(n_samples[children[inner]].sum(axis=1), n_samples[inner])
    assert (inertia[children[inner]].sum(axis=1) <= inertia[inner] * (1 + 1e-12)).all()
    leaves = np.flatnonzero(labels >= 0)
    assert sorted(labels[leaves].tolist()) == list(range(7))
    np.testing.assert_array_equal(model.cluster_centers_[labels[leaves]], centers[leaves])
    np.testing.assert_array_equal(np.bincount(model.labels_)[labels[leaves]], n_samples[leaves])
    assert model.inertia_ == pytest.approx(inertia[leaves].sum(), rel=1e-12)
    total = weight @ ((X - X.mean(axis=0)) ** 2).sum(axis=1)
    assert inertia[0] == pytest.approx(total, rel=1e-12)


def test_prediction_is_not_always_the_nearest_centre():
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = BisectingKMeans(8, random_state=0).fit(X)
    nearest = model.transform(X).argmin(axis=1)
    assert 0 < (nearest != model.labels_).sum() < 100
    assert model.score(X) >= -model.inertia_


def test_n_distances_is_the_formula(X):
    histories = []
    model = BisectingKMeans(2, random_state=0, max_iter=2, tol=0)
    model.set_callbacks(lambda event: histories.append(event.iteration)).fit(X)
    assert histories == [1, 2]
    assert model.n_distances_ in (len(X) * 2 * 2, len(X) * 2 * 3)


def test_unit_weights_are_no_weights(X):
    plain = BisectingKMeans(5, random_state=0).fit(X)
    weighted = BisectingKMeans(5, random_state=0).fit(X, sample_weight=np.ones(len(X)))
    np.testing.assert_array_equal(plain.labels_, weighted.labels_)


def test_from_one_cluster_to_one_each(X):
    for k in (1, 2, len(X)):
        model = BisectingKMeans(k, random_state=0).fit(X)
        assert len(np.unique(model.labels_)) == k
    np.testing.assert_array_equal(model.cluster_centers_[model.labels_], X)
    assert model.inertia_ == 0


@pytest.mark.parametrize("strategy", ["biggest_inertia", "largest_cluster"])
def test_samples_without_weight(strategy):
    # Most samples do not count: scikit-learn fails where it comes to a cluster of such alone.
    X = np.concatenate([np.arange(5.0), np.full(40, 100.0), [101.0]])[:, np.newaxis]
    weight = np.r_[np.ones(5), np.zeros(40), 1]
    model = BisectingKMeans(6, random_state=0, bisecting_strategy=strategy)
    model.fit(X, sample_weight=weight)
    assert sorted(model.cluster_centers_[model.labels_[:5], 0].tolist()) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    with pytest.warns(ConvergenceWarning) as record:
        model.set_params(n_clusters=8).fit(X, sample_weight=weight)
    assert str(record[0].message) == (
        "Number of distinct clusters (6) found smaller than n_clusters (8). Possibly due to "
        "duplicate points in X."
    )
    assert record[0].filename == __file__
    assert model.cluster_centers_.shape == (8, 1)


@pytest.mark.jit
def test_a_deep_tree():
    # Deeper than Python's stack.
    X = np.full((1100, 5), 2.0)
    with pytest.warns(ConvergenceWarning, match=r"^Number of distinct clusters \(1\) found"):
        model = BisectingKMeans(1100, random_state=0, max_iter=1).fit(X)
    assert not model.predict(X).any()


@settings(max_examples=40, deadline=None)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 30), st.integers(1, 6)),
        elements=st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3),
    ),
    k=st.integers(1, 6),
    strategy=st.sampled_from(["biggest_inertia", "largest_cluster"]),
)
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_properties(X, k, strategy):
    model = BisectingKMeans(min(k, len(X)), random_state=0, bisecting_strategy=strategy).fit(X)
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    assert model.tree_.n_samples[model.tree_.labels >= 0].sum() == len(X)
    spread = ((X - X.mean(axis=0)) ** 2).sum()
    assert model.inertia_ <= spread * (1 + 1e-9) + 1e-9


# --- input ----------------------------------------------------------------------------------------


@pytest.mark.jit
@each_dtype
def test_fits_after_a_warm_up_compile_none_of_the_kernels(X, dtype):
    for workload in WORKLOADS.values():
        workload(dtype)
    of_room = {name: kernel for name, kernel in kernels().items() if "bisecting" in name}
    before = {name: len(kernel.signatures) for name, kernel in of_room.items()}
    assert before
    data = _read_only(X.astype(dtype))
    for weight in (None, np.ones(len(X), dtype)):
        model = BisectingKMeans(5, random_state=0).fit(data, sample_weight=weight)
        model.tree_.centers.flags.writeable = False
        model.predict(np.asfortranarray(data))
        BisectingKMeans(3, random_state=0).fit(scipy.sparse.csr_array(data)).predict(data)
    assert {name: len(kernel.signatures) for name, kernel in of_room.items()} == before


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def test_sparse_data_give_the_labels_of_dense_data():
    X = scipy.sparse.random_array((200, 15), density=0.4, rng=0, format="csr")
    dense, sparse = (BisectingKMeans(5, random_state=0).fit(data) for data in (X.toarray(), X))
    np.testing.assert_array_equal(dense.labels_, sparse.labels_)
    np.testing.assert_allclose(dense.cluster_centers_, sparse.cluster_centers_, atol=1e-14)
    np.testing.assert_array_equal(sparse.predict(X.toarray()), sparse.predict(X))


@pytest.mark.parametrize("copy_x", [True, False])
def test_data_are_never_modified(X, copy_x):
    before = X.copy()
    BisectingKMeans(4, copy_x=copy_x, random_state=0).fit(X)
    np.testing.assert_array_equal(X, before)


# --- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "an int in the range [1, inf). Got 0 instead."),
        ({"init": "best"}, "a str among {'k-means++', 'random'} or a callable. Got 'best' "
         "instead."),
        ({"n_init": "auto"}, "an int in the range [1, inf). Got 'auto' instead."),
        ({"max_iter": 0}, "an int in the range [1, inf). Got 0 instead."),
        ({"tol": -1.0}, "a float in the range [0.0, inf). Got -1.0 instead."),
        ({"bisecting_strategy": "x"}, "a str among {'biggest_inertia', 'largest_cluster'}. Got "
         "'x' instead."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_invalid_parameters(X, parameters, message):
    with pytest.raises(InvalidParameterError) as caught:
        BisectingKMeans(**parameters).fit(X)
    (name,) = parameters
    assert str(caught.value) == f"The '{name}' parameter of BisectingKMeans must be {message}"


def test_init_callable(X):
    received = []

    def init(X, n_clusters, random_state):
        received.append((len(X), n_clusters))
        return X[:2]

    model = BisectingKMeans(4, init=init).fit(X)
    children, _, _, n_samples, _ = model.tree_
    assert sorted(received) == sorted((n, 2) for n in n_samples[children[:, 0] >= 0])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        BisectingKMeans(4, init=lambda X, n_clusters, random_state: X[:3]).fit(X)
    assert str(caught.value) == (
        "The shape of the initial centers (3, 5) does not match the number of clusters 2."
    )


# --- callbacks ------------------------------------------------------------------------------------


def test_history_has_a_run_for_each_run_of_each_bisection(X):
    history = History()
    quiet = BisectingKMeans(4, n_init=2, random_state=0).fit(X)
    watched = BisectingKMeans(4, n_init=2, random_state=0).set_callbacks(history).fit(X)
    assert fitted_bytes(quiet) == fitted_bytes(watched)
    assert np.unique(history["run"]).tolist() == list(range(6))
    assert set(history["stage"]) == {"bisection"}
    for run in range(6):
        inertias = history["inertia"][history["run"] == run]
        assert (np.diff(inertias) <= 1e-9 * inertias[0]).all()


def test_a_callback_stops_the_run(X):
    model = BisectingKMeans(5, random_state=0, tol=0)
    model.set_callbacks(lambda event: True).fit(X)
    once = BisectingKMeans(5, random_state=0, tol=0, max_iter=1).fit(X)
    assert fitted_bytes(model) == fitted_bytes(once)


@pytest.mark.parametrize("n_init", [1, 3])
def test_a_callback_that_ends_the_fit_leaves_fewer_clusters(X, n_init):
    model = BisectingKMeans(5, random_state=0, n_init=n_init)
    model.set_callbacks(EarlyStopping(max_seconds=0)).fit(X)
    assert model.cluster_centers_.shape == (2, 5)
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    assert model.transform(X).shape == (len(X), 2)


def test_progress_bar(X):
    shown = io.StringIO()
    bar = ProgressBar(delay=0, force=True, file=shown)
    BisectingKMeans(3, random_state=0).set_callbacks(bar).fit(X)
    assert "BisectingKMeans run 2/2" in shown.getvalue()
    BisectingKMeans(1).set_callbacks(bar).fit(X)


def test_callbacks_see_what_a_fit_that_ends_there_publishes(X):
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring={"score": lambda estimator, X, y: estimator.score(X)})
    model = BisectingKMeans(3, random_state=0).set_callbacks(monitor).fit(X, np.zeros(len(X)))
    rows = monitor.get_logs().data
    scores = [row["score"] for row in rows if row["task_name"] == "iteration"]
    assert scores[-1] == model.score(X)
    assert scores[0] == BisectingKMeans(2, random_state=0, max_iter=1).fit(X).score(X)
    assert [row["score"] for row in rows if row["task_name"] == "fit"] == [model.score(X)]
