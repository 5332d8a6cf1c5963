"""Neighbours within a radius."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.validation import check_array

from .base import NeighborsBase, check_mode
from .searches import Found, job_threads


class RadiusMixin(NeighborsBase):
    """Neighbours within a radius."""

    radius: Any

    def radius_neighbors(
        self,
        X: Any = None,
        radius: Any = None,
        return_distance: bool = True,
        sort_results: bool = False,
    ) -> Any:
        """The points within a radius of each query, those at the radius itself included.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', default=None
            The queries. Without any, the points of the fit are, none of which is a neighbour of
            itself.
        radius : float or array-like of shape (n_queries,), default=None
            The radius of all queries or of each; by default the parameter.
        return_distance : bool, default=True
            Whether to return the distances too.
        sort_results : bool, default=False
            Whether the nearest come first; needs the distances. Otherwise brute force lists points
            in the order of their indices, the tree in no particular one.

        Returns
        -------
        distances : ndarray of shape (n_queries,), of arrays of float64
            Only if ``return_distance``.
        indices : ndarray of shape (n_queries,), of arrays of int64
            The points.

        Raises
        ------
        NotFittedError
            Before the first fit.
        ValueError
            If a radius is negative or NaN, results are to be sorted without distances, or the data
            are not valid.

        Notes
        -----
        Time as of `kneighbors`, memory as the result is large.
        """
        self._check_is_fitted()
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True.")
        indices, distances = self._within(X, radius, return_distance, sort_results).split()
        return (distances, indices) if return_distance else indices

    def _within(self, X: Any, radius: Any, return_distance: bool, sort_results: bool) -> Found:
        queries = self._check_queries(X)
        radii = self._check_radii(radius, queries.shape[0])
        with job_threads(self.n_jobs):
            found = self._search(queries).within(queries, radii, return_distance, sort_results)
        return found.without_self() if X is None else found

    def _check_radii(self, radius: Any, n_queries: int) -> np.ndarray:
        """The radius of each query, float64[n_queries]."""
        if radius is None:
            radius = self.radius
            if radius is None:
                raise ValueError("radius is None: give it to the method or the estimator.")
        radii = check_array(
            radius, dtype=np.float64, ensure_2d=False, ensure_all_finite=False, input_name="radius"
        )
        if radii.ndim > 0 and radii.shape != (n_queries,):
            raise ValueError(f"radius.shape == {radii.shape}, expected {(n_queries,)}!")
        bad = ~(radii >= 0)
        if bad.any():
            raise ValueError(f"radius == {radii[bad][0] if radii.ndim else radii}, must be >= 0.")
        return np.full(n_queries, radii) if radii.ndim == 0 else radii

    def radius_neighbors_graph(
        self,
        X: Any = None,
        radius: Any = None,
        mode: str = "connectivity",
        sort_results: bool = False,
    ) -> Any:
        """The points within a radius of each query as a sparse matrix.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), or \
(n_queries, n_samples_fit) if metric='precomputed', default=None
            The queries, as of `radius_neighbors`.
        radius : float or array-like of shape (n_queries,), default=None
            The radius of all queries or of each; by default the parameter.
        mode : {'connectivity', 'distance'}, default='connectivity'
            Whether entries are ones or distances.
        sort_results : bool, default=False
            Whether the nearest come first in each row, for ``mode='distance'``.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_samples_fit), float64
            Each row in the order of `radius_neighbors`.

        Raises
        ------
        NotFittedError, ValueError
            As of `radius_neighbors`, and for an unknown mode.
        """
        from scipy.sparse import csr_matrix

        self._check_is_fitted()
        check_mode(mode)
        shows = mode == "distance"
        found = self._within(X, radius, shows, shows and sort_results)
        data = np.ones(len(found.indices)) if found.distances is None else found.distances
        shape = len(found.starts) - 1, self.n_samples_fit_
        return csr_matrix((data, found.indices, found.starts), shape=shape)
