"""Choosing eps by the distances to the k-th nearest samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

from scratchml.algorithms.nearest_neighbors import METRICS, NearestNeighbors
from scratchml.core.containers import is_sparse
from scratchml.core.params import HasMethods, Interval, Options, check_params
from scratchml.core.validation import check_array, check_random_state

from .knees import LEAST_STRENGTH, Knee, find_knees

MARGIN = 1.5
"""Where there is no knee, eps is so many times the distance where the curve bends most."""

DIGITS = 3
"""Of eps, which is rounded up: a sample at the knee is within it, however its root was rounded."""


LARGEST = 1e300
"""Distances beyond, if they are numbers at all, are none that eps could be computed from."""


@dataclass(frozen=True, eq=False)
class EpsSuggestion:
    """An eps for DBSCAN, and what it was chosen from. ``float`` of it is the eps.

    Attributes
    ----------
    eps : float
        The radius.
    min_samples : int
        The number of samples that it is for.
    reason : str
        Why it was chosen, in sentences.
    k_distances : ndarray of shape (n_distances,), float64
        Distance from each sample to the ``min_samples``-th nearest one, itself included, in
        ascending order.
    knee : Knee
        The place in the curve that eps was chosen by. A `Knee` has ``index`` (into
        ``k_distances``), ``k_distance``, ``share`` (of the samples up to it), ``strength`` (the
        median of the distances beyond it, over that at it) and ``is_sharp``: a place that is not is
        just where the curve bends most.
    candidates : tuple of Knee
        All sharp knees, by ascending distance. There are several where clusters differ much in
        density; there may be none.

    See Also
    --------
    suggest_eps : Makes it.
    scratchml.plot.KDistanceDisplay : Draws it.
    """

    eps: float
    min_samples: int
    reason: str
    k_distances: np.ndarray = field(repr=False)
    knee: Knee
    candidates: tuple[Knee, ...]

    def __float__(self) -> float:
        """The radius."""
        return self.eps


def suggest_eps(
    X: Any,
    min_samples: int = 5,
    *,
    metric: Any = "euclidean",
    p: float | None = None,
    metric_params: dict[str, Any] | None = None,
    sample_size: int | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> EpsSuggestion:
    """Suggest an eps for DBSCAN, by the knee of the sorted k-distances.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
        The samples, as for `DBSCAN`.
    min_samples : int, default=5
        As of `DBSCAN`: how many samples the neighbourhood of a core point holds, itself included.
        At least 2, for the distance to itself is 0.
    metric : str, callable or object with a method ``pairwise``, default='euclidean'
        As of `DBSCAN`.
    p : float or None, default=None
        Power of 'minkowski'; None is 2.
    metric_params : dict or None, default=None
        Further arguments of the metric.
    sample_size : int or None, default=None
        From how many samples, drawn at random, the distances are measured, to the nearest among
        all. None measures from all.
    random_state : int, RandomState or None, default=None
        Draws them: a permutation of the samples, if there are more than ``sample_size``.
    n_jobs : int or None, default=None
        Threads: None is as many as any fit may use, -1 all processors.

    Returns
    -------
    EpsSuggestion
        With the attributes ``eps``, ``reason``, ``k_distances``, ``knee`` and ``candidates``.

    Raises
    ------
    InvalidParameterError
        If a parameter is not valid.
    ValueError
        If the data are not valid or fewer than ``min_samples``, if all distances are 0, since every
        sample has so many duplicates, or if one is too large to be a number.
    TypeError
        If the data are of a kind that cannot be taken.

    See Also
    --------
    DBSCAN : Clusters by density.
    scratchml.plot.KDistanceDisplay : Draws the curve, and what was chosen.

    Notes
    -----
    Samples of clusters have near neighbours, those of noise have not: the sorted distances to the
    k-th nearest sample (k = ``min_samples``) rise slowly, and then fast. eps is chosen where the
    curve is farthest below the straight line between its ends, if the distances beyond are at least
    twice as large at the median; they are those of noise then. Where there is no noise the curve
    just bends towards its end. An eps of 1.5 times the distance there lets the clusters hold
    together, and there is nothing to keep out.

    Less than a hundredth of the samples beyond a bend are left out as outliers; if more than half
    are beyond it, they are taken for clusters of lower density, and the curve is looked at from
    there on. Distances of 0, of duplicates, are left out. eps is rounded up to three digits.

    It is a suggestion. Where clusters touch, are of very different density, or features are many
    and of different units, no eps may be right: look at the curve.

    Time and memory are those of `scratchml.neighbors.NearestNeighbors`: by a KD-tree
    O(n_samples log n_samples) on average where the features are few, else
    O(n_samples^2 n_features); beyond the tree 16 ``min_samples`` bytes for each sample that is
    measured from.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander and X. Xu, "A density-based algorithm for discovering
       clusters in large spatial databases with noise", KDD 1996, section 4.2.
    .. [2] V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan, "Finding a 'kneedle' in a haystack:
       detecting knee points in system behavior", ICDCS workshops 2011.
    .. [3] E. Schubert, J. Sander, M. Ester, H.-P. Kriegel and X. Xu, "DBSCAN revisited, revisited:
       why and how you should (still) use DBSCAN", ACM TODS 42(3), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.cluster import DBSCAN, suggest_eps
    >>> from scratchml.datasets import make_blobs
    >>> X, _ = make_blobs(300, centers=3, cluster_std=0.5, random_state=1)
    >>> noise = np.random.default_rng(0).uniform(-12, 8, size=(60, 2))
    >>> X = np.concatenate([X, noise])
    >>> suggestion = suggest_eps(X, min_samples=5)
    >>> suggestion.eps, suggestion.knee.is_sharp
    (0.547, True)
    >>> int(DBSCAN(eps=suggestion.eps, min_samples=5).fit(X).labels_.max())
    2
    """
    check_params(_CONSTRAINTS, locals(), "suggest_eps")
    X = check_array(X, accept_sparse=("csr",), estimator_name="suggest_eps")
    n_samples, k = X.shape[0], int(min_samples)
    if n_samples < min_samples:
        raise ValueError(f"n_samples={n_samples} should be >= min_samples={min_samples}.")
    if metric == "precomputed" and is_sparse(X):
        X = _with_diagonal(X)
    neighbors = NearestNeighbors(
        n_neighbors=k, metric=metric, p=p, metric_params=metric_params, n_jobs=n_jobs
    ).fit(X)
    queries = X
    if sample_size is not None and sample_size < n_samples:
        drawn = check_random_state(random_state).permutation(n_samples)[:sample_size]
        queries = X[np.sort(drawn)]
    k_distances = np.sort(neighbors.kneighbors(queries)[0][:, -1])
    if not k_distances[-1] < LARGEST:
        raise ValueError(f"A distance is larger than {LARGEST:g}. Scale the data first.")
    if k_distances[-1] == 0:
        raise ValueError(
            f"Each sample has at least {k - 1} duplicates: all distances to the"
            f" {ordinal(k)} nearest sample are 0. Increase min_samples, or drop"
            " duplicates."
        )
    chosen, knees = find_knees(k_distances)
    k_distances.flags.writeable = False
    return EpsSuggestion(
        eps=_rounded_up(chosen.k_distance * (1 if chosen.is_sharp else MARGIN)),
        min_samples=k,
        reason=_reason(k, k_distances, chosen, knees, n_samples),
        k_distances=k_distances,
        knee=chosen,
        candidates=knees,
    )


_CONSTRAINTS: dict[str, Any] = {
    "min_samples": [Interval(Integral, 2, None, closed="left")],
    "metric": [Options(METRICS), callable, HasMethods(("pairwise",))],
    "p": [Interval(Real, 0, None, closed="right"), None],
    "metric_params": [dict, None],
    "sample_size": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
}


def _with_diagonal(graph: Any) -> Any:
    """A graph of distances in which each sample is a neighbour of itself, at distance 0."""
    from scipy.sparse import coo_array

    entries = graph.tocoo()
    others = entries.row != entries.col
    itself = np.arange(graph.shape[0])
    data = np.concatenate([entries.data[others], np.zeros(len(itself), graph.dtype)])
    rows = np.concatenate([entries.row[others], itself])
    columns = np.concatenate([entries.col[others], itself])
    return coo_array((data, (rows, columns)), shape=graph.shape).tocsr()


def _rounded_up(value: float) -> float:
    """The next number of `DIGITS` digits that is larger by more than what a root is rounded by."""
    exact = Decimal(value * (1 + 1e-9))
    last_digit = Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    return float(exact.quantize(last_digit, ROUND_FLOOR) + last_digit)


# --- why ------------------------------------------------------------------------------------------


def _reason(
    k: int, k_distances: np.ndarray, chosen: Knee, knees: tuple[Knee, ...], n_samples: int
) -> str:
    """What was chosen and why, in sentences."""
    curve = f"The curve of distances to the {ordinal(k)} nearest sample"
    at = f"{chosen.k_distance:.3g}"
    times = f"{chosen.strength:.2g} times as large at the median"
    if chosen.is_sharp:
        beyond = _percent(1 - chosen.share)
        sentences = [
            f"{curve} has a knee at {at}, which is taken for eps: the {beyond} beyond it are"
            f" {times}, as those of noise are."
        ]
    elif chosen.index + 1 < len(k_distances):
        sentences = [
            f"{curve} has no knee, and shows no noise: those beyond {at}, where it bends most,"
            f" are {times}, less than {LEAST_STRENGTH:g}. eps is {MARGIN:g} times the"
            " distance there, so that clusters hold together."
        ]
    else:
        sentences = [
            f"{curve} has no knee, and does not even bend: eps is {MARGIN:g} times its largest"
            f" distance, {at}."
        ]
    denser = [knee for knee in knees if knee.index < chosen.index]
    if denser:
        places = " and ".join(
            f"{knee.k_distance:.3g} ({_percent(knee.share)} below)" for knee in denser
        )
        sentences.append(
            f"Further knees, at {places}, tell of clusters that are much denser than others: an eps"
            " as small as these parts them better, and gives the others up as noise."
        )
    far = [knee.index for knee in knees if knee.index > chosen.index]
    if far:
        n_far = len(k_distances) - 1 - min(far)
        sentences.append(f"Left out as outliers: {n_far} of the distances, the largest.")
    n_zero = int(np.searchsorted(k_distances, 0, "right"))
    if n_zero:
        sentences.append(
            f"Left out as of duplicates: {_percent(n_zero / len(k_distances))} of the distances,"
            " which are 0."
        )
    if len(k_distances) < n_samples:
        sentences.append(
            f"The distances are from {len(k_distances):,} samples, drawn at random, to the nearest"
            f" among all {n_samples:,}."
        )
    return " ".join(sentences)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def ordinal(number: int) -> str:
    """A number as a rank: 1st, 2nd, 3rd, 4th."""
    last_two = number % 100
    ending = "th" if 10 < last_two < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
