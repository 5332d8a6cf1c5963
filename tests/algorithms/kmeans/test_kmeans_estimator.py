"""The public surface: parameters, results, errors, warnings, callbacks, printing."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse
from cases import TRICKY, clusters_for, each_dtype, each_tricky, in_dtype
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchml.algorithms.kmeans import reference
from scratchml.algorithms.kmeans.estimator import same_clustering
from scratchml.cluster import KMeans, k_means, kmeans_plusplus
from scratchml.datasets import load_digits, make_blobs
from scratchml.exceptions import ConvergenceWarning, InvalidParameterError

ALGORITHMS = ["lloyd", "hamerly", "yinyang", "elkan"]
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


@pytest.fixture
def X():
    return make_blobs(300, 3, centers=4, random_state=0)[0]


# --- results --------------------------------------------------------------------------------------


@each_tricky
@each_dtype
@each_algorithm
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.filterwarnings("ignore:algorithm='elkan' doesn't make sense")
def test_labels_are_predict_and_inertia_is_theirs(name, dtype, algorithm):
    X = in_dtype(name, dtype)
    kmeans = KMeans(clusters_for(X), random_state=0, algorithm=algorithm).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))
    own = kmeans.cluster_centers_[kmeans.labels_].astype(float)
    assert kmeans.inertia_ == pytest.approx(((X.astype(float) - own) ** 2).sum(), rel=1e-10)
    assert kmeans.score(X) == -kmeans.inertia_
    assert kmeans.cluster_centers_.dtype == dtype
    assert kmeans.labels_.dtype == np.int32


def test_labels_are_predict_where_scikit_learn_s_are_not(seed):
    # Rounded float32 data far from the origin: centred and raw distances round differently.
    X = np.round(np.random.default_rng(seed).normal(size=(1000, 3)), 1).astype(np.float32) + 10_000
    kmeans = KMeans(8, random_state=seed).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


@each_algorithm
@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_labels_are_predict_when_the_fit_ends_early(X, algorithm, max_iter):
    kmeans = KMeans(4, init="random", n_init=1, random_state=1, max_iter=max_iter)
    kmeans.set_params(algorithm=algorithm).fit(X)
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))
    assert kmeans.n_iter_ == max_iter


@each_tricky
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.filterwarnings("ignore:algorithm='elkan' doesn't make sense")
def test_variants_share_every_bit(name):
    X = TRICKY[name]
    fits = [
        KMeans(clusters_for(X), random_state=3, n_init=2, algorithm=algorithm).fit(X)
        for algorithm in ALGORITHMS
    ]
    assert fits[0].cluster_centers_.tobytes() == fits[1].cluster_centers_.tobytes()
    assert fits[0].labels_.tobytes() == fits[1].labels_.tobytes()
    assert (fits[0].inertia_, fits[0].n_iter_) == (fits[1].inertia_, fits[1].n_iter_)


@pytest.mark.jit
@each_dtype
def test_auto_speeds_up_larger_data_and_changes_no_bit(dtype, seed):
    X = make_blobs(20_000, 10, centers=80, cluster_std=2, random_state=seed)[0].astype(dtype)
    auto, lloyd = (
        KMeans(80, random_state=seed, max_iter=40, algorithm=algorithm).fit(X)
        for algorithm in ("auto", "lloyd")
    )
    assert auto.cluster_centers_.tobytes() == lloyd.cluster_centers_.tobytes()
    assert auto.labels_.tobytes() == lloyd.labels_.tobytes()
    assert (auto.inertia_, auto.n_iter_) == (lloyd.inertia_, lloyd.n_iter_)
    assert auto.n_distances_ < 0.5 * lloyd.n_distances_


@pytest.mark.jit
def test_labels_after_a_bounded_run_that_ends_early():
    X = make_blobs(20_000, 10, centers=80, cluster_std=2, random_state=0)[0]
    kmeans = KMeans(80, init="random", n_init=1, random_state=0, max_iter=3).fit(X)
    assert kmeans.n_iter_ == 3
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


def test_the_reference_ends_in_the_same_place(X, seed):
    kmeans = KMeans(4, random_state=seed, tol=0).fit(X)
    seeds = list(reference.kmeans_plusplus(X, 4, np.random.RandomState(seed)))
    *_, last = reference.lloyd(X, X[[step.sample for step in seeds]])
    np.testing.assert_array_equal(kmeans.labels_, last.labels)
    np.testing.assert_allclose(kmeans.cluster_centers_, last.C, rtol=1e-12)
    assert kmeans.inertia_ == pytest.approx(last.J, rel=1e-12)


def test_n_distances_of_lloyd_is_the_formula(X):
    converged = KMeans(4, random_state=0, tol=0, algorithm="lloyd").fit(X)
    assert converged.n_distances_ == len(X) * 4 * converged.n_iter_
    stopped = KMeans(4, init="random", n_init=1, random_state=1, max_iter=2).fit(X)
    assert stopped.n_distances_ == len(X) * 4 * (2 + 1)


@pytest.mark.jit
def test_n_distances_of_elkan_is_less():
    X = load_digits().data
    counts = [
        KMeans(10, random_state=0, algorithm=algorithm).fit(X).n_distances_
        for algorithm in ALGORITHMS
    ]
    assert counts[1] < 0.7 * counts[0]


def test_integer_weights_are_repetition(X):
    weight = np.random.default_rng(0).integers(1, 4, len(X))
    init = X[:4]
    weighted = KMeans(4, init=init, tol=0).fit(X, sample_weight=weight)
    repeated = KMeans(4, init=init, tol=0).fit(np.repeat(X, weight, axis=0))
    np.testing.assert_array_equal(np.repeat(weighted.labels_, weight), repeated.labels_)
    np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_, rtol=1e-12)
    assert weighted.inertia_ == pytest.approx(repeated.inertia_, rel=1e-12)


def test_unit_weights_are_no_weights(X):
    plain = KMeans(4, random_state=0).fit(X)
    for weight in (np.ones(len(X)), 1.0, 2):
        weighted = KMeans(4, random_state=0).fit(X, sample_weight=weight)
        np.testing.assert_array_equal(plain.labels_, weighted.labels_)
        np.testing.assert_allclose(plain.cluster_centers_, weighted.cluster_centers_, rtol=1e-13)


def test_score_is_weighted(X):
    kmeans = KMeans(4, random_state=0).fit(X)
    weight = np.arange(len(X)) % 3
    nearest = kmeans.transform(X).min(axis=1)
    expected = -(weight * nearest**2).sum()
    assert kmeans.score(X, sample_weight=weight) == pytest.approx(expected, rel=1e-12)


def test_best_of_several_runs_is_kept():
    X = np.random.default_rng(0).normal(size=(300, 2))
    state = np.random.RandomState(0)
    singles = [KMeans(9, n_init=1, random_state=state).fit(X).inertia_ for _ in range(6)]
    several = KMeans(9, n_init=6, random_state=np.random.RandomState(0)).fit(X)
    assert several.inertia_ == min(singles)
    assert len(set(singles)) > 1


def test_inertia_in_float32_far_from_the_origin():
    X = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32) + 1000
    kmeans = KMeans(3, random_state=0).fit(X)
    own = kmeans.cluster_centers_[kmeans.labels_].astype(float)
    assert kmeans.inertia_ == pytest.approx(((X - own) ** 2).sum(), rel=1e-12)


def test_an_rbf_affinity_and_the_outliers_of_transform(X):
    kmeans = KMeans(4, random_state=0).fit(X)
    distances = kmeans.transform(X)
    affinity = np.exp(-0.5 * distances**2)
    np.testing.assert_array_equal(affinity.argmax(axis=1), kmeans.labels_)
    far = np.vstack([X, [[1000.0, 1000.0, 1000.0]]])
    assert kmeans.transform(far).min(axis=1).argmax() == len(X)


@pytest.mark.parametrize("k", [1, 2, 50, 300], ids="k{}".format)
def test_from_one_cluster_to_one_each(X, k):
    kmeans = KMeans(k, random_state=0).fit(X)
    assert len(np.unique(kmeans.labels_)) == k
    if k == len(X):
        assert kmeans.inertia_ == 0
    if k == 1:
        np.testing.assert_allclose(kmeans.cluster_centers_[0], X.mean(axis=0), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 40), st.integers(1, 6)),
        elements=st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3),
    ),
    k=st.integers(1, 6),
    seed=st.integers(0, 5),
)
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_properties(X, k, seed):
    k = min(k, len(X))
    history = []
    kmeans = KMeans(k, random_state=seed, tol=0, max_iter=50)
    kmeans.set_callbacks(lambda event: history.append(event.inertia)).fit(X)
    scale = max(history[0], 1e-300)
    if len(np.unique(X, axis=0)) >= k:  # else centres may be dropped on the way
        assert all(b <= a + 1e-9 * scale for a, b in itertools.pairwise(history))
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))
    D = reference.sq_distances(X, kmeans.cluster_centers_)
    np.testing.assert_array_equal(kmeans.labels_, D.argmin(axis=1))


# --- empty clusters -------------------------------------------------------------------------------


def test_every_cluster_is_found_when_initial_centers_coincide(X):
    kmeans = KMeans(4, init=np.zeros((4, 3)) + X[0]).fit(X)
    assert len(np.unique(kmeans.labels_)) == 4


@each_algorithm
def test_fewer_distinct_points_than_clusters(algorithm):
    X = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    kmeans = KMeans(3, random_state=0, algorithm=algorithm)
    with pytest.warns(ConvergenceWarning) as record:
        kmeans.fit(X)
    assert str(record[0].message) == (
        "Number of distinct clusters (2) found smaller than n_clusters (3). "
        "Possibly due to duplicate points in X."
    )
    assert record[0].filename == __file__
    assert kmeans.inertia_ == 0
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_a_robbed_cluster_keeps_no_rounding_residue():
    # Both clusters of three give all they have: what is left must be nothing, not 1e-17.
    X = np.array([[0.0], [0.1], [0.2], [100.0], [101.0], [103.3]])
    weight = np.array([1, 1, 1, 0.1, 0.2, 0.3])
    init = np.array([[0.0], [60.0], [1000.0], [2000.0], [3000.0]])
    kmeans = KMeans(5, init=init, max_iter=1).fit(X, sample_weight=weight)
    assert kmeans.cluster_centers_.min() >= 0
    assert kmeans.cluster_centers_.max() <= 103.3


def test_same_clustering_is_a_bijection():
    a = np.array([0, 0, 1, 2])
    assert same_clustering(a, np.array([2, 2, 0, 1]))
    assert not same_clustering(a, np.array([2, 2, 0, 0]))
    assert not same_clustering(np.array([2, 2, 0, 0]), a)
    large = np.arange(3000) % 3
    assert same_clustering(large, (large + 1) % 3)
    assert not same_clustering(large, np.minimum(large, 1))


def test_relocation_in_sparse_data_is_that_in_dense(seed):
    X = scipy.sparse.random_array((100, 8), density=0.5, format="csr", rng=seed)
    init = np.vstack([X[:2].toarray(), np.full((2, 8), 50.0)])
    dense = KMeans(4, init=init).fit(X.toarray())
    sparse = KMeans(4, init=init).fit(X)
    np.testing.assert_array_equal(dense.labels_, sparse.labels_)
    assert len(np.unique(dense.labels_)) == 4


# --- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_clusters": 0}, "'n_clusters' {} must be an int in the range [1, inf). Got 0 instead."),
        (
            {"n_clusters": 2.5},
            "'n_clusters' {} must be an int in the range [1, inf). Got 2.5 instead.",
        ),
        (
            {"init": "best"},
            "'init' {} must be a str among {{'k-means++', 'random'}}, a callable or an array-like. "
            "Got 'best' instead.",
        ),
        (
            {"n_init": 0},
            "'n_init' {} must be a str among {{'auto'}} or an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        ({"max_iter": 0}, "'max_iter' {} must be an int in the range [1, inf). Got 0 instead."),
        ({"tol": -1.0}, "'tol' {} must be a float in the range [0.0, inf). Got -1.0 instead."),
        (
            {"algorithm": "fast"},
            "'algorithm' {} must be a str among {{'auto', 'elkan', 'hamerly', 'lloyd', "
            "'yinyang'}}. Got 'fast' instead.",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_invalid_parameters(X, parameters, message):
    kmeans = KMeans(**parameters)
    with pytest.raises(InvalidParameterError) as caught:
        kmeans.fit(X)
    name, rest = message.split(" {} ")
    assert str(caught.value) == f"The {name} parameter of KMeans {rest.format()}"


def test_init_array_that_does_not_fit(X):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        KMeans(4, init=X[:3]).fit(X)
    assert str(caught.value) == (
        "The shape of the initial centers (3, 3) does not match the number of clusters 4."
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        KMeans(4, init=X[:4, :2]).fit(X)
    assert str(caught.value) == (
        "The shape of the initial centers (4, 2) does not match the number of features of the "
        "data 3."
    )


def test_init_callable(X):
    received = {}

    def init(X, n_clusters, random_state):
        received.update(X=X, n_clusters=n_clusters)
        return X[random_state.choice(len(X), n_clusters, replace=False)]

    kmeans = KMeans(4, init=init, n_init=2, random_state=0).fit(X)
    np.testing.assert_array_equal(received["X"], X)
    assert received["n_clusters"] == 4
    assert kmeans.inertia_ > 0


def test_several_runs_from_one_array_warn(X):
    with pytest.warns(RuntimeWarning) as record:
        KMeans(4, init=X[:4], n_init=5).fit(X)
    assert str(record[0].message) == (
        "Explicit initial center position passed: performing only one init in KMeans instead of "
        "n_init=5."
    )
    assert record[0].filename == __file__


def test_elkan_with_one_cluster_warns(X):
    with pytest.warns(RuntimeWarning) as record:
        KMeans(1, algorithm="elkan").fit(X)
    assert str(record[0].message) == (
        "algorithm='elkan' doesn't make sense for a single cluster. Using 'lloyd' instead."
    )
    assert record[0].filename == __file__


def test_tol_is_relative_to_the_variance(X):
    loose = KMeans(4, init="random", n_init=1, tol=0.5, random_state=1).fit(X)
    scaled = KMeans(4, init="random", n_init=1, tol=0.5, random_state=1).fit(X * 1000)
    strict = KMeans(4, init="random", n_init=1, tol=0, random_state=1).fit(X)
    assert loose.n_iter_ == scaled.n_iter_ < strict.n_iter_


@pytest.mark.parametrize("copy_x", [True, False])
def test_data_are_never_modified(X, copy_x):
    before = X.copy()
    KMeans(4, copy_x=copy_x, random_state=0).fit(X)
    np.testing.assert_array_equal(X, before)


def test_kmeans_plusplus_of_too_few_samples(X):
    with pytest.raises(ValueError, match=r"^n_samples=3 should be >= n_clusters=4\.$"):
        kmeans_plusplus(X[:3], 4)


def test_other_dtype_than_fitted(X):
    kmeans = KMeans(4, random_state=0).fit(X)
    np.testing.assert_array_equal(kmeans.predict(X.astype(np.float32)), kmeans.labels_)
    assert kmeans.transform(X.astype(np.float32)).dtype == np.float64


# --- input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csr_array", "csr_matrix", "csc_array", "coo_matrix"])
@each_algorithm
def test_sparse_data(kind, algorithm):
    X = scipy.sparse.random_array((200, 15), density=0.3, rng=0)
    dense = KMeans(5, random_state=0).fit(X.toarray())
    sparse = KMeans(5, random_state=0, algorithm=algorithm).fit(getattr(scipy.sparse, kind)(X))
    np.testing.assert_array_equal(dense.labels_, sparse.labels_)
    np.testing.assert_allclose(dense.cluster_centers_, sparse.cluster_centers_, atol=1e-14)
    assert dense.inertia_ == pytest.approx(sparse.inertia_, rel=1e-12)
    np.testing.assert_array_equal(sparse.predict(X.toarray()), sparse.predict(X))
    np.testing.assert_allclose(sparse.transform(X), dense.transform(X.toarray()), atol=1e-13)
    assert sparse.score(X) == pytest.approx(dense.score(X.toarray()), rel=1e-12)


def test_integers_become_float64():
    X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    kmeans = KMeans(2, random_state=0).fit(X)
    assert kmeans.cluster_centers_.tolist() == [[10, 2], [1, 2]]


# --- a fit that does not end well -----------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failed_fit_leaves_the_estimator_as_it_was(X, error):
    kmeans = KMeans(4, random_state=0).fit(X)
    before = pickle.dumps(kmeans)

    def fail(X, n_clusters, random_state):
        raise error("no centres today")

    kmeans.init = fail
    with pytest.raises(error, match="no centres today"):
        kmeans.fit(X[:50])
    kmeans.init = "k-means++"
    assert pickle.dumps(kmeans) == before


# --- callbacks and printing -----------------------------------------------------------------------


def test_callbacks_see_every_iteration_and_change_nothing(X):
    events = []

    def record(event):
        events.append((event.run, event.iteration, event.inertia, event.shift))
        assert event.labels.shape == (len(X),)
        event.centers[:] = 0  # a copy
        event.labels[:] = 0

    quiet = KMeans(4, n_init=2, random_state=0).fit(X)
    watched = KMeans(4, n_init=2, random_state=0).set_callbacks(record).fit(X)
    assert watched.cluster_centers_.tobytes() == quiet.cluster_centers_.tobytes()
    assert watched.inertia_ == quiet.inertia_
    runs = [run for run, *_ in events]
    assert sorted(set(runs)) == [0, 1]
    for run in (0, 1):
        inertias = [inertia for r, _, inertia, _ in events if r == run]
        assert inertias == sorted(inertias, reverse=True)
    assert events[-1][3] < events[0][3]


def test_callback_stops_the_run(X):
    kmeans = KMeans(4, init="random", n_init=1, random_state=1)
    kmeans.set_callbacks(lambda event: event.iteration == 2).fit(X)
    assert kmeans.n_iter_ == 2
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


def test_verbose_prints_what_scikit_learn_prints(X, capsys):
    from sklearn.cluster import KMeans as SklearnKMeans

    for tol in (0, 0.5):
        KMeans(4, init=X[:4], tol=tol, verbose=1).fit(X)
        ours = capsys.readouterr().out
        SklearnKMeans(4, init=X[:4], tol=tol, verbose=1).fit(X)
        theirs = capsys.readouterr().out
        # Numbers differ in their last digits.
        shorten = [[word[:12] for word in line.split()] for line in ours.splitlines()]
        assert shorten == [[word[:12] for word in line.split()] for line in theirs.splitlines()]
        assert ours.startswith("Initialization complete\nIteration 0, inertia ")


def test_silent_without_verbose(X, capsys):
    KMeans(4).fit(X)
    assert capsys.readouterr() == ("", "")


# --- functions ------------------------------------------------------------------------------------


def test_k_means_is_kmeans(X):
    kmeans = KMeans(4, random_state=0).fit(X)
    centers, labels, inertia, n_iter = k_means(X, 4, random_state=0, return_n_iter=True)
    np.testing.assert_array_equal(centers, kmeans.cluster_centers_)
    np.testing.assert_array_equal(labels, kmeans.labels_)
    assert (inertia, n_iter) == (kmeans.inertia_, kmeans.n_iter_)
    assert len(k_means(X, 4, random_state=0)) == 3


def test_k_means_return_n_iter_is_a_bool(X):
    with pytest.raises(InvalidParameterError) as caught:
        k_means(X, 4, return_n_iter=1)
    assert str(caught.value) == (
        "The 'return_n_iter' parameter of k_means must be an instance of 'bool'. Got 1 instead."
    )


def test_kmeans_plusplus_chooses_samples(X, seed):
    centers, indices = kmeans_plusplus(X, 12, random_state=seed)
    np.testing.assert_array_equal(centers, X[indices])
    assert len(set(indices.tolist())) == 12


def test_kmeans_plusplus_checks_the_norms(X):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        kmeans_plusplus(X, 2, x_squared_norms=np.ones(5))
    assert str(caught.value) == (
        "The length of x_squared_norms 5 should be equal to the length of n_samples 300."
    )
