"""Data and labels that silhouettes may stumble over."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from scratchml.algorithms.silhouette import reference
from scratchml.core.jit import compilation_is_on

COMPILED = compilation_is_on()
METRICS = ("euclidean", "sqeuclidean", "manhattan", "cosine")
SCIPY_NAMES = {"manhattan": "cityblock"}


def tricky_problems() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Small data sets with labels, by name."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(c, 0.7, size=(40, 3)) for c in (0, 2, 5)])
    of_blobs = np.repeat([0, 1, 2], 40)
    constant = rng.normal(size=(70, 5))
    constant[:, 2] = 7
    uneven = np.repeat(np.arange(5), [1, 1, 2, 90, 13])
    problems = {
        "blobs": (blobs, of_blobs),
        "labels_of_chance": (blobs, rng.integers(0, 6, 120)),
        "one_feature": (rng.normal(size=(90, 1)), rng.integers(0, 3, 90)),
        "two_features": (rng.normal(size=(97, 2)), rng.integers(0, 4, 97)),
        "forty_features": (rng.normal(size=(80, 40)), rng.integers(0, 4, 80)),
        "wide": (rng.normal(size=(50, 300 if COMPILED else 30)), rng.integers(0, 3, 50)),
        "duplicates": (np.repeat(rng.normal(size=(9, 4)), 9, axis=0), rng.integers(0, 3, 81)),
        "clusters_of_duplicates": (
            np.repeat(rng.normal(size=(6, 4)), 7, axis=0),
            np.arange(42) // 7,
        ),
        "all_equal": (np.full((30, 6), 3.25), rng.integers(0, 3, 30)),
        "zeros": (np.zeros((20, 2)), rng.integers(0, 2, 20)),
        "some_rows_of_zeros": (blobs * (rng.random((120, 1)) < 0.8), of_blobs),
        "lattice": (rng.integers(0, 3, size=(100, 4)).astype(float), rng.integers(0, 5, 100)),
        "constant_column": (constant, rng.integers(0, 4, 70)),
        "one_point_clusters": (blobs[:60], np.append(np.zeros(50, int), np.arange(1, 11))),
        "uneven_clusters": (rng.normal(size=(107, 6)), rng.permutation(uneven)),
        "k_is_n_less_one": (rng.normal(size=(25, 3)), np.append(np.arange(24), 7)),
        "pairs": (rng.normal(size=(80, 3)), rng.permutation(np.arange(80) // 2)),
        "three_points": (np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])),
        "offset_1e6": (blobs + 1e6, of_blobs),
        "offset_1e8": (blobs + 1e8, of_blobs),
        "offset_1e3": (rng.normal(size=(107, 5)) + 1e3, rng.permutation(uneven)),
        "far_blobs": (blobs + 1e5 * of_blobs[:, np.newaxis], of_blobs),
        "outlier": (np.concatenate([blobs, np.full((1, 3), 1e9)]), np.append(of_blobs, 1)),
        "farthest_outlier": (np.append(blobs, [[1e60] * 3], axis=0), np.append(of_blobs, 1)),
        "outlier_first": (np.append([[1e20] * 3], blobs, axis=0), np.append(7, of_blobs)),
        "far_cluster_first": (
            np.concatenate([1e8 + 1e-2 * blobs[:20], blobs]),
            np.append([5] * 20, of_blobs),
        ),
        "tiny_values": (rng.normal(size=(60, 6)) * 1e-100, rng.integers(0, 3, 60)),
        "huge_values": (rng.normal(size=(60, 6)) * 1e100, rng.integers(0, 3, 60)),
    }
    # Around the edges of blocks and tiles, and clusters that are no multiple of anything.
    for n in (255, 257, 481) if COMPILED else (33,):
        problems[f"{n}_samples"] = (rng.normal(size=(n, 5)), rng.integers(0, 7, n))
    return problems


TRICKY = tricky_problems()
each_tricky = pytest.mark.parametrize("name", TRICKY)
each_metric = pytest.mark.parametrize("metric", METRICS)


def tolerance(name: str, metric: str) -> float:
    """How far from the reference rounding may move silhouettes.

    Far from the origin directions differ in their last digits only, and a mean is rounded to what
    its size allows.
    """
    if metric in ("cosine", "sqeuclidean"):
        return {"offset_1e3": 1e-9, "offset_1e6": 1e-9, "offset_1e8": 1e-7}.get(name, 1e-10)
    return 1e-10


def in_float32(name: str) -> tuple[np.ndarray, np.ndarray]:
    """One of them in float32, scaled where its squares would not fit."""
    X, labels = TRICKY[name]
    scales = {"tiny_values": 1e88, "huge_values": 1e-88, "farthest_outlier": 1e-28}
    scale = scales.get(name, 1.0)
    return (X * scale).astype(np.float32), labels


def sums_of(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """D_iC of a matrix of distances, float64[n, k]: faster than the reference's for large k."""
    return distances @ (labels[:, np.newaxis] == np.unique(labels)).astype(float)


def by_matrix(X: np.ndarray, labels: np.ndarray, metric: str = "euclidean") -> np.ndarray:
    """Silhouettes from SciPy's distances and the reference's equations (2) to (4)."""
    distances = cdist(X, X, SCIPY_NAMES.get(metric, metric))
    return reference.silhouettes(sums_of(distances, labels), labels)
