"""Which number of clusters a criterion chooses, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAST_DEPTH = 0.04
"""How far below its chord the curve of inertia has to be for a knee, over the height of both.
Chosen on data of the kinds that ``benchmarks/choose_k.py`` draws."""

WEAK = 0.25
"""Silhouettes below tell of no substantial structure (Kaufman and Rousseeuw 1990, table 4)."""

STABLE = 0.8
"""Halves that agree less are not stable (Tibshirani and Walther 2005 take 0.8 to 0.9)."""

NEARLY = 0.95
"""Stability that is nearly as good as the best: so many times it. Chosen on the same data."""


class Choice(NamedTuple):
    """What a criterion chose.

    Parameters
    ----------
    k : int or None
        Number of clusters; None if the criterion tells of none.
    reason : str
        Why, in sentences.
    """

    k: int | None
    reason: str


def choice_by(
    criterion: str, ks: np.ndarray, scores: np.ndarray, errors: np.ndarray | None = None
) -> Choice:
    """What a criterion chooses.

    Parameters
    ----------
    criterion : str
        Its name.
    ks : int64[n_ks]
        Ascending.
    scores : float64[n_ks]
        NaN where it is not defined.
    errors : float64[n_ks] or None
        Standard errors, if there are any; those of gap and stability are needed.
    """
    if not np.isfinite(scores).any():
        return Choice(None, "It is not defined at any k that was tried.")
    if criterion == "inertia":
        return by_inertia(ks, scores)
    if criterion == "silhouette":
        return by_silhouette(ks, scores, errors)
    if criterion == "calinski_harabasz":
        return _by_best(ks, scores, "Calinski-Harabasz score", "largest")
    if criterion == "davies_bouldin":
        return _by_best(ks, scores, "Davies-Bouldin score", "least")
    rule = by_gap if criterion == "gap" else by_stability
    return rule(ks, scores, np.asarray(errors))


# --- inertia --------------------------------------------------------------------------------------


def by_inertia(ks: np.ndarray, inertia: np.ndarray) -> Choice:
    """The knee of the inertia over k, both axes logarithmic.

    It is where the curve is farthest below the straight line between its ends, as Kneedle has it
    (Satopaa, Albrecht, Irwin and Raghavan 2011). Without clusters the inertia falls as a power of
    k, and the curve on such axes is straight itself: it has no knee.

    Parameters
    ----------
    ks : int64[n_ks]
        Ascending.
    inertia : float64[n_ks]
    """
    known = np.isfinite(inertia) & (inertia > 0)
    x, y = np.log(ks[known]), np.log(inertia[known])
    if len(x) < 3:
        reason = "A knee takes the inertia of at least three numbers of clusters."
        if (inertia == 0).any():
            reason += _single_places(ks[inertia == 0][0])
        return Choice(None, reason)
    if not y[0] > y[-1]:
        return Choice(None, "The inertia does not fall as clusters become more: it has no knee.")
    depths = depth_below_chord(x, y)
    deepest = int(np.argmax(depths))
    first, last = ks[known][[0, -1]]
    if depths[deepest] < LEAST_DEPTH:
        return Choice(
            None,
            f"The inertia has no knee from k={first} to k={last}: on logarithmic axes it is hardly"
            " below the straight line between its ends, as it is without clusters.",
        )
    k = int(ks[known][deepest])
    return Choice(
        k,
        f"The inertia has a knee at k={k}: there it is farthest below the straight line from"
        f" k={first} to k={last}, on logarithmic axes, by {_percent(depths[deepest])} of the height"
        " of that line.",
    )


def depth_below_chord(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far a falling curve is below the line between its ends, over its height, float64[n]."""
    along = (x - x[0]) / (x[-1] - x[0])
    return (y[0] - y) / (y[0] - y[-1]) - along


# --- the best of all k ----------------------------------------------------------------------------


def by_silhouette(ks: np.ndarray, scores: np.ndarray, errors: np.ndarray | None = None) -> Choice:
    """The largest silhouette."""
    k, reason = _by_best(ks, scores, "silhouette", "largest")
    best = int(np.flatnonzero(ks == k)[0])
    if errors is not None:
        reason += f" Its standard error is {errors[best]:.2g}."
    if scores[best] < WEAK:
        reason += f" Below {WEAK:g} it tells of no substantial structure."
    return Choice(k, reason)


