"""The centres of clusters, each as a small picture."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.containers import column_names
from scratchml.core.exceptions import NotFittedError, compatible
from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array

from .axes import axes_or_new, divide_axes, grid_shape, literal, percent, require_matplotlib
from .groups import Clusters, check_labels, cluster_means, cluster_names, encode
from .palette import cluster_colors
from .projection import check_magnitude
from .results import centers_of

_MOST_NAMES = 20
_MOST_LARGE = 30


class CentersDisplay:
    """Picture of each centre: a small image, or bars over the features.

    Make it with `from_estimator` or `from_predictions`. All centres share one scale, and each is
    headed by the name of its cluster and the share of the samples in it.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        The centres.
    names : ndarray of shape (n_clusters,)
        Labels of the clusters.
    shares : ndarray of shape (n_clusters,), optional
        Share of each cluster in all samples, if known.
    image_shape : (int, int), optional
        Rows and columns of the image that the features of a centre are. Bars unless given.
    feature_names : sequence of str, optional
        Names of the features, for the bars.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The frame of the grid, turned off.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    axes_ : ndarray of matplotlib Axes, two-dimensional
        The small axes, row by row; None where there are no more centres.
    images_ : list of matplotlib AxesImage
        The images; empty for bars.
    bars_ : list of matplotlib BarContainer
        The bars; empty for images.
    colorbar_ : matplotlib Colorbar or None
        The scale of the images.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import load_digits
    >>> from scratchml.plot import CentersDisplay
    >>> kmeans = KMeans(10, random_state=0).fit(load_digits().data)
    >>> display = CentersDisplay.from_estimator(kmeans, image_shape=(8, 8))
    >>> display.figure_.savefig("centers.png")  # doctest: +SKIP
    """

    def __init__(
        self,
        centers: np.ndarray,
        names: np.ndarray,
        *,
        shares: np.ndarray | None = None,
        image_shape: tuple[int, int] | None = None,
        feature_names: Any = None,
    ) -> None:
        check_magnitude(centers, "centers", type(self).__name__)
        n_features = centers.shape[1]
        if image_shape is not None and np.prod(image_shape) != n_features:
            raise ValueError(
                f"image_shape={tuple(image_shape)} does not fit centers of {n_features} features."
            )
        if feature_names is not None and len(feature_names) != n_features:
            raise ValueError(
                f"There are {len(feature_names)} feature_names, but centers of {n_features}"
                " features."
            )
        self.centers = centers
        self.names = names
        self.shares = shares
        self.image_shape = image_shape
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        feature_names: Any = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> CentersDisplay:
        """Draw the centres of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `cluster_centers_` or `means_`. The shares are those of its `labels_`, or
            else its `weights_`, if it has either.
        image_shape : (int, int), optional
            Rows and columns of the image that the features of a centre are. Bars unless given.
        feature_names : sequence of str, optional
            Names of the features, for the bars; unless given, those of the data of the fit.
        ax : matplotlib Axes, optional
            Subplot to divide; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        CentersDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator has no centres.
        ValueError
            If `image_shape` or `feature_names` do not fit the centres, or these are too large for
            any axis.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        centers = centers_of(estimator)
        if centers is None:
            raise compatible(NotFittedError)(
                f"This {type(estimator).__name__} instance has neither cluster_centers_ nor means_."
                " Call 'fit' first, or draw the means of its clusters with"
                f" {cls.__name__}.from_predictions(X, labels)."
            )
        names = np.arange(len(centers))
        labels = getattr(estimator, "labels_", None)
        shares = getattr(estimator, "weights_", None)
        if labels is not None:
            shares = Clusters(names, np.asarray(labels)).shares
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", None)
        display = cls(
            centers, names, shares=shares, image_shape=image_shape, feature_names=feature_names
        )
        return display.plot(ax=ax, **plot_options)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        labels: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        feature_names: Any = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> CentersDisplay:
        """Draw the mean of each cluster.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        labels : array-like of shape (n_samples,)
            Integers, of which -1 is noise and has no mean, or strings.
        image_shape : (int, int), optional
            As of `from_estimator`.
        feature_names : sequence of str, optional
            Names of the features, for the bars; unless given, the column names of `X`.
        ax : matplotlib Axes, optional
            Its place is divided among the clusters; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        CentersDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the data are not valid, too large for any axis, or do not fit together, or all
            samples are noise.
        """
        require_matplotlib(f"{cls.__name__}.from_predictions")
        samples = check_array(X, accept_sparse=("csr",), estimator_name=cls.__name__)
        check_magnitude(samples, "X", cls.__name__)
        labels = check_labels(labels, samples.shape[0])
        names = cluster_names(labels)
        if len(names) == 0:
            raise ValueError("All samples are noise (label -1): there is no cluster to draw.")
        clusters = Clusters(names, encode(labels, names))
        display = cls(
            cluster_means(samples, clusters),
            names,
            shares=clusters.shares,
            image_shape=image_shape,
            feature_names=column_names(X) if feature_names is None else feature_names,
        )
        return display.plot(ax=ax, **plot_options)

    def plot(
        self, ax: Any = None, *, n_columns: int | None = None, cmap: Any = "Greys"
    ) -> CentersDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Subplot whose place is divided; a new figure unless given.
        n_columns : int, optional
            Columns of the grid; unless given, such that the grid is wider than tall.
        cmap : str or matplotlib Colormap, default="Greys"
            Colours of the images.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `ax` is no subplot, or was divided before, or `n_columns` is not a positive integer.
        """
        caller = f"{type(self).__name__}.plot"
        require_matplotlib(caller)
        allowed = {"n_columns": [Interval(Integral, 1, None, closed="left"), None]}
        check_params(allowed, {"n_columns": n_columns}, caller)
        n_clusters = len(self.centers)
        if n_columns is None:
            n_columns = grid_shape(n_clusters, 1.6)[1]
        n_rows = -(-n_clusters // n_columns)
        width, height = (1.0, 1.15) if self.image_shape else (1.6, 1.5)
        scale = 1.0 if n_clusters <= _MOST_LARGE else 0.75
        size = (max(scale * width * n_columns, 3) + 1, max(scale * height * n_rows, 1.5) + 0.4)
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        self.axes_ = divide_axes(self.ax_, n_clusters, n_rows, n_columns)
        self.images_: list[Any] = []
        self.bars_: list[Any] = []
        self.colorbar_: Any = None
        fontsize = 9 if n_clusters <= _MOST_LARGE else 6.5
        for i, ax_i in enumerate(self.axes_.flat[:n_clusters]):
            share = "" if self.shares is None else f"  ({percent(self.shares[i])})"
            ax_i.set_title(f"{literal(self.names[i])}{share}", fontsize=fontsize, pad=3)
        if self.image_shape:
            self._draw_images({"cmap": cmap})
        else:
            self._draw_bars(fontsize)
        return self

    def _draw_images(self, options: Mapping[str, Any]) -> None:
        scale = {"vmin": self.centers.min(), "vmax": self.centers.max()}
        axes = list(self.axes_.flat[: len(self.centers)])
        for ax, center in zip(axes, self.centers, strict=True):
            image = ax.imshow(center.reshape(self.image_shape), **scale, **options)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(color="0.8")
            self.images_.append(image)
        colorbar = self.figure_.colorbar(self.images_[0], ax=axes, shrink=0.8, aspect=30, pad=0.02)
        colorbar.outline.set_visible(False)
        self.colorbar_ = colorbar

    def _draw_bars(self, fontsize: float) -> None:
        features = np.arange(self.centers.shape[1])
        named = self.feature_names is not None and len(features) <= _MOST_NAMES
        low, high = min(self.centers.min(), 0), max(self.centers.max(), 0)
        margin = 0.05 * (high - low) or 0.5
        limits = (low - margin * (low < 0), high + margin * (high > 0))
        colors = cluster_colors(len(self.centers))
        for i, center in enumerate(self.centers):
            ax = self.axes_.flat[i]
            self.bars_.append(ax.barh(features, center, color=colors[i]))
            ax.axvline(0, color="0.2", linewidth=0.8)
            ax.set(xlim=limits, ylim=(features[-1] + 0.6, features[0] - 0.6))
            ax.locator_params(axis="x", nbins=3)
            ax.tick_params(labelsize=fontsize)
            ax.spines[["top", "right"]].set_visible(False)
            in_first_column = i % self.axes_.shape[1] == 0
            in_last_row = i + self.axes_.shape[1] >= len(self.centers)
            if named:
                ax.set_yticks(features, [literal(name) for name in self.feature_names])
            else:
                ax.locator_params(axis="y", integer=True)
            ax.tick_params(labelleft=in_first_column, labelbottom=in_last_row)
        if not named:
            for ax in self.axes_[:, 0]:
                ax.set_ylabel("feature", fontsize=fontsize)
