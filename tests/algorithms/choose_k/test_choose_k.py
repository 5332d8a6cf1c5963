"""choose_k: criteria over a range of k, by any clusterer."""

from __future__ import annotations

import dataclasses
import doctest
import re
import sys

import numpy as np
import pytest
import sklearn.cluster
import sklearn.decomposition
import sklearn.metrics
import sklearn.mixture
from sklearn.pipeline import make_pipeline

import scratchml
from scratchml.algorithms.choose_k import Choice, reference
from scratchml.algorithms.choose_k.criteria import CRITERIA
from scratchml.algorithms.choose_k.fits import MAX_SEED, clone
from scratchml.algorithms.choose_k.gap import ReferenceSets
from scratchml.cluster import DBSCAN, BisectingKMeans, KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError
from scratchml.metrics import silhouette_interval
from scratchml.model_selection import KChoice, choose_k

X = make_blobs(48, 2, centers=[[0, 0], [9, 0], [0, 9]], cluster_std=0.7, random_state=0)[0]
FEW = {"n_refs": 2, "n_splits": 2, "random_state": 0}
KS = [1, 2, 3, 4]
PIPELINE = make_pipeline(KMeans())
INTERNAL = ["inertia", "silhouette", "calinski_harabasz", "davies_bouldin"]


@pytest.fixture(scope="module")
def choice():
    return choose_k(KMeans(n_init=3), X, KS, **FEW)


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    found = choose_k(KMeans(), [[0.0], [2.0], [10.0], [12.0]], [1, 2, 3], random_state=0)
    assert found.ks.tolist() == [1, 2, 3]
    assert found.scores["inertia"].tolist() == [104, 4, 2]
    assert found.scores["calinski_harabasz"][1] == 50
    assert found.scores["davies_bouldin"][1] == pytest.approx(0.2)
    assert found.scores["silhouette"][1] == pytest.approx((9 / 11 + 7 / 9) / 2)
    np.testing.assert_allclose(found.log_dispersion, np.log([104, 4, 2]))
    assert np.isnan(found.scores["silhouette"][0])
    assert found.choices["silhouette"].k == 2
    assert found.choices["inertia"].k == 2


def test_every_criterion_finds_three_blobs(choice):
    assert list(choice.scores) == list(choice.choices) == list(CRITERIA)
    assert {name: found.k for name, found in choice.choices.items()} == dict.fromkeys(CRITERIA, 3)


# --- the reference --------------------------------------------------------------------------------


@pytest.mark.parametrize("box", ["pca", "uniform"])
def test_reference_sets_fill_the_box(box):
    sets = ReferenceSets(X, box, np.random.RandomState(3))
    first, _ = sets.draw()
    second, _ = sets.draw()
    assert first.shape == X.shape
    assert (first != second).any()
    state = np.random.RandomState(3)
    U = state.uniform(size=X.shape)
    if box == "pca":
        expected = reference.reference_set(X, U)
    else:
        expected = X.min(axis=0) + np.ptp(X, axis=0) * U
    np.testing.assert_allclose(first, expected, rtol=1e-12, atol=1e-12)


def test_more_features_than_samples():
    wide = np.random.default_rng(0).normal(size=(5, 9)).astype(np.float32)
    drawn, _ = ReferenceSets(wide, "pca", np.random.RandomState(0)).draw()
    assert drawn.shape == (5, 9)
    assert drawn.dtype == np.float32


def test_gap_equals_the_reference(choice):
    gap_seed = np.random.RandomState(0).randint(MAX_SEED, size=4)[2]
    sets = ReferenceSets(X, "pca", np.random.RandomState(gap_seed))

    def log_dispersions(data, seed):
        fits = [KMeans(k, n_init=3, random_state=seed).fit(data).labels_ for k in KS]
        return np.log([reference.dispersion(data, labels) for labels in fits])

    of_refs = np.array([log_dispersions(*sets.draw()) for _ in range(2)])
    gaps, errors = reference.gap(log_dispersions(X, 0), of_refs)
    np.testing.assert_allclose(choice.scores["gap"], gaps, rtol=1e-9)
    np.testing.assert_allclose(choice.errors["gap"], errors, rtol=1e-9)
    np.testing.assert_allclose(choice.expected_log_dispersion, of_refs.mean(axis=0))


