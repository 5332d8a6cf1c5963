"""Architecture: who may import what, read from the source with `ast`."""

from __future__ import annotations

import ast
import os
import pkgutil
import sys
from pathlib import Path

import pytest
from helpers import run_python

import scratchml
from scratchml.core import jit

PACKAGE = Path(scratchml.__file__).resolve().parent


class Module:
    """A source file of a package named ``scratchml``: its dotted name and what it imports."""

    def __init__(self, path, package):
        self.path = path
        self.place = path.relative_to(package).as_posix()
        self.tree = ast.parse(path.read_text(), filename=str(path))
        self.container = ["scratchml", *path.relative_to(package).parent.parts]

    def imports(self, nodes=None):
        """Yield the dotted names that import statements load, relative ones resolved."""
        for node in ast.walk(self.tree) if nodes is None else nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                kept = len(self.container) - node.level + 1
                base = self.container[:kept] if node.level else []
                source = ".".join([*base, *filter(None, [node.module])])
                # ``from package import name``: the name may be a module.
                yield from (f"{source}.{alias.name}" for alias in node.names)

    def executed_when_imported(self):
        """Yield all nodes but those inside functions and ``if TYPE_CHECKING``."""
        waiting = [self.tree]
        while waiting:
            node = waiting.pop()
            yield node
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                waiting.extend(node.orelse)
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                waiting.extend(ast.iter_child_nodes(node))

    @property
    def is_kernel_file(self):
        return self.path.name == "kernels.py" or self.path.parent.name == "kernels"

    @property
    def is_reference(self):
        return self.path.name == "reference.py" or self.path.parent.name == "reference"


