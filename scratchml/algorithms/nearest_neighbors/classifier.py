"""Classes by a vote of the nearest neighbours: the public class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from scratchml.core.exceptions import DataConversionWarning, compatible
from scratchml.core.params import Options
from scratchml.core.validation import check_sample_weight
from scratchml.core.warn import warn_user

from .base import NeighborsBase
from .targets import check_targets

PIECE_BYTES = 2**23
"""Votes that are counted at once."""


class KNeighborsClassifier(NeighborsBase):
    """Classification by a vote of the nearest neighbours.

    Parameters
    ----------
    n_neighbors : int or None, default=5
        How many neighbours vote.
    weights : {'uniform', 'distance'}, callable or None, default='uniform'
        Weight of each vote: 1, or one by the distance. A callable is given an array of distances
        and returns one of weights. Where neighbours are at distance 0, 'distance' lets them alone
        vote. None is 'uniform'.
    algorithm : {'auto', 'kd_tree', 'ball_tree', 'brute'}, default='auto'
        How neighbours are found, as of `NearestNeighbors`.
    leaf_size : int, default=30
        Points in a leaf of the tree.
    p : float or None, default=2
        Power of 'minkowski'.
    metric : str, callable or object with a method ``pairwise``, default='minkowski'
        What is near, as of `NearestNeighbors`.
    metric_params : dict or None, default=None
        Further arguments of the metric.
    n_jobs : int or None, default=None
        Threads of a query: None is as many as any fit may use, -1 all processors.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such for several outputs
        The classes, sorted.
    outputs_2d_ : bool
        Whether there are several outputs.
    effective_metric_ : str, callable or object
        The metric; 'minkowski' by its proper name where it has one.
    effective_metric_params_ : dict
        Its parameters.
    n_samples_fit_ : int
        Number of points.
    n_features_in_ : int
        Number of features of the data of the fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data had string names.

    See Also
    --------
    NearestNeighbors : The neighbours themselves.

    Notes
    -----
    A prediction takes the time of `NearestNeighbors.kneighbors`. Votes are added in the order of
    the neighbours; of classes with equal votes the first is predicted.

    **Differences from scikit-learn.** As of `NearestNeighbors`. `predict` is the class of the
    largest `predict_proba`, always. `score` takes several outputs of any number of classes: all
    have to be right.

    References
    ----------
    .. [1] T. M. Cover and P. E. Hart, "Nearest neighbor pattern classification", IEEE Transactions
       on Information Theory 13(1), 1967.

    Examples
    --------
    >>> from scratchml.neighbors import KNeighborsClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = KNeighborsClassifier(n_neighbors=3).fit(X, y)
    >>> classifier.predict([[1.1]])
    array(['low'], dtype='<U4')
    >>> classifier.predict_proba([[0.9]]).round(3)
    array([[0.333, 0.667]])
    """

    _estimator_type = "classifier"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{k: v for k, v in NeighborsBase._parameter_constraints.items() if k != "radius"},
        "weights": [Options({"uniform", "distance"}), callable, None],
    }

    classes_: Any
    outputs_2d_: bool
    _y: np.ndarray

    def __init__(
        self,
        n_neighbors: int | None = 5,
        *,
        weights: Any = "uniform",
        algorithm: str = "auto",
        leaf_size: int = 30,
        p: float | None = 2,
        metric: Any = "minkowski",
        metric_params: dict[str, Any] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn, as real ``sklearn.utils.Tags``."""
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> KNeighborsClassifier:
        """Take the points and their classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed', or KDTree or fitted estimator
            The points, as of `NearestNeighbors.fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their classes.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            As of `NearestNeighbors.fit`, and if ``y`` is missing, of another length, or numbers
            that are no classes.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        DataConversionWarning
            If ``y`` is a column.
        UserWarning
            As of `NearestNeighbors.fit`.
        """
        self._check_params()
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        fitted = self._fit_neighbors(X)
        targets = check_targets(y, fitted["n_samples_fit_"])
        if targets.ndim == 2 and targets.shape[1] == 1:
            warn_user(
                "A column-vector y was passed when a 1d array was expected. Please change "
                "the shape of y to (n_samples,), for example using ravel().",
                compatible(DataConversionWarning),
            )
            targets = targets.reshape(-1)
        several = targets.ndim == 2
        columns = targets.T if several else targets[None]
        classes, codes = zip(*(np.unique(c, return_inverse=True) for c in columns), strict=True)
        self._set_fitted(
            **fitted,
            outputs_2d_=several,
            classes_=list(classes) if several else classes[0],
            _y=np.stack(codes, axis=1),
        )
        return self

    # --- predictions

    def predict(self, X: Any) -> np.ndarray:
        """Class of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', or None
            The samples. None stands for the points of the fit, none of which votes for itself.

        Returns
        -------
        y : ndarray of shape (n_queries,) or (n_queries, n_outputs)
            The classes with the most votes, the first of equal ones.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid, or the weights of a sample's votes are all zero.
        """
        columns = [
            classes[np.concatenate([votes.argmax(axis=1) for votes in self._votes(i, *found)])]
            for found in [self._voters(X)]
            for i, classes in enumerate(self._classes)
        ]
        return np.stack(columns, axis=1) if self.outputs_2d_ else columns[0]

    def predict_proba(self, X: Any) -> Any:
        """Share of the votes for each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', or None
            The samples, as of `predict`.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes), or list of such for several outputs
            In the order of ``classes_``.

        Raises
        ------
        NotFittedError, ValueError
            As of `predict`.
        """
        found = self._voters(X)
        shares = []
        for i in range(len(self._classes)):
            votes = np.concatenate(list(self._votes(i, *found)))
            shares.append(votes / votes.sum(axis=1, keepdims=True))
        return shares if self.outputs_2d_ else shares[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the samples that are given their class, or all their classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', or None
            The samples, as of `predict`.
        y : array-like of shape (n_queries,) or (n_queries, n_outputs)
            Their classes.
        sample_weight : array-like of shape (n_queries,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        accuracy : float

        Raises
        ------
        NotFittedError, ValueError
            As of `predict`, and if ``y`` or the weights are of another length.
        """
        predicted = self.predict(X)
        targets = check_targets(y, len(predicted)).reshape(predicted.shape)
        right = targets == predicted
        if right.ndim == 2:
            right = right.all(axis=1)
        weights = check_sample_weight(sample_weight, len(right), np.float64)
        return float(np.average(right, weights=weights))

    @property
    def _classes(self) -> list[np.ndarray]:
        return self.classes_ if self.outputs_2d_ else [self.classes_]

    def _voters(self, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Neighbours of each query, and the weights of their votes; None where all weigh 1."""
        if self.weights in (None, "uniform"):
            return self.kneighbors(X, return_distance=False), None
        distances, indices = self.kneighbors(X)
        weights = self.weights(distances) if callable(self.weights) else inverse(distances)
        if (weights == 0).all(axis=1).any():
            raise ValueError(
                "All neighbors of some sample is getting zero weights. Please modify 'weights' to "
                "avoid this case if you are using a user-defined function."
            )
        return indices, weights

    def _votes(
        self, output: int, indices: np.ndarray, weights: np.ndarray | None
    ) -> Iterator[np.ndarray]:
        """Votes for each class of an output, float64[n_queries, n_classes], some rows at a time."""
        n_classes = len(self._classes[output])
        n_rows = max(PIECE_BYTES // (8 * n_classes), 1)
        for start in range(0, max(len(indices), 1), n_rows):
            codes = self._y[indices[start : start + n_rows], output]
            votes = np.zeros((len(codes), n_classes))
            rows = np.arange(len(codes))
            for j in range(codes.shape[1]):
                votes[rows, codes[:, j]] += (
                    1 if weights is None else weights[start : start + n_rows, j]
                )
            yield votes


def inverse(distances: np.ndarray) -> np.ndarray:
    """1 / distance; where a query has neighbours at distance 0, 1 for those and 0 for others."""
    with np.errstate(divide="ignore", over="ignore"):
        weights = 1 / distances
    infinite = np.isinf(weights)
    some = infinite.any(axis=1)
    weights[some] = infinite[some]
    return weights
