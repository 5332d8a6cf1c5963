"""The reference: by hand, as the maximiser that it claims to be, and beside scikit-learn."""

from __future__ import annotations

import doctest
import itertools
import math

import numpy as np
import pytest
import scipy.stats
from gaussian_mixture_cases import (
    TRICKY,
    TYPES,
    as_parameters,
    components_for,
    each_tricky,
    each_type,
    start,
    steps,
)
from sklearn.mixture import GaussianMixture as SklearnGaussianMixture

from scratchml.algorithms.gaussian_mixture import reference

SHAPES = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "spherical": (3,)}


def test_examples():
    result = doctest.testmod(reference)
    assert (result.attempted, result.failed) == (4, 0)


# --- by hand --------------------------------------------------------------------------------------


def test_one_iteration_by_hand():
    # Components of variance 1 on two samples: the odds of a sample are exp((2^2 - 0^2) / 2).
    X = np.array([[-1.0], [1.0]])
    (step,) = reference.em(X, np.full(2, 0.5), X, np.ones((2, 1, 1)), reg_covar=0.0, max_iter=1)
    own = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(step.r, [[own, 1 - own], [1 - own, own]], rtol=1e-14)
    np.testing.assert_allclose(step.pi, [0.5, 0.5])
    np.testing.assert_allclose(step.mu[:, 0], [-math.tanh(1), math.tanh(1)], rtol=1e-14)
    np.testing.assert_allclose(step.Sigma[:, 0, 0], 1 - math.tanh(1) ** 2, rtol=1e-14)
    density = (1 + math.exp(-2)) / 2 / math.sqrt(2 * math.pi)
    assert pytest.approx(math.log(density), rel=1e-15) == step.L
    assert (step.iteration, step.change) == (1, np.inf)


@pytest.mark.parametrize(
    ("covariance_type", "expected"),
    [
        ("full", [[[1.5, 0], [0, 4.5]]]),
        ("tied", [[1.5, 0], [0, 4.5]]),
        ("diag", [[1.5, 4.5]]),
        ("spherical", [3.0]),
    ],
)
def test_corners_of_a_rectangle_by_hand(covariance_type, expected):
    X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]])
    pi, mu, Sigma = reference.m_step(X, np.ones((4, 1)), None, 0.5, covariance_type)
    assert pi.tolist() == [1]
    np.testing.assert_allclose(mu, [[1, 2]], rtol=1e-14)
    np.testing.assert_allclose(Sigma, expected, rtol=1e-14, atol=1e-15)


def test_weights_by_hand():
    X, w = np.array([[0.0], [3.0]]), np.array([2.0, 1.0])
    _, mu, Sigma = reference.m_step(X, np.ones((2, 1)), w, 0.0, "full")
    assert mu.item() == pytest.approx(1, rel=1e-14)
    assert Sigma.item() == pytest.approx(2, rel=1e-14)
    L, _ = reference.e_step(X, np.ones(1), mu, Sigma, "full", w)
    # Squared distances of 1, 1 and 4, in units of the variance.
    assert pytest.approx(-(math.log(2 * math.pi) + math.log(2) + 1) / 2, rel=1e-14) == L


def test_prior_by_hand():
    # Mean 2 of two samples, prior mean 0 as heavy as both: in the middle, 1.
    prior = reference.Prior(2.0, np.zeros(1), 3.0, np.array([[4.0]]))
    X = np.array([[1.0], [3.0]])
    _, mu, Sigma = reference.map_step(X, np.ones((2, 1)), None, prior, "full")
    assert mu.item() == pytest.approx(1, rel=1e-14)
    # Scatter about 1: 0 + 4 of the samples, 2 x 1 of the prior mean; 4 of the scale. Divided by
    # nu + N + d + 2.
    assert Sigma.item() == pytest.approx((4 + 2 + 4) / 8, rel=1e-14)