def test_stability_equals_the_reference(choice):
    state = np.random.RandomState(np.random.RandomState(0).randint(MAX_SEED, size=4)[3])
    found = []
    for _ in range(2):
        order, seed = state.permutation(len(X)), state.randint(MAX_SEED)
        A, B = X[np.sort(order[:24])], X[np.sort(order[24:])]

        def cluster(data, k, seed=seed):
            model = KMeans(k, n_init=3, random_state=seed).fit(data)
            return model.labels_, model.predict

        found.append([reference.agreement(A, B, k, cluster) for k in KS[1:]])
    np.testing.assert_allclose(choice.scores["stability"][1:], np.mean(found, axis=0), rtol=1e-12)
    errors = np.std(found, axis=0, ddof=1) / np.sqrt(2)
    np.testing.assert_allclose(choice.errors["stability"][1:], errors, rtol=1e-9, atol=1e-12)


def test_adjusted_rand_of_the_reference():
    a, b = np.random.default_rng(0).integers(0, 3, (2, 30))
    expected = sklearn.metrics.adjusted_rand_score(a, b)
    assert reference.adjusted_rand(a, b) == pytest.approx(expected, rel=1e-12)
    assert reference.adjusted_rand(a, a) == reference.adjusted_rand(a * 0, b * 0) == 1


# --- invariants -----------------------------------------------------------------------------------


def same(a, b, names):
    for name in names:
        np.testing.assert_array_equal(a.scores[name], b.scores[name])
        if name in a.errors:
            np.testing.assert_array_equal(a.errors[name], b.errors[name])
        assert a.choices[name] == b.choices[name]


def test_what_is_computed_does_not_depend_on_what_else_is(choice):
    for names in (["gap"], ["stability", "inertia"]):
        found = choose_k(KMeans(n_init=3), X, KS, criteria=names, **FEW)
        assert list(found.scores) == [name for name in CRITERIA if name in names]
        same(found, choice, names)


def test_what_is_computed_does_not_depend_on_other_ks():
    few = {"n_refs": 9, "n_splits": 9, "random_state": 0, "criteria": ["gap", "stability"]}
    both, alone = (choose_k(KMeans(n_init=1), X, ks, **few) for ks in ([4, 5], [5]))
    for name in few["criteria"]:
        assert alone.scores[name][0] == both.scores[name][1], name
        assert alone.errors[name][0] == both.errors[name][1], name


@pytest.mark.parametrize("scale", [1e-9, 1e100])
def test_scale_does_not_count(choice, scale):
    found = choose_k(KMeans(n_init=3), scale * X, KS, criteria=INTERNAL, **FEW)
    for name in INTERNAL:
        expected = choice.scores[name] * (scale**2 if name == "inertia" else 1)
        np.testing.assert_allclose(found.scores[name], expected, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_values_whose_squares_are_no_numbers():
    found = choose_k(KMeans(), 1e170 * X, KS, criteria=["gap", *INTERNAL], **FEW)
    assert np.isinf(found.scores["inertia"]).all()
    for name in ("calinski_harabasz", "davies_bouldin", "gap"):
        assert np.isnan(found.scores[name]).all(), name
        assert found.choices[name].k is None, name


def test_a_single_criterion(choice):
    for names in ("gap", iter(["gap"]), {"gap"}):
        found = choose_k(KMeans(n_init=3), X, KS, criteria=names, **FEW)
        assert list(found.scores) == ["gap"]
        same(found, choice, ["gap"])


def test_a_table_is_fitted_with_its_names():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=["a", "b"])
    names = ["silhouette"]
    for estimator in (KMeans(), sklearn.mixture.GaussianMixture()):
        found = choose_k(estimator, table, [2, 3], criteria=names, random_state=0)
        assert found.best("silhouette").feature_names_in_.tolist() == ["a", "b"]
        same(found, choose_k(estimator, X, [2, 3], criteria=names, random_state=0), names)


@pytest.mark.jit
def test_same_bits_for_any_number_of_threads(choice):
    with scratchml.threads(1):
        same(choose_k(KMeans(n_init=3), X, KS, **FEW), choice, CRITERIA)


def test_fits_are_those_of_the_estimator(choice):
    assert choice.labels.shape == (4, len(X))
    assert choice.labels.dtype == np.int32
    for k, labels, model in zip(KS, choice.labels, choice.estimators, strict=True):
        alone = KMeans(k, n_init=3, random_state=0).fit(X)
        np.testing.assert_array_equal(labels, alone.labels_)
        np.testing.assert_array_equal(model.cluster_centers_, alone.cluster_centers_)


