"""Pairs of labelings that metrics may stumble over."""

from __future__ import annotations

import numpy as np
import pytest

from scratchml import metrics
from scratchml.algorithms.external_metrics import reference


def tricky_pairs() -> dict[str, tuple]:
    """Labels of classes and of clusters by name: edge cases, and kinds of labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 120)
    noisy = np.where(rng.random(120) < 0.7, y, rng.integers(0, 7, 120))
    grid = np.repeat(np.arange(4), 15)
    return {
        "random": (y, rng.integers(0, 7, 120)),
        "noisy": (y, noisy),
        "equal": (y, y),
        "renamed": (y, 3 * ((y + 2) % 5) - 4),
        "independent": (grid, np.tile(np.arange(15), 4)),
        "nested": (y, y * 10 + rng.integers(0, 3, 120)),
        "merged": (y, y // 2),
        "one_class": (np.zeros(120, int), noisy),
        "one_cluster": (y, np.ones(120, int)),
        "one_and_one": ([7] * 5, [3] * 5),
        "each_a_class": (np.arange(40), np.arange(40) % 3),
        "each_a_cluster": (np.arange(40) % 3, rng.permutation(40)),
        "each_and_each": (np.arange(40), rng.permutation(40)),
        "all_but_two": (np.arange(40) // 1.05, np.arange(40)[::-1] % 39),
        "one_sample": ([4], [4]),
        "two_samples": ([0, 1], [0, 0]),
        "uneven": (np.arange(150) < 2, np.arange(150) ** 3 // 200_000),
        "int8_full_range": (np.array([-128, 127] * 40, np.int8), noisy[:80].astype(np.int8)),
        "uint8": (y.astype(np.uint8), (250 + noisy % 6).astype(np.uint8)),
        "uint64": (y.astype(np.uint64) + np.uint64(2**63 - 2), noisy),
        "far_apart": (y * 10**17 - 2 * 10**17, noisy * -(10**9)),
        "big_endian": (y.astype(">i4"), noisy.astype(">i8")),
        "strided": (np.repeat(y, 2)[::2], noisy[::-1]),
        "bools": (y > 2, noisy > 2),
        "whole_floats": (y.astype(np.float32) - 2, noisy * 1.0),
        "strings": (np.array(list("abcde"))[y], [f"cluster {v}" for v in noisy]),
        "objects": (np.array(list("edcba"), object)[y], noisy.astype(object)),
        "lists": (y.tolist(), tuple(noisy.tolist())),
    }


TRICKY = tricky_pairs()
each_tricky = pytest.mark.parametrize("name", TRICKY)

SCORES = [
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "completeness_score",
    "fowlkes_mallows_score",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "rand_score",
    "v_measure_score",
]
SYMMETRIC = [name for name in SCORES if name not in ("completeness_score", "homogeneity_score")]
AVERAGES = ["arithmetic", "geometric", "max", "min"]


def all_scores(labels_true, labels_pred) -> dict[str, float]:
    """Every score of a pair of labelings."""
    return {name: getattr(metrics, name)(labels_true, labels_pred) for name in SCORES}


def expected_scores(labels_true, labels_pred) -> dict[str, float]:
    """Every score of two labelings with several clusters, other than each other, by reference."""
    n = reference.contingency(list(labels_true), list(labels_pred))
    a, b, _ = reference.margins(n)
    information = reference.mutual_information(n)
    return {
        "adjusted_mutual_info_score": reference.adjusted_mutual_information(n),
        "adjusted_rand_score": float(reference.adjusted_rand(n)),
        "completeness_score": reference.homogeneity(n.T),
        "fowlkes_mallows_score": reference.fowlkes_mallows(n),
        "homogeneity_score": reference.homogeneity(n),
        "mutual_info_score": information,
        "normalized_mutual_info_score": 2
        * information
        / (reference.entropy(a) + reference.entropy(b)),
        "rand_score": float(reference.rand(n)),
        "v_measure_score": reference.v_measure(n),
    }
