"""Rules for eps beside each other: the data, the rules, the table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import suggest_eps
from benchmarks.suggest_eps import (
    KINDS,
    REAL,
    RULES,
    measure,
    scores,
    suggest_eps_table,
    two_lines,
    with_noise,
)

CORNER = np.append(np.linspace(1, 1.1, 90), np.linspace(2, 9, 10))


@pytest.mark.parametrize("name", list(KINDS))
def test_each_kind_has_samples_and_labels(name):
    X, labels = KINDS[name](0)
    again, _ = KINDS[name](0)
    assert X.ndim == 2
    assert len(X) == len(labels) >= 900
    assert (again == X).all()
    assert (KINDS[name](1)[0] != X).any()
    n_noise = np.count_nonzero(labels < 0)
    assert (n_noise > 0) == ("noise" in name)


def test_noise_is_added_around():
    X, labels = with_noise((np.zeros((10, 2)), np.zeros(10, int)), 0.5, seed=0)
    assert labels.tolist() == [0] * 10 + [-1] * 5
    assert X.shape == (15, 2)


@pytest.mark.parametrize("name", list(RULES))
def test_rules_find_a_corner(name):
    eps = RULES[name](CORNER)
    factor = {"1.3 Kneedle": 1.3, "1.5 Kneedle": 1.5}.get(name, 1)
    if name == "98 %":
        assert 2 < eps < 9
    else:
        assert 1.09 <= eps / factor <= 2


def test_two_lines_meet_where_the_second_begins():
    curve = np.append(np.arange(20.0), 20 + 10 * np.arange(1.0, 11))
    assert two_lines(curve) in (19, 30)


def test_scores():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.uniform(size=(60, 2)), rng.uniform(size=(60, 2)) + 5])
    found = scores((X, np.repeat([0, 1], 60)))
    assert list(found) == [*RULES, "suggest_eps", "best"]
    assert found["best"] == max(found.values()) == 1


def test_means_are_over_the_seeds(monkeypatch):
    monkeypatch.setattr(suggest_eps, "KINDS", {"some": lambda seed: seed})
    monkeypatch.setattr(suggest_eps, "REAL", {"one": lambda: 7})
    monkeypatch.setattr(suggest_eps, "scores", lambda problem: {"rule": float(problem)})
    assert measure(3) == [
        {"kind": "some", "n_problems": 3, "scores": {"rule": 1.0}},
        {"kind": "one", "n_problems": 1, "scores": {"rule": 7.0}},
    ]
    assert set(REAL) == {"iris", "digits"}


def test_command_prints_the_table_and_writes_it(monkeypatch, tmp_path, capsys):
    results = [
        {"kind": "a", "n_problems": 5, "scores": {"rule": 0.25, "best": 1.0}},
        {"kind": "b", "n_problems": 1, "scores": {"rule": 0.5, "best": 0.5}},
    ]
    monkeypatch.setattr(suggest_eps, "measure", lambda: results)
    monkeypatch.setattr("sys.argv", ["suggest_eps", "--out", str(tmp_path / "out.json")])
    suggest_eps.main()
    expected = (
        "| data | rule | best |\n"
        "|---|---:|---:|\n"
        "| a | 0.25 | 1.00 |\n"
        "| b | 0.50 | 0.50 |\n"
        "| **mean** | **0.38** | **0.75** |\n"
    )
    assert capsys.readouterr().out == expected
    assert suggest_eps_table(json.loads((tmp_path / "out.json").read_text())) == expected