def test_without_a_seed_the_estimator_keeps_its_own():
    found = choose_k(KMeans(random_state=5), X, [3], criteria=["inertia"])
    assert found.estimators[0].random_state == 5
    state = np.random.RandomState(7)
    found = choose_k(KMeans(random_state=5), X, [3], criteria=["inertia"], random_state=state)
    expected = np.random.RandomState(7).randint(MAX_SEED, size=4)[0]
    assert found.estimators[0].random_state == expected


def test_nothing_given_is_changed():
    estimator, data = KMeans(2, n_init=3), X.copy()
    data.flags.writeable = False
    choose_k(estimator, data, iter([3, 2, 3]), **FEW)
    assert estimator.get_params() == KMeans(2, n_init=3).get_params()
    assert not hasattr(estimator, "labels_")
    np.testing.assert_array_equal(data, X)


def test_order_of_ks_does_not_count(choice):
    found = choose_k(KMeans(n_init=3), X, np.array([4, 2, 1, 3, 3]), **FEW)
    assert found.ks.tolist() == KS
    same(found, choice, CRITERIA)


def test_callbacks_are_those_of_the_estimator():
    heard = []
    estimator = KMeans(random_state=0).set_callbacks(lambda event: heard.append(event) or None)
    choose_k(estimator, X, [2, 3], criteria=["inertia"])
    assert heard


# --- parity ---------------------------------------------------------------------------------------


def test_scores_are_those_of_scikit_learn(choice):
    for i, k in enumerate(KS[1:], 1):
        labels = choice.labels[i]
        for name in INTERNAL[1:]:
            expected = getattr(sklearn.metrics, f"{name}_score")(X, labels)
            assert choice.scores[name][i] == pytest.approx(expected, rel=1e-9)
        inertia = choice.estimators[i].inertia_
        assert choice.scores["inertia"][i] == pytest.approx(inertia, rel=1e-9), k


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(BisectingKMeans(), id="bisecting"),
        pytest.param(sklearn.cluster.KMeans(n_init=2), id="sklearn-kmeans"),
        pytest.param(sklearn.cluster.AgglomerativeClustering(), id="no-predict-no-seed"),
        pytest.param(sklearn.mixture.GaussianMixture(), id="n_components-no-labels_"),
    ],
)
def test_any_clusterer(estimator):
    found = choose_k(estimator, X, [2, 3, 4], **FEW)
    for name in ("silhouette", "calinski_harabasz", "stability"):
        assert found.choices[name].k == 3, name
    assert type(found.best("silhouette")) is type(estimator)


def test_another_metric():
    names = ["silhouette"]
    found = choose_k(KMeans(n_init=3), X, [2, 3], criteria=names, metric="cosine", random_state=0)
    assert found.metric == "cosine"
    for i in range(2):
        expected = sklearn.metrics.silhouette_score(X, found.labels[i], metric="cosine")
        assert found.scores["silhouette"][i] == pytest.approx(expected, rel=1e-9)


def test_clone_is_that_of_scikit_learn():
    estimator = KMeans(5, random_state=np.random.RandomState(0))
    copied, expected = clone(estimator), sklearn.base.clone(estimator)
    assert copied.n_clusters == 5
    assert copied.random_state is not estimator.random_state
    assert copied.random_state.randint(1000) == expected.random_state.randint(1000)
    theirs = sklearn.cluster.BisectingKMeans(3).set_output(transform="pandas")
    assert repr(clone(theirs)) == repr(theirs)
    assert clone(theirs)._sklearn_output_config == {"transform": "pandas"}


# --- where a criterion is not defined -------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_fewer_places_than_clusters():
    places = np.repeat([[0.0, 0], [5, 0], [0, 5]], 6, axis=0)
    found = choose_k(KMeans(), places, [1, 2, 3, 4], **FEW)
    assert found.scores["inertia"][2:].tolist() == [0, 0]
    assert found.scores["silhouette"][2] == 1
    assert found.scores["davies_bouldin"][2] == 0
    for name in ("silhouette", "davies_bouldin", "stability"):
        assert np.isnan(found.scores[name])[[0, 3]].all(), name
        assert found.choices[name].k == 3, name
    for name in ("gap", "calinski_harabasz"):
        assert np.isnan(found.scores[name])[[2, 3]].all(), name
    assert np.isnan(found.errors["gap"])[[2, 3]].all()
    for name in ("inertia", "gap"):
        told = "From k=3 on no cluster is more than a single place."
        assert found.choices[name].reason.endswith(told), name


