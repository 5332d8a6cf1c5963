"""Every test of the shell runs in an empty folder of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchml.cli import text
from scratchml.datasets import make_blobs


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def points() -> np.ndarray:
    X, _ = make_blobs(n_samples=60, n_features=3, centers=4, random_state=3)
    return X


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Text read as small files are, by NumPy, and as large ones are, by pyarrow."""
    monkeypatch.setattr(text, "_LARGE_BYTES", 0 if request.param == "large" else 2**40)
    return request.param
