"""Silhouette scores of all samples, cluster by cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.params import Interval, check_params
from scratchml.core.validation import check_array, check_random_state

from .axes import axes_or_new, divide_axes, draw_titles, grid_shape, require_matplotlib
from .groups import check_labels, cluster_names, encode
from .results import centers_of, labels_of
from .silhouette_panel import Labeling, draw_panel

_MOST_IN_A_ROW = 4
_INCHES = 0.33  # height for each cluster
_TICK_WIDTH = 30  # room for the number at a tick, in points
_LARGEST = 1 + 1e-6  # score, but for rounding
_LEFT = -0.05  # the axis begins there, unless scores are lower


class SilhouetteDisplay:
    """Picture of silhouettes: a band for each cluster, of the scores of its samples, sorted.

    Make it with `from_estimator`, `from_labels` or `from_choice`. A band is as high as the cluster
    has samples, and in the colour that `ClusterDisplay` gives it; samples with a negative score,
    which are nearer to another cluster, are darker, on the left of the line at 0. A dot is the mean
    of a cluster, the dashed line that of all samples. Several labelings of the same samples are
    drawn side by side.

    Parameters
    ----------
    scores : array-like of shape (n_scored,) or (n_labelings, n_scored)
        The silhouette of each sample, as of `scratchml.metrics.silhouette_samples`.
    labels : array-like of shape (n_scored,), or sequence of n_labelings of them
        Integers, of which -1 is noise, or strings.
    names : array-like of shape (n_clusters,), or sequence of n_labelings of them, optional
        The labels of all clusters, sorted, if not each has a sample that was scored.
    titles : str, or sequence of n_labelings str, optional
        What each labeling is called; unless given, its number of clusters.
    n_samples : int, optional
        Number of samples, if not all were scored.

    Attributes
    ----------
    mean_scores : ndarray of shape (n_labelings,)
        The mean of all samples that were scored.
    labelings : list of Labeling
        What is drawn.
    ax_ : matplotlib Axes
        Where it was drawn; of several labelings the frame of the grid, turned off.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    axes_ : ndarray of matplotlib Axes, two-dimensional
        Those of each labeling, row by row; None where there are no more.
    bands_ : list of matplotlib PolyCollection
        For each labeling the samples with scores of at least 0, a polygon for each cluster that has
        some.
    negative_bands_ : list of matplotlib PolyCollection
        The samples with scores below 0.
    mean_marks_ : list of matplotlib PathCollection
        The means of the clusters.
    mean_lines_ : list of matplotlib Line2D
        The means of all samples.

    Examples
    --------
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> from scratchml.plot import SilhouetteDisplay
    >>> X, _ = make_blobs(300, centers=4, random_state=0)
    >>> fits = [KMeans(k, random_state=0).fit(X) for k in (3, 4, 5)]
    >>> display = SilhouetteDisplay.from_estimator(fits, X)
    >>> display.mean_scores.round(2).tolist()
    [0.46, 0.5, 0.44]
    """

    def __init__(
        self,
        scores: Any,
        labels: Any,
        *,
        names: Any = None,
        titles: str | Sequence[str] | None = None,
        n_samples: int | None = None,
    ) -> None:
        scores = np.asarray(scores, dtype=np.float64)
        if scores.ndim not in (1, 2) or scores.size == 0:
            raise ValueError(
                "scores should have shape (n_scored,) or (n_labelings, n_scored), got"
                f" {scores.shape}."
            )
        if not np.all(np.abs(scores) <= _LARGEST):  # neither is NaN
            raise ValueError("scores should be numbers from -1 to 1.")
        if scores.ndim == 1:
            scores, labels, names = scores[None], [labels], None if names is None else [names]
        titles = [titles] if isinstance(titles, str) else titles
        for what, given in (("labels", labels), ("names", names), ("titles", titles)):
            if given is not None and len(given) != len(scores):
                raise ValueError(
                    f"There are {len(given)} {what}, but scores of {len(scores)} labelings."
                )
        self.labelings = []
        for i, row in enumerate(scores):
            own = check_labels(labels[i], len(row))
            known = cluster_names(own) if names is None else np.asarray(names[i])
            if not np.isin(cluster_names(own), known).all():
                raise ValueError("There are labels of clusters that are not among the names.")
            self.labelings.append(Labeling(row, known, encode(own, known)))
        self.mean_scores = scores.mean(axis=1)
        self.titles = (
            [f"k = {len(labeling.names)}" for labeling in self.labelings]
            if titles is None
            else list(titles)
        )
        self.n_samples = scores.shape[1] if n_samples is None else n_samples

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        metric: Any = "euclidean",
        metric_params: Mapping[str, Any] | None = None,
        sample_size: int | None = 20_000,
        random_state: Any = 0,
        titles: str | Sequence[str] | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> SilhouetteDisplay:
        """Score and draw the clusters of a fitted estimator, or of several.

        Parameters
        ----------
        estimator : estimator, or list or tuple of them
            Fitted clusterers or mixtures. The labels are what `predict` says of the samples, or
            else `labels_`. A centre without samples is named, too.
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
            The samples.
        metric, metric_params, sample_size, random_state, titles : optional
            As of `from_labels`.
        ax : matplotlib Axes, optional
            Where to draw: a subplot, if estimators are several. A new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        SilhouetteDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If an estimator is not fitted.
        ValueError
            If there is no estimator, or as `from_labels` does.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        several = estimator if isinstance(estimator, list | tuple) else [estimator]
        if not several:
            raise ValueError("There is no estimator to draw the clusters of.")
        centers = [centers_of(one) for one in several]
        display = cls._scored(
            X,
            [labels_of(one, X) for one in several],
            [None if own is None else len(own) for own in centers],
            metric=metric,
            metric_params=metric_params,
            sample_size=sample_size,
            random_state=random_state,
            titles=titles,
        )
        return display.plot(ax=ax, **plot_options)

    @classmethod
    def from_choice(
        cls, choice: Any, X: Any, *, ax: Any = None, **options: Any
    ) -> SilhouetteDisplay:
        """Score and draw the clusters of every k that `scratchml.model_selection.choose_k` tried.

        Parameters
        ----------
        choice : KChoice
            What it returned. A k that has no silhouettes is left out: 1, the number of samples, and
            those at which fewer clusters were found.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        ax : matplotlib Axes, optional
            As of `from_estimator`.
        **options
            Passed to `from_labels`; unless given, `metric` is that of the choice.

        Returns
        -------
        SilhouetteDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If no k has silhouettes, if the labels were not kept, or as `from_labels` does.
        """
        require_matplotlib(f"{cls.__name__}.from_choice")
        if choice.labels is None:
            raise ValueError("The labels were not kept: call choose_k with keep_fits=True.")
        scored = [
            (k, labels)
            for k, labels in zip(choice.ks.tolist(), choice.labels, strict=True)
            if 1 < k < len(labels) and len(np.unique(labels)) == k
        ]
        if not scored:
            raise ValueError("There are silhouettes for 2 to n_samples - 1 clusters only.")
        options = {"metric": choice.metric, "titles": [f"k = {k}" for k, _ in scored], **options}
        return cls.from_labels(X, [labels for _, labels in scored], ax=ax, **options)

    @classmethod
    def from_labels(
        cls,
        X: Any,
        labels: Any,
        *,
        metric: Any = "euclidean",
        metric_params: Mapping[str, Any] | None = None,
        sample_size: int | None = 20_000,
        random_state: Any = 0,
        titles: str | Sequence[str] | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> SilhouetteDisplay:
        """Score and draw clusters that were computed elsewhere.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed'
            The samples.
        labels : array-like of shape (n_samples,), or list, tuple or rows of an ndarray of them
            Integers or strings. -1 is noise, which is drawn in grey and scored like a cluster, as
            `scratchml.metrics.silhouette_score` does: leave these samples out, if the score shall
            not count them.
        metric : str or callable, default='euclidean'
            As of `scratchml.metrics.silhouette_samples`.
        metric_params : mapping, optional
            Further arguments of the metric.
        sample_size : int or None, default=20_000
            If there are more samples, so many are drawn at random and scored among themselves, and
            the picture says so: the mean is that of `scratchml.metrics.silhouette_score` with the
            same `sample_size` and `random_state`. None scores all.
        random_state : int, RandomState or None, default=0
            Draws them: a permutation of the samples.
        titles : str or sequence of str, optional
            What each labeling is called; unless given, its number of clusters.
        ax : matplotlib Axes, optional
            Where to draw: a subplot, if labelings are several. A new figure unless given.
        **plot_options
            Passed to `plot`.

        Returns
        -------
        SilhouetteDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the data are not valid or do not fit together, or there is one cluster only, or as
            many as samples.

        Notes
        -----
        Time and memory of `scratchml.metrics.silhouette_samples` for at most `sample_size` samples.
        """
        require_matplotlib(f"{cls.__name__}.from_labels")
        may_be_several = isinstance(labels, list | tuple | np.ndarray) and len(labels) > 0
        several = may_be_several and np.ndim(labels[0]) > 0
        labelings = list(labels) if several else [labels]
        display = cls._scored(
            X,
            labelings,
            [None] * len(labelings),
            metric=metric,
            metric_params=metric_params,
            sample_size=sample_size,
            random_state=random_state,
            titles=titles,
        )
        return display.plot(ax=ax, **plot_options)

    @classmethod
    def _scored(
        cls,
        X: Any,
        labelings: Sequence[Any],
        n_centers: Sequence[int | None],
        *,
        metric: Any,
        metric_params: Mapping[str, Any] | None,
        sample_size: int | None,
        random_state: Any,
        titles: str | Sequence[str] | None,
    ) -> SilhouetteDisplay:
        # Here, not above: the names of the door are to be had without numba.
        from scratchml.metrics import silhouette_samples

        allowed = {"sample_size": [Interval(Integral, 1, None, closed="left"), None]}
        check_params(allowed, {"sample_size": sample_size}, cls.__name__)
        X = check_array(X, accept_sparse=("csr",), estimator_name=cls.__name__)
        n_samples = X.shape[0]
        labelings = [check_labels(labels, n_samples) for labels in labelings]
        names = [cluster_names(*own) for own in zip(labelings, n_centers, strict=True)]
        if sample_size is not None and sample_size < n_samples:
            drawn = check_random_state(random_state).permutation(n_samples)[:sample_size]
            X = X[drawn]
            if metric == "precomputed" and X.shape[1] == n_samples:  # else it is refused below
                X = X[:, drawn]
            labelings = [labels[drawn] for labels in labelings]
        options = metric_params or {}
        scores = [silhouette_samples(X, own, metric=metric, **options) for own in labelings]
        return cls(scores, labelings, names=names, titles=titles, n_samples=n_samples)

    def plot(
        self,
        ax: Any = None,
        *,
        n_columns: int | None = None,
        band_kwargs: Mapping[str, Any] | None = None,
    ) -> SilhouetteDisplay:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; of several labelings a subplot, whose place is divided. A new figure
            unless given.
        n_columns : int, optional
            How many labelings are side by side; unless given, all if they are few.
        band_kwargs : mapping, optional
            More arguments of `matplotlib.collections.PolyCollection` for the bands.

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
        n_panels = len(self.labelings)
        if n_columns is None:
            n_columns = n_panels if n_panels <= _MOST_IN_A_ROW else grid_shape(n_panels, 1.6)[1]
        n_columns = min(n_columns, n_panels)
        n_rows = -(-n_panels // n_columns)
        height = _INCHES * max(len(labeling.names) for labeling in self.labelings)
        alone = n_panels == 1
        low, high = (4.8, 11) if alone else (3.4, 7)
        size = (max(2.9 * n_columns, 6.4), n_rows * float(np.clip(height, low, high)))
        self.ax_ = axes_or_new(ax, size)
        self.figure_ = self.ax_.figure
        self.axes_ = np.full((1, 1), self.ax_, dtype=object)
        if not alone:
            self.axes_ = divide_axes(self.ax_, n_panels, n_rows, n_columns)

        panels = []
        lowest = min(float(labeling.scores.min()) for labeling in self.labelings)
        for i, labeling in enumerate(self.labelings):
            own = self.axes_.flat[i]
            panels.append(draw_panel(own, labeling, alone, band_kwargs or {}))
            own.set_xlim(min(_LEFT, lowest - 0.03), 1)
            if not alone:
                width = own.get_window_extent().width * 72 / self.figure_.dpi
                own.locator_params(axis="x", nbins=max(int(width / _TICK_WIDTH), 2))
            if i + n_columns >= n_panels:
                own.set_xlabel("\n".join(["silhouette score", *self._notes(labeling)]))
            else:
                own.tick_params(labelbottom=False)
        scored = zip(self.titles, self.mean_scores, strict=True)
        texts = [f"{title},  score {mean:.3f}" for title, mean in scored]
        draw_titles(list(self.axes_.flat[:n_panels]), texts)
        self.bands_ = [panel.bands for panel in panels]
        self.negative_bands_ = [panel.negative_bands for panel in panels]
        self.mean_marks_ = [panel.mean_marks for panel in panels]
        self.mean_lines_ = [panel.mean_line for panel in panels]
        return self

    def _notes(self, labeling: Labeling) -> list[str]:
        notes = []
        if len(labeling.scores) < self.n_samples:
            notes.append(f"({len(labeling.scores):,} of {self.n_samples:,} samples)")
        if (labeling.codes < 0).any():
            notes.append("(noise is scored as one cluster)")
        return notes