def test_as_many_clusters_as_samples():
    found = choose_k(KMeans(), X[:6], [5, 6], **FEW)
    assert np.isfinite([found.scores[name][0] for name in INTERNAL]).all()
    assert found.scores["inertia"][1] == 0
    assert np.isnan([found.scores[name][1] for name in INTERNAL[1:]]).all()
    assert np.isnan(found.scores["stability"]).all()  # halves are smaller
    with pytest.raises(ValueError, match=r"^n_samples=6 should be >= n_clusters=7\.$"):
        choose_k(KMeans(), X[:6], [7], **FEW)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_a_single_place():
    found = choose_k(KMeans(), np.full((6, 2), 3.0), [1, 2], **FEW)
    assert found.scores["inertia"].tolist() == [0, 0]
    assert [choice.k for choice in found.choices.values()] == [None] * len(CRITERIA)


# --- many samples ---------------------------------------------------------------------------------


def test_sample():
    found = choose_k(KMeans(n_init=3), X, KS, sample_size=30, **FEW)
    assert (found.n_samples, found.n_sampled) == (48, 30)
    assert sorted(found.errors) == ["gap", "silhouette", "stability"]
    seed = int(np.random.RandomState(0).randint(MAX_SEED, size=4)[1])
    for i in (1, 2, 3):
        expected = silhouette_interval(X, found.labels[i], sample_size=30, random_state=seed)
        assert found.scores["silhouette"][i] == expected.score
        assert found.errors["silhouette"][i] == expected.standard_error
    rows = np.sort(np.random.RandomState(seed).permutation(48)[:30])
    of_sample = choose_k(
        KMeans(n_init=3), X[rows], KS, criteria=["gap", "stability"], sample_size=None, **FEW
    )
    same(found, of_sample, ["gap", "stability"])
    assert found.choices["silhouette"].k == found.choices["gap"].k == 3
    assert "Its standard error is" in found.choices["silhouette"].reason
    assert repr(found).startswith("KChoice of 48 samples, 30 of them drawn")


def test_more_clusters_than_are_drawn():
    found = choose_k(KMeans(), X, [3, 20, 40], sample_size=30, **FEW)
    assert np.isnan(found.scores["gap"]).tolist() == [False, False, True]
    assert np.isnan(found.scores["stability"]).tolist() == [False, True, True]
    assert np.isfinite(found.scores["calinski_harabasz"]).all()


# --- progress -------------------------------------------------------------------------------------


def test_steps(capsys):
    heard = []
    choose_k(
        KMeans(),
        X,
        [2, 3],
        n_refs=1,
        n_splits=1,
        sample_size=40,
        random_state=0,
        verbose=True,
        on_step=lambda *step: heard.append(step),
    )
    names = [
        "fit",
        "gap, sample",
        "gap, reference set 1 of 1",
        "stability, split 1 of 1",
    ]
    expected = [f"{name}, k={k}" for name in names for k in (2, 3)]
    assert heard == [(name, i, 8) for i, name in enumerate(expected)]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Step {i + 1} of 8: {name}" for i, name in enumerate(expected)]


def test_a_step_may_end_the_run():
    def stop(name, n_done, n_steps):
        if n_done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        choose_k(KMeans(), X, [2, 3], on_step=stop, **FEW)


# --- the result -----------------------------------------------------------------------------------


def test_result(choice):
    assert type(choice) is KChoice
    with pytest.raises(dataclasses.FrozenInstanceError):
        choice.ks = None
    assert choice.best("gap") is choice.estimators[2]
    rows = choice.table()
    assert [row["k"] for row in rows] == KS
    names = ["k", *CRITERIA[:4], "gap", "gap_error", "stability", "stability_error"]
    assert list(rows[0]) == names
    assert rows[2]["gap"] == choice.scores["gap"][2]
    assert type(rows[2]["gap"]) is float


def test_repr():
    scores = {"inertia": np.array([123456.0, 1.5]), "gap": np.array([np.nan, 0.25])}
    choices = {"inertia": Choice(12, "Why."), "gap": Choice(None, "Why not.")}
    shown = KChoice(np.array([1, 12]), scores, {}, choices, n_samples=1000, n_sampled=1000)
    assert repr(shown) == (
        "KChoice of 1,000 samples\n"
        "\n"
        " k    inertia    gap\n"
        " 1  1.235e+05    nan\n"
        "12        1.5*  0.25\n"
        "\n"
        "inertia: k = 12. Why.\n"
        "gap: none. Why not."
    )


def test_fits_need_not_be_kept():
    found = choose_k(KMeans(), X, [2, 3], criteria=INTERNAL, keep_fits=False, **FEW)
    assert found.labels is None
    assert found.estimators == []
    assert found.log_dispersion is None
    message = "The estimators were not kept: call choose_k with keep_fits=True."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        found.best("silhouette")


