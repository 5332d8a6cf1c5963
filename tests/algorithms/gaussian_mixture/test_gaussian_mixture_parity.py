"""The same seed, or the same start, gives scikit-learn's answer; errors have its text."""

from __future__ import annotations

import re
import warnings
from functools import partial

import numpy as np
import pytest
import scipy.sparse
from gaussian_mixture_cases import (
    TRICKY,
    TYPES,
    as_parameters,
    components_for,
    each_init,
    each_type,
    start,
)
from sklearn.mixture import GaussianMixture as SklearnGaussianMixture

from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning
from scratchml.mixture import GaussianMixture

BOTH = (GaussianMixture, SklearnGaussianMixture)
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


@pytest.fixture
def X():
    return make_blobs(150, 3, centers=4, cluster_std=2, random_state=0)[0]


def fit_both(X, *args, **parameters):
    return [mixture(*args, **parameters).fit(X) for mixture in BOTH]


def assert_same_fit(ours, theirs, rtol=1e-7):
    """Scalars as equal as rounding allows, arrays to some digits fewer."""
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    assert isinstance(ours.lower_bounds_, list)
    # The variance of a single sample is reg_covar alone; where scikit-learn computes it as a
    # difference of squares its rounding shows beside so little.
    from_samples = ours.init_params in ("k-means++", "random_from_data")
    rounded = from_samples and ours.covariance_type in ("diag", "spherical")
    assert ours.lower_bounds_[:1] == pytest.approx(
        theirs.lower_bounds_[:1], rel=1e-6 if rounded else 1e-9
    )
    assert ours.lower_bounds_[1:] == pytest.approx(theirs.lower_bounds_[1:], rel=1e-9)
    assert ours.lower_bound_ == pytest.approx(theirs.lower_bound_, rel=1e-9)
    for name in ATTRIBUTES:
        expected = getattr(theirs, name)
        largest = np.abs(expected).max()
        assert getattr(ours, name).dtype == expected.dtype
        np.testing.assert_allclose(
            getattr(ours, name), expected, rtol=rtol, atol=rtol * largest, err_msg=name
        )


# --- the same seed --------------------------------------------------------------------------------


@each_type
@each_init
def test_same_seed(X, covariance_type, init_params, seed):
    options = {"covariance_type": covariance_type, "init_params": init_params}
    ours, theirs = fit_both(X, 4, random_state=seed, **options)
    assert_same_fit(ours, theirs)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


# Of equally near centres K-means takes the first, scikit-learn's the one that rounding prefers.
@each_type
@pytest.mark.parametrize("name", [name for name in TRICKY if name != "integers"])
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")
def test_same_seed_on_awkward_data(covariance_type, name):
    X = TRICKY[name]
    options = {"covariance_type": covariance_type, "reg_covar": 1e-2, "max_iter": 5}
    ours, theirs = fit_both(X, components_for(X), random_state=0, **options)
    assert_same_fit(ours, theirs)
    np.testing.assert_array_equal(ours.fit_predict(X), theirs.fit_predict(X))


