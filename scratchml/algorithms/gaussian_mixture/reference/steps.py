"""The two steps of EM."""

from __future__ import annotations

import numpy as np

from .densities import log_densities

LITTLE = 10 * np.finfo(float).eps
"""Added to the weight of each component, over the mean weight of the samples."""


def e_step(
    X: np.ndarray,
    pi: np.ndarray,
    mu: np.ndarray,
    Sigma: np.ndarray,
    covariance_type: str,
    w: np.ndarray | None = None,
) -> tuple[float, np.ndarray]:
    """Weighted mean of log p(x), and the responsibilities.

    Sums of exponentials are taken relative to the largest, which neither overflow nor all vanish.

    Parameters
    ----------
    X : float[n, d]
    pi : float[k]
    mu : float[k, d]
    Sigma : float, see `as_matrices`
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    w : float[n], optional

    Returns
    -------
    mean_log_likelihood : float
    r : float[n, k]
    """
    with np.errstate(divide="ignore"):  # a component of weight zero
        log_terms = np.log(pi) + log_densities(X, mu, Sigma, covariance_type)
    largest = log_terms.max(axis=1, keepdims=True)
    log_p = largest + np.log(np.exp(log_terms - largest).sum(axis=1, keepdims=True))  # 9.28
    r = np.exp(log_terms - log_p)  # 9.23
    return float(np.average(log_p[:, 0], weights=w)), r


def moments(
    X: np.ndarray, r: np.ndarray, w: np.ndarray | None, old_mu: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N, means and W of the samples of each component.

    A little weight is added where each mean was, at the origin if that is not known: a component
    without samples stays there.
    """
    wr = r if w is None else w[:, None] * r
    little = LITTLE * (1 if w is None else w.mean())
    N = wr.sum(axis=0) + little  # 9.27
    means = (wr.T @ X + little * (0 if old_mu is None else old_mu)) / N[:, None]  # 9.24
    W = np.array([(wr[:, c, None] * (X - m)).T @ (X - m) for c, m in enumerate(means)])
    return N, means, W


def m_step(
    X: np.ndarray,
    r: np.ndarray,
    w: np.ndarray | None,
    reg_covar: float,
    covariance_type: str,
    old_mu: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters of the largest likelihood when samples belong to components as r says.

    Parameters
    ----------
    X : float[n, d]
    r : float[n, k]
    w : float[n] or None
    reg_covar : float
        Added to the variances.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    old_mu : float[k, d], optional
        Where the means were.

    Returns
    -------
    pi, mu, Sigma
        Of the shapes that `e_step` takes.
    """
    N, mu, W = moments(X, r, w, old_mu)
    d = X.shape[1]
    if covariance_type == "full":
        Sigma = W / N[:, None, None] + reg_covar * np.eye(d)  # 9.25
    elif covariance_type == "tied":
        Sigma = W.sum(axis=0) / N.sum() + reg_covar * np.eye(d)
    elif covariance_type == "diag":
        Sigma = np.diagonal(W, axis1=1, axis2=2) / N[:, None] + reg_covar
    else:
        Sigma = np.trace(W, axis1=1, axis2=2) / (N * d) + reg_covar
    return N / N.sum(), mu, Sigma  # 9.26
