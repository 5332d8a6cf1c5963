"""Mixtures of Gaussians on a line or in a plane: marginals, densities, boundaries, ellipses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

# A component is seen on a grid if so many lines of it lie within its standard deviation; narrower
# ones get lines of their own, which together are at most `_MOST_LINES` along each axis.
_LINES_PER_DEVIATION = 3
_MOST_LINES = 200
_REACH = 4  # how far they go, in standard deviations
_N_VERTICES = 100  # of an ellipse


class Ranking(NamedTuple):
    """Which components are the likeliest at some points, and the density there.

    Attributes
    ----------
    first, second : ndarray of shape (n_points,), intp
        The component with the largest responsibility, and the next one; ties go to the lower.
    log_first, log_second : ndarray of shape (n_points,), float64
        The logarithms of their weighted densities; -inf if there is no second one.
    log_density : ndarray of shape (n_points,), float64
        That of the mixture.
    """

    first: np.ndarray
    second: np.ndarray
    log_first: np.ndarray
    log_second: np.ndarray
    log_density: np.ndarray


class Gaussians(NamedTuple):
    """A mixture of Gaussians.

    Attributes
    ----------
    weights : ndarray of shape (n_components,)
        Their weights, which sum to one.
    means : ndarray of shape (n_components, n_axes)
        Their means.
    covariances : ndarray of shape (n_components, n_axes, n_axes)
        Their covariances.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviations along the axes, float64[n_components, n_axes]."""
        return np.sqrt(np.einsum("kii->ki", self.covariances))

    def roots(self) -> tuple[np.ndarray, np.ndarray]:
        """Principal axes of each component, and the standard deviations along them.

        Returns
        -------
        axes : ndarray of shape (n_components, n_axes, n_axes)
            In columns.
        deviations : ndarray of shape (n_components, n_axes)
            Never 0, whatever rounding has made of a covariance.
        """
        values, axes = np.linalg.eigh(self.covariances)
        least = np.finfo(np.float64).eps * values[:, -1:]
        return axes, np.sqrt(np.maximum(values, np.maximum(least, np.finfo(np.float64).tiny)))

    def log_term(self, component: int, points: np.ndarray) -> np.ndarray:
        """Logarithm of the weighted density of one component, float64[n_points]."""
        axes, deviations = self.roots()
        return self._log_term(component, points, axes, deviations)

    def _log_term(
        self, component: int, points: np.ndarray, axes: np.ndarray, deviations: np.ndarray
    ) -> np.ndarray:
        standard = (points - self.means[component]) @ axes[component] / deviations[component]
        with np.errstate(divide="ignore", over="ignore"):  # a weight of 0, a point far away
            log_weight = np.log(self.weights[component])
            sq_distances = (standard**2).sum(axis=1)
        log_scale = np.log(deviations[component]).sum() + 0.5 * points.shape[1] * np.log(2 * np.pi)
        return log_weight - log_scale - 0.5 * sq_distances

    def rank(self, points: np.ndarray) -> Ranking:
        """The two likeliest components at each point, and the density of the mixture.

        Parameters
        ----------
        points : ndarray of shape (n_points, n_axes)
            Where.

        Returns
        -------
        Ranking

        Notes
        -----
        One component after the other: O(n_points) memory, however many there are.
        """
        n_points = len(points)
        ranking = Ranking(
            np.zeros(n_points, dtype=np.intp),
            np.zeros(n_points, dtype=np.intp),
            *np.full((3, n_points), -np.inf),
        )
        axes, deviations = self.roots()
        for component in range(len(self.weights)):
            term = self._log_term(component, points, axes, deviations)
            np.logaddexp(ranking.log_density, term, out=ranking.log_density)
            wins = term > ranking.log_first
            ranking.second[wins] = ranking.first[wins]
            ranking.log_second[wins] = ranking.log_first[wins]
            ranking.first[wins] = component
            ranking.log_first[wins] = term[wins]
            follows = ~wins & (term > ranking.log_second)
            ranking.second[follows] = component
            ranking.log_second[follows] = term[follows]
        return ranking

    def ellipses(self, radius: float) -> np.ndarray:
        """The points at so many standard deviations from each mean.

        Parameters
        ----------
        radius : float
            Mahalanobis distance from the mean.

        Returns
        -------
        ndarray of shape (n_components, n_vertices, 2)
            Closed curves.
        """
        axes, deviations = self.roots()
        angles = np.linspace(0, 2 * np.pi, _N_VERTICES)
        circle = radius * np.column_stack([np.cos(angles), np.sin(angles)])
        return self.means[:, None] + (circle * deviations[:, None]) @ axes.transpose(0, 2, 1)


def marginal(mixture: Any, axes: np.ndarray, origin: np.ndarray) -> Gaussians:
    """What a mixture is along some axes: a mixture with the same weights.

    Parameters
    ----------
    mixture : estimator
        Fitted, with `weights_`, `means_`, `covariances_` and `covariance_type`.
    axes : ndarray of shape (n_axes, n_features)
        Their directions.
    origin : ndarray of shape (n_features,)
        The point that becomes the origin.
    """
    means = np.asarray(mixture.means_, dtype=np.float64)
    covariances = np.asarray(mixture.covariances_, dtype=np.float64)
    shape = (len(means), len(axes), len(axes))
    if mixture.covariance_type in ("full", "tied"):
        covariances = np.broadcast_to(axes @ covariances @ axes.T, shape)
    else:  # the diagonals, or one number for each
        variances = np.broadcast_to(covariances.reshape(len(means), -1), means.shape)
        covariances = (axes * variances[:, None]) @ axes.T
    weights = np.asarray(mixture.weights_, dtype=np.float64)
    return Gaussians(weights, (means - origin) @ axes.T, covariances)


def grid_lines(limits: Sequence[float], gaussians: Gaussians, axis: int, n: int) -> np.ndarray:
    """Where to compute a density along an axis: evenly, and closer where components are narrow.

    Parameters
    ----------
    limits : (float, float)
        From where to where.
    gaussians : Gaussians
        The mixture.
    axis : int
        Which of its axes.
    n : int
        How many lines there are at least, at equal distances.

    Returns
    -------
    ndarray of shape (n_lines,), float64
        Ascending, each different from the next.
    """
    low, high = limits
    lines = np.linspace(low, high, n)
    deviations = gaussians.deviations[:, axis]
    narrow = deviations * (n - 1) < _LINES_PER_DEVIATION * (high - low)
    if not narrow.any():
        return lines
    n_pairs = min(_REACH * _LINES_PER_DEVIATION, _MOST_LINES // (2 * int(narrow.sum())))
    offsets = np.linspace(-_REACH, _REACH, 2 * n_pairs + 1) if n_pairs else np.zeros(1)
    means = gaussians.means[narrow, axis]
    own = (means[:, None] + deviations[narrow, None] * offsets).ravel()[: 2 * _MOST_LINES]
    return np.unique(np.concatenate([lines, own[(own > low) & (own < high)]]))


def boundaries_on_line(gaussians: Gaussians, x: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Where one component becomes likelier than another, float64[n_boundaries].

    Parameters
    ----------
    gaussians : Gaussians
        The mixture, of one axis.
    x : ndarray of shape (n,)
        Ascending.
    first : ndarray of shape (n,)
        The likeliest component at each.
    """
    places = []
    for i in np.flatnonzero(first[1:] != first[:-1]):
        ends = x[i : i + 2, None]
        before, after = gaussians.log_term(int(first[i]), ends) - gaussians.log_term(
            int(first[i + 1]), ends
        )
        places.append(x[i] + (x[i + 1] - x[i]) * before / (before - after))
    return np.array(places)


