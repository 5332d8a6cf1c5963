"""What the clusterers of the K-means family share: initial centres, and the nearest centre."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.blocks import map_blocks, row_blocks, row_pieces
from scratchml.core.estimator import Estimator
from scratchml.core.exceptions import ConvergenceWarning, compatible
from scratchml.core.interop import ClusterMixin, TransformerMixin, wrap_output
from scratchml.core.jit import kernel_view
from scratchml.core.params import ArrayLike
from scratchml.core.validation import check_array, check_sample_weight
from scratchml.core.warn import warn_user

from .passes import assign_all, inertia
from .rows import Rows, as_rows
from .seeding import draw_probabilities, greedy_kmeans_plusplus

SPARSE_FORMATS = ("csr",)


class BaseKMeans(TransformerMixin, ClusterMixin, Estimator):
    """Base of the clusterers that end with ``cluster_centers_``.

    A subclass has the parameters ``n_clusters``, ``init`` and ``n_init``, and fits.
    """

    _accepts_sparse = True

    n_clusters: int
    init: Any
    n_init: Any
    cluster_centers_: np.ndarray

    # --- before the fit

    def _check_fit_rows(self, X: Any, sample_weight: Any) -> tuple[Any, Rows, dict[str, Any]]:
        """Check the data of a fit.

        Returns
        -------
        X : ndarray or CSR
        rows : DenseRows or SparseRows
            The same with their weights.
        attributes : dict
            The fitted attributes that the data imply.
        """
        X, attributes = self._check_fit_input(X, accept_sparse=SPARSE_FORMATS)
        if X.shape[0] < self.n_clusters:
            raise ValueError(f"n_samples={X.shape[0]} should be >= n_clusters={self.n_clusters}.")
        rows = as_rows(X, check_sample_weight(sample_weight, X.shape[0], X.dtype))
        return X, rows, attributes

    def _check_init(self, rows: Rows) -> Any:
        """The initialisation: a name, a callable, or an array of the right shape."""
        if not ArrayLike().is_satisfied_by(self.init):
            return self.init
        centers = check_array(self.init, dtype=rows.dtype.type, copy=True)
        check_centers_shape(centers, self.n_clusters, rows)
        return centers

    def _resolve_n_init(self, init: Any, default: int) -> int:
        """How many initialisations to try; ``default`` is what 'auto' means for cheap ones."""
        given = isinstance(init, np.ndarray)
        if self.n_init == "auto":
            return 1 if given or (isinstance(init, str) and init == "k-means++") else default
        if given and self.n_init != 1:
            warn_user(
                "Explicit initial center position passed: performing only one init in "
                f"{type(self).__name__} instead of n_init={self.n_init}.",
                RuntimeWarning,
            )
            return 1
        return self.n_init

    def _initial_centers(
        self,
        init: Any,
        n_clusters: int,
        X: Any,
        rows: Rows,
        random_state: np.random.RandomState,
    ) -> np.ndarray:
        """Centres to begin with, by what `_check_init` has returned.

        Parameters
        ----------
        init : str, callable or float[n_clusters, n_features]
        n_clusters : int
        X : ndarray or CSR
            The samples, for a callable.
        rows : DenseRows or SparseRows
            The same with their weights.
        random_state : RandomState
            Draws as scikit-learn's initialisation does.

        Returns
        -------
        float[n_clusters, n_features]
        """
        if isinstance(init, np.ndarray):
            return init
        if callable(init):
            centers = init(X, n_clusters, random_state=random_state)
            centers = check_array(centers, dtype=rows.dtype.type)
            check_centers_shape(centers, n_clusters, rows)
            return centers
        if init == "random":
            seeds = random_state.choice(
                rows.n_samples, size=n_clusters, replace=False, p=draw_probabilities(rows)
            )
            return rows.points(seeds)
        return greedy_kmeans_plusplus(rows, n_clusters, None, random_state)[0]

    # --- after the fit

    def _warn_of_missing_clusters(self, labels: np.ndarray, n_clusters: int) -> None:
        """Warn if fewer clusters than that have a sample."""
        n_distinct = np.count_nonzero(np.bincount(labels))
        if n_distinct < n_clusters:
            warn_user(
                f"Number of distinct clusters ({n_distinct}) found smaller than "
                f"n_clusters ({n_clusters}). Possibly due to duplicate points in X.",
                compatible(ConvergenceWarning),
            )

    def _check_new_rows(self, X: Any, sample_weight: Any = None) -> Rows:
        """Check data against the fit; they take the dtype of the centres."""
        self._check_is_fitted()
        dtype = self.cluster_centers_.dtype
        X = self._check_predict_input(X, accept_sparse=SPARSE_FORMATS, dtype=dtype.type)
        return as_rows(X, check_sample_weight(sample_weight, X.shape[0], dtype))

    def predict(self, X: Any) -> np.ndarray:
        """Nearest centre of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int32
            Of equally near centres the one with the lowest index.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        rows = self._check_new_rows(X)
        return assign_all(rows, kernel_view(self.cluster_centers_))

    @wrap_output
    def transform(self, X: Any) -> np.ndarray:
        """Distance of each sample to each centre.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        distances : ndarray or dataframe of shape (n_samples, n_clusters)
            Euclidean distances, in the dtype of the centres.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        rows = self._check_new_rows(X)
        centers = kernel_view(self.cluster_centers_)
        distances = np.empty((rows.n_samples, len(centers)), rows.dtype)
        operations = rows.operations_per_distance * len(centers)

        def on_block(index: int, block: slice) -> None:
            for piece in row_pieces(block, operations):
                rows.distances_to_centers(piece, centers, distances)

        map_blocks(on_block, row_blocks(rows.n_samples, operations))
        return distances

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the inertia of the data: higher is better.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; 1 unless given.

        Returns
        -------
        score : float
            Minus the weighted sum of squared distances to the nearest centre.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If the data are not valid or not of the fitted features.
        """
        rows = self._check_new_rows(X, sample_weight)
        centers = kernel_view(self.cluster_centers_)
        labels = assign_all(rows, centers)
        return -inertia(rows, centers, labels)

    @property
    def _n_features_out(self) -> int:
        return self.cluster_centers_.shape[0]


def check_centers_shape(centers: np.ndarray, n_clusters: int, rows: Rows) -> None:
    """Refuse centres that do not fit the number of clusters or the data."""
    if centers.shape[0] != n_clusters:
        raise ValueError(
            f"The shape of the initial centers {centers.shape} does not "
            f"match the number of clusters {n_clusters}."
        )
    if centers.shape[1] != rows.n_features:
        raise ValueError(
            f"The shape of the initial centers {centers.shape} does not "
            f"match the number of features of the data {rows.n_features}."
        )
