"""New points: `predict`, and the vote of the nearest core points."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from dbscan_cases import PROBLEMS, each_algorithm, each_problem, of_any_eps, suits
from sklearn.neighbors import KNeighborsClassifier

from scratchml.algorithms.dbscan import reference
from scratchml.cluster import DBSCAN
from scratchml.datasets import make_moons

pytestmark = of_any_eps


def fitted(name, **parameters):
    X, eps, min_samples = PROBLEMS[name]
    return DBSCAN(**{"eps": eps, "min_samples": min_samples, **parameters}).fit(X)


def label_of(clusters, q):
    """The smallest label among the core points within eps of a point."""
    with np.errstate(over="ignore", under="ignore"):
        D = reference.sq_distances(clusters.components_, q)
    near = clusters.eps * clusters.eps >= D
    return (
        clusters.labels_[clusters.core_sample_indices_[near]].min(initial=99) if any(near) else -1
    )


# --- predict --------------------------------------------------------------------------------------


@each_algorithm
def test_a_line_by_hand(algorithm):
    X = np.array([[0, 0], [1, 0], [2, 0], [4, 0], [5, 0], [6, 0]], float)
    clusters = DBSCAN(eps=1.0, min_samples=3, algorithm=algorithm).fit(X)
    assert clusters.core_sample_indices_.tolist() == [1, 4]
    # Beside a border point is not within a cluster; as far as eps is.
    queries = [[1.5, 0], [2, 0], [2.1, 0], [3, 0], [4, 0], [5, 1], [5, 1.1], [0, 0.1]]
    assert clusters.predict(queries).tolist() == [0, 0, -1, -1, 1, 1, -1, -1]


@each_problem
@each_algorithm
def test_training_points_get_their_labels(name, algorithm):
    X = PROBLEMS[name].X
    if suits(algorithm, X):
        clusters = fitted(name, algorithm=algorithm)
        np.testing.assert_array_equal(clusters.predict(X), clusters.labels_)


@pytest.mark.parametrize("name", ["blobs", "lattice_at_1", "five_features", "far_outlier"])
@each_algorithm
def test_new_points_get_the_smallest_label_within_eps(name, algorithm):
    X = PROBLEMS[name].X
    if suits(algorithm, X):
        clusters = fitted(name, algorithm=algorithm)
        rng = np.random.default_rng(0)
        beside = X[rng.integers(0, len(X), 50)] + 0.5 * rng.integers(-2, 3, (50, X.shape[1]))
        predicted = clusters.predict(beside)
        assert predicted.dtype == np.int64
        assert predicted.tolist() == [label_of(clusters, q) for q in beside]


def test_a_point_that_two_clusters_reach():
    X = np.array([[5.0], [5.1], [0.0], [0.1]])
    clusters = DBSCAN(eps=2.5, min_samples=2).fit(X)
    assert clusters.labels_.tolist() == [0, 0, 1, 1]
    assert clusters.predict([[2.55], [2.5], [2.7]]).tolist() == [0, 0, 0]
    assert clusters.predict([[2.4]]).tolist() == [1]


def test_prediction_uses_the_eps_of_the_fit():
    clusters = fitted("blobs")
    X = PROBLEMS["blobs"].X
    clusters.set_params(eps=1e-9)
    np.testing.assert_array_equal(clusters.predict(X), clusters.labels_)


@pytest.mark.parametrize("as_graph", [False, True], ids=["matrix", "graph"])
def test_precomputed_rows_are_distances_to_the_training_points(as_graph):
    X, eps, min_samples = PROBLEMS["blobs"]
    D = np.array([np.sqrt(reference.sq_distances(X, q)) for q in X])
    queries = X[:20] + 0.1
    new = np.array([np.sqrt(reference.sq_distances(X, q)) for q in queries])
    form = scipy.sparse.csr_array if as_graph else np.asarray
    clusters = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(D)
    plain = fitted("blobs")
    np.testing.assert_array_equal(clusters.predict(form(new)), plain.predict(queries))
    np.testing.assert_array_equal(clusters.predict(D), clusters.labels_)


# --- the vote of the nearest core points ----------------------------------------------------------


@pytest.mark.jit
def test_the_recipe_of_the_moons():
    # A classifier of the 50 nearest core points, and an anomaly what is farther than 0.2 from the
    # nearest (A. Geron, "Hands-On Machine Learning", chapter 9).
    X, _ = make_moons(n_samples=1000, noise=0.05, random_state=42)
    clusters = DBSCAN(eps=0.2).fit(X)
    new = np.array([[-0.5, 0], [0, 0.5], [1, -0.1], [2, 1]])
    assert clusters.predict_nearest(new, max_distance=0.2).tolist() == [-1, 0, 1, -1]
    assert clusters.predict_nearest(new).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("n_neighbors", [1, 5, 20])
@pytest.mark.parametrize("name", ["blobs", "eight_features"])
def test_votes_are_those_of_a_classifier(name, n_neighbors):
    X = PROBLEMS[name].X
    clusters = fitted(name)
    voters = KNeighborsClassifier(min(n_neighbors, len(clusters.components_)), algorithm="brute")
    voters.fit(clusters.components_, clusters.labels_[clusters.core_sample_indices_])
    # Beside the points, so that no two core points are equally far.
    new = X + np.random.default_rng(0).normal(scale=0.2, size=X.shape)
    proba = clusters.predict_nearest_proba(new, n_neighbors)
    assert proba.shape == (len(new), clusters.labels_.max() + 1)
    np.testing.assert_allclose(proba, voters.predict_proba(new), atol=1e-15)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clusters.predict_nearest(new, n_neighbors), voters.predict(new))


@pytest.mark.parametrize(
    ("metric", "eps", "options"),
    [
        ("manhattan", 0.4, {}),
        ("chebyshev", 0.25, {}),
        ("cosine", 0.02, {}),
        ("haversine", 0.3, {}),
        ("canberra", 0.3, {}),
        ("minkowski", 0.3, {"p": 3}),
    ],
)
def test_votes_in_other_metrics(metric, eps, options):
    X = PROBLEMS["blobs"].X / 4
    clusters = DBSCAN(eps=eps / 4, min_samples=3, metric=metric, **options).fit(X)
    labels = clusters.labels_[clusters.core_sample_indices_]
    assert len(labels)
    voters = KNeighborsClassifier(min(5, len(labels)), algorithm="brute", metric=metric, **options)
    voters.fit(clusters.components_, labels)
    new = X + np.random.default_rng(0).normal(scale=0.02, size=X.shape)
    proba = clusters.predict_nearest_proba(new, 5)
    np.testing.assert_allclose(proba, voters.predict_proba(new), atol=1e-15)
    # Beyond a distance none votes; those within it vote as before.
    nearest = voters.kneighbors(new, 1)[0][:, 0]
    limit = float(np.median(nearest)) * (1 + 1e-9)
    near = clusters.predict_nearest(new, 5, max_distance=limit)
    np.testing.assert_array_equal(near == -1, nearest > limit)
    np.testing.assert_array_equal(near[near >= 0], voters.predict(new)[near >= 0])


def test_votes_on_sparse_data():
    X, eps, min_samples = PROBLEMS["blobs"]
    clusters = DBSCAN(eps=eps, min_samples=min_samples).fit(scipy.sparse.csr_array(X))
    expected = fitted("blobs").predict_nearest_proba(X + 0.01, 5)
    for form in (scipy.sparse.csr_array, np.asarray):
        np.testing.assert_array_equal(clusters.predict_nearest_proba(form(X + 0.01), 5), expected)


@pytest.mark.parametrize("as_graph", [False, True], ids=["matrix", "graph"])
def test_votes_by_precomputed_distances(as_graph):
    X, eps, min_samples = PROBLEMS["blobs"]
    D = np.array([np.sqrt(reference.sq_distances(X, q)) for q in X])
    new = np.array([np.sqrt(reference.sq_distances(X, q)) for q in X[:20] + 0.1])
    form = scipy.sparse.csr_array if as_graph else np.asarray
    clusters = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(D)
    expected = fitted("blobs").predict_nearest_proba(X[:20] + 0.1, 5)
    np.testing.assert_array_equal(clusters.predict_nearest_proba(form(new), 5), expected)


def test_what_is_too_far_from_every_core_point():
    clusters = fitted("blobs")
    far = clusters.predict_nearest([[1e3, 0.0]], max_distance=1.0)
    assert far.tolist() == [-1]
    proba = clusters.predict_nearest_proba([[1e3, 0.0], clusters.components_[0]], max_distance=1.0)
    assert proba[0].tolist() == [0] * proba.shape[1]
    assert proba[1].sum() == pytest.approx(1)


def test_max_distance_is_included():
    clusters = DBSCAN(eps=0.5, min_samples=1).fit([[0.0, 0.0], [10.0, 0.0]])
    assert clusters.predict_nearest([[3.0, 4.0]], 1, max_distance=5.0).tolist() == [0]
    assert clusters.predict_nearest([[3.0, 4.0]], 1, max_distance=4.999).tolist() == [-1]


def test_more_neighbors_than_core_points():
    clusters = fitted("blobs")
    n_core = len(clusters.core_sample_indices_)
    X = PROBLEMS["blobs"].X
    np.testing.assert_array_equal(
        clusters.predict_nearest(X, n_neighbors=10 * n_core), clusters.predict_nearest(X, n_core)
    )


def test_without_core_points_all_is_noise():
    clusters = fitted("all_noise")
    X = PROBLEMS["all_noise"].X
    assert set(clusters.predict(X).tolist()) == {-1}
    assert set(clusters.predict_nearest(X).tolist()) == {-1}
    assert clusters.predict_nearest_proba(X).shape == (len(X), 0)


def test_votes_of_a_graph_are_those_that_it_holds():
    places = np.array([0.0, 1.0, 2.0, 9.0, 10.0, 11.0, 30.0])
    distances = np.abs(places[:, None] - places)
    clusters = DBSCAN(eps=1, min_samples=2, metric="precomputed").fit(distances)
    new = np.abs(np.array([[1.0], [6.0], [50.0]]) - places)
    graph = scipy.sparse.csr_array(np.where(new <= 5, new, 0))
    assert clusters.predict_nearest(graph, 50).tolist() == [0, 1, -1]
    assert clusters.predict_nearest(graph, 50, max_distance=2).tolist() == [0, -1, -1]
    shares = clusters.predict_nearest_proba(graph, 50)
    assert shares.tolist() == [[1, 0], [0.4, 0.6], [0, 0]]
