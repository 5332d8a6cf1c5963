"""Fits of one estimator with different numbers of clusters."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchml.core.labels import check_labels, encode_labels

COUNTS = ("n_clusters", "n_components")
"""Names that the number of clusters may have among the parameters of an estimator."""

MAX_SEED = 2**31 - 1


class Fits:
    """Makes fitted copies of an estimator.

    Parameters
    ----------
    estimator : estimator
        With ``get_params``, ``fit``, ``fit_predict`` or ``predict``, and one of the parameters
        `COUNTS`. It is left as it is.

    Raises
    ------
    TypeError
        If it is none such.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
            raise TypeError(f"choose_k needs an instance of an estimator, got {estimator!r}.")
        self._names = set(estimator.get_params(deep=False))
        found = [name for name in COUNTS if name in self._names]
        if not found:
            hint = ""
            if "steps" in self._names:
                hint = (
                    " Of a pipeline, apply the steps before the clusterer first, and pass the"
                    " clusterer and what they return."
                )
            raise TypeError(
                f"choose_k needs an estimator with the parameter {' or '.join(COUNTS)},"
                f" got {estimator!r}.{hint}"
            )
        if not (hasattr(estimator, "fit_predict") or hasattr(estimator, "predict")):
            raise TypeError(
                "choose_k needs a clusterer, with fit_predict or predict, but"
                f" {estimator!r} has neither."
            )
        self._count = found[0]

    def __call__(self, X: Any, k: int, seed: int | None) -> Any:
        """A copy that is fitted to some data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        k : int
            Number of clusters.
        seed : int or None
            Its ``random_state``, if it has one; None leaves that as it is.
        """
        changed: dict[str, Any] = {self._count: k}
        if seed is not None and "random_state" in self._names:
            changed["random_state"] = seed
        model = clone(self.estimator).set_params(**changed)
        model.fit(X)
        return model


def clone(estimator: Any) -> Any:
    """A copy with the same parameters, not fitted, as scikit-learn's clone makes it."""
    if hasattr(estimator, "__sklearn_clone__"):
        return estimator.__sklearn_clone__()
    params = {
        name: clone(value) if _is_estimator(value) else copy.deepcopy(value)
        for name, value in estimator.get_params(deep=False).items()
    }
    copied = type(estimator)(**params)
    for name in ("_skl_callbacks", "_sklearn_output_config", "_metadata_request"):
        if name in vars(estimator):
            setattr(copied, name, vars(estimator)[name])
    return copied


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def codes_of(model: Any, X: Any) -> tuple[np.ndarray, int]:
    """The clusters in which a fitted copy has put the samples it was fitted to.

    Returns
    -------
    codes : int32[n_samples]
        0 to ``n_found - 1``.
    n_found : int
        How many clusters have samples; they may be fewer than were asked for.
    """
    labels = model.labels_ if hasattr(model, "labels_") else model.predict(X)
    classes, codes = encode_labels(check_labels(labels, len(X), "labels_"))
    return codes, len(classes)


def codes_of_others(model: Any, X: np.ndarray, codes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The clusters of samples that a copy was not fitted to.

    By its ``predict``; without one, each sample is in the cluster of the nearest of those it was
    fitted to.

    Parameters
    ----------
    model : estimator
        Fitted to X.
    X : float[n_samples, n_features]
    codes : int32[n_samples]
        The clusters of X.
    others : float[n_others, n_features]

    Returns
    -------
    ndarray of shape (n_others,)
    """
    if hasattr(model, "predict"):
        return model.predict(others)
    from scratchml.algorithms.nearest_neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1).fit(X, codes).predict(others)
