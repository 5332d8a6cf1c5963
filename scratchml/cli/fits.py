"""What the shell does with a table: fit, report, write the labels."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .tables import InputError, Table, row_slices

if TYPE_CHECKING:
    from scratchml.cluster import KMeans


@dataclass(frozen=True)
class Fit:
    """A fitted model, the seconds its ``fit`` took, and what it warned of."""

    model: KMeans
    seconds: float
    notes: tuple[str, ...] = ()


def fit_kmeans(table: Table, n_clusters: int, seed: int) -> Fit:
    """Cluster a table with K-means.

    Raises
    ------
    InputError
        When there are more clusters than rows, or the estimator refuses the values.
    """
    from scratchml.cluster import KMeans

    n_rows = len(table.values)
    if n_clusters > n_rows:
        raise InputError(
            f"{table.source}: {n_clusters} clusters need as many rows, but there are {n_rows};"
            f" choose -k between 1 and {n_rows}"
        )
    model = KMeans(n_clusters=n_clusters, random_state=seed)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            model.fit(table.values)
        except ValueError as error:
            raise InputError(f"{table.source}: {error}") from error
        seconds = time.perf_counter() - start
    return Fit(model, seconds, tuple(str(warning.message) for warning in warned))


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


# --- reporting ----------------------------------------------------------------------------------


def print_report(table: Table, fit: Fit) -> None:
    """Print the summary of a fit and its clusters, on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    model = fit.model
    n_rows, n_features = table.values.shape
    summary = Grid(title="K-means", title_justify="left", box=box.SIMPLE, show_header=False)
    summary.add_column(style="bold cyan", overflow="fold")
    summary.add_column(overflow="fold")
    for name, value in {
        "source": table.source,
        "rows": n_rows,
        "features": n_features,
        "k": len(model.cluster_centers_),
        "iterations": model.n_iter_,
        "inertia": f"{model.inertia_:.8g}",
        "seconds": f"{fit.seconds:.4f}",
    }.items():
        summary.add_row(name, str(value))

    clusters = Grid(box=box.SIMPLE, header_style="bold cyan")
    for heading in ("cluster", "size", "share %", "mean distance"):
        clusters.add_column(heading, justify="right", overflow="fold")
    sizes = np.bincount(model.labels_, minlength=len(model.cluster_centers_))
    distances = mean_distances(table.values, model.labels_, model.cluster_centers_)
    for cluster, (size, distance) in enumerate(zip(sizes, distances, strict=True)):
        clusters.add_row(
            str(cluster),
            str(size),
            f"{100 * size / n_rows:.1f}",
            "-" if math.isnan(distance) else f"{distance:.6g}",
        )

    # Nobody sees the edge of a pipe or a file: no line is folded there.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    console.print(summary, clusters, sep="")


# --- writing ------------------------------------------------------------------------------------


def check_output(path: Path, force: bool) -> None:
    """Find out before the fit whether labels can be written to `path`.

    Raises
    ------
    InputError
        When the folder is missing or closed, or the file is there and `force` is not given.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{path}: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path}: the folder {str(folder)!r} is not writable")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a file")
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; --force overwrites it")


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write ``row,cluster`` as CSV, one line per row in input order, all of it or nothing.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    # A link stays a link: what it points to is replaced.
    target = Path(os.path.realpath(path))
    partial_file = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with partial_file.open("x", encoding="ascii", newline="\n") as file:
            file.write("row,cluster\n")
            file.writelines(f"{row},{label}\n" for row, label in enumerate(labels.tolist()))
        partial_file.replace(target)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            partial_file.unlink()
