"""The files around the package: what they promise agrees with the package and with each other."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import scratchml

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "readme_blocks.py"

BLOCK = "```bash\n{}\n```\n"
TWO_BLOCKS = "## Quick start\n" + BLOCK.format("one") + "and\n" + BLOCK.format("two\n# 2\nthree")
WRONG_COUNT = (
    'The section "Quick start" must hold exactly two fenced bash blocks. Found {} instead.'
)


@pytest.fixture(scope="module")
def quick_start_blocks():
    spec = importlib.util.spec_from_file_location("readme_blocks", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.quick_start_blocks


def print_block(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TWO_BLOCKS, id="alone"),
        pytest.param(TWO_BLOCKS.replace("##", "#"), id="top-level"),
        pytest.param(
            BLOCK.format("before") + TWO_BLOCKS + "## Next\n" + BLOCK.format("after"),
            id="between-others",
        ),
        pytest.param(TWO_BLOCKS.replace("and\n", "### Tests\n"), id="subsection"),
        pytest.param(TWO_BLOCKS + "```python\nx = 1\n```\n```\nplain\n```\n", id="other-languages"),
    ],
)
def test_blocks_of_the_section(quick_start_blocks, text):
    assert quick_start_blocks(text) == ["one", "two\n# 2\nthree"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("# Title\n" + BLOCK.format("one") * 2, 0, id="no-section"),
        pytest.param("## Quick start\n" + BLOCK.format("one"), 1, id="one"),
        pytest.param(TWO_BLOCKS + BLOCK.format("three"), 3, id="three"),
        pytest.param(TWO_BLOCKS.replace("and", "## Next"), 1, id="second-elsewhere"),
        pytest.param(TWO_BLOCKS.removesuffix("```\n"), 1, id="unclosed"),
    ],
)
def test_other_than_two_blocks_are_refused(quick_start_blocks, text, found):
    with pytest.raises(ValueError, match=f"^{re.escape(WRONG_COUNT.format(found))}$"):
        quick_start_blocks(text)


def test_script_prints_a_block(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(TWO_BLOCKS, encoding="utf-8")
    assert print_block("2", readme).stdout == "two\n# 2\nthree\n"


def test_script_refuses(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n", encoding="utf-8")
    refused = print_block("1", readme)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"README.md: {WRONG_COUNT.format(0)}\n"
    usage = print_block("3", readme)
    assert usage.returncode == 1
    assert usage.stderr == "usage: python tools/readme_blocks.py {1,2} [README.md]\n"


def test_quick_start_of_the_readme(quick_start_blocks):
    first, second = quick_start_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "scratchml cluster" in first
    assert ".venv/bin/python -m pytest" in second


def test_runtime_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]}
    assert names <= {"numpy", "numba", "scipy", "threadpoolctl"}


def test_citation_has_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [scratchml.__version__]


def test_changelog_begins_with_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(.*?)\]", changelog, re.MULTILINE)[1] == scratchml.__version__


@pytest.mark.parametrize("path", [".ci/run"])
def test_scripts_are_executable(path):
    assert os.access(ROOT / path, os.X_OK)


def test_no_file_mentions_a_path_of_one_machine():
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    patterns = [".git", *(pattern.rstrip("/") for pattern in patterns)]

    def kept(names):
        return [name for name in names if not any(fnmatch(name, p) for p in patterns)]

    # Put together here, so that this file does not mention them itself.
    machine_paths = [f"/{name}/".encode() for name in ("work", "root")] + [os.fsencode(ROOT)]
    files = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = kept(folders)
        files += [Path(folder, name) for name in kept(names)]
    assert SCRIPT in files
    mentions = [f for f in files if any(path in f.read_bytes() for path in machine_paths)]
    assert mentions == []
