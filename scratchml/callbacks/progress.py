"""Show how far a fit has come, in the terminal or the notebook."""

from __future__ import annotations

import importlib.util
import multiprocessing
import sys
import threading
from numbers import Real
from typing import TYPE_CHECKING, Any, TextIO

from scratchml.callbacks.base import FitCallback
from scratchml.core.events import FitEvent
from scratchml.core.params import HasMethods, Interval, check_params

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_CONSTRAINTS: dict[str, list[Any]] = {
    "monitor": [str, None],
    "delay": [Interval(Real, 0, None, closed="left")],
    "transient": ["boolean"],
    "force": ["boolean"],
    "file": [HasMethods(("write", "flush")), None],
}

_SECONDS_BETWEEN_REFRESHES = 0.1
# More bars of one fit would push each other off the screen.
_MAX_BARS = 10
# Displays are opened and closed by fits in any thread. A lock in the callback could not be pickled.
_LOCK = threading.RLock()


class ProgressBar(FitCallback):
    """Show a bar for each run of a fit: its iterations and the value it lowers.

    A bar is full when its run has converged. It is redrawn after an iteration, about ten times a
    second at most, in the thread of the fit; fits in several threads share one display. Nothing is
    shown where standard error is not a terminal (or a notebook with ipywidgets), nor in the worker
    processes of a parallel search.

    Parameters
    ----------
    monitor : str or None, default="inertia"
        Value to show beside the bar, as of the latest refresh, if the events of the fit show it.
        None shows none.
    delay : float, default=0.5
        Seconds that a fit must have taken before its bar appears: short fits flash nothing.
    transient : bool, default=False
        Whether the bars vanish when the fit is over.
    force : bool, default=False
        Whether to write where there is no terminal too: the bars as they are at the end, once.
    file : file-like object, optional
        Where to write, instead of to standard error. A copy or pickle of the bar goes without it.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ImportError
        If rich is not installed.

    Notes
    -----
    Between two refreshes nothing is computed. A refresh reads `monitor`, which for the inertia of
    K-means takes one pass over the data.

    Examples
    --------
    >>> from scratchml.callbacks import ProgressBar
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> X, _ = make_blobs(200, centers=4, random_state=0)
    >>> kmeans = KMeans(4, random_state=0).set_callbacks(ProgressBar()).fit(X)
    """

    def __init__(
        self,
        *,
        monitor: str | None = "inertia",
        delay: float = 0.5,
        transient: bool = False,
        force: bool = False,
        file: TextIO | None = None,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.delay = delay
        self.transient = transient
        self.force = force
        self.file = file
        check_params(_CONSTRAINTS, vars(self), type(self).__name__)
        if importlib.util.find_spec("rich") is None:
            raise ImportError(
                "ProgressBar needs rich, which is not installed: pip install 'scratchml[cli]'"
            )
        self._display: Progress | None = None

    def __call__(self, event: FitEvent) -> None:
        """Redraw the bar, if it is time."""
        bars: _Bars | None = self._state_of(event.estimator)
        if bars is not None:
            bars.advance(event)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        bars: _Bars | None = self._state_of(estimator)
        if bars is not None and context.max_subtasks != 0:  # not an iteration, which has none
            bars.fill()
        return False

    def teardown(self, estimator: Any, context: Any) -> None:
        with _LOCK:
            super().teardown(estimator, context)
            if self._display is not None and not self._fits:
                display, self._display = self._display, None
                display.stop()

    def _begin_fit(self, estimator: Any) -> _Bars | None:
        # Workers would draw over each other.
        if multiprocessing.parent_process() is not None:
            return None
        console = self._console()
        return _Bars(self, console) if self.force or _is_watched(console) else None

    def _console(self) -> Console:
        from rich.console import Console

        return Console(file=self.file, stderr=True)

    def _open_display(self, console: Console) -> Progress:
        """The display that the running fits share; the first of them to draw opens it."""
        with _LOCK:
            if self._display is None:
                self._display = _new_display(console, self.transient)
                self._display.start()
            return self._display

    def __getstate__(self) -> dict[str, Any]:
        # Streams and displays belong to this process.
        return {**super().__getstate__(), "_display": None, "file": None}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={getattr(self, name)!r}" for name in _CONSTRAINTS)
        return f"ProgressBar({given})"


class _Bars:
    """The bars of one fit, of which the last is that of its current run."""

    def __init__(self, callback: ProgressBar, console: Console) -> None:
        self._callback = callback
        self._console = console
        self._display: Progress | None = None
        self._tasks: list[TaskID] = []
        self._refresh_at: float = callback.delay
        # The current run, and how far it has come.
        self._run: tuple[str, int] | None = None
        self._task: TaskID | None = None
        self._run_began = self._seconds = 0.0
        self._count = ""
        # The count and the value of the latest refresh.
        self._drawn = self._value = ""

    def advance(self, event: FitEvent) -> None:
        if (event.stage, event.run) != self._run:
            self._run = (event.stage, event.run)
            self._task = None
            self._run_began = self._seconds
        self._count = _count(event)
        self._seconds = event.seconds
        if event.seconds >= self._refresh_at:
            self._draw(event)
            self._refresh_at = event.seconds + _SECONDS_BETWEEN_REFRESHES

    def fill(self) -> None:
        """The current run is over: its bar is full, however few iterations it took."""
        if self._display is not None and self._task is not None:
            self._display.update(
                self._task,
                completed=1,
                total=1,
                count=self._count,
                # Better no value than that of an iteration before the last.
                value=self._value if self._drawn == self._count else "",
                time=self._time(),
            )

    def _draw(self, event: FitEvent) -> None:
        if self._display is None:
            self._display = self._callback._open_display(self._console)
        monitor = self._callback.monitor
        self._drawn = self._count
        self._value = ""
        if monitor in event.state_names:
            self._value = f"{monitor} {getattr(event, monitor):.6g}"
        shown: dict[str, Any] = {
            "completed": event.iteration,
            "count": self._count,
            "value": self._value,
            "time": self._time(),
        }
        if self._task is None:
            if len(self._tasks) == _MAX_BARS:
                self._display.remove_task(self._tasks.pop(0))
            self._task = self._display.add_task(_title(event), total=event.total, **shown)
            self._tasks.append(self._task)
        else:
            self._display.update(self._task, **shown)
        self._display.refresh()

    def _time(self) -> str:
        return f"{self._seconds - self._run_began:.1f} s"


def _title(event: FitEvent) -> str:
    name = type(event.estimator).__name__
    return name if event.n_runs == 1 else f"{name} run {event.run + 1}/{event.n_runs}"


def _count(event: FitEvent) -> str:
    return f"{event.iteration}" if event.total is None else f"{event.iteration}/{event.total}"


def _is_watched(console: Console) -> bool:
    """Whether someone can see a display that changes."""
    if console.is_jupyter:
        return importlib.util.find_spec("ipywidgets") is not None
    return console.is_interactive


def _new_display(console: Console, transient: bool) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}", markup=False, style="progress.download"),
        TextColumn("{task.fields[value]}", markup=False),
        TextColumn("{task.fields[time]}", markup=False, style="progress.elapsed"),
        console=console,
        auto_refresh=False,
        transient=transient,
        # What is printed meanwhile goes above the bars, unless it goes to a file.
        redirect_stdout=_is_terminal(sys.stdout),
        redirect_stderr=_is_terminal(sys.stderr),
    )


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
