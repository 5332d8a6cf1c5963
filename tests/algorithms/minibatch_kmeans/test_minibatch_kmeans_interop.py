"""Mini-batch K-means among other libraries: scikit-learn's checks and meta-estimators, tables."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import sklearn.base
import sklearn.cluster
from helpers import run_python
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml.cluster
from scratchml.datasets import make_blobs

X, Y = make_blobs(120, 3, centers=4, random_state=0)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])

# scikit-learn runs its clustering checks only for what inherits from its own mixin; the checks of
# pickling look the class up by its name.
MiniBatchKMeans = type(
    "MiniBatchKMeans",
    (sklearn.base.ClusterMixin, scratchml.cluster.MiniBatchKMeans),
    {"__module__": __name__},
)

REASON = "draws depend on the order and the number of rows, as those of scikit-learn's class do"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": REASON,
    "check_sample_weight_equivalence_on_sparse_data": REASON,
}


@parametrize_with_checks(
    [MiniBatchKMeans(3)],
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
        "check_n_features_in_after_fitting",
        "check_set_output_transform_pandas",
        "check_transformer_get_feature_names_out",
        "check_transformer_n_iter",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("MiniBatchKMeans", MiniBatchKMeans(3))


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_the_interface_is_scikit_learns():
    ours, theirs = scratchml.cluster.MiniBatchKMeans, sklearn.cluster.MiniBatchKMeans
    assert signature(ours) == signature(theirs)
    for name in ("fit", "partial_fit", "predict", "fit_predict", "transform", "score"):
        names = [
            [p for p, *_ in signature(getattr(cls, name)) if p != "self"] for cls in (ours, theirs)
        ]
        assert names[0] == names[1], name
    fits = [cls(3, random_state=0).fit(X) for cls in (ours, theirs)]
    public = [
        {name for name in vars(fit) if name.endswith("_") and not name.startswith("_")}
        for fit in fits
    ]
    assert public[0] - public[1] == {"n_distances_"}
    assert public[1] <= public[0]


def test_tables():
    model = scratchml.cluster.MiniBatchKMeans(3, random_state=0, batch_size=40)
    frame = model.set_output(transform="pandas").fit_transform(FRAME)
    assert frame.columns.tolist() == [f"minibatchkmeans{i}" for i in range(3)]
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    model.partial_fit(FRAME)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"^The feature names should match"):
        model.partial_fit(FRAME[["b", "a", "c"]])


def test_grid_search_over_a_pipeline():
    grid = {"minibatchkmeans__n_clusters": [2, 4]}
    searches = [
        GridSearchCV(make_pipeline(StandardScaler(), cls(random_state=0)), grid, cv=3).fit(X)
        for cls in (scratchml.cluster.MiniBatchKMeans, sklearn.cluster.MiniBatchKMeans)
    ]
    ours, theirs = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_progress_bar(capsys):
    model = scratchml.cluster.MiniBatchKMeans(3, random_state=0, batch_size=40)
    model.set_callbacks(ProgressBar()).fit(X)
    assert "MiniBatchKMeans - minibatch #0" in capsys.readouterr().out


def test_a_fit_never_loads_scikit_learn():
    code = """
import sys
import numpy as np
from scratchml.cluster import MiniBatchKMeans

X = np.random.default_rng(0).normal(size=(50, 3))
kmeans = MiniBatchKMeans(3, n_init=2).fit(X, sample_weight=np.ones(50)).partial_fit(X)
kmeans.predict(X), kmeans.transform(X), kmeans.score(X)
print({name.partition(".")[0] for name in sys.modules} & {"sklearn", "pandas", "joblib"})
"""
    assert run_python(code) == "set()\n"
