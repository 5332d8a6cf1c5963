"""The inertia over the number of clusters, and its knee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import axes_or_new, require_matplotlib
from .curves import check_curve, choice_of, draw_curve, draw_reason, use_logarithmic_axes
from .palette import MUTED

_CHORD_POINTS = 100


class ElbowDisplay:
    """Picture of the inertia over the number of clusters, and of its knee.

    Make it with `from_estimator` or `from_choice`. The more clusters, the less inertia: at the knee
    the curve is farthest below the line between its ends, and further clusters gain little.

    Parameters
    ----------
    ks : array-like of shape (n_ks,)
        Numbers of clusters, ascending.
    inertia : array-like of shape (n_ks,)
        Sum of squared distances to the mean of the own cluster at each; NaN where it is not known.
    k : int, optional
        The knee, if there is one.
    reason : str, default=""
        Why it was chosen, or none was.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    line_ : matplotlib Line2D
        The curve.
    chord_ : matplotlib Line2D or None
        The line between its ends; None if they are not two.
    mark_ : matplotlib Line2D or None
        The knee.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import ElbowDisplay
    >>> X, _ = make_blobs(300, centers=5, random_state=3)
    >>> display = ElbowDisplay.from_estimator(KMeans(random_state=0), X, range(1, 10))
    >>> display.k
    5
    """

    def __init__(self, ks: Any, inertia: Any, *, k: int | None = None, reason: str = "") -> None:
        self.ks, self.inertia = check_curve(ks, inertia, "inertia", k)
        self.k = k
        self.reason = reason

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        ks: Any,
        *,
        random_state: Any = 0,
        verbose: bool | int = False,
        ax: Any = None,
        **plot_options: Any,
    ) -> ElbowDisplay:
        """Fit an estimator with each number of clusters, and draw the inertia.

        Parameters
        ----------
        estimator : estimator
            One that has the parameter `n_clusters` or `n_components`. Copies are fitted.
        X : array-like of shape (n_samples, n_features)
            The samples.
        ks : iterable of int
            Numbers of clusters.
        random_state : int, RandomState or None, default=0
            As of `scratchml.model_selection.choose_k`: it seeds the copies, too, unless it is None.
        verbose : bool or int, default=False
            Whether to print a line before each fit.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        ElbowDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError, TypeError
            As `scratchml.model_selection.choose_k` does.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        # Here, not above: the names of the door are to be had without numba.
        from scratchml.model_selection import choose_k

        choice = choose_k(
            estimator,
            X,
            ks,
            criteria=["inertia"],
            keep_fits=False,
            random_state=random_state,
            verbose=verbose,
        )
        return cls.from_choice(choice, ax=ax, **plot_options)

    @classmethod
    def from_choice(cls, choice: Any, *, ax: Any = None, **plot_options: Any) -> ElbowDisplay:
        """Draw what `scratchml.model_selection.choose_k` found.

        Parameters
        ----------
        choice : KChoice
            What it returned, with the inertia among its criteria.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        ElbowDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the inertia was not computed.
        """
        require_matplotlib(f"{cls.__name__}.from_choice")
        found = choice_of(choice, "inertia", cls.__name__)
        display = cls(choice.ks, choice.scores["inertia"], k=found.k, reason=found.reason)
        return display.plot(ax=ax, **plot_options)

    def plot(
        self, ax: Any = None, *, log: bool = True, line_kwargs: Mapping[str, Any] | None = None
    ) -> ElbowDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        log : bool, default=True
            Whether both axes are logarithmic, on which the inertia of data without clusters falls
            as a straight line does. Otherwise the line between the ends is bent.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        known = np.flatnonzero(np.isfinite(self.inertia) & (self.inertia > 0))
        self.chord_ = None
        if len(known) > 1:
            first, last = known[[0, -1]]
            x = np.geomspace(self.ks[first], self.ks[last], _CHORD_POINTS)
            y = np.geomspace(self.inertia[first], self.inertia[last], _CHORD_POINTS)
            (self.chord_,) = self.ax_.plot(x, y, color=MUTED, lw=1.2, ls="--", zorder=2)
        self.line_, self.mark_ = draw_curve(
            self.ax_, self.ks, self.inertia, self.k, line_kwargs=line_kwargs
        )
        if log:
            use_logarithmic_axes(self.ax_, self.ks, self.inertia)
        self.ax_.set_ylabel("inertia")
        draw_reason(self.ax_, self.k, self.reason)
        return self
