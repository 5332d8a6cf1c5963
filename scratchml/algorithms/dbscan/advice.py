"""The warning when eps is plainly wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scratchml.core.containers import is_sparse
from scratchml.core.warn import warn_user

from .suggest_eps import ordinal

LEAST_SAMPLES = 20
"""Of fewer nothing is said."""

N_LOOKED_AT = 100
"""Samples whose neighbourhoods are looked at, at most; they are evenly spread over the rows."""

N_COMPARED = 1000
"""Samples that they are compared with, at least."""

N_AT_ONCE = 20_000
"""Samples that they are compared with at once, at most."""

NEARLY_ALL = 0.99
LARGE = 0.5
"""Shares of all samples: in one cluster, and in the neighbourhood of the median sample."""

N_FOLD = 3
"""So many times the distance to the ``min_samples``-th nearest sample is too large an eps, too."""

NAMES = {
    "l2": "euclidean",
    "l1": "cityblock",
    "manhattan": "cityblock",
    "infinity": "chebyshev",
    "p": "minkowski",
}
"""SciPy's names of metrics."""

METRICS = ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "minkowski", "cosine")
"""Those of SciPy's whose distances take next to no time."""

MOST_VALUES = 1 << 24
"""Of so many, sparse samples are made dense."""

Distances = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes indices of samples, int64[a] and int64[b]; returns the distances, float64[a, b]."""


def warn_of_eps(
    labels: np.ndarray,
    X: Any,
    eps: float,
    min_samples: int,
    *,
    metric: Any = "euclidean",
    params: Mapping[str, Any] | None = None,
    is_weighted: bool = False,
) -> None:
    """Warn if all samples are noise, or if neighbourhoods are so large that there is one cluster.

    eps is plainly too large if nearly all samples are in one cluster, while the neighbourhood of
    the median sample holds half of all or more, and eps is several times the distance within which
    there are ``min_samples``. A true cluster, even if it is the only one, holds together by
    neighbourhoods that are much smaller, or, where features are many and all distances alike, by an
    eps that is not much larger than that distance. Samples that are mostly equal give no reason.

    Parameters
    ----------
    labels : int64[n_samples]
        The clusters; -1 is noise.
    X : ndarray or CSR of shape (n_samples, n_features), or (n_samples, n_samples) of distances
        The samples.
    eps : float
    min_samples : int
    metric : str, callable or object with a method ``pairwise``
        Of some metrics distances are not looked at, and only noise is warned of.
    params : mapping, optional
        Its parameters.
    is_weighted : bool
        Whether samples have weights, so that ``min_samples`` is no number of samples; then only
        noise is warned of.

    Warns
    -----
    UserWarning
        With a number to compare eps with, and what to do.

    Notes
    -----
    No distance is computed unless the labels give reason. Then they are `N_LOOKED_AT` times
    `N_COMPARED`, and a few times n_samples if there is something to warn of. No random number is
    drawn.
    """
    n_samples = len(labels)
    if n_samples < LEAST_SAMPLES:
        return
    clustered = labels[labels >= 0]
    distances = None if is_weighted else _distances(X, metric, params or {})
    problem: str | None
    if len(clustered) == 0:
        problem = _too_small(n_samples, eps, min_samples, distances)
        advice = "a larger eps, or a smaller min_samples"
    elif distances is not None and np.bincount(clustered).max() >= NEARLY_ALL * n_samples:
        problem = _too_large(n_samples, eps, min_samples, distances)
        advice = "a smaller eps"
    else:
        return
    if problem:
        warn_user(
            f"{problem} Try {advice}; scratchml.cluster.suggest_eps finds an eps for the data."
        )


def _too_small(n_samples: int, eps: float, min_samples: int, distances: Distances | None) -> str:
    """Why there is nothing but noise."""
    problem = (
        f"All {n_samples:,} samples are noise: none has min_samples={min_samples} samples within"
        f" eps={eps:g}."
    )
    if distances is None or min_samples > n_samples:
        return problem
    return f"{problem} {_said(min_samples, _typical(n_samples, min_samples, distances))}"


def _too_large(n_samples: int, eps: float, min_samples: int, distances: Distances) -> str | None:
    """Why there is one cluster only, or None if eps is not to blame."""
    found = distances(_spread(n_samples, N_LOOKED_AT), _spread(n_samples, N_COMPARED))
    share = float(np.median(np.mean(found <= eps, axis=1)))
    if share < LARGE:
        return None
    typical = _typical(n_samples, min_samples, distances)
    if typical == 0 or eps < N_FOLD * typical:
        return None
    return (
        f"Nearly all samples are in one cluster: within eps={eps:g} of a sample are about"
        f" {share:.0%} of all {n_samples:,}. {_said(min_samples, typical)}"
    )


def _typical(n_samples: int, min_samples: int, distances: Distances) -> float:
    """Median distance of some samples to the ``min_samples``-th nearest of all."""
    n_pairs = N_LOOKED_AT * N_COMPARED
    looked_at = _spread(n_samples, min(max(n_pairs // n_samples, 5), N_LOOKED_AT))
    nearest = np.empty((len(looked_at), 0))
    for start in range(0, n_samples, N_AT_ONCE):
        others = np.arange(start, min(start + N_AT_ONCE, n_samples))
        nearest = np.concatenate([nearest, distances(looked_at, others)], axis=1)
        if nearest.shape[1] > min_samples:
            nearest = np.partition(nearest, min_samples - 1, axis=1)[:, :min_samples]
    return float(np.median(nearest.max(axis=1)))


def _said(min_samples: int, typical: float) -> str:
    return (
        f"The distance to the {ordinal(min_samples)} nearest, itself included, is about"
        f" {typical:.3g}."
    )


def _spread(n_samples: int, n_wanted: int) -> np.ndarray:
    """Indices of so many samples at most, evenly spread over the rows."""
    return np.linspace(0, n_samples - 1, min(n_samples, n_wanted)).astype(np.int64)


def _distances(X: Any, metric: Any, params: Mapping[str, Any]) -> Distances | None:
    """What gives distances between some samples; None where they might take long."""
    if not isinstance(metric, str) or (is_sparse(X) and metric == "precomputed"):
        return None
    if metric == "precomputed":
        return lambda a, b: X[np.ix_(a, b)]
    name = NAMES.get(metric, metric)
    if name not in METRICS or (is_sparse(X) and N_COMPARED * X.shape[1] > MOST_VALUES):
        return None
    given = {key: value for key, value in params.items() if value is not None}

    def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        from scipy.spatial import distance

        cdist: Any = distance.cdist
        rows, others = (X[i].toarray() if is_sparse(X) else X[i] for i in (a, b))
        return cdist(rows, others, name, **given)

    return distances
