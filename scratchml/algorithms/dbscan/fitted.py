"""What a fitted DBSCAN knows of its core samples, to say where other points belong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchml.algorithms.kd_tree import KDTree, as_metric
from scratchml.algorithms.nearest_neighbors import Search, TreeSearch, brute_force, sort_by_value
from scratchml.core.containers import is_sparse

from .engines.clusters import NOISE
from .engines.search import clusters_by_search
from .engines.space import Space
from .engines.tree import CoreTree


class Rule(NamedTuple):
    """What a fit went by; parameters may change after it."""

    eps: float
    metric: Any
    """Name or function; Minkowski's by its proper name where it has one."""
    params: dict[str, Any]
    """Its parameters, with those that come from the data of the fit."""
    leaf_size: int
    has_tree: bool
    """Whether new points are looked up in a KD-tree, by unit vectors on a sphere."""

    def space(self, X: np.ndarray) -> Space:
        """Points for the tree."""
        if self.metric == "haversine":
            return Space.of_angles(X)
        given = {name: value for name, value in self.params.items() if value is not None}
        return Space.of_points(X, as_metric(self.metric, given.get("p", 2)))


class CoreSamples:
    """The core samples of a fit, in the form that queries need; made when first asked for.

    Parameters
    ----------
    rule : Rule
    components : float[n_core, n_features] or CSR
    labels : int64[n_core]
    """

    def __init__(self, rule: Rule, components: Any, labels: np.ndarray) -> None:
        self.rule = rule
        self.labels = labels
        self.components = components
        self._tree: CoreTree | None = None
        self._search: Search | None = None

    def clusters_of(self, X: Any) -> np.ndarray:
        """The first cluster that reaches each row, int64[n_queries]."""
        rule = self.rule
        if len(self.labels) == 0:
            return np.full(X.shape[0], NOISE)
        if not rule.has_tree:
            search = brute_force(self.components, rule.metric, rule.params)
            return clusters_by_search(search, X, rule.eps, self.labels)
        if self._tree is None:
            space = rule.space(self.components)
            self._tree = CoreTree.of_labels(space, rule.eps, rule.leaf_size, self.labels)
        return self._tree.clusters_of(rule.space(X))[0]

    def nearest(self, X: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances to the k nearest core samples, and their labels; [n_queries, k] each.

        Where a sparse matrix holds fewer distances, the others are infinite, and labels NOISE.
        """
        rule = self.rule
        if rule.has_tree:
            X = rule.space(X).points
            if self._search is None:
                space = rule.space(self.components)
                by = "euclidean" if rule.metric == "haversine" else rule.metric
                p = rule.params.get("p") or 2
                self._search = TreeSearch(KDTree(space.points, rule.leaf_size, by, p=p))
            distances, indices = self._search.nearest(X, k)
        elif is_sparse(X) and rule.metric == "precomputed":
            return self._nearest_stored(sort_by_value(X), k)
        else:  # precomputed distances are their own search
            points = X if rule.metric == "precomputed" else self.components
            distances, indices = brute_force(points, rule.metric, rule.params).nearest(X, k)
        if rule.metric == "haversine":  # chords
            distances = 2 * np.arcsin(np.minimum(distances / 2, 1))
        return distances, self.labels[indices]

    def _nearest_stored(self, graph: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The first k entries of each row, sorted by value, or as many as there are."""
        places = graph.indptr[:-1, None] + np.arange(k)
        is_there = places < graph.indptr[1:, None]
        distances = np.full(places.shape, np.inf)
        labels = np.full(places.shape, NOISE)
        distances[is_there] = graph.data[places[is_there]]
        labels[is_there] = self.labels[graph.indices[places[is_there]]]
        return distances, labels
