"""Samples coloured by cluster."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.containers import column_names, is_sparse
from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array, check_random_state

from .axes import axes_or_new, dot_legend, literal, percent, require_matplotlib
from .groups import Clusters, check_labels, cluster_names, draw_samples, encode, middle_points
from .palette import NOISE, cluster_colors, shade, tint
from .projection import check_magnitude, place_samples
from .regions import Regions, boundaries, predict_regions
from .results import centers_of, labels_of

_LONGEST_LEGEND = 8
_MOST_NUMBERS = 100
_TINT = 0.22
_STRIP_SIZE = (6.4, 2.4)


class ClusterDisplay:
    """Picture of a clustering: the samples coloured by cluster, and the centres numbered.

    Make it with `from_estimator` or `from_predictions`. Two features are drawn as they are, with
    the regions that the estimator assigns to each cluster behind them; of more, the first two
    principal axes; a single one as a strip, jittered across.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        Where the drawn samples are.
    codes : ndarray of shape (n_points,)
        Index into `names` for each of them; -1 is noise.
    names : ndarray of shape (n_clusters,)
        Labels of the clusters.
    shares : ndarray of shape (n_clusters,)
        Share of each cluster in all samples.
    n_samples : int
        Number of samples, those included that are not drawn.
    axis_labels : (str, str or None)
        What the axes are called; None for the height of a strip, which means nothing.
    centers : ndarray of shape (n_clusters, 2), optional
        Where the centres are. Without them the names stand at a point in the middle of each
        cluster.
    regions : Regions, optional
        What is predicted all over the plane.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    scatter_ : matplotlib PathCollection
        The samples of clusters.
    noise_scatter_ : matplotlib PathCollection or None
        The samples that are noise.
    region_image_ : matplotlib AxesImage or None
        The tinted regions.
    boundary_lines_ : matplotlib LineCollection or None
        The lines between them.
    texts_ : list of matplotlib Text
        The names of the clusters.
    legend_ : matplotlib Legend or None
        Clusters, their shares, and noise.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import ClusterDisplay
    >>> X, _ = make_blobs(300, centers=4, random_state=0)
    >>> display = ClusterDisplay.from_estimator(KMeans(4, random_state=0).fit(X), X)
    >>> display.figure_.savefig("clusters.png")  # doctest: +SKIP
    """

    def __init__(
        self,
        points: np.ndarray,
        codes: np.ndarray,
        names: np.ndarray,
        *,
        shares: np.ndarray,
        n_samples: int,
        axis_labels: tuple[str, str | None],
        centers: np.ndarray | None = None,
        regions: Regions | None = None,
    ) -> None:
        self.points = points
        self.codes = codes
        self.names = names
        self.shares = shares
        self.n_samples = n_samples
        self.axis_labels = axis_labels
        self.centers = centers
        self.regions = regions

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        feature_names: Any = None,
        max_points: int | None = 20_000,
        grid_resolution: int = 600,
        random_state: Any = 0,
        ax: Any = None,
        **plot_options: Any,
    ) -> ClusterDisplay:
        """Draw what a fitted estimator makes of data.

        Parameters
        ----------
        estimator : estimator
            A fitted clusterer or mixture. Its `predict` labels the samples and, where there are at
            most two features, the regions behind them; without `predict` the samples have its
            `labels_`. Its `cluster_centers_` or `means_` are the centres.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        feature_names : sequence of str, optional
            Labels of the axes for one or two features; those of a table or of the fit unless given.
        max_points : int or None, default=20_000
            If there are more samples, so many are drawn at random, some of every cluster, and the
            picture says so. None draws all.
        grid_resolution : int, default=600
            Pixels of the regions along each axis.
        random_state : int, RandomState or None, default=0
            Seed of what is drawn at random: samples, their order, and the jitter of one feature.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        ClusterDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the data are not valid, too large for any axis, or not those of the estimator, or
            `grid_resolution` is not a positive integer.

        Notes
        -----
        With more than two features O(n_samples n_features^2 + n_features^3) time and
        O(n_features^2) memory for the principal axes.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        check_params(
            {"grid_resolution": [Interval(Integral, 1, None, closed="left")]},
            {"grid_resolution": grid_resolution},
            f"{cls.__name__}.from_estimator",
        )
        samples = _check_samples(X, cls.__name__)
        labels = labels_of(estimator, X)
        centers = centers_of(estimator)
        regions = None
        if samples.shape[1] <= 2 and hasattr(estimator, "predict"):
            shown = samples if centers is None else np.concatenate([samples, centers])
            regions = predict_regions(estimator, X, shown, grid_resolution)
        if feature_names is None:
            feature_names = column_names(X) or getattr(estimator, "feature_names_in_", None)
        display = cls._from_samples(
            samples, labels, centers, regions, feature_names, max_points, random_state
        )
        return display.plot(ax=ax, **plot_options)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        labels: Any,
        *,
        centers: Any = None,
        feature_names: Any = None,
        max_points: int | None = 20_000,
        random_state: Any = 0,
        ax: Any = None,
        **plot_options: Any,
    ) -> ClusterDisplay:
        """Draw data and labels that were computed elsewhere.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        labels : array-like of shape (n_samples,)
            Integers, of which -1 is noise, or strings.
        centers : array-like of shape (n_clusters, n_features), optional
            Row i is the centre of label i, or of the i-th label in sorted order if labels are not
            the numbers of the rows.
        feature_names : sequence of str, optional
            Labels of the axes for one or two features; those of a table unless given.
        max_points : int or None, default=20_000
            As of `from_estimator`.
        random_state : int, RandomState or None, default=0
            As of `from_estimator`.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        ClusterDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the data are not valid or do not fit together, or are too large for any axis.
        """
        require_matplotlib(f"{cls.__name__}.from_predictions")
        samples = _check_samples(X, cls.__name__)
        if centers is not None:
            centers = check_array(centers, input_name="centers")
            check_magnitude(centers, "centers", cls.__name__)
        if feature_names is None:
            feature_names = column_names(X)
        display = cls._from_samples(
            samples, labels, centers, None, feature_names, max_points, random_state
        )
        return display.plot(ax=ax, **plot_options)

    @classmethod
    def _from_samples(
        cls,
        X: Any,
        labels: Any,
        centers: np.ndarray | None,
        regions: Regions | None,
        feature_names: Any,
        max_points: int | None,
        random_state: Any,
    ) -> ClusterDisplay:
        n_samples, n_features = X.shape
        labels = check_labels(labels, n_samples)
        if centers is not None and centers.shape[1] != n_features:
            raise ValueError(f"centers has {centers.shape[1]} features, but X has {n_features}.")
        occurring = np.unique(labels)
        if regions is not None:
            occurring = np.union1d(occurring, regions.labels)
        names = cluster_names(occurring, None if centers is None else len(centers))
        clusters = Clusters(names, encode(labels, names))
        if regions is not None:
            regions = regions._replace(labels=encode(regions.labels, names))

        random_state = check_random_state(random_state)
        drawn = draw_samples(clusters.codes, max_points, random_state)
        placement = place_samples(X, drawn, centers, feature_names, random_state)
        return cls(
            placement.points,
            clusters.codes[drawn],
            names,
            shares=clusters.shares,
            n_samples=n_samples,
            axis_labels=placement.axis_labels,
            centers=placement.centers,
            regions=regions,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        legend: bool | None = None,
        point_size: float | None = None,
        scatter_kwargs: Mapping[str, Any] | None = None,
    ) -> ClusterDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        legend : bool, optional
            Whether to list the clusters beside the axes; unless given, where they are few.
        point_size : float, optional
            Area of a point in square points; smaller the more there are, unless given.
        scatter_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.scatter` for the samples of clusters.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        xlabel, ylabel = self.axis_labels
        is_strip = ylabel is None
        self.ax_ = axes_or_new(ax, _STRIP_SIZE if is_strip else None)
        self.figure_ = self.ax_.figure
        colors = cluster_colors(len(self.names))
        if point_size is None:
            point_size = float(np.clip(30 * (300 / len(self.points)) ** 0.5, 2, 30))
        self._draw_regions(colors)
        self._draw_points(colors, point_size, scatter_kwargs or {})
        self._draw_names(colors)
        self._draw_legend(colors, legend)
        self.ax_.set(xlabel=literal(xlabel), ylabel="" if is_strip else literal(ylabel))
        if is_strip:
            self.ax_.set(yticks=[], ylim=(-0.5, 0.5))
        if len(self.points) < self.n_samples:
            note = f"{len(self.points):,} of {self.n_samples:,} points drawn"
            self.ax_.set_title(note, loc="right", fontsize="small")
        return self

    def _draw_regions(self, colors: np.ndarray) -> None:
        self.region_image_ = self.boundary_lines_ = None
        if self.regions is None:
            return
        from matplotlib.collections import LineCollection

        labels, limits = self.regions
        # Index -1, noise, is the last: white.
        tints = np.vstack([tint(colors, _TINT), [1, 1, 1]])
        self.region_image_ = self.ax_.imshow(
            tints[labels], extent=limits, origin="lower", aspect="auto", zorder=0
        )
        lines = LineCollection(boundaries(self.regions), colors="0.35", linewidths=0.7, zorder=1)
        self.boundary_lines_ = self.ax_.add_collection(lines, autolim=False)
        self.ax_.set(xlim=limits[:2], ylim=limits[2:])

    def _draw_points(self, colors: np.ndarray, size: float, kwargs: Mapping[str, Any]) -> None:
        noise = self.codes < 0
        self.noise_scatter_ = None
        # Thousands of points are a picture within a vector graphic, not shapes of their own.
        if noise.any():
            self.noise_scatter_ = self.ax_.scatter(
                *self.points[noise].T, s=size / 3, color=NOISE, lw=0, zorder=2, rasterized=True
            )
        members = self.codes[~noise]
        options = {
            "s": size,
            "facecolors": colors[members],
            "edgecolors": shade(colors, 0.6)[members],
            "linewidths": 0.08 * size**0.5,
            "zorder": 3,
            "rasterized": True,
        }
        self.scatter_ = self.ax_.scatter(*self.points[~noise].T, **{**options, **kwargs})

    def _draw_names(self, colors: np.ndarray) -> None:
        from matplotlib.patheffects import withStroke

        self.texts_ = []
        if len(self.names) > _MOST_NUMBERS:
            return
        if self.centers is None:
            places = middle_points(self.points, self.codes)
        else:
            places = dict(enumerate(self.centers))
        longest = max((len(str(name)) for name in self.names), default=0)
        shape = "circle,pad=0.25" if longest <= 2 else "round,pad=0.25"
        for code, place in places.items():
            badge = {"boxstyle": shape, "fc": "white", "ec": colors[code], "lw": 1.8}
            text = self.ax_.text(
                *place,
                literal(self.names[code]),
                ha="center",
                va="center",
                weight="bold",
                fontsize=9 if len(self.names) <= _LONGEST_LEGEND else 7,
                zorder=4,
                clip_on=True,
                bbox=None if self.centers is None else badge,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )
            self.texts_.append(text)

    def _draw_legend(self, colors: np.ndarray, wanted: bool | None) -> None:
        entries: list[tuple[str, Any, float]] = []
        if wanted or len(self.names) <= _LONGEST_LEGEND:
            for name, share, color in zip(self.names, self.shares, colors, strict=True):
                entries.append((f"{name}  ({percent(share)})", color, 6))
        if (self.codes < 0).any():
            entries.append((f"noise  ({percent(1 - self.shares.sum())})", NOISE, 3))
        drawn = entries and wanted is not False
        self.legend_ = dot_legend(self.ax_, entries, "cluster") if drawn else None


def _check_samples(X: Any, owner: str) -> Any:
    """The samples as an array, or as CSR if they are sparse and have to be projected."""
    samples = check_array(X, accept_sparse=("csr",), estimator_name=owner)
    check_magnitude(samples, "X", owner)
    return samples.toarray() if is_sparse(samples) and samples.shape[1] <= 2 else samples
