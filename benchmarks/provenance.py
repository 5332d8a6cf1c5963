"""Where figures come from: machine, versions, revision; and how they are stored."""

from __future__ import annotations

import datetime
import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

from scratchml.core.environment import describe

from .peers import PEERS, version

ROOT = Path(__file__).resolve().parent.parent


def provenance() -> dict[str, Any]:
    """What stands beside the figures of a run, as JSON values."""
    versions = {peer: version(peer) for peer in PEERS}
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "revision": revision(),
        "peers": {peer: found for peer, found in versions.items() if found is not None},
        "environment": environment(),
    }


def environment() -> dict[str, Any]:
    """`scratchml.core.environment.describe`, without the folders of this machine."""
    described = describe()
    del described["kernels"]["cache"]
    described["variables"] = {
        name: value for name, value in described["variables"].items() if not name.endswith("_DIR")
    }
    return described


def revision() -> dict[str, Any] | None:
    """Commit of the tree, and whether files differ from it; None outside a git checkout."""
    try:
        return {
            "commit": _git("rev-parse", "HEAD").strip(),
            "dirty": bool(_git("status", "--porcelain")),
        }
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def load() -> list[float]:
    """Load averages of the machine; empty where it does not tell."""
    return list(os.getloadavg()) if hasattr(os, "getloadavg") else []


def write_json(path: Path, values: Any) -> None:
    """Write values; numbers that JSON does not know (NaN, infinity) become null."""
    text = json.dumps(_finite(values), indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
