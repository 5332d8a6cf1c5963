"""select_mixture: criteria of Gaussian mixtures, what is chosen, what failed."""

from __future__ import annotations

import dataclasses
import doctest
import re
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import sklearn.mixture

import scratchml
from scratchml.algorithms.choose_k import MAX_SEED
from scratchml.algorithms.select_mixture import COVARIANCE_TYPES, CRITERIA, N_INIT, reference
from scratchml.algorithms.select_mixture import criteria as criteria_module
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError
from scratchml.mixture import GaussianMixture
from scratchml.model_selection import MixtureSelection, select_mixture

X = make_blobs(48, 2, centers=[[0, 0], [9, 0], [0, 9]], cluster_std=0.7, random_state=0)[0]
KS = [1, 2, 3]
# Three places, at each of which three components are single points.
PLACES = np.repeat([[0.0, 0], [5, 0], [0, 5]], 4, axis=0)


@pytest.fixture(scope="module")
def selection():
    return select_mixture(X, KS, random_state=0)


def joint_of(mixture, data):
    k, d = mixture.means_.shape
    Sigma = reference.full_covariances(mixture.covariances_, mixture.covariance_type, k, d)
    return reference.log_joint(data, mixture.weights_, mixture.means_, Sigma)


# --- by hand --------------------------------------------------------------------------------------


def test_toy():
    # Two pairs far apart: means 1 and 101, variances 1, weights 1/2, and no doubt of any sample.
    found = select_mixture(
        [[0.0], [2.0], [100.0], [102.0]],
        [2],
        "spherical",
        reg_covar=0,
        random_state=0,
    )
    L = 4 * (np.log(0.5) - 0.5 * np.log(2 * np.pi) - 0.5)
    assert found.log_likelihood[0, 0] == pytest.approx(L, rel=1e-12)
    assert found.n_parameters.tolist() == [[5]]  # two means, two variances, one weight
    assert found.scores["bic"][0, 0] == pytest.approx(-2 * L + 5 * np.log(4), rel=1e-12)
    assert found.scores["aic"][0, 0] == pytest.approx(-2 * L + 10, rel=1e-12)
    assert found.scores["icl"][0, 0] == pytest.approx(found.scores["bic"][0, 0], rel=1e-12)
    assert found.choices["bic"][:3] == (2, "spherical", "V")


def test_a_sample_in_doubt_counts_in_icl():
    # One sample in the middle between two components belongs half to each: -2 log(1/2) more.
    data = np.array([[-50.0], [-50.5], [0.0], [50.0], [50.5]])
    found = select_mixture(data, [2], "tied", on_collapse="raise", random_state=0)
    mixture = found.best_
    shares = np.exp(
        joint_of(mixture, data) - reference.log_density(joint_of(mixture, data))[:, None]
    )
    expected = -2 * np.log(shares.max(axis=1)).sum()
    difference = found.scores["icl"][0, 0] - found.scores["bic"][0, 0]
    assert difference == pytest.approx(expected, rel=1e-9, abs=1e-9)


# --- the reference and scikit-learn ---------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("shift", [0, 1e4], ids=["near", "far"])
def test_criteria_equal_the_reference(dtype, shift):
    data = (X + shift).astype(dtype)
    found = select_mixture(data, KS, random_state=0)
    for i, kind in enumerate(COVARIANCE_TYPES):
        for j, k in enumerate(KS):
            mixture = found.mixtures[kind, k]
            # Parameters that are rounded to float32 have another likelihood far from the origin,
            # but the same to the reference.
            joint = joint_of(mixture, data.astype(np.float64))
            L, m = reference.log_density(joint).sum(), reference.n_parameters(kind, k, 2)
            expected = {
                "bic": reference.bic(L, m, len(X)),
                "aic": reference.aic(L, m),
                "icl": reference.icl(L, m, len(X), joint),
            }
            rtol = 1e-9 if dtype == np.float64 else 1e-4
            for name in CRITERIA:
                assert found.scores[name][i, j] == pytest.approx(expected[name], rel=rtol), name


