"""One run of K-means: from initial centres to labels or centres that stand still."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from scratchml.core.callbacks import FitEvents
from scratchml.core.verbose import say

from .iterations import Lloyd, update_centers
from .passes import assign_all, inertia
from .rows import Rows


class Run(NamedTuple):
    """What one initialisation has led to."""

    centers: np.ndarray
    labels: np.ndarray
    inertia: float
    n_iter: int
    n_distances: int

    def fitted(self) -> dict[str, Any]:
        """The same as fitted attributes."""
        return {
            "cluster_centers_": self.centers,
            "labels_": self.labels,
            "inertia_": self.inertia,
            "n_iter_": self.n_iter,
            "n_distances_": self.n_distances,
        }


def run_to_convergence(
    step: Lloyd, centers: np.ndarray, tol: float, events: FitEvents, verbose: object
) -> Run:
    """Iterate until no label changes, the centres move little, or a callback says stop.

    Parameters
    ----------
    step : Lloyd, Hamerly or Elkan
        The iteration; it holds the rows.
    centers : float[n_clusters, n_features]
        Initial centres; not modified.
    tol : float
        The largest sum of squared shifts of the centres that counts as standing still.
    events : FitEvents
        Counts the iterations and hears of each.
    verbose : bool or int
        Whether to print, in scikit-learn's words.

    Returns
    -------
    Run
        Its labels are those of its centres.
    """
    rows = step.rows
    labels = np.full(rows.n_samples, -1, np.int32)
    n_distances = n_iter = 0
    for n_iter in events.iterations():
        old = centers
        statistics = step(old, labels)
        centers = update_centers(rows, statistics, old, labels)
        n_distances += statistics.n_distances
        sq_shift = float(np.square(centers - old, dtype=np.float64).sum())
        if verbose:
            say(verbose, f"Iteration {n_iter - 1}, inertia {inertia(rows, old, labels)}.")
        stop = events and events.end_iteration(
            inertia=partial(inertia, rows, old, labels),
            shift=float(np.sqrt(sq_shift)),
            centers=centers,
            labels=labels,
            fitted=partial(fitted_if_ended, rows, centers, n_iter, n_distances),
        )
        if statistics.n_changed == 0:
            say(verbose, f"Converged at iteration {n_iter - 1}: strict convergence.")
            break
        if sq_shift <= tol:
            say(
                verbose,
                f"Converged at iteration {n_iter - 1}: center shift "
                f"{sq_shift} within tolerance {tol}.",
            )
            break
        if stop:
            break
    if not np.array_equal(centers, old):
        n_distances += step.relabel(centers, labels)
    return Run(centers, labels, inertia(rows, centers, labels), n_iter, n_distances)


def fitted_if_ended(
    rows: Rows, centers: np.ndarray, n_iter: int, n_distances: int
) -> dict[str, Any]:
    """Fitted attributes as if the run ended with these centres, labels computed from scratch."""
    labels = assign_all(rows, centers)
    n_distances += rows.n_samples * len(centers)
    return Run(centers, labels, inertia(rows, centers, labels), n_iter, n_distances).fitted()
