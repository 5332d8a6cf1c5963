"""Contestants: the same work for all, whatever a library would rather do."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from benchmarks.cases import CASES, density, lloyd, mixture, radius_of, silhouette
from benchmarks.peers import (
    CONTESTANTS,
    PEERS,
    FaissKMeans,
    IntelDBSCAN,
    OriginalHDBSCAN,
    ParallelDBSCAN,
    SklearnDBSCAN,
    SklearnHDBSCAN,
    neighbor_pairs,
    refuse_sampling,
    version,
)
from scratchml.bench import UnfairDuelError
from scratchml.bench.outcomes import compare_outcomes

SMALL = {
    "kmeans": lloyd("small", 600, 3, 5, "float64", 4, options={"std": 3.0}),
    "dbscan": density("small", 2000, 2, 0.3),
    "dbscan_by_tree": density("small", 2000, 2, 0.3, parameters={"algorithm": "kd_tree"}),
    "dbscan_path": replace(CASES["DP"], n_samples=300),
    "neighbors": replace(CASES["N1"], n_samples=300),
    "neighbors_of_others": replace(CASES["N2"], n_samples=300, n_queries=50),
    "neighbors_counted": replace(
        CASES["N4"], n_samples=300, n_queries=50, parameters={"radius": radius_of(30, 300)}
    ),
    "brute_neighbors": replace(CASES["NB1"], n_samples=300, n_queries=50),
    **{
        f"silhouette_{metric}": silhouette("small", 300, 4, 5, metric)
        for metric in ("euclidean", "sqeuclidean", "cosine", "manhattan")
    },
    **{
        case.parameters["function"]: replace(case, n_samples=2000, n_clusters=7)
        for case in CASES.values()
        if case.algorithm in ("internal_metrics", "external_metrics")
    },
    **{
        f"mixture_{kind}": mixture("small", 600, 3, 4, kind, n_iter=3)
        for kind in ("full", "tied", "diag", "spherical")
    },
    **{
        f"mixture_{method}": mixture("small", 600, 3, 4, method=method, n_iter=3)
        for method in ("score_samples", "predict_proba")
    },
    "mixture_whole": replace(CASES["GF"], n_samples=600, n_clusters=3),
    "mixture_choice": replace(CASES["GB"], n_samples=600),
    "brute_neighbors_counted": replace(
        CASES["NB1"], n_samples=300, n_queries=50, n_features=3, parameters={"radius": 5.0}
    ),
}
REQUIRED = ("scratchml", "scipy")


def outcome_of(small, peer):
    X, parameters = SMALL[small].problem()
    contestant = CONTESTANTS[SMALL[small].algorithm][peer](peer, parameters)
    contestant.load(X, None, 1)
    contestant.ready()()
    return contestant.outcome(contestant.ready()())


def test_peers_and_contestants_have_the_same_names():
    assert {peer for entered in CONTESTANTS.values() for peer in entered} == set(PEERS)


@pytest.mark.parametrize(
    ("small", "peer"),
    [
        (small, peer)
        for small, case in SMALL.items()
        for peer in REQUIRED
        if peer in CONTESTANTS[case.algorithm]
    ],
)
@pytest.mark.filterwarnings("ignore:Function entropy is deprecated:FutureWarning")  # it is there
def test_contestants_do_what_scikit_learn_does(small, peer):
    ours, theirs = outcome_of(small, peer), outcome_of(small, "scikit-learn")
    agreement = compare_outcomes(ours, theirs)
    assert agreement.refusal is None
    assert agreement.same_labels in (None, True)
    assert agreement.value_difference is None or agreement.value_difference < 1e-8
    assert ours.n_iter == theirs.n_iter
    assert SMALL[small].n_iter in (None, ours.n_iter)


def test_version_of_what_is_not_installed(monkeypatch):
    monkeypatch.setitem(PEERS, "nobody", "no-such-package-anywhere")
    assert version("nobody") is None
    assert version("scipy") is not None


# --- Conditions -----------------------------------------------------------------------------------


def test_faiss_that_would_sample_is_refused():
    sampling = SimpleNamespace(k=8, cp=SimpleNamespace(max_points_per_centroid=256))
    refuse_sampling(sampling, 2048)
    message = "faiss would train on 2048 of 2049 samples: raise max_points_per_centroid"
    with pytest.raises(UnfairDuelError, match=f"^{re.escape(message)}$"):
        refuse_sampling(sampling, 2049)


@pytest.fixture
def faiss(monkeypatch):
    """A stand-in that keeps what it is told."""

    class Kmeans:
        def __init__(self, d, k, **settings):
            self.k, self.cp = k, SimpleNamespace(**settings)

        def train(self, X, init_centroids):
            self.trained_on, self.centroids = X, init_centroids
            self.obj = np.zeros(self.cp.niter)

    module = ModuleType("faiss")
    module.Kmeans = Kmeans
    module.omp_set_num_threads = lambda n: setattr(module, "n_threads", n)
    monkeypatch.setitem(sys.modules, "faiss", module)
    return module


def test_faiss_trains_on_all_rows_from_the_given_start(faiss):
    X, parameters = SMALL["kmeans"].problem()
    contestant = FaissKMeans("faiss", parameters)
    contestant.load(X, None, 2)
    call = contestant.ready()
    assert faiss.n_threads == 2
    outcome = contestant.outcome(call())
    kmeans = contestant._kmeans
    np.testing.assert_array_equal(kmeans.trained_on, X.astype(np.float32))
    np.testing.assert_array_equal(kmeans.centroids, parameters["init"].astype(np.float32))
    assert kmeans.cp.max_points_per_centroid * kmeans.k >= len(X)
    assert kmeans.cp.min_points_per_centroid == 1
    assert outcome.n_iter == 4


def test_faiss_is_asked_each_time_whether_it_would_sample(faiss, monkeypatch):
    X, parameters = SMALL["kmeans"].problem()
    contestant = FaissKMeans("faiss", parameters)
    contestant.load(X, None, 1)

    def sampling_kmeans(d, k, **settings):
        return SimpleNamespace(k=k, cp=SimpleNamespace(max_points_per_centroid=1))

    monkeypatch.setattr(faiss, "Kmeans", sampling_kmeans)
    with pytest.raises(UnfairDuelError, match=r"^faiss would train on 5 of 600 samples: "):
        contestant.ready()


def test_threads_are_passed_as_n_jobs():
    assert SklearnDBSCAN("a", {"eps": 1.0}).settings(3) == {"eps": 1.0, "n_jobs": 3}


def test_the_clustering_package_gets_eps_and_min_samples_alone(monkeypatch):
    called = []
    module = ModuleType("dbscan")
    module.DBSCAN = lambda X, **settings: called.append(settings) or ([0], [True])
    monkeypatch.setitem(sys.modules, "dbscan", module)
    monkeypatch.setenv("PARLAY_NUM_THREADS", "1")
    X, parameters = SMALL["dbscan_by_tree"].problem()
    contestant = ParallelDBSCAN("dbscan", parameters)
    contestant.load(X, None, 2)
    assert contestant.outcome(contestant.ready()()).labels.tolist() == [0]
    assert called == [{"eps": 0.3, "min_samples": 10}]


def test_lower_bounds_of_all_iterations_are_compared():
    case = SMALL["mixture_full"]
    outcome = outcome_of("mixture_full", "scikit-learn")
    assert len(outcome.values) == outcome.n_iter == case.n_iter
    assert outcome.values[-1] == outcome.objective
    assert outcome.values[0] < outcome.values[1] < outcome.values[2]


def test_methods_of_a_mixture_are_those_of_a_fitted_one():
    X, _ = SMALL["mixture_predict_proba"].problem()
    outcome = outcome_of("mixture_predict_proba", "scikit-learn")
    assert outcome.values.shape == (len(X), 4)
    np.testing.assert_allclose(outcome.values.sum(axis=1), 1)
    assert outcome.objective is outcome.n_iter is None


def test_pairs_of_neighbors_are_estimated():
    within = density("small", 500, 2, 100.0)
    assert neighbor_pairs(within) == 500**2
    assert neighbor_pairs(replace(within, parameters={"eps": 1e-9})) == 500


def test_lists_that_no_memory_holds_are_not_asked_for(monkeypatch):
    case = density("small", 2000, 2, 100.0)
    assert SklearnDBSCAN.refusal(case) is None
    monkeypatch.setattr(SklearnDBSCAN, "most_pairs", 3_000_000)
    assert SklearnDBSCAN.refusal(case) == "lists all neighbours: 0 GB"


def test_min_samples_counts_the_point_itself():
    parameters = CASES["H1"].parameters
    assert SklearnHDBSCAN("a", parameters).settings(2)["min_samples"] == 10
    assert OriginalHDBSCAN("b", parameters).settings(2)["min_samples"] == 9


@pytest.mark.parametrize(
    ("peer", "case", "reason"),
    [
        pytest.param("faiss", "K0", "seeds differently", id="seeding"),
        pytest.param("faiss", "K1", None, id="initial-array"),
        pytest.param("scikit-learn", "K0", None, id="scikit-learn-seeds-alike"),
    ],
)
def test_who_seeds_differently_needs_an_initial_array(peer, case, reason):
    assert CONTESTANTS["kmeans"][peer].refusal(CASES[case]) == reason


def test_brute_force_is_not_run_on_many_samples():
    assert IntelDBSCAN.refusal(CASES["D1"].quickened()) is None
    assert IntelDBSCAN.refusal(CASES["D1"]) == "compares all pairs: too slow for 200,000 samples"
