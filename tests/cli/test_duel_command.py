"""``scratchml duel``: a race from the shell."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from shell_helpers import error_of

from scratchml import cli


@pytest.fixture(autouse=True)
def _points(points: np.ndarray) -> None:
    np.savetxt("points.csv", points, delimiter=",", header="x,y,z", comments="", fmt="%.17g")


def test_duel_with_scikit_learn(capsys: pytest.CaptureFixture[str]) -> None:
    words = "duel points.csv -k 4 --columns x,z --rounds 2 --threads 1 --plot duel.png --json"
    assert cli.main(words.split()) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["ours"], report["theirs"]) == ("scratchml KMeans", "scikit-learn KMeans")
    assert report["agreement"]["same_labels"] is True
    assert report["contestants"]["scratchml KMeans"]["threads"] == 1
    assert captured.err == "note: picture written to duel.png\n"
    assert Path("duel.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(os.listdir()) == ["duel.png", "points.csv"]


def test_duel_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    words = "duel points.csv -k 2 --rounds 1 --against scratchml.cluster:KMeans --method predict"
    assert cli.main(words.split()) == 0
    printed = capsys.readouterr().out
    assert "scratchml KMeans (opponent)" in printed
    assert "too noisy to tell" in printed  # as one round always is


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--against", "scratchml.cluster:KMedians"],
            "--against scratchml.cluster:KMedians: module 'scratchml.cluster' has no attribute"
            " 'KMedians'",
            id="no-class",
        ),
        pytest.param(
            ["--against", "nowhere:KMeans"],
            "--against nowhere:KMeans: No module named 'nowhere'",
            id="no-module",
        ),
        pytest.param(
            ["--against", ":KMeans"],
            "--against :KMeans: must be MODULE:CLASS, as in sklearn.cluster:KMeans",
            id="no-module-name",
        ),
        pytest.param(
            ["--against", "sklearn.cluster:k_means"],
            "--against sklearn.cluster:k_means: is not a class",
            id="function",
        ),
        pytest.param(
            ["-k", "61"],
            "points.csv: 61 clusters need as many rows, but there are 60; choose -k between 1 and"
            " 60",
            id="k-too-large",
        ),
        pytest.param(
            ["--plot", "duel.csv"],
            "duel.csv: unknown extension '.csv'; it must be one of .png, .svg, .pdf, .jpg",
            id="plot-extension",
        ),
    ],
)
def test_unusable_arguments(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_of(capsys, "duel", "points.csv", *arguments) == message


def test_a_method_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    message = error_of(capsys, "duel", "points.csv", "--method", "dance", "-k", "2")
    assert message == "points.csv: KMeans has no method 'dance'"
