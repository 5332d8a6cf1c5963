"""Digits: scikit-learn's arrays, out of a small file that ships with its licence."""

from __future__ import annotations

import copy
import doctest
import pickle
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

import scratchml
from scratchml.datasets import bunch, digits, load_digits
from scratchml.datasets.bunch import Bunch

ROOT = Path(__file__).parents[2]
PACKAGE = Path(scratchml.__file__).parent
DATA = PACKAGE / "datasets" / "data"


def run_python(code: str) -> str:
    """Run `code` in a fresh interpreter; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("n_class", range(1, 11))
def test_arrays_as_sklearn(n_class: int) -> None:
    ours = load_digits(n_class=n_class)
    theirs = sklearn.datasets.load_digits(n_class=n_class)
    for key in ("data", "target", "images", "target_names"):
        assert ours[key].dtype == theirs[key].dtype, key
        np.testing.assert_array_equal(ours[key], theirs[key], strict=True)
    assert list(ours) == list(theirs)
    assert ours.feature_names == theirs.feature_names
    assert ours.frame is None


def test_data_and_target_alone() -> None:
    X, y = load_digits(return_X_y=True)
    whole = load_digits()
    np.testing.assert_array_equal(X, whole.data, strict=True)
    np.testing.assert_array_equal(y, whole.target, strict=True)


def test_data_is_a_view_of_images() -> None:
    whole = load_digits()
    assert np.shares_memory(whole.data, whole.images)
    assert whole.data.flags.c_contiguous


def test_each_call_gives_arrays_of_its_own() -> None:
    load_digits().data[:] = -1
    assert load_digits().data.min() == 0


@pytest.mark.parametrize("n_class", [4, 10])
def test_frames_as_sklearn(n_class: int) -> None:
    import pandas as pd

    ours = load_digits(n_class=n_class, as_frame=True)
    theirs = sklearn.datasets.load_digits(n_class=n_class, as_frame=True)
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    pd.testing.assert_frame_equal(ours.data, theirs.data)
    pd.testing.assert_series_equal(ours.target, theirs.target)
    X, y = load_digits(n_class=n_class, as_frame=True, return_X_y=True)
    pd.testing.assert_frame_equal(X, theirs.data)
    pd.testing.assert_series_equal(y, theirs.target)


def test_frame_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = (
        "load_digits with as_frame=True requires pandas. Install it with `pip install pandas`."
    )
    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        load_digits(as_frame=True)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"n_class": 0}, id="n_class-zero"),
        pytest.param({"n_class": 11}, id="n_class-eleven"),
        pytest.param({"n_class": 5.0}, id="n_class-float"),
        pytest.param({"return_X_y": "yes"}, id="return_X_y-string"),
        pytest.param({"as_frame": None}, id="as_frame-none"),
    ],
)
def test_errors_as_sklearn(params: dict) -> None:
    with pytest.raises(ValueError) as theirs:  # noqa: PT011 - the text is what is being read
        sklearn.datasets.load_digits(**params)
    with pytest.raises(theirs.type, match=f"^{re.escape(str(theirs.value))}$"):
        load_digits(**params)


def test_description_names_source_and_licence() -> None:
    description = load_digits().DESCR
    assert "https://doi.org/10.24432/C50P49" in description
    assert "Creative Commons Attribution 4.0" in description


def test_shipped_file_is_small_and_free_of_pickles() -> None:
    path = DATA / "digits.npz"
    assert path.stat().st_size < 60_000
    with np.load(path, allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype for name in arrays} == {
            "images": np.uint8,
            "target": np.uint8,
        }


@pytest.mark.parametrize(
    "part",
    [
        "Creative Commons Attribution 4.0 International (CC BY 4.0)",
        "https://creativecommons.org/licenses/by/4.0/legalcode",
        "E. Alpaydin and C. Kaynak",
        "https://doi.org/10.24432/C50P49",
        "- Selected:",
        "- Re-encoded:",
    ],
    ids=["licence", "legal-code", "authors", "source", "selected", "re-encoded"],
)
def test_licence_of_the_data_ships_beside_it(part: str) -> None:
    assert part in (DATA / "LICENSE-digits.txt").read_text(encoding="utf-8")


def test_wheel_holds_data_and_licence() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        config = tomllib.load(file)
    # Hatchling packs every file of a package that no .gitignore line excludes.
    assert config["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["scratchml"]}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not {"data/", "*.npz", "*.txt"} & set(ignored)
    assert "scratchml/datasets/data/LICENSE-digits.txt" in config["project"]["license-files"]


def test_loads_from_a_zip_archive(tmp_path: Path) -> None:
    archive = tmp_path / "scratchml.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in PACKAGE.rglob("*"):
            if path.suffix in {".py", ".npz"}:
                bundle.write(path, path.relative_to(PACKAGE.parent))
    printed = run_python(
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import scratchml; from scratchml.datasets import load_digits\n"
        "print(scratchml.__file__, load_digits().data.shape)"
    )
    assert printed == f"{archive / 'scratchml' / '__init__.py'} (1797, 64)"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import scratchml.datasets", id="import"),
        pytest.param(
            "from scratchml.datasets import *; load_digits(); make_blobs(); make_moons();"
            "make_circles()",
            id="use",
        ),
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    heavy = {"scipy", "numba", "pandas", "polars", "sklearn", "concurrent.futures"}
    assert run_python(f"import sys; {code}; print(sorted({heavy!r} & set(sys.modules)))") == "[]"


def test_door_lists_its_names() -> None:
    import scratchml.datasets as door

    assert set(door.__all__) <= set(dir(door))
    message = "module 'scratchml.datasets' has no attribute 'load_iris'"
    with pytest.raises(AttributeError, match=f"^{message}$"):
        door.load_iris  # noqa: B018 - the access is the test


def test_bunch_keys_are_attributes() -> None:
    record = Bunch(a=1)
    record.b = 2
    assert record == {"a": 1, "b": 2}
    assert {"a", "b", "items"} <= set(dir(record))
    del record.a
    assert list(record) == ["b"]


@pytest.mark.parametrize(
    "access",
    [lambda record: record.missing, lambda record: delattr(record, "missing")],
    ids=["get", "delete"],
)
def test_bunch_missing_attribute(access) -> None:
    with pytest.raises(AttributeError, match=r"^'Bunch' object has no attribute 'missing'$"):
        access(Bunch(a=1))


@pytest.mark.parametrize(
    "twin",
    [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_bunch_copies(twin) -> None:
    record = twin(Bunch(a=1, b=[2]))
    assert type(record) is Bunch
    assert record == {"a": 1, "b": [2]}


@pytest.mark.parametrize("module", [bunch, digits], ids=["bunch", "digits"])
def test_examples_in_docstrings(module) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
