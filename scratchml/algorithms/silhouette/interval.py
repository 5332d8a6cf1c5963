"""The mean silhouette, estimated from some samples with a confidence interval."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_random_state

from .checks import CONSTRAINTS, check_labelled, threads_of
from .dispatch import known, means_of


@dataclass(frozen=True)
class SilhouetteInterval:
    """A mean silhouette, and how well it is known. ``float`` of it is the score.

    `silhouette_interval` makes it; the parameters are its attributes.

    Parameters
    ----------
    score : float
        Mean silhouette of the samples drawn, which estimates that of all.
    low, high : float
        Ends of the confidence interval.
    standard_error : float
        Of the score; 0 if all samples were drawn.
    confidence_level : float
        Share of such intervals that hold the mean of all samples.
    n_sampled : int
        How many samples were drawn.
    n_samples : int
        How many there are.

    See Also
    --------
    silhouette_interval : Makes it.

    Examples
    --------
    >>> from scratchml.metrics import silhouette_interval
    >>> interval = silhouette_interval([[0.0], [1.0], [4.0], [6.0]], [0, 0, 1, 1])
    >>> round(float(interval), 3), interval.standard_error
    (0.654, 0.0)
    """

    score: float
    low: float
    high: float
    standard_error: float
    confidence_level: float
    n_sampled: int
    n_samples: int

    def __float__(self) -> float:
        """The score."""
        return self.score


def silhouette_interval(
    X: Any,
    labels: Any,
    *,
    sample_size: int = 1000,
    confidence_level: float = 0.95,
    metric: Any = "euclidean",
    random_state: Any = None,
    **kwds: Any,
) -> SilhouetteInterval:
    """Estimate the mean silhouette from some samples, each compared with all.

    The silhouettes of the samples drawn are exact: their mean has no bias, unlike the score of a
    sample by itself, whose clusters are thinner than those of all samples.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
        The samples, as for `silhouette_samples`.
    labels : array-like of shape (n_samples,)
        Cluster of each sample.
    sample_size : int, default=1000
        How many samples to draw, without replacement; at least 2. All, if there are no more.
    confidence_level : float, default=0.95
        Share of such intervals that are to hold the mean of all samples.
    metric : str or callable, default='euclidean'
        As of `silhouette_samples`.
    random_state : int, RandomState or None, default=None
        Draws the samples: the first of a permutation, those that `silhouette_score` draws.
    **kwds
        As of `silhouette_samples`.

    Returns
    -------
    SilhouetteInterval
        With the attributes ``score``, ``low``, ``high``, ``standard_error``, ``confidence_level``,
        ``n_sampled`` and ``n_samples``.

    Raises
    ------
    InvalidParameterError, ValueError, TypeError
        As of `silhouette_samples`.

    See Also
    --------
    silhouette_score : Of all samples, or of a sample by itself.

    Notes
    -----
    The interval is that of Student's t for the mean of a simple random sample, with the correction
    for a finite population: the standard error is sqrt((1 - m / n) / m) times the standard
    deviation of the m silhouettes. It is cut off at -1 and 1.

    O(sample_size n_samples n_features) time and O(n_samples n_features) memory.

    References
    ----------
    .. [1] W. G. Cochran, "Sampling techniques", 3rd edition, Wiley 1977, sections 2.5 to 2.8.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.metrics import silhouette_interval
    >>> X, _ = make_blobs(50_000, centers=5, random_state=2)
    >>> labels = KMeans(5, random_state=0).fit_predict(X)
    >>> interval = silhouette_interval(X, labels, sample_size=400, random_state=0)
    >>> round(interval.score, 3), round(interval.low, 3), round(interval.high, 3)
    (0.511, 0.485, 0.537)
    """
    check_params(
        {
            **CONSTRAINTS,
            "sample_size": [Interval(Integral, 2, None, closed="left")],
            "confidence_level": [Interval(Real, 0, 1, closed="neither")],
            "random_state": ["random_state"],
        },
        locals(),
        "silhouette_interval",
    )
    params = dict(kwds)
    with threads_of(params, "silhouette_interval"):
        labelled = check_labelled(X, labels, metric)
        n_samples = len(labelled.codes)
        rows = None
        if sample_size < n_samples:
            rows = check_random_state(random_state).permutation(n_samples)[:sample_size]
        scores = means_of(*labelled, *known(metric, params), rows).silhouettes()
    return interval_of(scores, n_samples, confidence_level)


def interval_of(scores: np.ndarray, n_samples: int, confidence_level: float) -> SilhouetteInterval:
    """The interval for the mean of a population, from a random sample of it.

    Parameters
    ----------
    scores : float64[n_sampled]
        The sample, of at least 2.
    n_samples : int
        Size of the population.
    confidence_level : float
    """
    from scipy.special import stdtrit

    n_sampled = len(scores)
    score = float(scores.mean())
    error = float(scores.std(ddof=1) * np.sqrt((1 - n_sampled / n_samples) / n_sampled))
    reach = float(stdtrit(n_sampled - 1, 0.5 + confidence_level / 2)) * error if error else 0.0
    return SilhouetteInterval(
        score=score,
        low=max(score - reach, -1.0),
        high=min(score + reach, 1.0),
        standard_error=error,
        confidence_level=float(confidence_level),
        n_sampled=n_sampled,
        n_samples=n_samples,
    )
