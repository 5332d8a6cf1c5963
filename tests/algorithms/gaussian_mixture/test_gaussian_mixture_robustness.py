"""Mixtures under hard conditions: threads, forks, interrupts, memory, odd layouts of data."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from gaussian_mixture_cases import (
    as_parameters,
    each_init,
    each_type,
    fitted_bytes,
    start,
)
from helpers import HEARD, run_python

import scratchml
from scratchml.algorithms.gaussian_mixture.rows import EXPONENTIAL_OPERATIONS
from scratchml.core.blocks import row_blocks
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning
from scratchml.mixture import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore:Best performing initialization did not converge")


@pytest.fixture(scope="module")
def large():
    """Data of which every pass takes several blocks."""
    return make_blobs(40_000, 6, centers=4, cluster_std=3, random_state=0)[0]


# --- threads --------------------------------------------------------------------------------------


@pytest.mark.jit
@each_type
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
@pytest.mark.parametrize("on_collapse", ["raise", "prior"])
def test_any_number_of_threads_gives_the_same_bits(large, covariance_type, weighted, on_collapse):
    w = np.random.default_rng(1).uniform(0, 2, len(large)) if weighted else None
    given = as_parameters(start(large, 4, covariance_type), covariance_type)
    mixture = GaussianMixture(
        4, covariance_type=covariance_type, on_collapse=on_collapse, max_iter=3, **given
    )
    # Of all passes, those that evaluate a spherical density take the fewest operations.
    assert len(row_blocks(len(large), 4 * (EXPONENTIAL_OPERATIONS + 2 * 6 + 1))) > 3
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            results.append(fitted_bytes(mixture.fit(large, sample_weight=w)))
            results[-1]["densities"] = mixture.score_samples(large).tobytes()
            results[-1]["responsibilities"] = mixture.predict_proba(large).tobytes()
            results[-1]["labels"] = mixture.predict(large).tobytes()
            results[-1]["score"] = mixture.score(large, sample_weight=w)
    for result in results[1:]:
        assert result == results[0]


@pytest.mark.jit
def test_any_number_of_threads_leaves_out_the_same_densities():
    X = make_blobs(20_000, 16, centers=8, cluster_std=2, random_state=0)[0]
    given = as_parameters(start(X, 8, "full"), "full")
    mixture = GaussianMixture(8, max_iter=4, **given)
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            results.append(fitted_bytes(mixture.fit(X)))
    assert mixture.n_densities_ < 0.9 * 4 * 8 * len(X)
    assert all(result == results[0] for result in results[1:])


@pytest.mark.jit
@each_init
def test_any_number_of_threads_begins_alike(large, init_params):
    mixture = GaussianMixture(4, init_params=init_params, max_iter=1, random_state=0)
    results = []
    for n_threads in (1, 3):
        with scratchml.threads(n_threads):
            results.append(fitted_bytes(mixture.fit(large)))
    assert results[0] == results[1]


@pytest.mark.jit
def test_fits_from_eight_threads_at_once(large):
    X = large[:10_000]

    def fit(seed):
        return fitted_bytes(GaussianMixture(3, random_state=seed, max_iter=3).fit(X))

    with scratchml.threads(1):
        expected = [fit(seed) for seed in range(8)]
    together = threading.Barrier(8)
    results = [None] * 8

    def run(seed):
        together.wait(20)
        results[seed] = fit(seed)

    threads = [threading.Thread(target=run, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == expected


@pytest.mark.jit
def test_fit_in_a_forked_child():
    code = """
import os, warnings
import numpy as np
from scratchml import threads
from scratchml.mixture import GaussianMixture
warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(40_000, 6))

def fit():
    with threads(4):
        mixture = GaussianMixture(3, random_state=0, max_iter=2).fit(X)
        return mixture.means_.tobytes() + mixture.predict_proba(X).tobytes()

first = fit()
child = os.fork()
if child == 0:
    os._exit(0 if fit() == first else 1)
assert os.waitpid(child, 0)[1] == 0
assert fit() == first
"""
    run_python(code)


# --- interrupts -----------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.clock
def test_interrupts_are_heard_within_half_a_second():
    code = (
        HEARD
        + """
import warnings
import numpy as np
import scratchml
from scratchml.mixture import GaussianMixture

warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(100_000, 16))
scratchml.set_num_threads(2)
for covariance_type in ("full", "tied", "diag", "spherical"):
    options = {"covariance_type": covariance_type, "random_state": 0, "max_iter": 3}
    few = X[:500]
    mixture = GaussianMixture(4, **options).fit(few)  # compiles
    mixture.predict(few), mixture.predict_proba(few), mixture.score_samples(few)
    before = dict(vars(mixture))
    for init_params in ("random", "random_from_data"):
        mixture.set_params(n_components=30, init_params=init_params, tol=0, max_iter=10_000)
        assert heard(lambda: mixture.fit(X)), (covariance_type, init_params)
    mixture.set_params(**{name: before[name] for name in mixture.get_params()})
    after = vars(mixture)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    assert heard(lambda: mixture.predict(X)), covariance_type
    assert heard(lambda: mixture.predict_proba(X)), covariance_type
    assert heard(lambda: mixture.explain(X)), covariance_type
"""
    )
    run_python(code)


# --- memory and layouts ---------------------------------------------------------------------------


@pytest.mark.jit
def test_a_fit_takes_no_array_of_samples_and_components():
    # Linux tells the peak of a process and forgets it on request.
    code = """
import re, warnings
import numpy as np
from scratchml.mixture import GaussianMixture

def kilobytes(quantity):
    with open("/proc/self/status") as file:
        return int(re.search(quantity + r":\\s+(\\d+) kB", file.read())[1])

def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

warnings.simplefilter("ignore")
n, k = 300_000, 16
X = np.empty((n, 2))
np.random.default_rng(0).standard_normal(out=X)
for covariance_type in ("full", "tied", "diag", "spherical"):
    for init_params in ("kmeans", "k-means++", "random", "random_from_data"):
        mixture = GaussianMixture(k, covariance_type=covariance_type, init_params=init_params)
        mixture.set_params(max_iter=2, random_state=0).fit(X[:2000])
        if init_params in ("kmeans", "k-means++") and covariance_type != "full":
            continue
        forget_peak()
        before = kilobytes("VmRSS")
        mixture.fit(X)
        used = kilobytes("VmHWM") - before
        # Labels, and a few blocks; responsibilities would take 37 MiB.
        assert used < 20 * 1024, (covariance_type, init_params, used)
