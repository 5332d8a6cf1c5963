"""Nearest neighbours: the public class."""

from __future__ import annotations

from typing import Any

from .radius import RadiusMixin


class NearestNeighbors(RadiusMixin):
    """The nearest points of each query, exactly: by a KD-tree or by comparing all.

    Parameters
    ----------
    n_neighbors : int or None, default=5
        How many neighbours `kneighbors` finds unless it is told.
    radius : float or None, default=1.0
        Radius within which `radius_neighbors` finds neighbours unless it is told.
    algorithm : {'auto', 'kd_tree', 'ball_tree', 'brute'}, default='auto'
        How neighbours are found; the answer is the same. 'kd_tree' leaves out boxes of points that
        are too far, 'brute' compares all. 'ball_tree' takes the metrics of scikit-learn's ball
        tree: those that the KD-tree has are served by it, the others by brute force. 'auto' takes
        the KD-tree where it has the metric and features are few. Sparse data are always compared by
        brute force.
    leaf_size : int, default=30
        Points in a leaf of the tree.
    metric : str, callable or object with a method ``pairwise``, default='minkowski'
        What is near. Of the KD-tree are 'euclidean' ('l2'), 'manhattan' ('cityblock', 'l1'),
        'chebyshev' and 'minkowski'; by brute force alone are 'cosine', 'haversine',
        'nan_euclidean', 'sqeuclidean' and those of SciPy's ``cdist``. Metrics of true and false
        ('jaccard' and its like) take what is not zero as true. 'precomputed' takes distances in
        place of data, as an array or as a sparse matrix, where only its entries may become
        neighbours. A callable is given two rows.
    p : float or None, default=2
        Power of 'minkowski'.
    metric_params : dict or None, default=None
        Further arguments of the metric. ``V`` of 'seuclidean' and ``VI`` of 'mahalanobis' come from
        the data of the fit unless they are given.
    n_jobs : int or None, default=None
        Threads of a query: None is as many as any fit may use, -1 all processors.

    Attributes
    ----------
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
    KNeighborsClassifier : Classes by a vote of the nearest points.

    Notes
    -----
    The algorithm to read, step by step, is ``scratchml.algorithms.nearest_neighbors.reference``.

    A query by brute force takes O(n_samples_fit n_features) time. Beyond the data and the result,
    memory is bounded: there is never an array of all distances.

    Distances are float64, and so are all comparisons: differences of the coordinates, their terms
    summed in feature order. Of equal distances the lower index is nearer. So both algorithms give
    the same indices and the same distances, bit for bit, for any number of threads.

    **Differences from scikit-learn.** Ties go to the lowest index. Of Euclidean distances none is
    computed as a difference of large squares, which has scikit-learn's brute force lose digits far
    from the origin. Distances are float64 for every metric. ``n_jobs=None`` uses the threads that
    any fit may use. A radius may be one for each query with any algorithm, and is never negative.
    Precomputed graphs are sorted without a warning. 'seuclidean' and 'mahalanobis' do not need
    their parameters. A ball tree is not built.

    References
    ----------
    .. [1] J. L. Bentley, "Multidimensional binary search trees used for associative searching",
       Communications of the ACM 18(9), 1975.
    .. [2] N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition, SIAM 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.neighbors import NearestNeighbors
    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 1.0]])
    >>> neighbors = NearestNeighbors(n_neighbors=2).fit(X)
    >>> distances, indices = neighbors.kneighbors([[3.0, 3.0]])
    >>> indices
    array([[1, 3]])
    >>> distances.round(3)
    array([[1.   , 3.606]])
    >>> neighbors.radius_neighbors([[3.0, 3.0]], radius=4, return_distance=False)[0].tolist()
    [1, 3]
    """

    def __init__(
        self,
        *,
        n_neighbors: int | None = 5,
        radius: float | None = 1.0,
        algorithm: str = "auto",
        leaf_size: int = 30,
        metric: Any = "minkowski",
        p: float | None = 2,
        metric_params: dict[str, Any] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> NearestNeighbors:
        """Take the points.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or \
(n_samples, n_samples) if metric='precomputed', or KDTree or fitted estimator
            The points. float32 and float64 are kept as they are, without a copy; other dtypes
            become float64, sparse data CSR. A tree, or an estimator of neighbours, is used as it
            is, with its own metric.
        y : ignored
            Present by convention.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError
            If a parameter is not valid.
        ValueError
            If the metric is none of the algorithm's, or the data are not numbers, not finite or not
            two-dimensional.
        TypeError
            If the data are of a kind that cannot be taken.

        Warns
        -----
        UserWarning
            If a tree is asked for that sparse data or the metric cannot have.
        SyntaxWarning
            If ``p`` is given twice.
        """
        self._check_params()
        self._set_fitted(**self._fit_neighbors(X))
        return self
