"""Brute force on dense rows, by one of the metrics that kernels know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from scratchml.core.blocks import map_blocks, row_pieces
from scratchml.core.jit import kernel_view
from scratchml.core.kernels.heaps import NO_POINT, sort_heaps

from ..kernels.direct import (
    CHUNK,
    EUCLIDEAN,
    MINKOWSKI,
    Hits,
    Room,
    listed_distances,
    nearest_direct,
    raise_to_power,
    within_direct,
)
from ..kernels.expanded import (
    Bounds,
    Lists,
    PackedPoints,
    PackedQueries,
    nearest_expanded,
    pack_points,
    pack_queries,
    settle_queries,
    within_expanded,
)
from .blocks import query_blocks
from .found import Found, all_hits, sort_found, sort_hits, starts_of

DIRECT_FEATURES = 4
"""Up to here differences are taken: a dot product would save little beside the comparisons."""

FEW_QUERIES = 32
"""Fewer do not pay for packing the points."""

MANY_NEIGHBORS = 8
"""Where more than one point in so many becomes a neighbour, most distances are needed anyway."""

CANDIDATES = 64
"""Points that may wait for a query, a multiple of four, besides twice as many as neighbours."""

TILE_BYTES = 2**20
"""Size of a tile: it stays in a second-level cache while all queries of a block pass by."""

MOST_LANES = 480
"""Lanes of a tile: a multiple of 32 fills vectors; a power of two would crowd a few cache sets."""

PACKED_BYTES = 2**25
"""Points that are packed at once."""

ORIGIN_ROWS = 101
"""Rows whose median is the origin. Any origin will do; one amid the data makes scores precise."""

POWER_OPERATIONS = 30
"""Multiply-adds, about, that a power takes the time of."""

TOO_SMALL, TOO_LARGE = 1e-140, 1e140
"""Beyond, squares of coordinates vanish or overflow: ties that scores know nothing of."""


class Screen(NamedTuple):
    """The common frame of points and queries in the expanded form."""

    origin: np.ndarray
    bounds: Bounds


class DenseSearch:
    """Neighbours among the rows of a C-contiguous array.

    Parameters
    ----------
    X : float[n_points, n_features]
    metric : int
        Of `scratchml.algorithms.nearest_neighbors.kernels.direct`.
    p : float
        The power, for `MINKOWSKI`.
    """

    def __init__(self, X: np.ndarray, metric: int, p: float = 2.0) -> None:
        self.X = kernel_view(X)
        self.metric = metric
        self.p = float(p)

    # --- distances that are compared, and those that are shown

    def reduced(self, radii: np.ndarray) -> np.ndarray:
        """Radii as they are compared."""
        if self.metric == MINKOWSKI:
            powers = np.empty(len(radii))
            raise_to_power(kernel_view(radii), self.p, powers)
            return powers
        with np.errstate(over="ignore", under="ignore"):
            return radii * radii if self.metric == EUCLIDEAN else radii

    def shown(self, reduced: np.ndarray) -> np.ndarray:
        """Distances, from those that were compared; in place."""
        if self.metric == EUCLIDEAN:
            return np.sqrt(reduced, out=reduced)
        return np.power(reduced, 1 / self.p, out=reduced) if self.metric == MINKOWSKI else reduced

    # --- searches

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest points of each query.

        Parameters
        ----------
        queries : float[n_queries, n_features]
        k : int
            At most n_points.

        Returns
        -------
        distances : float64[n_queries, k]
            In ascending order.
        indices : int64[n_queries, k]
            Of equal distances the lower index comes first.
        """
        queries = kernel_view(queries)
        distances = np.full((len(queries), k), np.inf)
        indices = np.full((len(queries), k), NO_POINT)
        screen = self._screen(queries) if k * MANY_NEIGHBORS <= len(self.X) else None
        if screen is None:
            self._nearest_direct(queries, distances, indices)
        else:
            self._nearest_expanded(queries, screen, distances, indices)
        blocks = query_blocks(len(queries), k * 32)
        map_blocks(lambda _, block: sort_heaps(distances[block], indices[block]), blocks)
        return self.shown(distances), indices

    def within(
        self,
        queries: np.ndarray,
        radii: np.ndarray,
        return_distance: bool,
        sort_results: bool = False,
    ) -> Found:
        """The points within a radius of each query.

        Parameters
        ----------
        queries : float[n_queries, n_features]
        radii : float64[n_queries]
        return_distance : bool
        sort_results : bool
            Whether the lists are sorted by (distance, index), which needs distances. Otherwise they
            are in the order of indices.

        Returns
        -------
        Found
        """
        queries, reduced = kernel_view(queries), self.reduced(radii)
        screen = self._screen(queries)
        blocks = self._blocks(queries)
        hits: list[list[Hits]] = [[] for _ in blocks]
        if screen is None:
            self._within_direct(queries, reduced, blocks, hits)
        else:
            self._within_expanded(queries, screen, reduced, blocks, hits)
        counts, lists = zip(
            *(sort_hits(h, b.stop - b.start) for h, b in zip(hits, blocks, strict=True)),
            strict=True,
        )
        starts, indices = starts_of(np.concatenate(counts)), np.concatenate(lists)
        distances = None
        if return_distance:
            compared = self._listed(queries, starts, indices)
            if sort_results:
                sort_found(starts, compared, indices)
            distances = self.shown(compared)
        return Found(starts, indices, distances)

    # --- by differences

    def _blocks(self, queries: np.ndarray) -> list[slice]:
        return query_blocks(len(queries), self._operations * len(self.X))

    @property
    def _operations(self) -> float:
        """Multiply-adds, about, of one distance."""
        return self.X.shape[1] * (POWER_OPERATIONS if self.metric == MINKOWSKI else 1)

    def _pieces(self, block: slice) -> Iterator[slice]:
        """Points in turn, so few that Ctrl-C is heard between them."""
        n_queries = block.stop - block.start
        return row_pieces(slice(0, len(self.X)), self._operations * n_queries)

    def _room(self) -> Room:
        """Memory of a block for a tile and its distances."""
        lanes = lanes_of_tile(8 * self.X.shape[1])
        return Room(np.empty((self.X.shape[1], lanes)), np.empty(lanes))

    def _nearest_direct(
        self, queries: np.ndarray, distances: np.ndarray, indices: np.ndarray
    ) -> None:
        def on_block(_: int, block: slice) -> None:
            exact, room = in_float64(queries[block]), self._room()
            for piece in self._pieces(block):
                nearest_direct(
                    exact,
                    self.X,
                    piece.start,
                    piece.stop,
                    self.metric,
                    self.p,
                    room,
                    distances[block],
                    indices[block],
                )

        map_blocks(on_block, self._blocks(queries))

    def _within_direct(
        self,
        queries: np.ndarray,
        reduced: np.ndarray,
        blocks: list[slice],
        hits: list[list[Hits]],
    ) -> None:
        def on_block(index: int, block: slice) -> None:
            exact, radii, room = in_float64(queries[block]), reduced[block], self._room()
            for points in self._pieces(block):
                piece = points.start, points.stop
                hits[index] += all_hits(
                    lambda step, found: within_direct(
                        exact,
                        self.X,
                        *piece,  # noqa: B023 (called before the next turn)
                        self.metric,
                        self.p,
                        room,
                        radii,
                        step,
                        found,
                    )
                )

        map_blocks(on_block, blocks)

    def _listed(self, queries: np.ndarray, starts: np.ndarray, indices: np.ndarray) -> np.ndarray:
        distances = np.empty(len(indices))
        operations = self._operations * 4
        blocks = query_blocks(len(queries), operations * len(indices) / len(queries))

        def on_block(_: int, block: slice) -> None:
            for first in range(block.start, block.stop, 16):
                rows = slice(first, min(first + 16, block.stop))
                listed_distances(
                    in_float64(queries[rows]),
                    self.X,
                    starts[rows.start : rows.stop + 1],
                    indices,
                    self.metric,
                    self.p,
                    distances,
                )

        map_blocks(on_block, blocks)
        return distances

    # --- by dot products

    def _screen(self, queries: np.ndarray) -> Screen | None:
        """The frame for the expanded form; None where differences are to be taken at once."""
        n_points, n_features = self.X.shape
        if (
            self.metric != EUCLIDEAN
            or n_features <= DIRECT_FEATURES
            or len(queries) < FEW_QUERIES
            or n_points < CHUNK
        ):
            return None
        origin = np.median(self.X[:: -(-n_points // ORIGIN_ROWS)], axis=0).astype(np.float64)
        with np.errstate(over="ignore"):
            largest = max(
                np.abs(extreme(rows, axis=0) - origin).max()
                for rows in (self.X, queries)
                for extreme in (np.min, np.max)
            )
        if not TOO_SMALL < largest < TOO_LARGE:
            return None
        scale = float(np.ldexp(1.0, -int(np.frexp(largest)[1])))
        terms = n_features + 16
        single, double = np.finfo(np.float32), np.finfo(np.float64)
        # Below the smallest normal number float32 has no relative error; so have squares in
        # float64, whose error is then scaled like them.
        floor = terms * (float(single.tiny) + double.smallest_subnormal * scale * scale)
        return Screen(origin, Bounds(scale, terms * float(single.eps), float(floor)))

    def _packed_points(self, screen: Screen) -> Iterator[PackedPoints]:
        """All points, as many at a time as may be packed at once."""
        n_points, n_features = self.X.shape
        width = packed_width(n_features)
        lanes = lanes_of_tile(4 * width)
        most = max(PACKED_BYTES // (4 * width * lanes), 1)
        for start in range(0, n_points, most * lanes):
            stop = min(start + most * lanes, n_points)
            n_tiles = -(-(stop - start) // lanes)
            tiles = np.zeros((n_tiles, width, lanes), np.float32)
            max_sq_norms = np.empty(n_tiles)

            def on_tile(t: int, rows: slice) -> None:
                pack_points(
                    self.X,
                    rows.start,
                    rows.stop,
                    screen.origin,
                    screen.bounds.scale,
                    np.empty(lanes),
                    tiles[t : t + 1],  # noqa: B023 (runs before the next turn)
                    max_sq_norms[t : t + 1],  # noqa: B023
                )

            map_blocks(on_tile, [slice(a, min(a + lanes, stop)) for a in range(start, stop, lanes)])
            yield PackedPoints(self.X, start, stop, tiles, max_sq_norms)

    def _tile_pieces(self, points: PackedPoints, block: slice) -> Iterator[PackedPoints]:
        """The same a few tiles at a time, so that Ctrl-C is heard between them."""
        lanes = points.tiles.shape[2]
        n_queries = block.stop - block.start
        for piece in row_pieces(slice(points.start, points.stop), self.X.shape[1] * n_queries):
            first, last = (-(-(edge - points.start) // lanes) for edge in (piece.start, piece.stop))
            if last > first:
                yield points._replace(
                    start=points.start + first * lanes,
                    stop=min(points.start + last * lanes, points.stop),
                    tiles=points.tiles[first:last],
                    max_sq_norms=points.max_sq_norms[first:last],
                )

    def _packed_queries(self, queries: np.ndarray, screen: Screen) -> PackedQueries:
        exact = in_float64(queries)
        n_rows = -(-len(queries) // 4) * 4
        rows = np.zeros((n_rows, packed_width(queries.shape[1])), np.float32)
        sq_norms = np.empty(len(queries))
        pack_queries(exact, screen.origin, screen.bounds.scale, rows, sq_norms)
        return PackedQueries(exact, rows, sq_norms, np.zeros(n_rows, np.float32))

    def _nearest_expanded(
        self, queries: np.ndarray, screen: Screen, distances: np.ndarray, indices: np.ndarray
    ) -> None:
        for points in self._packed_points(screen):

            def on_block(_: int, block: slice) -> None:
                packed = self._packed_queries(queries[block], screen)
                lists = make_lists(distances[block], indices[block], packed, screen.bounds)
                scores = scores_of_tile(points)  # noqa: B023 (runs before the next turn)
                for piece in self._tile_pieces(points, block):  # noqa: B023
                    nearest_expanded(packed, piece, screen.bounds, scores, lists)
                settle_queries(packed, self.X, screen.bounds, lists)

            map_blocks(on_block, self._blocks(queries))

    def _within_expanded(
        self,
        queries: np.ndarray,
        screen: Screen,
        sq_radii: np.ndarray,
        blocks: list[slice],
        hits: list[list[Hits]],
    ) -> None:
        for points in self._packed_points(screen):

            def on_block(index: int, block: slice) -> None:
                packed, radii = self._packed_queries(queries[block], screen), sq_radii[block]
                scores = scores_of_tile(points)  # noqa: B023 (runs before the next turn)
                for piece in self._tile_pieces(points, block):  # noqa: B023
                    hits[index] += all_hits(
                        lambda step, found: within_expanded(
                            packed,
                            piece,  # noqa: B023
                            screen.bounds,
                            scores,
                            radii,
                            step,
                            found,
                        )
                    )

            map_blocks(on_block, blocks)


class SquaredSearch(DenseSearch):
    """The same by squared Euclidean distances: those that are compared are those that are shown."""

    def reduced(self, radii: np.ndarray) -> np.ndarray:
        """Radii as they are compared."""
        return radii

    def shown(self, reduced: np.ndarray) -> np.ndarray:
        """Distances, from those that were compared."""
        return reduced


def make_lists(
    distances: np.ndarray, indices: np.ndarray, queries: PackedQueries, bounds: Bounds
) -> Lists:
    """The heaps of a block of queries, with memory for their candidates."""
    n_queries, k = distances.shape
    capacity = 4 * (k // 2) + CANDIDATES
    return Lists(
        distances,
        indices,
        np.zeros((n_queries, capacity), np.int64),
        np.empty((n_queries, capacity), np.float32),
        np.empty((n_queries, capacity), np.float32),
        np.zeros(n_queries, np.int64),
        (distances[:, 0] * bounds.scale * bounds.scale - queries.sq_norms) / 2,
    )


def scores_of_tile(points: PackedPoints) -> np.ndarray:
    """Memory for the scores of four queries."""
    return np.empty((4, points.tiles.shape[2]), np.float32)


def in_float64(rows: np.ndarray) -> np.ndarray:
    """The same as float64; themselves if they are."""
    return rows.astype(np.float64, copy=False)


def lanes_of_tile(column_bytes: int) -> int:
    """Columns of a tile that stays in cache."""
    return min(max(TILE_BYTES // column_bytes // CHUNK * CHUNK, CHUNK), MOST_LANES)


def packed_width(n_features: int) -> int:
    """Features of packed rows: room for h, up to a multiple of four, and four zeros."""
    return -(-(n_features + 1) // 4) * 4 + 4
