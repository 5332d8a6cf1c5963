"""What the estimators of nearest neighbours share: the fit, the queries, the graphs."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree import KDTree
from scratchml.core.containers import is_sparse
from scratchml.core.estimator import Estimator
from scratchml.core.params import HasMethods, Interval, Options
from scratchml.core.warn import warn_user

from .metrics import (
    METRICS,
    SPARSE_METRICS,
    TREE_METRICS,
    VALID_METRICS,
    brute_force,
    is_tree_metric,
    resolve_metric,
)
from .searches import Search, TreeSearch, job_threads, sort_by_value

MOST_TREE_FEATURES = 15
"""Up to here 'auto' takes the tree. Beyond, where data have no structure, all boxes are near."""

GRAPH_FORMATS = ("csr", "csc", "coo", "lil")


class NeighborsBase(Estimator):
    """Base of the estimators that look for neighbours in the data of their fit."""

    _accepts_sparse = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), None],
        "radius": [Interval(Real, 0, None, closed="both"), None],
        "algorithm": [Options({"auto", "ball_tree", "kd_tree", "brute"})],
        "leaf_size": [Interval(Integral, 1, None, closed="left")],
        "p": [Interval(Real, 0, None, closed="right"), None],
        "metric": [Options(METRICS), callable, HasMethods(("pairwise",))],
        "metric_params": [dict, None],
        "n_jobs": [Integral, None],
    }

    n_neighbors: int | None
    algorithm: str
    leaf_size: int
    p: float | None
    metric: Any
    metric_params: dict[str, Any] | None
    n_jobs: int | None

    effective_metric_: Any
    effective_metric_params_: dict[str, Any]
    n_samples_fit_: int
    _fit_X: Any  # noqa: N815 (where scikit-learn has it)
    _fit_method: str
    _tree: Any

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn, as real ``sklearn.utils.Tags``."""
        tags = super().__sklearn_tags__()
        metric = resolve_metric(self.metric, self.p, self.metric_params)[0]
        tags.input_tags.sparse = not isinstance(metric, str) or metric in SPARSE_METRICS
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.positive_only = tags.input_tags.pairwise
        tags.input_tags.allow_nan = self.metric == "nan_euclidean"
        return tags

    # --- fit

    def _fit_neighbors(self, X: Any) -> dict[str, Any]:
        """Check the data and the metric, build the tree; returns all that a fit publishes."""
        self._check_metric()
        metric, params = resolve_metric(self.metric, self.p, self.metric_params)
        fitted = {"effective_metric_": metric, "effective_metric_params_": params}
        if isinstance(X, NeighborsBase):
            X._check_is_fitted()
            of_fit = ("_fit_X", "_fit_method", "_tree", "n_samples_fit_", "n_features_in_")
            return {**fitted, **{name: getattr(X, name) for name in of_fit}}
        if isinstance(X, KDTree):
            points = np.asarray(X.data)
            shape = {"n_samples_fit_": points.shape[0], "n_features_in_": points.shape[1]}
            return {**fitted, **shape, "_fit_X": points, "_fit_method": "kd_tree", "_tree": X}
        points, attributes = self._check_fit_input(X, **self._array_options)
        points, method = self._check_points(points, metric, params)
        tree = None
        if method == "kd_tree":
            of_tree = {name: value for name, value in params.items() if value is not None}
            tree = KDTree(points, self.leaf_size, metric=metric, **of_tree)
        return {
            **fitted,
            **attributes,
            "n_samples_fit_": points.shape[0],
            "_fit_X": points,
            "_fit_method": method,
            "_tree": tree,
        }

    def _check_points(self, X: Any, metric: Any, params: dict[str, Any]) -> tuple[Any, str]:
        """Check the values of the points against the metric; returns them and how to search."""
        points = self._check_values(X)
        if self.metric == "precomputed" and points.shape[0] != points.shape[1]:
            raise ValueError(
                "Precomputed matrix must be square."
                f" Input is a {points.shape[0]}x{points.shape[1]} matrix."
            )
        return points, self._resolve_method(points, metric, params)

    def _check_metric(self) -> None:
        """Refuse a metric that the algorithm does not take."""
        named = isinstance(self.metric, str)
        if callable(self.metric) and self.algorithm == "kd_tree":
            raise ValueError(
                f"kd_tree does not support callable metric '{self.metric}'"
                "Function call overhead will result"
                "in very poor performance."
            )
        if named and self.algorithm != "auto" and self.metric not in VALID_METRICS[self.algorithm]:
            raise ValueError(
                f"Metric '{self.metric}' not valid for algorithm '{self.algorithm}'. "
                f"Valid metrics are {VALID_METRICS[self.algorithm]}. "
                "Metric can also be a callable function."
            )
        if named and self.metric in TREE_METRICS and self.metric not in ("minkowski", "p"):
            unknown = sorted(self.metric_params or {})
            if unknown:
                raise TypeError(f"Metric '{self.metric}' takes no parameters, got {unknown}")
        if self.metric_params is not None and "p" in self.metric_params and self.p is not None:
            warn_user(
                "Parameter p is found in metric_params. "
                "The corresponding parameter from __init__ is ignored.",
                SyntaxWarning,
            )

    def _resolve_method(self, X: Any, metric: Any, params: dict[str, Any]) -> str:
        """'kd_tree' or 'brute', whichever serves this fit."""
        if is_sparse(X):
            if self.algorithm not in ("auto", "brute"):
                warn_user("cannot use tree with sparse input: using brute force")
            if isinstance(metric, str) and metric not in SPARSE_METRICS:
                raise ValueError(
                    f"Metric '{metric}' not valid for sparse input. "
                    f"Valid metrics are {sorted(SPARSE_METRICS)}. "
                    "Metric can also be a callable function."
                )
            return "brute"
        has_tree = is_tree_metric(metric, params)
        if self.algorithm == "auto":
            few = X.shape[1] <= MOST_TREE_FEATURES
            method = "kd_tree" if has_tree and few else "brute"
        else:
            method = self.algorithm
        if metric == "minkowski" and params["p"] < 1:
            if method != "brute":
                raise ValueError(
                    f'algorithm="{method}" does not support 0 < p < 1 for '
                    "the Minkowski metric. To resolve this problem either "
                    'set p >= 1 or algorithm="brute".'
                )
            warn_user(
                "Mind that for 0 < p < 1, Minkowski metrics are not distance"
                " metrics. Continuing the execution with `algorithm='brute'`."
            )
        if method == "kd_tree" and not has_tree:
            raise ValueError(
                "algorithm='kd_tree' is not valid for "
                "metric='minkowski' with a weight parameter 'w': "
                "try algorithm='ball_tree' "
                "or algorithm='brute' instead."
            )
        return "kd_tree" if method != "brute" and has_tree else "brute"

    # --- input

    @property
    def _array_options(self) -> dict[str, Any]:
        """How data are checked: NaN may pass where it means a missing value."""
        return {
            "accept_sparse": ("csr",),
            "ensure_all_finite": self.metric != "nan_euclidean",
        }

    def _check_values(self, X: Any) -> Any:
        """What `check_array` leaves to the metric."""
        if self.metric == "nan_euclidean" and np.isinf(X.data if is_sparse(X) else X).any():
            raise ValueError(f"Input X contains infinity or a value too large for {X.dtype!r}.")
        if self.metric != "precomputed":
            return X
        values = X.data if is_sparse(X) else X
        if values.size > 0 and values.min() < 0:
            name = "precomputed distance matrix" if is_sparse(X) else "X"
            raise ValueError(f"Negative values in data passed to {name}.")
        return sort_by_value(X) if is_sparse(X) else X

    def _check_queries(self, X: Any) -> Any:
        """Queries in the form that the search takes; None stands for the data of the fit."""
        if X is None:
            return self._fit_X
        if self.metric == "precomputed" and is_sparse(X) and X.format not in GRAPH_FORMATS:
            raise TypeError(
                f"Sparse matrix in {X.format!r} format is not supported due to its handling of "
                "explicit zeros"
            )
        X = self._check_values(self._check_predict_input(X, **self._array_options))
        if is_sparse(X) == is_sparse(self._fit_X):
            return X
        if self.metric == "precomputed":
            return X
        if is_sparse(X):
            if self._fit_method != "brute":
                raise ValueError(
                    f"{self._fit_method} does not work with sparse matrices. Densify the data, "
                    "or set algorithm='brute'"
                )
            return X.toarray()
        return type(self._fit_X)(X)

    def _search(self, queries: Any) -> Search:
        if self._tree is not None:
            return TreeSearch(self._tree)
        points = queries if self.effective_metric_ == "precomputed" else self._fit_X
        return brute_force(points, self.effective_metric_, self.effective_metric_params_)

    # --- nearest neighbours

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """The nearest points of each query.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', default=None
            The queries. Without any, the points of the fit are, none of which is a neighbour of
            itself.
        n_neighbors : int, default=None
            How many; by default as many as the parameter says.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            In ascending order; only if ``return_distance``.
        indices : ndarray of shape (n_queries, n_neighbors), int64
            The points. Of equal distances the lower index comes first.

        Raises
        ------
        NotFittedError
            Before the first fit.
        TypeError
            If ``n_neighbors`` is not an integer.
        ValueError
            If ``n_neighbors`` is more than there are points, or the data are not valid.

        Notes
        -----
        Brute force takes O(n_queries n_samples_fit n_features) time, and beyond the result memory
        for a bounded number of packed points and O(n_queries) numbers.
        """
        self._check_is_fitted()
        k = self._resolve_n_neighbors(n_neighbors)
        queries = self._check_queries(X)
        self._check_enough(k, X is None, queries.shape[0])
        with job_threads(self.n_jobs):
            distances, indices = self._search(queries).nearest(queries, k + (X is None))
        if X is None:
            distances, indices = without_self(distances, indices)
        return (distances, indices) if return_distance else indices

    def _resolve_n_neighbors(self, n_neighbors: Any) -> int:
        if n_neighbors is None:
            n_neighbors = self.n_neighbors
            if n_neighbors is None:
                raise ValueError("n_neighbors is None: give it to the method or the estimator.")
        if not isinstance(n_neighbors, Integral):
            if n_neighbors <= 0:
                raise ValueError(f"Expected n_neighbors > 0. Got {int(n_neighbors)}")
            raise TypeError(
                f"n_neighbors does not take {type(n_neighbors)} value, enter integer value"
            )
        if n_neighbors <= 0:
            raise ValueError(f"Expected n_neighbors > 0. Got {n_neighbors}")
        return int(n_neighbors)

    def _check_enough(self, k: int, excludes_self: bool, n_queries: int) -> None:
        n_points = self.n_samples_fit_
        if k + excludes_self > n_points:
            sign = "<" if excludes_self else "<="
            raise ValueError(
                f"Expected n_neighbors {sign} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {n_points}, n_samples = {n_queries}"
            )

    def kneighbors_graph(
        self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity"
    ) -> Any:
        """The nearest points of each query as a sparse matrix.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', default=None
            The queries, as of `kneighbors`.
        n_neighbors : int, default=None
            How many; by default as many as the parameter says.
        mode : {'connectivity', 'distance'}, default='connectivity'
            Whether entries are ones or distances.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_samples_fit), float64
            Each row in the order of `kneighbors`.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As of `kneighbors`, and for an unknown mode.
        """
        from scipy.sparse import csr_matrix

        self._check_is_fitted()
        check_mode(mode)
        distances, indices = self.kneighbors(X, n_neighbors)
        n_queries, k = indices.shape
        data = distances.reshape(-1) if mode == "distance" else np.ones(n_queries * k)
        indptr = np.arange(0, n_queries * k + 1, k)
        shape = n_queries, self.n_samples_fit_
        return csr_matrix((data, indices.reshape(-1), indptr), shape=shape)


