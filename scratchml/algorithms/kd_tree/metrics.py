"""The metrics of the tree, by scikit-learn's names."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from .kernels.structure import CHEBYSHEV, EUCLIDEAN, MANHATTAN, MINKOWSKI, Metric

CODES = {
    "euclidean": EUCLIDEAN,
    "l2": EUCLIDEAN,
    "minkowski": MINKOWSKI,
    "p": MINKOWSKI,
    "manhattan": MANHATTAN,
    "cityblock": MANHATTAN,
    "l1": MANHATTAN,
    "chebyshev": CHEBYSHEV,
    "infinity": CHEBYSHEV,
}
"""Names and codes. The Minkowski metric has cases with a code of their own."""

SPECIAL_CASES = {1: MANHATTAN, 2: EUCLIDEAN, math.inf: CHEBYSHEV}
"""Exponents of the Minkowski metric, and the metrics that they make."""


def as_metric(name: Any, p: Any) -> Metric:
    """The metric of a name and an exponent.

    Raises
    ------
    ValueError
        If the tree has no such metric, or the exponent is below 1, where there is no metric.
    """
    if not isinstance(name, str) or name not in CODES:
        raise ValueError(f"metric {name!r} is not valid for KDTree; it has {sorted(CODES)}")
    code = CODES[name]
    if code == MINKOWSKI:
        if not isinstance(p, Real) or not float(p) >= 1:
            raise ValueError(f"p must be a number of at least 1, got {p!r}")
        code = SPECIAL_CASES.get(float(p), MINKOWSKI)
    return Metric(code, float(p) if code == MINKOWSKI else 2.0)
