"""Points that a path may stumble over, and DBSCAN in plain NumPy to compare with."""

from __future__ import annotations

import numpy as np
import pytest

from scratchml.algorithms.dbscan import reference as dbscan_reference
from scratchml.core.jit import compilation_is_on

SIZE = 60 if compilation_is_on() else 24
LARGEST = np.finfo(np.float64).max
OVERFLOWS = "distances_beyond_the_largest"


def tricky_points() -> dict[str, tuple[np.ndarray, int]]:
    """Points and ``min_samples`` by name: ties, duplicates, offsets, degenerate shapes."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(c, 0.3, size=(SIZE // 3, 2)) for c in (0, 1.2, 4)])
    lattice = np.stack(np.meshgrid(*[np.arange(5.0)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    constant = rng.normal(size=(SIZE, 3))
    constant[:, 1] = 7
    return {
        "blobs": (blobs, 4),
        "min_samples_1": (blobs, 1),
        "min_samples_2": (blobs, 2),
        "as_many_as_there_are": (blobs, len(blobs)),
        "more_than_there_are": (blobs, len(blobs) + 1),
        "lattice": (lattice[rng.permutation(25)], 4),
        "lattice_single_link": (lattice, 1),
        "duplicates": (np.repeat(rng.normal(size=(SIZE // 4, 3)), 4, axis=0), 3),
        "fewer_duplicates_than_needed": (np.repeat(rng.normal(size=(SIZE // 2, 2)), 2, axis=0), 5),
        "all_equal": (np.full((SIZE, 3), 3.25), 5),
        "one_point": (np.array([[1.0, 2.0]]), 1),
        "one_point_of_noise": (np.array([[1.0, 2.0]]), 2),
        "two_points": (np.array([[0.0, 0.0], [0.3, 0.4]]), 2),
        "one_feature": (rng.normal(size=(SIZE, 1)), 3),
        "constant_column": (constant, 4),
        "rounded_at_offset": (np.round(rng.normal(size=(SIZE, 2)), 1) + 1e6, 4),
        "eight_features": (rng.normal(size=(SIZE, 8)), 5),
        "far_outlier": (np.concatenate([blobs, [[1e9, 0]]]), 4),
        "tiny_values": (blobs * 1e-160, 4),
        "huge_values": (blobs * 1e153, 4),
        OVERFLOWS: (np.array([[-1.0], [-0.9], [0.9], [1.0]]) * LARGEST, 2),
    }


TRICKY = tricky_points()
each_tricky = pytest.mark.parametrize(
    "name",
    # NumPy warns of what overflows, compiled code does not.
    [pytest.param(n, marks=pytest.mark.jit) if n == OVERFLOWS else n for n in TRICKY],
)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def reduced_distances(X, row, p):
    """Sums of powers in feature order; for Chebyshev the largest difference."""
    total = np.zeros(len(X))
    for j in range(X.shape[1]):
        gap = np.abs(X[:, j].astype(np.float64) - np.float64(row[j]))
        if np.isinf(p):
            total = np.maximum(total, gap)
        else:
            total = total + (gap * gap if p == 2 else gap if p == 1 else gap**p)
    return total


def reduce_radius(eps, p):
    """What reduced distances are compared with."""
    return eps * eps if p == 2 else eps if p in (1, np.inf) else eps**p


def labels_of(X, eps, min_samples, p=2):
    """The labels and the core points of DBSCAN, by comparing all pairs."""
    with np.errstate(over="ignore"):
        limit = reduce_radius(np.float64(eps), p)
        cores, labels = dbscan_reference.dbscan(
            X, limit, min_samples, distances=lambda X, row: reduced_distances(X, row, p)
        )
    return labels, cores


def cuts_of(path, rng, n_cuts):
    """Values of eps: where something changes, just below, and anywhere."""
    levels = np.concatenate([path.core_distances_, path.spanning_tree_["distance"]])
    levels = np.unique(levels[(levels > 0) & (levels < np.inf)])
    if len(levels) == 0:
        return np.array([0.5, 1e3])
    exact = rng.choice(levels, n_cuts)
    below = np.nextafter(rng.choice(levels, n_cuts), 0)
    between = levels[0] / 2 + rng.uniform(size=n_cuts) * (min(levels[-1], LARGEST / 4) * 1.2)
    values = np.concatenate([exact, below, between])
    return values[(values > 0) & (values < np.inf)]


def assert_path_is_dbscan(path, X, eps, p=2):
    """Everything that the path says of an eps is what DBSCAN finds."""
    expected, cores = labels_of(X, eps, path.min_samples, p)
    labels = path.labels(eps)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(path.core_sample_indices(eps), cores)
    assert path.n_clusters(eps) == expected.max() + 1
    assert path.n_noise(eps) == (expected == -1).sum()
