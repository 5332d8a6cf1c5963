"""BIC, AIC or ICL of Gaussian mixtures over the number of components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .axes import axes_or_new, divide_axes, draw_titles, legend_with_room, require_matplotlib
from .curves import check_curve, draw_curve, draw_title_and_reason
from .palette import OKABE_ITO

_COLORS = {
    "full": OKABE_ITO[0],
    "tied": OKABE_ITO[2],
    "diag": OKABE_ITO[3],
    "spherical": OKABE_ITO[4],
}
_MARKERS = {"full": "o", "tied": "s", "diag": "^", "spherical": "D"}
_CHOSEN = OKABE_ITO[1]
_WITHIN_FIGURE = (0.01, 0.01, 0.98, 0.98)
"""Where a figure is drawn: left, bottom, width, height as shares of it."""
_TICK_WIDTH = 20  # room for the number at a tick, in points


class BICDisplay:
    """Picture of a criterion of Gaussian mixtures, a curve for each kind of covariances.

    Make it with `from_data` or `from_selection`. The least value is best. Where a fit failed the
    curve has a gap.

    Parameters
    ----------
    components : array-like of shape (n_ks,)
        Numbers of components, ascending.
    scores : mapping of str to array-like of shape (n_ks,)
        Kind of covariances -> the criterion at each number; NaN where it is not known.
    criterion : str, default="bic"
        Its name.
    n_components : int, optional
        The number that was chosen, if one was.
    covariance_type : str, optional
        The kind that was chosen with it.
    family : str, default=""
        Its name in mclust.
    reason : str, default=""
        Why it was chosen.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : dict of str to matplotlib Line2D
        The curve of each kind of covariances.
    mark_ : matplotlib Line2D or None
        What was chosen.
    legend_ : matplotlib Legend or None
        Names of the curves; None if there was no room.

    Examples
    --------
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import BICDisplay
    >>> X, _ = make_blobs(300, centers=3, cluster_std=0.7, random_state=0)
    >>> display = BICDisplay.from_data(X, range(1, 6))
    >>> display.n_components
    3
    """

    def __init__(
        self,
        components: Any,
        scores: Mapping[str, Any],
        *,
        criterion: str = "bic",
        n_components: int | None = None,
        covariance_type: str | None = None,
        family: str = "",
        reason: str = "",
    ) -> None:
        if not scores:
            raise ValueError("scores should be of at least one kind of covariances.")
        if (n_components is None) != (covariance_type is None):
            raise ValueError("n_components and covariance_type should be given together.")
        if covariance_type is not None and covariance_type not in scores:
            raise ValueError(f"covariance_type={covariance_type!r} is none of {list(scores)}.")
        curves = {
            kind: check_curve(components, values, f"scores of {kind!r}", n_components)
            for kind, values in scores.items()
        }
        self.components = next(iter(curves.values()))[0]
        self.scores = {kind: values for kind, (_, values) in curves.items()}
        self.criterion = criterion
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.family = family
        self.reason = reason

    @classmethod
    def from_data(
        cls,
        X: Any,
        components: Any = None,
        covariance_types: Any = ("full", "tied", "diag", "spherical"),
        *,
        criterion: str = "bic",
        random_state: Any = 0,
        verbose: bool | int = False,
        ax: Any = None,
        **plot_options: Any,
    ) -> BICDisplay:
        """Fit mixtures of all sizes and shapes, and draw a criterion.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        components : iterable of int, optional
            Numbers of components; those of `scratchml.model_selection.select_mixture` unless given.
        covariance_types : str or iterable of str, default=('full', 'tied', 'diag', 'spherical')
            Kinds of covariances.
        criterion : {'bic', 'aic', 'icl'}, default='bic'
            What is drawn.
        random_state : int, RandomState or None, default=0
            As of `scratchml.model_selection.select_mixture`.
        verbose : bool or int, default=False
            Whether to print a line before each fit.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        BICDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError, TypeError
            As `scratchml.model_selection.select_mixture` does.
        """
        require_matplotlib(f"{cls.__name__}.from_data")
        # Here, not above: the names of the door are to be had without numba.
        from scratchml.model_selection import select_mixture

        selection = select_mixture(
            X,
            components,
            covariance_types,
            criterion=criterion,
            keep_fits=False,
            random_state=random_state,
            verbose=verbose,
        )
        return cls.from_selection(selection, ax=ax, **plot_options)

    @classmethod
    def from_selection(
        cls, selection: Any, criterion: str | None = None, *, ax: Any = None, **plot_options: Any
    ) -> BICDisplay:
        """Draw what `scratchml.model_selection.select_mixture` found.

        Parameters
        ----------
        selection : MixtureSelection
            What it returned.
        criterion : {'bic', 'aic', 'icl'}, optional
            What is drawn: the criterion that decided, unless given.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

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
        require_matplotlib(f"{cls.__name__}.from_selection")
        return cls._of(selection, criterion).plot(ax=ax, **plot_options)

    @classmethod
    def _of(cls, selection: Any, criterion: str | None) -> BICDisplay:
        choice = selection.choice(criterion)
        name = selection.criterion if criterion is None else criterion
        return cls(
            selection.components,
            dict(zip(selection.covariance_types, selection.scores[name], strict=True)),
            criterion=name,
            n_components=choice.n_components,
            covariance_type=choice.covariance_type,
            family=choice.family,
            reason=choice.reason,
        )

    def plot(self, ax: Any = None, *, line_kwargs: Mapping[str, Any] | None = None) -> BICDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for the curves.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        self._draw_curves(ax, line_kwargs)
        draw_title_and_reason(self.ax_, self._title(), self.reason)
        return self

    def _draw_curves(self, ax: Any, line_kwargs: Mapping[str, Any] | None = None) -> None:
        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        if ax is None:
            self.figure_.get_layout_engine().set(rect=_WITHIN_FIGURE)
        self.lines_ = {}
        for kind, values in self.scores.items():
            style = {"color": _COLORS.get(kind), "marker": _MARKERS.get(kind, "o"), "lw": 1.6}
            self.lines_[kind], _ = draw_curve(
                self.ax_,
                self.components,
                values,
                None,
                line_kwargs={**style, "label": kind, **(line_kwargs or {})},
            )
            # With what is not known, at which the curve breaks off.
            self.lines_[kind].set_data(self.components, values)
        self.mark_ = None
        if self.covariance_type is not None and self.n_components is not None:
            value = self.scores[self.covariance_type][self.components == self.n_components]
            self.ax_.axvline(self.n_components, color=_CHOSEN, lw=1, ls=":", zorder=1)
            ring = {"marker": "o", "ms": 13, "mfc": "none", "mec": _CHOSEN, "mew": 2, "ls": ""}
            (self.mark_,) = self.ax_.plot([self.n_components], value, zorder=4, **ring)
        self.ax_.set_xticks(ticks_with_room(self.ax_, self.components, self.n_components))
        self.ax_.set_xlabel("number of components")
        self.ax_.set_ylabel(f"{self.criterion.upper()} (less is better)")
        handles = list(self.lines_.values())
        self.legend_ = legend_with_room(
            self.ax_,
            handles,
            list(self.lines_),
            loc="best",
            fontsize="small",
            edgecolor="none",
            framealpha=0.9,
        )

    def _title(self) -> str:
        if self.n_components is None:
            return "none chosen"
        family = f" ({self.family})" if self.family else ""
        components = "component" if self.n_components == 1 else "components"
        return f"{self.covariance_type}{family}, {self.n_components} {components}"


