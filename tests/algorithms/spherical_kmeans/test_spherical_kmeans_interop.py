"""Spherical K-means among other libraries: scikit-learn's checks, tables, meta-estimators."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import sklearn.base
import sklearn.cluster
from sklearn.base import clone, is_clusterer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml.cluster
from scratchml.datasets import make_blobs

X, _ = make_blobs(120, 3, centers=4, random_state=0)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(1000, 1120))

# scikit-learn runs its clustering checks only for what inherits from its own mixin; the checks of
# pickling look the class up by its name.
SphericalKMeans = type(
    "SphericalKMeans",
    (sklearn.base.ClusterMixin, scratchml.cluster.SphericalKMeans),
    {"__module__": __name__},
)

REASON = "draws depend on the order and the number of rows, as those of scikit-learn's KMeans do"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": REASON,
    "check_sample_weight_equivalence_on_sparse_data": REASON,
}


# The sparse data of some checks have empty rows.
@pytest.mark.filterwarnings("ignore:X has .* of length zero:UserWarning")
@parametrize_with_checks(
    [SphericalKMeans(3)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# What check_estimator keeps for estimators that inherit from scikit-learn's base. Some of it fits a
# dataframe and transforms an array, or the other way round.
@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        "check_all_zero_sample_weights_error",
        "check_dataframe_column_names_consistency",
        "check_f_contiguous_array_estimator",
        "check_get_feature_names_out_error",
        "check_global_output_transform_pandas",
        "check_global_set_output_transform_polars",
        "check_inplace_ensure_writeable",
        "check_n_features_in_after_fitting",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_transformer_n_iter",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("SphericalKMeans", SphericalKMeans(3))


def parameters_of(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_parameters_are_those_of_scikit_learns_kmeans():
    theirs = parameters_of(sklearn.cluster.KMeans)
    without = [p for p in theirs if p[0] not in ("copy_x", "algorithm")]
    assert parameters_of(scratchml.cluster.SphericalKMeans) == without


@pytest.mark.parametrize("name", ["fit", "fit_predict", "fit_transform", "predict", "score"])
def test_methods_have_scikit_learns_signatures(name):
    ours, theirs = scratchml.cluster.SphericalKMeans, sklearn.cluster.KMeans
    assert parameters_of(getattr(ours, name)) == parameters_of(getattr(theirs, name))


def test_fitted_attributes_are_scikit_learns_and_one_more():
    ours = scratchml.cluster.SphericalKMeans(3).fit(FRAME)
    theirs = sklearn.cluster.KMeans(3).fit(FRAME)
    names = [{n for n in vars(e) if n[-1] == "_" and n[0] != "_"} for e in (ours, theirs)]
    assert names[0] == names[1] | {"n_distances_"}
    assert is_clusterer(ours)


def test_pandas_out_with_names():
    spherical = scratchml.cluster.SphericalKMeans(3, random_state=0)
    frame = spherical.set_output(transform="pandas").fit_transform(FRAME)
    assert frame.columns.tolist() == [f"sphericalkmeans{i}" for i in range(3)]
    assert frame.index.tolist() == FRAME.index.tolist()
    assert spherical.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(spherical.predict(FRAME), spherical.labels_)


def test_after_a_normalizer_and_in_a_grid_search():
    spherical = scratchml.cluster.SphericalKMeans(4, random_state=0)
    pipe = make_pipeline(Normalizer(), clone(spherical)).fit(X)
    np.testing.assert_array_equal(pipe[-1].labels_, spherical.fit(X).labels_)
    search = GridSearchCV(spherical, {"n_clusters": [1, 2, 4]}, cv=3).fit(X)
    assert search.best_params_["n_clusters"] > 1
