"""The description of machine, software and settings."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform

import pytest
from helpers import run_python

import scratchml
from scratchml.core import environment, jit


@pytest.fixture
def facts():
    return environment.describe()


def test_everything_is_json(facts):
    assert json.loads(json.dumps(facts)) == facts
    assert list(facts) == [
        "versions",
        "system",
        "processor",
        "threads",
        "libraries",
        "memory",
        "kernels",
        "variables",
    ]


def test_versions_are_those_installed(facts, monkeypatch):
    versions = facts["versions"]
    assert versions["scratchml"] == scratchml.__version__
    assert versions["python"] == platform.python_version()
    for package in ("numpy", "numba", "llvmlite", "scipy", "threadpoolctl", "scikit-learn"):
        assert versions[package] == importlib.metadata.version(package)
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    assert list(environment.describe()["versions"]) == ["scratchml", "python", "numpy"]


def test_processor_and_threads(facts):
    assert set(facts["processor"]) == {"model", "compiled_for", "simd"}
    assert facts["processor"]["compiled_for"] == jit.processor()[0]
    assert set(facts["processor"]["simd"]) <= jit.processor()[1]
    assert facts["threads"]["processors"] == os.cpu_count()
    assert 1 <= facts["threads"]["available"] <= os.cpu_count()
    with scratchml.threads(7):
        assert environment.describe()["threads"]["fit"] == 7


def test_a_library_of_blas_is_found(facts):
    blas = [library for library in facts["libraries"] if library["kind"] == "blas"]
    assert blas
    for library in blas:
        assert set(library) == {"kind", "name", "version", "architecture", "threads", "file"}
        assert library["threads"] >= 1
        assert os.sep not in library["file"]


def test_memory(facts, monkeypatch):
    assert 0 < facts["memory"]["available"] <= facts["memory"]["total"]
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    without = environment.describe()["memory"]
    assert (without["total"], without["available"]) == (None, None)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("max\n", None), ("1073741824\n", 2**30), (None, None)],
    ids=["unlimited", "limited", "no-container"],
)
def test_memory_limit_of_a_container(tmp_path, monkeypatch, text, limit):
    if text is not None:
        (tmp_path / "memory.max").write_text(text)
        (tmp_path / "memory.current").write_text("1000000000\n")
        (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 26000000\n")
    monkeypatch.setattr(environment, "CGROUP", tmp_path)
    memory = environment.memory()
    assert memory["limit"] == limit
    # The machine that runs this has more than 100 MB free.
    assert (memory["available"] == 2**30 - 974_000_000) == (limit is not None)


def test_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", str(tmp_path))
    (tmp_path / "scratchml.a-1.kernel").write_bytes(b"1234")
    assert environment.describe()["kernels"] == {
        "compiled": jit.compilation_is_on(),
        "cache": str(tmp_path),
        "files": 1,
        "bytes": 4,
    }
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", "off")
    off = environment.describe()["kernels"]
    assert (off["cache"], off["files"], off["bytes"]) == (None, 0, 0)


def test_variables_of_threads_and_compiler_and_no_others(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("SCRATCHML_", "NUMBA_")) or name.endswith("_NUM_THREADS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("NUMBA_OPT", "3")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    assert environment.describe()["variables"] == {"NUMBA_OPT": "3", "OPENBLAS_NUM_THREADS": "1"}


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = """
import sys
import scratchml.core.environment, scratchml.core.warmup
print({"numba", "scipy", "psutil", "threadpoolctl"} & set(sys.modules))
"""
    assert run_python(code) == "set()\n"
