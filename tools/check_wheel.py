"""Build the wheel, install it alone in a fresh environment and use it outside the checkout.

    python tools/check_wheel.py

Fails if the wheel holds anything but the package, if installing it brings anything but its four
dependencies (and llvmlite, which is a part of numba), or if K-means does not run from it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

INSTALLED = {"scratchml", "numpy", "numba", "llvmlite", "scipy", "threadpoolctl"}

REQUIRED_FILES = {
    "scratchml/__init__.py",
    "scratchml/py.typed",
    "scratchml/datasets/data/digits.npz",
}

LIST_DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted({d.name.lower() for d in importlib.metadata.distributions()})))
"""

USE = """
import sys
from pathlib import Path

import scratchml
from scratchml.cluster import KMeans
from scratchml.datasets import load_digits

assert Path(scratchml.__file__).is_relative_to(sys.prefix), scratchml.__file__
X, _ = load_digits(return_X_y=True)
model = KMeans(n_clusters=10, n_init=1, random_state=0).fit(X)
assert (model.labels_ == model.predict(X)).all()
print(f"scratchml {scratchml.__version__} from {scratchml.__file__}: inertia {model.inertia_:.1f}")
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command, let its messages through, and return what it writes to standard output.

    Raises
    ------
    subprocess.CalledProcessError
        If the command fails.
    """
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder and return its path."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """Exit unless the wheel holds the package whole, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
    if missing := REQUIRED_FILES - files:
        sys.exit(f"check_wheel: the wheel is without {', '.join(sorted(missing))}.")
    strangers = {name for name in files if name.split("/")[0].split("-")[0] != "scratchml"}
    if strangers:
        sys.exit(f"check_wheel: the wheel also holds {', '.join(sorted(strangers))}.")


def check_install(wheel: Path, folder: Path) -> None:
    """Exit unless the wheel brings exactly its dependencies and works without anything else."""
    venv.create(folder / "environment", with_pip=True)
    binaries = "Scripts" if sys.platform == "win32" else "bin"
    python = folder / "environment" / binaries / "python"

    def distributions() -> set[str]:
        return set(json.loads(run(python, "-I", "-c", LIST_DISTRIBUTIONS, cwd=folder)))

    before = distributions()  # pip, and whatever else this Python puts into a new environment
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    came = distributions() - before
    if came != INSTALLED:
        sys.exit(
            f"check_wheel: installing the wheel must bring {', '.join(sorted(INSTALLED))}. "
            f"It brought {', '.join(sorted(came))} instead."
        )
    sys.stdout.write(run(python, "-I", "-c", USE, cwd=folder))


def main() -> None:
    """Build, look inside, install, use."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        wheel = build_wheel(folder)
        check_contents(wheel)
        check_install(wheel, folder)
        sys.stdout.write(f"{wheel.name}: {wheel.stat().st_size / 1024:.0f} kB\n")


if __name__ == "__main__":
    main()
