"""The shell: read a table, fit, report, write the labels.

What is wrong with the input, wherever it is found, is an `InputError`, which `main` turns into one
line on standard error.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from scratchml import __version__

from .jobs import check_output, fit_kmeans, print_report, write_labels
from .tables import InputError, read_table

if TYPE_CHECKING:
    import click

_EXIT_BAD_INPUT = 2
_EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def build_cli() -> click.Group:
    """Make the command ``scratchml``; click is loaded here, not with the module."""
    import click

    @click.group(
        invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
    )
    @click.version_option(__version__, prog_name="scratchml")
    @click.pass_context
    def cli(context: click.Context) -> None:
        """Clustering you can read, trust and race."""
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    @cli.command()
    @click.argument("file", required=False, type=click.Path(path_type=Path))
    @click.option(
        "-k",
        "n_clusters",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of clusters.  [default: 8; 10 for the digits]",
    )
    @click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        default=0,
        show_default=True,
        help="Seed of the initial centres: the same seed gives the same clusters.",
    )
    @click.option(
        "--output",
        type=click.Path(path_type=Path),
        metavar="LABELS.CSV",
        help="Write the cluster of each row here: columns row (from 0, in input order), cluster.",
    )
    @click.option("--force", is_flag=True, help="Overwrite the output file if it exists.")
    def cluster(
        file: Path | None, n_clusters: int | None, seed: int, output: Path | None, force: bool
    ) -> None:
        """Cluster the rows of FILE with K-means.

        Without FILE: the 1797 images of handwritten digits that ship with the package.

        \b
        FILE is one of
          .csv .txt   fields separated by commas
          .tsv        fields separated by tabs
          .npy        a 2-D array saved by numpy.save, mapped into memory

        The first line of a text file is read as column names if one of its fields is not a
        number. A column whose first value is not a number, an id or a name, is left out; a note
        on standard error says which. Missing values are refused: fill them in or remove their
        rows first. Columns are taken as they are: bring them to one scale if their units differ.

        Printed are the source, its numbers of rows and features, k, the iterations, the inertia
        (sum of squared distances to the nearest centre) and the seconds of the fit; then for each
        cluster its size, its share of the rows and the mean distance of its rows to its centre.

        \b
        Examples:
          scratchml cluster
          scratchml cluster points.csv -k 3
          scratchml cluster points.npy -k 20 --seed 7 --output labels.csv --force

        The exit code is 0, 2 for input that cannot be used, 130 after Ctrl-C.
        """
        if output is not None:
            check_output(output, force)
        table = read_table(file)
        _say("note", *table.notes)
        if n_clusters is None:
            n_clusters = 10 if file is None else 8
        fit = fit_kmeans(table, n_clusters, seed)
        _say("note", *fit.notes)
        if output is not None:
            write_labels(output, fit.model.labels_)
            _say("note", f"labels written to {output}")
        print_report(table, fit)

    return cli


def _say(kind: str, *messages: str) -> None:
    """Write messages on standard error, each on one line whatever file names or errors hold."""
    for message in messages:
        sys.stderr.write(f"{kind}: {' '.join(message.split())}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the shell.

    Parameters
    ----------
    arguments : sequence of str or None
        Words after the name of the program; None stands for those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for anything that cannot be used as given, 130 after Ctrl-C.
    """
    if find_spec("click") is None or find_spec("rich") is None:
        sys.stderr.write("The shell needs two small packages: pip install 'scratchml[cli]'\n")
        return _EXIT_BAD_INPUT
    import click

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        build_cli().main(arguments, prog_name="scratchml", standalone_mode=False)
    except click.ClickException as error:
        message = error.format_message()
    except (InputError, OSError) as error:
        message = str(error)
    except MemoryError as error:
        message = str(error) or "not enough memory"
    except (click.Abort, KeyboardInterrupt):
        return _EXIT_INTERRUPTED
    else:
        return 0
    _say("error", message)
    return _EXIT_BAD_INPUT
