"""The sorted k-distances, by which eps of DBSCAN is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import axes_or_new, legend_with_room, literal, require_matplotlib
from .palette import MUTED, OKABE_ITO

# More than pixels along the axis.
_MOST_POINTS = 4_000
# So many times eps, distances would leave it on the axis.
_WIDE = 100


class KDistanceDisplay:
    """Picture of the distances to the k-th nearest samples, sorted, with knees and eps.

    Make it with `from_data`, `from_estimator` or `from_suggestion`. A dot marks where eps was read
    off: filled at a knee, hollow where the curve just bends most. Crosses mark further knees.

    Parameters
    ----------
    suggestion : EpsSuggestion
        What `scratchml.cluster.suggest_eps` returns.
    eps : float, optional
        Another eps, to be drawn beside the one suggested.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    line_ : matplotlib Line2D
        The curve.
    eps_line_ : matplotlib Line2D
        The eps suggested, across.
    other_line_ : matplotlib Line2D or None
        The other eps.
    knee_mark_ : matplotlib Line2D
        The dot.
    candidate_marks_ : matplotlib Line2D or None
        The crosses; None without any.
    legend_ : matplotlib Legend or None
        What they are; None where there is no room.

    Examples
    --------
    >>> from scratchml.datasets import make_moons
    >>> from scratchml.plot import KDistanceDisplay
    >>> X, _ = make_moons(500, noise=0.05, random_state=0)
    >>> display = KDistanceDisplay.from_data(X, min_samples=5)
    >>> display.suggestion.eps
    0.12
    """

    def __init__(self, suggestion: Any, *, eps: float | None = None) -> None:
        self.suggestion = suggestion
        self.eps = eps

    @classmethod
    def from_data(
        cls,
        X: Any,
        min_samples: int = 5,
        *,
        metric: Any = "euclidean",
        p: float | None = None,
        metric_params: dict[str, Any] | None = None,
        sample_size: int | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **plot_options: Any,
    ) -> KDistanceDisplay:
        """Measure the distances, suggest an eps, and draw both.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
            The samples.
        min_samples : int, default=5
            Which nearest sample distances are measured to, the sample itself counted.
        metric, p, metric_params, sample_size : optional
            As of `scratchml.cluster.suggest_eps`.
        random_state : int, RandomState or None, default=0
            As of `scratchml.cluster.suggest_eps`.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        KDistanceDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError, TypeError
            As `scratchml.cluster.suggest_eps` does.
        """
        require_matplotlib(f"{cls.__name__}.from_data")
        # Here, not above: the names of the door are to be had without numba.
        from scratchml.cluster import suggest_eps

        suggestion = suggest_eps(
            X,
            min_samples,
            metric=metric,
            p=p,
            metric_params=metric_params,
            sample_size=sample_size,
            random_state=random_state,
        )
        return cls(suggestion).plot(ax=ax, **plot_options)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample_size: int | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **plot_options: Any,
    ) -> KDistanceDisplay:
        """Draw the distances that the parameters of an estimator are about, and its eps.

        Parameters
        ----------
        estimator : estimator
            Of density, as DBSCAN is: with `eps`, `min_samples`, `metric`, `p` and `metric_params`.
            It need not be fitted.
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
            The samples.
        sample_size, random_state : optional
            As of `from_data`.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        KDistanceDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator has no such parameters, or the data are of a kind that cannot be taken.
        ValueError
            As `scratchml.cluster.suggest_eps` does.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        names = ("eps", "min_samples", "metric", "p", "metric_params")
        if not all(hasattr(estimator, name) for name in names):
            raise TypeError(
                f"{cls.__name__}.from_estimator needs an estimator with the parameters"
                f" {', '.join(names)}, got {estimator!r}. Use {cls.__name__}.from_data."
            )
        # Here, not above: the names of the door are to be had without numba.
        from scratchml.cluster import suggest_eps

        suggestion = suggest_eps(
            X,
            estimator.min_samples,
            metric=estimator.metric,
            p=estimator.p,
            metric_params=estimator.metric_params,
            sample_size=sample_size,
            random_state=random_state,
        )
        return cls(suggestion, eps=estimator.eps).plot(ax=ax, **plot_options)

    @classmethod
    def from_suggestion(
        cls, suggestion: Any, *, eps: float | None = None, ax: Any = None, **plot_options: Any
    ) -> KDistanceDisplay:
        """Draw what `scratchml.cluster.suggest_eps` found.

        Parameters
        ----------
        suggestion : EpsSuggestion
            What it returned.
        eps : float, optional
            Another eps, to be drawn beside.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        KDistanceDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(f"{cls.__name__}.from_suggestion")
        return cls(suggestion, eps=eps).plot(ax=ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        log: bool | None = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> KDistanceDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        log : bool, optional
            Whether distances have a logarithmic axis, which leaves out those of duplicates, and
            shows knees of clusters whose densities differ much. Unless given, where the largest is
            a hundred times eps or more.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        curve, knee = self.suggestion.k_distances, self.suggestion.knee
        others = [found for found in self.suggestion.candidates if found != knee]

        places = np.linspace(0, len(curve) - 1, min(len(curve), _MOST_POINTS)).astype(np.int64)
        options = {"color": OKABE_ITO[0], "linewidth": 2, "zorder": 3}
        (self.line_,) = self.ax_.plot(
            places + 1, curve[places], **{**options, **(line_kwargs or {})}
        )
        self.eps_line_ = self.ax_.axhline(
            self.suggestion.eps,
            color=OKABE_ITO[1],
            linewidth=1.2,
            linestyle="--",
            label=literal(f"eps suggested: {self.suggestion.eps:g}"),
        )
        self.other_line_ = None
        if self.eps is not None:
            self.other_line_ = self.ax_.axhline(
                self.eps, color=MUTED, linewidth=1.2, label=literal(f"eps: {self.eps:g}")
            )
        (self.knee_mark_,) = self.ax_.plot(
            [knee.index + 1],
            [knee.k_distance],
            linestyle="",
            marker="o",
            markersize=9,
            markeredgewidth=1.8,
            markeredgecolor=OKABE_ITO[1],
            markerfacecolor=OKABE_ITO[1] if knee.is_sharp else "white",
            zorder=4,
            label="knee" if knee.is_sharp else "bend, no knee",
        )
        self.candidate_marks_ = None
        if others:
            (self.candidate_marks_,) = self.ax_.plot(
                [found.index + 1 for found in others],
                [found.k_distance for found in others],
                linestyle="",
                marker="X",
                markersize=8,
                color=OKABE_ITO[2],
                zorder=4,
                label="further knee" if len(others) == 1 else "further knees",
            )
        self.ax_.set(
            xlabel="samples, by k-distance",
            ylabel=f"k-distance, k = {self.suggestion.min_samples}",
        )
        if log is None:
            log = curve[-1] >= _WIDE * self.suggestion.eps
        if log:
            self.ax_.set_yscale("log", nonpositive="mask")
        self.ax_.spines[["top", "right"]].set_visible(False)
        # Lines may run behind it.
        self.legend_ = legend_with_room(
            self.ax_, loc="upper left", edgecolor="none", framealpha=0.9
        )
        return self
