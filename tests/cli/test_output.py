"""Files that the shell writes: labels and pictures."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shell_helpers import error_of, run_shell

from scratchml import cli
from scratchml.cluster import KMeans
from scratchml.plot import ClusterDisplay

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


@pytest.mark.parametrize("option", ["--output", "--plot"])
@pytest.mark.parametrize("name", ["t.csv", "link", "hard"])
def test_the_input_is_never_overwritten(
    option: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text("1,2\n")
    if option == "--plot" or name != "t.csv":
        name += ".png" if option == "--plot" else ".csv"
        (os.link if name.startswith("hard") else os.symlink)("t.csv", name)
    assert error_of(capsys, "cluster", "t.csv", "-k", "1", option, name, "--force") == (
        f"{name}: is the file that is read; choose another name"
    )
    assert Path("t.csv").read_text() == "1,2\n"


def test_standard_input_is_never_overwritten() -> None:
    Path("t.csv").write_text("1,2\n")
    with Path("t.csv").open() as file:
        done = run_shell("cluster", "-", "--output", "t.csv", "--force", code=2, stdin=file)
    assert done.stderr == "error: t.csv: is the file that is read; choose another name\n"
    assert Path("t.csv").read_text() == "1,2\n"


def test_force_keeps_the_permissions() -> None:
    Path("labels.csv").touch(mode=0o600)
    assert cli.main(["cluster", "--output", "labels.csv", "--force"]) == 0
    assert stat.S_IMODE(Path("labels.csv").stat().st_mode) == 0o600
    assert Path("labels.csv").read_text().startswith("row,cluster\n")


def test_a_file_that_appears_meanwhile_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = KMeans.fit

    def slow_fit(self: KMeans, X: Any) -> KMeans:
        Path("labels.csv").write_text("theirs")
        return fit(self, X)

    monkeypatch.setattr(KMeans, "fit", slow_fit)
    assert error_of(capsys, "cluster", "--output", "labels.csv") == (
        "labels.csv: exists already; --force overwrites it"
    )
    assert os.listdir() == ["labels.csv"]
    assert Path("labels.csv").read_text() == "theirs"


def test_a_link_to_a_file_that_is_not_there_yet(capsys: pytest.CaptureFixture[str]) -> None:
    Path("link.csv").symlink_to("folder/labels.csv")
    folder = str(Path("folder").absolute())
    assert error_of(capsys, "cluster", "--output", "link.csv") == (
        f"link.csv: there is no folder {folder!r}"
    )
    Path("folder").mkdir()
    assert cli.main(["cluster", "--output", "link.csv"]) == 0
    assert os.listdir("folder") == ["labels.csv"]
    assert Path("link.csv").is_symlink()


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first_bytes"),
    [("clusters.png", b"\x89PNG"), ("clusters.svg", b"<?xml"), ("clusters.PDF", b"%PDF")],
)
def test_plot(
    name: str, first_bytes: bytes, points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("points.npy", points[:, :2])
    assert cli.main(["cluster", "points.npy", "-k", "4", "--plot", name]) == 0
    assert Path(name).read_bytes().startswith(first_bytes)
    assert capsys.readouterr().err == f"note: picture written to {name}\n"
    assert sorted(os.listdir()) == sorted([name, "points.npy"])


def test_plot_without_matplotlib(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.options, "find_spec", lambda name: None)
    assert error_of(capsys, "cluster", "--plot", "clusters.png") == (
        "--plot needs matplotlib: pip install 'scratchml[plot]'"
    )


@pytest.mark.parametrize(
    "error", [ValueError("of that"), OverflowError("of that")], ids=["value", "overflow"]
)
def test_a_picture_that_cannot_be_drawn_takes_nothing_else_away(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(ClusterDisplay, "from_estimator", fail)
    words = "cluster --output labels.csv --plot clusters.png --json"
    assert cli.main(words.split()) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["rows"] == 1797
    assert captured.err == (
        "note: labels written to labels.csv\nerror: clusters.png: could not be drawn: of that\n"
    )
    assert os.listdir() == ["labels.csv"]


def test_warnings_of_a_picture_are_notes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("\u4e2d,y\n1,2\n3,4\n", encoding="utf-8")
    assert cli.main(["cluster", "t.csv", "-k", "2", "--plot", "clusters.png"]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("note: Glyph 20013 ")
    assert last == "note: picture written to clusters.png"
