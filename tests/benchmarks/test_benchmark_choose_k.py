"""How often criteria find the number of clusters: the data, the shares, the table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import choose_k
from benchmarks.choose_k import (
    KINDS,
    REAL,
    choose_k_table,
    chosen,
    largest_gap,
    measure,
    share,
)
from scratchml.model_selection import KChoice

RULES = [
    "inertia",
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "stability",
    "stability, subsamples",
    "gap",
    "gap, largest",
    "gap, uniform",
]


@pytest.mark.parametrize("name", list(KINDS))
def test_each_kind_has_samples(name):
    k, make = KINDS[name]
    X = make(0)
    assert X.ndim == 2
    assert len(X) >= 400
    assert (make(0) == X).all()
    assert (make(1) != X).any()
    assert 1 <= k < choose_k.MOST


def test_real_data():
    assert {name: (k, load().shape[1]) for name, (k, load) in REAL.items()} == {
        "iris": (3, 4),
        "wine, standardized": (3, 13),
        "digits": (10, 64),
    }


@pytest.mark.jit
def test_every_rule_finds_two_blobs():
    X = np.random.default_rng(0).normal(size=(40, 2)) + np.repeat([[0], [20]], 20, axis=0)
    assert chosen(X, seed=0, most=4) == dict.fromkeys(RULES, 2)


def test_largest_gap_within_an_error():
    gaps, errors = np.array([0.1, 0.8, 0.85, 0.2]), np.full(4, 0.07)
    found = KChoice(np.arange(1, 5), {"gap": gaps}, {"gap": errors}, {}, 10, 10)
    assert largest_gap(found) == 2


@pytest.mark.parametrize(
    ("k", "choices", "expected"),
    [(3, [3, 3, 2, None], 0.5), (1, [1, None, 2, 2], 0.5), (2, [2], 1.0)],
)
def test_share(k, choices, expected):
    assert share(k, choices) == expected


def test_results_are_of_all_kinds(monkeypatch):
    monkeypatch.setattr(choose_k, "KINDS", {"some": (2, lambda seed: seed)})
    monkeypatch.setattr(choose_k, "REAL", {"one": (10, lambda: 7)})
    monkeypatch.setattr(choose_k, "chosen", lambda X, seed, most: {"rule": X, "most": most})
    assert measure(2) == [
        {"kind": "some", "k": 2, "chosen": {"rule": [0, 1], "most": [12, 12]}},
        {"kind": "one", "k": 10, "chosen": {"rule": [7], "most": [14]}},
    ]


def test_command_prints_the_table_and_writes_it(monkeypatch, tmp_path, capsys):
    results = [
        {"kind": "a", "k": 1, "chosen": {"x": [1, None], "y": [2, 1]}},
        {"kind": "b", "k": 3, "chosen": {"x": [3, 3], "y": [None, 2]}},
        {"kind": "real", "k": 3, "chosen": {"x": [4], "y": [None]}},
    ]
    monkeypatch.setattr(choose_k, "measure", lambda: results)
    monkeypatch.setattr("sys.argv", ["choose_k", "--out", str(tmp_path / "out.json")])
    choose_k.main()
    expected = (
        "| data | k | x | y |\n"
        "|---|---:|---:|---:|\n"
        "| a | 1 | 100 % | 50 % |\n"
        "| b | 3 | 100 % | 0 % |\n"
        "| **mean** |  | **100 %** | **25 %** |\n"
        "| real | 3 | 4 | none |\n"
    )
    assert capsys.readouterr().out == expected
    assert choose_k_table(json.loads((tmp_path / "out.json").read_text())) == expected
