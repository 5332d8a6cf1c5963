"""Fitting a table with an algorithm, and what can be said of the clusters."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .registry import AUTO, Algorithm
from .say import InputError
from .status import working
from .tables import Table, row_slices

# Parameters that the shell has its own way of, and that say nothing of the clusters.
_OWN_WAY = {"verbose", "verbose_interval", "warm_start"}
# Attributes of a fitted estimator that the report shows, where it has them.
_SHOWN = {
    "n_iter_": "iterations",
    "inertia_": "inertia",
    "converged_": "converged",
    "lower_bound_": "lower bound",
}

_ONE_COMPONENT = (
    "-k is not given: one component; `scratchml choose-k FILE --algorithm gmm` suggests a number"
)


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
    def is_mixture(self) -> bool:
        """Whether the clusters are the components of a mixture."""
        return hasattr(self.model, "covariances_")

    @cached_property
    def labels(self) -> np.ndarray:
        """Cluster of each row, int[n_rows]; of a mixture the likeliest component."""
        if self.is_mixture:
            return np.asarray(self.model.predict(self.table.values))
        return np.asarray(self.model.labels_)

    def probabilities(self) -> Iterator[list[float]]:
        """For each row the probability of each cluster; few of them exist at a time."""
        values = self.table.values
        for rows in row_slices(values):
            yield from self.model.predict_proba(values[rows]).tolist()

    @property
    def facts(self) -> dict[str, Any]:
        """What the fitted estimator says of the whole clustering, by name."""
        facts = {
            shown: getattr(self.model, attribute)
            for attribute, shown in _SHOWN.items()
            if hasattr(self.model, attribute)
        }
        if self.algorithm.by_density:
            facts["noise"] = len(self.labels) - sum(c["size"] for c in self.clusters)
            facts["core points"] = len(self.model.core_sample_indices_)
        if self.is_mixture:
            facts["bic"] = self.model.bic(self.table.values)
        return facts

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the model, but for what the shell does not offer and nobody has set."""
        parameters = self.model.get_params()
        return {
            name: value
            for name, value in parameters.items()
            if name not in _OWN_WAY and not (name.endswith("_init") and value is None)
        }

    @cached_property
    def clusters(self) -> list[dict[str, Any]]:
        """For each cluster its number, size, share of the rows; where density makes clusters, its
        core points; of a mixture its weight and its mean as the centre; and where there are other
        centres the mean distance of its rows to its centre (None without rows) and the centre."""
        labels, centers = self.labels, getattr(self.model, "cluster_centers_", None)
        n_clusters = int(labels.max()) + 1 if centers is None else len(centers)
        if self.is_mixture:
            n_clusters = len(self.model.means_)
        sizes = cluster_sizes(labels, n_clusters)
        clusters: list[dict[str, Any]] = [
            {"cluster": cluster, "size": size, "share": size / len(labels)}
            for cluster, size in enumerate(sizes.tolist())
        ]
        if self.algorithm.by_density:
            of_cores = cluster_sizes(labels[self.model.core_sample_indices_], n_clusters)
            for cluster, n_cores in zip(clusters, of_cores.tolist(), strict=True):
                cluster["core points"] = n_cores
        if self.is_mixture:
            weights, means = self.model.weights_.tolist(), self.model.means_.tolist()
            for cluster, weight, mean in zip(clusters, weights, means, strict=True):
                cluster["weight"] = weight
                cluster["center"] = mean
        if centers is not None:
            distances = mean_distances(
                self.table.values, labels, centers, self.algorithm.of_directions
            )
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
    parameters, reasons = with_eps(table, algorithm, parameters)
    if algorithm.has_probabilities and "n_components" not in parameters:
        reasons = (*reasons, _ONE_COMPONENT)
    model = new_model(table, algorithm, parameters)
    # What the arithmetic warns of, `doubts` says in words that help.
    with (
        warnings.catch_warnings(record=True) as warned,
        np.errstate(all="ignore"),
        contextlib.ExitStack() as display,
    ):
        warnings.simplefilter("always")
        if show_progress:
            _show_progress(model, display)
        start = time.perf_counter()
        try:
            model.fit(table.values)
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
        seconds = time.perf_counter() - start
    notes = tuple(str(warning.message) for warning in warned)
    doubted = doubts(algorithm, model, table.values)
    return Fit(algorithm, table, model, seconds, (*reasons, *notes, *doubted))


