"""The shell as a process: help, completion, a terminal, signals, pipes."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from shell_helpers import run_shell

import scratchml
from scratchml import cli
from scratchml.datasets import make_blobs


def test_version() -> None:
    assert run_shell("--version").stdout == f"scratchml, version {scratchml.__version__}\n"


def test_help_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["--help"]) == 0
    assert capsys.readouterr().out == alone
    assert re.search(r"cluster +Cluster the rows of a file\.", alone)


@pytest.mark.parametrize("command", list(cli._COMMANDS))
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(cli.build_cli(), [command, "--help"], prog_name="scratchml")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: scratchml {command} ")


def test_help_of_cluster() -> None:
    result = CliRunner().invoke(cli.build_cli(), ["cluster", "--help"], prog_name="scratchml")
    for said in (
        *cli.tables._EXTENSIONS,
        "  zcat big.csv.gz | scratchml cluster - -k 20 --json\n",
        "\n  The exit code is 0, 2 for what cannot be used, 1 when ",
        "Options of the algorithm:\n  -k, --n-clusters N ",
        "  --variant auto|elkan|hamerly|lloyd|yinyang",
    ):
        assert said in result.output


@pytest.mark.parametrize(
    ("words", "last", "completions"),
    [
        pytest.param("scratchml clu", 1, {"plain,cluster"}, id="command"),
        pytest.param("scratchml cluster --algorithm km", 3, {"plain,kmeans"}, id="algorithm"),
        pytest.param("scratchml cluster --max-i", 2, {"plain,--max-iter"}, id="option"),
        pytest.param("scratchml cluster --init k", 3, {"plain,k-means++"}, id="value"),
    ],
)
def test_shell_completion(words: str, last: int, completions: set[str]) -> None:
    environment = {
        **os.environ,
        "_SCRATCHML_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(last),
    }
    assert set(run_shell(env=environment).stdout.split()) == completions


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["klaster"]) == 2
    assert capsys.readouterr().err.startswith("error: No such command 'klaster'.")


# --- signals and pipes --------------------------------------------------------------------------


@pytest.fixture
def slow_table(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for a run of several seconds: many rows of their own, many runs."""
    X, _ = make_blobs(200_000, n_features=4, centers=50, random_state=0)
    np.save("slow.npy", X)
    return ["cluster", "slow.npy", "-k", "50", "--n-init", "200"]


def in_the_background(arguments: list[str], **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "scratchml", *arguments], **options)


ANNOUNCED = """
import sys
from scratchml import cli
from scratchml.cluster import KMeans
fit = KMeans.fit
def announced(self, X):
    told = []
    def tell(event):
        if not told:
            told.append(print("fitting", file=sys.stderr, flush=True))
    return fit(self.set_callbacks(tell), X)
KMeans.fit = announced
sys.exit(cli.main(sys.argv[1:]))
"""


def fitting(arguments: list[str], **options: object) -> subprocess.Popen[bytes]:
    """The shell in a process of its own, which has begun to fit."""
    process = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCED, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    assert process.stderr.readline() == b"fitting\n"
    return process


@pytest.mark.jit
@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["ctrl-c", "terminate", "hang-up"],
)
def test_signals_while_it_fits(slow_table: list[str], sent: signal.Signals, code: int) -> None:
    Path("labels.csv").write_text("old")
    # The suite itself may run under nohup, whose children go on ignoring what it ignores.
    ours = signal.signal(sent, signal.default_int_handler)
    try:
        process = fitting([*slow_table, "--output", "labels.csv", "--force"])
    finally:
        signal.signal(sent, ours)
    process.send_signal(sent)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors.strip()) == (code, b"", b"")
    assert Path("labels.csv").read_text() == "old"
    assert sorted(os.listdir()) == ["labels.csv", "slow.npy"]


