"""Variants of K-means against the clock, and what 'auto' makes of the shape."""

from __future__ import annotations

import json

import numpy as np

from benchmarks import variants
from benchmarks.variants import KINDS, VARIANTS, compare, iterations, variants_table
from scratchml.cluster import KMeans


def test_iterations_are_those_of_a_fit():
    X = KINDS["uniform"](300, 6, 5)
    labels = iterations("hamerly", X, X[:5], 500)
    fit = KMeans(5, init=X[:5], n_init=1, tol=0, max_iter=500).fit(X)
    np.testing.assert_array_equal(labels, fit.labels_)


def test_every_variant_is_timed():
    found = compare(KINDS["blobs"](300, 6, 5), 5, n_iter=3, rounds=1)
    assert found["auto"] == "lloyd"
    assert tuple(found["seconds"]) == VARIANTS
    assert min(found["seconds"].values()) > 0


def test_command_prints_the_table_and_writes_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(variants, "SHAPES", [(3000, 8, 20)])
    seconds = {"lloyd": 2.0, "hamerly": 1.0, "yinyang": 3.0}
    monkeypatch.setattr(variants, "compare", lambda X, k: {"auto": "lloyd", "seconds": seconds})
    monkeypatch.setattr("sys.argv", ["variants", "--out", str(tmp_path / "out.json")])
    variants.main()
    expected = (
        "| n x d, k | auto | hamerly, blobs | hamerly, uniform"
        " | yinyang, blobs | yinyang, uniform |\n"
        "|---|---|---:|---:|---:|---:|\n"
        "| 3,000 x 8, 20 | lloyd | 0.50 / 0.50 | 0.50 / 0.50 | 1.50 / 1.50 | 1.50 / 1.50 |\n"
    )
    assert capsys.readouterr().out == expected
    assert variants_table(json.loads((tmp_path / "out.json").read_text())) == expected