def draw_problem(number):
    """Data and parameters of all sorts."""
    rng = np.random.default_rng(number)
    n_features, n_components = int(rng.integers(1, 21)), int(rng.integers(1, 7))
    X, _ = make_blobs(
        int(rng.integers(60, 400)),
        n_features,
        centers=int(rng.integers(1, 7)),
        cluster_std=rng.uniform(0.5, 4),
        random_state=number,
    )
    if number % 3 == 0:
        X = X @ rng.normal(size=(n_features, n_features))
    return X, {
        "n_components": n_components,
        "covariance_type": TYPES[number % 4],
        "init_params": ["kmeans", "k-means++", "random", "random_from_data"][number // 4 % 4],
        "n_init": int(rng.integers(1, 3)),
        "reg_covar": 10.0 ** rng.integers(-6, -1),
        "random_state": number,
    }


def same_answer(X, parameters):
    """Whether the labels are equal and the lower bounds agree to nine digits."""
    ours, theirs = fit_both(X, **parameters)
    close = abs(ours.lower_bound_ - theirs.lower_bound_) <= 1e-9 * abs(theirs.lower_bound_)
    return close and np.array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.jit
@pytest.mark.slow
def test_same_answer_on_many_problems():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        same = [same_answer(*draw_problem(number)) for number in range(200)]
    assert sum(same) >= 0.97 * len(same), np.flatnonzero(~np.array(same))


def test_random_state_instance_is_drawn_from_alike(X, seed):
    states = [np.random.RandomState(seed) for _ in BOTH]
    for mixture, state in zip(BOTH, states, strict=True):
        for init_params in ("kmeans", "k-means++", "random", "random_from_data"):
            fitted = mixture(3, init_params=init_params, n_init=2, random_state=state).fit(X)
            fitted.sample(5)
    assert states[0].randint(2**31) == states[1].randint(2**31)


def test_global_random_state_is_drawn_from_alike(X):
    results = []
    for mixture in BOTH:
        np.random.seed(3)
        results.append(mixture(3, init_params="random").fit(X).lower_bound_)
    assert results[0] == pytest.approx(results[1], rel=1e-9)


@each_type
def test_float32(X, covariance_type):
    # scikit-learn rounds every iteration.
    X = X.astype(np.float32)
    given = as_parameters(start(X, 3, covariance_type), covariance_type)
    given = {name: value.astype(np.float32) for name, value in given.items()}
    options = {"covariance_type": covariance_type, "tol": 0, "max_iter": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        ours, theirs = fit_both(X, 3, **options, **given)
    for name in ATTRIBUTES:
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype == np.float32
        largest = np.abs(getattr(theirs, name)).max()
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-3, atol=1e-3 * largest
        )
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-3)
    for method in ("predict_proba", "score_samples"):
        assert getattr(ours, method)(X).dtype == np.float64, method
    assert [a.dtype for a in ours.sample(3)] == [np.float64, np.int64]


# --- the same start, and how a fit runs -----------------------------------------------------------


@each_type
@pytest.mark.parametrize(
    "given",
    ["weights_init", "means_init", "precisions_init"],
)
def test_part_of_the_start_is_given(X, covariance_type, given):
    parameters = as_parameters(start(X, 4, covariance_type), covariance_type)
    options = {given: parameters[given], "covariance_type": covariance_type}
    assert_same_fit(*fit_both(X, 4, random_state=0, **options))
    assert_same_fit(*fit_both(X, 4, random_state=1, init_params="random", **options))


@each_type
def test_the_whole_start_is_given(X, covariance_type):
    parameters = as_parameters(start(X, 4, covariance_type), covariance_type)
    lists = {name: value.tolist() for name, value in parameters.items()}
    # A shared precision matrix that is not diagonal has a Cholesky factor of its own form.
    for given in (parameters, lists):
        assert_same_fit(*fit_both(X, 4, covariance_type=covariance_type, **given))


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_precisions_that_are_not_diagonal(X, covariance_type, seed):
    roots = np.random.default_rng(seed).normal(size=(4, 3, 3))
    precisions = roots @ np.swapaxes(roots, 1, 2) + np.eye(3)
    precisions = precisions if covariance_type == "full" else precisions[0]
    options = {"covariance_type": covariance_type, "precisions_init": precisions}
    assert_same_fit(*fit_both(X, 4, random_state=0, **options))


@each_type
@each_init
def test_several_runs(X, covariance_type, init_params):
    options = {"covariance_type": covariance_type, "init_params": init_params, "max_iter": 20}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        assert_same_fit(*fit_both(X[:80], 4, n_init=3, random_state=0, **options))


