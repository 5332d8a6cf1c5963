"""The shell: what it prints, what it writes, and one line for whatever it cannot use."""

from __future__ import annotations

import errno
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import scratchml
from scratchml import cli
from scratchml.cluster import KMeans
from scratchml.datasets import load_digits, make_blobs

FIX = "fill in or remove such rows"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def points() -> np.ndarray:
    X, _ = make_blobs(n_samples=60, n_features=3, centers=4, random_state=3)
    return X


def run_process(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``python -m scratchml`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scratchml", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    return done


def run_python(code: str) -> str:
    """Run `code` in a fresh interpreter; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the shell on something it cannot use; return the one line it says, without "error: "."""
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("error: ").removesuffix("\n")


def read_report(output: str) -> tuple[dict[str, str], list[list[str]]]:
    """Take a printed report apart: the summary by name, the rows of the table of clusters."""
    top, bottom = output.split("cluster   size   share %   mean distance")
    pairs = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in top.splitlines())
    summary = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    rows = [line.split() for line in bottom.splitlines() if re.match(r"\s*\d", line)]
    return summary, rows


def expected_rows(X: np.ndarray, model: KMeans) -> list[list[str]]:
    """Rows of the table of clusters, by the definition of each column."""
    rows = []
    for cluster, center in enumerate(model.cluster_centers_):
        members = X[model.labels_ == cluster]
        distance = np.linalg.norm(members - center, axis=1).mean()
        share = 100 * len(members) / len(X)
        rows.append([str(cluster), str(len(members)), f"{share:.1f}", f"{distance:.6g}"])
    return rows


# --- as a process -------------------------------------------------------------------------------


def test_digits_without_a_file() -> None:
    done = run_process("cluster")
    X = load_digits().data
    model = KMeans(n_clusters=10, random_state=0).fit(X)
    summary, rows = read_report(done.stdout)
    assert float(summary.pop("seconds")) > 0
    assert summary == {
        "source": "digits (embedded)",
        "rows": "1797",
        "features": "64",
        "k": "10",
        "iterations": str(model.n_iter_),
        "inertia": f"{model.inertia_:.8g}",
    }
    assert rows == expected_rows(X, model)
    assert done.stderr == ""


def test_csv_to_labels(points: np.ndarray) -> None:
    np.savetxt("points.csv", points, delimiter=",", header="x,y,z", comments="", fmt="%.17g")
    done = run_process("cluster", "points.csv", "-k", "4", "--seed", "5", "--output", "labels.csv")
    model = KMeans(n_clusters=4, random_state=5).fit(points)
    summary, rows = read_report(done.stdout)
    assert (summary["source"], summary["rows"], summary["k"]) == ("points.csv", "60", "4")
    assert rows == expected_rows(points, model)
    assert done.stderr == "note: labels written to labels.csv\n"
    lines = [f"{row},{label}\n" for row, label in enumerate(model.labels_)]
    assert Path("labels.csv").read_bytes().decode() == "row,cluster\n" + "".join(lines)
    assert sorted(os.listdir()) == ["labels.csv", "points.csv"]


def test_bad_input_of_a_process() -> None:
    done = run_process("cluster", "nowhere.csv", code=2)
    assert done.stdout == ""
    assert done.stderr == "error: nowhere.csv: No such file or directory\n"


def test_version() -> None:
    assert run_process("--version").stdout == f"scratchml, version {scratchml.__version__}\n"


def test_import_is_light() -> None:
    heavy = "{'numba', 'scipy', 'click', 'rich', 'sklearn'}"
    assert run_python(f"import sys, scratchml.cli; print({heavy} & {{*sys.modules}})") == "set()"


def test_reading_and_help_load_no_compiler() -> None:
    code = (
        "import sys; from scratchml.cli import main; main(['cluster', '--help']);"
        "print({'numba', 'scipy', 'rich'} & {*sys.modules})"
    )
    assert run_python(code).endswith("\nset()")


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
    monkeypatch.setattr(cli.jobs.time, "perf_counter", lambda: clock[0])
    np.save("points.npy", points)
    assert cli.main(["cluster", "points.npy"]) == 0
    assert read_report(capsys.readouterr().out)[0]["seconds"] == "1.2500"


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i4", "f2", "longdouble"])
def test_mean_distances(points: np.ndarray, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.tables, "_BLOCK_ELEMENTS", 21)
    X = points.astype(dtype)
    labels = np.arange(60) % 4
    centers = points[:5].astype("f4" if dtype == "f4" else "f8")
    distances = np.linalg.norm(X.astype("f8") - centers[labels], axis=1)
    expected = [distances[labels == cluster].mean() for cluster in range(4)]
    np.testing.assert_allclose(
        cli.jobs.mean_distances(X, labels, centers), [*expected, math.nan], rtol=1e-12
    )


def test_help_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["--help"]) == 0
    assert capsys.readouterr().out == alone
    assert "cluster  Cluster the rows of FILE with K-means." in alone


def test_help_of_cluster() -> None:
    result = CliRunner().invoke(cli.build_cli(), ["cluster", "--help"], prog_name="scratchml")
    assert result.exit_code == 0
    for said in (
        *cli.tables._READERS,
        "  scratchml cluster points.npy -k 20 --seed 7 --output labels.csv --force\n",
        "The exit code is 0, 2 for input that cannot be used, 130 after Ctrl-C.",
    ):
        assert said in result.output


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "columns", "values", "notes"),
    [
        pytest.param("t.csv", b"1,2\n3,4\n", None, [[1, 2], [3, 4]], [], id="no-header"),
        pytest.param("t.csv", b"x,y\n1,2\n3,4", ["x", "y"], [[1, 2], [3, 4]], [], id="header"),
        pytest.param("T.CSV", b"x\n1e3\n-.5\n", ["x"], [[1000], [-0.5]], [], id="one-column"),
        pytest.param("t.txt", b" 1 , 2\n", None, [[1, 2]], [], id="spaces"),
        pytest.param("t.tsv", b"a b\tc,d\n1\t2\n", ["a b", "c,d"], [[1, 2]], [], id="tabs"),
        pytest.param(
            "t.csv", b"\xef\xbb\xbfx,y\r\n1,2\r\n\r\n", ["x", "y"], [[1, 2]], [], id="bom-crlf"
        ),
        pytest.param("t.csv", b"\xef\xbb\xbf1,2\n", None, [[1, 2]], [], id="bom-no-header"),
        pytest.param(
            "t.csv",
            '"x, ""m""","h\u00f6\nhe"\n"1",2\n'.encode(),
            ['x, "m"', "h\u00f6\nhe"],
            [[1, 2]],
            [],
            id="quoted",
        ),
        pytest.param(
            "t.csv",
            b'id,x,name\na1,1,"Smith, J"\n7,2,"two\nlines"\n',
            ["x"],
            [[1], [2]],
            ["left out, not being numbers: 'id', 'name'"],
            id="text-left-out",
        ),
        pytest.param(
            "t.csv",
            b"x,,y\n1,,2\n3,NA,4\n",
            ["x", "y"],
            [[1, 2], [3, 4]],
            ["left out, not being numbers: 'unnamed 1'"],
            id="empty-column",
        ),
        pytest.param(
            "t.csv",
            ",".join(f"c{i}" for i in range(11)).encode() + b"\n" + b"t," * 10 + b"1\n",
            ["c10"],
            [[1]],
            [
                "left out, not being numbers:"
                " 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7' and 2 more"
            ],
            id="many-left-out",
        ),
        pytest.param(
            "t.csv",
            b"5.1,setosa\n4.9,setosa\n",
            ["5.1"],
            [[4.9]],
            [
                "the first line was read as column names, though it holds numbers too",
                "left out, not being numbers: 'setosa'",
            ],
            id="numbers-in-header",
        ),
    ],
)
def test_text(
    name: str, content: bytes, columns: list[str] | None, values: list, notes: list[str]
) -> None:
    Path(name).write_bytes(content)
    table = cli.read_table(Path(name))
    np.testing.assert_array_equal(table.values, np.array(values, dtype=float), strict=True)
    assert table.columns == (None if columns is None else tuple(columns))
    assert (table.source, list(table.notes)) == (name, notes)


def test_notes_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("id,x\na,1\nb,2\n")
    assert cli.main(["cluster", "t.csv", "-k", "1"]) == 0
    assert capsys.readouterr().err == "note: left out, not being numbers: 'id'\n"


def test_npy_is_mapped(points: np.ndarray) -> None:
    np.save("points.npy", points)
    table = cli.read_table(Path("points.npy"))
    assert isinstance(table.values, np.memmap)
    np.testing.assert_array_equal(table.values, points)
    assert table.columns is None


# --- what cannot be used ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("t.csv", b"", "is empty", id="empty"),
        pytest.param("t.csv", b"\r\n\n", "is empty", id="blank-lines"),
        pytest.param("t.csv", b"x,y\n", "has column names but no rows", id="no-rows"),
        pytest.param(
            "t.csv",
            b"name,city\na,b\n",
            "no column holds numbers; its columns, separated by ',', are 'name', 'city'",
            id="no-numbers",
        ),
        pytest.param(
            "t.csv",
            b"x,y\n1,2\n3,\n ,nan\n",
            f"3 missing values, the first in row 1, column 'y' (counting from 0); {FIX}",
            id="missing",
        ),
        pytest.param(
            "t.csv",
            b"x,y\n1,2\n3,NaN\n",
            f"1 missing value, in row 1, column 'y' (counting from 0); {FIX}",
            id="nan",
        ),
        pytest.param(
            "t.csv",
            b"1,,2\n3,4,n/a\n",
            f"2 missing values, the first in row 0, column '1' (counting from 0); {FIX}",
            id="missing-without-names",
        ),
        pytest.param(
            "t.csv",
            b"x,y\n1,2\n3,abc\n",
            "row 1, column 'y' (counting from 0): 'abc' is not a number",
            id="text-below-numbers",
        ),
        pytest.param(
            "t.csv",
            b"x\n1\n1_000\n",
            "row 1, column 'x' (counting from 0): '1_000' is not a number",
            id="underscore",
        ),
        pytest.param(
            "t.csv",
            b"1,2\n3,4,5\n",
            "row 1 (counting from 0) has 3 fields, the first line has 2",
            id="long-row",
        ),
        pytest.param(
            "t.csv",
            b"x,y,z\n1,2\n",
            "row 0 (counting from 0) has 2 fields, the first line has 3",
            id="short-row",
        ),
        pytest.param(
            "t.csv",
            b"name,x\na,1\nSmith, J,2\n",
            "row 1 (counting from 0) has 3 fields, the first line has 2",
            id="long-row-beside-text",
        ),
        pytest.param(
            "t.csv", b"\xff\xfe1\x00", "is not UTF-8 text (invalid start byte)", id="utf-16"
        ),
        pytest.param(
            "t.csv",
            b"x,y\n1,2\n" + b"3,4\n" * 10_000 + b"3,\xff\n",
            "is not UTF-8 text (invalid start byte)",
            id="not-utf-8-far-down",
        ),
        pytest.param(
            "t.csv",
            b"x\n" + b"1" * 200_000 + b"\n",
            "field larger than field limit (131072)",
            id="huge-field",
        ),
        pytest.param(
            "t.csv",
            "1\n\u0661\n".encode(),
            "could not convert string '\u0661' to float64 at row 1, column 1.",
            id="other-digits",
        ),
        pytest.param(
            "t.csv",
            b"1\ninf\n",
            "Input X contains infinity or a value too large for dtype('float64').",
            id="infinity",
        ),
        pytest.param(
            "t.json",
            b"{}",
            "unknown extension '.json'; it must be one of .csv, .txt, .tsv, .npy",
            id="extension",
        ),
        pytest.param(
            "t.npy",
            b"",
            "not readable as an array of numbers:"
            " EOF: reading magic string, expected 8 bytes got 0",
            id="empty-npy",
        ),
        pytest.param(
            "t.npy",
            b"hello, world",
            "not readable as an array of numbers: the magic string is not correct;"
            " expected b'\\x93NUMPY', got b'hello,'",
            id="no-npy",
        ),
    ],
)
def test_unusable_file(
    name: str, content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(content)
    assert error_of(capsys, "cluster", name, "-k", "1") == f"{name}: {message}"


SHAPE = "but a 2-D one (rows, columns) is needed; save"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(
            np.arange(5.0), f"holds a 1-D array, {SHAPE} X.reshape(-1, 1) instead", id="1-d"
        ),
        pytest.param(
            np.zeros((2, 3, 3)),
            f"holds a 3-D array, {SHAPE} X.reshape(len(X), -1) instead",
            id="3-d",
        ),
        pytest.param(
            np.array([[1, "a"]], dtype=object),
            "not readable as an array of numbers:"
            " Array can't be memory-mapped: Python objects in dtype.",
            id="object",
        ),
        pytest.param(
            np.zeros((2, 2), complex),
            "holds values of type complex128, not real numbers",
            id="complex",
        ),
        pytest.param(np.array([["a"]]), "holds values of type <U1, not real numbers", id="strings"),
        pytest.param(np.zeros((0, 3)), "is empty: its shape is (0, 3)", id="no-rows"),
        pytest.param(np.zeros((3, 0)), "is empty: its shape is (3, 0)", id="no-columns"),
        pytest.param(
            np.array([[1, 2], [3, np.nan], [np.nan, np.nan]]),
            f"3 missing values, the first in row 1, column '1' (counting from 0); {FIX}",
            id="nan",
        ),
    ],
)
def test_unusable_array(
    array: np.ndarray,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli.tables, "_BLOCK_ELEMENTS", 2)
    np.save("array.npy", array)
    assert error_of(capsys, "cluster", "array.npy") == f"array.npy: {message}"


def test_truncated_npy(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("cut.npy", points)
    path = Path("cut.npy")
    path.write_bytes(path.read_bytes()[:-1])
    assert error_of(capsys, "cluster", "cut.npy") == (
        "cut.npy: not readable as an array of numbers: mmap length is greater than file size"
    )


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
        pytest.param(
            ["-k", "0"], "Invalid value for '-k': 0 is not in the range x>=1.", id="k-zero"
        ),
        pytest.param(
            ["-k", "two"],
            "Invalid value for '-k': 'two' is not a valid integer range.",
            id="k-word",
        ),
        pytest.param(
            ["--seed", "-1"],
            "Invalid value for '--seed': -1 is not in the range 0<=x<=4294967295.",
            id="seed-negative",
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
    assert error_of(capsys, "cluster", *arguments) == message
    assert Path("three.csv").read_text() == "1\n2\n3\n"


def test_closed_folder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind a superuser, whom the suite may run as.
    monkeypatch.setattr(cli.jobs.os, "access", lambda path, mode: False)
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
        "The shell needs two small packages: pip install 'scratchml[cli]'\n",
    )


# --- writing and stopping -----------------------------------------------------------------------


def test_force_overwrites_what_a_link_points_to(points: np.ndarray) -> None:
    np.save("points.npy", points)
    Path("old.csv").write_text("old")
    Path("link.csv").symlink_to("old.csv")
    assert cli.main(["cluster", "points.npy", "--output", "link.csv", "--force"]) == 0
    assert Path("link.csv").is_symlink()
    assert Path("old.csv").read_text().startswith("row,cluster\n0,")
    assert sorted(os.listdir()) == ["link.csv", "old.csv", "points.npy"]


def test_labels_are_written_whole_or_not_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", fail)
    Path("labels.csv").write_text("old")
    assert error_of(capsys, "cluster", "--output", "labels.csv", "--force") == (
        "labels.csv: No space left on device"
    )
    assert os.listdir() == ["labels.csv"]
    assert Path("labels.csv").read_text() == "old"


def test_interrupt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(self: KMeans, X: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(KMeans, "fit", fit)
    assert cli.main(["cluster", "--output", "labels.csv"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "")
    assert os.listdir() == []
