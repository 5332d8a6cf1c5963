"""One bisection: the runs of 2-means on the rows of one cluster, of which the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scratchml.algorithms.kmeans import Rows, Run, run_to_convergence
from scratchml.core.callbacks import FitEvents
from scratchml.core.verbose import say

from .halves import two_means
from .tree import GrowingTree

LESS = 1 - 1e-6
"""A later run replaces the best one if its inertia is less than this fraction of that one's."""


class Bisection:
    """A cluster that is being split.

    Parameters
    ----------
    tree : GrowingTree
    node : int
        The cluster.
    n_distances : int
        How many distances the bisections before it have computed.
    """

    def __init__(self, tree: GrowingTree, node: int, n_distances: int) -> None:
        self.tree = tree
        # Callbacks hear of the end of a run when the tree may have grown already.
        self.before = tree.copy()
        self.node = node
        self.rows = tree.rows_of(node)
        self.n_distances = n_distances
        self.best: Run | None = None

    def run(
        self,
        algorithm: str,
        draw: Callable[[Rows], np.ndarray],
        tol: float,
        events: FitEvents,
        verbose: object,
    ) -> None:
        """Iterate from new initial centres; keep what that leads to if it is the best so far.

        Parameters
        ----------
        algorithm : str
            As `two_means` has it.
        draw : callable
            Draws initial centres among rows.
        tol : float
            As `run_to_convergence` has it.
        events : FitEvents
            Of the fit.
        verbose : bool or int
        """
        cluster = self.tree.clusters[self.node]
        if not cluster.is_divisible:
            # The left half is the whole cluster: of equally near centres it has the first.
            centers = np.array([cluster.center] * 2)
            labels = np.zeros(self.rows.n_samples, np.int32)
            self.best = Run(centers, labels, cluster.inertia, 0, 0)
            return
        step = two_means(algorithm, self.rows)
        of_tree: Any = TreeEvents(events, self.fitted_if_ended)
        run = run_to_convergence(step, draw(self.rows), tol, of_tree, verbose)
        if self.best is None or run.inertia < self.best.inertia * LESS:
            self.best = run

    def finish(self, verbose: object) -> int:
        """Split the cluster in the tree; returns how many distances there have been by now."""
        assert self.best is not None  # there was a run
        if verbose:
            say(verbose, f"New centroids from bisection: {self.best.centers}")
        self.tree.split(self.node, self.rows, self.best.centers, self.best.labels)
        return self.n_distances + self.best.n_distances

    def fitted_if_ended(self, halves: Mapping[str, Any]) -> dict[str, Any]:
        """Fitted attributes as if the fit ended with these halves, given as those of a run."""
        tree = self.before.copy()
        tree.split(self.node, self.rows, halves["cluster_centers_"], halves["labels_"])
        return {**tree.fitted(), "n_distances_": self.n_distances + halves["n_distances_"]}


class TreeEvents:
    """`FitEvents` for a run on one cluster: the fitted attributes are those of the whole tree."""

    def __init__(
        self, events: FitEvents, fitted_if_ended: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> None:
        self.events = events
        self.iterations = events.iterations
        self.fitted_if_ended = fitted_if_ended

    def __bool__(self) -> bool:
        return bool(self.events)

    def end_iteration(self, *, fitted: Callable[[], Mapping[str, Any]], **state: Any) -> bool:
        """Hand on what a run tells."""
        return self.events.end_iteration(fitted=lambda: self.fitted_if_ended(fitted()), **state)
