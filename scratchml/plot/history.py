"""How runs of a fit converged."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from scratchml.core.objective import INERTIA, KNOWN, objective_named

from .axes import axes_or_new, legend_with_room, literal, require_matplotlib
from .palette import MUTED, OKABE_ITO

# From here on a value is written without decimals.
_LARGE = 10_000


class HistoryDisplay:
    """Picture of a recorded value after each iteration, a line for each run, the best standing out.

    Make it with `from_estimator` or `from_history`.

    Parameters
    ----------
    values : ndarray of shape (n_records,)
        The value, such as the inertia. Records without one (NaN) are left out.
    runs : ndarray of shape (n_records,)
        Which run each was recorded in.
    iterations : ndarray of shape (n_records,)
        After which iteration.
    name : str, default="inertia"
        What the value is called.
    mode : {"min", "max"}, optional
        Whether the best run is the one that ends lowest or highest. Unless given, highest for
        "lower_bound", else lowest.

    Attributes
    ----------
    best_run : int
        The run with the best last value; the first of equally good ones. K-means shows the inertia
        of the centres that an iteration began with: among runs that end almost alike the fit may
        have kept another one.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        A line for each run, in the order of the runs.
    legend_ : matplotlib Legend or None
        Which line is the best; None for a single run, and where there is no room.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import HistoryDisplay
    >>> X, _ = make_blobs(300, centers=6, random_state=0)
    >>> display = HistoryDisplay.from_estimator(KMeans(6, n_init=5, random_state=0), X)
    >>> len(display.lines_)
    5
    """

    def __init__(
        self,
        values: Any,
        runs: Any,
        iterations: Any,
        *,
        name: str = "inertia",
        mode: str | None = None,
    ) -> None:
        if mode is None:
            mode = objective_named(name).mode
        if mode not in ("min", "max"):
            raise ValueError(f"mode should be 'min' or 'max', got {mode!r}.")
        values, runs, iterations = (np.asarray(array) for array in (values, runs, iterations))
        if not values.shape == runs.shape == iterations.shape or values.ndim != 1:
            raise ValueError(
                "values, runs and iterations should be one-dimensional and of equal length, got"
                f" shapes {values.shape}, {runs.shape} and {iterations.shape}."
            )
        given = {f"values of {name!r}": values, "runs": runs, "iterations": iterations}
        for what, array in given.items():
            if array.dtype.kind not in "iuf":
                raise ValueError(f"The {what} should be numbers, got dtype {array.dtype}.")
        recorded = ~np.isnan(values)
        if not recorded.any():
            raise ValueError(f"There is no record of {name!r} to draw.")
        self.values = values[recorded]
        self.runs = runs[recorded]
        self.iterations = iterations[recorded]
        self.name = name
        self.mode = mode
        numbers = np.unique(self.runs)
        last = np.array([self.values[self.runs == run][-1] for run in numbers])
        self.best_run = int(numbers[np.argmin(last) if mode == "min" else np.argmax(last)])

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample_weight: Any = None,
        name: str | None = None,
        mode: str | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> HistoryDisplay:
        """Fit a copy of an estimator, record what happens, and draw it.

        Parameters
        ----------
        estimator : estimator
            One that takes callbacks. It is left as it is: a new one with copies of its parameters,
            without its callbacks, is fitted.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        sample_weight : array-like of shape (n_samples,), optional
            Their weights.
        name : str, optional
            The scalar to record: an attribute of `FitEvent`. Unless given, what the fit makes
            better, such as the inertia.
        mode : {"min", "max"}, optional
            Whether the best run is the one that ends lowest or highest. Unless given, highest for
            "lower_bound", else lowest.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator takes no callbacks.
        KeyError
            If the fit shows no scalar of that name.
        ValueError
            If what is recorded under that name is no number, or `mode` is not valid.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        if not hasattr(estimator, "set_callbacks"):
            raise TypeError(
                f"{cls.__name__}.from_estimator needs an estimator with set_callbacks, got"
                f" {estimator!r}. Record its values yourself and pass them to from_history."
            )
        from scratchml.callbacks import History

        history = History()
        twin = type(estimator)(**copy.deepcopy(estimator.get_params(deep=False)))
        twin.set_callbacks(history)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        twin.fit(X, **weights)
        return cls.from_history(history, name, mode=mode, ax=ax, **plot_options)

    @classmethod
    def from_history(
        cls,
        history: Any,
        name: str | None = None,
        *,
        mode: str | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> HistoryDisplay:
        """Draw what was recorded.

        Parameters
        ----------
        history : scratchml.callbacks.History or mapping
            Arrays of equal length under "run", "iteration" and `name`.
        name : str, optional
            What to draw. Unless given, what the fit made better; of a mapping that does not say
            so, the inertia, or else the lower bound.
        mode : {"min", "max"}, optional
            Whether the best run is the one that ends lowest or highest. Unless given, highest for
            "lower_bound", else lowest.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        KeyError
            If nothing of that name was recorded.
        ValueError
            If the arrays are of different lengths, hold no numbers or no record, or `mode` is not
            valid.
        """
        require_matplotlib(f"{cls.__name__}.from_history")
        if name is None:
            name = getattr(history, "objective", None)
        if name is None:
            name = next((known for known in KNOWN if known in history), INERTIA.name)
        display = cls(history[name], history["run"], history["iteration"], name=name, mode=mode)
        return display.plot(ax=ax, **plot_options)

    def plot(
        self, ax: Any = None, *, log: bool = False, line_kwargs: Mapping[str, Any] | None = None
    ) -> HistoryDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        log : bool, default=False
            Whether the value has a logarithmic axis, which leaves out values that are not positive.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for every line.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        self.lines_ = []
        for run in np.unique(self.runs):
            is_best = run == self.best_run
            records = self.runs == run
            # A dot at the last record: the run ended there.
            options = {
                "color": OKABE_ITO[0] if is_best else MUTED,
                "linewidth": 2.4 if is_best else 1.2,
                "zorder": 3 if is_best else 2,
                "marker": "o",
                "markersize": 6 if is_best else 4,
                "markevery": [np.count_nonzero(records) - 1],
            }
            self.lines_ += self.ax_.plot(
                self.iterations[records], self.values[records], **{**options, **(line_kwargs or {})}
            )
        self.ax_.set(xlabel="iteration", ylabel=literal(self.name))
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        if log:
            self.ax_.set_yscale("log", nonpositive="mask")
        self.ax_.spines[["top", "right"]].set_visible(False)
        self._draw_legend()
        return self

    def _draw_legend(self) -> None:
        numbers = list(np.unique(self.runs))
        self.legend_ = None
        if len(numbers) == 1:
            return
        best = numbers.index(self.best_run)
        last = self.values[self.runs == self.best_run][-1]
        value = f"{last:,.0f}" if abs(last) >= _LARGE else f"{last:.4g}"
        entries = {
            f"run {self.best_run}, the best: {value}": self.lines_[best],
            f"the other {len(numbers) - 1}": self.lines_[best - 1],
        }
        # Where curves that end well leave room.
        corner = "upper right" if self.mode == "min" else "lower right"
        self.legend_ = legend_with_room(
            self.ax_, list(entries.values()), list(entries), frameon=False, loc=corner
        )
