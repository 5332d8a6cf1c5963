"""The API reference: a page for each public name of each door, written when the build begins.

A door is `scratchml` itself or a module that it offers and that lists its public names in
``__all__``. There is no other list: a name that is added to a door has a page in the next build,
and a build in which a public name is not documented gives a warning, which is an error there.
"""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Container
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import scratchml

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

FOLDER = "api"
"""Where the pages go, inside the source folder; it holds nothing else."""

INDEX = """\
API reference
=============

Import paths are those of scikit-learn, where it has the name.

"""

CLASS_OPTIONS = """\
   :members:
   :inherited-members:
   :special-members: __call__
"""


def doors() -> list[ModuleType]:
    """The modules through which users reach public names, `scratchml` first."""
    offered = (getattr(scratchml, name) for name in sorted(dir(scratchml)) if name[0] != "_")
    return [scratchml, *(m for m in offered if inspect.ismodule(m) and hasattr(m, "__all__"))]


def public_names() -> list[str]:
    """Every public name under its public path, as in ``scratchml.cluster.KMeans``."""
    return [f"{door.__name__}.{name}" for door in doors() for name in door.__all__]


def foreign_members() -> set[str]:
    """Patterns of the attributes that public classes inherit from outside the package.

    Their docstrings, those of a ``Mapping`` for instance, are not ours to check, and some have no
    source that could be read.
    """
    return {
        re.escape(f"{door.__name__}.{name}.{attribute.name}") + "$"
        for door in doors()
        for name in door.__all__
        if inspect.isclass(value := getattr(door, name))
        for attribute in inspect.classify_class_attrs(value)
        if attribute.defining_class.__module__.split(".")[0] != "scratchml"
    }


def api_pages(source: Path) -> dict[str, str]:
    """The pages in reStructuredText: an index, one page for each door and for each name.

    Parameters
    ----------
    source : Path
        The folder of the documentation; a name whose algorithm has a page there links to it.

    Returns
    -------
    dict of str to str
        Name of the page -> its text.
    """
    pages = {"index": INDEX + _toctree([door.__name__ for door in doors()])}
    for door in doors():
        pages[door.__name__] = _door_page(door)
        for name in door.__all__:
            pages[f"{door.__name__}.{name}"] = _name_page(door, name, source)
    return pages


def _door_page(door: ModuleType) -> str:
    names = list(door.__all__)
    summarised = [name for name in names if callable(getattr(door, name))]
    return (
        _title(door.__name__)
        + f".. automodule:: {door.__name__}\n\n"
        + f".. currentmodule:: {door.__name__}\n\n"
        + ".. autosummary::\n\n"
        + "".join(f"   {name}\n" for name in summarised)
        + "\n"
        + _toctree([f"{name} <{door.__name__}.{name}>" for name in names], "   :hidden:\n")
    )


def _name_page(door: ModuleType, name: str, source: Path) -> str:
    value = getattr(door, name)
    if not callable(value):  # it has no docstring of its own, only that of its type
        content = f".. data:: {name}\n   :value: {value!r}\n"
    elif not inspect.isclass(value):
        content = f".. autofunction:: {name}\n"
    elif issubclass(value, BaseException):
        content = f".. autoexception:: {name}\n"
    else:
        content = f".. autoclass:: {name}\n{CLASS_OPTIONS}"
    page = f"{_title(name)}.. currentmodule:: {door.__name__}\n\n{content}"

    home = getattr(value, "__module__", "").split(".")
    if (
        home[:2] == ["scratchml", "algorithms"]
        and (source / "algorithms" / f"{home[2]}.md").exists()
    ):
        page += f"\nHow it works: :doc:`/algorithms/{home[2]}`.\n"
    return page


def _title(text: str) -> str:
    # A leading underscore pair would be read as a reference.
    text = text.replace("_", "\\_")
    return f"{text}\n{'=' * len(text)}\n\n"


def _toctree(entries: list[str], options: str = "   :maxdepth: 2\n") -> str:
    return f".. toctree::\n{options}\n" + "".join(f"   {entry}\n" for entry in entries)


def write_pages(app: Sphinx, config: Config) -> None:
    """Write the pages into the source folder, where none of an earlier build stays."""
    folder = Path(app.srcdir, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in api_pages(Path(app.srcdir)).items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")


def undocumented(documented: Container[str]) -> list[str]:
    """The public names that are not among the documented ones."""
    return [name for name in public_names() if name not in documented]


def check_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each public name that the build has not documented under its public path."""
    from sphinx.util import logging

    for name in undocumented(env.domains.python_domain.objects):
        logging.getLogger(__name__).warning("public name is not documented: %s", name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join a build: pages before Sphinx looks for sources, the check after it has read them."""
    app.connect("config-inited", write_pages)
    app.connect("env-check-consistency", check_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