def test_an_ignored_signal_stays_ignored(points: np.ndarray) -> None:
    np.save("points.npy", points)
    process = fitting(
        ["cluster", "points.npy", "-k", "4", "--tol", "0", "--n-init", "50"],
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as nohup does
    )
    process.send_signal(signal.SIGHUP)
    assert b"mean distance" in process.communicate(timeout=30)[0]
    assert process.returncode == 0


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_killed_while_it_writes(sent: signal.Signals) -> None:
    Path("labels.csv").write_text("old")
    code = (
        "import numpy as np; from pathlib import Path; from scratchml.cli import output\n"
        "def ids():\n"
        "    for row in range(10**6):\n"
        "        if row == 10**5: print('writing', flush=True)\n"
        "        yield row\n"
        "    input()\n"
        "output.write_labels(Path('labels.csv'), 'row', ids(), np.zeros(10**6 + 1, 'i4'), True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(sent)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert Path("labels.csv").read_text() == "old"
    left = [name for name in os.listdir() if name != "labels.csv"]
    assert len(left) == (sent == signal.SIGKILL)  # nothing can tidy up after that


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["table", "json"])
def test_reader_that_goes_away(arguments: list[str]) -> None:
    with in_the_background(
        ["cluster", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=60)) == (b"", 1)


@pytest.mark.parametrize("stream", [0, 1, 2], ids=["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("source", ["-", "t.csv"], ids=["piped", "file"])
def test_a_stream_that_is_closed(stream: int, source: str) -> None:
    Path("t.csv").write_text("1,2\n3,4\n")
    fails = stream == 0 and source == "-"
    with Path("t.csv").open("rb") as file:
        done = run_shell(
            *("cluster", source, "-k", "1"),
            code=2 if fails else 0,
            stdin=file,
            preexec_fn=lambda: os.close(stream),
        )
    assert done.stderr == ("error: standard input: is empty\n" if fails else "")
    assert ("mean distance" in done.stdout) == (stream != 1 and not fails)


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("words", ["cluster t.csv -k 1", "cluster t.csv -k 1 --json", "--help"])
def test_a_full_disk(words: str, unbuffered: str) -> None:
    Path("t.csv").write_text("1,2\n")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "scratchml", *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
        )
    assert done.stderr == "error: standard output: No space left on device\n"
    assert done.returncode == 2


# --- a terminal ---------------------------------------------------------------------------------


def on_a_terminal(arguments: list[str]) -> tuple[int, str]:
    """Run the shell on a pseudo-terminal; return its exit code and all that it drew."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(
            sys.executable,
            [sys.executable, "-m", "scratchml", *arguments],
            {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
        )
    drawn = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            drawn += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), drawn.decode()


@pytest.mark.jit
def test_progress_bar_on_a_terminal() -> None:
    X, _ = make_blobs(100_000, n_features=4, centers=50, random_state=0)
    np.save("long.npy", X)
    code, drawn = on_a_terminal(["cluster", "long.npy", "-k", "50", "--n-init", "30"])
    assert code == 0
    assert re.search(r"KMeans run \d+/30 ", drawn)
    assert drawn.index("KMeans run") < drawn.index("mean distance")


@pytest.mark.jit
def test_what_goes_on_before_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", "off")
    Path("[red].csv").write_text("1,2\n3,4\n")
    code, drawn = on_a_terminal(["cluster", "[red].csv", "-k", "2"])
    assert code == 0
    told = ["reading [red].csv ...", "compiling ", "mean distance"]
    assert [drawn.index(text) for text in told] == sorted(drawn.index(text) for text in told)
    before, _, report = drawn.partition("K-means")
    assert "..." not in report
    assert "\x1b[1A\x1b[2K" in before.rpartition("\n")[2]  # up a line, which is cleared


@pytest.mark.jit
@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["short", "json"])
def test_no_progress_bar_for_short_fits_and_programs(arguments: list[str]) -> None:
    code, drawn = on_a_terminal(["cluster", *arguments])
    assert code == 0
    assert "KMeans" not in drawn
    assert ("reading" in drawn) == ("--json" not in arguments)