class Plan(NamedTuple):
    """How the neighbours of some points are found."""

    points: Any
    """The points; precomputed distances in a sparse matrix sorted row by row."""
    method: str
    """'kd_tree' or 'brute'."""
    metric: Any
    """The metric, Minkowski's by its proper name where it has one."""
    params: dict[str, Any]
    """Its parameters."""


def plan_search(model: NeighborsBase, X: Any) -> Plan:
    """What an estimator of neighbours would do with checked points, for another estimator.

    Raises
    ------
    InvalidParameterError, ValueError
        As `NearestNeighbors.fit`.
    """
    model._check_params()
    model._check_metric()
    metric, params = resolve_metric(model.metric, model.p, model.metric_params)
    points, method = model._check_points(X, metric, params)
    return Plan(points, method, metric, params)


def without_self(distances: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All but one of the k + 1 neighbours of each point: but the point itself.

    Where it is not among them (more duplicates of it are, of lower indices), the first is left out
    in its place.
    """
    n_points, k = indices.shape[0], indices.shape[1] - 1
    points = np.arange(n_points)
    if (indices[:, 0] == points).all():  # few duplicates
        return distances[:, 1:].copy(), indices[:, 1:].copy()
    kept = indices != points[:, None]
    kept[kept.all(axis=1), 0] = False
    return distances[kept].reshape(-1, k), indices[kept].reshape(-1, k)


def check_mode(mode: str) -> None:
    """Refuse what is no mode of a graph."""
    if mode not in ("connectivity", "distance"):
        raise ValueError(
            'Unsupported mode, must be one of "connectivity", '
            f'or "distance" but got "{mode}" instead'
        )
