"""What the choice of the number of clusters returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .rules import Choice

__all__ = ["Choice", "KChoice"]


@dataclass(frozen=True, eq=False, repr=False)
class KChoice:
    """Criteria over a range of numbers of clusters, and what each chose.

    `choose_k` makes it; the parameters are its attributes.

    Parameters
    ----------
    ks : ndarray of shape (n_ks,), int64
        Numbers of clusters, ascending.
    scores : mapping of str to ndarray of shape (n_ks,), float64
        Name of a criterion -> its value at each k; NaN where it is not defined.
    errors : mapping of str to ndarray of shape (n_ks,), float64
        Standard errors: of 'gap', of 'stability', and of 'silhouette' where it is of a sample.
    choices : mapping of str to Choice
        Name of a criterion -> the named tuple ``(k, reason)``. ``k`` is None where the criterion
        tells of no number of clusters.
    n_samples : int
        Number of samples.
    n_sampled : int
        How many of them silhouette, gap and stability are of.
    metric : str or callable, default='euclidean'
        What the silhouette was computed by.
    labels : ndarray of shape (n_ks, n_samples), int32, or None, default=None
        Clusters of the samples at each k, from 0; None if they were not to be kept.
    estimators : list of estimators
        Those that were fitted to all samples, one for each k; empty if they were not to be kept.
    log_dispersion, expected_log_dispersion : ndarray of shape (n_ks,), float64, or None, \
default=None
        What the gap is the difference of: the logarithm of the dispersion within clusters, and its
        mean over the reference sets. None without the gap.

    See Also
    --------
    choose_k : Makes it.
    scratchml.plot.ElbowDisplay : Draws the inertia.
    scratchml.plot.GapDisplay : Draws the gap.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.model_selection import choose_k
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> names = ["inertia", "silhouette"]
    >>> choice = choose_k(KMeans(), X, [1, 2, 3], criteria=names, random_state=0)
    >>> choice.scores["inertia"]
    array([154. ,   4. ,   2.5])
    >>> choice.choices["silhouette"]
    Choice(k=2, reason='The silhouette is largest at k=2: 0.866.')
    >>> choice.best("silhouette").labels_.tolist()
    [1, 1, 1, 0, 0, 0]
    """

    ks: np.ndarray
    scores: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]
    choices: Mapping[str, Choice]
    n_samples: int
    n_sampled: int
    metric: Any = "euclidean"
    labels: np.ndarray | None = None
    estimators: list[Any] = field(default_factory=list)
    log_dispersion: np.ndarray | None = None
    expected_log_dispersion: np.ndarray | None = None

    def best(self, criterion: str) -> Any:
        """The estimator with the number of clusters that a criterion chose.

        Parameters
        ----------
        criterion : str
            One of those computed.

        Returns
        -------
        estimator
            Fitted to all samples.

        Raises
        ------
        ValueError
            If the criterion was not computed or chose none, or if the estimators were not kept.
        """
        if criterion not in self.choices:
            raise ValueError(
                f"No such criterion was computed: {criterion!r}. There are {list(self.choices)}."
            )
        k, reason = self.choices[criterion]
        if k is None:
            raise ValueError(f"{criterion!r} chose no number of clusters. {reason}")
        if not self.estimators:
            raise ValueError("The estimators were not kept: call choose_k with keep_fits=True.")
        return self.estimators[int(np.flatnonzero(self.ks == k)[0])]

    def table(self) -> list[dict[str, Any]]:
        """A row for each k, as `pandas.DataFrame` takes them.

        Returns
        -------
        list of dict
            With ``k``, a value for each criterion, and ``{criterion}_error`` where it has one.
        """
        rows = []
        for i, k in enumerate(self.ks.tolist()):
            row: dict[str, Any] = {"k": k}
            for name, values in self.scores.items():
                row[name] = float(values[i])
                if name in self.errors:
                    row[f"{name}_error"] = float(self.errors[name][i])
            rows.append(row)
        return rows

    def plot(self, ax: Any = None) -> Any:
        """Draw the criteria side by side, each with the k that it chose.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A subplot, whose place is divided; a new figure unless given.

        Returns
        -------
        ndarray of matplotlib Axes, dtype object
            One for each criterion, in their order.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from scratchml.plot.criteria import draw_criteria

        return draw_criteria(self, ax)

    def __repr__(self) -> str:
        """The table, with a star at what each criterion chose, and the reasons."""
        rows = [["k", *(f"{name} " for name in self.scores)]]
        for i, k in enumerate(self.ks.tolist()):
            cells = [
                f"{values[i]:.4g}" + ("*" if self.choices[name].k == k else " ")
                for name, values in self.scores.items()
            ]
            rows.append([str(k), *cells])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        title = f"KChoice of {self.n_samples:,} samples"
        if self.n_sampled < self.n_samples:
            title += f", {self.n_sampled:,} of them drawn"
        reasons = [
            f"{name}: {'none' if choice.k is None else f'k = {choice.k}'}. {choice.reason}"
            for name, choice in self.choices.items()
        ]
        return "\n".join([title, "", *lines, "", *reasons])