def boundaries_in_plane(
    gaussians: Gaussians, x: np.ndarray, y: np.ndarray, ranking: Ranking
) -> list[np.ndarray]:
    """Lines where one component becomes likelier than another, each float64[n_vertices, 2].

    Parameters
    ----------
    gaussians : Gaussians
        The mixture, of two axes.
    x, y : ndarray of shape (n_x,), (n_y,)
        Lines of a grid, ascending.
    ranking : Ranking
        The likeliest components at its points, row by row.

    Notes
    -----
    A line is traced from both of its sides, and kept from that of the lower component: drawn twice
    the dashes of one would fill the gaps of the other.
    """
    from contourpy import contour_generator

    lines: list[np.ndarray] = []
    if not np.isfinite(ranking.log_second).all():  # there is one component alone
        return lines
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    for component in np.unique(ranking.first).tolist():
        leads = ranking.first == component
        rival = np.where(leads, ranking.log_second, ranking.log_first)
        lead = gaussians.log_term(component, points) - rival
        traced: Any = contour_generator(x, y, lead.reshape(len(y), len(x))).lines(0.0)
        for line in traced:
            middles = gaussians.rank((line[1:] + line[:-1]) / 2)
            other = np.where(middles.first == component, middles.second, middles.first)
            lines += _runs(line, other > component)
    return lines


def _runs(line: np.ndarray, kept: np.ndarray) -> list[np.ndarray]:
    """The parts of a line whose segments are kept, as lines."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]])))
    return [line[start : stop + 1] for start, stop in edges.reshape(-1, 2)]
