"""Show how far a fit has come, in the terminal or the notebook."""

from __future__ import annotations

import importlib.util
import multiprocessing
import sys
import threading
from numbers import Real
from typing import TYPE_CHECKING, Any, TextIO

from scratchml.callbacks.base import FitCallback, read_number
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

# What the fit makes better, where it shows that; a name that the user has chosen has to exist.
_AUTO = "auto"
_SECONDS_BETWEEN_REFRESHES = 0.1
# More bars of one fit would push each other off the screen.
_MAX_BARS = 10
# Displays are opened and closed by fits in any thread. A lock in the callback could not be pickled.
_LOCK = threading.RLock()


class ProgressBar(FitCallback):
    """Show a bar for the runs of a fit: their iterations and the value they make better.

    A bar is full when its run has converged. It is redrawn after an iteration, about ten times a
    second at most, in the thread of the fit; fits in several threads share one display. A run that
    is over before the next refresh gets no bar, unless it is the last of its fit. Nothing is
    shown where standard error is not a terminal (or a notebook with ipywidgets), nor in the worker
    processes of a parallel search.

    Parameters
    ----------
    monitor : str or None, default="auto"
        Number to show beside the bar, as of the latest refresh: one that the events of the fit
        show. "auto" is what the fit makes better, the inertia of K-means or the lower bound of a
        mixture, if there is one; None never shows any.
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
    ValueError
        In a fit whose events do not show the `monitor` that was chosen, or show an array under that
        name.

    Notes
    -----
    Between two refreshes nothing is computed. A refresh reads `monitor`, which for the inertia of
    K-means takes one pass over the data. Any value but the default is also read after the first
    iteration of each run, to see that it is a number.

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
        monitor: str | None = _AUTO,
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
        if event.iteration == 1 and self.monitor not in (None, _AUTO):
            read_number(event, self.monitor, type(self).__name__)
        bars: _Bars | None = self._state_of(event.estimator)
        if bars is not None:
            bars.advance(event)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        bars: _Bars | None = self._state_of(estimator)
        if bars is not None and context.max_subtasks != 0:  # not an iteration, which has none
            bars.fill(fit_is_over=context.task_name == "fit")
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
        self._title = ""
        self._task: TaskID | None = None
        self._run_began = self._seconds = 0.0
        self._count = ""
        # The count and the value of the latest refresh.
        self._drawn = self._value = ""

    def advance(self, event: FitEvent) -> None:
        if (event.stage, event.run) != self._run:
            self._run = (event.stage, event.run)
            self._title = _title(event)
            self._task = None
            self._drawn = ""
            self._run_began = self._seconds
        self._count = _count(event)
        self._seconds = event.seconds
        if event.seconds >= self._refresh_at:
            self._draw(event)
            self._refresh_at = event.seconds + _SECONDS_BETWEEN_REFRESHES

    def fill(self, fit_is_over: bool) -> None:
        """The current run is over: its bar is full, however few iterations it took.

        When the fit is over too, its last run gets a bar if it has none: otherwise what stays on
        the screen would be an earlier run.
        """
        if self._display is not None and (self._task is not None or fit_is_over):
            # Better no value than that of an iteration before the last.
            value = self._value if self._drawn == self._count else ""
            self._show(self._display, completed=1, total=1, value=value)

    def _draw(self, event: FitEvent) -> None:
        if self._display is None:
            self._display = self._callback._open_display(self._console)
        monitor = self._callback.monitor
        if monitor == _AUTO:
            monitor = event.estimator._objective.name
        self._drawn = self._count
        self._value = ""
        if monitor is not None and monitor in event.state_names:
            self._value = f"{monitor} {read_number(event, monitor, 'ProgressBar'):.6g}"
        self._show(self._display, completed=event.iteration, total=event.total, value=self._value)
        self._display.refresh()

    def _show(self, display: Progress, **shown: Any) -> None:
        """Bring the bar of the current run up to date; make one if it has none."""
        shown |= {"count": self._count, "time": f"{self._seconds - self._run_began:.1f} s"}
        if self._task is None:
            if len(self._tasks) == _MAX_BARS:
                display.remove_task(self._tasks.pop(0))
            self._task = display.add_task(self._title, **shown)
            self._tasks.append(self._task)
        else:
            display.update(self._task, **shown)


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