@pytest.mark.jit
@pytest.mark.parametrize("kind", COVARIANCE_TYPES)
def test_bic_and_aic_are_those_of_scikit_learn(kind, seed):
    data = make_blobs(150, 3, centers=4, cluster_std=1.5, random_state=seed)[0]
    found = select_mixture(data, range(1, 6), kind, n_init=1, random_state=seed)
    for j, k in enumerate(range(1, 6)):
        theirs = sklearn.mixture.GaussianMixture(k, covariance_type=kind, random_state=seed)
        theirs.fit(data)
        assert found.scores["bic"][0, j] == pytest.approx(theirs.bic(data), rel=1e-9), k
        assert found.scores["aic"][0, j] == pytest.approx(theirs.aic(data), rel=1e-9), k
        assert found.n_iter[0, j] == theirs.n_iter_


def test_fits_are_those_of_the_estimator(selection):
    options = {"n_init": N_INIT, "random_state": 0}
    assert list(selection.mixtures) == [(kind, k) for kind in COVARIANCE_TYPES for k in KS]
    for (kind, k), mixture in selection.mixtures.items():
        alone = GaussianMixture(k, covariance_type=kind, **options).fit(X)
        np.testing.assert_array_equal(mixture.means_, alone.means_)
        np.testing.assert_array_equal(mixture.covariances_, alone.covariances_)
        place = COVARIANCE_TYPES.index(kind), KS.index(k)
        assert selection.n_iter[place] == alone.n_iter_
        assert selection.converged[place] == alone.converged_
        for name in ("bic", "aic"):
            expected = getattr(alone, name)(X)
            assert selection.scores[name][place] == pytest.approx(expected, rel=1e-12)


# --- known data -----------------------------------------------------------------------------------


def drawn(covariances, seed):
    """Samples of three normal components, 150 of each."""
    rng = np.random.default_rng(seed)
    means = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])
    return np.concatenate(
        [rng.multivariate_normal(m, C, 150) for m, C in zip(means, covariances, strict=True)]
    )


ROUND = [0.3 * np.eye(2), np.eye(2), 3 * np.eye(2)]
SLANTED = np.array([[2.0, 1.5], [1.5, 2.0]])
UPRIGHT = [np.diag([4.0, 0.5]), np.diag([0.5, 4.0]), np.diag([1.0, 1.0])]
TURNED = [SLANTED, np.array([[2.0, -1.5], [-1.5, 2.0]]), 0.5 * np.eye(2)]


@pytest.mark.jit
@pytest.mark.parametrize(
    ("kind", "covariances"),
    [("spherical", ROUND), ("tied", [SLANTED] * 3), ("diag", UPRIGHT), ("full", TURNED)],
)
def test_the_kind_and_the_number_that_data_were_drawn_with_are_found(kind, covariances, seed):
    found = select_mixture(drawn(covariances, seed), range(1, 7), random_state=0)
    assert found.choices["bic"][:2] == (3, kind)
    assert found.choices["icl"][:2] == (3, kind)
    assert found.best_.covariance_type == kind
    assert found.best_.n_components == 3


@pytest.mark.jit
def test_one_component_where_there_are_no_clusters(seed):
    data = np.random.default_rng(seed).normal(size=(300, 4))
    found = select_mixture(data, range(1, 5), random_state=0)
    assert found.choices["bic"][:3] == (1, "spherical", "XII")


@pytest.mark.jit
def test_icl_counts_clusters_where_bic_counts_components(seed):
    # Two squares: it takes several normal components to fill one.
    rng = np.random.default_rng(seed)
    data = np.concatenate([rng.uniform(-1, 1, (400, 2)), rng.uniform(3, 5, (400, 2))])
    found = select_mixture(data, range(1, 9), random_state=0)
    assert found.choices["bic"].n_components > 2
    assert found.choices["icl"].n_components == 2


@pytest.mark.jit
def test_narrow_clusters_far_apart():
    # A prior of the scale of all data makes components too wide, and fits more of them.
    rng = np.random.default_rng(0)
    narrow = [[[1, 0.99], [0.99, 1]], [[1, -0.99], [-0.99, 1]], np.eye(2)]
    means = [(0, 0), (20, 0), (0, 20)]
    data = np.concatenate(
        [rng.multivariate_normal(*drawn, 200) for drawn in zip(means, narrow, strict=True)]
    )
    found = select_mixture(data, random_state=0)
    assert found.choices["bic"][:3] == (3, "full", "VVV")
    prior = select_mixture(data, on_collapse="prior", random_state=0)
    assert prior.choices["bic"].n_components > 3


