"""What the choice of a mixture returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .families import mclust_name
from .rules import MixtureChoice

__all__ = ["MixtureChoice", "MixtureSelection"]


@dataclass(frozen=True, eq=False, repr=False)
class MixtureSelection:
    """Criteria of Gaussian mixtures over sizes and kinds of covariances, and what each chose.

    `select_mixture` makes it; the parameters are its attributes. Arrays of shape
    ``(n_types, n_ks)`` have a row for each kind and a column for each number of components.

    Parameters
    ----------
    components : ndarray of shape (n_ks,), int64
        Numbers of components, ascending.
    covariance_types : tuple of str
        Kinds of covariances.
    criterion : str
        The criterion that decides.
    scores : mapping of str to ndarray of shape (n_types, n_ks), float64
        Name of a criterion -> its values, the least best; NaN where the fit failed.
    choices : mapping of str to MixtureChoice
        Name of a criterion -> the named tuple
        ``(n_components, covariance_type, family, reason)``.
    log_likelihood : ndarray of shape (n_types, n_ks), float64
        Of the samples; NaN where the fit failed.
    n_parameters : ndarray of shape (n_types, n_ks), int64
        Numbers of free parameters.
    n_iter : ndarray of shape (n_types, n_ks), int64
        Iterations of the run that was kept.
    converged : ndarray of shape (n_types, n_ks), bool
        Whether it converged.
    failures : mapping of (str, int) to str
        (Kind, number of components) -> why the fit failed.
    refitted : mapping of (str, int) to str
        (Kind, number of components) -> the stricter kind from whose mixture it was fitted again,
        to a higher likelihood.
    mixtures : mapping of (str, int) to GaussianMixture
        (Kind, number of components) -> the fitted mixture; those that a criterion chose if the
        others were not to be kept.
    n_samples, n_features : int
        Shape of the data.

    See Also
    --------
    select_mixture : Makes it.
    scratchml.plot.BICDisplay : Draws it.

    Examples
    --------
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.model_selection import select_mixture
    >>> X, _ = make_blobs(90, centers=[[0, 0], [9, 0]], random_state=0)
    >>> selection = select_mixture(X, [1, 2, 3], "spherical", random_state=0)
    >>> selection.scores["bic"].shape
    (1, 3)
    >>> selection.choices["icl"].n_components
    2
    >>> selection.best_ is selection.mixtures["spherical", 2]
    True
    """

    components: np.ndarray
    covariance_types: tuple[str, ...]
    criterion: str
    scores: Mapping[str, np.ndarray]
    choices: Mapping[str, MixtureChoice]
    log_likelihood: np.ndarray
    n_parameters: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    failures: Mapping[tuple[str, int], str]
    refitted: Mapping[tuple[str, int], str]
    mixtures: Mapping[tuple[str, int], Any]
    n_samples: int
    n_features: int

    @property
    def best_(self) -> Any:
        """The mixture that the deciding criterion chose, fitted."""
        return self.best()

    def best(self, criterion: str | None = None) -> Any:
        """The mixture that a criterion chose.

        Parameters
        ----------
        criterion : {'bic', 'aic', 'icl'}, optional
            The one that decides unless given.

        Returns
        -------
        GaussianMixture
            Fitted.

        Raises
        ------
        ValueError
            If there is no such criterion.
        """
        choice = self.choice(criterion)
        return self.mixtures[choice.covariance_type, choice.n_components]

    def choice(self, criterion: str | None = None) -> MixtureChoice:
        """What a criterion chose, and why.

        Parameters
        ----------
        criterion : {'bic', 'aic', 'icl'}, optional
            The one that decides unless given.

        Returns
        -------
        MixtureChoice

        Raises
        ------
        ValueError
            If there is no such criterion.
        """
        name = self.criterion if criterion is None else criterion
        if name not in self.choices:
            raise ValueError(
                f"criterion must be one of {list(self.choices)}. Got {name!r} instead."
            )
        return self.choices[name]

    def table(self) -> list[dict[str, Any]]:
        """A row for each mixture, as `pandas.DataFrame` takes them.

        Returns
        -------
        list of dict
            With ``covariance_type``, ``family`` (its name in mclust), ``n_components``,
            ``n_parameters``, ``log_likelihood``, a value for each criterion, ``n_iter``,
            ``converged``, ``refitted`` (from which kind, or None), and ``failure``: why the fit
            failed, or None.
        """
        rows = []
        for place in np.ndindex(self.n_parameters.shape):
            kind, k = self.covariance_types[place[0]], int(self.components[place[1]])
            rows.append(
                {
                    "covariance_type": kind,
                    "family": mclust_name(kind, k, self.n_features),
                    "n_components": k,
                    "n_parameters": int(self.n_parameters[place]),
                    "log_likelihood": float(self.log_likelihood[place]),
                    **{name: float(values[place]) for name, values in self.scores.items()},
                    "n_iter": int(self.n_iter[place]),
                    "converged": bool(self.converged[place]),
                    "refitted": self.refitted.get((kind, k)),
                    "failure": self.failures.get((kind, k)),
                }
            )
        return rows

    def notes(self) -> list[str]:
        """Sentences about fits that failed.

        Returns
        -------
        list of str
            One for each.
        """
        return [
            f"The fit of {kind} with {k} component{'s' if k > 1 else ''} failed: {why}"
            for (kind, k), why in self.failures.items()
        ]

    def plot(self, criterion: str | None = None, *, ax: Any = None, **plot_options: Any) -> Any:
        """Draw a criterion over the number of components, a curve for each kind of covariances.

        Parameters
        ----------
        criterion : {'bic', 'aic', 'icl'}, optional
            The one that decides unless given.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `scratchml.plot.BICDisplay.plot`.

        Returns
        -------
        BICDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no such criterion.
        """
        from scratchml.plot import BICDisplay

        return BICDisplay.from_selection(self, criterion, ax=ax, **plot_options)

    def __repr__(self) -> str:
        """The table of the deciding criterion, a star at its choice, and all reasons."""
        choice = self.choice()
        rows = [[self.criterion, *(f"{kind} " for kind in self.covariance_types)]]
        for j, k in enumerate(self.components.tolist()):
            cells = [
                f"{value:.1f}" + ("*" if (k, kind) == choice[:2] else " ")
                for kind, value in zip(
                    self.covariance_types, self.scores[self.criterion][:, j], strict=True
                )
            ]
            rows.append([str(k), *cells])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        title = f"MixtureSelection of {self.n_samples:,} samples"
        reasons = [choice.reason for choice in self.choices.values()]
        return "\n".join([title, "", *lines, "", *reasons, *self.notes()])
