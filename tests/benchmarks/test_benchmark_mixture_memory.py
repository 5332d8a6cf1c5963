"""Memory of Gaussian mixtures: what a process has more at the peak of a fit."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import peaks
from benchmarks.cases import mixture
from benchmarks.mixture_memory import CALLS, mixture_memory_table
from benchmarks.peaks import PEERS, measure


@pytest.mark.jit
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_number_for_each_sample_and_component_is_not_kept():
    case = mixture("small", 200_000, 2, 20, n_iter=1)
    assert measure(case, "scratchml") < 8 * case.n_samples * case.n_clusters / 2
    assert measure(case, "scikit-learn") > 8 * case.n_samples * case.n_clusters


def test_every_call_has_peers_that_are_shown():
    assert all(set(call.peers) <= set(PEERS) for call in CALLS.values())
    assert all(call.case.algorithm == "gaussian_mixture" for call in CALLS.values())


def test_table():
    case = mixture("a", 1000, 16, 10, "tied").to_dict()
    both = {"scratchml": 2**20, "scikit-learn": 2**23}
    report = {
        "results": [
            {"case": case, "peak_bytes": both},
            {"case": {**case, "n_samples": 9000}, "peak_bytes": {"scratchml": 2**21}},
        ]
    }
    assert mixture_memory_table(report) == (
        "| n x d, k, dtype, covariances | scratchml | scikit-learn | ratio |\n"
        "|---|---:|---:|---:|\n"
        "| 1,000 x 16, 10, float64, tied | 1.0 MiB | 8.0 MiB | 0.12 |\n"
        "| 9,000 x 16, 10, float64, tied | 2.0 MiB | - | - |\n"
    )


def test_program_prints_the_table_and_writes_the_figures(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(peaks, "measure", lambda case, peer: 2**20 * len(peer))
    monkeypatch.setattr("sys.argv", ["mixture_memory", "--out", str(tmp_path / "out.json")])
    peaks.run_program("Memory", [CALLS["10M"]], mixture_memory_table)
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert report["results"] == [
        {"case": CALLS["10M"].case.to_dict(), "peak_bytes": {"scratchml": 9 * 2**20}}
    ]
    assert capsys.readouterr().out == mixture_memory_table(report)