@pytest.mark.jit
def test_a_prior_serves_few_samples_of_many_features(seed):
    rng = np.random.default_rng(seed)
    data = np.concatenate([rng.normal(mean, 1, (20, 6)) for mean in (0, 3)])
    found = select_mixture(data, range(1, 7), on_collapse="prior", random_state=0)
    assert found.choices["bic"][:2] == (2, "spherical")


# --- invariants -----------------------------------------------------------------------------------


def same(a, b):
    for name in CRITERIA:
        np.testing.assert_array_equal(a.scores[name], b.scores[name])
    assert a.choices == b.choices


def test_aic_penalises_less_and_icl_more(selection):
    bic, aic, icl = (selection.scores[name] for name in CRITERIA)
    assert (aic < bic).all()  # of more than 7 samples
    assert (icl >= bic - 1e-9).all()
    np.testing.assert_allclose(icl[:, 0], bic[:, 0], rtol=1e-12)  # of a single component


@pytest.mark.jit
def test_same_bits_for_any_number_of_threads():
    data = make_blobs(3000, 3, centers=3, random_state=0)[0]
    with scratchml.threads(1):
        one = select_mixture(data, [2, 3], random_state=0)
    with scratchml.threads(2):
        same(one, select_mixture(data, [2, 3], random_state=0))


def test_pieces_of_the_rows_do_not_count(selection, monkeypatch):
    monkeypatch.setattr(criteria_module, "_PIECE_ENTRIES", 20)
    found = select_mixture(X, KS, random_state=0)
    for name in CRITERIA:
        np.testing.assert_allclose(found.scores[name], selection.scores[name], rtol=1e-13)


