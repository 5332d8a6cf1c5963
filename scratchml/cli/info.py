"""``scratchml info``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from scratchml.core import environment

from .memory import readable_bytes
from .say import InputError

_SIZES = {"total", "available", "limit", "bytes"}


@click.command("info")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: sizes in bytes, unknown is null."
)
def command(as_json: bool) -> None:
    """Show what the speed and the results of a fit may depend on.

    Versions, processor, threads, BLAS libraries, memory, the cache of compiled kernels, and the
    environment variables that are set for any of these: what a report of an error or of a time
    should have with it.
    """
    try:
        facts = environment.describe()
    except ValueError as error:
        raise InputError(f"SCRATCHML_NUM_THREADS: {error}") from error
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    # Nobody sees the edge of a pipe or a file: no line is folded there.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    for section, entries in facts.items():
        table = Table(title=section, title_justify="left", box=box.SIMPLE, show_header=False)
        table.add_column(style="bold cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in _rows(section, entries):
            table.add_row(name, value)
        if table.row_count:
            console.print(table)


def _rows(section: str, entries: Any) -> Iterator[tuple[str, str]]:
    """Names and values of a section as text."""
    if section == "libraries":
        for library in entries:
            details = [library["version"], library["architecture"]]
            known = ", ".join(detail for detail in details if detail)
            yield (
                library["kind"],
                f"{library['name']} {known}, {library['threads']} threads ({library['file']})",
            )
        return
    for name, value in entries.items():
        if value is None:
            text = "-"
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        elif isinstance(value, list):
            text = " ".join(value)
        elif name in _SIZES and section in ("memory", "kernels"):
            text = readable_bytes(value)
        else:
            text = str(value)
        yield name.replace("_", " ") if section != "variables" else name, text
