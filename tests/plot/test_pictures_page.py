"""The pictures of the documentation can be drawn, and the examples of the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import re
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

pytestmark = pytest.mark.jit  # the pictures of a page are of real size

DOCS = Path(__file__).parents[2] / "docs"
DIRECTIVE = r"```\{eval-rst\}\n\.\. plot::\n   :filename-prefix: (\S+)\n(?:   :[^\n]*\n)*\n(.*?)```"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
PAGES = {name: text for name, text in PAGES.items() if ".. plot::" in text}
PICTURES = {
    name: (page, code)
    for page, text in PAGES.items()
    for name, code in re.findall(DIRECTIVE, text, re.DOTALL)
}


def test_every_picture_is_found_and_has_a_name_of_its_own():
    # Each block of a MyST page counts from 1: without names, pictures would overwrite each other.
    assert {"pictures", "kd_tree"} <= PAGES.keys()
    assert len(PICTURES) == sum(text.count(".. plot::") for text in PAGES.values())


@pytest.mark.parametrize("name", list(PICTURES))
def test_picture_is_drawn(name):
    page, code = PICTURES[name]
    exec(compile(textwrap.dedent(code), f"{page} {name}", "exec"), {})
    assert len(plt.get_fignums()) == 1
    plt.gcf().canvas.draw()


@pytest.mark.parametrize(
    "name",
    [
        "bic",
        "centers",
        "clusters",
        "density",
        "elbow",
        "gap",
        "history",
        "k_distances",
        "silhouette",
    ],
)
def test_examples_in_docstrings(name):
    outcome = doctest.testmod(importlib.import_module(f"scratchml.plot.{name}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
