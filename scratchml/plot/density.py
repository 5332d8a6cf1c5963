"""The density of a Gaussian mixture, and its components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from scratchml.core.containers import column_names
from scratchml.core.exceptions import NotFittedError, compatible
from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array, check_random_state

from .axes import axes_or_new, dot_legend, literal, percent, require_matplotlib
from .density_grid import DensityGrid, choose_view, compute_grid
from .density_marks import (
    MOST_LARGE,
    draw_ellipses,
    draw_numbers,
    draw_scale,
    has_room_for_scale,
    settle_layout,
    spread_numbers,
)
from .gaussians import Gaussians, marginal
from .groups import check_labels, cluster_names, draw_samples, encode
from .palette import NOISE, cluster_colors, shade, tint
from .projection import check_magnitude

_CURVE_SIZE = (6.4, 3.6)
_INK = np.array([0.08, 0.17, 0.29])
_LIGHTEST, _DARKEST = 0.07, 0.6  # shades of the density, from white to `_INK`
_LEFT_WHITE = 0.01  # share of the samples outside of all shades
_BOUNDARY: dict[str, Any] = {
    "colors": "0.15",
    "linewidths": 1.1,
    "linestyles": (0, (4, 3)),
    "zorder": 2,
}
_RUG = 0.16  # height of the samples below a curve, over that of the curve


class DensityDisplay:
    """Picture of a Gaussian mixture: its density, its components, and the samples.

    Make it with `from_estimator`. Two features are drawn as they are: the darker, the higher the
    density; the dashed lines are where one component becomes likelier than another, the ellipses
    are at so many standard deviations from the means, which are numbered. Of more features two are
    chosen, or else the first two principal axes are shown: the picture is the marginal mixture
    there, exactly. A single feature becomes the curve of its density and of its components, with
    the samples below.

    Parameters
    ----------
    points : ndarray of shape (n_points, 1 or 2)
        Where the drawn samples are.
    codes : ndarray of shape (n_points,)
        Index into `names` for each of them; -1 is noise.
    names : ndarray of shape (n_names,)
        The components by number, or the labels that were given.
    shares : ndarray of shape (n_names,)
        Weights of the components, or the share of each label in all samples.
    gaussians : Gaussians
        The mixture, on the axes of the picture.
    grid : DensityGrid
        What it is all over the picture.
    n_samples : int
        Number of samples, those included that are not drawn.
    axis_labels : (str,) or (str, str)
        What the axes are called.
    by_component : bool, default=True
        Whether the names are those of components, which colours tell apart.
    is_outlier : ndarray of shape (n_points,), dtype bool, optional
        Which of the drawn samples are outliers.
    contamination : float, optional
        The share of outliers.
    threshold : float, optional
        The log-density below which samples are outliers, if the picture shows all features.
    n_outside : int, default=0
        Number of samples beyond the limits of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    contours_ : matplotlib QuadContourSet or None
        The shades of the density; None on one axis.
    curve_ : matplotlib Line2D or None
        The density on one axis.
    component_curves_ : list of matplotlib Line2D
        The weighted densities of the components on one axis.
    boundary_lines_ : matplotlib LineCollection
        Where one component becomes likelier than another.
    threshold_lines_ : matplotlib QuadContourSet, LineCollection or None
        Where the density is that below which samples are outliers.
    ellipses_ : list of matplotlib LineCollection
        The ellipses, one collection for each number of standard deviations.
    scatter_ : matplotlib PathCollection
        The samples.
    outlier_scatter_ : matplotlib PathCollection or None
        Those that are outliers.
    texts_ : list of matplotlib Text
        The numbers of the components.
    legend_ : matplotlib Legend or None
        Components and their weights, or labels and their shares, the outliers, and the threshold.
    colorbar_ : matplotlib Colorbar or None
        The log-densities of the shades.

    Examples
    --------
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.mixture import GaussianMixture
    >>> from scratchml.plot import DensityDisplay
    >>> X, _ = make_blobs(300, centers=3, random_state=0)
    >>> display = DensityDisplay.from_estimator(GaussianMixture(3, random_state=0).fit(X), X)
    >>> display.figure_.savefig("density.png")  # doctest: +SKIP
    """

    def __init__(
        self,
        points: np.ndarray,
        codes: np.ndarray,
        names: np.ndarray,
        *,
        shares: np.ndarray,
        gaussians: Gaussians,
        grid: DensityGrid,
        n_samples: int,
        axis_labels: Sequence[str],
        by_component: bool = True,
        is_outlier: np.ndarray | None = None,
        contamination: float | None = None,
        threshold: float | None = None,
        n_outside: int = 0,
    ) -> None:
        self.points = points
        self.codes = codes
        self.names = names
        self.shares = shares
        self.gaussians = gaussians
        self.grid = grid
        self.n_samples = n_samples
        self.axis_labels = axis_labels
        self.by_component = by_component
        self.is_outlier = is_outlier
        self.contamination = contamination
        self.threshold = threshold
        self.n_outside = n_outside

    @classmethod
    def from_estimator(
        cls,
        mixture: Any,
        X: Any,
        *,
        features: Any = None,
        y: Any = None,
        contamination: float | None = None,
        feature_names: Any = None,
        max_points: int | None = 20_000,
        grid_resolution: int = 200,
        holds_all: bool = False,
        random_state: Any = 0,
        ax: Any = None,
        **plot_options: Any,
    ) -> DensityDisplay:
        """Draw a fitted mixture and samples.

        Parameters
        ----------
        mixture : estimator
            A fitted Gaussian mixture, scratchml's or scikit-learn's.
        X : array-like of shape (n_samples, n_features)
            The samples.
        features : int, str, or sequence of one or two of them, optional
            The features to show, by number or by name. Unless given, both of two; of more, the
            principal axes.
        y : array-like of shape (n_samples,), optional
            Labels that give the samples their colours, of which -1 is noise. Unless given, the
            component that `predict` says.
        contamination : float, optional
            Mark this share of the samples as outliers: those where the density is lowest, in all
            features.
        feature_names : sequence of str, optional
            Names of all features; those of a table or of the fit unless given.
        max_points : int or None, default=20_000
            If there are more samples, so many are drawn at random, some of every colour, and the
            picture says so. None draws all.
        grid_resolution : int, default=200
            Along how many lines of each axis the density is computed at least; more where
            components are narrow.
        holds_all : bool, default=False
            Whether the axes hold all samples. Otherwise they end before samples that are so far
            away that the others would shrink to a spot, and the picture says how many these are.
        random_state : int, RandomState or None, default=0
            Seed of what is drawn at random: samples, their order, their height below a curve.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        DensityDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the mixture is not fitted.
        ValueError
            If the data are not valid, too large for any axis, or not those of the mixture, or a
            parameter is not what it may be.
        """
        caller = f"{cls.__name__}.from_estimator"
        require_matplotlib(caller)
        check_params(
            {
                "contamination": [Interval(Real, 0, 0.5, closed="right"), None],
                "grid_resolution": [Interval(Integral, 2, None, closed="left")],
                "holds_all": ["boolean"],
            },
            {
                "contamination": contamination,
                "grid_resolution": grid_resolution,
                "holds_all": holds_all,
            },
            caller,
        )
        _check_mixture(mixture)
        samples = check_array(X, estimator_name=cls.__name__)
        check_magnitude(samples, "X", cls.__name__)
        predicted = mixture.predict(X)  # refuses data of other features
        n_samples = len(samples)
        if y is None:
            names = np.arange(len(mixture.weights_))
            codes, shares = np.asarray(predicted), np.asarray(mixture.weights_)
        else:
            labels = check_labels(y, n_samples)
            names = cluster_names(labels)
            codes = encode(labels, names)
            shares = np.bincount(codes[codes >= 0], minlength=len(names)) / n_samples
        if feature_names is None:
            feature_names = column_names(X) or getattr(mixture, "feature_names_in_", None)
        view = choose_view(samples, features, feature_names)

        threshold, is_outlier = None, np.zeros(n_samples, dtype=bool)
        if contamination is not None:
            scores = mixture.score_samples(X)
            threshold = float(np.quantile(scores, contamination))
            is_outlier = scores < threshold
        random_state = check_random_state(random_state)
        drawn = draw_samples(np.where(is_outlier, -1, codes), max_points, random_state)
        places = view.project(samples)
        gaussians = marginal(mixture, view.axes, view.origin)
        grid = compute_grid(gaussians, places, grid_resolution, holds_all=holds_all)
        points = places[drawn]
        if points.shape[1] == 1:
            heights = random_state.uniform(0, 1, size=(len(points), 1))
            points = np.hstack([points, heights])
        display = cls(
            points,
            codes[drawn],
            names,
            shares=shares,
            gaussians=gaussians,
            grid=grid,
            n_samples=n_samples,
            axis_labels=view.axis_labels,
            by_component=y is None,
            is_outlier=None if contamination is None else is_outlier[drawn],
            contamination=contamination,
            threshold=threshold if view.is_whole else None,
            n_outside=grid.count_outside(places),
        )
        return display.plot(ax=ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        levels: int | Sequence[float] = 8,
        deviations: Sequence[float] = (1, 2),
        legend: bool | None = None,
        colorbar: bool | None = None,
        point_size: float | None = None,
        scatter_kwargs: Mapping[str, Any] | None = None,
    ) -> DensityDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        levels : int or sequence of float, default=8
            Number of shades of the density, each of which holds as many samples as any other; or
            the log-densities where shades begin, ascending.
        deviations : sequence of float, default=(1, 2)
            At how many standard deviations from the means there are ellipses.
        legend : bool, optional
            Whether to list components or labels beside the axes; unless given, where they are few.
        colorbar : bool, optional
            Whether to show the log-densities of the shades; unless given, where there is room.
        point_size : float, optional
            Area of a point in square points; smaller the more there are, unless given.
        scatter_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.scatter` for the samples.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        is_curve = self.grid.y is None
        self.ax_ = axes_or_new(ax, _CURVE_SIZE if is_curve else None)
        self.figure_ = self.ax_.figure
        self.contours_: Any = None
        self.curve_: Any = None
        self.colorbar_: Any = None
        self.threshold_lines_: Any = None
        self.component_curves_: list[Any] = []
        self.ellipses_: list[Any] = []
        n_components = len(self.gaussians.weights)
        colors = cluster_colors(n_components)
        if not self.by_component:  # a colour says one thing only
            colors = np.broadcast_to(_INK, (n_components, 3))
        if point_size is None:
            point_size = float(np.clip(11 * (300 / len(self.points)) ** 0.5, 1.5, 11))
        if is_curve:
            self._draw_curves(colors)
        else:
            self._draw_shades(levels)
            self.ellipses_ = [
                draw_ellipses(self.ax_, self.gaussians.ellipses(radius), colors)
                for radius in deviations
            ]
        self._draw_points(point_size, scatter_kwargs or {})
        self.texts_ = draw_numbers(self.ax_, self._middles(), colors)
        self._draw_legend(legend)
        if not is_curve:
            if has_room_for_scale(self.ax_) if colorbar is None else colorbar:
                self.colorbar_ = draw_scale(self.ax_, self.contours_)
            settle_layout(self.figure_)
        notes = []
        if len(self.points) < self.n_samples:
            notes.append(f"{len(self.points):,} of {self.n_samples:,} points drawn")
        if self.n_outside:
            notes.append(f"{self.n_outside:,} far outside the axes")
        if notes:
            self.ax_.set_title(", ".join(notes), loc="right", fontsize="small")
        return self

    def _draw_shades(self, levels: int | Sequence[float]) -> None:
        from matplotlib.collections import LineCollection

        x, y, log_density, lines, has_one_scale = self.grid
        steps = self._steps(levels)
        strengths = np.linspace(_LIGHTEST, _DARKEST, len(steps) - 1)
        self.contours_ = self.ax_.contourf(
            x, y, log_density, levels=steps, colors=[tint(_INK, s) for s in strengths], zorder=0
        )
        self.boundary_lines_ = self.ax_.add_collection(
            LineCollection(lines, **_BOUNDARY), autolim=False
        )
        if self.threshold is not None:
            self.threshold_lines_ = self.ax_.contour(
                x,
                y,
                log_density,
                levels=[self.threshold],
                colors="black",
                linestyles="solid",
                linewidths=0.8,
                zorder=2,
            )
        xlabel, ylabel = self.axis_labels
        self.ax_.set(
            xlim=(x[0], x[-1]),
            ylim=(y[0], y[-1]),
            xlabel=literal(xlabel),
            ylabel=literal(ylabel),
        )
        if has_one_scale:
            self.ax_.set_aspect("equal")

    def _steps(self, levels: int | Sequence[float]) -> np.ndarray:
        """Where shades begin, and where the last one ends; ascending, at least two."""
        highest = float(self.grid.log_density.max())
        if isinstance(levels, Integral):
            at_points = self.gaussians.rank(self.points).log_density
            at_points = at_points[np.isfinite(at_points)]
            shares = np.linspace(_LEFT_WHITE, 1, int(levels), endpoint=False)
            steps = np.quantile(at_points, shares) if len(at_points) else np.array([highest])
        else:
            steps = np.asarray(levels, dtype=np.float64)
        steps = np.unique(steps)
        # Beyond the highest by so little that it is what the scale says.
        end = highest + 1e-6 * max(abs(highest), 1.0)
        return np.append(steps, end if end > steps[-1] else steps[-1] + 1)

    def _draw_curves(self, colors: np.ndarray) -> None:
        from matplotlib.collections import LineCollection

        x, _, log_density, places, _ = self.grid
        density = np.exp(log_density)
        top = float(density.max())
        for component, color in enumerate(colors):
            term = np.exp(self.gaussians.log_term(component, x[:, None]))
            self.ax_.fill_between(x, term, color=tint(color, 0.25), lw=0, zorder=1)
            self.component_curves_ += self.ax_.plot(x, term, color=color, lw=1.4, zorder=3)
        (self.curve_,) = self.ax_.plot(x, density, color="0.15", lw=1.8, zorder=4)
        ends = [[(place, 0), (place, 1.05 * top)] for place in places]
        self.boundary_lines_ = self.ax_.add_collection(LineCollection(ends, **_BOUNDARY))
        if self.threshold is not None:
            level = np.exp(self.threshold)
            line = LineCollection([[(x[0], level), (x[-1], level)]], colors="black", lw=1.2)
            self.threshold_lines_ = self.ax_.add_collection(line)
        self.ax_.axhline(0, color="0.15", lw=0.8)
        self.ax_.set(
            xlim=(x[0], x[-1]),
            ylim=(-(_RUG + 0.02) * top, 1.08 * top),
            xlabel=literal(self.axis_labels[0]),
            ylabel="density",
        )
        self.ax_.set_yticks([tick for tick in self.ax_.get_yticks() if 0 <= tick <= 1.08 * top])
        self.ax_.spines[["top", "right"]].set_visible(False)

    def _middles(self) -> np.ndarray:
        """Where the numbers stand: at the means, and about half as high as the curves."""
        means = self.gaussians.means
        if self.grid.y is not None:
            return means
        peaks = [self.gaussians.log_term(i, mean[None])[0] for i, mean in enumerate(means)]
        return spread_numbers(self.ax_, means[:, 0], np.exp(peaks))

    def _draw_points(self, size: float, kwargs: Mapping[str, Any]) -> None:
        from matplotlib.colors import to_rgb

        points = self.points
        if self.grid.y is None:
            top = float(np.exp(self.grid.log_density.max()))
            points = np.column_stack([points[:, 0], -_RUG * top * (0.15 + 0.85 * points[:, 1])])
        outliers = np.zeros(len(points), bool) if self.is_outlier is None else self.is_outlier
        # Index -1, noise, is the last.
        palette = np.vstack([cluster_colors(len(self.names)), to_rgb(NOISE)])
        members = self.codes[~outliers]
        options = {
            "s": size,
            "facecolors": palette[members],
            "edgecolors": shade(palette, 0.7)[members],
            "linewidths": 0.06 * size**0.5,
            "zorder": 3,
            "rasterized": True,
        }
        self.scatter_ = self.ax_.scatter(*points[~outliers].T, **{**options, **kwargs})
        self.outlier_scatter_ = None
        if self.is_outlier is not None:
            size = float(np.clip(24 * (30 / max(outliers.sum(), 1)) ** 0.5, 4, 24))
            self.outlier_scatter_ = self.ax_.scatter(
                *points[outliers].T,
                s=size,
                marker="x",
                c="black",
                lw=0.22 * size**0.5,
                zorder=5,
                rasterized=True,
            )

    def _draw_legend(self, wanted: bool | None) -> None:
        entries: list[tuple[str, Any, float]] = []
        if wanted or len(self.names) <= MOST_LARGE:
            colors = cluster_colors(len(self.names))
            for name, share, color in zip(self.names, self.shares, colors, strict=True):
                entries.append((f"{name}  ({percent(share)})", color, 6))
        if (self.codes < 0).any():
            entries.append((f"noise  ({percent(1 - self.shares.sum())})", NOISE, 3))
        if self.contamination is not None:
            entries.append((f"outlier  ({percent(self.contamination)})", "black", 5))
        if self.threshold_lines_ is not None:
            entries.append(("density threshold", "black", 0))
        self.legend_ = None
        if entries and wanted is not False:
            title = "component" if self.by_component else "label"
            self.legend_ = dot_legend(self.ax_, entries, title)
            handles = list(self.legend_.legend_handles)
            if self.threshold_lines_ is not None:
                handles.pop().set(marker="", linestyle="-", color="black", linewidth=0.8)
            if self.contamination is not None:
                handles.pop().set(marker="x", markeredgecolor="black")


def _check_mixture(mixture: Any) -> None:
    if not hasattr(mixture, "covariance_type"):
        raise ValueError(
            f"DensityDisplay draws Gaussian mixtures, got {type(mixture).__name__}. ClusterDisplay"
            " draws any clusterer."
        )
    if not hasattr(mixture, "covariances_"):
        raise compatible(NotFittedError)(
            f"This {type(mixture).__name__} instance is not fitted yet. Call 'fit' with appropriate"
            " arguments before using this estimator."
        )
