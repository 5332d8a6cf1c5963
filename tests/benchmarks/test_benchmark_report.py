"""Results as Markdown and as pictures, and where they go."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import provenance, tables
from benchmarks.cases import CASES, lloyd
from benchmarks.chart import COLORS, ratios_chart
from benchmarks.report import (
    INTERVAL,
    costs_table,
    duels_table,
    left_out,
    ratios_table,
    remarks,
    size,
    speed_ups,
    summary,
    times_table,
    to_markdown,
)

AGREEMENT = {
    "same_labels": True,
    "adjusted_rand": 1.0,
    "objective_difference": 0.0,
    "center_difference": 0.0,
    "value_difference": None,
}


def contestant(median, threads=2, peak_memory=2**20):
    return {
        "median": median,
        "n_iter": 20,
        "threads": threads,
        "first_call_seconds": 0.5,
        "peak_memory": peak_memory,
    }


def duel(ratio, **changes):
    return {
        "ratio": ratio,
        "interval": [ratio / 2, ratio * 2],
        "verdict": "faster",
        "per_iteration": False,
        "agreement": AGREEMENT,
        **changes,
    }


@pytest.fixture
def report():
    differ = {**AGREEMENT, "same_labels": False, "adjusted_rand": 0.999}
    return {
        "date": "2030-01-01T00:00+00:00",
        "revision": {"commit": "0123456789abcdef", "dirty": True},
        "peers": {"scratchml": "1.0", "scikit-learn": "1.9", "faiss": "2.0", "scipy": "3.0"},
        "environment": {
            "processor": {"model": "A processor"},
            "threads": {"fit": 2},
            "versions": {"numba": "0.9"},
        },
        "quick": True,
        "left_out": {"B": "kmeans", "C": "dbscan"},
        "smaller": {"A": 5000},
        "load": {"before": [0.1], "after": [0.2]},
        "cases": {
            "A": {
                "case": lloyd("A", 1000, 2, 8, "float64").to_dict(),
                "base": "scratchml",
                "noise": 0.01,
                "absent": {"scikit-learn-intelex": "not installed"},
                "contestants": {
                    "scratchml": contestant(0.010),
                    "scikit-learn": contestant(0.040),
                    "faiss": contestant(0.020, peak_memory=None),
                    "scipy": contestant(0.001),
                },
                "duels": {
                    "scikit-learn": duel(0.25, interval=[0.0, None]),
                    "faiss": duel(0.5, agreement=differ),
                    "scipy": {"refused": "scipy ran 3 iterations, not 20"},
                },
            },
            "A-1": {
                "case": lloyd("A-1", 1000, 2, 8, "float64", threads=1).to_dict(),
                "base": "scratchml",
                "absent": {},
                "contestants": {"scratchml": contestant(0.015, threads=1)},
                "duels": {},
                "failed": "scipy has failed\nand more",
            },
        },
    }


def test_ratios_of_every_case_that_is_ours(report):
    report["cases"]["T"] = {**report["cases"]["A"], "base": "scikit-learn"}
    assert ratios_table(report) == (
        "| n x d, k, dtype | over scikit-learn | over the fastest peer |\n"
        "|---|---:|---:|\n"
        "| K-means A: 1,000 x 2, 8, float64 | **0.25** | **0.5** (faiss) |"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("K1", "1,000,000 x 2, 8, float64"),
        ("D1", "200,000 x 2, eps = 0.1, float64"),
        ("N1", "100,000 x 3, 10, float64"),
        ("SC", "20,000 x 16, 10, float64, cosine"),
        ("DB", "1,000,000 x 16, 50, float64, davies_bouldin_score"),
        ("AMI", "adjusted_mutual_info_score, 1,000,000 labels of 1000"),
    ],
)
def test_size_says_what_is_particular(name, expected):
    assert size(CASES[name].to_dict()) == expected


def test_times_and_the_ratio_to_the_fastest_fair_peer(report):
    assert times_table(report["cases"]) == (
        "| case | n x d, k, dtype | threads | iterations | scratchml | scikit-learn | faiss | scipy"
        " | to the fastest |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
        "| A | 1,000 x 2, 8, float64 | 2 | 20 | 10 ms | 40 ms | 20 ms | 1 ms | **0.5** |\n"
        "| A-1 | 1,000 x 2, 8, float64 | 1 | 20 | 15 ms | - | - | - | - |"
    )


def test_a_ratio_without_verdict_is_not_bold(report):
    report["cases"]["A"]["duels"]["faiss"]["verdict"] = "too noisy to tell"
    assert "| 0.5 |" in times_table(report["cases"])


def test_every_duel(report):
    assert duels_table(report["cases"]) == (
        f"| case | time of | verdict | agreement | ratio | {INTERVAL} |\n"
        "|---|---|---|---|---:|---:|\n"
        "| A | scratchml / scikit-learn | faster | same labels | 0.25 | - |\n"
        "| A | scratchml / faiss | faster | adjusted Rand index 0.999, objective 0 | 0.5"
        " | 0.25 to 1 |\n"
        "| A | scratchml / scipy | refused | - | - | - |"
    )


def test_costs(report):
    assert costs_table(report["cases"]).splitlines()[2:] == [
        "| A | 500 ms, 1.0 MiB | 500 ms, 1.0 MiB | 500 ms, - | 500 ms, 1.0 MiB |",
        "| A-1 | 500 ms, 1.0 MiB | - | - | - |",
    ]


def test_remarks(report):
    assert list(remarks(report["cases"])) == [
        "A: scikit-learn-intelex absent (not installed).",
        "A: scratchml / scipy refused: scipy ran 3 iterations, not 20.",
        "A-1: failed: scipy has failed.",
    ]


def test_speed_up_of_those_who_ran_both(report):
    assert list(speed_ups(report["cases"])) == [
        "A: times as fast on 2 threads as on one: scratchml 1.50."
    ]


@pytest.mark.parametrize(
    ("only", "names"),
    [
        pytest.param(None, "B, C", id="all"),
        pytest.param("kmeans", "B", id="one-algorithm"),
    ],
)
def test_what_a_quick_run_has_left_out(report, only, names):
    assert list(left_out(report, only)) == [
        "This was a quick run: few rounds, no peak memory.",
        "A: 1,000 of 5,000 samples.",
        f"Left out: {names}.",
    ]
    assert list(left_out({**report, "quick": False}, only)) == []


def test_whole_report_has_the_tables_of_the_summary(report):
    text, table = to_markdown(report), times_table(report["cases"])
    assert table in text
    assert table in summary(report, "kmeans")
    assert "commit 0123456789ab and changes to it." in text
    assert "![ratios of times](kmeans.png)" in text
    assert "Other programs were running" not in text
    report["load"]["before"] = [1.5]
    assert "Other programs were running" in to_markdown(report)


# --- Picture --------------------------------------------------------------------------------------


def test_chart_has_a_dot_for_each_fair_duel(report):
    (ax,) = ratios_chart(report, "kmeans").axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [0.25, 0.5]
    assert [dot.get_color() for dot in dots] == [COLORS["scikit-learn"], COLORS["faiss"]]
    assert [dot.get_markerfacecolor() for dot in dots] == ["white", COLORS["faiss"]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A   1,000 x 2, 8, float64"]
    assert ax.get_xscale() == "log"


def test_chart_draws_the_intervals_that_there_are(report):
    (ax,) = ratios_chart(report, "kmeans").axes
    bars = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 2.5]
    assert bars == [[0.25, 1.0]]


# --- Where figures come from and go ---------------------------------------------------------------


def test_environment_names_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", str(tmp_path))
    assert str(tmp_path) not in json.dumps(provenance.environment())


def test_no_revision_outside_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert provenance.revision() is None


def test_json_has_no_numbers_that_others_cannot_read(tmp_path):
    path = tmp_path / "a.json"
    provenance.write_json(path, {"a": [float("nan"), (float("inf"), 1)], "b": 0.5})
    assert json.loads(path.read_text("utf-8")) == {"a": [None, [None, 1]], "b": 0.5}


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        pytest.param("a.json", "1\n", id="file"),
        pytest.param("a.json kmeans", "1 kmeans\n", id="algorithm"),
    ],
)
def test_tables_are_put_between_their_markers(monkeypatch, tmp_path, marker, expected):
    (tmp_path / "a.json").write_text("1")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    monkeypatch.setitem(tables.TABLES, "a.json", lambda *parts: " ".join(map(str, parts)) + "\n")
    page = f"Before\n<!-- results: {marker} -->\n{{}}<!-- end of results -->\nAfter\n"
    assert tables.with_tables(page.format("| old |\n")) == page.format(expected)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        pytest.param("benchmarks", False, id="folder"),
        pytest.param("benchmarks/bench_kmeans.py", True, id="bench_kmeans"),
        pytest.param("benchmarks/bench_kernels.py", True, id="bench_kernels"),
    ],
)
def test_suites_are_collected_only_when_named(target, found):
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", target]
    ran = subprocess.run(command, cwd=provenance.ROOT, capture_output=True, text=True)
    assert ran.returncode == (0 if found else 5), ran.stdout + ran.stderr
