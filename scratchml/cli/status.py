"""What goes on before there is anything to see: one line on a terminal, gone when it is over."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
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


@contextlib.contextmanager
def counting(is_shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Inside a ``with`` statement, show on standard error how many steps are done.

    Yields
    ------
    callable
        To be called as ``on_step(name, n_done, n_steps)`` before each step.
    """
    with Progress(
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
        disable=not is_shown,
    ) as progress:
        task = progress.add_task("", total=None)

        def on_step(name: str, n_done: int, n_steps: int) -> None:
            progress.update(task, description=escape(name), completed=n_done, total=n_steps)

        yield on_step
