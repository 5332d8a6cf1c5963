"""The clusters at any eps, read off the spanning tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchml.algorithms.kd_tree.kernels.structure import Metric
from scratchml.core.blocks import map_blocks, row_blocks, row_pieces

from .kernels.cuts import label_borders, label_cores, point_to_elders
from .kernels.reachability import find_least_radii, find_reaches
from .ranges import EDGE_OPERATIONS
from .spanning_tree import Neighborhoods, span

EDGE = np.dtype([("source", np.int64), ("target", np.int64), ("distance", np.float64)])

RADIUS_OPERATIONS = 30
"""Multiply-adds, about, that the least radius of a reduced distance takes the time of."""


@dataclass(frozen=True)
class Cuts:
    """From which eps on what holds.

    Attributes
    ----------
    core_distances : float64[n_samples]
        From which eps on a point is a core point.
    elders : int64[n_samples]
    joins : float64[n_samples]
        The first point of the cluster that a core point joins, and from which eps on; see
        `point_to_elders`.
    radii : float64[n_samples]
        From which eps on a point is no noise.
    reaches : float64[n_samples, n_columns]
    neighbors : int64[n_samples, n_columns]
        From which eps on a point is in reach of core points, and of which; see `find_reaches`.
    sorted_cores, sorted_radii : float64[n_samples]
        Core distances and radii in ascending order.
    """

    core_distances: np.ndarray
    elders: np.ndarray
    joins: np.ndarray
    radii: np.ndarray
    reaches: np.ndarray
    neighbors: np.ndarray
    sorted_cores: np.ndarray
    sorted_radii: np.ndarray

    def labels(self, eps: float) -> np.ndarray:
        """Label the points at an eps, int64[n_samples]."""
        n, n_columns = self.reaches.shape
        labels = np.empty(n, np.int64)
        label_cores(self.core_distances, self.elders, self.joins, eps, labels)

        def label(_: int, block: slice) -> None:
            label_borders(
                block.start,
                block.stop,
                self.core_distances,
                self.radii,
                self.reaches,
                self.neighbors,
                eps,
                labels,
            )

        map_blocks(label, row_blocks(n, 2 + n_columns))
        return labels


def cut_points(X: np.ndarray, min_samples: int, metric: Metric) -> tuple[Cuts, np.ndarray, int]:
    """Find from which eps on what holds for some points.

    Parameters
    ----------
    X : float[n_samples, n_features]
        C-contiguous and finite.
    min_samples : int
    metric : Metric

    Returns
    -------
    cuts : Cuts
    tree : structured ndarray of shape (n_edges,)
        ``source``, ``target`` and ``distance`` of the edges of the spanning tree, by distance.
        Edges that no eps reaches are left out.
    n_distances : int
    """
    n = len(X)
    if n < min_samples:
        never, nobody = np.full(n, np.inf), np.arange(n)
        none = np.empty((n, 0)), np.empty((n, 0), np.int64)
        return Cuts(never, nobody, never, never, *none, never, never), np.empty(0, EDGE), 0

    near = Neighborhoods.of_points(X, min_samples, metric)
    order, cores = near.order, near.lists.gaps[:, min_samples - 1].copy()
    tree = span(near, cores)
    edges = sort_edges(order[tree.edges], least_radii(tree.reaches, metric))

    core_distances, radii = np.empty(n), np.empty(n)
    core_distances[order] = least_radii(cores, metric)
    n_columns = max(min_samples - 2, 0)
    reaches, neighbors = np.empty((n, n_columns)), np.empty((n, n_columns), np.int64)
    map_blocks(
        lambda _, block: find_reaches(
            block.start,
            block.stop,
            order,
            cores,
            near.lists,
            metric,
            reaches,
            neighbors,
            radii,
        ),
        row_blocks(n, RADIUS_OPERATIONS * min_samples),
    )
    sets, elders, joins = np.arange(n), np.arange(n), np.full(n, np.inf)
    ends, distances = columns_of(edges)
    for part in row_pieces(slice(0, len(edges)), EDGE_OPERATIONS):
        point_to_elders(ends[part], distances[part], sets, elders, joins)
    cuts = Cuts(
        core_distances,
        elders,
        joins,
        radii,
        reaches,
        neighbors,
        np.sort(core_distances),
        np.sort(radii),
    )
    return cuts, edges, near.n_distances + tree.n_distances


def least_radii(reduced: np.ndarray, metric: Metric) -> np.ndarray:
    """The least radius within which each reduced distance is, float64[n]."""
    radii = np.empty(len(reduced))
    map_blocks(
        lambda _, block: find_least_radii(reduced[block], metric, radii[block]),
        row_blocks(len(reduced), RADIUS_OPERATIONS),
    )
    return radii


def sort_edges(edges: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The edges that some eps reaches, by distance; of equal ones those found first come first."""
    by_distance = np.argsort(distances, kind="stable")
    by_distance = by_distance[: np.searchsorted(distances[by_distance], np.inf)]
    edges = edges[by_distance]
    tree = np.empty(len(edges), EDGE)
    tree["source"], tree["target"] = edges.min(axis=1), edges.max(axis=1)
    tree["distance"] = distances[by_distance]
    return tree


def columns_of(tree: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges and distances of a spanning tree as kernels take them."""
    edges = np.stack([tree["source"], tree["target"]], axis=1)
    return edges, np.ascontiguousarray(tree["distance"])