forget_peak()
before = kilobytes("VmRSS")
mixture.predict_proba(X)  # a canary, which must be seen
assert kilobytes("VmHWM") - before > 30 * 1024
"""
    # Freed memory returns to the system at once, where glibc would keep some for later.
    run_python(code, env={"MALLOC_MMAP_THRESHOLD_": "65536"}, timeout=120)


@each_type
def test_layouts_change_no_bit(covariance_type, tmp_path):
    X = make_blobs(80, 3, centers=3, random_state=0)[0]
    np.save(tmp_path / "X.npy", X)
    frozen = X.copy()
    frozen.flags.writeable = False
    layouts = [
        X,
        frozen,
        np.asfortranarray(X),
        np.load(tmp_path / "X.npy", mmap_mode="r"),
        np.repeat(X, 2, axis=0)[::2],
        X.tolist(),
    ]
    mixtures = [
        GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(data)
        for data in layouts
    ]
    for mixture, data in zip(mixtures[1:], layouts[1:], strict=True):
        assert fitted_bytes(mixture) == fitted_bytes(mixtures[0])
        assert mixture.score_samples(data).tobytes() == mixtures[0].score_samples(X).tobytes()


def test_data_and_weights_are_left_as_they_were():
    X = make_blobs(80, 3, centers=3, random_state=0)[0]
    w = np.random.default_rng(0).uniform(0, 2, 80)
    before = X.tobytes(), w.tobytes()
    mixture = GaussianMixture(3, random_state=0, on_collapse="restart").fit(X, sample_weight=w)
    mixture.predict_proba(X), mixture.score(X, sample_weight=w), mixture.explain(X)
    assert (X.tobytes(), w.tobytes()) == before


def test_integers_are_data():
    X = np.random.default_rng(0).integers(0, 50, size=(60, 2))
    mixture = GaussianMixture(2, random_state=0).fit(X)
    other = GaussianMixture(2, random_state=0).fit(X.astype(float))
    assert fitted_bytes(mixture) == fitted_bytes(other)
    np.testing.assert_array_equal(mixture.predict(X), other.predict(X.astype(float)))
    assert mixture.means_.dtype == np.float64


def test_mixed_precisions_of_fit_and_predict():
    X = make_blobs(80, 3, centers=3, random_state=0)[0]
    single = GaussianMixture(3, random_state=0).fit(X.astype(np.float32))
    double = GaussianMixture(3, random_state=0).fit(X)
    np.testing.assert_array_equal(single.predict(X), double.predict(X.astype(np.float32)))
    np.testing.assert_allclose(single.score_samples(X), double.score_samples(X), rtol=1e-4)


def test_work_is_counted():
    X = make_blobs(80, 3, centers=3, random_state=0)[0]
    mixture = GaussianMixture(3, random_state=0).fit(X)
    # A pass over the rows in every iteration; where a mean moves far, one more.
    assert mixture.n_densities_ % (80 * 3) == 0
    assert mixture.n_iter_ <= mixture.n_densities_ // (80 * 3) <= 2 * mixture.n_iter_
    still = GaussianMixture(
        3,
        weights_init=mixture.weights_,
        means_init=mixture.means_,
        precisions_init=mixture.precisions_,
    ).fit(X)
    assert still.n_densities_ == 80 * 3 * still.n_iter_


@pytest.mark.parametrize("apart", [1, 50], ids=["overlapping", "apart"])
def test_densities_that_are_too_small_are_not_computed(apart):
    rng = np.random.default_rng(0)
    means = apart * rng.normal(size=(4, 16))
    X = means[np.arange(200) % 4] + rng.normal(size=(200, 16))
    mixture = GaussianMixture(
        4,
        tol=0,
        weights_init=np.full(4, 0.25),
        means_init=means,
        precisions_init=np.array([np.eye(16)] * 4),
    )
    first, fourth = (mixture.set_params(max_iter=n).fit(X).n_densities_ for n in (1, 4))
    # At least one for each sample, and all of them at most.
    assert 200 <= first <= 200 * 4
    assert 200 * 3 <= fourth - first <= 200 * 4 * 3
    assert (fourth - first == 200 * 3) == (apart == 50)


# --- weights, and places, that are not what the fit is about --------------------------------------


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data"])
@pytest.mark.parametrize("factor", [2.0**-100, 0.01, 2.0**60])
@each_type
def test_starts_from_samples_do_not_depend_on_a_factor_of_the_weights(
    covariance_type, factor, init_params
):
    X = make_blobs(90, 3, centers=3, random_state=0)[0]
    options = {"covariance_type": covariance_type, "init_params": init_params, "random_state": 0}
    plain = GaussianMixture(3, **options).fit(X, sample_weight=np.ones(90))
    scaled = GaussianMixture(3, **options).fit(X, sample_weight=np.full(90, factor))
    np.testing.assert_allclose(scaled.lower_bounds_, plain.lower_bounds_, rtol=1e-9)


def test_a_first_row_without_weight_does_not_count_for_the_prior():
    X = make_blobs(90, 3, centers=3, random_state=0)[0]
    given = as_parameters(start(X, 3, "full"), "full")
    mixture = GaussianMixture(3, on_collapse="prior", **given)
    far = np.full((1, 3), 1e16)
    last = mixture.fit(np.vstack([X, far]), sample_weight=np.r_[np.ones(90), 0.0]).lower_bounds_
    begin = mixture.fit(np.vstack([far, X]), sample_weight=np.r_[0.0, np.ones(90)]).lower_bounds_
    assert begin == pytest.approx(last, rel=1e-12)


def test_tied_components_far_apart_keep_the_densities_of_those_that_are_near():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 8])
    covariances = {"covariance_type": "tied", "precisions_init": np.eye(2), "max_iter": 0}
    near = GaussianMixture(
        2, weights_init=[0.5, 0.5], means_init=[[0.0, 0.0], [8.0, 8.0]], **covariances
    )
    far = GaussianMixture(
        3,
        weights_init=[0.25, 0.25, 0.5],
        means_init=[[0.0, 0.0], [8.0, 8.0], [1e12, 1e12]],
        **covariances,
    )
    expected = near.fit(X).score_samples(X) + np.log(0.5)
    np.testing.assert_allclose(far.fit(X).score_samples(X), expected, rtol=1e-13)


def test_a_narrow_tied_covariance_across_features_keeps_its_digits():
    rng = np.random.default_rng(0)
    width = 1e-5
    X = rng.normal(size=(600, 2)) * [1, width] + np.repeat([[0.0, 0.0], [400.0, 0.0]], 300, axis=0)
    turn = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    mixture = GaussianMixture(2, covariance_type="tied", reg_covar=0, random_state=0)
    labels = np.repeat([0, 1], 300)
    deviations = X - np.array([X[labels == c].mean(axis=0) for c in (0, 1)])[labels]
    narrow = (mixture.fit(X @ turn.T).covariances_ * np.outer(turn[:, 1], turn[:, 1])).sum()
    assert narrow == pytest.approx(np.mean(deviations[:, 1] ** 2), rel=1e-4)


@pytest.mark.jit
def test_densities_of_overlapping_components_are_all_taken_in_most_passes():
    X = np.random.default_rng(0).normal(size=(2000, 16))
    options = {"init_params": "random", "tol": 0, "max_iter": 12, "random_state": 0}
    with pytest.warns(ConvergenceWarning):
        mixture = GaussianMixture(3, **options).fit(X)
    assert mixture.n_densities_ == 12 * 3 * len(X)