def _by_best(ks: np.ndarray, scores: np.ndarray, what: str, best: str) -> Choice:
    """The k of the best score, the least of those that share it."""
    at = int(np.nanargmax(scores) if best == "largest" else np.nanargmin(scores))
    k, defined = int(ks[at]), np.flatnonzero(np.isfinite(scores))
    if len(defined) == 1:
        return Choice(k, f"The {what} is defined at k={k} alone: {scores[at]:.3g}.")
    reason = f"The {what} is {best} at k={k}: {scores[at]:.3g}."
    if at == defined[-1]:
        reason += _largest_k(at, ks, "better still")
    return Choice(k, reason)


def _largest_k(last: int, ks: np.ndarray, what: str) -> str:
    """What is to be said of a choice beyond which no other k is known."""
    if last == len(ks) - 1:
        return f" That is the largest k that was tried: larger ones may be {what}."
    return " That is the largest k at which it is defined."


def _single_places(k: int) -> str:
    return f" From k={k} on no cluster is more than a single place."


# --- gap and stability ----------------------------------------------------------------------------


def by_gap(ks: np.ndarray, gaps: np.ndarray, errors: np.ndarray) -> Choice:
    """The least k whose gap is no less than the next one less its standard error.

    Tibshirani, Walther and Hastie (2001). The last k has none to be compared with.

    Parameters
    ----------
    ks : int64[n_ks]
        Ascending.
    gaps, errors : float64[n_ks]
    """
    enough = gaps[:-1] >= gaps[1:] - errors[1:]  # not where either is NaN
    defined = np.flatnonzero(np.isfinite(gaps))
    last = int(defined[-1])
    beyond = "" if last == len(ks) - 1 else _single_places(ks[last + 1])
    if not enough.any():
        if len(defined) == 1:
            reason = f"The gap is defined at k={ks[last]} alone: there is none to compare it with."
        else:
            reason = (
                f"The gap still rises at k={ks[last]}, the last at which it is defined: none before"
                " is large enough beside the next."
            )
        return Choice(None, reason + (beyond or " Try larger k."))
    first = int(np.argmax(enough))
    k, following = int(ks[first]), int(ks[first + 1])
    reason = (
        f"k={k} is the least whose gap, {gaps[first]:.3g}, is no less than the next one less its"
        f" standard error, {gaps[first + 1]:.3g} - {errors[first + 1]:.2g} at k={following}."
    )
    largest = int(np.nanargmax(gaps))
    if gaps[first] < gaps[largest] - errors[largest]:
        reason += (
            f" Yet the gap is larger by more than its standard error at k={ks[largest]}:"
            f" {gaps[largest]:.3g}. Look at the curve."
        )
    elif k == 1:
        reason += " The data cannot be told from a single cluster."
    if first == 0 and k > 1:
        reason += f" Smaller k were not tried: there may be fewer than {k} clusters, or none."
    return Choice(k, reason + beyond)


def by_stability(ks: np.ndarray, means: np.ndarray, errors: np.ndarray) -> Choice:
    """The largest k at which halves agree nearly as well as at the best one.

    Clusters that are stable together often are so in pairs, too: the largest k is that of the
    finest clusters that are.

    Parameters
    ----------
    ks : int64[n_ks]
        Ascending.
    means, errors : float64[n_ks]
        Adjusted Rand index, and its standard error.
    """
    best = float(np.nanmax(means))
    if best < STABLE:
        return Choice(
            None,
            "No k is stable: clusterings of two halves agree by an adjusted Rand index of no more"
            f" than {best:.2f}, at k={ks[np.nanargmax(means)]}; {STABLE:g} is asked for.",
        )
    last = int(np.flatnonzero(means >= NEARLY * best)[-1])
    k, defined = int(ks[last]), np.flatnonzero(np.isfinite(means))
    found = f"the adjusted Rand index is {means[last]:.2f}"
    if np.isfinite(errors[last]):
        found += f", its standard error {errors[last]:.2g}"
    if len(defined) == 1:
        return Choice(
            k, f"Clusterings of two halves agree at k={k}, and no other is known: {found}."
        )
    reason = (
        f"k={k} is the largest at which clusterings of two halves agree nearly as well as at the"
        f" best: {found}; the best is {best:.2f}, at k={ks[np.nanargmax(means)]}."
    )
    if last == defined[-1]:
        reason += _largest_k(last, ks, "as stable")
    return Choice(k, reason)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
