"""What goes on before there is anything to see: one line on a terminal, gone when it is over."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.status import Status


def is_watched() -> bool:
    """Whether somebody sees standard error: nobody does through a pipe or in a log."""
    return sys.stderr.isatty()


@contextlib.contextmanager
def working(what: str) -> Iterator[Status]:
    """Inside a ``with`` statement, show on standard error what is being done.

    The line that comes can be changed (``update``) and taken away (``stop``) before the end, from
    any thread.
    """
    with Console(stderr=True).status(f"{escape(what)} ...") as status:
        yield status
