"""Contestants in fresh processes, from the side of the one who lets them run."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from .contestants import Contestant
from .outcomes import UnfairDuelError

_SECONDS_TO_END = 1.0

# Each reads one of these when it is imported.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "SCRATCHML_NUM_THREADS",
)


class ContestantError(RuntimeError):
    """A contestant has failed in its process; the message ends with its traceback."""


class Process:
    """A fresh process with one contestant in it.

    Parameters
    ----------
    contestant : Contestant
        It is pickled, and so is its class if a fresh process could not import it.
    data : Path
        File of the pickled data.
    n_threads : int
        Threads imposed on it.
    """

    def __init__(self, contestant: Contestant, data: Path, n_threads: int) -> None:
        self.name = contestant.name
        pickled = pickled_contestant(contestant)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from scratchml.bench.worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is ours to handle; and its children end with it
            env={
                **os.environ,
                **dict.fromkeys(_THREAD_VARIABLES, str(n_threads)),
                "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
            },
        )
        try:
            self.ask("load", pickled, str(data), n_threads)
        except BaseException:
            self.stop()
            raise

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the `Worker` there.

        Raises
        ------
        UnfairDuelError
            When the conditions there are not fair.
        ContestantError
            When the contestant fails, or its process dies.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((method, arguments), self._process.stdin)
            self._process.stdin.flush()
            kind, *answer = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError) as error:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()
            code = self._process.wait()
            raise ContestantError(
                f"the process of {self.name} has died with exit code {code}\n{said}"
            ) from error
        if kind == "unfair":
            raise UnfairDuelError(f"{self.name}: {answer[0]}")
        if kind == "failed":
            message, there = answer
            raise ContestantError(f"{self.name} has failed: {message}\n\n{there}")
        return answer[0]

    def stop(self) -> None:
        """End the process and whatever it has started."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def pickled_contestant(contestant: Contestant) -> bytes:
    """The contestant as bytes that a fresh process can read.

    Raises
    ------
    ValueError
        When it cannot be pickled, or its class is of ``__main__`` and cloudpickle is not installed.
    """
    if find_spec("cloudpickle") is not None:
        import cloudpickle as pickler
    else:
        refuse_main(contestant)
        pickler = pickle
    try:
        return pickler.dumps(contestant)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{contestant.name} cannot be sent to a process of its own: {error}"
        ) from error


def refuse_main(contestant: Contestant) -> None:
    """Refuse what plain pickle would not find again.

    Raises
    ------
    ValueError
        When the class of the contestant or of its estimator is of ``__main__``.
    """
    for value in (contestant, getattr(contestant, "estimator", None)):
        cls = type(value)
        if cls.__module__ == "__main__":
            raise ValueError(
                f"{cls.__name__} is defined in __main__, where a fresh process does not find it:"
                " pip install cloudpickle, or move it to a module"
            )


@contextmanager
def stored(X: Any, y: Any) -> Iterator[Path]:
    """A file of the data, from which every process takes the same bytes."""
    with tempfile.TemporaryDirectory(prefix="scratchml-duel-") as folder:
        path = Path(folder, "data.pickle")
        with path.open("wb") as file:
            pickle.dump((X, y), file, protocol=5)
        yield path
