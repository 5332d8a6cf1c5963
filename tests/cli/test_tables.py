"""Tables: what is read from each kind of file."""

from __future__ import annotations

import errno
import json
import re
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pyarrow
import pytest
from pyarrow import parquet
from shell_helpers import error_of, read, run_shell

from scratchml import cli
from scratchml.cli import text
from scratchml.cli.say import InputError
from scratchml.cluster import KMeans

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
            ["left out, being empty: 'unnamed 1'"],
            id="empty-column",
        ),
        pytest.param(
            "t.csv",
            b"x,y,z\n1,,a\n2,,b\n",
            ["x"],
            [[1], [2]],
            ["left out, not being numbers: 'z'", "left out, being empty: 'y'"],
            id="empty-and-text",
        ),
        pytest.param(
            "t.csv", b"x\0,y\n1,2\n3,4\n", ["x\0", "y"], [[1, 2], [3, 4]], [], id="nul-in-name"
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


@pytest.mark.parametrize(
    ("name", "delimiter", "content"),
    [
        pytest.param("t.csv", ";", b"x;y\n1;2\n", id="semicolon"),
        pytest.param("t.txt", "tab", b"x\ty\n1\t2\n", id="tab"),
        pytest.param("t.tsv", " ", b"x y\n1 2\n", id="space"),
    ],
)
def test_delimiter(
    name: str, delimiter: str, content: bytes, size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(content)
    assert cli.main(["cluster", name, "--delimiter", delimiter, "-k", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["columns"], report["clusters"][0]["center"]) == (["x", "y"], [1, 2])


@pytest.mark.parametrize("size", ["large"], indirect=True)
def test_nothing_ordinary_is_read_field_by_field(
    size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text.TextSource, "rows", None)
    source = text.TextSource(Path("t.csv"), ",", True, ("id", "x", "y"), (1, 2))
    Path("t.csv").write_text('id,x,y\r\n"a,b",1,NA\r\n"two\nlines","2.5",-3e-5\r\n')
    assert str(source.load((2, 1)).tolist()) == "[[nan, 1.0], [-3e-05, 2.5]]"
    assert source.texts(0) == ["a,b", "two\nlines"]


def test_ids_are_as_written(size: str) -> None:
    lines = ["id,x", "a,1", ",2", "a,3", "NA,4", '" ""b, ",5', "1e3,6", "07,7", "\u00f6\0,8", ""]
    Path("t.csv").write_text("\n".join(lines), encoding="utf-8")
    table = read("t.csv", id="id", columns=("x",))
    expected = ["a", "", "a", "NA", ' "b, ', "1e3", "07", "\u00f6\0"]
    assert (table.id_name, list(table.ids)) == ("id", expected)
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
            {"id": "w"},
            "has no column 'w'; its columns are 'x', 'x', 'y', 'z', 'e'",
            id="unknown-id",
        ),
        pytest.param(
            {"id": "z", "columns": ("z",)}, "'z' is the --id, and among --columns as well", id="id"
        ),
        pytest.param({"columns": ("z", "e")}, "empty: 'e'", id="empty"),
    ],
)
def test_unusable_columns(selection: dict[str, Any], message: str) -> None:
    Path("t.csv").write_text("x,x,y,z,e\n1,2,a,3,\n")
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


def test_parquet_columns_of_one_name() -> None:
    columns = [pyarrow.array(values) for values in ([1.0, 2.0], ["a", "b"], [3.0, 4.0], [5, 6])]
    names = ["x", "y", "x", "y"]
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=names), "t.parquet")
    table = read("t.parquet")
    assert table.values.tolist() == [[1, 3, 5], [2, 4, 6]]
    assert table.columns == ("x", "x", "y")


def test_parquet_column_named_like_a_part_of_another() -> None:
    frame = polars.DataFrame({"a": [{"b": 1.0}, {"b": 2.0}], "a.b": [3.0, 4.0]})
    frame.write_parquet("t.parquet")
    assert read("t.parquet").values.tolist() == [[3], [4]]


def test_empty_parquet_column() -> None:
    parquet.write_table(pyarrow.table({"x": [1.0], "y": pyarrow.nulls(1)}), "t.parquet")
    assert read("t.parquet").notes == ("left out, being empty: 'y'",)


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


def test_a_tab_among_commas_does_not_make_it_a_table_of_tabs() -> None:
    done = run_shell("cluster", "-", "-k", "1", "--json", input="a\tb,x,y\nc\td,1,2\n")
    assert json.loads(done.stdout)["columns"] == ["x", "y"]


def test_no_space_for_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    monkeypatch.setattr(cli.tables, "TemporaryDirectory", lambda prefix: nullcontext("folder"))
    Path("folder").mkdir()
    assert error_of(capsys, "cluster", "-") == (
        "standard input: no space for a copy of it in .; set TMPDIR to a folder with more"
    )
