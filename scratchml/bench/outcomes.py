"""What contestants found, and whether it is the same: times of different results say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

OBJECTIVE_TOLERANCE = 0.01
"""Relative difference of the objectives up to which results count as equally good."""

RAND_TOLERANCE = 0.01
"""How far the adjusted Rand index may be from 1 where there is no objective to compare."""

VALUE_TOLERANCE = 1e-3
"""Relative difference up to which other values, such as distances, count as equal."""

_OBJECTIVES = ("inertia_", "lower_bound_")


class UnfairDuelError(ValueError):
    """The contestants do not do the same work under the same conditions."""


@dataclass(frozen=True)
class Outcome:
    """What a contestant found, as far as others can be compared with it.

    Attributes
    ----------
    labels : int[n_samples] or None
    centers : float[n_clusters, n_features] or None
    values : float array or None
        Any other result: distances, densities, scores.
    objective : float or None
        What the algorithm minimises or maximises, at the end.
    n_iter : int or None
        Iterations that were run.
    counters : dict of str to int
        Work that was counted, by the name of the attribute.
    """

    labels: np.ndarray | None = None
    centers: np.ndarray | None = None
    values: np.ndarray | None = None
    objective: float | None = None
    n_iter: int | None = None
    counters: dict[str, int] = field(default_factory=dict)


def outcome_of(estimator: Any, result: Any) -> Outcome:
    """Outcome of a call of a method, from what it returned and what the estimator shows.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    result : object
        What the method returned: the estimator itself, labels (integers), or other numbers.
    """
    labels = getattr(estimator, "labels_", None)
    values = None
    if result is not estimator and result is not None:
        # Of several results, such as distances and indices, the first is compared.
        first = result[0] if isinstance(result, tuple) else result
        array = np.asarray(first.toarray() if hasattr(first, "toarray") else first)
        if array.dtype.kind in "iu" and array.ndim == 1:
            labels = array
        else:
            values = array
    centers = getattr(estimator, "cluster_centers_", getattr(estimator, "means_", None))
    objectives = (getattr(estimator, name, None) for name in _OBJECTIVES)
    objective = next((value for value in objectives if value is not None), None)
    n_iter = getattr(estimator, "n_iter_", None)
    return Outcome(
        labels,
        centers,
        values,
        None if objective is None else float(objective),
        None if n_iter is None else int(n_iter),
        _counters(estimator),
    )


def _counters(estimator: Any) -> dict[str, int]:
    """Public integer attributes that count work, such as ``n_distances_``."""
    return {
        name: int(value)
        for name, value in vars(estimator).items()
        if name.startswith("n_")
        and name.endswith("_")
        and name not in ("n_iter_", "n_features_in_")
        and isinstance(value, int | np.integer)
    }


@dataclass(frozen=True)
class Agreement:
    """How far two outcomes agree; what cannot be compared is None.

    Attributes
    ----------
    same_labels : bool or None
        Whether a bijection maps the labels of one to those of the other, and noise to noise.
    adjusted_rand : float or None
        Adjusted Rand index of the labels: 1 for the same, about 0 for unrelated ones.
    objective_difference : float or None
        Difference of the objectives, relative to that of the opponent; negative if the
        estimator's is lower.
    center_difference : float or None
        Largest distance between two centres that are matched.
    value_difference : float or None
        Largest difference of other values, relative to the largest of the opponent's.
    noise_difference : float or None
        Share of the samples that are noise, of label -1, for only one of them.
    """

    same_labels: bool | None = None
    adjusted_rand: float | None = None
    objective_difference: float | None = None
    center_difference: float | None = None
    value_difference: float | None = None
    noise_difference: float | None = None

    @property
    def refusal(self) -> str | None:
        """Why the results are not the same, or None if they are, as far as can be told."""
        if self.objective_difference is not None:
            if not abs(self.objective_difference) <= OBJECTIVE_TOLERANCE:
                return f"their objectives differ by {self.objective_difference:+.1%}"
        elif self.adjusted_rand is not None and self.adjusted_rand < 1 - RAND_TOLERANCE:
            return f"their labels have an adjusted Rand index of {self.adjusted_rand:.3f}"
        if self.noise_difference is not None and self.noise_difference > RAND_TOLERANCE:
            return f"{self.noise_difference:.1%} of the samples are noise for only one of them"
        if self.value_difference is not None and not self.value_difference <= VALUE_TOLERANCE:
            return f"their results differ by up to {self.value_difference:.2g} of the largest"
        return None


def compare_outcomes(ours: Outcome, theirs: Outcome) -> Agreement:
    """Compare what the estimator found with what its opponent found.

    Raises
    ------
    UnfairDuelError
        When the results are not even of the same shape.
    """
    same = rand = noise = objective = centers = values = None
    if ours.labels is not None and theirs.labels is not None:
        if len(ours.labels) != len(theirs.labels):
            raise UnfairDuelError(
                f"unequal work: {len(ours.labels)} labels against {len(theirs.labels)}"
            )
        same, rand, noise = _compare_labels(ours.labels, theirs.labels)
    if ours.objective is not None and theirs.objective is not None:
        difference = ours.objective - theirs.objective
        objective = difference / (abs(theirs.objective) or 1.0)
    if ours.centers is not None and theirs.centers is not None:
        if ours.centers.shape != theirs.centers.shape:
            raise UnfairDuelError(
                f"unequal work: centers of shape {ours.centers.shape} against"
                f" {theirs.centers.shape}"
            )
        centers = _largest_center_difference(ours.centers, theirs.centers)
    if ours.values is not None and theirs.values is not None:
        if ours.values.shape != theirs.values.shape:
            raise UnfairDuelError(
                f"unequal work: results of shape {ours.values.shape} against {theirs.values.shape}"
            )
        values = _relative_difference(ours.values, theirs.values)
    return Agreement(same, rand, objective, centers, values, noise)


def _compare_labels(a: np.ndarray, b: np.ndarray) -> tuple[bool, float, float]:
    """Whether a bijection maps labels to each other, their adjusted Rand index, other noise.

    Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985, equation (5).
    """
    _, a_codes = np.unique(a, return_inverse=True)
    _, b_codes = np.unique(b, return_inverse=True)
    n_b = int(b_codes.max()) + 1
    _, together = np.unique(a_codes.astype(np.int64) * n_b + b_codes, return_counts=True)
    sizes_a, sizes_b = np.bincount(a_codes), np.bincount(b_codes)
    is_bijection = len(together) == len(sizes_a) == len(sizes_b)

    def pairs(counts: np.ndarray) -> float:
        counts = counts.astype(np.float64)
        return float((counts * (counts - 1) / 2).sum())

    index, in_a, in_b = pairs(together), pairs(sizes_a), pairs(sizes_b)
    expected = in_a * in_b / max(pairs(np.array([len(a)])), 1.0)
    largest = (in_a + in_b) / 2
    rand = 1.0 if is_bijection else (index - expected) / (largest - expected)
    noise = float(np.mean((a == -1) != (b == -1)))
    return is_bijection and noise == 0, rand, noise


def _largest_center_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance between centres, each matched with one of the other side."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    distances = cdist(a, b)
    return float(distances[linear_sum_assignment(distances)].max())


def _relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    scale = float(np.abs(b[np.isfinite(b)]).max(initial=0.0)) or 1.0
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return np.inf
    return float(np.abs(a[finite] - b[finite]).max(initial=0.0)) / scale
