"""Mixtures among other libraries: scikit-learn's checks, signatures, tables, meta-estimators."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.base
import sklearn.mixture
from gaussian_mixture_cases import fitted_bytes
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from scratchml.datasets import make_blobs
from scratchml.mixture import GaussianMixture

X = make_blobs(120, 3, centers=4, random_state=0)[0]
FRAME = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(1000, 1120))


@parametrize_with_checks([GaussianMixture(n_init=2, max_iter=5)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        "check_all_zero_sample_weights_error",
        "check_dataframe_column_names_consistency",
        "check_f_contiguous_array_estimator",
        "check_inplace_ensure_writeable",
        "check_n_features_in_after_fitting",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("GaussianMixture", GaussianMixture(2, random_state=0))


def parameters_of(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_parameters_are_scikit_learns_and_one_more():
    theirs = parameters_of(sklearn.mixture.GaussianMixture)
    added = ("on_collapse", inspect.Parameter.KEYWORD_ONLY, "raise")
    assert parameters_of(GaussianMixture) == [*theirs, added]


SHARED_METHODS = [
    *("fit", "fit_predict", "predict", "predict_proba", "score", "score_samples", "sample"),
    *("bic", "aic", "get_params", "set_params"),
]


@pytest.mark.parametrize("name", SHARED_METHODS)
def test_methods_have_scikit_learns_signatures(name):
    ours, theirs = GaussianMixture, sklearn.mixture.GaussianMixture
    added = [("sample_weight", inspect.Parameter.POSITIONAL_OR_KEYWORD, None)]
    expected = parameters_of(getattr(theirs, name))
    if name in ("fit", "fit_predict", "score"):
        expected = expected + added
    assert parameters_of(getattr(ours, name)) == expected


def test_fitted_attributes_are_scikit_learns_and_two_more():
    ours = GaussianMixture(3).fit(FRAME)
    theirs = sklearn.mixture.GaussianMixture(3).fit(FRAME)
    names = [{n for n in vars(e) if n[-1] == "_" and n[0] != "_"} for e in (ours, theirs)]
    assert names[0] == names[1] | {"n_densities_", "restarts_"}
    for name in names[1]:
        assert isinstance(getattr(theirs, name), type(getattr(ours, name))), name


def test_tags_are_scikit_learns():
    ours, theirs = (get_tags(m()) for m in (GaussianMixture, sklearn.mixture.GaussianMixture))
    assert ours.estimator_type == theirs.estimator_type == "density_estimator"
    assert ours.input_tags == theirs.input_tags
    assert ours.target_tags == theirs.target_tags
    assert ours.non_deterministic == theirs.non_deterministic
    assert ours.requires_fit == theirs.requires_fit


def test_no_transform_and_no_output_container():
    mixture = GaussianMixture(2)
    assert not hasattr(mixture, "transform")
    assert not hasattr(mixture, "get_feature_names_out")


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_answer_alike(again):
    mixture = GaussianMixture(3, random_state=0).fit(FRAME)
    other = again(mixture)
    assert fitted_bytes(other) == fitted_bytes(mixture)
    np.testing.assert_array_equal(other.predict_proba(FRAME), mixture.predict_proba(FRAME))
    np.testing.assert_array_equal(other.sample(3)[0], mixture.sample(3)[0])


def test_clone_keeps_the_parameters_and_nothing_else():
    given = {"weights_init": np.full(2, 0.5), "means_init": X[:2], "on_collapse": "prior"}
    mixture = GaussianMixture(2, **given).fit(X)
    other = clone(mixture)
    assert not hasattr(other, "means_")
    np.testing.assert_array_equal(other.means_init, X[:2])
    assert other.on_collapse == "prior"


def test_names_of_columns():
    for table in (FRAME, pl.DataFrame({name: FRAME[name].to_numpy() for name in FRAME})):
        mixture = GaussianMixture(3, random_state=0).fit(table)
        assert mixture.feature_names_in_.tolist() == ["a", "b", "c"]
        assert fitted_bytes(mixture).keys() > {"feature_names_in_", "n_features_in_"}
        plain = GaussianMixture(3, random_state=0).fit(X)
        np.testing.assert_array_equal(mixture.predict(table), plain.predict(X))
    assert not hasattr(plain, "feature_names_in_")
    with pytest.raises(ValueError, match="feature names should match"):
        mixture.predict(FRAME[["b", "a", "c"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        mixture.score_samples(X)


def test_search_for_the_number_of_components():
    mixture = GaussianMixture(random_state=0)
    grid = {"n_components": [1, 4], "covariance_type": ["full", "spherical"]}
    searches = [
        GridSearchCV(estimator, grid, cv=3).fit(X)
        for estimator in (mixture, sklearn.mixture.GaussianMixture(random_state=0))
    ]
    assert searches[0].best_params_ == searches[1].best_params_
    np.testing.assert_allclose(
        searches[0].cv_results_["mean_test_score"], searches[1].cv_results_["mean_test_score"]
    )
    by_criterion = GridSearchCV(mixture, grid, cv=3, scoring=lambda model, X: -model.bic(X)).fit(X)
    assert by_criterion.best_params_["n_components"] == 4


def test_scores_of_folds_in_a_pipeline():
    pipelines = [
        make_pipeline(StandardScaler(), mixture(2, random_state=0))
        for mixture in (GaussianMixture, sklearn.mixture.GaussianMixture)
    ]
    scores = [cross_val_score(pipeline, X) for pipeline in pipelines]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-7)


def test_weights_are_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        mixture = GaussianMixture(2, random_state=0)
        mixture.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        w = np.random.default_rng(0).uniform(0.5, 2, len(X))
        scores = cross_val_score(mixture, X, cv=2, params={"sample_weight": w})
    halves = [(np.arange(60, 120), np.arange(60)), (np.arange(60), np.arange(60, 120))]
    for score, (train, test) in zip(scores, halves, strict=True):
        fitted = clone(mixture).fit(X[train], sample_weight=w[train])
        assert score == pytest.approx(fitted.score(X[test], sample_weight=w[test]), rel=1e-12)
    assert scores.tolist() != cross_val_score(mixture, X, cv=2).tolist()


def test_scikit_learns_callbacks_are_heard():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring={"score": lambda estimator, X, y: estimator.score(X)})
    mixture = GaussianMixture(3, random_state=0).set_callbacks(monitor)
    mixture.fit(X, np.zeros(len(X)))
    rows = monitor.get_logs().data
    scores = [row["score"] for row in rows if row["task_name"] == "iteration"]
    assert len(scores) == mixture.n_iter_
    # What an iteration leaves is what the next one measures.
    assert scores[:-1] == pytest.approx(mixture.lower_bounds_[1:], rel=1e-12)
    assert scores[-1] == mixture.score(X)