@pytest.mark.jit
def test_memory_of_the_criteria_does_not_grow_with_the_samples(monkeypatch):
    monkeypatch.setattr(criteria_module, "_PIECE_ENTRIES", 2**12)
    data = make_blobs(20_000, 2, centers=8, random_state=0)[0]
    mixture = GaussianMixture(8, covariance_type="diag", max_iter=2, tol=1e9).fit(data)
    criteria_module.likelihood(mixture, data[:1000], None)  # compiles
    tracemalloc.start()
    criteria_module.likelihood(mixture, data, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 8 * 8 / 4  # an array of samples by components would be four times that


def test_weights_are_repetitions():
    weights = np.tile([1, 2, 3], 16)
    options = {"covariance_types": ["full", "spherical"], "random_state": 0}
    weighted = select_mixture(X, [1, 3], sample_weight=weights, **options)
    repeated = select_mixture(np.repeat(X, weights, axis=0), [1, 3], **options)
    for name in CRITERIA:
        np.testing.assert_allclose(weighted.scores[name], repeated.scores[name], rtol=1e-7)


@pytest.mark.filterwarnings("error")
def test_weights_that_are_no_frequencies_are_warned_of():
    options = {"components": [1, 3], "random_state": 0}
    message = (
        "The weights sum to 1, and the largest mixture has 17 parameters. Weights are how often"
        " each sample was seen: BIC and ICL count their sum as the number of samples. If yours are"
        " relative, scale them to a sum of 48."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as warned:
        select_mixture(X, sample_weight=np.full(48, 1 / 48), **options)
    assert warned[0].filename == __file__
    # Neither as many as there are parameters, nor one for each sample of few.
    select_mixture(X, sample_weight=np.full(48, 17 / 48), **options)
    select_mixture(X[::4], sample_weight=np.ones(12), **options)


def test_components_that_are_tried_unless_told():
    found = select_mixture(X[:5], covariance_types="spherical", random_state=0)
    assert found.components.tolist() == [1, 2, 3, 4, 5]
    found = select_mixture(X, covariance_types="spherical", n_init=1, random_state=0)
    assert found.components.tolist() == list(range(1, 11))


def test_order_and_repetition_do_not_count(selection):
    kinds = ("spherical", "full", "diag", "tied", "full")
    found = select_mixture(X, np.array([3, 1, 2, 2]), iter(kinds), random_state=0)
    assert found.covariance_types == COVARIANCE_TYPES
    assert found.components.tolist() == KS
    same(found, selection)


def test_other_mixtures_do_not_count(selection):
    found = select_mixture(X, [2], "diag", random_state=0)
    for name in CRITERIA:
        assert found.scores[name][0, 0] == selection.scores[name][2, 1]


def test_random_state():
    drawn_seed = np.random.RandomState(7).randint(MAX_SEED)
    found = select_mixture(X, [2], "diag", random_state=np.random.RandomState(7))
    assert found.best_.random_state == drawn_seed
    same(found, select_mixture(X, [2], "diag", random_state=int(drawn_seed)))
    assert select_mixture(X, [2], "diag", random_state=3).best_.random_state == 3
    # One seed for all mixtures, also without any.
    both = select_mixture(X, [2, 3], "diag").mixtures.values()
    assert len({mixture.random_state for mixture in both}) == 1


def test_nothing_given_is_changed(selection):
    data = X.copy()
    data.flags.writeable = False
    same(select_mixture(data, iter(KS), random_state=0), selection)
    np.testing.assert_array_equal(data, X)


def test_a_table_is_fitted_with_its_names(selection):
    pandas = pytest.importorskip("pandas")
    found = select_mixture(pandas.DataFrame(X, columns=["a", "b"]), KS, random_state=0)
    assert found.best_.feature_names_in_.tolist() == ["a", "b"]
    same(found, selection)


def test_options_reach_the_mixtures():
    options = {"n_init": 2, "init_params": "random", "tol": 0.5, "max_iter": 7, "reg_covar": 0.1}
    found = select_mixture(X, [2], "full", on_collapse="restart", random_state=0, **options)
    params = found.best_.get_params()
    assert {name: params[name] for name in options} == options
    assert params["on_collapse"] == "restart"


# --- fits that fail -------------------------------------------------------------------------------


def test_fits_that_fail_are_reported():
    options = {"reg_covar": 0, "on_collapse": "raise", "random_state": 0}
    found = select_mixture(PLACES, [1, 3], **options)
    assert list(found.failures) == [(kind, 3) for kind in COVARIANCE_TYPES]
    with pytest.raises(ValueError, match="ill-defined") as raised:
        GaussianMixture(3, **options).fit(PLACES)
    assert found.failures["full", 3] == str(raised.value)
    for values in (found.log_likelihood, *found.scores.values()):
        assert np.isfinite(values[:, 0]).all()
        assert np.isnan(values[:, 1]).all()
    assert {choice.n_components for choice in found.choices.values()} == {1}
    (row,) = (row for row in found.table() if row["failure"] and row["covariance_type"] == "diag")
    assert (row["n_components"], row["n_iter"], row["converged"]) == (3, 0, False)
    assert len(found.notes()) == 4
    assert found.notes()[0].startswith("The fit of full with 3 components failed: Fitting the")
    assert found.notes()[0] in repr(found)


def test_with_a_prior_no_fit_fails():
    found = select_mixture(PLACES, [1, 3], on_collapse="prior", random_state=0)
    assert found.failures == {}
    assert found.choices["bic"].n_components == 3


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_all_fits_fail():
    with pytest.raises(ValueError, match=r"^Every fit failed, the first with: Fitting the") as e:
        select_mixture(np.ones((6, 2)), [1, 2], reg_covar=0, on_collapse="raise", random_state=0)
    assert isinstance(e.value.__cause__, ValueError)


# --- fits that are worse than stricter ones -------------------------------------------------------


def long_clusters(seed, n=150):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal([0, y], [6, 1], (n, 2)) for y in (0, 5, 10)])


@pytest.mark.jit
def test_a_fit_that_went_astray_begins_again_with_a_stricter_one():
    options = {"components": [3], "n_init": 1, "random_state": 0}
    alone = select_mixture(long_clusters(0), refit=False, **options)
    found = select_mixture(long_clusters(0), **options)
    assert alone.refitted == {}
    assert alone.log_likelihood[0, 0] < alone.log_likelihood[1, 0] - 50
    assert found.refitted["full", 3] == "tied"
    assert found.log_likelihood[0, 0] > found.log_likelihood[1, 0]
    np.testing.assert_array_equal(found.log_likelihood[1], alone.log_likelihood[1])
    tied = found.mixtures["tied", 3]
    again = GaussianMixture(
        3,
        weights_init=tied.weights_,
        means_init=tied.means_,
        precisions_init=[tied.precisions_] * 3,
        random_state=0,
    ).fit(long_clusters(0))
    np.testing.assert_array_equal(found.mixtures["full", 3].means_, again.means_)
    (row,) = (row for row in found.table() if row["covariance_type"] == "full")
    assert row["refitted"] == "tied"


