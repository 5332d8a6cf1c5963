"""The gap statistic over the number of clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import axes_or_new, divide_axes, legend_with_room, require_matplotlib
from .curves import check_curve, choice_of, draw_curve, draw_reason, draw_rule
from .palette import MUTED, OKABE_ITO


class GapDisplay:
    """Picture of the gap statistic over the number of clusters, with its standard errors.

    Make it with `from_estimator` or `from_choice`. On the left is the logarithm of the dispersion
    within clusters, and what is expected of data without clusters; on the right the gap between
    them. The rule of Tibshirani, Walther and Hastie (2001) takes the first k at which the next gap,
    less its error, is no larger: a line leads from it to the next.

    Parameters
    ----------
    ks : array-like of shape (n_ks,)
        Numbers of clusters, ascending.
    gap : array-like of shape (n_ks,)
        The gap at each; NaN where there is none.
    errors : array-like of shape (n_ks,)
        Their standard errors.
    log_dispersion, expected_log_dispersion : array-like of shape (n_ks,), optional
        What the gap is the difference of. Without them there is nothing on the left.
    k : int, optional
        The number that was chosen, if one was.
    reason : str, default=""
        Why it was chosen, or none was.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn; of two panels the frame, turned off.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    axes_ : ndarray of matplotlib Axes
        That of the dispersion, if it is known, and that of the gap.
    dispersion_lines_ : list of matplotlib Line2D
        The dispersion and what is expected; empty if they are not known.
    line_ : matplotlib Line2D
        The gap.
    rule_line_ : matplotlib Line2D or None
        From the gap that was chosen to the next one.
    mark_ : matplotlib Line2D or None
        The gap that was chosen.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import GapDisplay
    >>> X, _ = make_blobs(300, centers=5, random_state=3)
    >>> display = GapDisplay.from_estimator(KMeans(random_state=0), X, range(1, 10))
    >>> display.k
    5
    """

    def __init__(
        self,
        ks: Any,
        gap: Any,
        errors: Any,
        *,
        log_dispersion: Any = None,
        expected_log_dispersion: Any = None,
        k: int | None = None,
        reason: str = "",
    ) -> None:
        self.ks, self.gap = check_curve(ks, gap, "gap", k)
        self.errors = check_curve(ks, errors, "errors", k)[1]
        self.log_dispersion: Any = None
        if log_dispersion is not None:
            self.log_dispersion = check_curve(ks, log_dispersion, "log_dispersion", k)[1]
        self.expected_log_dispersion: Any = None
        if expected_log_dispersion is not None:
            self.expected_log_dispersion = check_curve(
                ks, expected_log_dispersion, "expected_log_dispersion", k
            )[1]
        self.k = k
        self.reason = reason

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        ks: Any,
        *,
        sample_size: int | None = 5_000,
        n_refs: int = 10,
        reference: str = "pca",
        random_state: Any = 0,
        verbose: bool | int = False,
        ax: Any = None,
        **plot_options: Any,
    ) -> GapDisplay:
        """Fit an estimator with each number of clusters, to the data and to data without clusters.

        Parameters
        ----------
        estimator : estimator
            One that has the parameter `n_clusters` or `n_components`. Copies are fitted.
        X : array-like of shape (n_samples, n_features)
            The samples.
        ks : iterable of int
            Numbers of clusters.
        sample_size : int or None, default=5_000
            If there are more samples, the gap is that of so many, drawn at random. None draws none.
        n_refs : int, default=10
            Number of sets of data without clusters.
        reference : {'pca', 'uniform'}, default='pca'
            The box in which these are uniform: along the principal components of the data, or along
            their features.
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
        GapDisplay

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
            criteria=["gap"],
            sample_size=sample_size,
            n_refs=n_refs,
            reference=reference,
            keep_fits=False,
            random_state=random_state,
            verbose=verbose,
        )
        return cls.from_choice(choice, ax=ax, **plot_options)

    @classmethod
    def from_choice(cls, choice: Any, *, ax: Any = None, **plot_options: Any) -> GapDisplay:
        """Draw what `scratchml.model_selection.choose_k` found.

        Parameters
        ----------
        choice : KChoice
            What it returned, with the gap among its criteria.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        GapDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the gap was not computed.
        """
        require_matplotlib(f"{cls.__name__}.from_choice")
        found = choice_of(choice, "gap", cls.__name__)
        display = cls(
            choice.ks,
            choice.scores["gap"],
            choice.errors.get("gap", np.full(len(choice.ks), np.nan)),
            log_dispersion=choice.log_dispersion,
            expected_log_dispersion=choice.expected_log_dispersion,
            k=found.k,
            reason=found.reason,
        )
        return display.plot(ax=ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        dispersion: bool | None = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> GapDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw: a subplot, whose place is divided, with the dispersion. A new figure
            unless given.
        dispersion : bool, optional
            Whether to draw what the gap is the difference of; unless given, if it is known.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for the curve of the gap.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the dispersion is wanted, but not known, or if `ax` is no subplot, or was divided
            before.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        known = self.log_dispersion is not None and self.expected_log_dispersion is not None
        if dispersion and not known:
            raise ValueError("The dispersion and what is expected of it are not known.")
        with_dispersion = known if dispersion is None else dispersion
        self.ax_ = axes_or_new(ax, (9, 4.4) if with_dispersion else None)
        self.figure_ = self.ax_.figure
        self.axes_ = np.array([self.ax_])
        self.dispersion_lines_: list[Any] = []
        if with_dispersion:
            self.axes_ = divide_axes(self.ax_, 2, 1, 2)[0]
            self._draw_dispersion(self.axes_[0])
        ax = self.axes_[-1]
        self.line_, self.mark_ = draw_curve(
            ax, self.ks, self.gap, self.k, errors=self.errors, line_kwargs=line_kwargs
        )
        self.rule_line_ = draw_rule(ax, self.ks, self.gap, self.k)
        ax.set_ylabel("gap")
        draw_reason(ax, self.k, self.reason)
        return self

    def _draw_dispersion(self, ax: Any) -> None:
        for values, color, style, label in (
            (self.expected_log_dispersion, MUTED, "--", "expected without clusters"),
            (self.log_dispersion, OKABE_ITO[0], "-", "of the data"),
        ):
            line, _ = draw_curve(
                ax,
                self.ks,
                values,
                None,
                line_kwargs={"color": color, "ls": style, "label": label},
            )
            self.dispersion_lines_.append(line)
        ax.set_ylabel("log of the dispersion")
        legend_with_room(ax, loc="best", fontsize="small", edgecolor="none", framealpha=0.9)
