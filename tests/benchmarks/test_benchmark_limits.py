"""What the machine can do, and how far measured times are from it."""

from __future__ import annotations

import json

import pytest

import scratchml
from benchmarks import limits
from benchmarks.cases import CASES, lloyd, mixture, silhouette

SPEEDS = {"2": {"float32": 8e9, "float64": 4e9, "bytes_read": 1e9}}
REPORT = {"load": {"before": [0.1]}, "results": SPEEDS}


def result(case, seconds, threads=2):
    return {
        "case": case.to_dict(),
        "contestants": {"scratchml": {"median": seconds, "threads": threads}},
    }


@pytest.fixture
def measured():
    nobody = {"case": lloyd("N", 1000, 2, 8, "float64").to_dict(), "contestants": {}}
    return {
        "cases": {
            "F": result(lloyd("F", 1000, 10, 50, "float64", n_iter=3), 1e-3),
            "G": result(lloyd("G", 1000, 10, 2, "float32", n_iter=3), 3.2e-4),
            "one": result(lloyd("one", 1000, 10, 2, "float32"), 1e-3, threads=1),
            "K0": result(CASES["K0"], 1e-3),
            "D1": result(CASES["D1"], 1e-3),
            "N": nobody,
            "S": result(silhouette("S", 101, 10, 3), 1e-4),
            "M": result(mixture("M", 1000, 4, 3, n_iter=2), 1e-3),
            "MD": result(mixture("MD", 1000, 4, 3, "diag", n_iter=2), 1e-3),
            "MW": result(CASES["GF"], 1e-3),
            "SM": result(silhouette("SM", 101, 10, 3, "manhattan"), 1e-4),
        }
    }


def test_limit_is_the_longer_of_arithmetic_and_reading(measured):
    found = limits.limits(SPEEDS, measured)
    # Three iterations and the last labels read 10,000 numbers four times.
    assert found == {
        "F": (pytest.approx(40_000 * 50 / 4e9), pytest.approx(40_000 * 8 / 1e9), 1e-3),
        "G": (pytest.approx(40_000 * 2 / 8e9), pytest.approx(40_000 * 4 / 1e9), 3.2e-4),
    }
    assert found["F"].ratio == pytest.approx(1e-3 / 5e-4)
    assert found["G"].ratio == pytest.approx(3.2e-4 / 1.6e-4)


def test_limit_of_silhouettes_is_every_pair_once(measured):
    found = limits.limits(SPEEDS, measured, "silhouette")
    assert found == {
        "S": (pytest.approx(101 * 100 / 2 * 10 / 4e9), pytest.approx(1010 * 8 / 1e9), 1e-4)
    }


def test_limit_of_mixtures_is_half_a_matrix_to_weigh_and_half_to_move(measured):
    found = limits.limits(SPEEDS, measured, "gaussian_mixture")
    # Ten products of a sample and component, and ten again, in each of two iterations.
    assert found == {
        "M": (pytest.approx(3000 * 20 * 2 / 4e9), pytest.approx(4000 * 2 * 8 / 1e9), 1e-3),
    }


def test_table(measured):
    assert limits.limits_table(REPORT, measured=measured) == (
        "| case | n x d, k, dtype | threads | arithmetic | reading | measured | to the longer |\n"
        "|---|---|---:|---:|---:|---:|---:|\n"
        "| F | 1,000 x 10, 50, float64 | 2 | 500 µs | 320 µs | 1 ms | 2.00 |\n"
        "| G | 1,000 x 10, 2, float32 | 2 | 10 µs | 160 µs | 320 µs | 2.00 |\n\n"
        "The machine: on 2 threads 8.0 and 4.0 billion multiply-adds a second in float32 and"
        " float64, 1.0 GB read.\n"
    )


def test_a_busy_machine_is_told(measured):
    busy = {**REPORT, "load": {"before": [2.0, 2.0, 2.0]}}
    assert limits.limits_table(busy, measured=measured).endswith(
        " read. Other programs were running: the machine can do more.\n"
    )


def test_speeds_are_measured_on_one_thread_and_on_all():
    with scratchml.threads(2):
        speeds = limits.measure(1, n=50, n_bytes=2**16)
    assert list(speeds) == ["1", "2"]
    for speed in speeds.values():
        assert list(speed) == ["float32", "float64", "bytes_read"]
        assert min(speed.values()) > 0


def test_command_prints_the_table_and_writes_the_speeds(monkeypatch, tmp_path, capsys, measured):
    (tmp_path / "results.json").write_text(json.dumps(measured))
    monkeypatch.setattr(limits, "RESULTS", tmp_path)
    monkeypatch.setattr(limits, "measure", lambda rounds: SPEEDS)
    monkeypatch.setattr("sys.argv", ["limits", "--out", str(tmp_path / "out.json")])
    limits.main()
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["results"] == SPEEDS
    assert capsys.readouterr().out == limits.limits_table(report)
