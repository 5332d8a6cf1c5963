"""Where EM begins: parameters by K-means, by samples, by chance, or as given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.kmeans import KMeans, kmeans_plusplus

from .covariances import Tied
from .mixture import Mixture, Moments
from .steps import Parameters, Steps


class Given(NamedTuple):
    """Parameters that the caller has chosen; None where they have not."""

    weights: np.ndarray | None
    means: np.ndarray | None
    factors: np.ndarray | None


Settle = Callable[[np.ndarray, np.ndarray, np.ndarray, int], Mixture]


def start(
    steps: Steps,
    n_components: int,
    init_params: str,
    given: Given,
    settle: Settle,
    random_state: np.random.RandomState,
) -> Mixture:
    """The mixture that EM begins with.

    Parameters
    ----------
    steps : Steps
    n_components : int
    init_params : {'kmeans', 'k-means++', 'random', 'random_from_data'}
    given : Given
        What takes the place of that.
    settle : callable
        `Collapse.settle`.
    random_state : RandomState
        Draws as scikit-learn draws; not at all where everything is given.

    Returns
    -------
    Mixture
    """
    covariance = steps.covariance
    if any(part is None for part in given):
        weights, means, covariances = STARTS[init_params](steps, n_components, random_state)
    weights = weights if given.weights is None else given.weights.copy()
    means = means if given.means is None else given.means.copy()
    if given.factors is None:
        return settle(weights, means, covariances, 0)
    return Mixture(weights, means, covariance.covariances_of(given.factors), given.factors)


def by_kmeans(steps: Steps, k: int, random_state: np.random.RandomState) -> Parameters:
    """Each sample belongs to its cluster."""
    rows = steps.rows
    sample_weight: Any = rows.sample_weight if rows.sample_weight.size else None
    kmeans = KMeans(k, n_init=1, random_state=random_state).fit(rows.X, sample_weight=sample_weight)
    labels = kmeans.labels_
    rows.groups = labels

    def responsibilities(piece: slice) -> np.ndarray:
        return (labels[piece, np.newaxis] == np.arange(k)).astype(np.float64)

    moments = steps.moments_of(responsibilities, kmeans.cluster_centers_.astype(np.float64))
    return steps.begin(moments)


def by_chance(steps: Steps, k: int, random_state: np.random.RandomState) -> Parameters:
    """Responsibilities are drawn, row after row."""
    state = random_state.get_state()

    def responsibilities(piece: slice) -> np.ndarray:
        if piece.start == 0:
            random_state.set_state(state)
        drawn = random_state.uniform(size=(piece.stop - piece.start, k))
        return drawn / drawn.sum(axis=1, keepdims=True)

    origins = np.tile(steps.rows.mean, (k, 1))
    moments = steps.moments_of(responsibilities, origins, in_order=True)
    return steps.begin(moments)


def by_samples(steps: Steps, k: int, random_state: np.random.RandomState) -> Parameters:
    """Different samples, drawn by weight, are the means."""
    rows = steps.rows
    return _around(steps, rows.draw(k, random_state))


def by_kmeans_plusplus(steps: Steps, k: int, random_state: np.random.RandomState) -> Parameters:
    """Samples that greedy k-means++ chooses are the means."""
    rows = steps.rows
    sample_weight: Any = rows.sample_weight if rows.sample_weight.size else None
    _, indices = kmeans_plusplus(rows.X, k, sample_weight=sample_weight, random_state=random_state)
    return _around(steps, indices)


STARTS: dict[str, Callable[[Steps, int, np.random.RandomState], Parameters]] = {
    "kmeans": by_kmeans,
    "k-means++": by_kmeans_plusplus,
    "random": by_chance,
    "random_from_data": by_samples,
}


def _around(steps: Steps, indices: np.ndarray) -> Parameters:
    """Each component has one sample, and no other sample belongs to any."""
    rows, covariance = steps.rows, steps.covariance
    k = len(indices)
    unit = rows.total_weight / rows.n_samples  # whatever the weights are relative to
    means = rows.X[indices].astype(np.float64)
    scatters = np.zeros(covariance.shape(k, rows.n_features))
    if isinstance(covariance, Tied):
        scatters += _scatter_less_means(steps, unit, means)
    return steps.begin(Moments(0.0, np.full(k, unit), means, scatters, 0))


def _scatter_less_means(steps: Steps, unit: float, means: np.ndarray) -> np.ndarray:
    """Second moments of all rows about 0 less those of the means.

    scikit-learn takes the covariance that components share for the mean of x x^T less that of the
    means, which holds where each row belongs to some component. Of a few samples it makes this.
    """
    mean, weight = steps.rows.mean, steps.rows.total_weight
    return steps.scatter + weight * np.outer(mean, mean) - unit * means.T @ means
