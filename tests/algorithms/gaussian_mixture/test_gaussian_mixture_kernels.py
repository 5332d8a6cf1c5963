"""Passes over rows beside the reference: every shape of tiles, features and components."""

from __future__ import annotations

import numpy as np
import pytest
from gaussian_mixture_cases import Start, as_parameters, each_dtype, each_type

from scratchml.algorithms.gaussian_mixture import reference
from scratchml.algorithms.gaussian_mixture.covariances import COVARIANCES
from scratchml.algorithms.gaussian_mixture.rows import TILE_BYTES, MixtureRows, tile_lanes
from scratchml.mixture import GaussianMixture

# What blocks of four by eight features leave over, and tiles of fewer rows.
many_features = [pytest.param(d, marks=pytest.mark.jit) for d in (31, 32, 33, 70, 130)]
each_dimension = pytest.mark.parametrize("d", [*range(1, 18), *many_features])
# A row, a few, a tile and its neighbours, several tiles.
each_size = pytest.mark.parametrize("n", [1, 2, 31, 191, 192, 193, 500])


def a_mixture(covariance_type, k, d, apart=1.0):
    """Components that overlap, or lie apart, with correlations as far as the type has them."""
    rng = np.random.default_rng(0)
    roots = np.eye(d) + 0.3 * rng.normal(size=(k, d, d)) / np.sqrt(d)
    matrices = roots @ np.swapaxes(roots, 1, 2)
    Sigma = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.diagonal(matrices, axis1=1, axis2=2).copy(),
        "spherical": matrices[:, 0, 0].copy(),
    }[covariance_type]
    return Start(
        rng.dirichlet(np.full(k, 5.0)), apart * rng.normal(size=(k, d)) / np.sqrt(d), Sigma
    )


def densities_of(mixture, covariance_type):
    covariance = COVARIANCES[covariance_type]
    factors, collapsed = covariance.factorize(mixture.Sigma.copy())
    assert collapsed.size == 0
    return covariance.densities(mixture.pi, mixture.mu, factors)


def assert_sums_are_plain(X, w, mixture, covariance_type):
    """One fused pass, and the same by responsibilities of the reference."""
    (_, d), k = X.shape, len(mixture.pi)
    origins = mixture.mu + 0.1
    axes = covariance_type in ("diag", "spherical")
    rows = MixtureRows(X, w)
    densities = densities_of(mixture, covariance_type)
    sums = rows.sums(densities, origins=origins, shape=(k, 1, d) if axes else (k, d, d))

    double = X.astype(float)
    L, r = reference.e_step(double, *mixture, covariance_type, w)
    wr = r if w is None else w[:, None] * r
    total = len(X) if w is None else w.sum()
    assert sums.log_likelihood == pytest.approx(L * total, rel=1e-12)
    np.testing.assert_allclose(sums.totals, wr.sum(axis=0), rtol=1e-11, atol=1e-14)
    deviations = double[:, None] - origins
    scale = np.abs(deviations).max()
    firsts = np.einsum("nk,nkj->kj", wr, deviations)
    np.testing.assert_allclose(sums.firsts, firsts, rtol=1e-11, atol=1e-12 * scale * total)
    if axes:
        seconds = np.einsum("nk,nkj->kj", wr, deviations**2)[:, None]
        found = sums.seconds
    else:
        seconds = np.tril(np.einsum("nk,nki,nkj->kij", wr, deviations, deviations))
        found = np.tril(sums.seconds)
    np.testing.assert_allclose(found, seconds, rtol=1e-11, atol=1e-12 * scale**2 * total)


@each_type
@each_dimension
def test_moments_of_any_number_of_features(covariance_type, d):
    X = np.random.default_rng(d).normal(size=(43, d)) * 1.5
    w = np.random.default_rng(1).uniform(0, 2, 43)
    mixture = a_mixture(covariance_type, 3, d)
    assert_sums_are_plain(X, None, mixture, covariance_type)
    assert_sums_are_plain(X, w, mixture, covariance_type)


