"""The shell: ``scratchml COMMAND``.

Each command is a module of this package with a `command`, loaded when it is asked for. What is
wrong with the input, wherever it is found, is an `InputError`, which `main` turns into one line on
standard error.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scratchml import __version__

from .say import InputError, say

if TYPE_CHECKING:
    import click

_EXIT_BAD_INPUT = 2
_EXIT_BROKEN_PIPE = 1  # as rich and click have it
# 128 and the number of the signal, as shells count.
_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143

_COMMANDS = {
    "cluster": "Cluster the rows of a file.",
    "info": "Show versions, processor, threads, memory and cache.",
    "warmup": "Compile all kernels ahead of the first fit.",
}


def build_cli() -> click.Group:
    """Make the command ``scratchml``; click is loaded here, not with the module."""
    import click

    class LazyGroup(click.Group):
        """Commands by name, each imported when it runs or prints its help."""

        def list_commands(self, context: click.Context) -> list[str]:
            return list(_COMMANDS)

        def get_command(self, context: click.Context, name: str) -> click.Command | None:
            if name not in _COMMANDS:
                return None
            return import_module(f"{__name__}.{name.replace('-', '_')}").command

        def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(list(_COMMANDS.items()))

    @click.group(
        cls=LazyGroup,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    @click.version_option(__version__, prog_name="scratchml")
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Clustering you can read, trust and race."""
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    return cli


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell.

    Parameters
    ----------
    arguments : sequence of str or None
        Words after the name of the program; None stands for those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for anything that cannot be used as given, 130 after Ctrl-C, 1 when
        whoever read the output has gone.
    """
    if find_spec("click") is None or find_spec("rich") is None:
        sys.stderr.write("The shell needs a few packages: pip install 'scratchml[cli]'\n")
        return _EXIT_BAD_INPUT
    import click

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _orderly_termination():
            build_cli().main(arguments, prog_name="scratchml", standalone_mode=False)
            sys.stdout.flush()
    except click.ClickException as error:
        message = error.format_message()
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_BROKEN_PIPE
    except (InputError, OSError) as error:
        message = str(error)
    except MemoryError as error:
        message = str(error) or "not enough memory"
    except (click.Abort, KeyboardInterrupt):
        return _EXIT_INTERRUPTED
    else:
        return 0
    say("error", message)
    return _EXIT_BAD_INPUT


@contextlib.contextmanager
def _orderly_termination() -> Iterator[None]:
    """Unwind on SIGTERM as on Ctrl-C, so that half-written files are removed."""

    def terminate(*_: Any) -> None:
        raise SystemExit(_EXIT_TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
