"""Record what each iteration shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from scratchml.callbacks.base import FitCallback, is_number
from scratchml.core.events import FitEvent
from scratchml.core.params import Options, check_params

_ALWAYS = ("stage", "run", "iteration", "seconds")


class History(FitCallback, Mapping[str, np.ndarray]):
    """Record every iteration of a fit: a mapping of names to arrays, an entry an iteration.

    The names are ``stage``, ``run`` (from 0), ``iteration`` (of the run, from 1), ``seconds``
    (since the fit began), and those of all scalars that the events show, such as ``inertia`` and
    ``shift``. Where an iteration did not show one of them its entry is NaN.

    Each fit begins a new history. Where several estimators share one object it holds the fit that
    began last.

    Parameters
    ----------
    centers, labels : bool, default=False
        Whether to keep a copy of the centres and of the labels of each iteration.

    Attributes
    ----------
    objective : str or None
        Which of the names is the number that the fit makes better, "inertia" or "lower_bound";
        None before the first fit.
    centers, labels : list of ndarray or None
        The copies, one for each iteration; None where an iteration showed none, or if they were
        not asked for.

    Notes
    -----
    Every scalar is read after every iteration. Where it is not a by-product of the iteration it has
    to be computed: the inertia of K-means takes one more pass over the data. Copies of the labels
    take ``n_samples`` integers an iteration.

    The arrays are made when they are asked for, in time and memory linear in the number of
    iterations.

    Examples
    --------
    >>> from scratchml.callbacks import History
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> X, _ = make_blobs(200, centers=4, random_state=0)
    >>> history = History()
    >>> _ = KMeans(4, random_state=0).set_callbacks(history).fit(X)
    >>> list(history)
    ['stage', 'run', 'iteration', 'seconds', 'inertia', 'shift']
    >>> bool((history["inertia"][1:] <= history["inertia"][:-1]).all())
    True
    """

    def __init__(self, *, centers: bool = False, labels: bool = False) -> None:
        super().__init__()
        flags = {"centers": centers, "labels": labels}
        check_params({name: ["boolean"] for name in flags}, flags, type(self).__name__)
        self._kept = [name for name, keep in flags.items() if keep]
        self._rows: list[dict[str, Any]] = []
        self.objective: str | None = None

    def __call__(self, event: FitEvent) -> None:
        """Record an iteration."""
        fit: _Fit = self._state_of(event.estimator)
        if event.stage not in fit.scalars:
            # Reading a value may compute it: what proves to be an array is read only this once.
            fit.scalars[event.stage] = [n for n in event.state_names if is_number(event, n)]
        row = {name: getattr(event, name) for name in (*_ALWAYS, *fit.scalars[event.stage])}
        for name in set(self._kept).intersection(event.state_names):
            row[name] = np.array(getattr(event, name))
        fit.rows.append(row)

    def _begin_fit(self, estimator: Any) -> _Fit:
        # The rows stay with the history when the state of the fit is gone.
        self._rows = []
        self.objective = estimator._objective.name
        return _Fit(self._rows)

    # ------------------------------------------------------------------ what was recorded

    def __getitem__(self, name: str) -> np.ndarray:
        names = list(self)
        if name not in names:
            raise KeyError(f"{name!r} is not in the history, which has {names}.")
        return np.array([row.get(name, np.nan) for row in self._rows])

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys(name for row in self._rows for name in row)
        return (name for name in names if name not in self._kept)

    def __len__(self) -> int:
        return len(list(iter(self)))

    # A mapping compares its values, which arrays do not allow.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def centers(self) -> list[np.ndarray | None]:
        """The centres after each iteration."""
        return [row.get("centers") for row in self._rows]

    @property
    def labels(self) -> list[np.ndarray | None]:
        """The labels of each iteration."""
        return [row.get("labels") for row in self._rows]

    @property
    def n_runs(self) -> int:
        """Number of runs that were recorded."""
        return len({row["run"] for row in self._rows})

    def run(self, index: int) -> History:
        """The history of one run.

        Parameters
        ----------
        index : int
            Which run, from 0.

        Returns
        -------
        History
            With the iterations of that run alone.

        Raises
        ------
        IndexError
            If no iteration of that run was recorded.
        """
        chosen = History()
        chosen._kept = self._kept
        chosen.objective = self.objective
        chosen._rows = [row for row in self._rows if row["run"] == index]
        if not chosen._rows:
            raise IndexError(f"The history has no run {index}: it has {self.n_runs} runs.")
        return chosen

    def to_dataframe(self, container: str = "pandas") -> Any:
        """The history as a table with a row for each iteration.

        Parameters
        ----------
        container : {"pandas", "polars"}, default="pandas"
            Which library's dataframe, without the copies of centres and labels.

        Returns
        -------
        pandas.DataFrame or polars.DataFrame

        Raises
        ------
        InvalidParameterError
            If `container` is neither.
        ImportError
            If that library is not installed.
        """
        import importlib

        check_params(
            {"container": [Options({"pandas", "polars"})]},
            {"container": container},
            "History.to_dataframe",
        )
        return importlib.import_module(container).DataFrame(dict(self))

    def __repr__(self) -> str:
        return f"History(n_runs={self.n_runs}, n_iterations={len(self._rows)}, names={list(self)})"


class _Fit:
    """A fit that is being recorded: its rows, and the names of the scalars of each stage."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.scalars: dict[str, list[str]] = {}
