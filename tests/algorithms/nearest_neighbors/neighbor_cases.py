"""Points that a search for neighbours may stumble over."""

from __future__ import annotations

import numpy as np
import pytest

from scratchml.core.jit import compilation_is_on

MANY = 1100 if compilation_is_on() else 100
WIDE = 40 if compilation_is_on() else 12


def tricky_points() -> dict[str, np.ndarray]:
    """Small sets of points by name: ties, duplicates, offsets, degenerate shapes."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(c, 0.3, size=(30, 6)) for c in (0, 20, 500)])
    constant = rng.normal(size=(70, 7))
    constant[:, 2] = 7
    points = {
        "normal": rng.normal(size=(120, 9)),
        "several_tiles": rng.normal(size=(MANY, 9)),
        "two_features": rng.normal(size=(90, 2)),
        "one_feature": rng.normal(size=(80, 1)),
        "lattice": rng.integers(0, 3, size=(130, 6)).astype(float),
        "lattice_2d": rng.integers(0, 4, size=(100, 2)).astype(float),
        "binary_wide": rng.integers(0, 2, size=(70, WIDE)).astype(float),
        "duplicates": np.repeat(rng.normal(size=(9, 5)), 9, axis=0),
        "all_equal": np.full((160, 6), 3.25),  # more than may wait for a query
        "zeros": np.zeros((40, 8)),
        "constant_column": constant,
        "far_blobs": blobs,
        "offset": rng.normal(size=(90, 7)) + 1e6,
        "rounded_offset": np.round(rng.normal(size=(90, 7)), 1) + 1e4,
        "outlier": np.concatenate([rng.normal(size=(80, 6)), np.full((1, 6), 1e9)]),
        "one_point": np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]),
        "tiny": rng.normal(size=(60, 6)) * 1e-160,
        "subnormal": rng.normal(size=(60, 6)) * 1e-310,
        "huge": rng.normal(size=(60, 6)) * 1e160,
        "wide": rng.normal(size=(50, 200) if compilation_is_on() else (40, 30)),
    }
    if compilation_is_on():
        return points
    return {name: X if name == "several_tiles" else X[-45:] for name, X in points.items()}


TRICKY = tricky_points()
FEW = ("several_tiles", "lattice", "duplicates", "one_point", "huge")
each_tricky = pytest.mark.parametrize("name", TRICKY)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def in_dtype(name: str, dtype: type) -> np.ndarray:
    """One of the sets, scaled where float32 could not hold it."""
    X = TRICKY[name]
    if dtype == np.float32 and name in ("tiny", "subnormal", "huge"):
        X = X / np.abs(X).max() * {"tiny": 1e-30, "subnormal": 1e-40, "huge": 1e30}[name]
    return X.astype(dtype)


def queries_for(X: np.ndarray) -> np.ndarray:
    """Some of the points, and others beside them: enough for packing to pay."""
    rng = np.random.default_rng(1)
    beside = X[rng.integers(0, len(X), 20)] * X.dtype.type(1.001)
    return np.concatenate([X[:25], beside.astype(X.dtype)])


def numbers_of_neighbors(n_points: int) -> list[int]:
    """One, a few, most and all."""
    return sorted({1, min(5, n_points), max(n_points // 8, 1), n_points})