def _show_progress(model: Any, display: contextlib.ExitStack) -> None:
    """Show on the terminal that kernels are compiled, and then the progress of the fit."""
    from scratchml.callbacks import ProgressBar
    from scratchml.core.jit import before_each_compilation

    status = display.enter_context(working("fitting"))
    display.enter_context(
        before_each_compilation(lambda kernel: status.update(f"compiling {kernel} ..."))
    )
    model.set_callbacks(lambda _: status.stop(), ProgressBar(transient=True))


def doubts(algorithm: Algorithm, model: Any, values: np.ndarray) -> Iterator[str]:
    """Why the clusters may not be trusted: squared distances beyond what a number can be."""
    inertia = getattr(model, "inertia_", None)
    if inertia is None or algorithm.of_directions:
        return
    centers, labels = model.cluster_centers_, model.labels_
    limits = np.finfo(centers.dtype)
    mean = inertia / len(values)
    if not mean <= float(limits.max):
        size = "large"
    elif mean < float(limits.tiny) and any(
        (values[rows] != centers[labels[rows]]).any() for rows in row_slices(values)
    ):
        size = "small"
    else:
        return
    yield (
        f"the values are too {size} for their squared distances to be numbers: do not trust these"
        " clusters; --standardize brings the values to a scale that is right"
    )


def with_eps(
    table: Table, algorithm: Algorithm, parameters: Mapping[str, Any]
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The parameters with an eps chosen by the data, if that is asked for, and why it was.

    Raises
    ------
    InputError
        When none can be chosen.
    """
    if not algorithm.by_density or parameters.get("eps") != AUTO:
        return parameters, ()
    from scratchml.cluster import suggest_eps

    about = ("min_samples", "metric", "p")
    try:
        suggestion = suggest_eps(
            table.values, **{name: parameters[name] for name in about if name in parameters}
        )
    except ValueError as error:
        raise InputError(f"{table.source}: --eps {AUTO}: {error}") from error
    reason = f"eps is {suggestion.eps:g}. {suggestion.reason}"
    return {**parameters, "eps": suggestion.eps}, (reason,)


def new_model(table: Table, algorithm: Algorithm, parameters: Mapping[str, Any]) -> Any:
    """An estimator to be fitted to a table.

    Raises
    ------
    InputError
        When it would make more clusters than there are rows.
    """
    n_rows = len(table.values)
    model = algorithm.estimator(**parameters)
    n_clusters = getattr(model, "n_clusters", getattr(model, "n_components", None))
    if n_clusters is not None and n_clusters > n_rows:
        raise InputError(
            f"{table.source}: {n_clusters} clusters need as many rows, but there are {n_rows};"
            f" choose -k between 1 and {n_rows}"
        )
    return model


def mean_distances(
    values: np.ndarray, labels: np.ndarray, centers: np.ndarray, of_directions: bool = False
) -> np.ndarray:
    """Mean distance of the rows of each cluster to its centre, float64[n_clusters].

    Of directions the cosine distance, to centres of length 1. NaN for a cluster without rows. One
    pass, in blocks: working memory does not grow with the rows.
    """
    sums = np.zeros(len(centers))
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in row_slices(values):
            own = centers[labels[rows]]
            if of_directions:
                lengths = np.linalg.norm(values[rows].astype(np.float64), axis=1)
                cosines = np.einsum("ij,ij->i", values[rows], own, dtype=np.float64)
                distances = 1 - np.divide(
                    cosines, lengths, out=np.zeros_like(lengths), where=lengths > 0
                )
            else:
                differences = np.subtract(values[rows], own, dtype=np.float64)
                distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
            sums += np.bincount(labels[rows], weights=distances, minlength=len(centers))
        return sums / cluster_sizes(labels, len(centers))


def cluster_sizes(labels: np.ndarray, n_clusters: int) -> np.ndarray:
    """Rows of each cluster, int64[n_clusters], of which -1 is none; in blocks, since ``bincount``
    copies its input."""
    sizes = np.zeros(n_clusters + 1, np.int64)
    for rows in row_slices(labels[:, np.newaxis]):
        sizes += np.bincount(labels[rows] + 1, minlength=n_clusters + 1)
    return sizes[1:]