@pytest.mark.jit
def test_freer_covariances_fit_no_worse(seed):
    data = long_clusters(seed)
    found = select_mixture(data, range(1, 6), on_collapse="raise", random_state=seed)
    full, tied, diag, spherical = found.log_likelihood
    slack = 2e-3 * len(data)  # what fits may have left that ended by tol
    for freer, stricter in ((full, tied), (full, diag), (full, spherical), (diag, spherical)):
        assert (freer > stricter - slack).all()


def test_a_fit_that_fails_again_stays_failed():
    data = np.column_stack([X[:, 0], np.full(len(X), 3.0)])
    found = select_mixture(data, [2], reg_covar=0, on_collapse="raise", random_state=0)
    assert list(found.failures) == [("full", 2), ("tied", 2), ("diag", 2)]
    assert found.refitted == {}
    assert found.choices["bic"].covariance_type == "spherical"


# --- progress -------------------------------------------------------------------------------------


def test_steps(capsys):
    heard = []
    select_mixture(
        X,
        [1, 2],
        ["full", "diag"],
        random_state=0,
        verbose=True,
        on_step=lambda *step: heard.append(step),
    )
    # The stricter kinds first, with which others may begin again.
    expected = ["diag, k=1", "full, k=1", "diag, k=2", "full, k=2"]
    assert heard == [(name, i, 4) for i, name in enumerate(expected)]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Step {i + 1} of 4: {name}" for i, name in enumerate(expected)]


def test_a_step_may_end_the_run():
    def stop(name, n_done, n_steps):
        if n_done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        select_mixture(X, [1, 2], on_step=stop)


def test_callbacks_hear_every_fit(selection):
    heard = set()

    def hear(event):
        heard.add((event.estimator.covariance_type, event.estimator.n_components))

    same(select_mixture(X, KS, random_state=0, callbacks=[hear]), selection)
    assert heard == {(kind, k) for kind in COVARIANCE_TYPES for k in KS}


# --- the result -----------------------------------------------------------------------------------


def test_result(selection):
    assert type(selection) is MixtureSelection
    with pytest.raises(dataclasses.FrozenInstanceError):
        selection.criterion = "aic"
    assert (selection.n_samples, selection.n_features) == X.shape
    assert selection.components.dtype == selection.n_parameters.dtype == np.int64
    assert list(selection.scores) == list(selection.choices) == list(CRITERIA)
    for values in selection.scores.values():
        assert values.shape == (4, 3)
        assert values.dtype == np.float64
    assert selection.choice() is selection.choices["bic"]
    assert selection.best_ is selection.best() is selection.best("bic")
    assert np.array_equal(np.unique(selection.best_.predict(X)), [0, 1, 2])


def test_another_criterion_decides():
    found = select_mixture(X, KS, criterion="icl", random_state=0)
    assert found.choice() is found.choices["icl"]
    chosen = found.choices["icl"]
    assert found.best_ is found.mixtures[chosen.covariance_type, chosen.n_components]
    assert repr(found).splitlines()[2].split()[0] == "icl"


def test_table(selection):
    rows = selection.table()
    assert len(rows) == 12
    assert list(rows[0]) == [
        "covariance_type",
        "family",
        "n_components",
        "n_parameters",
        "log_likelihood",
        "bic",
        "aic",
        "icl",
        "n_iter",
        "converged",
        "refitted",
        "failure",
    ]
    row = rows[5]
    assert (row["covariance_type"], row["family"], row["n_components"]) == ("tied", "EEE", 3)
    assert row["bic"] == selection.scores["bic"][1, 2]
    assert [type(value) for value in row.values()] == [
        str, str, int, int, float, float, float, float, int, bool, type(None), type(None)
    ]  # fmt: skip


def test_repr(selection):
    shown = dataclasses.replace(
        selection,
        components=np.array([1, 12]),
        covariance_types=("full", "diag"),
        scores={"bic": np.array([[1234567.0, np.nan], [30.5, 7.25]])},
        choices={
            "bic": selection.choices["bic"]._replace(
                n_components=12, covariance_type="diag", reason="Why."
            )
        },
        n_samples=1000,
        failures={("full", 1): "Too few."},
    )
    assert repr(shown) == (
        "MixtureSelection of 1,000 samples\n"
        "\n"
        "bic       full   diag\n"
        "  1  1234567.0   30.5\n"
        " 12        nan    7.2*\n"
        "\n"
        "Why.\n"
        "The fit of full with 1 component failed: Too few."
    )