@each_type
@each_init
def test_no_iteration_at_all(X, covariance_type, init_params):
    options = {"covariance_type": covariance_type, "init_params": init_params, "max_iter": 0}
    ours, theirs = fit_both(X, 4, n_init=2, random_state=0, **options)
    assert_same_fit(ours, theirs, rtol=1e-5)
    assert (ours.n_iter_, ours.converged_, ours.lower_bounds_) == (0, False, [])
    assert ours.lower_bound_ == -np.inf
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@each_type
def test_warm_start(X, covariance_type):
    pair = [
        mixture(4, covariance_type=covariance_type, random_state=0, warm_start=True, max_iter=2)
        for mixture in BOTH
    ]
    for n_fits, data in enumerate((X, X, X[::-1], X[:100], X[:100])):
        for mixture in pair:
            mixture.set_params(tol=1e-3 if n_fits < 4 else 1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", category=UserWarning)
                mixture.fit(data)
        assert_same_fit(*pair)
    assert pair[0].converged_  # the last fit asks for little


@each_type
def test_warm_start_goes_on_where_it_was(X, covariance_type):
    options = {"covariance_type": covariance_type, "random_state": 0, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)
        twice = GaussianMixture(4, max_iter=3, warm_start=True, **options).fit(X).fit(X)
        once = GaussianMixture(4, max_iter=6, **options).fit(X)
    assert twice.lower_bounds_ == pytest.approx(once.lower_bounds_[3:], rel=1e-12)
    np.testing.assert_allclose(twice.covariances_, once.covariances_, rtol=1e-9, atol=1e-12)


@each_type
def test_no_iteration_from_a_given_start_is_that_start(X, covariance_type):
    begin = start(X, 4, covariance_type)
    options = {"covariance_type": covariance_type, "max_iter": 0}
    mixture = GaussianMixture(4, **options, **as_parameters(begin, covariance_type)).fit(X)
    np.testing.assert_array_equal(mixture.weights_, begin.pi)
    np.testing.assert_array_equal(mixture.means_, begin.mu)
    np.testing.assert_allclose(mixture.covariances_, begin.Sigma, rtol=1e-13)


def test_warm_start_with_another_shape(X):
    mixture = GaussianMixture(4, warm_start=True, random_state=0).fit(X)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        mixture.set_params(n_components=3).fit(X)
    assert str(caught.value) == (
        "The fitted mixture has means of shape (4, 3) and covariances of type 'full': a warm start "
        "with means of shape (3, 3) and covariance_type='full' cannot begin with it. "
        "Set warm_start=False."
    )
    assert len(mixture.set_params(warm_start=False).fit(X).means_) == 3


def test_warm_start_with_another_type_of_the_same_shape(X):
    mixture = GaussianMixture(3, covariance_type="tied", warm_start=True, random_state=0).fit(X)
    with pytest.raises(ValueError, match="covariances of type 'tied'"):
        mixture.set_params(covariance_type="diag").fit(X)


def test_a_type_set_after_the_fit_counts_from_the_next_fit_on(X):
    mixture = GaussianMixture(3, covariance_type="tied", random_state=0).fit(X)
    before = mixture.predict(X), mixture.bic(X), mixture.sample(5)[0].tolist()
    mixture.set_params(covariance_type="diag")
    after = mixture.predict(X), mixture.bic(X), mixture.sample(5)[0].tolist()
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1:] == before[1:]


# --- the fitted mixture ---------------------------------------------------------------------------


@each_type
def test_answers_of_the_same_mixture(X, covariance_type, seed):
    ours, theirs = fit_both(X, 4, covariance_type=covariance_type, random_state=seed)
    for name in ATTRIBUTES:
        setattr(theirs, name, getattr(ours, name))
    new = np.concatenate([X[::3] + 0.7, [[0.0, 0.0, 0.0], [1e4, 0.0, -1e4]]])
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    np.testing.assert_allclose(
        ours.predict_proba(new), theirs.predict_proba(new), rtol=1e-7, atol=1e-12
    )
    np.testing.assert_allclose(ours.score_samples(new), theirs.score_samples(new), rtol=1e-11)
    for method in ("score", "bic", "aic"):
        expected = getattr(theirs, method)(new)
        assert getattr(ours, method)(new) == pytest.approx(expected, rel=1e-12), method
        assert type(getattr(ours, method)(new)) is type(expected)
    for n_samples in (1, 2, 50):
        for drawn, expected in zip(ours.sample(n_samples), theirs.sample(n_samples), strict=True):
            np.testing.assert_array_equal(drawn, expected)
            assert drawn.dtype == expected.dtype


