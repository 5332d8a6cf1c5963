"""Points as a KD-tree takes them: as they are, or angles on a sphere as unit vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchml.algorithms.kd_tree.kernels.bounds import reduce_radii
from scratchml.algorithms.kd_tree.kernels.structure import EUCLIDEAN, Metric

from ..kernels.reach import Reach

ROUNDINGS = 16
"""Roundings, generously counted, between a chord of two unit vectors and that of the formula."""


@dataclass(frozen=True)
class Space:
    """Points, and how far apart they are.

    Attributes
    ----------
    points : float[n_points, n_features]
        C-contiguous and finite.
    metric : Metric
    angles : float64[n_points, 2]
        Latitude and longitude of points on a sphere, in radians; no rows elsewhere.
    largest : float
        No angle, with its sign left out, is larger.
    """

    points: np.ndarray
    metric: Metric
    angles: np.ndarray
    largest: float

    @classmethod
    def of_points(cls, points: np.ndarray, metric: Metric) -> Space:
        """A space in which the coordinates are the points."""
        return cls(points, metric, np.empty((0, 2)), 0.0)

    @classmethod
    def of_angles(cls, angles: np.ndarray) -> Space:
        """A sphere."""
        angles = np.ascontiguousarray(angles, np.float64)
        latitude, longitude = angles.T
        across = np.cos(latitude)
        points = np.stack(
            [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
        )
        return cls(points, Metric(EUCLIDEAN, 2.0), angles, float(np.abs(angles).max()))

    def select(self, indices: np.ndarray) -> Space:
        """Some of the points."""
        angles = self.angles[indices] if len(self.angles) else self.angles
        return Space(self.points[indices], self.metric, angles, self.largest)

    def reach(self, eps: float, largest: float = 0.0) -> Reach:
        """What is within eps of a point, of this space or of one whose angles are no larger.

        On the sphere, the squared chord is four times the haversine h. Between two computed unit
        vectors it is off by some units in the last place of 1 for each coordinate, and of the
        angles where those are large.
        """
        if len(self.angles) == 0:
            limit = np.empty(1)
            reduce_radii(np.array([float(eps)]), self.metric, limit)
            return Reach(float(limit[0]), float(limit[0]), 0.0, self.angles)
        if eps >= np.pi:
            return Reach(np.inf, np.inf, np.inf, self.angles)
        sine = np.sin(eps / 2)
        error = ROUNDINGS * np.finfo(np.float64).eps * (1 + max(self.largest, largest))
        slack = error * (4 * sine + error)
        return Reach(4 * sine * sine - slack, 4 * sine * sine + slack, sine * sine, self.angles)
