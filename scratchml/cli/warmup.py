"""``scratchml warmup``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from .memory import readable_bytes
from .say import InputError
from .signals import handled
from .status import counting, is_watched


@click.command("warmup")
@click.option("--clean", is_flag=True, help="First remove all compiled kernels from the cache.")
def command(clean: bool) -> None:
    """Compile all kernels ahead of the first fit.

    They are compiled for float32 and float64 data and kept in the folder SCRATCHML_CACHE_DIR, or
    else in the user's cache folder, where every later process finds them. Those that are there
    already are left as they are.

    \b
    Examples:
      scratchml warmup
      scratchml warmup --clean
      SCRATCHML_CACHE_DIR=/opt/kernels scratchml warmup

    After Ctrl-C (exit code 130) what has been compiled by then is kept. Without a folder to keep
    kernels in the exit code is 2.
    """
    from scratchml.core.jit import cached_files, compilation_is_on
    from scratchml.core.warmup import clean_cache, warmup

    if clean:
        directory = require_cache()
        n_files, n_bytes = clean_cache()
        click.echo(f"{n_files} files removed from {directory}, {readable_bytes(n_bytes)} freed")
    if not compilation_is_on():
        click.echo("nothing to compile: NUMBA_DISABLE_JIT is set")
        return
    directory = require_cache()
    interruption = Interruption()
    # The bar goes where nothing is piped from; away from a terminal there is none.
    with handled(("SIGINT",), interruption.note), counting(is_watched()) as show:

        def on_step(name: str, n_done: int, n_steps: int) -> None:
            interruption.check()
            show(name, n_done, n_steps)

        done = warmup(on_step)
        interruption.check()
    sizes = cached_files().values()
    what = f"{done.n_compiled} kernels compiled" if done.n_compiled else "all kernels were there"
    click.echo(f"{what}, {done.seconds:.1f} s")
    click.echo(f"{directory} holds {len(sizes)} files, {readable_bytes(sum(sizes))}")


def require_cache() -> Path:
    """The folder of the cache, made if it is missing.

    Raises
    ------
    InputError
        When caching is off, or the folder cannot be written to.
    """
    from scratchml.core.jit import cache_directory

    directory = cache_directory()
    if directory is None:
        chosen = os.environ.get("SCRATCHML_CACHE_DIR")
        reason = "there is no home folder" if chosen is None else f"SCRATCHML_CACHE_DIR={chosen}"
        raise InputError(
            f"compiled kernels would not be kept ({reason}); set SCRATCHML_CACHE_DIR to a folder"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise InputError(
            f"{directory}: {error.strerror or error}; compiled kernels would not be kept: set"
            " SCRATCHML_CACHE_DIR to a folder that can be written to"
        ) from error
    return directory


class Interruption:
    """Holds Ctrl-C back until `check`, for the compiler would lose it; a second one is not held."""

    def __init__(self) -> None:
        self._noted = False

    def note(self, *_: object) -> None:
        """Handle a signal."""
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True

    def check(self) -> None:
        """Raise the KeyboardInterrupt that is due, if any."""
        if self._noted:
            raise KeyboardInterrupt
