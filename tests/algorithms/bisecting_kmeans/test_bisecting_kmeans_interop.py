"""Bisecting K-means among other libraries: scikit-learn's checks, signatures, pickles, tables."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import sklearn.base
import sklearn.cluster
from sklearn.model_selection import GridSearchCV
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml.cluster
from scratchml.datasets import make_blobs

X = make_blobs(120, 3, centers=4, random_state=0)[0]

# scikit-learn runs its clustering checks only for what inherits from its own mixin; the checks of
# pickling look the class up by its name.
BisectingKMeans = type(
    "BisectingKMeans",
    (sklearn.base.ClusterMixin, scratchml.cluster.BisectingKMeans),
    {"__module__": __name__},
)

REASON = "draws depend on the order and the number of rows, as those of scikit-learn's class do"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": REASON,
    "check_sample_weight_equivalence_on_sparse_data": REASON,
}


@parametrize_with_checks(
    [BisectingKMeans(2, n_init=2, max_iter=5)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
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
        "check_get_feature_names_out_error",
        "check_global_output_transform_pandas",
        "check_inplace_ensure_writeable",
        "check_n_features_in_after_fitting",
        "check_set_output_transform_pandas",
        "check_transformer_get_feature_names_out",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("BisectingKMeans", BisectingKMeans(3))


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_signatures_are_scikit_learns():
    ours, theirs = (m.BisectingKMeans for m in (scratchml.cluster, sklearn.cluster))
    # The one default that differs.
    constructor = [
        (name, kind, "lloyd" if name == "algorithm" else default)
        for name, kind, default in signature(ours)
    ]
    assert constructor == signature(theirs)
    for name in dir(theirs):
        if not name.startswith("_") and callable(getattr(theirs, name)):
            assert signature(getattr(ours, name)) == signature(getattr(theirs, name)), name


def test_fitted_attributes_are_scikit_learns_and_two_more():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    fits = [m.BisectingKMeans(3).fit(frame) for m in (scratchml.cluster, sklearn.cluster)]
    names = [{n for n in vars(fit) if n[-1] == "_" and n[0] != "_"} for fit in fits]
    assert names[0] == names[1] | {"n_distances_", "tree_"}


def test_grid_search():
    grid = {"n_clusters": [2, 4], "bisecting_strategy": ["biggest_inertia", "largest_cluster"]}
    scores = [
        GridSearchCV(m.BisectingKMeans(random_state=0), grid, cv=3).fit(X).cv_results_
        for m in (scratchml.cluster, sklearn.cluster)
    ]
    ours, theirs = (result["mean_test_score"] for result in scores)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_output_in_pandas():
    model = scratchml.cluster.BisectingKMeans(2, random_state=0).set_output(transform="pandas")
    assert model.fit_transform(X).columns.tolist() == ["bisectingkmeans0", "bisectingkmeans1"]
