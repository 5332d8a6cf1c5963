"""Distances that the variants of K-means compute, as shares of all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import distances
from benchmarks.distances import (
    KINDS,
    check_same,
    correlated,
    count,
    distances_table,
    seeding_share,
    uniform,
)
from scratchml.algorithms.kmeans import reference
from scratchml.bench import UnfairDuelError
from scratchml.cluster import KMeans

SMALL = KINDS[0]._replace(n_samples=300, n_features=6, n_clusters=8)


def test_kinds_are_of_different_names_and_of_the_sizes_they_say():
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for make in (uniform, correlated):
        X, init = SMALL._replace(make=make).problem()
        assert (X.shape, init.shape) == ((300, 6), (8, 6))


def test_shares_are_of_all_distances():
    result = count(SMALL)
    assert (result["n_samples"], result["n_features"], result["n_clusters"]) == (300, 6, 8)
    assert list(result["shares"]) == ["lloyd", "hamerly", "yinyang", "elkan", "k-means++"]
    X, init = SMALL.problem()
    kmeans = KMeans(8, init=init, algorithm="lloyd").fit(X)
    n_all = 300 * 8 * (kmeans.n_iter_ + 1)
    assert result["n_iter"] == kmeans.n_iter_
    assert result["shares"]["lloyd"] == kmeans.n_distances_ / n_all
    assert 0 < result["shares"]["k-means++"] < 1
    assert result["shares"]["elkan"] < result["shares"]["lloyd"] <= 1


def test_seeding_counts_the_first_centre_and_the_candidates():
    # Four distances to the first sample, then at most four to each of two candidates.
    X = np.array([[0.0], [1.0], [100.0], [101.0]])
    steps = list(reference.kmeans_plusplus_pruned(X, 2, np.random.RandomState(0)))
    computed = sum(n_distances for _, n_distances in steps)
    assert seeding_share(X, 2) == computed / (4 + 4 * 2)


def test_another_result_is_refused():
    X, init = SMALL.problem()
    plain, other = KMeans(8, init=init).fit(X), KMeans(8, init=init).fit(X)
    check_same("other", other, plain)
    other.cluster_centers_ = np.nextafter(plain.cluster_centers_, np.inf)
    with pytest.raises(UnfairDuelError, match=r"^other has another cluster_centers_ than lloyd$"):
        check_same("other", other, plain)


def test_command_prints_the_table_and_writes_it(monkeypatch, tmp_path, capsys):
    shares = {"lloyd": 1.0, "elkan": 0.04567}
    result = {"kind": "small", "n_samples": 3000, "n_features": 6, "n_clusters": 8, "n_iter": 5}
    monkeypatch.setattr(distances, "KINDS", [SMALL])
    monkeypatch.setattr(distances, "count", lambda kind: {**result, "shares": shares})
    monkeypatch.setattr("sys.argv", ["distances", "--out", str(tmp_path / "out.json")])
    distances.main()
    expected = (
        "| data | n x d, k | iterations | lloyd | elkan |\n"
        "|---|---|---:|---:|---:|\n"
        "| small | 3,000 x 6, 8 | 5 | 1.000 | 0.046 |\n"
    )
    assert capsys.readouterr().out == expected
    assert distances_table(json.loads((tmp_path / "out.json").read_text())) == expected