def is_within(name, *packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def is_kernel_module(name):
    return name.startswith("scratchml.") and "kernels" in name.split(".")


# Each rule: whether an import is against it, and where it holds.
RULES = {
    "numba is imported by core/jit.py alone": (
        lambda module: module.place != "core/jit.py",
        lambda name: is_within(name, "numba", "llvmlite"),
    ),
    "a reference imports numpy and the standard library alone": (
        lambda module: module.is_reference,
        lambda name: (
            not is_within(name, "numpy")
            and name.split(".")[0] not in sys.stdlib_module_names
            and not (name.startswith("scratchml.") and "reference" in name.split("."))
        ),
    ),
    "kernel files import numpy, typing, core.jit and kernel files alone": (
        lambda module: module.is_kernel_file,
        lambda name: (
            not is_within(name, "__future__", "typing", "numpy", "scratchml.core.jit")
            and not is_kernel_module(name)
        ),
    ),
    "core imports no algorithm": (
        lambda module: module.place.startswith("core/"),
        lambda name: is_within(name, "scratchml.algorithms"),
    ),
}


def violations(package):
    """List what breaks a rule in the package's sources, as ``place: rule (what)``."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = Module(path, package)
        for rule, (holds_for, is_against) in RULES.items():
            if holds_for(module):
                found += [
                    f"{module.place}: {rule} ({n})" for n in module.imports() if is_against(n)
                ]
        found += [
            f"{module.place}: nothing imports sklearn when it is imported ({name})"
            for name in module.imports(module.executed_when_imported())
            if is_within(name, "sklearn")
        ]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword) and node.arg == "fastmath":
                if isinstance(node.value, ast.Constant) and node.value.value is True:
                    found.append(f"{module.place}: fast-math is a named set ({node.lineno})")
            elif isinstance(node, ast.FunctionDef) and not module.is_kernel_file:
                found += [
                    f"{module.place}: kernels live in kernel files ({node.name})"
                    for decorator in node.decorator_list
                    if "kernel" in ast.unparse(decorator).partition("(")[0].split(".")
                ]
    return found


def test_package_keeps_the_rules():
    assert violations(PACKAGE) == []


def test_kernel_files_are_those_that_name_the_cache():
    kernel_files = {
        path
        for path in PACKAGE.rglob("*.py")
        if Module(path, PACKAGE).is_kernel_file or path == PACKAGE / "core" / "jit.py"
    }
    assert set(jit.kernel_sources()) == kernel_files


KERNELS = "kernel files import numpy, typing, core.jit and kernel files alone"
REFERENCE = "a reference imports numpy and the standard library alone"
NUMBA = "numba is imported by core/jit.py alone"
CORE = "core imports no algorithm"
SKLEARN = "nothing imports sklearn when it is imported"


@pytest.mark.parametrize(
    ("place", "source", "broken"),
    [
        ("core/jit.py", "import numba", []),
        ("core/other.py", "import numba.core", [f"{NUMBA} (numba.core)"]),
        ("a.py", "def f():\n    from numba import njit", [f"{NUMBA} (numba.njit)"]),
        ("a.py", "import numbat", []),
        ("a.py", "import sklearn.cluster", [f"{SKLEARN} (sklearn.cluster)"]),
        ("a.py", "class A:\n    if x:\n        import sklearn", [f"{SKLEARN} (sklearn)"]),
        ("a.py", "try:\n    import sklearn\nexcept E: pass", [f"{SKLEARN} (sklearn)"]),
        ("a.py", "def f():\n    import sklearn", []),
        ("a.py", "if TYPE_CHECKING:\n    import sklearn", []),
        ("algorithms/a/reference.py", "import math\nimport numpy.linalg", []),
        ("algorithms/a/reference.py", "import scipy", [f"{REFERENCE} (scipy)"]),
        (
            "algorithms/a/reference.py",
            "from . import kernels",
            [f"{REFERENCE} (scratchml.algorithms.a.kernels)"],
        ),
        (
            "algorithms/a/reference/lloyd.py",
            "from .base import f\nfrom ..rows import g",
            [f"{REFERENCE} (scratchml.algorithms.a.rows.g)"],
        ),
        ("algorithms/a/kernels.py", "from scratchml.core.kernels.tiles import TILE", []),
        (
            "algorithms/a/kernels/b.py",
            "from .c import f\nfrom ..rows import g",
            [f"{KERNELS} (scratchml.algorithms.a.rows.g)"],
        ),
        ("algorithms/a/kernels.py", "import math", [f"{KERNELS} (math)"]),
        ("core/a.py", "from scratchml import algorithms", [f"{CORE} (scratchml.algorithms)"]),
        ("core/a.py", "from ..algorithms.b import c", [f"{CORE} (scratchml.algorithms.b.c)"]),
        ("a.py", "kernel(fastmath=True)", ["fast-math is a named set (1)"]),
        ("a.py", "@kernel()\ndef f(): pass", ["kernels live in kernel files (f)"]),
        ("a.py", "@jit.kernel(STRICT)\ndef f(): pass", ["kernels live in kernel files (f)"]),
        ("core/kernels/a.py", "@kernel()\ndef f(): pass", []),
    ],
)
def test_rules_find_what_breaks_them(tmp_path, place, source, broken):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    assert violations(tmp_path) == [f"{place}: {text}" for text in broken]


def test_doors_open_without_loading_anything_heavy():
    doors = {module.name for module in pkgutil.iter_modules([str(PACKAGE)])}
    doors -= {"__main__", "algorithms", "core"}
    modules = ["scratchml", *(f"scratchml.{name}" for name in sorted(doors))]
    assert {"scratchml.cluster", "scratchml.datasets"} <= set(modules)
    heavy = ["numba", "scipy", "sklearn", "pandas", "polars", "pyarrow", "dask", "joblib"]
    code = f"""
import importlib, sys
for name in {modules}:
    module = importlib.import_module(name)
    dir(module)
    loaded = set({heavy}) & set(sys.modules)
    assert not loaded, (name, loaded)
"""
    run_python(code, cwd=os.sep)