def test_best_of_none(choice):
    message = f"No such criterion was computed: 'elbow'. There are {list(CRITERIA)}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        choice.best("elbow")
    none = choose_k(KMeans(), X, [2, 3], criteria=["inertia"], **FEW)
    message = (
        "'inertia' chose no number of clusters. A knee takes the inertia of at least three numbers"
        " of clusters."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        none.best("inertia")


def test_plot(choice):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    axes = choice.plot()
    assert len(axes) == len(CRITERIA)
    plt.close(axes[0].figure)


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"ks": []}, ValueError, "ks must be integers of at least 1. Got [] instead."),
        ({"ks": [0, 1]}, ValueError, "ks must be integers of at least 1. Got [0, 1] instead."),
        ({"ks": [2.0]}, ValueError, "ks must be integers of at least 1. Got [2.0] instead."),
        ({"ks": [True]}, ValueError, "ks must be integers of at least 1. Got [True] instead."),
        ({"ks": 3}, TypeError, "ks must be integers of at least 1. Got 3 instead."),
        (
            {"criteria": ["gap", "elbow"]},
            ValueError,
            f"criteria must be 'all' or some of {list(CRITERIA)}. Got ['gap', 'elbow'] instead.",
        ),
        (
            {"criteria": []},
            ValueError,
            f"criteria must be 'all' or some of {list(CRITERIA)}. Got [] instead.",
        ),
        (
            {"criteria": "elbow"},
            ValueError,
            f"criteria must be 'all' or some of {list(CRITERIA)}. Got 'elbow' instead.",
        ),
        (
            {"criteria": None},
            ValueError,
            f"criteria must be 'all' or some of {list(CRITERIA)}. Got None instead.",
        ),
        ({"ks": [2, 49]}, ValueError, "n_samples=48 should be >= n_clusters=49."),
        (
            {"metric": "precomputed"},
            ValueError,
            "choose_k takes no metric='precomputed': criteria and estimators need the samples"
            " themselves.",
        ),
        (
            {"n_refs": 0},
            InvalidParameterError,
            "The 'n_refs' parameter of choose_k must be an int in the range [1, inf). Got 0"
            " instead.",
        ),
        (
            {"reference": "normal"},
            InvalidParameterError,
            "The 'reference' parameter of choose_k must be a str among {'pca', 'uniform'}. Got"
            " 'normal' instead.",
        ),
        (
            {"estimator": KMeans},
            TypeError,
            f"choose_k needs an instance of an estimator, got {KMeans!r}.",
        ),
        (
            {"estimator": DBSCAN()},
            TypeError,
            "choose_k needs an estimator with the parameter n_clusters or n_components, got"
            " DBSCAN().",
        ),
        (
            {"estimator": PIPELINE},
            TypeError,
            "choose_k needs an estimator with the parameter n_clusters or n_components, got"
            f" {PIPELINE!r}. Of a pipeline, apply the steps before the clusterer first, and pass"
            " the clusterer and what they return.",
        ),
        (
            {"estimator": sklearn.decomposition.PCA()},
            TypeError,
            "choose_k needs a clusterer, with fit_predict or predict, but PCA() has neither.",
        ),
    ],
)
def test_errors(arguments, error, message):
    heard = []
    given = {"estimator": KMeans(), "X": X, "ks": [2, 3], "on_step": heard.append, **arguments}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        choose_k(**given)
    assert not heard  # before any fit


def test_an_unknown_metric_is_refused_before_any_fit():
    with pytest.raises(InvalidParameterError, match=r"^The 'metric' parameter of choose_k must be"):
        choose_k(KMeans(init="elsewhere"), X, [2], metric="far")


@pytest.mark.parametrize("bad", [[[np.nan, 1.0]], [1.0, 2.0]], ids=["nan", "one-dimension"])
def test_data_are_checked(bad):
    with pytest.raises(ValueError, match=r"^(Input X contains NaN\.|Expected 2D array)"):
        choose_k(KMeans(), bad, [2])


def test_an_error_of_the_estimator_is_raised():
    with pytest.raises(InvalidParameterError, match=r"^The 'init' parameter of KMeans must be"):
        choose_k(KMeans(init="elsewhere"), X, [2])


@pytest.mark.jit  # there are several hundred fits
@pytest.mark.parametrize("module", ["function", "result"])
def test_examples(module):
    found = doctest.testmod(sys.modules[f"scratchml.algorithms.choose_k.{module}"])
    assert found.attempted > 0
    assert found.failed == 0
