"""Doors: modules that list public names and fetch each from its room when it is first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_names(
    door: str, homes: Mapping[str, str], submodules: tuple[str, ...] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a door (PEP 562).

    Parameters
    ----------
    door : str
        The door's own module name.
    homes : mapping of str to str
        Public name -> the module it lives in.
    submodules : tuple of str
        Submodules of the door that may be reached as attributes without an import of their own.

    Returns
    -------
    (__getattr__, __dir__)
        A fetched name is stored in the door, so that the next access costs nothing.
    """

    def __getattr__(name: str) -> object:
        if name in homes:
            value = getattr(importlib.import_module(homes[name]), name)
        elif name in submodules:
            value = importlib.import_module(f"{door}.{name}")
        else:
            raise AttributeError(f"module {door!r} has no attribute {name!r}")
        setattr(sys.modules[door], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[door]), *homes, *submodules})

    return __getattr__, __dir__
