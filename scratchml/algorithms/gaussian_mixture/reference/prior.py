"""A conjugate prior, which keeps components from collapsing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .densities import as_matrices, log_determinant_and_forms
from .steps import moments


class Prior(NamedTuple):
    """Normal-inverse-Wishart prior of each mean and covariance."""

    kappa: float
    """Weight of the prior mean, in samples."""
    mu: np.ndarray
    """Prior mean, float[d]."""
    nu: float
    """Degrees of freedom."""
    Lambda: np.ndarray
    """Scale, float[d, d]."""


def data_prior(X: np.ndarray, k: int, reg_covar: float, w: np.ndarray | None = None) -> Prior:
    """The prior that Fraley and Raftery propose: it knows the place and the extent of the data.

    Its scale is the covariance of the data, shrunk so that k ellipsoids have the data's volume.
    """
    mean = np.average(X, axis=0, weights=w)
    covariance = np.cov(X.T, ddof=0, aweights=w).reshape(X.shape[1], -1)
    d = X.shape[1]
    return Prior(0.01, mean, d + 2.0, covariance / k ** (2 / d) + reg_covar * np.eye(d))


def map_step(
    X: np.ndarray, r: np.ndarray, w: np.ndarray | None, prior: Prior, covariance_type: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters of the largest likelihood times prior density.

    The prior mean draws like kappa samples: mu is the mean of those and of the component's own, and
    S the scatter of both about it. What divides the scatter is how often the logarithm of the
    variance counts in `log_prior` and the likelihood together.

    Parameters
    ----------
    X, r, w, covariance_type
        As of `m_step`.
    prior : Prior

    Returns
    -------
    pi, mu, Sigma
        As of `m_step`.
    """
    N, means, W = moments(X, r, w, None)
    (k, d), (kappa, _, nu, Lambda) = means.shape, prior
    mu = (N[:, None] * means + kappa * prior.mu) / (N[:, None] + kappa)
    away = means - prior.mu
    S = W + (kappa * N / (kappa + N))[:, None, None] * away[:, :, None] * away[:, None, :]
    if covariance_type == "full":
        Sigma = (Lambda + S) / (nu + N + d + 2)[:, None, None]
    elif covariance_type == "tied":
        Sigma = (Lambda + S.sum(axis=0)) / (nu + N.sum() + d + k + 1)
    elif covariance_type == "diag":
        Sigma = (np.diag(Lambda) + np.diagonal(S, axis1=1, axis2=2)) / (nu + N + 3)[:, None]
    else:
        s2 = np.trace(Lambda) / d
        Sigma = (s2 + np.trace(S, axis1=1, axis2=2)) / (nu + (N + 1) * d + 2)
    return N / N.sum(), mu, Sigma


def log_prior(mu: np.ndarray, Sigma: np.ndarray, prior: Prior, covariance_type: str) -> float:
    """Log-density of the prior, but for a term that no parameter changes.

    mu_k | Sigma_k ~ N(prior mean, Sigma_k / kappa) and Sigma_k ~ inverse-Wishart(nu, Lambda), whose
    Sigma is drawn once for all components if 'tied'. A variance ~ inverse-gamma(nu / 2, s^2 / 2),
    with s^2 the entry of its feature in Lambda's diagonal ('diag') or their mean ('spherical').

    Parameters
    ----------
    mu : float[k, d]
    Sigma : float, see `as_matrices`
    prior : Prior
    covariance_type : {'full', 'tied', 'diag', 'spherical'}

    Returns
    -------
    float
    """
    (k, d), (kappa, _, nu, Lambda) = mu.shape, prior
    total = 0.0
    for c, matrix in enumerate(as_matrices(Sigma, k, d, covariance_type)):
        log_determinant, forms = log_determinant_and_forms(mu[c, None] - prior.mu, matrix)
        total += log_determinant + kappa * float(forms[0])
    if covariance_type in ("full", "tied"):
        for matrix in Sigma.reshape(-1, d, d):
            log_determinant, _ = log_determinant_and_forms(np.eye(d), matrix)
            total += (nu + d + 1) * log_determinant + np.trace(np.linalg.solve(matrix, Lambda))
    else:
        s2 = np.diag(Lambda) if covariance_type == "diag" else np.trace(Lambda) / d
        total += float(((nu + 2) * np.log(Sigma) + s2 / Sigma).sum())
    return -float(total) / 2