def test_fits_need_not_be_kept(selection):
    found = select_mixture(X, KS, keep_fits=False, random_state=0)
    same(found, selection)
    chosen = {(choice.covariance_type, choice.n_components) for choice in found.choices.values()}
    assert set(found.mixtures) == chosen
    for name in CRITERIA:
        np.testing.assert_array_equal(found.best(name).means_, selection.best(name).means_)


def test_no_mixture_keeps_what_grows_with_the_samples(selection):
    for mixture in selection.mixtures.values():
        arrays = [value for value in vars(mixture).values() if isinstance(value, np.ndarray)]
        assert max(array.size for array in arrays) < len(X)


def test_plot(selection):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    display = selection.plot("icl")
    assert display.criterion == "icl"
    plt.close(display.figure_)


# --- errors ---------------------------------------------------------------------------------------


def test_a_criterion_that_there_is_not(selection):
    message = "criterion must be one of ['bic', 'aic', 'icl']. Got 'gap' instead."
    for ask in (selection.best, selection.choice, selection.plot):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            ask("gap")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"components": []},
            ValueError,
            "components must be integers of at least 1. Got [] instead.",
        ),
        (
            {"components": [0, 1]},
            ValueError,
            "components must be integers of at least 1. Got [0, 1] instead.",
        ),
        (
            {"components": [True]},
            ValueError,
            "components must be integers of at least 1. Got [True] instead.",
        ),
        (
            {"components": 3},
            TypeError,
            "components must be integers of at least 1. Got 3 instead.",
        ),
        (
            {"components": [2, 49]},
            ValueError,
            "Expected n_samples >= n_components but got n_components = 49, n_samples = 48",
        ),
        (
            {"covariance_types": "round"},
            ValueError,
            f"covariance_types must be some of {list(COVARIANCE_TYPES)}. Got 'round' instead.",
        ),
        (
            {"covariance_types": ["full", "VVV"]},
            ValueError,
            f"covariance_types must be some of {list(COVARIANCE_TYPES)}. Got ['full', 'VVV']"
            " instead.",
        ),
        (
            {"covariance_types": ()},
            ValueError,
            f"covariance_types must be some of {list(COVARIANCE_TYPES)}. Got [] instead.",
        ),
        (
            {"criterion": "dic"},
            InvalidParameterError,
            "The 'criterion' parameter of select_mixture must be a str among {'aic', 'bic', 'icl'}."
            " Got 'dic' instead.",
        ),
        (
            {"n_init": 0},
            InvalidParameterError,
            "The 'n_init' parameter of select_mixture must be an int in the range [1, inf). Got 0"
            " instead.",
        ),
        (
            {"sample_weight": np.ones(3)},
            ValueError,
            "sample_weight.shape == (3,), expected (48,)!",
        ),
        ({"X": [[np.nan, 1.0], [0.0, 1.0]]}, ValueError, None),
    ],
)
def test_errors(arguments, error, message):
    heard = []
    given = {"X": X, "components": [1, 2], "on_step": lambda *step: heard.append(step), **arguments}
    with pytest.raises(error, match=f"^{re.escape(message)}$" if message else "^Input X contains"):
        select_mixture(**given)
    assert not heard  # before any fit


@pytest.mark.parametrize(("callback", "error"), [("loud", TypeError)], ids=["no-callback"])
def test_errors_that_are_not_of_a_mixture_are_raised(callback, error):
    with pytest.raises(error, match=r"^callbacks must be functions"):
        select_mixture(X, [1], callbacks=[callback])


@pytest.mark.jit
def test_the_page_shows_what_its_example_prints(capsys):
    page = Path(__file__).parents[3] / "docs/algorithms/select_mixture.md"
    (code, shown), *_ = re.findall(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out == shown


@pytest.mark.jit  # there are dozens of fits
@pytest.mark.parametrize("module", ["function", "result"])
def test_examples(module):
    found = doctest.testmod(sys.modules[f"scratchml.algorithms.select_mixture.{module}"])
    assert found.attempted > 0
    assert found.failed == 0
