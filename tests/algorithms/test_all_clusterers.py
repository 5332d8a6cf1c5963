"""What every clusterer promises, checked on all of them. A new one joins with a line below."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest
import scipy.sparse
import sklearn.cluster
import sklearn.mixture

import scratchml
import scratchml.cluster
import scratchml.mixture
from scratchml.cluster import DBSCAN, BisectingKMeans, KMeans, MiniBatchKMeans, SphericalKMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import NotFittedError
from scratchml.mixture import GaussianMixture

# Each makes an estimator of so many clusters.
WITH_CENTERS = {
    BisectingKMeans: partial(BisectingKMeans, random_state=0),
    KMeans: partial(KMeans, random_state=0),
    MiniBatchKMeans: partial(MiniBatchKMeans, random_state=0, batch_size=60),
    SphericalKMeans: partial(SphericalKMeans, random_state=0),
}
# These find their number themselves.
BY_DENSITY = {
    DBSCAN: lambda n_clusters: DBSCAN(eps=1.5),
}
# Their clusters overlap; they have no labels_, and read dense data only.
MIXTURES = {
    GaussianMixture: partial(GaussianMixture, random_state=0),
}
WITH_K = WITH_CENTERS | MIXTURES
CLUSTERERS = WITH_K | BY_DENSITY


def names(clusterers):
    return [cls.__name__ for cls in clusterers]


@pytest.fixture(params=CLUSTERERS.values(), ids=names(CLUSTERERS))
def clusterer(request):
    """Makes an estimator, for each class in turn."""
    return request.param


@pytest.fixture(params=WITH_CENTERS.values(), ids=names(WITH_CENTERS))
def of_centers(request):
    """Makes an estimator of so many clusters, for each class that has centres."""
    return request.param


@pytest.fixture(params=WITH_K.values(), ids=names(WITH_K))
def with_k(request):
    """Makes an estimator of so many clusters, for each class that is told their number."""
    return request.param


@pytest.fixture(params=MIXTURES.values(), ids=names(MIXTURES))
def mixture(request):
    """Makes a mixture of so many components, for each class in turn."""
    return request.param


@pytest.fixture
def X():
    return make_blobs(200, 3, centers=4, cluster_std=2, random_state=0)[0]


def state(estimator):
    """Parameters, fitted attributes and whatever else it holds, to the last bit."""
    return pickle.dumps(vars(estimator))


def fitted(estimator):
    """Every fitted attribute, to the last bit."""
    values = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
    assert values.keys() >= {"n_features_in_", "weights_" if is_mixture(estimator) else "labels_"}
    return pickle.dumps(values)


def is_mixture(estimator):
    return type(estimator) in MIXTURES


def labels_of(estimator, X):
    """The labels of the data that it was fitted to."""
    return estimator.predict(X) if is_mixture(estimator) else estimator.labels_


METHODS = ("predict", "transform", "score", "predict_proba", "score_samples")


def answers(estimator, X):
    """What it says of data, by every method that it has, to the last bit."""
    methods = [method for method in METHODS if hasattr(estimator, method)]
    assert "predict" in methods
    return pickle.dumps([getattr(estimator, method)(X) for method in methods])


def test_the_list_is_complete():
    doors = (scratchml.cluster, scratchml.mixture)
    public = (getattr(door, name) for door in doors for name in door.__all__)
    assert set(CLUSTERERS) == {value for value in public if hasattr(value, "fit_predict")}


# --- labels ---------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
DATA = {
    "blobs": make_blobs(150, 3, centers=5, random_state=0)[0],
    "ties": RNG.integers(1, 4, size=(150, 2)).astype(float),
    "one_feature": RNG.uniform(1, 2, size=(90, 1)),
    "constant_column": np.insert(RNG.normal(size=(90, 5)), 2, 7, axis=1),
    "rounded_at_offset": np.round(RNG.normal(size=(120, 7)), 1) + 1e4,
    "fewer_points_than_clusters": np.repeat([[1.0, 2.0], [5.0, 1.0]], 9, axis=0),
    "all_equal": np.full((30, 6), 3.25),
    "as_many_clusters_as_samples": RNG.normal(size=(4, 3)),
    "wide": RNG.normal(size=(40, 140)),
    "far_outlier": np.append(RNG.normal(size=(60, 5)), [[1e9, 0, 0, 0, 0]], axis=0),
}


@pytest.mark.parametrize("name", list(DATA))
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_labels_are_predict(of_centers, name, dtype, layout):
    X = layout(DATA[name].astype(dtype))
    estimator = of_centers(4)
    np.testing.assert_array_equal(estimator.fit_predict(X), estimator.labels_)
    np.testing.assert_array_equal(estimator.predict(X), estimator.labels_)
    assert estimator.labels_.dtype == np.int32
    assert estimator.cluster_centers_.dtype == dtype
    assert estimator.cluster_centers_.shape == (4, X.shape[1])
    assert np.isfinite(estimator.cluster_centers_).all()
    assert set(estimator.labels_.tolist()) <= set(range(4))
    if name == "fewer_points_than_clusters":  # a centre on each
        assert estimator.inertia_ == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", list(DATA))
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
def test_labels_are_the_likeliest_components(mixture, name, dtype):
    X = DATA[name].astype(dtype)
    estimator = mixture(4)
    labels = estimator.fit_predict(X)
    np.testing.assert_array_equal(labels, estimator.predict(X))
    np.testing.assert_array_equal(labels, estimator.predict_proba(X).argmax(axis=1))
    assert labels.dtype == np.int64
    assert not hasattr(estimator, "labels_")
    assert estimator.means_.dtype == estimator.weights_.dtype == dtype
    assert estimator.means_.shape == (4, X.shape[1])
    assert np.isfinite(estimator.means_).all()
    assert estimator.weights_.sum() == pytest.approx(1, rel=1e-6)


def test_one_sample(of_centers):
    X = np.array([[3.0, 0.0, 4.0]])
    estimator = of_centers(1).fit(X)
    assert estimator.labels_.tolist() == estimator.predict(X).tolist() == [0]
    np.testing.assert_allclose(estimator.transform(X), [[0]], atol=1e-15)
    assert estimator.inertia_ == pytest.approx(0, abs=1e-15)


# --- the same bits --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large():
    """Data of which every pass takes several blocks, by name: one for each way to find labels."""
    rng = np.random.default_rng(0)
    tiled = rng.normal(size=(60_000, 16))
    return {
        "direct": rng.normal(size=(300_000, 2)),
        "tiled": tiled,
        "wide": rng.normal(size=(6_000, 200)),
        "csr": scipy.sparse.csr_array(np.where(tiled > 0.5, tiled, 0)),
    }


@pytest.mark.jit
@pytest.mark.parametrize("name", ["direct", "tiled", "wide", "csr"])
@pytest.mark.filterwarnings("ignore:X has .* of length zero")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
def test_any_number_of_threads_gives_the_same_bits(with_k, large, name):
    X = large[name]
    weight = np.random.default_rng(1).uniform(0, 2, X.shape[0])
    estimator = with_k(20, max_iter=2)
    if is_mixture(estimator):
        if name == "csr":
            return
        shape = "diag" if name == "wide" else "full"
        estimator.set_params(init_params="random_from_data", covariance_type=shape)
    if "batch_size" in estimator.get_params():
        estimator.set_params(batch_size=5000)
    results = set()
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            estimator.fit(X, sample_weight=weight)
            results.add((fitted(estimator), answers(estimator, X[:5000]), estimator.score(X)))
    assert len(results) == 1


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


FORMS = {
    "fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "reversed_twice": lambda X: X[::-1].copy()[::-1],
    "sliced_columns": lambda X: np.hstack([X, X])[:, : X.shape[1]],
    "byte_swapped": lambda X: X.astype(X.dtype.newbyteorder()),
    "list": lambda X: X.tolist(),
    "object": lambda X: X.astype(object),
    "masked": np.ma.masked_array,
    "read_only": read_only,
}


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_of_the_data_gives_the_same_bits(clusterer, X, form):
    plain, other = clusterer(4).fit(X), clusterer(4).fit(FORMS[form](X))
    assert fitted(other) == fitted(plain)
    assert other.predict(FORMS[form](X)).tobytes() == labels_of(plain, X).tobytes()
    assert answers(other, FORMS[form](X)) == answers(plain, X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_a_mapped_file_gives_the_same_bits(clusterer, X, dtype, tmp_path):
    X = X.astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    plain, other = clusterer(4).fit(X), clusterer(4).fit(mapped)
    assert fitted(other) == fitted(plain)
    assert other.predict(mapped).tobytes() == labels_of(plain, X).tobytes()


@pytest.mark.parametrize("layout", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
def test_input_is_not_modified(clusterer, X, layout):
    data, weight = layout(X.copy()), np.arange(len(X)) % 3 + 0.5
    before = pickle.dumps((data, weight))
    estimator = clusterer(4)
    if is_mixture(estimator) and scipy.sparse.issparse(data):
        return
    estimator.fit(data, sample_weight=weight)
    answers(estimator, data)
    if hasattr(estimator, "score"):
        estimator.score(data, sample_weight=weight)
    assert pickle.dumps((data, weight)) == before


def test_a_pickle_is_the_same_estimator(clusterer, X):
    estimator = clusterer(4).fit(X)
    copied = pickle.loads(pickle.dumps(estimator))
    assert state(copied) == state(estimator)
    np.testing.assert_array_equal(copied.predict(X), labels_of(estimator, X))
    assert fitted(copied.fit(X)) == fitted(estimator)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_fit_leaves_the_estimator_as_it_was(with_k, X, error):
    events = []
    estimator = with_k(4).set_callbacks(events.append).fit(X)
    before = state(estimator.set_callbacks())

    def fail(event):
        events.pop()
        if not events:  # after as many, on data that are other in their scale alone: the last
            raise error("enough")

    with pytest.raises(error, match=r"^enough$"):
        estimator.set_callbacks(fail).fit(2 * X)
    assert state(estimator.set_callbacks()) == before


REFUSED = {
    "nan": [[1.0, 2.0], [np.nan, 4.0]],
    "infinity": [[1.0, 2.0], [np.inf, 4.0]],
    "one_dimension": [1.0, 2.0, 3.0],
    "no_samples": np.empty((0, 2)),
    "no_features": np.empty((3, 0)),
    "complex": np.array([[1j, 2.0], [3.0, 4.0]]),
    "fewer_samples_than_clusters": [[1.0, 2.0]],
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refused_data_get_scikit_learns_message(clusterer, name):
    estimator = clusterer(2)
    if name == "fewer_samples_than_clusters" and type(estimator) in BY_DENSITY:
        return
    theirs = sklearn.mixture.GaussianMixture if is_mixture(estimator) else sklearn.cluster.KMeans
    messages = []
    for refuses in (estimator, theirs(2)):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
            refuses.fit(REFUSED[name])
        messages.append(str(caught.value).replace(type(refuses).__name__, "KMeans"))
    if name == "nan":  # what follows is advice, theirs on their own classes
        messages = [message.splitlines()[0] for message in messages]
    assert messages[0] == messages[1]
    assert not [attribute for attribute in vars(estimator) if attribute.endswith("_")]


@pytest.mark.parametrize("method", METHODS)
def test_before_the_fit(clusterer, X, method):
    estimator = clusterer(4)
    if not hasattr(estimator, method):
        return
    with pytest.raises(NotFittedError) as caught:
        getattr(estimator, method)(X)
    assert str(caught.value) == (
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate "
        "arguments before using this estimator."
    )


@pytest.mark.parametrize("method", METHODS)
def test_other_features_than_fitted(clusterer, X, method):
    estimator = clusterer(4).fit(X)
    if not hasattr(estimator, method):
        return
    with pytest.raises(ValueError, match=r"^X has 2 features, ") as caught:
        getattr(estimator, method)(X[:, :2])
    assert str(caught.value) == (
        f"X has 2 features, but {type(estimator).__name__} is expecting 3 features as input."
    )
