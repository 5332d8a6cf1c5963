"""Which mixture a criterion chooses, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .families import COVARIANCE_TYPES, mclust_name

ROUNDING = 1e-9
"""Values whose relative difference is less are taken as equal: of one feature, or of a single
component, several families are one, and differ by rounding alone."""

EVIDENCE = ((2, "hardly worth a mention"), (6, "positive"), (10, "strong"), (np.inf, "very strong"))
"""What a difference in BIC tells, up to so much (Kass and Raftery 1995, section 3.2)."""


class MixtureChoice(NamedTuple):
    """What a criterion chose.

    Parameters
    ----------
    n_components : int
        Number of components.
    covariance_type : str
        Kind of the covariances.
    family : str
        Its name in mclust.
    reason : str
        Why, in sentences.
    """

    n_components: int
    covariance_type: str
    family: str
    reason: str


class Grid(NamedTuple):
    """What is known of all mixtures; every array is of shape (n_types, n_ks)."""

    covariance_types: tuple[str, ...]
    components: np.ndarray
    """int64[n_ks], ascending."""
    n_parameters: np.ndarray
    n_features: int


def least_of(values: np.ndarray) -> np.ndarray:
    """Places of the least value and of those that are equal but for rounding, int64[n, 2].

    With further values there are fewer of them, but for the new ones.
    """
    if not np.isfinite(values).any():
        return np.empty((0, 2), np.int64)
    least = np.nanmin(values)
    return np.argwhere(values <= least + ROUNDING * max(abs(least), 1))


def best_of(grid: Grid, values: np.ndarray) -> tuple[int, int] | None:
    """Place of the least value; of equal ones that of the simplest mixture.

    That is the one with the fewest parameters, then the one that stands last in `COVARIANCE_TYPES`.

    Parameters
    ----------
    grid : Grid
    values : float64[n_types, n_ks]
        NaN where they are not known.

    Returns
    -------
    (int, int) or None
        None if no value is known.
    """
    ties = least_of(values)
    if not len(ties):
        return None

    def simplicity(place: np.ndarray) -> tuple[int, int]:
        i, j = place
        kind = COVARIANCE_TYPES.index(grid.covariance_types[i])
        return int(grid.n_parameters[i, j]), -kind

    i, j = min(ties, key=simplicity)
    return int(i), int(j)


def choice_by(
    criterion: str, grid: Grid, values: np.ndarray, converged: np.ndarray
) -> MixtureChoice | None:
    """What a criterion chooses, and why.

    Parameters
    ----------
    criterion : str
        Its name.
    grid : Grid
    values : float64[n_types, n_ks]
        NaN where they are not known.
    converged : bool[n_types, n_ks]
        Whether the fits have.

    Returns
    -------
    MixtureChoice or None
        None if no value is known.
    """
    best = best_of(grid, values)
    if best is None:
        return None
    k, kind = int(grid.components[best[1]]), grid.covariance_types[best[0]]
    family = mclust_name(kind, k, grid.n_features)
    reason = f"{criterion.upper()} is least for {name_of(grid, best)}: {values[best]:.1f}."
    reason += _beside_others(criterion, grid, values, best)
    if k == grid.components[-1] and len(grid.components) > 1:
        reason += " That is the largest number that was tried: more may be better still."
    if not converged[best]:
        reason += " Its fit has not converged: allow more iterations."
    return MixtureChoice(k, kind, family, reason)


def name_of(grid: Grid, place: tuple[int, int]) -> str:
    """A mixture as a reason calls it."""
    k, kind = int(grid.components[place[1]]), grid.covariance_types[place[0]]
    family = mclust_name(kind, k, grid.n_features)
    return f"{kind} ({family}) with {k} component{'s' if k > 1 else ''}"


def _beside_others(criterion: str, grid: Grid, values: np.ndarray, best: tuple[int, int]) -> str:
    """How much better the best is than the next one that is not the same but for rounding."""
    others = values.copy()
    others[values <= values[best] + ROUNDING * max(abs(values[best]), 1)] = np.nan
    second = best_of(grid, others)
    if second is None:
        return " No other is known."
    more = values[second] - values[best]
    text = f" Next is {name_of(grid, second)}, {more:.3g} above it"
    if criterion == "bic":
        strength = next(word for limit, word in EVIDENCE if more <= limit)
        text += f": {strength}" + ("" if strength == EVIDENCE[0][1] else " evidence")
    return text + "."
