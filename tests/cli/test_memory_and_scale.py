"""Tables that are larger than memory, and columns brought to one scale."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import polars
import pytest
from shell_helpers import error_of, read

from scratchml import cli
from scratchml.cli import memory, output, storage, tables
from scratchml.cli.say import InputError
from scratchml.cli.standardize import standardized
from scratchml.cluster import MiniBatchKMeans
from scratchml.core import environment

# --- memory -------------------------------------------------------------------------------------


def test_a_text_file_larger_than_memory(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("big.csv").open("wb") as file:
        file.write(b"1.5,2.5\n" * 32768)  # the rest of the file is a hole
        file.truncate(10**12)
    message = error_of(capsys, "cluster", "big.csv")
    assert re.fullmatch(
        r"big\.csv: reading about 1\.25e\+11 rows of 2 numbers would take about 4 TB of memory,"
        r" and [\d.]+ [MG]B are free; convert it to a \.npy file, which is read from disk as"
        r" needed, or choose --columns",
        message,
    )


@pytest.mark.parametrize(
    ("array", "is_refused"),
    [
        pytest.param(np.ones((50, 4)), False, id="as-it-is"),
        pytest.param(np.ones((50, 4), "f4"), False, id="single"),
        pytest.param(np.ones((50, 4), int), True, id="integers"),
        pytest.param(np.asfortranarray(np.ones((50, 4))), True, id="columns"),
    ],
)
def test_an_array_larger_than_memory(
    array: np.ndarray, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "memory", lambda: {"available": 1000})
    np.save("t.npy", array)
    if not is_refused:
        np.testing.assert_array_equal(read("t.npy").values, array)
        return
    message = (
        "t.npy: a copy of 50 rows of 4 numbers would take about 1.6 kB of memory, and 1 kB are"
        " free; save what you need of it as float32 or float64 in row order, which is read from"
        " disk as needed"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read("t.npy")


def test_other_ways_to_need_memory(monkeypatch: pytest.MonkeyPatch, points: np.ndarray) -> None:
    np.save("t.npy", points)
    np.savez_compressed("t.npz", points)
    polars.DataFrame(points).write_parquet("t.parquet")
    table = read("t.npy")
    monkeypatch.setattr(environment, "memory", lambda: {"available": 1000})
    for name in ("t.npz", "t.parquet"):
        with pytest.raises(InputError, match=r"would take about .* and 1 kB are free"):
            read(name)
    with pytest.raises(InputError, match=r"^t.npy: standardizing 60 rows of 3 numbers would take"):
        standardized(table, ExitStack())


def test_ids_larger_than_memory(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("t.csv").write_text("id,x\n" + "a,1\n" * 60)
    monkeypatch.setattr(environment, "memory", lambda: {"available": 3000})
    assert len(read("t.csv").values) == 60
    with pytest.raises(InputError, match=r"^t.csv: reading about 61 ids would take about 4.88 kB"):
        read("t.csv", id="id")


@pytest.mark.parametrize("factor", [1e-310, 1e-200, 2.0**-60, 3.0, 1e200, 1e307])
def test_standardized_whatever_the_scale(factor: float, points: np.ndarray) -> None:
    points[:, 2] = 1.0  # constant
    np.save("t.npy", points / np.abs(points).max())
    np.save("scaled.npy", np.load("t.npy") * factor)
    expected, scaled = (
        standardized(read(name), ExitStack()).values for name in ("t.npy", "scaled.npy")
    )
    # Denormal numbers have few bits.
    np.testing.assert_allclose(scaled, expected, rtol=1e-3 if factor == 1e-310 else 1e-11)
    if np.frexp(factor)[0] == 0.5:
        np.testing.assert_array_equal(scaled, expected)


def test_infinity_cannot_be_standardized(points: np.ndarray) -> None:
    points[7, 1] = np.inf
    np.save("t.npy", points)
    message = "t.npy: holds infinity, which has no standard deviation"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        standardized(read("t.npy"), ExitStack())


def test_many_rows_of_a_mapped_file_stay_in_a_file(
    monkeypatch: pytest.MonkeyPatch, points: np.ndarray
) -> None:
    points[4, 1] = np.nan
    np.save("t.npy", points)
    in_memory = standardized(read("t.npy", drop_missing=True), ExitStack()).values
    monkeypatch.setattr(storage, "MOST_IN_MEMORY", 100)
    monkeypatch.setattr(tables, "_BLOCK_ELEMENTS", 21)
    with ExitStack() as resources:
        path = Path("t.npy").resolve()
        table = tables.read_table(path, tables.Selection(drop_missing=True), resources)
        assert isinstance(table.values, np.memmap)
        np.testing.assert_array_equal(table.values, np.delete(points, 4, axis=0))
        mapped = standardized(table, resources).values
        assert isinstance(mapped, np.memmap)
        np.testing.assert_allclose(mapped, in_memory, rtol=1e-12)
        folders = [Path(str(values.filename)).parent for values in (table.values, mapped)]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_no_room_for_a_file(monkeypatch: pytest.MonkeyPatch, points: np.ndarray) -> None:
    np.save("t.npy", points)
    table = read("t.npy")
    monkeypatch.setattr(storage, "MOST_IN_MEMORY", 100)
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    message = (
        r"^t\.npy: standardizing 60 rows of 3 numbers takes 1\.44 kB in .*, where 1 kB are free"
    )
    with ExitStack() as resources, pytest.raises(InputError, match=message):
        standardized(table, resources)


def test_labels_of_a_mapped_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, points: np.ndarray
) -> None:
    np.save("t.npy", points)
    monkeypatch.setattr(output, "_BLOCK_LENGTH", 7)
    monkeypatch.setattr(tables, "_BLOCK_ELEMENTS", 21)
    arguments = ["cluster", "t.npy", "--algorithm", "minibatch-kmeans", "-k", "3"]
    assert cli.main([*arguments, "--output", "labels.csv", "--json"]) == 0
    labels = MiniBatchKMeans(3, random_state=0).fit(points).labels_
    lines = ["row,cluster", *(f"{row},{label}" for row, label in enumerate(labels.tolist()))]
    assert Path("labels.csv").read_text().splitlines() == lines
    clusters = json.loads(capsys.readouterr().out)["clusters"]
    assert [c["size"] for c in clusters] == np.bincount(labels, minlength=3).tolist()


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1 kB"),
        (123_456, "123 kB"),
        (5e9, "5 GB"),
        (2e15, "2e+03 TB"),
    ],
)
def test_readable_bytes(n_bytes: float, text: str) -> None:
    assert memory.readable_bytes(n_bytes) == text
