"""EM, and what each of its iterations shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .prior import Prior, log_prior, map_step
from .steps import e_step, m_step


class EMStep(NamedTuple):
    """One iteration of EM."""

    iteration: int
    L: float
    """Lower bound of the parameters before this step."""
    change: float
    """By how much it is higher than that of the step before."""
    r: np.ndarray
    """Responsibilities of the parameters before this step."""
    pi: np.ndarray
    mu: np.ndarray
    Sigma: np.ndarray


def em(
    X: np.ndarray,
    pi: np.ndarray,
    mu: np.ndarray,
    Sigma: np.ndarray,
    covariance_type: str = "full",
    w: np.ndarray | None = None,
    reg_covar: float = 1e-6,
    tol: float = 1e-3,
    max_iter: int = 100,
    prior: Prior | None = None,
) -> Iterator[EMStep]:
    """Alternate responsibilities and parameters until the lower bound changes by less than ``tol``.

    Parameters
    ----------
    X : float[n, d]
    pi, mu, Sigma
        Initial parameters (step 1): float[k], float[k, d], and as `as_matrices` says.
    covariance_type : {'full', 'tied', 'diag', 'spherical'}
    w : float[n], optional
    reg_covar : float
        Of no use with a prior, whose scale has it.
    tol : float
    max_iter : int
    prior : Prior, optional

    Yields
    ------
    EMStep
        Once for each iteration; O(n k d^2).

    Raises
    ------
    numpy.linalg.LinAlgError
        When a component has collapsed: its covariance is no longer positive definite.
    """
    L = -np.inf
    total = len(X) if w is None else w.sum()
    for iteration in range(1, max_iter + 1):
        before = L
        # Step 2: responsibilities of these parameters; and step 4, their lower bound.
        L, r = e_step(X, pi, mu, Sigma, covariance_type, w)
        if prior is not None:
            L += log_prior(mu, Sigma, prior, covariance_type) / total
        # Step 3: parameters for these responsibilities.
        if prior is None:
            pi, mu, Sigma = m_step(X, r, w, reg_covar, covariance_type, mu)
        else:
            pi, mu, Sigma = map_step(X, r, w, prior, covariance_type)
        yield EMStep(iteration, L, L - before, r, pi, mu, Sigma)
        if abs(L - before) < tol:
            return
