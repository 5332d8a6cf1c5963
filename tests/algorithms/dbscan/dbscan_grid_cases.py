"""Problems for the sorted grid, and brute force to compare it with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from scratchml.algorithms.dbscan.engines.grid import cluster_by_grid

SQRT2, SQRT3 = math.sqrt(2), math.sqrt(3)


def brute_force(X, eps, min_samples):
    """Labels and core points, by the definition."""
    X = X.astype(np.float64)
    sq_distances = np.zeros((len(X), len(X)))
    for x in X.T:
        sq_distances += (x[:, np.newaxis] - x) ** 2
    near = sq_distances <= eps * eps
    core = np.flatnonzero(near.sum(axis=1) >= min_samples)
    labels = np.full(len(X), -1)
    if len(core) > 0:
        n_clusters, members = connected_components(near[np.ix_(core, core)], directed=False)
        firsts = [np.flatnonzero(members == cluster)[0] for cluster in range(n_clusters)]
        of_core = np.argsort(np.argsort(firsts))[members]
        reached = np.where(near[:, core], of_core, n_clusters).min(axis=1)
        labels = np.where(reached < n_clusters, reached, -1)
        labels[core] = of_core
    return labels, core


def check(X, eps, min_samples):
    """Compare with brute force, exactly."""
    X = np.ascontiguousarray(X)
    clusters = cluster_by_grid(X, eps, min_samples)
    labels, core = brute_force(X, eps, min_samples)
    np.testing.assert_array_equal(clusters.labels, labels)
    np.testing.assert_array_equal(clusters.core_indices, core)
    assert clusters.labels.dtype == clusters.core_indices.dtype == np.int64
    assert isinstance(clusters.n_distances, int)
    return clusters


def problem(kind, n, n_features, rng):
    """Points and a radius; distances are often exactly eps, as far as rounding lets them."""
    eps = float(rng.choice([1, SQRT2, SQRT3, 2, math.sqrt(5), 0.5]))
    if kind == "lattice":
        X = rng.integers(0, 9, (n, n_features)).astype(float)
    elif kind == "tenths":
        X, eps = rng.integers(0, 12, (n, n_features)) * 0.1, 0.1 * round(2 * eps) / 2
    elif kind == "cell_corners":
        X = rng.integers(0, 8, (n, n_features)) * eps / math.sqrt(max(n_features, 2))
    elif kind == "normal":
        X = rng.normal(size=(n, n_features)) * rng.uniform(0.2, 4)
    elif kind == "duplicates":
        X = np.repeat(rng.normal(size=(-(-n // 7), n_features)) * 3, 7, axis=0)[:n]
    elif kind == "collinear":
        X = rng.normal(size=(n, 1)) * np.ones(n_features) * 5
    elif kind == "constant_column":
        X = rng.normal(size=(n, n_features)) * 3
        X[:, rng.integers(n_features)] = 2.5
    elif kind == "outliers":
        X = rng.normal(size=(n, n_features))
        X[: n // 10] *= 10.0 ** rng.integers(0, 6)
    elif kind == "offset":
        X = rng.integers(0, 40, (n, n_features)) / 4 + 1e6 * rng.integers(-1, 2, n_features)
    else:
        scale = 10.0 ** rng.integers(-30, 30)
        X, eps = rng.normal(size=(n, n_features)) * scale, eps / 2 * scale
    return X, eps


KINDS = ["lattice", "tenths", "cell_corners", "normal", "duplicates", "collinear"]
KINDS += ["constant_column", "outliers", "offset", "scales"]
each_kind = pytest.mark.parametrize("kind", KINDS)


def two_squares(gap, n_features, rng, n=60):
    """Two dense cells, whose last points are as far apart as the cells."""
    X = rng.random((2 * n, n_features)) / 8
    X[n:, 0] += 1 / 8 + gap
    X[[n - 1, 2 * n - 1], 1:] = 0
    X[n - 1, 0], X[2 * n - 1, 0] = 1 / 8, 1 / 8 + gap
    return X


def arc_around(radius, n_features, rng, n=60):
    """A dense cell so small, and an arc of points that are a little farther than 1 from it."""
    X = np.zeros((2 * n, n_features))
    X[:n] = rng.uniform(-1, 1, (n, n_features)) * radius / math.sqrt(n_features)
    angles = rng.uniform(1, 1.25, n)  # in one cell
    X[n:, 0], X[n:, 1] = np.cos(angles), np.sin(angles)
    X[n:] *= 1 + 1e-9
    return X
