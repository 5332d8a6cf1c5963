"""Gaussian mixtures in the shell: clusters that overlap, with probabilities."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from shell_helpers import error_of, run_shell
from sklearn.preprocessing import StandardScaler

from scratchml import cli
from scratchml.cli import tables
from scratchml.cli.registry import ALGORITHMS, parameter_options
from scratchml.mixture import GaussianMixture
from scratchml.plot import ClusterDisplay, DensityDisplay

CLUSTER = ("cluster", "points.npy", "--algorithm", "gmm")


@pytest.fixture(autouse=True)
def _saved(points: np.ndarray) -> None:
    np.save("points.npy", points)


@pytest.fixture
def model(points: np.ndarray) -> GaussianMixture:
    return GaussianMixture(3, random_state=0).fit(points)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_table(
    model: GaussianMixture, points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*CLUSTER, "-k", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    top, bottom = re.split(r"cluster +size +share % +weight", captured.out)
    summary = dict(
        re.split(r"\s{2,}", line.strip()) for line in top.splitlines()[2:] if line.strip()
    )
    assert re.fullmatch(r"\d+\.\d{4} to fit, \d+\.\d{4} to read", summary.pop("seconds"))
    assert summary == {
        "source": "points.npy",
        "rows": "60",
        "features": "3",
        "k": "3",
        "iterations": str(model.n_iter_),
        "converged": "yes",
        "lower bound": f"{model.lower_bound_:.8g}",
        "bic": f"{model.bic(points):.8g}",
    }
    sizes = np.bincount(model.predict(points), minlength=3)
    assert [line.split() for line in bottom.splitlines() if re.match(r"\s*\d", line)] == [
        [str(c), str(size), f"{100 * size / 60:.1f}", f"{model.weights_[c]:.6g}"]
        for c, size in enumerate(sizes.tolist())
    ]


def test_json(
    model: GaussianMixture, points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*CLUSTER, "-k", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["algorithm"] == "gmm"
    assert report["parameters"]["n_components"] == 3
    assert report["parameters"]["random_state"] == 0
    assert report["converged"] is True
    assert report["lower_bound"] == model.lower_bound_
    assert report["bic"] == model.bic(points)
    assert [cluster["weight"] for cluster in report["clusters"]] == model.weights_.tolist()
    assert [cluster["center"] for cluster in report["clusters"]] == model.means_.tolist()
    sizes = np.bincount(model.predict(points), minlength=3)
    assert [cluster["size"] for cluster in report["clusters"]] == sizes.tolist()
    assert report["clusters"][0].keys() == {"cluster", "size", "share", "weight", "center"}
    assert report["covariances"] == model.covariances_.tolist()
    assert report["notes"] == []


def test_one_component_unless_told_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    note = (
        "-k is not given: one component; `scratchml choose-k FILE --algorithm gmm` suggests a"
        " number"
    )
    assert cli.main([*CLUSTER, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"note: {note}\n"
    assert json.loads(captured.out)["notes"] == [note]
    assert cli.main([*CLUSTER, "-k", "1"]) == 0
    assert capsys.readouterr().err == ""


def test_a_fit_that_has_not_converged_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CLUSTER, "-k", "3", "--max-iter", "1", "--tol", "0"]) == 0
    captured = capsys.readouterr()
    assert re.search(r"  iterations +1 \(the most allowed\) *\n +converged +no *\n", captured.out)
    assert re.match(r"note: .*did not converge", captured.err)


def test_options_reach_the_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "--covariance-type tied --tol 0.5 --reg-covar 0.1 --max-iter 7 --n-init 2"
        " --init-params random_from_data --on-collapse prior --seed 5 --n-clusters 2"
    )
    assert cli.main([*CLUSTER, "--json", *words.split()]) == 0
    parameters = json.loads(capsys.readouterr().out)["parameters"]
    assert parameters == {
        "n_components": 2,
        "covariance_type": "tied",
        "tol": 0.5,
        "reg_covar": 0.1,
        "max_iter": 7,
        "n_init": 2,
        "init_params": "random_from_data",
        "on_collapse": "prior",
        "random_state": 5,
    }


def test_options_are_described_by_the_estimator_they_are_for() -> None:
    options = {option.name: option for option in parameter_options(ALGORITHMS)}
    described = {parameter.name: parameter for parameter in ALGORITHMS["gmm"].parameters()}
    text = options["n_clusters"].help
    assert described["n_components"].description in text
    assert text.endswith("[gmm]  [default: 1]")
    assert described["tol"].description in options["tol"].help
    for name in ("covariance_type", "on_collapse"):
        # The one sentence says what each of the words does.
        assert all(f"'{word}'," in options[name].help for word in described[name].words)
    assert {"warm_start", "verbose_interval", "means_init"}.isdisjoint(described)


def test_labels_are_written(model: GaussianMixture, points: np.ndarray) -> None:
    assert cli.main([*CLUSTER, "-k", "3", "--output", "labels.csv"]) == 0
    lines = [f"{row},{label}\n" for row, label in enumerate(model.predict(points))]
    assert Path("labels.csv").read_text() == "row,cluster\n" + "".join(lines)


# --- probabilities


@pytest.mark.parametrize("block", [7, 10**6], ids=["blocks", "whole"])
def test_probabilities_are_written(
    block: int,
    model: GaussianMixture,
    points: np.ndarray,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "_BLOCK_ELEMENTS", block)
    assert cli.main([*CLUSTER, "-k", "3", "--proba", "--output", "labels.csv"]) == 0
    captured = capsys.readouterr()
    assert "Gaussian mixture" in captured.out
    assert captured.err == "note: labels written to labels.csv\n"
    header, *rows = rows_of(Path("labels.csv").read_text())
    assert header == ["row", "cluster", "proba_0", "proba_1", "proba_2"]
    values = np.array(rows, dtype=float)
    np.testing.assert_array_equal(values[:, 0], np.arange(60))
    np.testing.assert_array_equal(values[:, 1], model.predict(points))
    np.testing.assert_array_equal(values[:, 2:], model.predict_proba(points))


def test_probabilities_are_printed_unless_there_is_a_file(
    model: GaussianMixture, points: np.ndarray
) -> None:
    names = [f"p{i}" for i in range(60)]
    lines = [
        f"{name},{','.join(map(repr, row))}\n"
        for name, row in zip(names, points.tolist(), strict=True)
    ]
    Path("data.csv").write_text("name,x,y,z\n" + "".join(lines))
    done = run_shell(
        "cluster", "data.csv", "--id", "name", "--algorithm", "gmm", "-k", "3", "--proba"
    )
    assert done.stderr == ""
    header, *rows = rows_of(done.stdout)
    assert header == ["name", "cluster", "proba_0", "proba_1", "proba_2"]
    assert [row[0] for row in rows] == names
    assert [int(row[1]) for row in rows] == model.predict(points).tolist()
    probabilities = np.array([row[2:] for row in rows], dtype=float)
    np.testing.assert_array_equal(probabilities, model.predict_proba(points))


def test_probabilities_of_standardized_rows(points: np.ndarray) -> None:
    words = "-k 2 --proba --standardize --output labels.tsv"
    assert cli.main([*CLUSTER, *words.split()]) == 0
    text = Path("labels.tsv").read_text()
    assert text.startswith("row\tcluster\tproba_0\tproba_1\n")
    X = StandardScaler().fit_transform(points)
    expected = GaussianMixture(2, random_state=0).fit(X).predict_proba(X)
    written = np.loadtxt("labels.tsv", skiprows=1)[:, 2:]
    np.testing.assert_allclose(written, expected, atol=1e-9)


def test_report_and_probabilities_need_two_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *CLUSTER, "--proba", "--json") == (
        "--proba needs --output beside --json"
    )
    assert cli.main([*CLUSTER, "--proba", "--json", "--output", "labels.csv"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 60


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "gmm"])
def test_probabilities_that_there_are_not(
    algorithm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("cluster", "nowhere.csv", "--algorithm", algorithm, "--proba", "--output", "l.csv")
    assert error_of(capsys, *words) == (
        f"--algorithm {algorithm} has no probabilities; --proba needs --algorithm gmm"
    )


# --- pictures and refusals


@pytest.mark.parametrize(("algorithm", "name"), [("gmm", "density"), ("kmeans", "clusters")])
def test_picture_is_of_the_density(
    algorithm: str, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    for display in (DensityDisplay, ClusterDisplay):
        plot = display.plot

        def watched_plot(self, *args, _plot=plot, **options):  # type: ignore[no-untyped-def]
            drawn.append(type(self).__module__.rpartition(".")[2])
            return _plot(self, *args, **options)

        monkeypatch.setattr(display, "plot", watched_plot)
    words = ("cluster", "points.npy", "--algorithm", algorithm, "-k", "2", "--plot", "picture.png")
    assert cli.main(words) == 0
    assert capsys.readouterr().err == "note: picture written to picture.png\n"
    assert drawn == [name]
    assert Path("picture.png").stat().st_size > 0


def test_more_components_than_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert error_of(capsys, *CLUSTER, "-k", "61") == (
        "points.npy: 61 clusters need as many rows, but there are 60; choose -k between 1 and 60"
    )


def test_a_covariance_that_collapses(capsys: pytest.CaptureFixture[str]) -> None:
    np.save("flat.npy", np.repeat([[0.0, 0.0], [1.0, 1.0]], 9, axis=0))
    words = ("cluster", "flat.npy", "--algorithm", "gmm", "-k", "2", "--reg-covar", "0")
    assert error_of(capsys, *words).startswith("flat.npy: Fitting the mixture model failed because")
    assert cli.main([*words, "--on-collapse", "prior"]) == 0


@pytest.mark.jit
def test_digits_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cluster", "--algorithm", "gmm", "--covariance-type", "diag", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["parameters"]["n_components"] == len(report["clusters"]) == 10