def test_sampling_repeats_with_a_seed_and_moves_on_with_a_state(X):
    seeded = GaussianMixture(3, random_state=5).fit(X)
    np.testing.assert_array_equal(seeded.sample(4)[0], seeded.sample(4)[0])
    pair = fit_both(X, 3, random_state=0)
    for mixture in pair:
        mixture.set_params(random_state=np.random.RandomState(7))
    drawn = [[mixture.sample(4)[0] for _ in range(2)] for mixture in pair]
    np.testing.assert_allclose(drawn[0], drawn[1], rtol=1e-6, atol=1e-9)
    assert not np.array_equal(drawn[0][0], drawn[0][1])


# --- what is printed ------------------------------------------------------------------------------


def printed(capsys, X, **parameters):
    lines = []
    for mixture in BOTH:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            mixture(**parameters).fit(X)
        lines.append(capsys.readouterr().out.splitlines())
    return lines


@pytest.mark.parametrize("verbose_interval", [1, 3])
@pytest.mark.parametrize("max_iter", [0, 4, 40])
def test_verbose_prints_what_scikit_learn_prints(X, capsys, verbose_interval, max_iter):
    options = {"n_components": 4, "n_init": 2, "random_state": 0, "init_params": "random"}
    options |= {"verbose_interval": verbose_interval, "max_iter": max_iter}
    X = X[:50]
    ours, theirs = printed(capsys, X, verbose=1, **options)
    assert ours == theirs
    assert ours[0] == "Initialization 0"
    ours, theirs = printed(capsys, X, verbose=2, **options)
    hide_times = partial(re.sub, r"time lapse [\d.]+s", "time lapse")
    assert list(map(hide_times, ours)) == list(map(hide_times, theirs))
    assert all(re.search(r"time lapse \d+\.\d{5}s", line) for line in ours if "\t" in line)


def test_true_is_one(X, capsys):
    ours, theirs = printed(capsys, X, n_components=2, random_state=0, verbose=True)
    assert ours == theirs


# --- warnings and errors --------------------------------------------------------------------------


def test_warning_when_no_run_converges(X):
    messages = []
    for mixture in BOTH:
        with pytest.warns(UserWarning, match="did not converge") as record:
            mixture(4, max_iter=1, random_state=0).fit(X)
        messages.append([str(w.message) for w in record])
    assert messages[0] == messages[1]
    with pytest.warns(ConvergenceWarning) as record:
        GaussianMixture(4, max_iter=1, random_state=0).fit_predict(X)
    assert record[0].filename == __file__


def words(text):
    """The words of a message, sorted: options stand there in the order of a set."""
    return sorted(re.findall(r"'[^']*'|[^\s,{}]+", text))


DATA = np.random.default_rng(0).normal(size=(20, 2))
IDENTITIES = np.array([np.eye(2)] * 2)


def given(**parameters):
    return {"n_components": 2, **parameters}


