"""The documentation: its code runs, what it names exists, its figures are the committed ones."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from benchmarks.tables import with_tables

ROOT = Path(__file__).resolve().parent.parent
PAGES = {path.name: path for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]}


def text_of(name):
    return PAGES[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(PAGES))
def test_python_blocks_run(name, capsys):
    # One after the other in one namespace, as a reader would type them.
    from scratchml.datasets import make_blobs

    namespace = {"X": make_blobs(300, centers=5, random_state=0)[0]}
    for block in re.findall(r"```python\n(.*?)```", text_of(name), re.DOTALL):
        exec(compile(block, name, "exec"), namespace)


@pytest.mark.parametrize("name", list(PAGES))
def test_functions_that_are_named_exist(name):
    for path, function in re.findall(r"`([\w/]+\.py)::(\w+)`", text_of(name)):
        tree = ast.parse((ROOT / "scratchml" / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if hasattr(node, "name")}, path


@pytest.mark.parametrize("name", list(PAGES))
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text_of(name)):
        if not target.startswith("http"):
            assert (PAGES[name].parent / target).exists(), target


@pytest.mark.parametrize("name", list(PAGES))
def test_tables_show_the_committed_results(name):
    assert with_tables(text_of(name)) == text_of(name)
