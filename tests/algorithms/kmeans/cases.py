"""Data that K-means may stumble over."""

from __future__ import annotations

import numpy as np
import pytest


def tricky_data() -> dict[str, np.ndarray]:
    """Small data sets by name: ties, duplicates, offsets, degenerate shapes."""
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(c, 0.3, size=(60, 3)) for c in (0, 2, 5)])
    constant = rng.normal(size=(100, 5))
    constant[:, 2] = 7
    return {
        "blobs": blobs,
        "integers_with_ties": rng.integers(0, 4, size=(300, 2)).astype(float),
        "integers_with_ties_6d": rng.integers(0, 3, size=(300, 6)).astype(float),
        "rounded_at_offset": np.round(rng.normal(size=(200, 7)), 1) + 1e4,
        "duplicates": np.repeat(rng.normal(size=(12, 4)), 9, axis=0),
        "constant_column": constant,
        "one_feature": rng.normal(size=(150, 1)),
        "one_point": np.array([[1.0, 2.0, 3.0]]),
        "all_equal": np.full((50, 6), 3.25),
        "fewer_than_a_tile": rng.normal(size=(17, 12)),
        "several_tiles": rng.normal(size=(1500, 9)),
        "a_tile_and_one": rng.normal(size=(481, 5)),
        "wide": rng.normal(size=(90, 140)),
        "wide_with_ties": rng.integers(0, 2, size=(120, 135)).astype(float),
        "far_outlier": np.concatenate([blobs, [[1e9, 0, 0]]]),
        "tiny_values": rng.normal(size=(80, 6)) * 1e-150,
        "huge_values": rng.normal(size=(80, 6)) * 1e150,
    }


TRICKY = tricky_data()
each_tricky = pytest.mark.parametrize(
    "name",
    # Uncompiled, a tile and one row show as much.
    [pytest.param(n, marks=pytest.mark.jit) if n == "several_tiles" else n for n in TRICKY],
)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def in_dtype(name: str, dtype: type) -> np.ndarray:
    """One of the data sets, scaled where float32 could not hold its squares."""
    X = TRICKY[name]
    if dtype == np.float32 and name in ("tiny_values", "huge_values"):
        X = X / np.abs(X).max() * (1e-18 if name == "tiny_values" else 1e18)
    return X.astype(dtype)


def clusters_for(X: np.ndarray) -> int:
    """A number of clusters that the data can bear."""
    return min(5, len(X))
