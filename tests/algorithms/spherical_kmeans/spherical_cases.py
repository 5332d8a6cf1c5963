"""Data that spherical K-means may stumble over."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse


def text_like(n_samples: int = 120, n_features: int = 80, seed: int = 0) -> scipy.sparse.csr_array:
    """Counts of words: four topics, documents of very different lengths."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(n_features, 0.05), size=4)
    lengths = rng.integers(5, 400, n_samples)
    counts = [rng.multinomial(m, topics[i % 4]) for i, m in enumerate(lengths)]
    return scipy.sparse.csr_array(np.array(counts, dtype=float))


def tricky_data() -> dict[str, np.ndarray]:
    """Small data sets by name: ties, duplicates, extreme lengths, degenerate shapes."""
    rng = np.random.default_rng(0)
    zeros = rng.normal(size=(60, 4))
    zeros[[0, 7, 59]] = 0
    lengths = rng.normal(size=(200, 6)) * 10.0 ** rng.integers(-8, 8, (200, 1))
    extreme = rng.normal(size=(64, 6)) * 10.0 ** rng.integers(-307, 307, (64, 1))
    return {
        "directions": rng.normal(size=(300, 3)),
        "integers_with_ties": rng.integers(1, 4, size=(300, 2)).astype(float),
        "integers_with_ties_9d": rng.integers(-1, 2, size=(300, 9)).astype(float) + 0.0,
        "opposite": np.repeat([[1.0, 2.0], [-1.0, -2.0], [2.0, -1.0]], 20, axis=0),
        "duplicates": np.repeat(rng.normal(size=(12, 4)), 9, axis=0),
        "same_direction": np.outer(rng.uniform(0.5, 3, 50), [1.0, 2.0, 2.0]),
        "far_from_the_origin": np.round(rng.normal(size=(200, 7)), 1) + 1e4,
        "zero_rows": zeros,
        "one_feature": rng.normal(size=(150, 1)),
        "one_point": np.array([[1.0, 2.0, 3.0]]),
        "fewer_than_a_tile": rng.normal(size=(17, 12)),
        "several_tiles": rng.normal(size=(1100, 9)),
        "a_tile_and_one": rng.normal(size=(481, 5)),
        "wide": rng.normal(size=(90, 140)),
        "wide_with_ties": rng.integers(0, 2, size=(120, 135)).astype(float),
        "many_lengths": lengths,
        "extreme_lengths": extreme,
        "text_like": text_like().toarray(),
    }


TRICKY = tricky_data()
each_tricky = pytest.mark.parametrize(
    "name",
    # Uncompiled, a tile and one row show as much.
    [pytest.param(n, marks=pytest.mark.jit) if n == "several_tiles" else n for n in TRICKY],
)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])


def in_dtype(name: str, dtype: type) -> np.ndarray:
    """One of the data sets, its exponents squeezed where float32 could not hold them."""
    X = TRICKY[name]
    if dtype == np.float32 and name == "extreme_lengths":
        X = X / 10.0 ** (np.floor(np.log10(np.abs(X).max(axis=1, keepdims=True))) * 7 / 8)
    return X.astype(dtype)


def clusters_for(X: np.ndarray) -> int:
    """A number of clusters that the data can bear."""
    return min(5, len(X))
