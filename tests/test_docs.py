"""The documentation: its code runs, what it names exists, its figures are the committed ones."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.tables import with_tables

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *sorted(DOCS.glob("**/*.md"))]
]
# They fit dozens or hundreds of times, which takes too long as plain Python.
OF_MANY_FITS = [
    f"docs/algorithms/{page}.md" for page in ("choosing_k", "gaussian_mixture", "select_mixture")
]


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"^(```+).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors_of(path):
    """What may follow # in a link to the page, as GitHub makes it from the headings."""
    headings = re.findall(r"^#+ +(.*?)\s*$", without_code(path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


# --- Markdown -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=pytest.mark.jit) if p in OF_MANY_FITS else p for p in PAGES],
)
def test_python_blocks_run(page, capsys):
    # One after the other in one namespace, as a reader would type them.
    from scratchml.datasets import make_blobs

    namespace = {"X": make_blobs(300, centers=5, random_state=0)[0]}
    blocks = re.findall(
        r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", text_of(page), re.DOTALL
    )
    for block, output in blocks:
        capsys.readouterr()
        exec(compile(block, page, "exec"), namespace)
        if output:
            assert capsys.readouterr().out == output


@pytest.mark.parametrize("page", PAGES)
def test_functions_that_are_named_exist(page):
    package = ROOT / "scratchml"
    room = package / "algorithms" / Path(page).stem
    for path, function in re.findall(r"`([\w/]+\.py)::(\w+)`", text_of(page)):
        # The page of an algorithm may leave out its room.
        file = room / path if (room / path).exists() else package / path
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if hasattr(node, "name")}, path


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", without_code(text_of(page))):
        if not target.startswith("http"):
            path = (ROOT / page).parent / target if target else ROOT / page
            assert path.exists(), target
            assert not anchor or anchor in anchors_of(path), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_tables_show_the_committed_results(page):
    assert with_tables(text_of(page)) == text_of(page)


# --- API reference --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def extension():
    spec = importlib.util.spec_from_file_location("api_pages", DOCS / "_extensions/api_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(extension):
    return extension.api_pages(DOCS)


def names_of_doors():
    """Door -> its public names, read from the source of the modules right inside the package."""
    package = ROOT / "scratchml"
    doors = {}
    for path in [*package.glob("*.py"), *package.glob("*/__init__.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                door = ".".join(part for part in parts if part != "__init__")
                doors[door] = ast.literal_eval(node.value)
    return doors


def test_every_public_name_of_every_door_has_a_page(extension, pages):
    doors = names_of_doors()
    names = [f"{door}.{name}" for door, names in doors.items() for name in names]
    assert {"scratchml.threads", "scratchml.cluster.KMeans"} <= set(names)
    assert set(pages) == {"index", *doors, *names}
    assert sorted(extension.public_names()) == sorted(names)


def test_every_page_is_in_a_table_of_contents(pages):
    for door, names in names_of_doors().items():
        assert f"   {door}\n" in pages["index"]
        for name in names:
            assert f"   {name} <{door}.{name}>\n" in pages[door]


@pytest.mark.parametrize(
    ("page", "content"),
    [
        pytest.param(
            "scratchml.cluster.KMeans",
            "KMeans\n======\n\n.. currentmodule:: scratchml.cluster\n\n.. autoclass:: KMeans\n"
            "   :members:\n   :inherited-members:\n   :special-members: __call__\n"
            "\nHow it works: :doc:`/algorithms/kmeans`.\n",
            id="class-of-a-room",
        ),
        pytest.param(
            "scratchml.threads",
            "threads\n=======\n\n.. currentmodule:: scratchml\n\n.. autofunction:: threads\n",
            id="function",
        ),
        pytest.param(
            "scratchml.exceptions.NotFittedError",
            "NotFittedError\n==============\n\n.. currentmodule:: scratchml.exceptions\n\n"
            ".. autoexception:: NotFittedError\n",
            id="exception",
        ),
    ],
)
def test_page_of_a_name(pages, page, content):
    assert pages[page] == content


def test_a_value_is_shown(pages):
    from scratchml import __version__

    assert pages["scratchml.__version__"].endswith(
        f".. data:: __version__\n   :value: {__version__!r}\n"
    )


def test_pages_are_written_and_stale_ones_removed(extension, pages, tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "scratchml.gone.rst").touch()
    (tmp_path / "algorithms").mkdir()
    for page in (DOCS / "algorithms").glob("*.md"):  # the API reference links to those there are
        (tmp_path / "algorithms" / page.name).touch()
    extension.write_pages(SimpleNamespace(srcdir=tmp_path), None)
    written = {path.stem: path.read_text("utf-8") for path in (tmp_path / "api").glob("*")}
    assert written == pages


def test_a_name_that_the_build_left_out_is_found(extension):
    names = extension.public_names()
    assert extension.undocumented(names) == []
    assert extension.undocumented(set(names) - {names[-1]}) == [names[-1]]


def test_only_docstrings_of_the_package_are_checked(extension):
    patterns = extension.foreign_members()
    assert re.escape("scratchml.exceptions.NotFittedError.with_traceback") + "$" in patterns
    assert not [pattern for pattern in patterns if "fit_predict" in pattern]
