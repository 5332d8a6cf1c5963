"""BIC, AIC and ICL of a Gaussian mixture, in plain NumPy.

symbol     name
---------  -----------------------------------------------------------------------
n, d, k    numbers of samples, features and components
pi         weights of the components, float[k]
mu         means, float[k, d]
Sigma      covariances as full matrices, float[k, d, d]
log_joint  log of pi_j times the density of component j at x_i, float[n, k]        (1)
log_p      log density of the mixture at each sample, float[n]                     (2)
L          log-likelihood: sum of log_p                                            (3)
m          number of free parameters                                               (4)
r          responsibilities: share of each component in the density at a sample
BIC        -2 L + m log n                                                          (5)
AIC        -2 L + 2 m                                                              (6)
ICL        BIC - 2 sum_i log max_j r_ij                                            (7)

Of all three the least is best.

G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6(2), 1978.
H. Akaike, "A new look at the statistical model identification", IEEE Transactions on Automatic
Control 19(6), 1974.
C. Biernacki, G. Celeux and G. Govaert, "Assessing a mixture model for clustering with the
integrated completed likelihood", IEEE PAMI 22(7), 2000.
"""

from __future__ import annotations

import numpy as np

# --- the likelihood -------------------------------------------------------------------------------


def log_joint(X: np.ndarray, pi: np.ndarray, mu: np.ndarray, Sigma: np.ndarray) -> np.ndarray:
    """Equation (1): log pi_j + log N(x_i | mu_j, Sigma_j), float[n, k]."""
    d = X.shape[1]
    columns = []
    for pi_j, mu_j, Sigma_j in zip(pi, mu, Sigma, strict=True):
        centred = X - mu_j
        sq_mahalanobis = (centred * np.linalg.solve(Sigma_j, centred.T).T).sum(axis=1)
        log_det = np.linalg.slogdet(Sigma_j)[1]
        columns.append(np.log(pi_j) - (d * np.log(2 * np.pi) + log_det + sq_mahalanobis) / 2)
    return np.column_stack(columns)


def log_density(joint: np.ndarray) -> np.ndarray:
    """Equation (2): log of the sum of the components, by their largest, float[n]."""
    largest = joint.max(axis=1)
    return largest + np.log(np.exp(joint - largest[:, np.newaxis]).sum(axis=1))


def full_covariances(covariances: np.ndarray, kind: str, k: int, d: int) -> np.ndarray:
    """Covariances of any of the four kinds as matrices, float[k, d, d]."""
    if kind == "full":
        return covariances
    if kind == "tied":
        return np.array([covariances] * k)
    if kind == "diag":
        return np.array([np.diag(variances) for variances in covariances])
    return np.array([variance * np.eye(d) for variance in covariances])


# --- the criteria ---------------------------------------------------------------------------------


def n_parameters(kind: str, k: int, d: int) -> int:
    """Equation (4): k means, the covariances, and weights that sum to one."""
    of_covariances = {
        "full": k * d * (d + 1) // 2,
        "tied": d * (d + 1) // 2,
        "diag": k * d,
        "spherical": k,
    }
    return k * d + of_covariances[kind] + k - 1


def bic(L: float, m: int, n: float) -> float:
    """Equation (5): the Bayesian information criterion."""
    return -2 * L + m * np.log(n)


def aic(L: float, m: int) -> float:
    """Equation (6): Akaike's information criterion."""
    return -2 * L + 2 * m


def icl(L: float, m: int, n: float, joint: np.ndarray) -> float:
    """Equation (7): the integrated completed likelihood.

    It is the BIC of data that are complete: each sample is known to be of the component that has
    the largest share in it.
    """
    log_largest_r = joint.max(axis=1) - log_density(joint)
    return bic(L, m, n) - 2 * float(log_largest_r.sum())
