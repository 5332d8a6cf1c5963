"""Memory of DBSCAN: what a process has more at the peak of a fit."""

from __future__ import annotations

import sys

import pytest

from benchmarks.dbscan_memory import FITS, PEERS, dbscan_memory_table, measure


@pytest.mark.jit
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_labels_and_core_points_are_counted():
    case = FITS[0].case
    assert 24 * case.n_samples < measure(FITS[0], "scratchml") < 200 * case.n_samples


def test_every_fit_has_a_name_and_peers_that_are_shown():
    assert all(set(fit.peers) <= set(PEERS) for fit in FITS)
    assert len({fit.case.name for fit in FITS}) == len(FITS)


def test_table():
    result = {"n_samples": 1000, "n_features": 2, "eps": 0.1, "pairs": 117_500}
    report = {"results": [{**result, "peak_bytes": {"scratchml": 40_000, "dbscan": 1_250_000}}]}
    assert dbscan_memory_table(report) == (
        "| for each sample of | neighbours of a sample | scratchml | dbscan | scikit-learn |\n"
        "|---|---:|---:|---:|---:|\n"
        "| 1,000 x 2, eps = 0.1 | 118 | 40 bytes | 1250 bytes | - |\n"
    )