@each_type
@each_size
@each_dtype
@pytest.mark.parametrize("k", [1, 4])
def test_moments_of_any_number_of_rows(covariance_type, n, dtype, k):
    X = (np.random.default_rng(n).normal(size=(n, 5)) * 1.5).astype(dtype)
    w = np.random.default_rng(1).uniform(0, 2, n)
    mixture = a_mixture(covariance_type, k, 5)
    assert_sums_are_plain(X, None, mixture, covariance_type)
    assert_sums_are_plain(X, w, mixture, covariance_type)


@each_type
@pytest.mark.parametrize("d", [2, 4, 11, 12, 13, 20, pytest.param(65, marks=pytest.mark.jit)])
@pytest.mark.parametrize("n", [60, pytest.param(700, marks=pytest.mark.jit)])
def test_moments_of_components_that_lie_apart(covariance_type, d, n):
    # Most rows belong to one component; some lie between two, and a few far from all.
    mixture = a_mixture(covariance_type, 6, d, apart=12.0)
    rng = np.random.default_rng(1)
    X = mixture.mu[rng.integers(0, 6, n)] + rng.normal(size=(n, d))
    X[::9] = (mixture.mu[0] + mixture.mu[1]) / 2 + 0.3 * rng.normal(size=(len(X[::9]), d))
    X[4] = 50.0
    assert_sums_are_plain(X, None, mixture, covariance_type)
    assert_sums_are_plain(X, rng.uniform(0, 2, n), mixture, covariance_type)


@each_type
@each_dimension
def test_explanations_of_any_number_of_features(covariance_type, d):
    X = np.random.default_rng(d).normal(size=(43, d)) * 1.5
    mixture = a_mixture(covariance_type, 3, d)
    fitted = GaussianMixture(
        3, covariance_type=covariance_type, max_iter=0, **as_parameters(mixture, covariance_type)
    ).fit(X)
    np.testing.assert_allclose(fitted.covariances_, mixture.Sigma, rtol=1e-9, atol=1e-12)
    terms = fitted.explain(X)
    log_terms = np.log(mixture.pi) + reference.log_densities(X, *mixture[1:], covariance_type)
    np.testing.assert_allclose(terms.log_terms, log_terms, rtol=1e-10)
    _, r = reference.e_step(X, *mixture, covariance_type)
    np.testing.assert_allclose(terms.responsibilities, r, rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(terms.responsibilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(fitted.predict(X), log_terms.argmax(axis=1))


@pytest.mark.parametrize("d", [1, 2, 5, 64, 100, 600, 5000])
def test_tiles_hold_whole_lanes(d):
    lanes = tile_lanes(d)
    assert lanes >= 32
    assert lanes % 32 == 0
    assert lanes == 32 or lanes * d * 8 <= TILE_BYTES


def test_of_equal_components_the_first_is_predicted():
    X = np.random.default_rng(0).normal(size=(30, 2))
    mixture = GaussianMixture(
        3,
        max_iter=0,
        covariance_type="spherical",
        weights_init=[0.25, 0.5, 0.25],
        means_init=[[100.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        precisions_init=np.ones(3),
    ).fit(X)
    assert (mixture.predict(X) == 1).all()
    mixture.weights_ = np.array([0.2, 0.4, 0.4])
    assert (mixture.predict(X) == 1).all()
    np.testing.assert_allclose(mixture.predict_proba(X), [[0, 0.5, 0.5]] * 30, atol=1e-15)


def test_far_samples_have_densities_that_do_not_vanish():
    # exp(-1e9 / 2) is 0, its logarithm is not.
    mixture = GaussianMixture(
        2,
        max_iter=0,
        weights_init=[0.5, 0.5],
        means_init=[[-1.0], [1.0]],
        precisions_init=np.ones((2, 1, 1)),
    ).fit([[0.0], [1.0]])
    X = np.array([[1e5], [-1e5], [1e100]])
    np.testing.assert_allclose(mixture.predict_proba(X[:2]), [[0, 1], [1, 0]], atol=1e-15)
    assert mixture.predict(X[:2]).tolist() == [1, 0]
    assert np.isfinite(mixture.score_samples(X[:2])).all()
    assert mixture.score_samples(X)[2] == pytest.approx(-1e200 / 2, rel=1e-12)
