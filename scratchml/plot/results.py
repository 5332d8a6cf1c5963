"""What a fitted estimator says of its clusters, whatever kind of estimator it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchml.core.containers import is_sparse
from scratchml.core.exceptions import NotFittedError, compatible


def labels_of(estimator: Any, X: Any) -> Any:
    """Labels of samples: what `predict` says of them, or else the `labels_` of the fit.

    Raises
    ------
    NotFittedError
        If the estimator has neither, or is not fitted.
    """
    if hasattr(estimator, "predict"):
        return estimator.predict(X)
    if not hasattr(estimator, "labels_"):
        raise compatible(NotFittedError)(
            f"This {type(estimator).__name__} instance has neither predict nor labels_. Call 'fit'"
            " with the data to be drawn first."
        )
    return estimator.labels_


def centers_of(estimator: Any) -> np.ndarray | None:
    """Centres or means as a dense array of shape (n_clusters, n_features); None without any."""
    centers: Any = getattr(estimator, "cluster_centers_", getattr(estimator, "means_", None))
    if is_sparse(centers):
        centers = centers.toarray()
    return centers if centers is not None and len(centers) else None
