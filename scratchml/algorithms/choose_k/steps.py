"""Progress of a long run."""

from __future__ import annotations

from collections.abc import Callable

from scratchml.core.verbose import say


class Steps:
    """Tells of each step before it begins.

    Parameters
    ----------
    n_steps : int
        How many there will be.
    verbose : bool or int
        Whether to print each.
    on_step : callable or None
        Called as ``on_step(name, n_done, n_steps)``. What it raises ends the run.
    """

    def __init__(
        self,
        n_steps: int,
        verbose: bool | int = False,
        on_step: Callable[[str, int, int], object] | None = None,
    ) -> None:
        self._n_steps = n_steps
        self._n_done = 0
        self._verbose = verbose
        self._on_step = on_step

    def begin(self, name: str) -> None:
        """The next step begins."""
        say(self._verbose, f"Step {self._n_done + 1} of {self._n_steps}: {name}")
        if self._on_step is not None:
            self._on_step(name, self._n_done, self._n_steps)
        self._n_done += 1
