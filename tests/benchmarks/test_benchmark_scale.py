"""Growth of time and memory: slopes, counters and the formula."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from benchmarks import scale
from benchmarks.scale import (
    LEAF_SIZE,
    LEAST_MEMORY,
    SCALINGS,
    Scaling,
    density_of_uniform,
    log_log_slope,
    measure_scaling,
    nearest_of_uniform,
    plain_lloyd,
    scaling_chart,
    scaling_markdown,
    slopes,
    slopes_table,
    work_text,
)
from scratchml.bench import UnfairDuelError
from scratchml.bench.measure import Measurement, Record
from scratchml.bench.outcomes import Outcome
from scratchml.cluster import DBSCAN, KMeans
from scratchml.exceptions import ConvergenceWarning
from scratchml.mixture import GaussianMixture
from scratchml.neighbors import KDTree

SMALL = Scaling(
    plain_lloyd,
    {"n_samples": 300, "n_features": 3, "n_clusters": 4},
    {"n_samples": (300, 600, 1200), "n_clusters": (2, 4)},
    "n_distances_",
    "n k (iterations + 1)",
    SCALINGS["kmeans"].work,
)


def point(value, seconds, peak_memory):
    amounts = {"seconds": seconds, "peak_memory": peak_memory}
    return {"value": value, "contestants": {"scratchml": amounts}}


def test_slope_of_a_power_is_its_exponent():
    sizes = np.array([1, 2, 4, 8])
    assert log_log_slope(sizes, 3.0 * sizes**2.5) == pytest.approx({"slope": 2.5, "error": 0.0})


def test_error_of_a_slope_is_that_of_least_squares():
    from scipy.stats import linregress

    sizes, amounts = [1, 2, 4, 8], [1.0, 2.5, 3.5, 9.0]
    oracle = linregress(np.log(sizes), np.log(amounts))
    expected = {"slope": oracle.slope, "error": oracle.stderr}
    assert log_log_slope(sizes, amounts) == pytest.approx(expected)


def test_no_slope_where_little_is_known():
    points = [
        point(1, 1.0, None),
        point(2, 2.0, LEAST_MEMORY - 1),
        point(4, 4.0, LEAST_MEMORY),
        point(8, 8.0, 2 * LEAST_MEMORY),
    ]
    assert slopes(points) == {
        "scratchml": {"seconds": pytest.approx({"slope": 1.0, "error": 0.0}, abs=1e-12)}
    }


@pytest.mark.parametrize("n_clusters", [2, 9])
def test_formula_is_what_is_counted(n_clusters):
    case = plain_lloyd(3000, 3, n_clusters)
    X, parameters = case.problem()
    kmeans = KMeans(**parameters).fit(X)
    assert kmeans.n_iter_ == case.n_iter
    assert kmeans.n_distances_ == SCALINGS["kmeans"].work(case, kmeans.n_iter_)


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_trees_compute_no_more_distances_than_cubes_need(n_features):
    assert inspect.signature(KDTree).parameters["leaf_size"].default == LEAF_SIZE
    case = nearest_of_uniform(20_000, n_features, 8)
    X, _ = case.problem()
    tree = KDTree(X)
    tree.query(X, 8)
    expected = SCALINGS["neighbors"].work(case, 0)
    assert 0.2 * expected < tree.get_n_calls() < expected < 0.05 * len(X) ** 2


@pytest.mark.jit
@pytest.mark.parametrize("n_features", [2, 3, 6])
def test_dbscan_computes_fewer_distances_than_there_are_neighbors(n_features):
    case = density_of_uniform(20_000, n_features, 50)
    X, parameters = case.problem()
    within = sum(((X - q) ** 2).sum(axis=1) <= parameters["eps"] ** 2 for q in X[:300])
    pairs = SCALINGS["dbscan"].work(case, 0)
    assert 0.2 * pairs < within.sum() * len(X) / 300 < 1.1 * pairs  # few are beyond the border
    counted = DBSCAN(**parameters).fit(X).n_distances_
    assert 0 < counted < 5 * pairs < 0.05 * len(X) ** 2


@pytest.fixture
def measured(monkeypatch):
    """Measuring takes no time: what is found grows with the data. Set n_iter to break a case."""
    found = {"n_iter": 10}

    def measure(contestants, X, *, rounds):
        outcome = Outcome(n_iter=found["n_iter"], counters={"n_distances_": 7})
        return Measurement(
            {
                c.name: Record(c.name, [len(X) / 100] * rounds, 1.0, 2**10 * len(X), outcome, 2)
                for c in contestants
            },
            0.0,
            1e-9,
            ((), ()),
            {},
        )

    monkeypatch.setattr(scale, "measure", measure)
    monkeypatch.setitem(SCALINGS, "kmeans", SMALL)
    return found


def test_report_of_all_sizes(measured):
    said = []
    report = measure_scaling(["kmeans"], 2, each=said.append)
    result = report["algorithms"]["kmeans"]
    assert said[0] == "kmeans: n_samples = 300"
    first = result["points"]["n_samples"][0]
    assert (first["counted"], first["expected"]) == (7, 300 * 4 * 11)
    assert slopes_table(result) == (
        "| over | contestant | seconds | peak memory |\n"
        "|---|---|---:|---:|\n"
        "| n_samples | scratchml | 1.00 ± 0.00 | 1.00 ± 0.00 |\n"
        "| n_samples | scikit-learn | 1.00 ± 0.00 | 1.00 ± 0.00 |\n"
        "| n_clusters | scratchml | - | - |\n"
        "| n_clusters | scikit-learn | - | - |"
    )
    text = scaling_markdown(report)
    assert "Work counted by `n_distances_`, beside n k (iterations + 1):" in text
    assert "| n_samples | 300 | 7 | 13,200 | 3 s | 0.3 MiB | 3 s | 0.3 MiB |" in text
    figure = scaling_chart(report, "kmeans")
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "n_samples", "n_clusters"]


def test_what_nothing_counts_is_shown_by_the_formula():
    assert work_text({"counter": None, "formula": "n (n - 1) / 2 distances"}) == (
        "Work by the formula, n (n - 1) / 2 distances:"
    )
    case = SCALINGS["silhouette"].case(n_samples=100, n_features=2, n_clusters=3)
    assert SCALINGS["silhouette"].work(case, 0) == 4950


def test_densities_of_mixtures_are_counted():
    scaling = SCALINGS["gaussian_mixture"]
    case = scaling.case(n_samples=60, n_features=2, n_clusters=3)
    X, parameters = case.problem()
    with pytest.warns(ConvergenceWarning):
        mixture = GaussianMixture(**parameters).fit(X)
    assert mixture.n_iter_ == case.n_iter
    assert mixture.n_densities_ == scaling.work(case, case.n_iter) == 60 * 3 * 3


def test_converged_runs_are_refused(measured):
    measured["n_iter"] = 9
    with pytest.raises(UnfairDuelError, match=r"^scratchml ran 9 iterations, not 10$"):
        measure_scaling(["kmeans"], 1)
