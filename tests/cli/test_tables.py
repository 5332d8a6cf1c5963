"""Tables: what is read from each kind of file, and one line for whatever cannot be used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from shell_helpers import error_of, read, run_shell

from scratchml import cli
from scratchml.cli import memory, text
from scratchml.cli.say import InputError
from scratchml.cli.tables import standardized
from scratchml.cluster import KMeans
from scratchml.core import environment

FIX = "fill in or remove such rows, or leave them out with --drop-missing"


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Text read as small files are, by NumPy, and as large ones are, by pyarrow."""
    monkeypatch.setattr(text, "_LARGE_BYTES", 0 if request.param == "large" else 2**40)
    return request.param


# --- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "columns", "values", "notes"),
    [
        pytest.param("t.csv", b"1,2\n3,4\n", None, [[1, 2], [3, 4]], [], id="no-header"),
        pytest.param("t.csv", b"x,y\n1,2\n3,4", ["x", "y"], [[1, 2], [3, 4]], [], id="header"),
        pytest.param("T.CSV", b"x\n1e3\n-.5\n", ["x"], [[1000], [-0.5]], [], id="one-column"),
        pytest.param("t.txt", b" 1 , 2\n", None, [[1, 2]], [], id="spaces"),
        pytest.param("t.csv", "1\n\u0661\n".encode(), None, [[1], [1]], [], id="other-digits"),
        pytest.param("t.csv", b"\n\nx,y\n1,2\n\n", ["x", "y"], [[1, 2]], [], id="blank-lines"),
        pytest.param("t.csv", b"x,x\n1,2\n", ["x", "x"], [[1, 2]], [], id="same-name-twice"),
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
    name: str,
    content: bytes,
    columns: list[str] | None,
    values: list,
    notes: list[str],
    size: str,
) -> None:
    Path(name).write_bytes(content)
    table = read(name)
    np.testing.assert_array_equal(table.values, np.array(values, dtype=float), strict=True)
    assert table.columns == tuple(map(str, range(len(values[0]))) if columns is None else columns)
    assert (table.id_name, list(table.ids)) == ("row", list(range(len(values))))
    assert (table.source, list(table.notes)) == (name, notes)


@pytest.mark.parametrize("digits", [3, 17, 25])
def test_both_ways_to_read_give_the_same_bits(digits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(digits).normal(size=(500, 3)) * np.logspace(-300, 300, 500)[:, None]
    np.savetxt("t.csv", X, delimiter=",", fmt=f"%.{digits}g", header="a,b,c", comments="")
    small = read("t.csv").values
    monkeypatch.setattr(text, "_LARGE_BYTES", 0)
    np.testing.assert_array_equal(read("t.csv").values, small, strict=True)
    np.testing.assert_array_equal(
        small, [[float(f"{value:.{digits}g}") for value in row] for row in X]
    )


def test_a_large_file_is_read_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("t.csv").write_text("x,y\n1,2\n")
    monkeypatch.setattr(text, "_LARGE_BYTES", 0)
    monkeypatch.setattr(text, "find_spec", lambda name: None)
    assert read("t.csv").values.tolist() == [[1, 2]]


@pytest.mark.parametrize("size", ["large"], indirect=True)
def test_nothing_ordinary_is_read_field_by_field(
    size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text.TextSource, "rows", None)
    source = text.TextSource(Path("t.csv"), ",", True, ("id", "x", "y"), (1, 2))
    Path("t.csv").write_text('id,x,y\r\n"a,b",1,NA\r\n"two\nlines","2.5",-3e-5\r\n')
    assert str(source.load((2, 1)).tolist()) == "[[nan, 1.0], [-3e-05, 2.5]]"


def test_ids_may_be_missing_or_repeated() -> None:
    Path("t.csv").write_text("id,x\na,1\n,2\na,3\n")
    table = read("t.csv", id="id")
    assert (table.id_name, list(table.ids)) == ("id", ["a", "", "a"])
    assert table.columns == ("x",)


@pytest.mark.parametrize("name", ["t.csv", "t.npy"])
def test_columns_by_position(name: str) -> None:
    X = np.arange(12.0).reshape(4, 3)
    if name == "t.npy":
        np.save(name, X)
    else:
        np.savetxt(name, X, delimiter=",")
    table = read(name, columns=("2", " 0"), id="1")
    np.testing.assert_array_equal(table.values, X[:, [2, 0]])
    assert table.columns == ("2", "0")
    assert (table.id_name, [float(value) for value in table.ids]) == ("1", [1, 4, 7, 10])


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        pytest.param({"columns": ("x",)}, "2 columns are called 'x'; rename them", id="twice"),
        pytest.param({"columns": ("y",)}, "not numbers: 'y'", id="text"),
        pytest.param(
            {"id": "z"}, "has no column 'z'; its columns are 'x', 'x', 'y'", id="unknown-id"
        ),
    ],
)
def test_unusable_columns(selection: dict[str, Any], message: str) -> None:
    Path("t.csv").write_text("x,x,y\n1,2,a\n")
    with pytest.raises(InputError, match=f"^t.csv: {re.escape(message)}$"):
        read("t.csv", **selection)


