"""The public KD-tree."""

from __future__ import annotations

import operator
import threading
from typing import Any, ClassVar

import numpy as np

from scratchml.core.jit import kernel_view
from scratchml.core.validation import check_array

from .build import build_tree
from .kernels.structure import CHEBYSHEV, EUCLIDEAN, MANHATTAN, Tree
from .metrics import CODES, as_metric
from .queries import Queries

LANE_WIDTH = 8
"""Leaves hold a multiple of so many points: full vectors."""

NODE = np.dtype(
    [("idx_start", np.intp), ("idx_end", np.intp), ("is_leaf", np.intp), ("radius", np.float64)]
)


class KDTree:
    """KD-tree for exact queries of nearest neighbours and neighbourhoods.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points, float32 or float64; anything else becomes float64. The tree keeps a copy in the
        order of its leaves, and a reference to the array.
    leaf_size : int, default=40
        Points in a leaf, rounded up to a multiple of 8. All leaves but the last are full.
    metric : str, default="minkowski"
        One of ``valid_metrics``.
    p : float, default=2
        Exponent of the Minkowski metric, at least 1.

    Attributes
    ----------
    valid_metrics : list of str
        Names of the metrics.

    Raises
    ------
    TypeError
        If the leaf size is no integer.
    ValueError
        If the points are no finite numbers in two dimensions, if there are none, or if a parameter
        is not valid.

    See Also
    --------
    NearestNeighbors : Chooses between the tree and brute force.

    Notes
    -----
    A node is split along the side in which its points extend the most, at the median rounded to
    whole leaves (Bentley 1975; Friedman, Bentley and Finkel 1977). Queries that lie near each other
    walk the tree in groups: the bounds of a whole group are computed on SIMD lanes.

    Building takes O(n log n) time on average; a query for few neighbours O(log n) on average where
    the dimension is small, and O(n) at worst. The tree takes as much memory as the points, one box
    for each of its 2 n / leaf size nodes, and 8 bytes a point. Building and querying use the
    threads of `scratchml.set_num_threads`, and give the same bits for any number of them.

    All distances are float64 sums over the features in their order. Equal distances are ordered by
    index, and a point is within a radius if ``distance <= r`` (for the Euclidean metric, as in
    scikit-learn, if the squared distance is at most ``r * r``). Results are those of comparing all
    pairs, to the last bit.

    **Differences from scikit-learn.** float32 points are kept as they are: they take half the
    memory, and their distances are those of the same points in float64. Ties are ordered by index.
    Leaves hold ``leaf_size`` points, and nodes are numbered in preorder: a node's left child
    follows it. Weights, kernel density and two-point correlation are left out. `query` refuses
    NaN.

    References
    ----------
    Bentley (1975), "Multidimensional binary search trees used for associative searching",
    Communications of the ACM 18(9). Friedman, Bentley and Finkel (1977), "An algorithm for finding
    best matches in logarithmic expected time", ACM Transactions on Mathematical Software 3(3).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchml.neighbors import KDTree
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    >>> tree = KDTree(X)
    >>> distances, indices = tree.query([[0.0, 0.5]], k=2)
    >>> indices
    array([[0, 1]])
    >>> tree.query_radius([[0.0, 0.0]], r=2, count_only=True)
    array([3])
    """

    valid_metrics: ClassVar[list[str]] = sorted(CODES)

    def __init__(
        self, X: Any, leaf_size: int = 40, metric: str = "minkowski", *, p: float = 2
    ) -> None:
        if operator.index(leaf_size) < 1:
            raise ValueError("leaf_size must be greater than or equal to 1")
        self._metric = as_metric(metric, p)
        self._data = check_array(X, estimator_name=type(self).__name__)
        size = min(int(leaf_size), len(self._data))
        self._tree = build_tree(kernel_view(self._data), -(-size // LANE_WIDTH) * LANE_WIDTH)
        self._visits = (0, 0, 0)
        self._n_calls = 0
        self._lock = threading.Lock()

    # --- queries

    def query(
        self,
        X: Any,
        k: int = 1,
        return_distance: bool = True,
        dualtree: bool = False,
        breadth_first: bool = False,
        sort_results: bool = True,
    ) -> Any:
        """Find the k nearest points of the tree to each of some points.

        Parameters
        ----------
        X : array-like of shape (..., n_features)
            The points to query with.
        k : int, default=1
            Number of neighbours.
        return_distance : bool, default=True
            Whether to return the distances too.
        dualtree : bool, default=False
            Whether to arrange the queries by a tree of their own, rather than by the leaves of this
            tree into which they fall, which takes less time.
        breadth_first : bool, default=False
            Whether to visit nodes in the order of their distance, rather than to go down in depth:
            fewer nodes, each of which takes longer to choose.
        sort_results : bool, default=True
            Whether the neighbours of a point are sorted by (distance, index). Otherwise they may be
            in any order; they are, where k is in the thousands.

        Returns
        -------
        distances : ndarray of shape (..., k), float64
            Only if `return_distance`.
        indices : ndarray of shape (..., k), int64

        Raises
        ------
        TypeError
            If ``k`` is no integer.
        ValueError
            If the number of features is not that of the tree, if ``k`` is not between 1 and the
            number of its points, or if a value is not finite.

        Notes
        -----
        None of the three last options changes what is found.
        """
        points, shape = self._check_points(X)
        k = operator.index(k)
        if k > len(self._data):
            raise ValueError("k must be less than or equal to the number of training points")
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        queries = self._arrange(points, dualtree, breadth_first)
        distances, indices, counts = queries.nearest(k, sort_results)
        self._count(counts)
        indices = indices.reshape((*shape, k))
        return (distances.reshape((*shape, k)), indices) if return_distance else indices

    def query_radius(
        self,
        X: Any,
        r: Any,
        return_distance: bool = False,
        count_only: bool = False,
        sort_results: bool = False,
    ) -> Any:
        """Find the points of the tree within a radius of each of some points.

        Parameters
        ----------
        X : array-like of shape (..., n_features)
            The points to query with.
        r : float or array-like of shape (...)
            The radius, or one for each point. Points at exactly this distance are within.
        return_distance : bool, default=False
            Whether to return the distances too.
        count_only : bool, default=False
            Whether to return how many points there are, rather than which.
        sort_results : bool, default=False
            Whether the neighbours of a point are sorted by (distance, index); otherwise they may be
            in any order. Needs `return_distance`.

        Returns
        -------
        count : ndarray of shape (...), int64
            If `count_only`.
        indices : ndarray of shape (...), object
            An int64 array for each point, otherwise.
        distances : ndarray of shape (...), object
            A float64 array for each point; only if `return_distance`.

        Raises
        ------
        ValueError
            If the number of features is not that of the tree, if options exclude each other, if the
            shape of ``r`` is not that of the points, or if a value is not finite.

        Notes
        -----
        Neighbours are counted before they are written, so that no more memory is taken than they
        need. The arrays of all points are parts of one: copy those that are to be kept alone.
        """
        if count_only and return_distance:
            raise ValueError("count_only and return_distance cannot both be true")
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True")
        points, shape = self._check_points(X)
        radii = np.asarray(r, np.float64)
        if radii.shape in ((), (1,)):
            radii = np.full(shape, radii.item())
        if radii.shape != shape:
            raise ValueError("r must be broadcastable to X.shape")
        if count_only:
            numbers, counts = self._arrange(points).count(radii.ravel())
            self._count(counts)
            return numbers.reshape(shape)
        ends, distances, indices = collect(
            self, points, radii.ravel(), return_distance, sort_results
        )
        found = _split(indices, ends, shape)
        return (found, _split(distances, ends, shape)) if return_distance else found

    def _check_points(self, X: Any) -> tuple[np.ndarray, tuple[int, ...]]:
        """Points to query with, as rows, and the shape in which they came."""
        if X is self._data:
            return self._data, (len(self._data),)
        shape = np.shape(X)
        if len(shape) > 2:  # `check_array` refuses what is more than a table
            X = np.reshape(X, (-1, shape[-1]))
        array = check_array(X, ensure_2d=False, min_samples=0)
        if array.ndim == 0 or array.shape[-1] != self._data.shape[1]:
            raise ValueError("query data dimension must match training data dimension")
        leading = shape[:-1] if len(shape) > 2 else array.shape[:-1]
        return kernel_view(array.reshape(-1, array.shape[-1])), leading

    def _arrange(
        self, points: np.ndarray, dualtree: bool = False, breadth_first: bool = False
    ) -> Queries:
        if points is self._data:
            arrange = Queries.of_tree
        elif dualtree:
            arrange = Queries.in_tree_order
        else:
            arrange = Queries.in_leaf_order
        return arrange(self._tree, self._metric, points, nearest_first=breadth_first)

    # --- the work done so far

    def _count(self, counts: np.ndarray) -> None:
        n_trims, n_leaves, n_splits, n_distances = counts.tolist()
        with self._lock:
            self._visits = n_trims, n_leaves, n_splits
            self._n_calls += n_distances

    def get_tree_stats(self) -> tuple[int, int, int]:
        """Nodes that the latest query has visited; a group of queries visits a node once.

        A radius query visits nodes to count and again to write.

        Returns
        -------
        n_trims : int
            Nodes that were dismissed, or counted whole, when they were looked at.
        n_leaves : int
            Leaves that were looked into.
        n_splits : int
            Nodes whose children were visited in their turn.
        """
        return self._visits

    def get_n_calls(self) -> int:
        """Distances between two points that queries have computed so far.

        Returns
        -------
        int
        """
        return self._n_calls

    def reset_n_calls(self) -> None:
        """Set the number of distances computed to 0."""
        with self._lock:
            self._n_calls = 0

    # --- the arrays

    @property
    def data(self) -> np.ndarray:
        """The points, float[n_samples, n_features]."""
        return self._data

    @property
    def idx_array(self) -> np.ndarray:
        """The points in the order of the leaves, int64[n_samples]."""
        return self._tree.indices[: len(self._data)]

    @property
    def node_data(self) -> np.ndarray:
        """The nodes in preorder.

        A structured array of ``idx_start`` and ``idx_end`` (which part of `idx_array` a node has),
        ``is_leaf`` and ``radius`` (from the middle of its box to a corner).
        """
        leaf_size = self._tree.leaves.shape[2]
        nodes = np.empty(len(self._tree.first), NODE)
        nodes["idx_start"] = self._tree.first.astype(np.intp) * leaf_size
        ends = self._tree.last.astype(np.intp) * leaf_size
        nodes["idx_end"] = np.minimum(ends, len(self._data))
        nodes["is_leaf"] = self._tree.middle == 0
        halves = (self._tree.upper.astype(np.float64) - self._tree.lower) / 2
        orders = {EUCLIDEAN: 2.0, MANHATTAN: 1.0, CHEBYSHEV: np.inf}
        order = orders.get(self._metric.code, self._metric.p)
        nodes["radius"] = np.linalg.norm(halves, order, axis=1)
        return nodes

    @property
    def node_bounds(self) -> np.ndarray:
        """Least and largest coordinates of the points of each node, [2, n_nodes, n_features]."""
        return np.stack([self._tree.lower, self._tree.upper])

    def get_arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The arrays that make up the tree.

        Returns
        -------
        data : ndarray of shape (n_samples, n_features)
        idx_array : ndarray of shape (n_samples,)
        node_data : ndarray of shape (n_nodes,)
        node_bounds : ndarray of shape (2, n_nodes, n_features)
        """
        return self.data, self.idx_array, self.node_data, self.node_bounds

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # Arrays that were mapped from a file are read-only.
        self._tree = Tree(*map(kernel_view, self._tree))
        self._lock = threading.Lock()


def collect(
    tree: KDTree, points: np.ndarray, radii: np.ndarray, with_distances: bool, is_sorted: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `KDTree.query_radius` finds for checked points and radii, in one piece.

    Returns
    -------
    ends, distances, indices
        As of `Queries.collect`.
    """
    queries = tree._arrange(points)
    ends, distances, indices, counts = queries.collect(radii, with_distances, is_sorted)
    tree._count(counts)
    return ends, distances, indices


def _split(values: np.ndarray, ends: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Arrays of each query's values, in an array of objects."""
    parts = np.empty(len(ends) - 1, object)
    for i, (begin, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        parts[i] = values[begin:end]
    return parts.reshape(shape)
