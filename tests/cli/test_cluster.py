"""``scratchml cluster``: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import math
import os
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import run_python
from shell_helpers import expected_rows, read_report, run_shell
from sklearn.preprocessing import StandardScaler

import scratchml
from scratchml import cli
from scratchml.cli.fits import mean_distances
from scratchml.cluster import KMeans
from scratchml.datasets import load_digits

# --- as a process -------------------------------------------------------------------------------


def test_digits_without_a_file() -> None:
    done = run_shell("cluster")
    X = load_digits().data
    model = KMeans(n_clusters=10, random_state=0).fit(X)
    summary, rows = read_report(done.stdout)
    assert re.fullmatch(r"\d+\.\d{4} to fit, \d+\.\d{4} to read", summary.pop("seconds"))
    assert summary == {
        "source": "digits (embedded)",
        "rows": "1797",
        "features": "64",
        "k": "10",
        "iterations": str(model.n_iter_),
        "inertia": f"{model.inertia_:.8g}",
    }
    assert rows == expected_rows(X, model.labels_, model.cluster_centers_)
    assert done.stderr == ""


def test_csv_to_labels(points: np.ndarray) -> None:
    np.savetxt("points.csv", points, delimiter=",", header="x,y,z", comments="", fmt="%.17g")
    done = run_shell("cluster", "points.csv", "-k", "4", "--seed", "5", "--output", "labels.csv")
    model = KMeans(n_clusters=4, random_state=5).fit(points)
    summary, rows = read_report(done.stdout)
    assert (summary["source"], summary["rows"], summary["k"]) == ("points.csv", "60", "4")
    assert rows == expected_rows(points, model.labels_, model.cluster_centers_)
    assert done.stderr == "note: labels written to labels.csv\n"
    lines = [f"{row},{label}\n" for row, label in enumerate(model.labels_)]
    assert Path("labels.csv").read_bytes().decode() == "row,cluster\n" + "".join(lines)
    assert sorted(os.listdir()) == ["labels.csv", "points.csv"]


def test_bad_input_of_a_process() -> None:
    done = run_shell("cluster", "nowhere.csv", code=2)
    assert done.stdout == ""
    assert done.stderr == "error: nowhere.csv: No such file or directory\n"


def test_import_is_light() -> None:
    heavy = "{'numba', 'scipy', 'click', 'rich', 'sklearn', 'matplotlib', 'pyarrow', 'psutil'}"
    code = f"import sys, scratchml.cli; print({heavy} & {{*sys.modules}})"
    assert run_python(code) == "set()\n"


def test_a_small_table_loads_nothing_that_it_does_not_need(points: np.ndarray) -> None:
    np.savetxt("points.csv", points, delimiter=",")
    code = (
        "import sys; from scratchml.cli import main; main(['cluster', 'points.csv', '-k', '2']);"
        "print({'sklearn', 'pandas', 'matplotlib', 'pyarrow'} & {*sys.modules})"
    )
    assert run_python(code).endswith("\nset()\n")


# --- what is printed ----------------------------------------------------------------------------


def test_default_k_of_a_file(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("points.npy", points)
    assert cli.main(["cluster", "points.npy"]) == 0
    summary, rows = read_report(capsys.readouterr().out)
    assert summary["k"] == "8"
    assert len(rows) == 8


def test_plain_when_piped(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    source = f"{'long' * 40}[red]:smile:.npy"
    np.save(source, points)
    assert cli.main(["cluster", source, "-k", "2"]) == 0
    printed = capsys.readouterr().out
    assert read_report(printed)[0]["source"] == source
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_coloured_on_a_terminal(
    points: np.ndarray, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save("points.npy", points)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert cli.main(["cluster", "points.npy", "-k", "2"]) == 0
    assert "\x1b[1;36m" in capsys.readouterr().out


def test_empty_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    np.save("same.npy", np.ones((3, 2)))
    assert cli.main(["cluster", "same.npy", "-k", "2"]) == 0
    captured = capsys.readouterr()
    assert read_report(captured.out)[1] == [["0", "3", "100.0", "0"], ["1", "0", "0.0", "-"]]
    assert captured.err == (
        "note: Number of distinct clusters (1) found smaller than n_clusters (2)."
        " Possibly due to duplicate points in X.\n"
    )


def test_seconds_are_those_of_fit(
    points: np.ndarray, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    fit = KMeans.fit

    def slow_fit(self: KMeans, X: Any) -> KMeans:
        clock[0] += 1.25
        return fit(self, X)

    monkeypatch.setattr(KMeans, "fit", slow_fit)
    monkeypatch.setattr(cli.fits.time, "perf_counter", lambda: clock[0])
    np.save("points.npy", points)
    assert cli.main(["cluster", "points.npy"]) == 0
    assert read_report(capsys.readouterr().out)[0]["seconds"].startswith("1.2500 to fit, ")


def test_mean_cosine_distances() -> None:
    X = np.array([[3.0, 0.0], [5.0, 5.0], [0.0, 0.0], [0.0, 2.0]])
    centers, labels = np.eye(2), np.array([0, 0, 0, 1])
    expected = [(0 + (1 - math.sqrt(0.5)) + 1) / 3, 0]
    np.testing.assert_allclose(mean_distances(X, labels, centers, True), expected)


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i4", "f2", "longdouble"])
def test_mean_distances(points: np.ndarray, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.tables, "_BLOCK_ELEMENTS", 21)
    X = points.astype(dtype)
    labels = np.arange(60) % 4
    centers = points[:5].astype("f4" if dtype == "f4" else "f8")
    distances = np.linalg.norm(X.astype("f8") - centers[labels], axis=1)
    expected = [distances[labels == cluster].mean() for cluster in range(4)]
    np.testing.assert_allclose(
        mean_distances(X, labels, centers), [*expected, math.nan], rtol=1e-12
    )


def test_json() -> None:
    report = json.loads(run_shell("cluster", "--json", "-k", "3", "--threads", "1").stdout)
    X = load_digits().data
    model = KMeans(n_clusters=3, random_state=0).fit(X)
    assert report["parameters"] == {
        "algorithm": "auto",
        "copy_x": True,
        "init": "k-means++",
        "max_iter": 300,
        "n_clusters": 3,
        "n_init": "auto",
        "random_state": 0,
        "tol": 0.0001,
    }
    assert (report["algorithm"], report["source"]) == ("kmeans", "digits (embedded)")
    assert (report["rows"], report["features"], len(report["columns"])) == (1797, 64, 64)
    assert (report["iterations"], report["inertia"]) == (model.n_iter_, model.inertia_)
    assert sorted(report["seconds"]) == ["fit", "read"]
    for cluster, (size, center) in enumerate(
        zip(np.bincount(model.labels_), model.cluster_centers_, strict=True)
    ):
        shown = report["clusters"][cluster]
        assert shown["cluster"] == cluster
        assert (shown["size"], shown["share"]) == (size, size / 1797)
        assert shown["center"] == center.tolist()
        members = X[model.labels_ == cluster]
        mean_distance = np.linalg.norm(members - center, axis=1).mean()
        assert shown["mean_distance"] == pytest.approx(mean_distance, rel=1e-12)
    assert report["notes"] == []


def test_json_of_an_empty_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    np.save("same.npy", np.ones((3, 2)))
    assert cli.main(["cluster", "same.npy", "-k", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["clusters"][1]["mean_distance"] is None
    assert len(report["notes"]) == 1


def test_json_without_infinity(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("huge.npy", points * 1e200)
    assert cli.main(["cluster", "huge.npy", "-k", "4", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["inertia"] is None
    assert None in [cluster["mean_distance"] for cluster in report["clusters"]]


@pytest.mark.parametrize(
    ("dtype", "factor", "doubt"),
    [
        pytest.param("f8", 1e200, "large", id="large"),
        pytest.param("f8", 1e306, "large", id="huge"),
        pytest.param("f4", 1e20, "large", id="large-single"),
        pytest.param("f8", 1e-200, "small", id="small"),
        pytest.param("f4", 1e-25, "small", id="small-single"),
        pytest.param("f8", 1e140, None, id="usable"),
        pytest.param("f8", 0.0, None, id="all-the-same"),
    ],
)
def test_squared_distances_out_of_range(
    dtype: str,
    factor: float,
    doubt: str | None,
    points: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save("points.npy", (points * factor).astype(dtype))
    assert cli.main(["cluster", "points.npy", "-k", "4"]) == 0
    notes = [note for note in capsys.readouterr().err.splitlines() if "distinct" not in note]
    expected = (
        f"note: the values are too {doubt} for their squared distances to be numbers: do not trust"
        " these clusters; --standardize brings the values to a scale that is right"
    )
    assert notes == [expected] * (doubt is not None)
    if doubt is None:
        return
    assert cli.main(["cluster", "points.npy", "-k", "4", "--standardize", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    model = KMeans(n_clusters=4, random_state=0).fit(StandardScaler().fit_transform(points))
    assert [c["size"] for c in report["clusters"]] == np.bincount(model.labels_).tolist()
    assert report["notes"] == []


def test_as_many_iterations_as_are_allowed(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("points.npy", points)
    assert cli.main(["cluster", "points.npy", "--max-iter", "1"]) == 0
    assert read_report(capsys.readouterr().out)[0]["iterations"] == "1 (the most allowed)"


def test_options_reach_the_estimator(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("points.npy", points)
    words = "--init random --n-init 3 --max-iter 2 --tol 0.5 --seed none --variant elkan -k 4"
    assert cli.main(["cluster", "points.npy", "--json", *words.split()]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {
        "algorithm": "elkan",
        "copy_x": True,
        "init": "random",
        "max_iter": 2,
        "n_clusters": 4,
        "n_init": 3,
        "random_state": None,
        "tol": 0.5,
    }


def test_threads(points: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fit = KMeans.fit

    def watched_fit(self: KMeans, X: Any) -> KMeans:
        seen.append(scratchml.get_num_threads())
        return fit(self, X)

    monkeypatch.setattr(KMeans, "fit", watched_fit)
    np.save("points.npy", points)
    before = scratchml.get_num_threads()
    assert cli.main(["cluster", "points.npy", "--threads", "7"]) == 0
    assert (seen, scratchml.get_num_threads()) == ([7], before)


# --- columns and ids ----------------------------------------------------------------------------

PEOPLE = """\
name,age,"height, cm",weight,sex
"Smith, J",20,180,,m
Ann,30,160,55.5,f
Jörg,25,175,70,m
Ann,70,150,50,f
"""


def test_columns_and_ids() -> None:
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    arguments = ["--columns", 'age,"height, cm"', "--id", "name", "-k", "2", "--json"]
    done = run_shell("cluster", "people.csv", *arguments, "--output", "labels.csv")
    report = json.loads(done.stdout)
    X = np.array([[20, 180], [30, 160], [25, 175], [70, 150]], dtype=float)
    model = KMeans(n_clusters=2, random_state=0).fit(X)
    assert report["columns"] == ["age", "height, cm"]
    assert [c["center"] for c in report["clusters"]] == model.cluster_centers_.tolist()
    names = ['"Smith, J"', "Ann", "Jörg", "Ann"]
    lines = [f"{name},{label}\n" for name, label in zip(names, model.labels_, strict=True)]
    assert Path("labels.csv").read_text(encoding="utf-8") == "name,cluster\n" + "".join(lines)


def test_drop_missing_keeps_row_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    arguments = ["-k", "1", "--drop-missing", "--output", "labels.tsv"]
    assert cli.main(["cluster", "people.csv", *arguments]) == 0
    assert Path("labels.tsv").read_text() == "row\tcluster\n1\t0\n2\t0\n3\t0\n"
    captured = capsys.readouterr()
    assert read_report(captured.out)[0]["rows"] == "3"
    assert captured.err == (
        "note: left out, not being numbers: 'name', 'sex'\n"
        "note: left out 1 of 4 rows, having missing values: the first is row 0, column 'weight'"
        " (counting from 0)\n"
        "note: labels written to labels.tsv\n"
    )


def test_drop_missing_with_ids() -> None:
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    arguments = ["-k", "1", "--drop-missing", "--id", "name", "--output", "labels.csv"]
    assert cli.main(["cluster", "people.csv", *arguments]) == 0
    text = Path("labels.csv").read_text(encoding="utf-8")
    assert text == "name,cluster\nAnn,0\nJörg,0\nAnn,0\n"


def test_standardize(capsys: pytest.CaptureFixture[str]) -> None:
    X = np.random.default_rng(0).normal([1e6, -3, 0], [10, 0.01, 1], (500, 3))
    X = np.column_stack([X, np.full(500, 0.1)])
    np.save("points.npy", X)
    assert cli.main(["cluster", "points.npy", "-k", "3", "--standardize", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    model = KMeans(n_clusters=3, random_state=0).fit(StandardScaler().fit_transform(X))
    centers = [cluster["center"] for cluster in report["clusters"]]
    np.testing.assert_allclose(centers, model.cluster_centers_, atol=1e-12)
    assert report["notes"] == ["constant columns say nothing: '3'"]
    np.testing.assert_array_equal(np.load("points.npy"), X)


# --- what is said, and stopping


def test_notes_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("id,x\na,1\nb,2\n")
    assert cli.main(["cluster", "t.csv", "-k", "1"]) == 0
    assert capsys.readouterr().err == "note: left out, not being numbers: 'id'\n"


def test_interrupt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(self: KMeans, X: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(KMeans, "fit", fit)
    assert cli.main(["cluster", "--output", "labels.csv"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "")
    assert os.listdir() == []
