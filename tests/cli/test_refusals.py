"""``scratchml cluster``: one line for what it cannot do."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from shell_helpers import error_of

from scratchml import cli
from scratchml.cli.registry import ALGORITHMS
from scratchml.cluster import KMeans


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "nowhere: No such file or directory", id="no-file"),
        pytest.param(["folder"], "folder: is a directory", id="folder"),
        pytest.param(["folder.csv"], "folder.csv: is a directory", id="folder.csv"),
        pytest.param(
            ["three.csv"],
            "three.csv: 8 clusters need as many rows, but there are 3; choose -k between 1 and 3",
            id="default-k-too-large",
        ),
        pytest.param(
            ["-k", "1798"],
            "digits (embedded): 1798 clusters need as many rows, but there are 1797;"
            " choose -k between 1 and 1797",
            id="k-too-large",
        ),
        pytest.param(["-k", "0"], "-k must be an int in the range [1, inf), got '0'", id="k-zero"),
        pytest.param(
            ["-k", "two"], "-k must be an int in the range [1, inf), got 'two'", id="k-word"
        ),
        pytest.param(
            ["--seed", "-1"],
            "--seed must be an int in the range [0, 4294967295] or None, got '-1'",
            id="seed-negative",
        ),
        pytest.param(
            ["--tol", "nan"], "--tol must be a float in the range [0.0, inf), got 'nan'", id="nan"
        ),
        pytest.param(
            ["--variant", "fast"],
            "--variant must be a str among {'auto', 'elkan', 'hamerly', 'lloyd', 'yinyang'},"
            " got 'fast'",
            id="option",
        ),
        pytest.param(
            ["--algorithm", "k-menas"],
            "Invalid value for '--algorithm': 'k-menas' is not one of "
            f"{', '.join(map(repr, ALGORITHMS))}.",
            id="algorithm",
        ),
        pytest.param(
            ["three.csv", "--columns", "x"],
            "three.csv: has no column 'x'; its columns have no names, only positions: '0'",
            id="column",
        ),
        pytest.param(
            ["--columns", "pixel_0_0,pixel_0_0"],
            "digits (embedded): chosen more than once: 'pixel_0_0'",
            id="column-twice",
        ),
        pytest.param(
            ["--columns", ""], "Invalid value for '--columns': names no column", id="columns-none"
        ),
        pytest.param(
            ["--columns", "a\nb"],
            "Invalid value for '--columns': 'a\\nb': new-line character seen in unquoted field - do"
            " you need to open the file in universal-newline mode?",
            id="columns-lines",
        ),
        pytest.param(
            ["--delimiter", "::"],
            "Invalid value for '--delimiter': '::' is not a character that may separate fields",
            id="delimiter-long",
        ),
        pytest.param(
            ["--delimiter", '"'],
            "Invalid value for '--delimiter': '\"' is not a character that may separate fields",
            id="delimiter-quote",
        ),
        pytest.param(
            ["three.csv", "--id", "0"],
            "three.csv: no column holds numbers besides the one of the ids",
            id="id-alone",
        ),
        pytest.param(
            ["--output", "labels.json"],
            "labels.json: unknown extension '.json'; it must be one of .csv, .txt, .tsv",
            id="output-extension",
        ),
        pytest.param(
            ["--plot", "clusters.csv"],
            "clusters.csv: unknown extension '.csv'; it must be one of .png, .svg, .pdf, .jpg",
            id="plot-extension",
        ),
        pytest.param(
            ["--plot", "old.png"],
            "old.png: exists already; --force overwrites it",
            id="plot-exists",
        ),
        pytest.param(
            ["three.csv", "more.csv"],
            "Got unexpected extra argument (more.csv)",
            id="two-files",
        ),
        pytest.param(
            ["--output", "absent/labels.csv"],
            "absent/labels.csv: there is no folder 'absent'",
            id="output-no-folder",
        ),
        pytest.param(
            ["--output", "three.csv/labels.csv"],
            "three.csv/labels.csv: there is no folder 'three.csv'",
            id="output-in-file",
        ),
        pytest.param(
            ["--output", "folder", "--force"], "folder: is not a file", id="output-folder"
        ),
        pytest.param(
            ["--output", "three.csv"],
            "three.csv: exists already; --force overwrites it",
            id="output-exists",
        ),
    ],
)
def test_unusable_arguments(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("folder").mkdir()
    Path("folder.csv").mkdir()
    Path("three.csv").write_text("1\n2\n3\n")
    Path("old.png").touch()
    assert error_of(capsys, "cluster", *arguments) == message
    assert Path("three.csv").read_text() == "1\n2\n3\n"


def test_closed_folder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind a superuser, whom the suite may run as.
    monkeypatch.setattr(cli.output.os, "access", lambda path, mode: False)
    assert error_of(capsys, "cluster", "--output", "labels.csv") == (
        "labels.csv: the folder '.' is not writable"
    )


def test_unreadable_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "closed.csv")

    Path("closed.csv").touch()
    monkeypatch.setattr(Path, "open", refuse)
    assert error_of(capsys, "cluster", "closed.csv") == "closed.csv: Permission denied"


def test_out_of_memory(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(self: KMeans, X: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(KMeans, "fit", fit)
    assert error_of(capsys, "cluster") == "not enough memory"


@pytest.mark.parametrize("package", ["click", "rich"])
def test_missing_package(
    package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert cli.main(["cluster"]) == 2
    assert capsys.readouterr() == (
        "",
        "The shell needs a few packages: pip install 'scratchml[cli]'\n",
    )
