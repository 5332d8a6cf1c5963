"""The shell: ``scratchml COMMAND``.

Each command is a module of this package with a `command`, loaded when it is asked for. What is
wrong with the input, wherever it is found, is an `InputError`, which `main` turns into one line on
standard error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scratchml import __version__

from .say import InputError, say
from .signals import handled

if TYPE_CHECKING:
    import click

_EXIT_BAD_INPUT = 2
_EXIT_BROKEN_PIPE = 1  # as rich and click have it
_EXIT_SIGNALLED = 128  # and the number of the signal, as shells count
_EXIT_INTERRUPTED = 130

_COMMANDS = {
    "cluster": "Cluster the rows of a file.",
    "duel": "Race an algorithm against another library on a file.",
    "choose-k": "Choose the number of clusters of a file.",
    "suggest-eps": "Suggest an eps for DBSCAN on a file.",
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

    Raises
    ------
    SystemExit
        With 129 or 143, when the terminal is closed or the process is terminated: half-written
        files are removed on the way.
    """
    _replace_closed_streams()
    if find_spec("click") is None or find_spec("rich") is None:
        sys.stderr.write("The shell needs a few packages: pip install 'scratchml[cli]'\n")
        return _EXIT_BAD_INPUT
    import click

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with handled(("SIGTERM", "SIGHUP"), _leave):
            build_cli().main(arguments, prog_name="scratchml", standalone_mode=False)
            sys.stdout.flush()
    except click.ClickException as error:
        message = error.format_message()
    except BrokenPipeError:
        _drop_lost_output()
        return _EXIT_BROKEN_PIPE
    except InputError as error:
        message = str(error)
    except OSError as error:
        # Whatever else is read or written has been named by now.
        message = str(error) if error.filename else f"standard output: {error.strerror or error}"
        _drop_lost_output()
    except MemoryError as error:
        message = str(error) or "not enough memory"
    except (click.Abort, KeyboardInterrupt):
        return _EXIT_INTERRUPTED
    else:
        return 0
    say("error", message)
    return _EXIT_BAD_INPUT


def _replace_closed_streams() -> None:
    """Let a standard stream that the process was started without lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _drop_lost_output() -> None:
    """Lead standard output nowhere if it fails: what it holds would fail again at the very end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(number: int, _: Any) -> None:
    """Unwind as on Ctrl-C."""
    raise SystemExit(_EXIT_SIGNALLED + number)