def test_gaps_in_columns_that_are_not_asked_for_do_no_harm(size: str) -> None:
    Path("t.csv").write_text("x,y\n1,\n2,3\n")
    assert read("t.csv", columns=("x",)).values.tolist() == [[1], [2]]


def test_drop_missing(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.tables, "_BLOCK_ELEMENTS", 2)
    Path("t.csv").write_text("x,y\n1,\n2,3\n?,5\n6,7\n")
    table = read("t.csv", drop_missing=True)
    assert table.values.tolist() == [[2, 3], [6, 7]]
    assert list(table.ids) == [1, 3]
    assert table.notes == (
        "left out 2 of 4 rows, having missing values: the first is row 0, column 'y' (counting"
        " from 0)",
    )


def test_drop_missing_leaves_nothing() -> None:
    Path("t.csv").write_text("x,y\n1,\n,1\n")
    with pytest.raises(InputError, match=r"^t.csv: every row has a missing value$"):
        read("t.csv", drop_missing=True)


# --- arrays -------------------------------------------------------------------------------------


def test_npy_is_mapped(points: np.ndarray) -> None:
    np.save("points.npy", points)
    table = read("points.npy")
    assert isinstance(table.values, np.memmap)
    np.testing.assert_array_equal(table.values, points)
    assert table.columns == ("0", "1", "2")


def test_npz_of_one_array(points: np.ndarray) -> None:
    np.savez_compressed("t.npz", points)
    table = read("t.npz")
    np.testing.assert_array_equal(table.values, points, strict=True)
    assert table.notes == ()


def test_npz_with_labels_beside_the_points(points: np.ndarray) -> None:
    np.savez("t.npz", X=points, y=np.zeros(60, int))
    table = read("t.npz")
    np.testing.assert_array_equal(table.values, points, strict=True)
    assert table.notes == ("took array 'X' of 'X' (60, 3) float64, 'y' (60,) int64",)


def test_parquet(points: np.ndarray) -> None:
    frame = polars.DataFrame(points, schema=["x", "y", "z"])
    frame = frame.with_columns(name=polars.Series([f"p{i}" for i in range(60)]), n=7)
    frame.write_parquet("t.parquet", row_group_size=17)
    table = read("t.parquet", id="name")
    expected = np.column_stack([points, np.full(60, 7)])
    np.testing.assert_array_equal(table.values, expected, strict=True)
    assert table.columns == ("x", "y", "z", "n")
    assert (table.id_name, table.ids[:2], table.notes) == ("name", ["p0", "p1"], ())


def test_parquet_of_single_precision_with_gaps() -> None:
    X = polars.DataFrame({"x": [1.0, None, 3.0], "y": [4.0, 5.0, 6.0]})
    X.cast(polars.Float32).write_parquet("t.parquet")
    table = read("t.parquet", drop_missing=True)
    expected = np.array([[1, 4], [3, 6]], dtype="f4")
    np.testing.assert_array_equal(table.values, expected, strict=True)
    assert list(table.ids) == [0, 2]


def test_parquet_without_pyarrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.parquet").touch()
    monkeypatch.setattr(cli.parquet, "find_spec", lambda name: None)
    assert error_of(capsys, "cluster", "t.parquet") == (
        "t.parquet: Parquet files need pyarrow: pip install 'scratchml[parquet]'"
    )


@pytest.mark.parametrize("kind", ["csv", "tsv", "npy", "npz", "parquet"])
def test_standard_input(kind: str, points: np.ndarray) -> None:
    if kind == "parquet":
        polars.DataFrame(points, schema=["x", "y", "z"]).write_parquet("t.parquet")
    elif kind in ("csv", "tsv"):
        np.savetxt(f"t.{kind}", points, delimiter="\t" if kind == "tsv" else ",", fmt="%.17g")
    else:
        (np.save if kind == "npy" else np.savez)(f"t.{kind}", points)
    with Path(f"t.{kind}").open("rb") as file:
        done = run_shell("cluster", "-", "-k", "4", "--json", stdin=file)
    report = json.loads(done.stdout)
    assert (report["source"], report["rows"]) == ("standard input", 60)
    assert report["inertia"] == KMeans(4, random_state=0).fit(points).inertia_


def test_empty_standard_input() -> None:
    done = run_shell("cluster", "-", code=2, input="")
    assert (done.stdout, done.stderr) == ("", "error: standard input: is empty\n")


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
        standardized(table)


def test_infinity_cannot_be_standardized(points: np.ndarray) -> None:
    points[7, 1] = np.inf
    np.save("t.npy", points)
    message = "t.npy: holds infinity, which has no standard deviation"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        standardized(read("t.npy"))


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
