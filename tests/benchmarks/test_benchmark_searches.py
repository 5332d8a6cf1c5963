"""The tree and brute force against the clock, and what 'auto' makes of the shape."""

from __future__ import annotations

import json

from benchmarks import searches
from benchmarks.searches import ALGORITHMS, KINDS, compare, searches_table


def test_both_are_timed_and_find_the_same():
    for make in KINDS.values():
        found = compare(make(200, 4), 3, rounds=1)
        assert found["auto"] == "kd_tree"
        assert tuple(found["seconds"]) == ALGORITHMS
        assert min(found["seconds"].values()) > 0


def test_command_prints_the_table_and_writes_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(searches, "SHAPES", [(3000, 8, 20)])
    seconds = {"kd_tree": 1.0, "brute": 2.0}
    monkeypatch.setattr(searches, "compare", lambda X, k: {"auto": "kd_tree", "seconds": seconds})
    monkeypatch.setattr("sys.argv", ["searches", "--out", str(tmp_path / "out.json")])
    searches.main()
    expected = (
        "| n x d, k | auto | blobs | uniform |\n"
        "|---|---|---:|---:|\n"
        "| 3,000 x 8, 20 | kd_tree | 0.50 | 0.50 |\n"
    )
    assert capsys.readouterr().out == expected
    assert searches_table(json.loads((tmp_path / "out.json").read_text())) == expected
