"""One line for whatever file cannot be used."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np
import polars
import pyarrow
import pytest
from pyarrow import parquet
from shell_helpers import error_of, run_shell

from scratchml import cli
from scratchml.cli import text
from scratchml.cli.say import InputError

FIX = "fill in or remove such rows, or leave them out with --drop-missing"


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
            b"a;b\n1;2\n",
            "no column holds numbers; its columns, separated by ',', are 'a;b'; if they are"
            " separated by ';', say --delimiter ';'",
            id="semicolons",
        ),
        pytest.param(
            "t.csv",
            b"1\t2\n3\t4\n",
            "no column holds numbers; its columns, separated by ',', are '1\\t2'; if they are"
            " separated by '\\t', say --delimiter tab",
            id="tabs",
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
            b"1\ninf\n",
            "Input X contains infinity or a value too large for dtype('float64').",
            id="infinity",
        ),
        pytest.param(
            "t.json",
            b"{}",
            "unknown extension '.json'; it must be one of .csv, .txt, .tsv, .parquet, .npy, .npz",
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
    name: str, content: bytes, message: str, size: str, capsys: pytest.CaptureFixture[str]
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


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        pytest.param(
            {"a": np.ones((2, 2)), "b": np.ones((3, 2), "f4")},
            "holds several 2-D arrays of numbers among 'a' (2, 2) float64, 'b' (3, 2) float32; save"
            " the one you mean as .npy",
            id="two",
        ),
        pytest.param(
            {"a": np.ones(2)},
            "holds no 2-D array of numbers among 'a' (2,) float64; save the one you mean as .npy",
            id="1-d",
        ),
        pytest.param(
            {},
            "holds no 2-D array of numbers among nothing; save the one you mean as .npy",
            id="nothing",
        ),
    ],
)
def test_unusable_archive(
    arrays: dict[str, np.ndarray], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez("t.npz", **arrays)
    assert error_of(capsys, "cluster", "t.npz") == f"t.npz: {message}"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        pytest.param(
            polars.DataFrame({"x": ["a"]}),
            "no column holds numbers; its columns are 'x'",
            id="text",
        ),
        pytest.param(
            polars.DataFrame({"x": [1.0]}).clear(), "has column names but no rows", id="no-rows"
        ),
        pytest.param(
            polars.DataFrame({"x": [1.0, None]}),
            f"1 missing value, in row 1, column 'x' (counting from 0); {FIX}",
            id="missing",
        ),
    ],
)
def test_unusable_parquet(
    frame: polars.DataFrame, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    frame.write_parquet("t.parquet")
    assert error_of(capsys, "cluster", "t.parquet") == f"t.parquet: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"id,x\na,1\n\xff,2\n", "is not UTF-8 text (invalid start byte)", id="not-utf-8"
        ),
        pytest.param(
            b"id,x\na,1\n" + b"b" * 200_000 + b",2\n",
            "field larger than field limit (131072)",
            id="huge-field",
        ),
    ],
)
def test_unusable_ids(content: bytes, message: str, size: str) -> None:
    """What is wrong with the ids alone is found when they are read."""
    Path("t.csv").write_bytes(content)
    source = text.TextSource(Path("t.csv"), ",", True, ("id", "x"), (1,))
    if "UTF-8" not in message and size == "large":
        assert len(source.texts(0)) == 2  # Arrow has no such limit
        return
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        source.texts(0)


@pytest.mark.parametrize("piped", [False, True], ids=["file", "piped"])
def test_gzip(piped: bool) -> None:
    Path("t.csv.gz").write_bytes(gzip.compress(b"1,2\n"))
    with Path("t.csv.gz").open("rb") as file:
        done = run_shell("cluster", "-" if piped else "t.csv.gz", code=2, stdin=file)
    assert done.stderr == (
        f"error: {'standard input' if piped else 't.csv.gz'}: is compressed; let zcat decompress it"
        " into standard input: zcat FILE.gz | scratchml ... -\n"
    )


def test_a_delimiter_is_for_text(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("t.npy", points)
    assert error_of(capsys, "cluster", "t.npy", "--delimiter", ";") == (
        "t.npy: is not a text file, so that --delimiter means nothing"
    )


# --- damage -------------------------------------------------------------------------------------


def damage(name: str, old: bytes, new: bytes) -> None:
    content = Path(name).read_bytes()
    assert old in content
    Path(name).write_bytes(content.replace(old, new))


def test_npy_with_a_damaged_header(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("t.npy", points)
    damage("t.npy", b"(60, 3)", b"(60, 3(")
    message = error_of(capsys, "cluster", "t.npy")
    assert message.startswith("t.npy: not readable as an array of numbers: ")
    assert "EOF in multi-line statement" in message


@pytest.mark.parametrize(
    ("offset", "new", "reason"),
    [
        # Place in the local header, and two bytes further in that of the directory.
        pytest.param(6, 1, "File 'arr_0.npy' is encrypted, password required", id="encrypted"),
        pytest.param(8, 97, "That compression method is not supported", id="method"),
    ],
)
def test_npz_of_another_kind(
    offset: int, new: int, reason: str, points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez("t.npz", points)
    content = bytearray(Path("t.npz").read_bytes())
    content[offset] = content[content.rindex(b"PK\x01\x02") + 2 + offset] = new
    Path("t.npz").write_bytes(content)
    message = error_of(capsys, "cluster", "t.npz")
    assert message.startswith(f"t.npz: not readable as an archive of arrays: {reason}")


def test_npz_whose_data_are_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    np.savez_compressed("t.npz", np.random.default_rng(0).normal(size=(20_000, 3)))
    content = bytearray(Path("t.npz").read_bytes())
    middle = len(content) // 2
    for place in range(middle, middle + 1000):
        content[place] ^= 0xFF
    Path("t.npz").write_bytes(content)
    with np.load("t.npz") as arrays, pytest.raises((zlib.error, zipfile.BadZipFile)):
        arrays["arr_0"]
    message = error_of(capsys, "cluster", "t.npz")
    assert message.startswith("t.npz: not readable as an archive of arrays: ")


@pytest.mark.parametrize(
    ("column", "compression", "reason"),
    [
        ("x", "gzip", "GZipCodec failed: "),
        ("id", "snappy", "Corrupt snappy compressed data."),
        ("id", "none", "not readable as Parquet: 'utf-8' codec can't decode byte "),
    ],
)
def test_parquet_whose_data_are_damaged(
    column: str,
    compression: str,
    reason: str,
    points: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = {"x": points[:, 0], "id": [f"p{i}" for i in range(60)]}
    parquet.write_table(
        pyarrow.table(columns), "t.parquet", use_dictionary=False, compression=compression
    )
    group = parquet.read_metadata("t.parquet").row_group(0)
    damaged = group.column(list(columns).index(column))
    content = bytearray(Path("t.parquet").read_bytes())
    end = damaged.data_page_offset + damaged.total_compressed_size
    for place in range(end - 100, end):
        # The length of a string keeps its other bytes, which are zeros.
        content[place] ^= 0xFF if compression != "none" or content[place] > 9 else 0
    Path("t.parquet").write_bytes(content)
    message = error_of(capsys, "cluster", "t.parquet", "--id", "id")
    assert message.startswith(f"t.parquet: {reason}")


def test_parquet_that_is_damaged_at_its_end(
    points: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    parquet.write_table(pyarrow.table({"x": points[:, 0]}), "t.parquet")
    Path("t.parquet").write_bytes(Path("t.parquet").read_bytes()[:-1])
    message = error_of(capsys, "cluster", "t.parquet")
    assert message.startswith("t.parquet: not readable as Parquet: Parquet magic bytes not found ")


@pytest.mark.parametrize("name", ["t.parquet", "t.npz"])
def test_damaged_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_bytes(b"PAR1PK\x03\x04")
    assert error_of(capsys, "cluster", name).startswith(f"{name}: not readable as ")


def test_truncated_npy(points: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("cut.npy", points)
    path = Path("cut.npy")
    path.write_bytes(path.read_bytes()[:-1])
    assert error_of(capsys, "cluster", "cut.npy") == (
        "cut.npy: not readable as an array of numbers: mmap length is greater than file size"
    )
