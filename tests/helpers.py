"""What several test files share: Python in a process of its own, and labelings compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

HEARD = """
import os, signal, threading, time

def interrupted(call):
    sent = []
    def send():
        time.sleep(0.15)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        while True:
            call()
    except KeyboardInterrupt:
        delay = time.monotonic() - sent[0]
        sender.join()
        return delay

def heard(call):
    # What else runs on the machine may take the processor away once.
    return interrupted(call) < 0.5 or interrupted(call) < 0.5
"""
"""Code with a function ``heard(call)``: whether Ctrl-C ends a call, made again and again, soon."""


def start_python(
    code: str, *, env: Mapping[str, str | None] | None = None, cwd: Path | str | None = None
) -> subprocess.Popen[str]:
    """Start a fresh interpreter on some code, with every warning an error.

    Parameters
    ----------
    code : str
        Run as ``python -c``: modules in ``cwd`` can be imported.
    env : mapping of str to str or None
        Changes to this process's environment; None removes a variable.
    cwd : path
        Working directory; by default the present one.
    """
    environment = {**os.environ, **(env or {})}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        env={name: value for name, value in environment.items() if value is not None},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish_python(process: subprocess.Popen[str], timeout: float = 60) -> str:
    """Wait for `start_python`'s process and return what it printed.

    Raises
    ------
    AssertionError
        If it failed, or wrote anything to standard error (a warning, an ignored exception).
    subprocess.TimeoutExpired
        If it took longer than ``timeout`` seconds; it is killed, with its children.
    """
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold the pipes open
        process.communicate()
        raise
    assert process.returncode == 0, f"exit code {process.returncode}\n{output}\n{errors}"
    assert errors == "", errors
    return output


def run_python(
    code: str,
    *,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | str | None = None,
    timeout: float = 60,
) -> str:
    """Run code in a fresh interpreter and return what it printed (see the two functions above)."""
    return finish_python(start_python(code, env=env, cwd=cwd), timeout)


def same_clustering(a: Iterable[object], b: Iterable[object]) -> bool:
    """Whether a bijection maps the labels of one labeling to those of the other.

    Checked both ways: no label of ``a`` has two partners in ``b``, nor the other way round.
    """
    a, b = list(a), list(b)
    n_pairs = len(set(zip(a, b, strict=True)))
    return n_pairs == len(set(a)) == len(set(b))
