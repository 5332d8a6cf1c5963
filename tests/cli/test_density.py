"""DBSCAN in the shell: clusters without centres, noise, and an eps that is chosen by the data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from shell_helpers import error_of

from scratchml import cli
from scratchml.cluster import DBSCAN, suggest_eps

CLUSTER = ("cluster", "points.npy", "--algorithm", "dbscan")


@pytest.fixture(autouse=True)
def _saved(points: np.ndarray) -> None:
    np.save("points.npy", points)


@pytest.fixture
def model(points: np.ndarray) -> DBSCAN:
    return DBSCAN(eps=1.5, min_samples=4).fit(points)


def test_table(model: DBSCAN, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CLUSTER, "--eps", "1.5", "--min-samples", "4"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    top, bottom = captured.out.split("cluster   size   share %   core points")
    summary = dict(
        re.split(r"\s{2,}", line.strip()) for line in top.splitlines()[2:] if line.strip()
    )
    n_noise = np.count_nonzero(model.labels_ < 0)
    assert n_noise > 0
    assert summary["clusters"] == str(model.labels_.max() + 1)
    assert summary["noise"] == f"{n_noise} ({100 * n_noise / 60:.1f} %)"
    assert summary["core points"] == str(len(model.core_sample_indices_))
    assert {"k", "iterations", "inertia"}.isdisjoint(summary)
    of_cores = model.labels_[model.core_sample_indices_]
    assert [line.split() for line in bottom.splitlines() if re.match(r"\s*\d", line)] == [
        [str(c), str(size), f"{100 * size / 60:.1f}", str(np.count_nonzero(of_cores == c))]
        for c in range(model.labels_.max() + 1)
        for size in [np.count_nonzero(model.labels_ == c)]
    ]


def test_json(model: DBSCAN, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CLUSTER, "--eps", "1.5", "--min-samples", "4", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["parameters"]["eps"] == 1.5
    assert report["noise"] == np.count_nonzero(model.labels_ < 0)
    assert report["core_points"] == len(model.core_sample_indices_)
    assert sum(cluster["core_points"] for cluster in report["clusters"]) == report["core_points"]
    assert sum(cluster["size"] for cluster in report["clusters"]) == 60 - report["noise"]
    assert report["clusters"][0].keys() == {"cluster", "size", "share", "core_points"}


def test_labels_of_noise_are_written(model: DBSCAN) -> None:
    assert cli.main([*CLUSTER, "--eps", "1.5", "--min-samples", "4", "--output", "l.csv"]) == 0
    lines = [f"{row},{label}\n" for row, label in enumerate(model.labels_)]
    assert Path("l.csv").read_text() == "row,cluster\n" + "".join(lines)


def test_nothing_but_noise(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CLUSTER, "--eps", "1e-3", "--plot", "noise.png"]) == 0
    captured = capsys.readouterr()
    assert re.search(
        r"clusters +0 *\n +noise +60 \(100\.0 %\) *\n +core points +0 *\n", captured.out
    )
    assert captured.err.startswith("note: All 60 samples are noise: ")
    assert Path("noise.png").stat().st_size > 0


def test_eps_is_chosen_by_the_data(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CLUSTER, "--eps", "auto", "--min-samples", "4", "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    suggestion = suggest_eps(points, 4)
    assert report["parameters"]["eps"] == suggestion.eps
    assert report["notes"] == [f"eps is {suggestion.eps:g}. {suggestion.reason}"]
    assert captured.err == f"note: {report['notes'][0]}\n"


def test_eps_is_chosen_by_the_metric(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*CLUSTER, "--eps", "auto", "--metric", "minkowski", "--p", "1", "--json"]) == 0
    eps = json.loads(capsys.readouterr().out)["parameters"]["eps"]
    assert eps == suggest_eps(points, metric="manhattan").eps


def test_eps_that_cannot_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *CLUSTER, "--eps", "auto", "--min-samples", "61") == (
        "points.npy: --eps auto: n_samples=60 should be >= min_samples=61."
    )


@pytest.mark.jit
def test_digits_without_a_number_of_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cluster", "--algorithm", "dbscan", "--eps", "22", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["eps"] == 22


def test_options_of_other_algorithms(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *CLUSTER, "-k", "3") == (
        "--algorithm dbscan has no option --n-clusters; it has --eps, --min-samples, --metric,"
        " --variant, --leaf-size, --p"
    )


# --- suggest-eps


def test_suggestion(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["suggest-eps", "points.npy", "--min-samples", "4"]) == 0
    captured = capsys.readouterr()
    suggestion = suggest_eps(points, 4)
    assert re.search(rf"  eps +{re.escape(f'{suggestion.eps:g}')} *\n", captured.out)
    assert captured.out.endswith(f"\n{suggestion.reason}\n")
    assert captured.err == ""


def test_suggestion_as_json(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    X = np.append(points[:, :2], [[300.0, 0.0]], axis=0)
    np.savetxt("far.csv", X, delimiter=",", fmt="%.17g")
    words = "--metric manhattan --sample-size 40 --threads 1 --json"
    assert cli.main(["suggest-eps", "far.csv", *words.split()]) == 0
    found = json.loads(capsys.readouterr().out)
    suggestion = suggest_eps(X, metric="manhattan", sample_size=40, random_state=0)
    assert found == {
        "source": "far.csv",
        "rows": 61,
        "features": 2,
        "min_samples": 5,
        "eps": suggestion.eps,
        "reason": suggestion.reason,
        "knees": [
            {"k_distance": knee.k_distance, "share": knee.share, "strength": knee.strength}
            for knee in suggestion.candidates
        ],
    }


def test_curve_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["suggest-eps", "points.npy", "--standardize", "--plot", "curve.png"]) == 0
    assert capsys.readouterr().err == "note: picture written to curve.png\n"
    assert Path("curve.png").stat().st_size > 0
    assert error_of(capsys, "suggest-eps", "points.npy", "--plot", "curve.png").startswith(
        "curve.png: exists already"
    )


def test_suggestion_that_cannot_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, "suggest-eps", "points.npy", "--min-samples", "61") == (
        "points.npy: n_samples=60 should be >= min_samples=61."
    )
    assert error_of(capsys, "suggest-eps", "points.npy", "--metric", "foo").startswith(
        "points.npy: The 'metric' parameter of suggest_eps must be a str among"
    )
