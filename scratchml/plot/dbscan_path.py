"""Clusters and noise over eps."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from .axes import axes_or_new, legend_with_room, literal, require_matplotlib
from .palette import NOISE, OKABE_ITO

# More than pixels along the axis.
_MOST_POINTS = 2_000
_SPAN_ALPHA = 0.15


class DBSCANPathDisplay:
    """Picture of the number of clusters and of the noise over eps, the most stable range shaded.

    Make it with `from_estimator` or `from_path`.

    Parameters
    ----------
    ranges : structured ndarray of shape (n_ranges,)
        What `DBSCANPath.ranges` returns: ``eps_low``, ``eps_high`` and ``n_clusters``.
    eps : ndarray of shape (n_points,)
        Where the noise is shown, ascending.
    noise : ndarray of shape (n_points,)
        Its share of all samples there.
    stable_range : EpsRange, optional
        The range that is shaded.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the number of clusters was drawn.
    noise_ax_ : matplotlib Axes
        The axes of the noise, on the same place.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    line_ : matplotlib Line2D
        The number of clusters.
    noise_line_ : matplotlib Line2D
        The share of noise.
    span_ : matplotlib Polygon or None
        The most stable range.
    legend_ : matplotlib Legend or None
        What they are; None where there is no room.

    Examples
    --------
    >>> from scratchml.cluster import DBSCANPath
    >>> from scratchml.datasets import make_moons
    >>> from scratchml.plot import DBSCANPathDisplay
    >>> X, _ = make_moons(500, noise=0.05, random_state=0)
    >>> display = DBSCANPathDisplay.from_path(DBSCANPath().fit(X))
    >>> display.stable_range.n_clusters
    2
    """

    def __init__(self, ranges: Any, eps: Any, noise: Any, *, stable_range: Any = None) -> None:
        self.ranges = ranges
        self.eps = np.asarray(eps)
        self.noise = np.asarray(noise)
        self.stable_range = stable_range

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        min_cluster_size: int | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> DBSCANPathDisplay:
        """Fit a copy of an estimator, and draw its path.

        Parameters
        ----------
        estimator : DBSCANPath
            It is left as it is: a new one with copies of its parameters is fitted.
        X : array-like of shape (n_samples, n_features)
            The samples.
        min_cluster_size : int, optional
            As of `from_path`.
        ax : matplotlib Axes, optional
            As of `from_path`.
        **plot_options
            As of `from_path`.

        Returns
        -------
        DBSCANPathDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator has no path.
        ValueError
            As `from_path` and the fit do.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        _check_path(estimator, f"{cls.__name__}.from_estimator")
        twin = type(estimator)(**copy.deepcopy(estimator.get_params(deep=False)))
        twin.fit(X)
        return cls.from_path(twin, min_cluster_size=min_cluster_size, ax=ax, **plot_options)

    @classmethod
    def from_path(
        cls,
        path: Any,
        *,
        min_cluster_size: int | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> DBSCANPathDisplay:
        """Draw the path of a fitted estimator.

        Parameters
        ----------
        path : DBSCANPath
            Fitted.
        min_cluster_size : int, optional
            Core samples that a cluster needs to be counted; unless given, ``min_samples``.
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        DBSCANPathDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator has no path.
        NotFittedError
            If it is not fitted.
        ValueError
            If there is no positive eps at which anything changes: all samples are duplicates, or
            fewer than ``min_samples``.
        """
        require_matplotlib(f"{cls.__name__}.from_path")
        _check_path(path, f"{cls.__name__}.from_path")
        from scratchml.algorithms.dbscan_path import most_stable

        size = path.min_samples if min_cluster_size is None else min_cluster_size
        ranges = path.ranges(size)
        levels = np.concatenate([path.core_distances_, path.spanning_tree_["distance"]])
        levels = levels[(levels > 0) & (levels < np.inf)]
        if len(levels) == 0:
            raise ValueError("There is no path to draw: the clusters are the same at every eps.")
        eps = np.geomspace(levels.min() / 2, levels.max() * 2, _MOST_POINTS)
        noise = path.n_noise(eps) / len(path.core_distances_)
        return cls(ranges, eps, noise, stable_range=most_stable(ranges)).plot(ax=ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        log: bool = False,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> DBSCANPathDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure unless given.
        log : bool, default=False
            Whether the number of clusters has a logarithmic axis too.
        line_kwargs : mapping, optional
            More arguments of `matplotlib.axes.Axes.plot` for the number of clusters.

        Returns
        -------
        self
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        self.ax_ = axes_or_new(ax)
        self.figure_ = self.ax_.figure
        self.noise_ax_ = self.ax_.twinx()
        low, high = self.eps[0], self.eps[-1]
        (self.noise_line_,) = self.noise_ax_.plot(
            self.eps, self.noise, color=NOISE, linewidth=1.4, linestyle="--", label="noise"
        )
        # From one range to the next the number changes at once.
        eps = np.concatenate([[low], np.maximum(self.ranges["eps_low"], low), [high]])
        n_clusters = np.concatenate([[0], self.ranges["n_clusters"]])
        options = {"color": OKABE_ITO[0], "linewidth": 2, "drawstyle": "steps-post"}
        (self.line_,) = self.ax_.plot(
            eps,
            [*n_clusters, n_clusters[-1]],
            **{**options, "label": "clusters", **(line_kwargs or {})},
        )
        self.span_ = None
        if self.stable_range is not None:
            stable = self.stable_range
            self.span_ = self.ax_.axvspan(
                stable.eps_low,
                stable.eps_high,
                color=OKABE_ITO[2],
                alpha=_SPAN_ALPHA,
                linewidth=0,
                label=literal(
                    f"{stable.n_clusters} clusters: {stable.eps_low:.3g} to {stable.eps_high:.3g}"
                ),
            )
        self.ax_.set(xlabel="eps", ylabel="clusters", xscale="log", xlim=(low, high))
        self.noise_ax_.set(ylabel="noise", ylim=(0, 1))
        self.noise_ax_.yaxis.set_major_formatter(PercentFormatter(1))
        if log:
            self.ax_.set_yscale("log", nonpositive="mask")
        else:
            self.ax_.set_ylim(0)
            self.ax_.yaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in (self.ax_, self.noise_ax_):
            axes.spines["top"].set_visible(False)
        artists = [self.line_, self.span_, self.noise_line_]
        self.legend_ = legend_with_room(
            self.noise_ax_,
            handles=[artist for artist in artists if artist is not None],
            loc="upper right",
            edgecolor="none",
            framealpha=0.9,
        )
        return self


def _check_path(estimator: Any, caller: str) -> None:
    if not all(hasattr(estimator, name) for name in ("ranges", "n_noise", "stable_range")):
        raise TypeError(f"{caller} needs a DBSCANPath, got {estimator!r}.")
