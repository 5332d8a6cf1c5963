"""What the tests of the shell share: running it, and taking apart what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scratchml import cli
from scratchml.cli.tables import Selection, Table, read_table


def run_shell(*arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``python -m scratchml`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scratchml", *arguments],
        capture_output=True,
        timeout=120,
        **{"text": True, "encoding": "utf-8", **options},
    )
    assert done.returncode == code, done.stderr
    return done


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the shell on something it cannot use; return the one line it says, without "error: "."""
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("error: ").removesuffix("\n")


def read(path: str, **selection: Any) -> Table:
    """Read a table as the shell does."""
    with ExitStack() as resources:
        return read_table(Path(path), Selection(**selection), resources)


def read_report(output: str) -> tuple[dict[str, str], list[list[str]]]:
    """Take a printed report apart: the summary by name, the rows of the table of clusters."""
    top, bottom = output.split("cluster   size   share %   mean distance")
    pairs = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in top.splitlines())
    summary = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    rows = [line.split() for line in bottom.splitlines() if re.match(r"\s*\d", line)]
    return summary, rows


def expected_rows(X: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> list[list[str]]:
    """Rows of the table of clusters, by the definition of each column."""
    rows = []
    for cluster, center in enumerate(centers):
        members = X[labels == cluster]
        distance = np.linalg.norm(members - center, axis=1).mean()
        share = 100 * len(members) / len(X)
        rows.append([str(cluster), str(len(members)), f"{share:.1f}", f"{distance:.6g}"])
    return rows
