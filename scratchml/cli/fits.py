"""Fitting a table with an algorithm, and what can be said of the clusters."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .registry import Algorithm
from .say import InputError
from .tables import Table, row_slices

# Attributes of a fitted estimator that the report shows, where it has them.
_SHOWN = {"n_iter_": "iterations", "inertia_": "inertia"}


@dataclass(frozen=True)
class Fit:
    """A table, the model fitted to it, and how that went.

    Attributes
    ----------
    algorithm : Algorithm
    table : Table
    model : estimator
        Fitted.
    seconds : float
        Time of its ``fit``.
    notes : tuple of str
        What it warned of.
    """

    algorithm: Algorithm
    table: Table
    model: Any
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """What the fitted estimator says of the whole clustering, by name."""
        return {
            shown: getattr(self.model, attribute)
            for attribute, shown in _SHOWN.items()
            if hasattr(self.model, attribute)
        }

    @cached_property
    def clusters(self) -> list[dict[str, Any]]:
        """For each cluster its number, size, share of the rows, and where there are centres the
        mean distance of its rows to its centre (None without rows) and the centre."""
        labels, centers = self.model.labels_, getattr(self.model, "cluster_centers_", None)
        n_clusters = int(labels.max()) + 1 if centers is None else len(centers)
        sizes = np.bincount(labels, minlength=n_clusters)
        clusters: list[dict[str, Any]] = [
            {"cluster": cluster, "size": size, "share": size / len(labels)}
            for cluster, size in enumerate(sizes.tolist())
        ]
        if centers is not None:
            distances = mean_distances(self.table.values, labels, centers)
            for cluster, distance, center in zip(clusters, distances, centers, strict=True):
                cluster["mean distance"] = None if np.isnan(distance) else float(distance)
                cluster["center"] = center.tolist()
        return clusters


def fit_table(
    table: Table, algorithm: Algorithm, parameters: Mapping[str, Any], show_progress: bool
) -> Fit:
    """Cluster a table.

    Parameters
    ----------
    table : Table
    algorithm : Algorithm
    parameters : mapping of str to object
        For the constructor of the estimator.
    show_progress : bool
        Whether a long fit shows a progress bar.

    Raises
    ------
    InputError
        When there are more clusters than rows, or the estimator refuses the values.
    """
    n_rows = len(table.values)
    model = algorithm.estimator(**parameters)
    n_clusters = getattr(model, "n_clusters", None)
    if n_clusters is not None and n_clusters > n_rows:
        raise InputError(
            f"{table.source}: {n_clusters} clusters need as many rows, but there are {n_rows};"
            f" choose -k between 1 and {n_rows}"
        )
    if show_progress:
        from scratchml.callbacks import ProgressBar

        model.set_callbacks(ProgressBar(transient=True))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            model.fit(table.values)
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
        seconds = time.perf_counter() - start
    notes = tuple(str(warning.message) for warning in warned)
    return Fit(algorithm, table, model, seconds, notes)


def mean_distances(values: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Mean distance of the rows of each cluster to its centre, float64[n_clusters].

    NaN for a cluster without rows. One pass, in blocks: working memory does not grow with the
    rows.
    """
    sums = np.zeros(len(centers))
    for rows in row_slices(values):
        differences = np.subtract(values[rows], centers[labels[rows]], dtype=np.float64)
        distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        sums += np.bincount(labels[rows], weights=distances, minlength=len(centers))
    with np.errstate(invalid="ignore"):
        return sums / np.bincount(labels, minlength=len(centers))


def is_watched() -> bool:
    """Whether somebody sees standard error: nobody does through a pipe or in a log."""
    return sys.stderr.isatty()
