"""What silhouettes ask of data and labels."""

from __future__ import annotations

import contextlib
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.nearest_neighbors import SPARSE_METRICS, VALID_METRICS, job_threads
from scratchml.core.containers import is_sparse
from scratchml.core.jit import kernel_view
from scratchml.core.labels import check_labels, check_number_of_labels, encode_labels
from scratchml.core.params import Options, check_params
from scratchml.core.validation import check_array

CONSTRAINTS: dict[str, Any] = {
    "X": ["array-like", "sparse matrix"],
    "labels": ["array-like"],
    "metric": [Options({*VALID_METRICS["brute"], "matching"}), callable],
}
"""What the parameters of all silhouettes by distances may be."""


def threads_of(params: dict[str, Any], owner: str) -> contextlib.AbstractContextManager[None]:
    """Take ``n_jobs`` from the parameters of a metric, and use so many threads."""
    n_jobs = params.pop("n_jobs", None)
    check_params({"n_jobs": [Integral, None]}, {"n_jobs": n_jobs}, owner)
    return job_threads(n_jobs)


class Labelled(NamedTuple):
    """Points and the clusters that they are in."""

    X: Any
    """float[n_samples, n_features] or CSR; or float[n_samples, n_samples], distances."""
    codes: np.ndarray
    """int32[n_samples]: cluster of each point, numbered in ascending order of labels."""
    n_clusters: int


def check_labelled(X: Any, labels: Any, metric: Any, *, takes_sparse: bool = True) -> Labelled:
    """Check data and labels.

    Raises
    ------
    ValueError
        If they are not valid, do not fit each other, or there are not 2 to n_samples - 1 clusters.
    TypeError
        If the data are of a kind that cannot be taken, or sparse where the metric takes no sparse
        data.
    """
    X, labels = check_rows(X, labels, metric, takes_sparse=takes_sparse)
    classes, codes = encode_labels(labels)
    check_number_of_labels(len(classes), len(codes))
    return Labelled(X, kernel_view(codes), len(classes))


def check_rows(
    X: Any, labels: Any, metric: Any, *, takes_sparse: bool = True
) -> tuple[Any, np.ndarray]:
    """Check all but the number of clusters; returns the data and the labels as arrays."""
    takes_sparse &= callable(metric) or metric in (*SPARSE_METRICS, "sqeuclidean")
    X = check_array(X, accept_sparse=("csr",) if takes_sparse else ())
    labels = check_labels(labels, X.shape[0])
    if metric == "precomputed":
        if X.shape[0] != X.shape[1]:
            n_samples, n_indexed = X.shape
            raise ValueError(
                "Precomputed metric requires shape (n_queries, n_indexed). Got"
                f" ({n_samples}, {n_indexed}) for {n_samples} indexed."
            )
        tolerance = 100 * np.finfo(X.dtype).eps
        if (np.abs(X.diagonal()) > tolerance).any():
            raise ValueError(
                "The precomputed distance matrix contains non-zero elements on the diagonal. Use"
                " np.fill_diagonal(X, 0)."
            )
        if (X.data if is_sparse(X) else X).min(initial=0) < 0:
            raise ValueError(
                "Negative values in data passed to `pairwise_distances`. Precomputed distance "
                " need to have non-negative values.."
            )
    if metric == "haversine" and X.shape[1] != 2:
        raise ValueError("Haversine distance only valid in 2 dimensions")
    return X if is_sparse(X) else kernel_view(X), labels
