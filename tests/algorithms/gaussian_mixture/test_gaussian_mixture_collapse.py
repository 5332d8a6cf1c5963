"""Components that lose their variance: what each answer to it does, and that all are sound."""

from __future__ import annotations

import contextlib
import itertools
import math
import warnings

import numpy as np
import pytest
from gaussian_mixture_cases import (
    TYPES,
    as_parameters,
    each_collapse,
    each_dtype,
    each_init,
    each_type,
    fitted_bytes,
    start,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.mixture import GaussianMixture as SklearnGaussianMixture

from scratchml.algorithms.gaussian_mixture import reference
from scratchml.datasets import make_blobs
from scratchml.mixture import GaussianMixture

each_repair = pytest.mark.parametrize("on_collapse", ["restart", "prior"])


@pytest.fixture
def X():
    """A blob and, far away, ten copies of one point."""
    blob = np.random.default_rng(0).normal(size=(60, 2)) * [1.0, 2.0]
    return np.concatenate([blob, np.full((10, 2), 50.0)])


def on_the_copies(covariance_type):
    """Parameters that make the second of two components begin on the ten copies."""
    begin = start(np.eye(2), 2, covariance_type)
    begin = begin._replace(mu=np.array([[0.0, 0.0], [50.0, 50.0]]), pi=np.full(2, 0.5))
    parameters = as_parameters(begin, covariance_type)
    return {"n_components": 2, "covariance_type": covariance_type, "reg_covar": 0, **parameters}


def scikit_learns_message(dtype=np.float64):
    """What it says of a collapse."""
    with pytest.raises(ValueError, match="ill-defined") as caught:
        SklearnGaussianMixture(2, reg_covar=0).fit(np.repeat(np.eye(2, dtype=dtype), 5, axis=0))
    return str(caught.value)


def collapses(mixture, X, sample_weight=None, *, may_collapse=False):
    """Whether a fit ends with the error that it may end with."""
    if mixture.on_collapse != "raise" and not may_collapse:
        return False
    try:
        mixture.fit(X, sample_weight=sample_weight)
    except ValueError as error:
        return str(error) == scikit_learns_message()
    return False


def assert_sound(mixture, X):
    """Finite parameters and answers that fit together."""
    assert mixture.weights_.sum() == pytest.approx(1, rel=1e-5)
    assert (mixture.weights_ >= 0).all()
    for name in ("means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert np.isfinite(getattr(mixture, name)).all(), name
    assert np.isfinite(mixture.lower_bounds_).all()
    responsibilities = mixture.predict_proba(X)
    assert np.isfinite(responsibilities).all()
    np.testing.assert_allclose(responsibilities.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(mixture.score_samples(X)).all()
    np.testing.assert_array_equal(mixture.predict(X), responsibilities.argmax(axis=1))


def fit_and_listen(mixture, X, sample_weight=None):
    """Fit, and return what was said of components that collapsed."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        # Of kernels that are not compiled.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r".*\.kernels\.")
        mixture.fit(X, sample_weight=sample_weight)
    assert all(w.filename == __file__ for w in record)
    return [str(w.message) for w in record if "did not converge" not in str(w.message)]


# --- begin anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_restart_by_hand(X, covariance_type):
    # The first iteration finds a single point; stopped there, the mixture shows what it does.
    options = on_the_copies(covariance_type)
    with pytest.raises(ValueError, match="ill-defined"):
        GaussianMixture(**options, max_iter=1).fit(X)
    mixture = GaussianMixture(**options, max_iter=1, on_collapse="restart", random_state=0)
    assert fit_and_listen(mixture, X) == [
        "Components have collapsed and begun anew at another sample: 1 in iteration 1. "
        "Decrease the number of components, or increase reg_covar."
    ]
    assert mixture.restarts_ == [(1, 1)]
    assert mixture.means_[1].tolist() in X.tolist()
    # Two ellipses of half of the area: variances are divided by 2^(2/2).
    pooled = np.cov(X.T, ddof=0) / 2
    expected = {
        "full": pooled,
        "diag": np.diag(pooled),
        "spherical": np.diag(pooled).mean(),
    }[covariance_type]
    np.testing.assert_allclose(mixture.covariances_[1], expected, rtol=1e-10)
    # A share of 1 / 2 beside the 60 / 70 of the other.
    np.testing.assert_allclose(mixture.weights_, np.array([60 / 70, 0.5]) / (60 / 70 + 0.5))
    np.testing.assert_allclose(mixture.means_[0], X[:60].mean(axis=0), atol=1e-12)


@pytest.mark.filterwarnings("ignore:Components have collapsed:UserWarning")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
def test_restart_draws_by_weight(X, seed):
    w = np.ones(len(X))
    w[:60] = 1e-9
    w[7] = 1e9
    mixture = GaussianMixture(
        **on_the_copies("full"), max_iter=1, on_collapse="restart", random_state=seed
    ).fit(X, sample_weight=w)
    restarted = {component for _, component in mixture.restarts_}
    assert 1 in restarted
    assert mixture.means_[1].tolist() == X[7].tolist()


@pytest.mark.filterwarnings("ignore:(Components have collapsed|The covariances of):UserWarning")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
@each_type
def test_restart_goes_on_to_a_sound_mixture(X, covariance_type, seed):
    options = on_the_copies(covariance_type) | {"on_collapse": "restart", "random_state": seed}
    mixture = GaussianMixture(**options).fit(X)
    assert_sound(mixture, X)
    assert all(1 <= iteration <= mixture.n_iter_ for iteration, _ in mixture.restarts_)
    assert all(component in (0, 1) for _, component in mixture.restarts_)
    if covariance_type != "tied":
        assert mixture.restarts_
    else:
        assert mixture.restarts_ == []
    assert fitted_bytes(mixture) == fitted_bytes(GaussianMixture(**options).fit(X))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
@each_type
@each_init
def test_restarts_end(covariance_type, init_params):
    # Whatever the components do, there is nothing but two points.
    X = np.repeat([[0.0, 0.0], [9.0, 4.0]], 10, axis=0)
    options = {"covariance_type": covariance_type, "init_params": init_params, "reg_covar": 0}
    mixture = GaussianMixture(3, **options, random_state=0, on_collapse="restart", max_iter=30)
    fit_and_listen(mixture, X)
    assert_sound(mixture, X)
    counts = [sum(c == component for _, c in mixture.restarts_) for component in range(3)]
    assert max(counts) <= 3


def test_equal_points_are_lifted():
    X = np.full((20, 3), 7.0)
    mixture = GaussianMixture(1, reg_covar=0, on_collapse="restart", random_state=0)
    assert fit_and_listen(mixture, X) == [
        "The covariances of components [0] were not positive definite and had some variance "
        "added. Decrease the number of components, or leave out features that are constant or "
        "follow from others.",
        "Components have collapsed and begun anew at another sample: 0 in iteration 0, 0 in "
        "iteration 1, 0 in iteration 2. Decrease the number of components, or increase reg_covar.",
    ]
    assert_sound(mixture, X)
    np.testing.assert_allclose(mixture.means_, X[:1])


@each_type
def test_restart_changes_no_bit_where_nothing_collapses(covariance_type, seed):
    X = make_blobs(150, 3, centers=4, cluster_std=2, random_state=seed)[0]
    options = {"covariance_type": covariance_type, "random_state": seed, "n_init": 2}
    plain, prepared = (
        GaussianMixture(4, **options, on_collapse=on_collapse).fit(X)
        for on_collapse in ("raise", "restart")
    )
    assert prepared.restarts_ == []
    assert fitted_bytes(plain) == fitted_bytes(prepared)


# --- with a prior ---------------------------------------------------------------------------------


def test_prior_by_hand():
    # Variance 4 of two samples; the prior has the same mean, and as scale the variance itself.
    X = np.array([[0.0], [4.0]])
    mixture = GaussianMixture(1, reg_covar=0, on_collapse="prior").fit(X)
    assert mixture.means_.item() == pytest.approx(2, rel=1e-14)
    # (scale + scatter) / (nu + N + d + 2)
    assert mixture.covariances_.item() == pytest.approx((4 + 8) / (3 + 2 + 1 + 2), rel=1e-14)
    # The bound is that of the parameters before the last step, which were the same.
    prior = reference.data_prior(X, 1, 0.0)
    log_prior = reference.log_prior(mixture.means_, mixture.covariances_, prior, "full")
    assert mixture.lower_bound_ == pytest.approx(mixture.score(X) + log_prior / 2, rel=1e-3)


@each_type
def test_prior_needs_no_regularisation(X, covariance_type):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixture = GaussianMixture(**on_the_copies(covariance_type), on_collapse="prior").fit(X)
    assert_sound(mixture, X)
    assert mixture.restarts_ == []
    np.testing.assert_allclose(mixture.means_[1], [50, 50], atol=0.2)
    np.testing.assert_allclose(mixture.weights_, [60 / 70, 10 / 70], atol=1e-3)


@each_type
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_penalised_likelihood_never_falls(X, covariance_type, weighted, seed):
    w = np.random.default_rng(seed).uniform(0, 3, len(X)) if weighted else None
    options = {"covariance_type": covariance_type, "random_state": seed, "init_params": "random"}
    mixture = GaussianMixture(4, **options, tol=0, max_iter=30, on_collapse="prior")
    bounds = mixture.fit(X, sample_weight=w).lower_bounds_
    assert len(bounds) == 30
    assert all(b >= a - 1e-11 * abs(a) for a, b in itertools.pairwise(bounds))
    assert bounds[-1] > bounds[0] + 0.01


@each_type
def test_prior_fades_with_many_samples(covariance_type):
    X = make_blobs(3000, 2, centers=2, random_state=0)[0]
    plain, penalised = (
        GaussianMixture(2, covariance_type=covariance_type, random_state=0, on_collapse=how).fit(X)
        for how in ("raise", "prior")
    )
    np.testing.assert_allclose(penalised.means_, plain.means_, rtol=1e-3)
    np.testing.assert_allclose(penalised.covariances_, plain.covariances_, rtol=0.05, atol=0.02)
    assert fitted_bytes(plain) != fitted_bytes(penalised)


@each_type
def test_a_component_for_each_sample(covariance_type):
    X = np.random.default_rng(0).normal(size=(8, 2))
    mixture = GaussianMixture(
        8, covariance_type=covariance_type, reg_covar=0, on_collapse="prior", random_state=0
    ).fit(X)
    assert_sound(mixture, X)


# --- nothing gives nonsense -----------------------------------------------------------------------


def awkward_data():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(40, 3))
    constant = normal.copy()
    constant[:, 1] = 3.0
    outlier, huge = normal.copy(), normal.copy()
    outlier[5] = 1e9
    huge[5, 0] = 1e200
    return {
        "normal": normal,
        "all_equal": np.full((12, 2), 2.5),
        "zeros": np.zeros((12, 2)),
        "two_points": np.repeat([[1.0, 2.0], [3.0, -1.0]], 6, axis=0),
        "three_points_and_a_cloud": np.append(np.repeat(np.eye(3) * 9, 8, axis=0), normal, axis=0),
        "constant_column": constant,
        "collinear_columns": np.column_stack([normal, normal[:, 0] - 2 * normal[:, 1]]),
        "a_line": np.outer(np.arange(20.0), [1.0, 2.0, -1.0]),
        "one_outlier": outlier,
        "one_enormous_value": huge,
        "tiny": normal * 1e-150,
        "subnormal": rng.integers(-5, 6, size=(30, 2)) * 5e-324,
        "large": normal * 1e150,
        "far_away": normal + 1e12,
        "fewer_samples_than_features": rng.normal(size=(6, 9)),
        "two_samples": np.array([[0.0, 1.0], [2.0, 0.0]]),
    }


AWKWARD = awkward_data()


@pytest.mark.filterwarnings("ignore:(overflow|invalid value|divide by zero) encountered")
@pytest.mark.parametrize("reg_covar", [0, 1e-6])
@pytest.mark.parametrize("name", list(AWKWARD))
@each_type
@each_collapse
def test_awkward_data(name, covariance_type, on_collapse, reg_covar):
    X = AWKWARD[name]
    for k, init_params in ((1, "kmeans"), (2, "random"), (4, "kmeans"), (4, "random_from_data")):
        if k > len(X):
            continue
        mixture = GaussianMixture(
            k,
            covariance_type=covariance_type,
            init_params=init_params,
            reg_covar=reg_covar,
            max_iter=15,
            random_state=0,
            on_collapse=on_collapse,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            # No covariance can hold the square of an enormous value.
            if collapses(mixture, X, may_collapse=name == "one_enormous_value"):
                assert not hasattr(mixture, "means_")
                continue
            mixture.fit(X)
        assert_sound(mixture, X)


@pytest.mark.parametrize("name", ["two_points", "constant_column", "one_outlier", "far_away"])
@each_repair
@each_dtype
@each_type
def test_awkward_data_in_both_precisions(name, on_collapse, dtype, covariance_type):
    X = AWKWARD[name].astype(dtype)
    mixture = GaussianMixture(3, covariance_type=covariance_type, on_collapse=on_collapse)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        assert_sound(mixture.set_params(random_state=0).fit(X), X)
    assert mixture.means_.dtype == dtype


@settings(max_examples=60, deadline=None)
@given(
    X=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 25), st.integers(1, 4)),
        elements=st.integers(-3, 3).map(float) | st.floats(-1e3, 1e3),
    ),
    k=st.integers(1, 5),
    covariance_type=st.sampled_from(TYPES),
    on_collapse=st.sampled_from(["raise", "restart", "prior"]),
    init_params=st.sampled_from(["kmeans", "k-means++", "random", "random_from_data"]),
    reg_covar=st.sampled_from([0, 1e-6, 1.0]),
    weighted=st.booleans(),
    seed=st.integers(0, 3),
)
def test_properties(X, k, covariance_type, on_collapse, init_params, reg_covar, weighted, seed):
    mixture = GaussianMixture(
        min(k, len(X)),
        covariance_type=covariance_type,
        on_collapse=on_collapse,
        init_params=init_params,
        reg_covar=reg_covar,
        max_iter=10,
        random_state=seed,
    )
    w = np.random.default_rng(seed).uniform(0.1, 2, len(X)) if weighted else None
    # pytest's filters do not reach into every example.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected_error = pytest.raises(ValueError, match="ill-defined")
        with expected_error if collapses(mixture, X, w) else contextlib.nullcontext():
            labels = mixture.fit_predict(X, sample_weight=w)
            np.testing.assert_array_equal(labels, mixture.predict(X))
            assert_sound(mixture, X)
            assert math.isfinite(mixture.bic(X))
            drawn, of = mixture.sample(5)
            assert np.isfinite(drawn).all()
            assert set(of.tolist()) <= set(range(k))
