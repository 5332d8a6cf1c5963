"""Gaussian mixtures by EM in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]
w        weights of the samples, float[n]; all 1 unless given
pi       weights of the components, float[k]
mu       means of the components, float[k, d]
Sigma    their covariances, of the shape that the covariance type has (see `as_matrices`)
r        responsibilities, float[n, k]: how likely each component made each sample
N        weight of the samples of each component, float[k]: sums of w r
W        scatter of the samples of each component about its mean, float[k, d, d]
L        lower bound: the weighted mean of log p(x), plus log prior / sum of w if there is a prior

A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM
algorithm", Journal of the Royal Statistical Society B 39, 1977, section 4.3; G. McLachlan and
D. Peel, "Finite Mixture Models", Wiley 2000, chapter 3; C. M. Bishop, "Pattern Recognition and
Machine Learning", Springer 2006, section 9.2.2, whose steps and equations have their numbers here.
With a prior, the M step finds the mode of the posterior: C. Fraley and A. E. Raftery, "Bayesian
regularization for normal mixture estimation and model-based clustering", Journal of Classification
24, 2007.

`em` is a generator, so that a loop shows each iteration:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [10.0]])
>>> start = np.full(2, 0.5), np.array([[3.0], [5.0]]), np.full((2, 1, 1), 9.0)
>>> for step in em(X, *start, reg_covar=0.0):
...     print(step.iteration, round(step.L, 3), step.mu.ravel().round(3), step.r[0].round(3))
1 -3.141 [2.725 6.91 ] [0.709 0.291]
2 -2.917 [2.399 7.177] [0.74 0.26]
3 -2.905 [1.924 7.564] [0.788 0.212]
4 -2.868 [1.225 8.156] [0.861 0.139]
5 -2.71 [0.546 9.008] [0.958 0.042]
6 -2.016 [0.5   9.498] [1. 0.]
7 -1.419 [0.5 9.5] [1. 0.]
8 -1.419 [0.5 9.5] [1. 0.]
"""

from __future__ import annotations

from .densities import as_matrices, log_densities
from .em import EMStep, em
from .prior import Prior, data_prior, log_prior, map_step
from .steps import e_step, m_step, moments

__all__ = [
    "EMStep",
    "Prior",
    "as_matrices",
    "data_prior",
    "e_step",
    "em",
    "log_densities",
    "log_prior",
    "m_step",
    "map_step",
    "moments",
]
