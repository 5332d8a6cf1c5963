"""Fits beside the reference, what holds of every mixture, weights, explanations, callbacks."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
import warnings

import numpy as np
import pytest
from gaussian_mixture_cases import (
    TRICKY,
    as_parameters,
    components_for,
    each_dtype,
    each_init,
    each_tricky,
    each_type,
    fitted_bytes,
    start,
    steps,
)
from sklearn.base import clone

from scratchml.algorithms.gaussian_mixture import reference
from scratchml.callbacks import EarlyStopping, History
from scratchml.datasets import make_blobs
from scratchml.mixture import GaussianMixture

# Most fits here end after a few iterations, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")

SHAPES = {
    "full": lambda k, d: (k, d, d),
    "tied": lambda k, d: (d, d),
    "diag": lambda k, d: (k, d),
    "spherical": lambda k, d: (k,),
}


@pytest.fixture
def X():
    """Three blobs that overlap."""
    return make_blobs(200, 3, centers=3, cluster_std=3, random_state=0)[0]


@pytest.fixture
def mixture(X):
    return GaussianMixture(3, random_state=0).fit(X)


def fitted_parameters(mixture):
    return mixture.weights_, mixture.means_, mixture.covariances_


# --- by hand --------------------------------------------------------------------------------------


@each_type
def test_one_iteration_by_hand(covariance_type):
    # Components of variance 1 on two samples: the odds of a sample are exp((2^2 - 0^2) / 2), which
    # moves the means to tanh(1); the rest of the variance of 1 stays.
    X = np.array([[-1.0], [1.0]])
    precisions = {"full": (2, 1, 1), "tied": (1, 1), "diag": (2, 1), "spherical": (2,)}
    mixture = GaussianMixture(
        2,
        covariance_type=covariance_type,
        weights_init=[0.5, 0.5],
        means_init=X,
        precisions_init=np.ones(precisions[covariance_type]),
        reg_covar=0,
        max_iter=1,
    ).fit(X)
    np.testing.assert_allclose(mixture.weights_, [0.5, 0.5], rtol=1e-14)
    np.testing.assert_allclose(mixture.means_[:, 0], [-math.tanh(1), math.tanh(1)], rtol=1e-13)
    np.testing.assert_allclose(mixture.covariances_, 1 - math.tanh(1) ** 2, rtol=1e-13)
    np.testing.assert_allclose(mixture.precisions_, math.cosh(1) ** 2, rtol=1e-13)
    np.testing.assert_allclose(mixture.precisions_cholesky_, math.cosh(1), rtol=1e-13)
    bound = math.log((1 + math.exp(-2)) / 2 / math.sqrt(2 * math.pi))
    assert mixture.lower_bounds_ == pytest.approx([bound], rel=1e-14)
    assert mixture.lower_bound_ == mixture.lower_bounds_[0]
    assert (mixture.n_iter_, mixture.converged_) == (1, False)


@each_type
def test_one_component_is_mean_and_covariance(X, covariance_type):
    mixture = GaussianMixture(1, covariance_type=covariance_type).fit(X)
    covariance = np.cov(X.T, ddof=0) + 1e-6 * np.eye(3)
    np.testing.assert_allclose(mixture.weights_, [1])
    np.testing.assert_allclose(mixture.means_, [X.mean(axis=0)], rtol=1e-12)
    expected = {
        "full": covariance[None],
        "tied": covariance,
        "diag": np.diag(covariance)[None],
        "spherical": [np.diag(covariance).mean()],
    }[covariance_type]
    np.testing.assert_allclose(mixture.covariances_, expected, rtol=1e-12)
    assert mixture.n_iter_ == 2  # the second one sees that nothing changes
    assert mixture.converged_


# --- every iteration is that of the reference -----------------------------------------------------


@each_type
@each_tricky
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_every_iteration_is_that_of_the_reference(covariance_type, name, weighted):
    X = TRICKY[name]
    k = components_for(X)
    w = np.random.default_rng(1).uniform(0.2, 3, len(X)) if weighted else None
    begin = start(X, k, covariance_type)
    options = {"reg_covar": 1e-3, "tol": 0}
    visits = steps(X, begin, covariance_type, w=w, max_iter=6, **options)
    given = as_parameters(begin, covariance_type)
    for n_iter in (1, 2, 6):
        mixture = GaussianMixture(
            k, covariance_type=covariance_type, max_iter=n_iter, **options, **given
        ).fit(X, sample_weight=w)
        assert mixture.lower_bounds_ == pytest.approx([s.L for s in visits[:n_iter]], rel=1e-9)
        expected = visits[n_iter - 1]
        for ours, theirs in zip(
            fitted_parameters(mixture), (expected.pi, expected.mu, expected.Sigma), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@each_type
@each_tricky
def test_every_penalised_iteration_is_that_of_the_reference(covariance_type, name):
    X = TRICKY[name]
    k = components_for(X)
    begin = start(X, k, covariance_type)
    w = np.random.default_rng(1).uniform(0.2, 3, len(X))
    prior = reference.data_prior(X, k, 1e-6, w)
    visits = steps(X, begin, covariance_type, w=w, prior=prior, tol=0, max_iter=5)
    mixture = GaussianMixture(
        k,
        covariance_type=covariance_type,
        max_iter=5,
        tol=0,
        on_collapse="prior",
        **as_parameters(begin, covariance_type),
    ).fit(X, sample_weight=w)
    assert mixture.lower_bounds_ == pytest.approx([s.L for s in visits], rel=1e-9)
    for ours, theirs in zip(fitted_parameters(mixture), visits[-1][4:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@each_type
def test_float32_is_computed_in_float64(covariance_type):
    X = TRICKY["nine_features"].astype(np.float32)
    begin = start(X, 3, covariance_type)
    given = as_parameters(begin, covariance_type)
    options = {"covariance_type": covariance_type, "tol": 0, "max_iter": 5}
    visits = steps(X, begin, **options)
    mixture = GaussianMixture(3, **options, **given).fit(X)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(mixture, name).dtype == np.float32, name
    for ours, theirs in zip(fitted_parameters(mixture), visits[-1][4:], strict=True):
        # Rounded once, at the end.
        np.testing.assert_allclose(ours, theirs, rtol=2e-7, atol=1e-7)
    assert mixture.lower_bounds_ == pytest.approx([s.L for s in visits], rel=1e-6)


@each_type
def test_far_from_the_origin_nothing_changes(covariance_type):
    # Multiples of 1/64, which the offset leaves exact.
    X = np.round(TRICKY["blobs"] * 64) / 64
    begin = start(X, 3, covariance_type)
    options = {"covariance_type": covariance_type, "tol": 0, "max_iter": 10}
    near = GaussianMixture(3, **options, **as_parameters(begin, covariance_type)).fit(X)
    begin = begin._replace(mu=begin.mu + 1e8)
    far = GaussianMixture(3, **options, **as_parameters(begin, covariance_type)).fit(X + 1e8)
    # A mean has digits down to 1e-8 there.
    np.testing.assert_allclose(far.means_ - 1e8, near.means_, atol=1e-6)
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-5, atol=1e-6)
    assert far.lower_bound_ == pytest.approx(near.lower_bound_, rel=1e-6)


@each_type
def test_scale_of_the_data_does_not_count(X, covariance_type):
    begin = start(X, 3, covariance_type)
    options = {"covariance_type": covariance_type, "reg_covar": 0, "tol": 0, "max_iter": 5}
    plain = GaussianMixture(3, **options, **as_parameters(begin, covariance_type)).fit(X)
    for factor in (2.0**200, 2.0**-200):
        scaled = begin._replace(mu=begin.mu * factor, Sigma=begin.Sigma * factor**2)
        other = GaussianMixture(3, **options, **as_parameters(scaled, covariance_type))
        other.fit(X * factor)
        np.testing.assert_allclose(other.weights_, plain.weights_, rtol=1e-9)
        np.testing.assert_allclose(other.means_ / factor, plain.means_, rtol=1e-9)
        np.testing.assert_allclose(other.covariances_ / factor**2, plain.covariances_, rtol=1e-9)
        shift = 3 * math.log(factor)
        assert other.lower_bound_ + shift == pytest.approx(plain.lower_bound_, abs=1e-9)


def test_empty_component_stays_where_it_is():
    X = np.random.default_rng(0).normal(size=(50, 2)) + 20
    means = np.array([[20.0, 20.0], [-500.0, 300.0]])
    mixture = GaussianMixture(
        2,
        weights_init=[0.5, 0.5],
        means_init=means,
        precisions_init=np.array([np.eye(2)] * 2),
        reg_covar=1e-3,
    ).fit(X)
    np.testing.assert_allclose(mixture.means_, [X.mean(axis=0), means[1]])
    np.testing.assert_allclose(mixture.weights_, [1, 0], atol=1e-15)
    assert (mixture.predict(X) == 0).all()


# --- what holds of every mixture ------------------------------------------------------------------


@each_type
@pytest.mark.parametrize("name", ["blobs", "sheared", "integers", "one_feature", "nine_features"])
def test_likelihood_never_falls(covariance_type, name):
    X = TRICKY[name]
    mixture = GaussianMixture(
        components_for(X),
        covariance_type=covariance_type,
        reg_covar=0,
        tol=0,
        max_iter=20,
        **as_parameters(start(X, components_for(X), covariance_type), covariance_type),
    ).fit(X)
    assert len(mixture.lower_bounds_) == mixture.n_iter_
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(mixture.lower_bounds_))
    assert mixture.score(X) >= mixture.lower_bound_ - 1e-12
    assert mixture.lower_bounds_[-1] > mixture.lower_bounds_[0] + 1e-3


@each_type
@each_tricky
@each_dtype
def test_parts_of_a_mixture_fit_together(covariance_type, name, dtype):
    X = TRICKY[name].astype(dtype)
    (n, d), k = X.shape, components_for(X)
    mixture = GaussianMixture(k, covariance_type=covariance_type, reg_covar=1e-2, random_state=0)
    labels = mixture.fit_predict(X)
    tolerance = 1e-9 if dtype == np.float64 else 1e-3
    assert mixture.weights_.shape == (k,)
    assert mixture.weights_.sum() == pytest.approx(1, rel=1e-14 if dtype == np.float64 else 1e-6)
    assert mixture.means_.shape == (k, d)
    for attribute in ("covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(mixture, attribute).shape == SHAPES[covariance_type](k, d)
        assert getattr(mixture, attribute).dtype == dtype
    if covariance_type in ("full", "tied"):
        roots = mixture.precisions_cholesky_
        precisions = roots @ np.swapaxes(roots, -1, -2)
        product = mixture.precisions_.astype(float) @ mixture.covariances_
        identity = np.broadcast_to(np.eye(d), product.shape)
        assert (np.tril(roots, -1) == 0).all()
        assert (mixture.covariances_ == np.swapaxes(mixture.covariances_, -1, -2)).all()
        np.testing.assert_allclose(product, identity, atol=20 * tolerance)
    else:
        precisions = mixture.precisions_cholesky_**2
        np.testing.assert_allclose(mixture.precisions_ * mixture.covariances_, 1, rtol=tolerance)
    largest = np.abs(precisions).max()
    np.testing.assert_allclose(mixture.precisions_, precisions, rtol=1e-5, atol=1e-6 * largest)

    assert labels.dtype == np.int64
    assert labels.shape == (n,)
    np.testing.assert_array_equal(labels, mixture.predict(X))
    responsibilities = mixture.predict_proba(X)
    assert responsibilities.shape == (n, k)
    np.testing.assert_allclose(responsibilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(responsibilities.argmax(axis=1), labels)
    assert mixture.score(X) == pytest.approx(mixture.score_samples(X).mean(dtype=float), rel=1e-6)
    assert not hasattr(mixture, "labels_")


@pytest.mark.parametrize("on_collapse", ["raise", "prior"])
@each_type
def test_density_integrates_to_one(covariance_type, on_collapse):
    options = {"covariance_type": covariance_type, "on_collapse": on_collapse, "random_state": 0}
    line = np.linspace(-30, 40, 4001)[:, None]
    density = np.exp(GaussianMixture(2, **options).fit(TRICKY["one_feature"]).score_samples(line))
    assert np.trapezoid(density, line[:, 0]) == pytest.approx(1, abs=1e-8)
    side = np.linspace(-25, 25, 101)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    density = np.exp(GaussianMixture(3, **options).fit(TRICKY["blobs"]).score_samples(plane))
    # On a grid much finer than a component, a sum is as good as any rule.
    assert density.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=1e-6)


@each_type
def test_samples_have_the_moments_of_the_mixture(X, covariance_type):
    n = 20_000
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    drawn, labels = mixture.sample(n)
    assert drawn.shape == (n, 3)
    assert (np.diff(labels) >= 0).all()
    shares = np.bincount(labels, minlength=3) / n
    np.testing.assert_allclose(shares, mixture.weights_, atol=5 * 0.5 / math.sqrt(n))
    matrices = reference.as_matrices(mixture.covariances_, 3, 3, covariance_type)
    for c, matrix in enumerate(matrices):
        mine = drawn[labels == c]
        error = 5 * math.sqrt(matrix.max() / len(mine))
        np.testing.assert_allclose(mine.mean(axis=0), mixture.means_[c], atol=error)
        error = 5 * matrix.max() * math.sqrt(2 / len(mine))
        np.testing.assert_allclose(np.cov(mine.T), matrix, atol=error)


@each_type
def test_criteria_are_their_formulas(X, covariance_type):
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    # Weights, means, and what is free in the covariances.
    free = 2 + 9 + {"full": 18, "tied": 6, "diag": 9, "spherical": 3}[covariance_type]
    log_likelihood = mixture.score_samples(X).sum()
    assert mixture.aic(X) == pytest.approx(2 * free - 2 * log_likelihood, rel=1e-13)
    assert mixture.bic(X) == pytest.approx(free * math.log(200) - 2 * log_likelihood, rel=1e-13)


@each_type
def test_the_order_of_rows_does_not_count(X, covariance_type, seed):
    order = np.random.default_rng(seed).permutation(len(X))
    given = as_parameters(start(X, 3, covariance_type), covariance_type)
    plain, permuted = (
        GaussianMixture(3, covariance_type=covariance_type, **given).fit(data)
        for data in (X, X[order])
    )
    assert plain.n_iter_ == permuted.n_iter_
    for a, b in zip(fitted_parameters(plain), fitted_parameters(permuted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(plain.predict(X)[order], permuted.predict(X[order]))


@each_init
def test_a_fit_repeats_to_the_last_bit(X, init_params):
    fits = [
        fitted_bytes(GaussianMixture(3, init_params=init_params, random_state=0).fit(X))
        for _ in range(2)
    ]
    assert fits[0] == fits[1]


# --- weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_collapse", ["raise", "restart", "prior"])
@each_type
def test_integer_weights_are_repetition(X, covariance_type, on_collapse, seed):
    w = np.random.default_rng(seed).integers(0, 4, len(X))
    options = {"covariance_type": covariance_type, "on_collapse": on_collapse}
    options |= as_parameters(start(X, 3, covariance_type), covariance_type)
    weighted = GaussianMixture(3, **options).fit(X, sample_weight=w)
    repeated = GaussianMixture(3, **options).fit(np.repeat(X, w, axis=0))
    assert weighted.lower_bounds_ == pytest.approx(repeated.lower_bounds_, rel=1e-10)
    for a, b in zip(fitted_parameters(weighted), fitted_parameters(repeated), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))
    score = repeated.score(np.repeat(X, w, axis=0))
    assert weighted.score(X, sample_weight=w) == pytest.approx(score, rel=1e-10)
    assert weighted.score(X) != pytest.approx(score, rel=1e-4)


@each_type
def test_unit_weights_are_no_weights(X, covariance_type):
    plain, weighted = (
        GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X, sample_weight=w)
        for w in (None, np.ones(len(X)))
    )
    assert weighted.n_iter_ == plain.n_iter_
    for a, b in zip(fitted_parameters(plain), fitted_parameters(weighted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@each_type
def test_a_factor_of_all_weights_does_not_count(X, covariance_type):
    w = np.random.default_rng(0).uniform(0.5, 2, len(X))
    given = as_parameters(start(X, 3, covariance_type), covariance_type)
    mixture = GaussianMixture(3, covariance_type=covariance_type, **given)
    plain = clone(mixture).fit(X, sample_weight=w)
    for factor in (1024, 2.0**-60):
        scaled = clone(mixture).fit(X, sample_weight=w * factor)
        assert plain.lower_bounds_ == pytest.approx(scaled.lower_bounds_, rel=1e-11)
        np.testing.assert_allclose(plain.covariances_, scaled.covariances_, rtol=1e-9, atol=1e-11)


@each_init
def test_weights_reach_the_start(X, init_params):
    # What lies far away has no weight, and draws nothing.
    far = np.concatenate([X, X[:50] + 1e4])
    w = np.repeat([1.0, 0.0], [len(X), 50])
    mixture = GaussianMixture(3, init_params=init_params, random_state=0)
    labels = mixture.fit_predict(far, sample_weight=w)
    assert np.abs(mixture.means_).max() < 100
    assert np.abs(mixture.covariances_).max() < 1000
    np.testing.assert_array_equal(labels, mixture.predict(far))


def test_fewer_samples_with_weight_than_components(X):
    w = np.zeros(len(X))
    w[:2] = 1
    for init_params in ("kmeans", "k-means++", "random"):
        mixture = GaussianMixture(3, init_params=init_params, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            mixture.fit(X, sample_weight=w)
        assert mixture.weights_.sum() == pytest.approx(1)
        assert np.isfinite(mixture.means_).all()
        assert np.abs(mixture.means_).max() <= np.abs(X).max()
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        GaussianMixture(3, init_params="random_from_data").fit(X, sample_weight=w)
    assert str(caught.value) == (
        "n_samples=2 of weight other than zero should be >= n_components=3."
    )


# --- the terms of the density ---------------------------------------------------------------------


@each_type
@each_dtype
def test_explanation_sums_up_exactly(X, covariance_type, dtype):
    X = X.astype(dtype)
    mixture = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    new = X[::2] + dtype(0.5)
    terms = mixture.explain(new)
    scales = terms.log_weights - (3 * math.log(2 * math.pi) + terms.log_determinants) / 2
    # Two sums of three terms may differ in the last bit.
    np.testing.assert_allclose(terms.log_terms, scales - terms.sq_mahalanobis / 2, rtol=1e-15)
    assert terms.log_density.tobytes() == mixture.score_samples(new).tobytes()
    assert terms.responsibilities.tobytes() == mixture.predict_proba(new).tobytes()
    np.testing.assert_array_equal(terms.responsibilities.argmax(axis=1), mixture.predict(new))

    tolerance = 1e-10 if dtype == np.float64 else 1e-4
    pi, mu, Sigma = (p.astype(float) for p in fitted_parameters(mixture))
    matrices = reference.as_matrices(Sigma, 3, 3, covariance_type)
    np.testing.assert_allclose(terms.log_weights, np.log(pi), rtol=tolerance)
    np.testing.assert_allclose(
        terms.log_determinants, np.linalg.slogdet(matrices)[1], rtol=tolerance
    )
    deviations = new.astype(float)[:, None] - mu
    plain = np.einsum("nki,kij,nkj->nk", deviations, np.linalg.inv(matrices), deviations)
    np.testing.assert_allclose(terms.sq_mahalanobis, plain, rtol=tolerance, atol=tolerance)
    log_terms = np.log(pi) + reference.log_densities(new.astype(float), mu, Sigma, covariance_type)
    np.testing.assert_allclose(terms.log_terms, log_terms, rtol=tolerance)
    _, r = reference.e_step(new.astype(float), pi, mu, Sigma, covariance_type)
    np.testing.assert_allclose(terms.responsibilities, r, atol=tolerance)


def test_explanation_is_frozen_and_has_the_shapes_it_says(mixture, X):
    terms = mixture.explain(X[:7])
    shapes = {field.name: getattr(terms, field.name).shape for field in dataclasses.fields(terms)}
    assert shapes == {
        "log_weights": (3,),
        "log_determinants": (3,),
        "sq_mahalanobis": (7, 3),
        "log_terms": (7, 3),
        "log_density": (7,),
        "responsibilities": (7, 3),
    }
    assert type(terms).__name__ == "DensityTerms"
    with pytest.raises(dataclasses.FrozenInstanceError):
        terms.log_density = None


def test_explanation_by_hand():
    # The two samples are one deviation from the mean.
    mixture = GaussianMixture(1, reg_covar=0).fit([[0.0], [4.0]])
    terms = mixture.explain([[2.0], [8.0]])
    np.testing.assert_allclose(terms.log_weights, [0], atol=1e-15)
    np.testing.assert_allclose(terms.log_determinants, [math.log(4)], rtol=1e-14)
    np.testing.assert_allclose(terms.sq_mahalanobis, [[0], [9]], rtol=1e-14)
    highest = -math.log(4 * 2 * math.pi) / 2
    np.testing.assert_allclose(terms.log_terms, [[highest], [highest - 4.5]], rtol=1e-14)
    np.testing.assert_array_equal(terms.responsibilities, 1)


# --- outliers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.25])
def test_outliers_lie_below_the_quantile(mixture, X, contamination):
    found = mixture.outliers(X, contamination)
    assert found.dtype.kind == "i"
    density = mixture.score_samples(X)
    below = density < np.quantile(density, contamination)
    np.testing.assert_array_equal(found, np.where(below, -1, 1))
    assert (found == -1).sum() == round(contamination * len(X))


def test_reference_samples_say_what_a_low_density_is(mixture, X):
    threshold = np.quantile(mixture.score_samples(X), 0.2)
    far = X.mean(axis=0) + 1000
    new = np.vstack([X[:5], far])
    expected = np.where(mixture.score_samples(new) < threshold, -1, 1)
    np.testing.assert_array_equal(mixture.outliers(new, 0.2, reference=X), expected)
    assert mixture.outliers([far], 0.01, reference=X) == [-1]


def test_samples_are_whole(mixture):
    with pytest.raises(ValueError, match="The 'n_samples' parameter"):
        mixture.sample(2.5)


def test_a_planted_outlier_is_found(mixture, X):
    found = mixture.outliers(np.append(X, [[50.0, 50.0, 50.0]], axis=0), contamination=1 / 201)
    np.testing.assert_array_equal(np.flatnonzero(found == -1), [200])
    np.testing.assert_array_equal(mixture.outliers(X), mixture.outliers(X, contamination=0.1))


# --- callbacks and printing -----------------------------------------------------------------------


def test_callbacks_see_every_iteration_and_change_nothing(X):
    seen = []

    def record(event):
        assert event.estimator is watched
        assert (event.stage, event.n_runs, event.total) == ("em", 2, 100)
        shown = event.lower_bound, event.change, event.weights, event.means, event.covariances
        seen.append((event.run, event.iteration, *shown))

    options = {"n_components": 3, "n_init": 2, "random_state": 0, "init_params": "random"}
    plain = GaussianMixture(**options).fit(X)
    watched = GaussianMixture(**options)
    watched.set_callbacks(record).fit(X)
    assert fitted_bytes(plain) == fitted_bytes(watched)
    assert {run for run, *_ in seen} == {0, 1}
    for number in (0, 1):
        run = [step for step in seen if step[0] == number]
        assert [step[1] for step in run] == list(range(1, len(run) + 1))
        assert [step[3] for step in run[1:]] == pytest.approx(
            np.diff([step[2] for step in run]), abs=1e-13
        )
    best = [s for s in seen if s[2] == watched.lower_bound_][-1][0]
    run = [step for step in seen if step[0] == best]
    assert [step[2] for step in run] == watched.lower_bounds_
    for shown, fitted in zip(run[-1][4:], fitted_parameters(watched), strict=True):
        np.testing.assert_array_equal(shown, fitted)


def test_events_give_copies(X):
    def spoil(event):
        event.weights[:] = np.nan
        event.means[:] = np.nan
        event.covariances[:] = np.nan

    plain = GaussianMixture(3, random_state=0).fit(X)
    spoilt = GaussianMixture(3, random_state=0).set_callbacks(spoil).fit(X)
    assert fitted_bytes(plain) == fitted_bytes(spoilt)


def test_a_callback_stops_the_run(X):
    given = as_parameters(start(X, 3, "full"), "full")
    stopped = GaussianMixture(3, tol=0, **given).set_callbacks(lambda event: event.iteration == 4)
    stopped.fit(X)
    shorter = GaussianMixture(3, tol=0, max_iter=4, **given).fit(X)
    assert fitted_bytes(stopped) == fitted_bytes(shorter)


def test_the_callbacks_of_the_library(X):
    history = History()
    mixture = GaussianMixture(3, random_state=0).set_callbacks(history).fit(X)
    assert history["lower_bound"].tolist() == mixture.lower_bounds_
    assert set(history["stage"]) == {"em"}
    options = {"monitor": "lower_bound", "mode": "max", "relative": False, "min_delta": 0.1}
    stopped = GaussianMixture(3, random_state=0, tol=0).set_callbacks(EarlyStopping(**options))
    assert stopped.fit(X).n_iter_ < mixture.n_iter_


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_callback_that_raises_leaves_the_estimator_as_it_was(X, error):
    mixture = GaussianMixture(3, random_state=0).fit(X)
    before = pickle.dumps(mixture)

    def fail(event):
        if event.iteration == 2:
            raise error("enough")

    with pytest.raises(error, match=r"^enough$"):
        mixture.set_callbacks(fail).fit(X[::-1])
    assert pickle.dumps(mixture.set_callbacks()) == before


def test_silent_without_verbose(X, capsys):
    GaussianMixture(3, n_init=2).fit(X)
    assert capsys.readouterr() == ("", "")
