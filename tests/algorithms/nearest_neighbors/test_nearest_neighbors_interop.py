"""Neighbours among other libraries: scikit-learn's checks and meta-estimators, tables."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import sklearn.base
import sklearn.neighbors
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils._param_validation import generate_invalid_param_val, make_constraint
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml.neighbors
from scratchml.datasets import make_blobs
from scratchml.neighbors import NearestNeighbors

X, Y = make_blobs(90, 3, centers=3, cluster_std=3.0, random_state=0)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])

# scikit-learn runs its checks of classifiers only for what inherits from its own mixin; the checks
# of pickling look the class up by its name.
KNeighborsClassifier = type(
    "KNeighborsClassifier",
    (sklearn.base.ClassifierMixin, scratchml.neighbors.KNeighborsClassifier),
    {"__module__": __name__},
)
CLASSES = ["NearestNeighbors", "KNeighborsClassifier"]


@pytest.mark.jit
@parametrize_with_checks(
    [
        NearestNeighbors(),
        NearestNeighbors(metric="precomputed"),
        NearestNeighbors(metric="nan_euclidean"),
        KNeighborsClassifier(n_neighbors=2),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        "check_dataframe_column_names_consistency",
        "check_f_contiguous_array_estimator",
        "check_inplace_ensure_writeable",
        "check_n_features_in_after_fitting",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("NearestNeighbors", NearestNeighbors())


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_scikit_learns(name):
    ours, theirs = (getattr(m, name) for m in (scratchml.neighbors, sklearn.neighbors))
    assert signature(ours) == signature(theirs)
    methods = [n for n in dir(theirs) if n[0] != "_" and callable(getattr(theirs, n))]
    for method in methods:
        assert signature(getattr(ours, method)) == signature(getattr(theirs, method)), method


@pytest.mark.parametrize("name", CLASSES)
def test_fitted_attributes_are_scikit_learns(name):
    names = [
        {n for n in vars(getattr(m, name)().fit(FRAME, Y)) if n[-1] == "_" and n[0] != "_"}
        for m in (scratchml.neighbors, sklearn.neighbors)
    ]
    assert names[0] == names[1]


class Nothing:
    """Of no type that any parameter takes."""

    def __repr__(self):
        return "Nothing()"


@pytest.mark.parametrize("name", [n for n in signature(NearestNeighbors) if n[0] != "metric"])
def test_invalid_parameters_get_scikit_learns_messages(name):
    name = name[0]
    values = [Nothing()]
    for constraint in sklearn.neighbors.NearestNeighbors._parameter_constraints[name]:
        try:
            values.append(generate_invalid_param_val(make_constraint(constraint)))
        except NotImplementedError:  # a type, of which every value is valid
            continue
    for value in values:
        messages = []
        for module in (sklearn.neighbors, scratchml.neighbors):
            with pytest.raises(ValueError, match=f"^The '{name}' parameter of Near") as caught:
                module.NearestNeighbors().set_params(**{name: value}).fit(X)
            messages.append(sorted(re.findall(r"[\w'.+-]+", str(caught.value))))
        assert messages[0] == messages[1]


def test_pipelines_and_searches():
    ours, theirs = (
        GridSearchCV(
            make_pipeline(StandardScaler(), m.KNeighborsClassifier()),
            {"kneighborsclassifier__n_neighbors": [1, 3, 7]},
        ).fit(FRAME, Y)
        for m in (scratchml.neighbors, sklearn.neighbors)
    )
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"]
    )
    distances = np.sqrt(np.square(X[:, None] - X).sum(axis=2))
    scores = [
        cross_val_score(m.KNeighborsClassifier(metric="precomputed"), distances, Y)
        for m in (scratchml.neighbors, sklearn.neighbors)
    ]
    np.testing.assert_allclose(*scores)


def test_tables_bring_their_names():
    neighbors = NearestNeighbors().fit(FRAME)
    assert neighbors.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(
        neighbors.kneighbors(FRAME)[1], NearestNeighbors().fit(X).kneighbors(X)[1]
    )
    with pytest.raises(
        ValueError, match=r"^The feature names should match those that were passed.*"
    ):
        neighbors.kneighbors(FRAME[["b", "a", "c"]])
