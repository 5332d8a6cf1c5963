"""One run of EM: from a start to parameters under which the likelihood stands still."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from scratchml.core.callbacks import FitEvents
from scratchml.core.verbose import say

from .collapse import Collapse
from .covariances import CovarianceType
from .mixture import Mixture
from .steps import Steps


class Run(NamedTuple):
    """What one start has led to."""

    mixture: Mixture
    lower_bounds: list[float]
    converged: bool
    n_densities: int
    collapse: Collapse
    stopped: bool = False
    """Whether a callback has ended it."""

    @property
    def lower_bound(self) -> float:
        """The last one, or minus infinity if there was no iteration."""
        return self.lower_bounds[-1] if self.lower_bounds else -np.inf

    def fitted(self, covariance: CovarianceType, dtype: Any) -> dict[str, Any]:
        """The same as fitted attributes."""
        mixture = self.mixture
        return {
            "_fitted_type": covariance.name,
            "weights_": mixture.weights.astype(dtype),
            "means_": mixture.means.astype(dtype),
            "covariances_": mixture.covariances.astype(dtype),
            "precisions_cholesky_": mixture.factors.astype(dtype),
            "precisions_": covariance.precisions(mixture.factors).astype(dtype),
            "converged_": self.converged,
            "n_iter_": len(self.lower_bounds),
            "lower_bound_": self.lower_bound,
            "lower_bounds_": self.lower_bounds,
            "n_densities_": self.n_densities,
            "restarts_": self.collapse.restarts,
        }


def run_to_convergence(
    steps: Steps,
    mixture: Mixture,
    collapse: Collapse,
    tol: float,
    events: FitEvents,
    log: RunLog,
    lower_bound: float = -np.inf,
) -> Run:
    """Iterate until the lower bound changes little, or a callback says stop.

    Parameters
    ----------
    steps : Steps
        E-step and M-step; they hold the rows.
    mixture : Mixture
        The start; not modified.
    collapse : Collapse
        What is done when a covariance is not positive definite any more.
    tol : float
        The least change of the lower bound that counts as one.
    events : FitEvents
        Counts the iterations and hears of each.
    log : RunLog
        Prints, in scikit-learn's words.
    lower_bound : float
        The one of the start, if it is known.

    Returns
    -------
    Run
    """
    lower_bounds: list[float] = []
    n_densities = 0
    converged = stopped = False
    for iteration in events.iterations():
        old_bound = lower_bound
        moments = steps.expect(mixture)
        lower_bound = steps.objective(moments, mixture)
        n_restarts = len(collapse.restarts)
        mixture = collapse.settle(*steps.maximize(moments), iteration)
        lower_bounds.append(lower_bound)
        n_densities += moments.n_densities
        change = lower_bound - old_bound
        log.end_iteration(iteration, change)
        # A component that has just begun anew has not been heard yet.
        converged = abs(change) < tol and len(collapse.restarts) == n_restarts
        run = Run(mixture, lower_bounds, converged, n_densities, collapse)
        stopped = bool(events) and events.end_iteration(
            lower_bound=lower_bound,
            change=change,
            weights=mixture.weights,
            means=mixture.means,
            covariances=mixture.covariances,
            fitted=partial(run.fitted, steps.covariance, steps.rows.X.dtype),
        )
        if converged or stopped:
            break
    return Run(mixture, lower_bounds, converged, n_densities, collapse, stopped)


class RunLog:
    """Prints how runs go, as scikit-learn does: with times if ``verbose`` is 2 or more."""

    def __init__(self, verbose: Any, interval: int) -> None:
        self._verbose = verbose
        self._interval = interval

    def begin(self, run: int) -> None:
        """Tell of the start of a run."""
        say(self._verbose, f"Initialization {run}")
        self._began = self._last = time.perf_counter()

    def end_iteration(self, iteration: int, change: float) -> None:
        """Tell of some iterations."""
        if not self._verbose or iteration % self._interval:
            return
        text = f"  Iteration {iteration}"
        if self._verbose >= 2:
            now = time.perf_counter()
            text += f"\t time lapse {now - self._last:.5f}s\t ll change {change:.5f}"
            self._last = now
        say(True, text)

    def end(self, run: Run) -> None:
        """Tell how a run has ended."""
        text = f"Initialization {'converged' if run.converged else 'did not converge'}."
        if self._verbose >= 2:
            seconds = time.perf_counter() - self._began
            text += f" time lapse {seconds:.5f}s\t lower bound {run.lower_bound:.5f}."
        say(self._verbose, text)
