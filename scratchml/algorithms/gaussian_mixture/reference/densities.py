"""Gaussian densities, whatever the covariance type."""

from __future__ import annotations

import math

import numpy as np


def as_matrices(Sigma: np.ndarray, k: int, d: int, covariance_type: str) -> np.ndarray:
    """Covariances of any type as one matrix for each component.

    Parameters
    ----------
    Sigma : float[k, d, d] if 'full', [d, d] if 'tied', [k, d] if 'diag', [k] if 'spherical'
    k, d : int
    covariance_type : {'full', 'tied', 'diag', 'spherical'}

    Returns
    -------
    float[k, d, d]
    """
    if covariance_type == "spherical":
        return Sigma[:, None, None] * np.eye(d)
    if covariance_type == "diag":
        return Sigma[:, :, None] * np.eye(d)
    return np.broadcast_to(Sigma, (k, d, d))


def log_determinant_and_forms(V: np.ndarray, Sigma: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-determinant of a covariance, and the quadratic form v^T Sigma^-1 v of each row.

    By Cholesky's factor C, Sigma = C C^T: then the form is |C^-1 v|^2.

    Parameters
    ----------
    V : float[m, d]
    Sigma : float[d, d]

    Returns
    -------
    log_determinant : float
    forms : float[m]

    Raises
    ------
    numpy.linalg.LinAlgError
        If Sigma is not positive definite.
    """
    C = np.linalg.cholesky(Sigma)
    return 2 * float(np.log(np.diag(C)).sum()), (np.linalg.solve(C, V.T) ** 2).sum(axis=0)


def log_densities(
    X: np.ndarray, mu: np.ndarray, Sigma: np.ndarray, covariance_type: str
) -> np.ndarray:
    """Log N(x | mu_k, Sigma_k) of all samples and components (equation 2.43).

    Parameters
    ----------
    X : float[n, d]
    mu : float[k, d]
    Sigma : float, see `as_matrices`
    covariance_type : {'full', 'tied', 'diag', 'spherical'}

    Returns
    -------
    float[n, k]
    """
    (n, d), k = X.shape, len(mu)
    out = np.empty((n, k))
    for c, matrix in enumerate(as_matrices(Sigma, k, d, covariance_type)):
        log_determinant, sq_mahalanobis = log_determinant_and_forms(X - mu[c], matrix)
        out[:, c] = -(d * math.log(2 * math.pi) + log_determinant + sq_mahalanobis) / 2
    return out