def test_prior_of_the_data_by_hand():
    X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]])
    prior = reference.data_prior(X, 4, reg_covar=0.5)
    assert (prior.kappa, prior.nu) == (0.01, 4)
    assert prior.mu.tolist() == [1, 2]
    # Four ellipses of a quarter of the area: variances of 1 and 4, divided by 4^(2/2).
    np.testing.assert_allclose(prior.Lambda, [[0.75, 0], [0, 1.5]], rtol=1e-15)
    weighted = reference.data_prior(X[[0, 3]], 4, 0.5, np.array([3.0, 1.0]))
    repeated = reference.data_prior(X[[0, 0, 0, 3]], 4, 0.5)
    np.testing.assert_allclose(weighted.mu, repeated.mu)
    np.testing.assert_allclose(weighted.Lambda, repeated.Lambda)


# --- densities ------------------------------------------------------------------------------------


def some_parameters(covariance_type, seed, k=3, d=2):
    """Weights, means and covariances without any structure."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(k, d, d))
    matrices = roots @ np.swapaxes(roots, 1, 2) + 0.3 * np.eye(d)
    Sigma = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.diagonal(matrices, axis1=1, axis2=2).copy(),
        "spherical": matrices[:, 0, 0].copy(),
    }[covariance_type]
    return rng.dirichlet(np.full(k, 5.0)), rng.normal(size=(k, d)), Sigma


@each_type
def test_densities_are_those_of_scipy(covariance_type, seed):
    X = np.random.default_rng(seed).normal(size=(40, 2)) * 3
    pi, mu, Sigma = some_parameters(covariance_type, seed)
    assert Sigma.shape == SHAPES[covariance_type]
    ours = reference.log_densities(X, mu, Sigma, covariance_type)
    for c, matrix in enumerate(reference.as_matrices(Sigma, 3, 2, covariance_type)):
        theirs = scipy.stats.multivariate_normal(mu[c], matrix).logpdf(X)
        np.testing.assert_allclose(ours[:, c], theirs, rtol=1e-12)
    L, r = reference.e_step(X, pi, mu, Sigma, covariance_type)
    plain = pi * np.exp(ours)
    np.testing.assert_allclose(r, plain / plain.sum(axis=1, keepdims=True), rtol=1e-12)
    assert pytest.approx(np.log(plain.sum(axis=1)).mean(), rel=1e-12) == L


def test_samples_far_from_all_components_have_responsibilities():
    X = np.array([[-1e5], [1e5]])
    L, r = reference.e_step(X, np.full(2, 0.5), np.array([[0.0], [1.0]]), np.ones(2), "spherical")
    assert np.isfinite(L)
    assert r.tolist() == [[1, 0], [0, 1]]


def test_component_of_weight_zero_takes_no_part():
    X = np.array([[0.0], [1.0]])
    parameters = np.array([1.0, 0.0]), X, np.ones(2), "spherical"
    L, r = reference.e_step(X, *parameters)
    assert r.tolist() == [[1, 0], [1, 0]]
    assert pytest.approx(-(math.log(2 * math.pi) + 0.5) / 2) == L


def test_component_without_samples_stays_where_it_is():
    X = np.array([[20.0], [21.0], [22.0]])
    mu = np.array([[20.0], [-500.0]])
    *_, step = reference.em(X, np.full(2, 0.5), mu, np.ones((2, 1, 1)), reg_covar=0.25)
    assert step.mu[:, 0].tolist() == pytest.approx([21, -500])
    assert step.Sigma[:, 0, 0].tolist() == pytest.approx([2 / 3 + 0.25, 0.25])
    assert step.pi.tolist() == pytest.approx([1, 0], abs=1e-15)
    # Where it was is not known of responsibilities alone.
    _, mu, _ = reference.m_step(X, np.array([[1.0, 0.0]] * 3), None, 0.0, "full")
    assert mu[:, 0].tolist() == pytest.approx([21, 0])


@each_type
def test_scale_of_the_weights_does_not_matter(covariance_type):
    X, w = np.array([[20.0], [21.0], [23.0]]), np.array([1.0, 2.0, 3.0])
    r, mu = np.array([[1.0, 0.0]] * 3), np.array([[20.0], [-500.0]])
    steps = [reference.m_step(X, r, scale * w, 0.25, covariance_type, mu) for scale in (1, 2**-60)]
    for part, other in zip(*steps, strict=True):
        np.testing.assert_array_equal(part, other)


def test_collapse_is_an_error():
    X = np.array([[0.0], [0.0], [1.0]])
    # Responsibilities of the first component for the last sample underflow: its variance is zero.
    with pytest.raises(np.linalg.LinAlgError):
        list(reference.em(X, np.full(2, 0.5), X[1:], np.full((2, 1, 1), 1e-4), reg_covar=0.0))


# --- both M steps find the maximum ----------------------------------------------------------------


def step_on_the_way(parameters, covariance_type, rng):
    """A direction in the space of the parameters; weights keep their sum."""
    pi, mu, Sigma = parameters
    d_pi = rng.normal(size=pi.shape)
    d_Sigma = rng.normal(size=Sigma.shape)
    if covariance_type in ("full", "tied"):
        d_Sigma = d_Sigma + np.swapaxes(d_Sigma, -1, -2)
    return d_pi - d_pi.mean(), rng.normal(size=mu.shape), d_Sigma


@each_type
@pytest.mark.parametrize("with_prior", [False, True], ids=["likelihood", "posterior"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_m_step_is_the_maximum(covariance_type, with_prior, weighted, seed):
    rng = np.random.default_rng(seed)
    X, r = rng.normal(size=(60, 2)) + 1, rng.dirichlet(np.ones(3), 60)
    w = rng.uniform(0, 3, 60) if weighted else np.ones(60)
    prior = reference.Prior(2.0, np.array([0.5, -1.0]), 6.0, np.array([[3.0, 0.5], [0.5, 2.0]]))
    if with_prior:
        best = reference.map_step(X, r, w, prior, covariance_type)
    else:
        best = reference.m_step(X, r, w, 0.0, covariance_type)
    assert best[2].shape == SHAPES[covariance_type]

    def objective(pi, mu, Sigma):
        log_terms = np.log(pi) + reference.log_densities(X, mu, Sigma, covariance_type)
        bound = float((w[:, None] * r * log_terms).sum())
        return bound + with_prior * reference.log_prior(mu, Sigma, prior, covariance_type)

    highest, h = objective(*best), 1e-4
    for _ in range(20):
        way = step_on_the_way(best, covariance_type, rng)
        ahead, behind = (
            objective(*(p + sign * h * d for p, d in zip(best, way, strict=True)))
            for sign in (1, -1)
        )
        # Lower on both sides, and by as much: the slope is nothing beside the curvature.
        assert max(ahead, behind) < highest
        assert abs(ahead - behind) < 0.01 * (2 * highest - ahead - behind)


@each_type
def test_log_prior_is_that_of_scipy(covariance_type, seed):
    d = 2
    prior = reference.Prior(0.7, np.array([0.5, -1.0]), 5.0, np.array([[3.0, 0.5], [0.5, 2.0]]))
    s2 = np.diag(prior.Lambda) if covariance_type == "diag" else np.trace(prior.Lambda) / d

    def by_scipy(mu, Sigma):
        matrices = reference.as_matrices(Sigma, 3, d, covariance_type)
        total = sum(
            scipy.stats.multivariate_normal(prior.mu, matrix / prior.kappa).logpdf(m)
            for m, matrix in zip(mu, matrices, strict=True)
        )
        if covariance_type in ("full", "tied"):
            wishart = scipy.stats.invwishart(prior.nu, prior.Lambda)
            return total + sum(wishart.logpdf(matrix) for matrix in Sigma.reshape(-1, d, d))
        return total + scipy.stats.invgamma(prior.nu / 2, scale=s2 / 2).logpdf(Sigma).sum()

    differences = []
    for parameters in (some_parameters(covariance_type, 2 * seed + i)[1:] for i in (0, 1)):
        ours = reference.log_prior(*parameters, prior, covariance_type)
        differences.append(ours - by_scipy(*parameters))
    assert differences[0] == pytest.approx(differences[1], rel=1e-10)


# --- the algorithm --------------------------------------------------------------------------------


# On the others it grows without bound, until a covariance is singular.
@each_type
@pytest.mark.parametrize("name", ["blobs", "sheared", "integers", "one_feature", "nine_features"])
def test_likelihood_never_falls(covariance_type, name):
    X = TRICKY[name]
    begin = start(X, components_for(X), covariance_type)
    bounds = [s.L for s in steps(X, begin, covariance_type, reg_covar=0.0, tol=0, max_iter=15)]
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(bounds))
    assert bounds[-1] > bounds[0] + 1e-3


@each_type
@each_tricky
def test_penalised_likelihood_never_falls(covariance_type, name):
    X = TRICKY[name]
    k = components_for(X)
    prior = reference.data_prior(X, k, 1e-6)
    begin = start(X, k, covariance_type)
    bounds = [s.L for s in steps(X, begin, covariance_type, prior=prior, tol=0, max_iter=25)]
    assert all(b >= a - 1e-10 * abs(a) for a, b in itertools.pairwise(bounds))
    assert bounds[-1] > bounds[0]


@each_type
def test_integer_weights_are_repetition(covariance_type, seed):
    X = TRICKY["sheared"]
    w = np.random.default_rng(seed).integers(0, 4, len(X))
    begin, repeated = start(X, 3, covariance_type), np.repeat(X, w, axis=0)
    for penalised in (False, True):
        priors = [None, None]
        if penalised:
            priors = [reference.data_prior(*data) for data in ((X, 3, 0, w), (repeated, 3, 0))]
        one = steps(X, begin, covariance_type, w=w, prior=priors[0])
        other = steps(repeated, begin, covariance_type, prior=priors[1])
        assert [s.L for s in one] == pytest.approx([s.L for s in other], rel=1e-12)
        for a, b in zip(one[-1][4:], other[-1][4:], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_it_ends_when_the_bound_stands_still():
    X = TRICKY["blobs"]
    begin = start(X, 3, "full")
    visits = steps(X, begin, "full", tol=1e-2)
    assert [s.iteration for s in visits] == list(range(1, len(visits) + 1))
    assert all(abs(s.change) >= 1e-2 for s in visits[:-1])
    assert abs(visits[-1].change) < 1e-2
    assert len(steps(X, begin, "full", tol=0, max_iter=7)) == 7


# What of scikit-learn's rounding is in its way: variances as differences of mean squares.
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
@each_type
@each_tricky
def test_every_iteration_is_that_of_scikit_learn(covariance_type, name):
    X = TRICKY[name]
    k = components_for(X)
    begin = start(X, k, covariance_type)
    parameters = as_parameters(begin, covariance_type)
    options = {"covariance_type": covariance_type, "reg_covar": 1e-3, "tol": 0}
    visits = steps(X, begin, **{**options, "max_iter": 8})
    for n_iter in (1, 2, 8):
        theirs = SklearnGaussianMixture(k, **parameters, **options, max_iter=n_iter).fit(X)
        ours = visits[n_iter - 1]
        assert theirs.lower_bounds_ == pytest.approx([s.L for s in visits[:n_iter]], rel=1e-9)
        np.testing.assert_allclose(theirs.weights_, ours.pi, rtol=1e-9)
        np.testing.assert_allclose(theirs.means_, ours.mu, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(theirs.covariances_, ours.Sigma, rtol=1e-7, atol=1e-9)


def test_the_types_are_all_that_scikit_learn_has():
    options = SklearnGaussianMixture._parameter_constraints["covariance_type"][0].options
    assert options == set(TYPES)
