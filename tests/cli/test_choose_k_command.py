"""``scratchml choose-k``: criteria over numbers of clusters, and what each chooses."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from shell_helpers import error_of

from scratchml import cli
from scratchml.algorithms.choose_k import CRITERIA
from scratchml.algorithms.select_mixture import COVARIANCE_TYPES
from scratchml.cli.choose_k import _named, command
from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.model_selection import choose_k, select_mixture

QUICK = ("choose-k", "points.npy", "--criteria", "inertia,silhouette", "--ks", "1-5")


@pytest.fixture(autouse=True)
def _saved(points: np.ndarray) -> None:
    np.save("points.npy", points)


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main([*words, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_table(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*QUICK]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    choice = choose_k(
        KMeans(n_init=5, random_state=0),
        points,
        range(1, 6),
        criteria=["inertia", "silhouette"],
        random_state=0,
    )
    lines = captured.out.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[0] == "K-means of points.npy, 60 rows"
    rows = {line.split()[0]: line.split()[1:] for line in lines if re.match(r"\s*\d", line)}
    assert list(rows) == ["1", "2", "3", "4", "5"]
    for i, cells in enumerate(rows.values()):
        for cell, name in zip(cells, ("inertia", "silhouette"), strict=True):
            value = choice.scores[name][i]
            star = "*" if choice.choices[name].k == i + 1 else ""
            assert cell == ("-" if np.isnan(value) else f"{value:.5g}{star}")
    for name, found in choice.choices.items():
        k = "-" if found.k is None else found.k
        pattern = rf"^ +{name} +{k} +{re.escape(found.reason)} *$"
        assert re.search(pattern, captured.out, re.MULTILINE)


@pytest.mark.jit
def test_json_of_all_criteria(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_json(capsys, "choose-k", "points.npy", "--ks", "1-5", "--seed", "3")
    choice = choose_k(KMeans(n_init=5), points, range(1, 6), random_state=3)
    assert report["algorithm"] == "kmeans"
    assert report["parameters"] == {"random_state": 3, "n_init": 5}
    assert (report["rows"], report["features"], report["sampled"]) == (60, 3, 60)
    assert report["ks"] == [1, 2, 3, 4, 5]
    assert list(report["criteria"]) == list(choice.scores)
    for name, found in report["criteria"].items():
        assert (found["k"], found["reason"]) == choice.choices[name]
        known = [value if np.isfinite(value) else None for value in choice.scores[name].tolist()]
        assert found["scores"] == known
        assert ("errors" in found) == (name in choice.errors)


@pytest.mark.parametrize(
    ("words", "ks"),
    [
        ("4", [4]),
        ("2-5", [2, 3, 4, 5]),
        ("2,4,8", [2, 4, 8]),
        ("2-10:3", [2, 5, 8]),
        ("8, 1-3,2-4:2", [1, 2, 3, 4, 8]),
    ],
)
def test_numbers_of_clusters(words: str, ks: list[int]) -> None:
    option = next(option for option in command.params if option.name == "ks")
    assert option.type.convert(words, option, None) == ks


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("5-2", "'5-2' is an empty range, or does not begin at 1 or later"),
        ("0-2", "'0-2' is an empty range, or does not begin at 1 or later"),
        ("2-9:0", "'2-9:0' is an empty range, or does not begin at 1 or later"),
        ("2,x", "'x' is no number and no range such as 1-12 or 2-12:2"),
        ("", "'' is no number and no range such as 1-12 or 2-12:2"),
        (
            "1-99999999999999999999",
            "'1-99999999999999999999' are more than 1000 numbers of clusters",
        ),
    ],
    ids=["falls", "zero", "step", "word", "empty", "many"],
)
def test_numbers_of_clusters_that_are_none(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = error_of(capsys, "choose-k", "points.npy", "--ks", words)
    assert found == f"Invalid value for '--ks': {message}"


def test_options_of_the_algorithm(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_json(capsys, *QUICK, "--n-init", "3", "--init", "random", "--threads", "1")
    model = KMeans(init="random", n_init=3)
    choice = choose_k(model, points, range(1, 6), criteria=["inertia"], random_state=0)
    assert report["parameters"] == {"init": "random", "n_init": 3, "random_state": 0}
    assert report["criteria"]["inertia"]["scores"] == choice.scores["inertia"].tolist()


def test_directions_have_cosine_silhouettes(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    from scratchml.cluster import SphericalKMeans
    from scratchml.metrics import silhouette_score

    words = "--ks 3 --criteria silhouette --algorithm spherical-kmeans"
    report = run_json(capsys, "choose-k", "points.npy", *words.split())
    labels = SphericalKMeans(3, n_init=5, random_state=0).fit_predict(points)
    expected = silhouette_score(points, labels, metric="cosine")
    np.testing.assert_allclose(report["criteria"]["silhouette"]["scores"], [expected])


def test_a_sample_of_many_rows(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--sample-size", "40")
    assert run_json(capsys, *QUICK, *words)["sampled"] == 40
    assert cli.main([*QUICK, *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "K-means of points.npy, 60 rows; silhouette, gap and stability of 40 of them"
    (row,) = (line.split() for line in lines if line.split()[:1] == ["2"])
    assert re.fullmatch(r"2 [\d.]+ 0\.\d+ \(0\.0\d+\)\*?", " ".join(row))


def test_criteria_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*QUICK, "--plot", "criteria.svg"]) == 0
    assert capsys.readouterr().err == "note: picture written to criteria.svg\n"
    assert Path("criteria.svg").stat().st_size > 0
    assert error_of(capsys, *QUICK, "--plot", "criteria.svg").startswith(
        "criteria.svg: exists already"
    )


def test_warnings_become_notes(capsys: pytest.CaptureFixture[str]) -> None:
    np.save("two.npy", np.repeat(make_blobs(2, centers=2, random_state=0)[0], 5, axis=0))
    assert cli.main(["choose-k", "two.npy", "--criteria", "inertia", "--ks", "1-3"]) == 0
    assert re.fullmatch(r"note: [^\n]*distinct[^\n]*\n", capsys.readouterr().err)


def test_values_whose_squares_are_no_numbers(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("huge.npy", 1e200 * points)
    assert cli.main(["choose-k", "huge.npy", "--criteria", "inertia", "--ks", "1-2"]) == 0
    captured = capsys.readouterr()
    assert re.fullmatch(r"note: the values are too large [^\n]*--standardize[^\n]*\n", captured.err)
    assert "1       inf" in captured.out


def test_progress_is_shown_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli.main([*QUICK]) == 0
    shown = terminal.getvalue()
    assert "/5" in shown
    assert shown.endswith("\x1b[1A\x1b[2K")  # up a line, which is cleared
    assert cli.main([*QUICK, "--json"]) == 0
    assert terminal.getvalue() == shown


def test_what_cannot_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, "choose-k", "points.npy", "--ks", "60-61") == (
        "points.npy: 61 clusters need as many rows, but there are 60; choose --ks between 1 and 60"
    )
    assert error_of(capsys, *QUICK, "--criteria", "knee") == (
        "Invalid value for '--criteria': 'knee' is none of inertia, silhouette, calinski-harabasz,"
        " davies-bouldin, gap, stability, all"
    )
    assert error_of(capsys, *QUICK, "-k", "3") == "No such option '-k'."
    assert error_of(capsys, *QUICK, "--algorithm", "dbscan").startswith(
        "Invalid value for '--algorithm': 'dbscan' is not one of 'kmeans', "
    )
    assert error_of(capsys, *QUICK, "--batch-size", "3").startswith(
        "--algorithm kmeans has no option --batch-size; it has --init, --n-init, "
    )


def test_criteria() -> None:
    option = next(option for option in command.params if option.name == "criteria")
    assert isinstance(option, click.Option)
    assert option.default == "all"
    assert _named("all", CRITERIA, "--criteria") == list(CRITERIA)
    assert _named("gap, davies-bouldin", CRITERIA, "--criteria") == ["davies_bouldin", "gap"]


# --- mixtures -------------------------------------------------------------------------------------

MIXTURES = ("choose-k", "points.npy", "--algorithm", "gmm", "--ks", "1-4", "--n-init", "1")


def test_table_of_mixtures(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*MIXTURES, "--criteria", "bic,icl"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    selection = select_mixture(points, range(1, 5), n_init=1, random_state=0)
    lines = captured.out.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[0] == "Gaussian mixture of points.npy, 60 rows"
    headers = [line.split() for line in lines if "tied" in line and "full" in line]
    assert headers[:2] == [[f"{name},", "k", *COVARIANCE_TYPES] for name in ("BIC", "ICL")]
    rows = [line.split() for line in lines if re.match(r"\s*\d+ ", line)]
    assert len(rows) == 8
    for name, part in (("bic", rows[:4]), ("icl", rows[4:])):
        choice = selection.choices[name]
        for j, (k, *cells) in enumerate(part):
            assert int(k) == j + 1
            for i, kind in enumerate(COVARIANCE_TYPES):
                star = "*" if choice[:2] == (j + 1, kind) else ""
                assert cells[i] == f"{selection.scores[name][i, j]:.1f}{star}"
        assert f"  {choice.reason}" in lines


def test_json_of_mixtures(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--covariance-types", "diag,full", "--seed", "3", "--max-iter", "50")
    report = run_json(capsys, *MIXTURES, *words)
    options = {"n_init": 1, "max_iter": 50, "random_state": 3}
    selection = select_mixture(points, range(1, 5), ["full", "diag"], **options)
    assert report["algorithm"] == "gmm"
    assert report["parameters"] == options
    assert (report["rows"], report["features"]) == (60, 3)
    assert report["ks"] == [1, 2, 3, 4]
    assert report["covariance_types"] == ["full", "diag"]
    assert report["n_parameters"]["diag"] == selection.n_parameters[1].tolist()
    assert list(report["criteria"]) == ["bic", "aic", "icl"]
    for name, found in report["criteria"].items():
        keys = ("k", "covariance_type", "family", "reason")
        assert tuple(found[key] for key in keys) == selection.choices[name]
        assert found["scores"]["full"] == selection.scores[name][0].tolist()


def test_mixtures_that_fail_are_noted(capsys: pytest.CaptureFixture[str]) -> None:
    np.save("places.npy", np.repeat([[0.0, 0], [5, 0], [0, 5]], 4, axis=0))
    words = "--algorithm gmm --ks 1,3 --n-init 1 --on-collapse raise --reg-covar 0"
    arguments = ["choose-k", "places.npy", "--covariance-types", "full", *words.split()]
    assert cli.main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("note: The fit of full with 3 components failed: ")
    rows = [line.split() for line in captured.out.splitlines() if line.split()[:1] == ["3"]]
    assert rows == [["3", "-"]] * 3  # of each criterion
    assert error_of(capsys, *[word.replace("1,3", "3") for word in arguments]).startswith(
        "places.npy: Every fit failed, the first with: "
    )


@pytest.mark.parametrize("criteria", ["bic", "all"])
def test_mixtures_are_drawn(criteria: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--covariance-types", "spherical", "--criteria", criteria, "--plot", "mixtures.svg")
    assert cli.main([*MIXTURES, *words]) == 0
    assert capsys.readouterr().err == "note: picture written to mixtures.svg\n"
    assert Path("mixtures.svg").stat().st_size > 0


def test_what_mixtures_cannot_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *MIXTURES, "--criteria", "gap") == (
        "Invalid value for '--criteria': 'gap' is none of bic, aic, icl, all"
    )
    assert error_of(capsys, *MIXTURES, "--covariance-types", "round") == (
        "Invalid value for '--covariance-types': 'round' is none of full, tied, diag, spherical,"
        " all"
    )
    assert error_of(capsys, *MIXTURES, "--sample-size", "40") == (
        "--algorithm gmm has no option --sample-size"
    )
    assert error_of(capsys, *QUICK, "--covariance-types", "full") == (
        "--algorithm kmeans has no option --covariance-types"
    )
    assert error_of(capsys, *MIXTURES[:-4], "--ks", "60-61") == (
        "points.npy: 61 clusters need as many rows, but there are 60; choose --ks between 1 and 60"
    )


@pytest.mark.jit
def test_mixtures_in_the_shell_are_those_of_python(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_json(capsys, *MIXTURES[:4])
    selection = select_mixture(points, random_state=0)
    assert report["ks"] == selection.components.tolist()
    for name, found in report["criteria"].items():
        for kind, values in zip(COVARIANCE_TYPES, selection.scores[name].tolist(), strict=True):
            assert found["scores"][kind] == values


def test_covariance_type_of_a_single_fit_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    report = run_json(capsys, *MIXTURES, "--covariance-type", "tied")
    assert report["covariance_types"] == ["tied"]


@pytest.mark.parametrize("algorithm", ["kmeans", "gmm"])
def test_no_more_clusters_than_rows_are_tried_unless_told(
    algorithm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("few.npy", np.arange(10.0).reshape(5, 2))
    report = run_json(capsys, "choose-k", "few.npy", "--algorithm", algorithm, "--n-init", "1")
    assert report["ks"] == [1, 2, 3, 4, 5]
