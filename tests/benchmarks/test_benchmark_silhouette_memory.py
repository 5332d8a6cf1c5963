"""Memory of silhouettes: what a process has more at the peak of a call."""

from __future__ import annotations

import sys

import pytest

from benchmarks.cases import silhouette
from benchmarks.peaks import PEERS, measure
from benchmarks.silhouette_memory import CALLS, silhouette_memory_table


@pytest.mark.jit
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_quarter_of_scikit_learns_at_most():
    case = CALLS["S3"].case
    assert 8 * case.n_samples < measure(case, "scratchml") < measure(case, "scikit-learn") / 4


def test_every_call_has_peers_that_are_shown():
    assert all(set(call.peers) <= set(PEERS) for call in CALLS.values())
    assert all(call.case.algorithm == "silhouette" for call in CALLS.values())


def test_table():
    case = silhouette("a", 1000, 16, 10).to_dict()
    both = {"scratchml": 2**20, "scikit-learn": 2**23}
    report = {
        "results": [
            {"case": case, "peak_bytes": both},
            {"case": {**case, "n_samples": 9000}, "peak_bytes": {"scratchml": 2**21}},
        ]
    }
    assert silhouette_memory_table(report) == (
        "| n x d, k, dtype, metric | scratchml | scikit-learn | ratio |\n"
        "|---|---:|---:|---:|\n"
        "| 1,000 x 16, 10, float64, euclidean | 1.0 MiB | 8.0 MiB | 0.12 |\n"
        "| 9,000 x 16, 10, float64, euclidean | 2.0 MiB | - | - |\n"
    )