INVALID = {
    "n_components_0": {"n_components": 0},
    "n_components_float": {"n_components": 2.0},
    "n_components_none": {"n_components": None},
    "tol": {"tol": -1e-3},
    "reg_covar": {"reg_covar": -1},
    "max_iter": {"max_iter": -1},
    "max_iter_float": {"max_iter": 1.5},
    "n_init": {"n_init": 0},
    "init_params": {"init_params": "best"},
    "covariance_type": {"covariance_type": "round"},
    "random_state": {"random_state": "seed"},
    "warm_start": {"warm_start": "yes"},
    "verbose": {"verbose": -1},
    "verbose_interval": {"verbose_interval": 0},
    "weights_init": {"weights_init": "equal"},
    "means_init": {"means_init": 3},
    "precisions_init": {"precisions_init": "unit"},
    "too_many_components": {"n_components": 21},
    "weights_of_a_shape": given(weights_init=[1.0]),
    "weights_negative": given(weights_init=[-0.5, 1.5]),
    "weights_above_one": given(weights_init=[0.0, 1.5]),
    "weights_not_normalised": given(weights_init=[0.5, 0.4]),
    "means_of_a_shape": given(means_init=np.zeros((2, 3))),
    "means_too_few": given(means_init=np.zeros((1, 2))),
    "full_shape": given(precisions_init=np.eye(2)),
    "full_asymmetric": given(precisions_init=np.array([[[1.0, 1.0], [0.0, 1.0]]] * 2)),
    "full_indefinite": given(precisions_init=IDENTITIES * [[1, 0], [0, -1]]),
    "tied_shape": given(covariance_type="tied", precisions_init=np.eye(3)),
    "tied_indefinite": given(covariance_type="tied", precisions_init=-np.eye(2)),
    "diag_shape": given(covariance_type="diag", precisions_init=np.ones(2)),
    "diag_zero": given(covariance_type="diag", precisions_init=np.zeros((2, 2))),
    "spherical_shape": given(covariance_type="spherical", precisions_init=np.ones((2, 1))),
    "spherical_negative": given(covariance_type="spherical", precisions_init=[1.0, -1.0]),
}


def errors_of_both(call):
    """What both classes raise when something is done with them."""
    caught = []
    for mixture in BOTH:
        with pytest.raises(Exception) as info:  # noqa: PT011 (compared by the caller)
            call(mixture)
        caught.append(info.value)
    return caught


@pytest.mark.parametrize("parameters", INVALID.values(), ids=list(INVALID))
def test_invalid_parameters(parameters):
    ours, theirs = errors_of_both(lambda mixture: mixture(**parameters).fit(DATA))
    assert isinstance(ours, type(theirs)) or type(ours).__name__ == type(theirs).__name__
    assert words(str(ours)) == words(str(theirs))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (given(weights_init=[np.nan, 0.4]), "Input weights_init contains NaN."),
        (
            given(means_init=[[0, 0], [np.inf, 0]]),
            "Input means_init contains infinity or a value too large for dtype('float64').",
        ),
        (
            given(covariance_type="tied", precisions_init=IDENTITIES),
            "The parameter 'tied precision' should have the shape of (2, 2), but got (2, 2, 2)",
        ),
    ],
    ids=["nan", "inf", "dimensions"],
)
def test_initial_parameters_in_words_of_our_own(parameters, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        GaussianMixture(**parameters).fit(DATA)
    assert str(caught.value).splitlines()[0] == message


def test_invalid_on_collapse():
    with pytest.raises(ValueError, match="on_collapse") as caught:
        GaussianMixture(on_collapse="ignore").fit(DATA)
    assert words(str(caught.value)) == words(
        "The 'on_collapse' parameter of GaussianMixture must be a str among {'prior', 'raise', "
        "'restart'}. Got 'ignore' instead."
    )


BAD_DATA = {
    "nan": np.where(DATA > 1, np.nan, DATA),
    "inf": np.where(DATA > 1, np.inf, DATA),
    "one_sample": DATA[:1],
    "no_sample": DATA[:0],
    "no_feature": DATA[:, :0],
    "vector": DATA[:, 0],
    "cube": DATA[None],
    "complex": DATA * 1j,
    "strings": np.array([["a"], ["b"]]),
    "sparse": scipy.sparse.csr_array(DATA),
}


@pytest.mark.parametrize("name", list(BAD_DATA))
def test_invalid_data(name):
    ours, theirs = errors_of_both(lambda mixture: mixture(1).fit(BAD_DATA[name]))
    assert isinstance(ours, type(theirs))
    if name in ("nan", "strings"):  # what to do then is said as in the whole library
        with pytest.raises(ValueError) as info:  # noqa: PT011
            KMeans(1).fit(BAD_DATA[name])
        assert str(ours) == str(info.value).replace("KMeans", "GaussianMixture")
    else:
        assert str(ours) == str(theirs)


METHODS = ("predict", "predict_proba", "score_samples", "score", "bic", "aic")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "data", [DATA[:, :1], np.full((3, 2), np.inf), DATA[0]], ids=["features", "inf", "vector"]
)
def test_invalid_new_data(method, data):
    ours, theirs = errors_of_both(lambda mixture: getattr(mixture(2).fit(DATA), method)(data))
    assert isinstance(ours, type(theirs))
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("method", [*METHODS, "sample", "explain", "outliers"])
def test_not_fitted(method):
    shared = method if method not in ("explain", "outliers") else "predict"
    arguments = () if method == "sample" else (DATA,)
    with pytest.raises(ValueError, match="not fitted") as ours:
        getattr(GaussianMixture(), method)(*arguments)
    with pytest.raises(ValueError, match="not fitted") as theirs:
        getattr(SklearnGaussianMixture(), shared)(*arguments)
    assert isinstance(ours.value, type(theirs.value))
    assert str(ours.value) == str(theirs.value)