def ticks_with_room(ax: Any, numbers: np.ndarray, first: int | None) -> np.ndarray:
    """The numbers that have room for a tick of their own, if `first` has one, ascending.

    Parameters
    ----------
    ax : matplotlib Axes
        With the limits and the scale that it will have.
    numbers : ndarray of shape (n,)
        Ascending.
    first : int or None
        One of them; the least unless given.
    """
    places = ax.transData.transform([(number, 0) for number in numbers])[:, 0]
    places *= 72 / ax.figure.dpi
    start = 0 if first is None else int(np.flatnonzero(numbers == first)[0])
    shown = [start]
    for others in (range(start + 1, len(numbers)), reversed(range(start))):
        last = start
        for i in others:
            if abs(places[i] - places[last]) >= _TICK_WIDTH:
                shown.append(i)
                last = i
    return numbers[sorted(shown)]


def draw_mixture_criteria(selection: Any, criteria: Sequence[str], ax: Any = None) -> np.ndarray:
    """Draw several criteria of mixtures side by side, and mark what each chose.

    Parameters
    ----------
    selection : MixtureSelection
        What `scratchml.model_selection.select_mixture` returned.
    criteria : sequence of str
        Which.
    ax : matplotlib Axes, optional
        Subplot whose place is divided; a new figure unless given.

    Returns
    -------
    ndarray of matplotlib Axes, dtype object
        One for each criterion, in their order.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is no such criterion, or if `ax` is no subplot, or was divided before.
    """
    require_matplotlib("draw_mixture_criteria")
    displays = [BICDisplay._of(selection, name) for name in criteria]
    frame = axes_or_new(ax, mixture_criteria_size(len(criteria)))
    panels = divide_axes(frame, len(criteria), 1, len(criteria)).ravel()
    for display, panel in zip(displays, panels, strict=True):
        display._draw_curves(panel)
        display.ax_.set_ylabel("")
        if display.legend_ is not None and panel is not panels[0]:
            display.legend_.remove()
    titles = [
        f"{display.criterion.upper()}: {display.covariance_type}, k = {display.n_components}"
        for display in displays
    ]
    draw_titles(list(panels), titles)
    return panels


def mixture_criteria_size(n_criteria: int) -> tuple[float, float]:
    """Width and height of a figure of so many criteria, in inches."""
    return max(4.0 * n_criteria, 6.0), 4.0
