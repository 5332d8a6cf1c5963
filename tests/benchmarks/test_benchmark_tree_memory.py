"""Memory of search trees: what a process has more once a tree is there."""

from __future__ import annotations

import sys

import pytest

from benchmarks.tree_memory import TREES, measure, tree_memory_table


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_tree_that_keeps_a_copy_of_its_data_has_it_counted():
    # scipy makes float64 of float32 data.
    kept = [measure(TREES["scipy"], (100_000, 3, dtype)) for dtype in ("float64", "float32")]
    assert kept[0] > 8 * 100_000  # an index for each sample
    assert kept[1] - kept[0] == pytest.approx(3 * 8 * 100_000, rel=0.1)


def test_table():
    kept = {"scratchml": 4_000, "scikit-learn": 10_600, "scipy": 17_550}
    report = {"results": [{"data": [1000, 3, "float32"], "kept_bytes": kept}]}
    assert tree_memory_table(report) == (
        "| a sample of | bytes of data | scratchml | scikit-learn | scipy |\n"
        "|---|---:|---:|---:|---:|\n"
        "| 1,000 x 3, float32 | 12 | 4.0 bytes | 10.6 bytes | 17.6 bytes |\n"
    )