def test_a_sample_of_none():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        GaussianMixture(2, random_state=0).fit(DATA).sample(0)
    assert str(caught.value) == (
        "Invalid value for 'n_samples': 0 . The sampling requires at least one sample."
    )


@pytest.mark.parametrize(
    "sample_weight",
    [np.ones(19), np.ones((20, 1)), np.full(20, np.nan), np.full(20, np.inf), -np.ones(20)],
    ids=["short", "column", "nan", "inf", "negative"],
)
def test_invalid_sample_weight(sample_weight):
    with pytest.raises(ValueError) as expected:  # noqa: PT011 (the text is compared below)
        KMeans(2).fit(DATA, sample_weight=sample_weight)
    fitted = GaussianMixture(2, random_state=0).fit(DATA)
    for call in (fitted.fit, fitted.fit_predict, fitted.score):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            call(DATA, sample_weight=sample_weight)
        text = str(expected.value)
        assert str(caught.value).replace("GaussianMixture", "KMeans") == text


@pytest.mark.parametrize("contamination", [-0.1, 0, 1.5, "auto", None])
def test_invalid_contamination(contamination):
    with pytest.raises(ValueError, match="contamination") as caught:
        GaussianMixture(2, random_state=0).fit(DATA).outliers(DATA, contamination)
    assert repr(contamination) in str(caught.value)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f64", "f32"])
def test_collapse_is_scikit_learns_error(covariance_type, dtype):
    # Some component is left with one distinct point.
    X = np.repeat([[0.0, 0.0], [9.0, 9.0]], 10, axis=0).astype(dtype)
    parameters = {"covariance_type": covariance_type, "reg_covar": 0, "random_state": 0}
    ours, theirs = errors_of_both(lambda mixture: mixture(2, **parameters).fit(X))
    assert isinstance(ours, ValueError)
    assert str(ours) == str(theirs)
    assert "ill-defined empirical covariance" in str(ours)


def test_a_failed_fit_leaves_the_mixture_as_it_was(X):
    mixture = GaussianMixture(2, random_state=0, reg_covar=0).fit(X)
    before = dict(vars(mixture))
    with pytest.raises(ValueError, match="ill-defined"):
        mixture.fit(np.repeat(X[:2], 10, axis=0))
    assert vars(mixture).keys() == before.keys()
    assert all(vars(mixture)[name] is before[name] for name in before)


def test_the_parameters_given_stay_what_they_were(X):
    given = {n: v.tolist() for n, v in as_parameters(start(X, 3, "full"), "full").items()}
    mixture = GaussianMixture(3, **given).fit(X)
    assert all(getattr(mixture, name) is value for name, value in given.items())
