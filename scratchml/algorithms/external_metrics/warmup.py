"""Workloads that call every kernel of the external metrics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .chance import adjusted_mutual_info_score


def compare(n_samples: int, n_labels: int, dtype: type[np.floating]) -> None:
    """Compare two labelings; where there are many labels, they are counted by sorting."""
    labels = np.arange(n_samples) % n_labels
    adjusted_mutual_info_score(labels.astype(dtype), np.roll(labels, 1) // 2)


WORKLOADS: dict[str, Callable[[type[np.floating]], None]] = {
    "few labels": lambda dtype: compare(30, 3, dtype),
    "many labels": lambda dtype: compare(600, 300, dtype),
}
"""The table of all pairs of labels, the counting sorts, and the expected mutual information."""
