"""DBSCAN among other libraries: scikit-learn's checks and meta-estimators, tables, pickles."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.base
import sklearn.cluster
from dbscan_cases import of_any_eps
from helpers import run_python
from sklearn import config_context
from sklearn.base import clone, is_clusterer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml
import scratchml.cluster
from scratchml.datasets import make_blobs

pytestmark = of_any_eps

X, _ = make_blobs(90, 3, centers=3, cluster_std=0.5, random_state=0)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(1000, 1090))
WEIGHT = np.random.default_rng(0).integers(0, 4, len(X)).astype(float)

# scikit-learn runs its clustering checks only for what inherits from its own mixin; the checks of
# pickling look the class up by its name.
DBSCAN = type(
    "DBSCAN", (sklearn.base.ClusterMixin, scratchml.cluster.DBSCAN), {"__module__": __name__}
)


def state(estimator):
    """Parameters and fitted attributes, to the last bit."""
    values = vars(estimator).items()
    fitted = {name: np.asarray(value).tobytes() for name, value in values if name[-1] == "_"}
    assert "labels_" in fitted
    return fitted, repr(estimator)


@pytest.mark.jit
@parametrize_with_checks([DBSCAN(), DBSCAN(algorithm="brute")])
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
    getattr(estimator_checks, check)("DBSCAN", DBSCAN())


# --- the same interface ---------------------------------------------------------------------------


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", ["DBSCAN", "dbscan"])
def test_signatures_are_scikit_learns(name):
    ours, theirs = (getattr(module, name) for module in (scratchml.cluster, sklearn.cluster))
    assert signature(ours) == signature(theirs)
    if name == "DBSCAN":
        methods = [n for n in dir(theirs) if n[0] != "_" and callable(getattr(theirs, n))]
        for method in methods:
            assert signature(getattr(ours, method)) == signature(getattr(theirs, method)), method


def test_fitted_attributes_are_scikit_learns_and_one_more():
    ours, theirs = (m.DBSCAN().fit(FRAME) for m in (scratchml.cluster, sklearn.cluster))
    names = [{n for n in vars(e) if n[-1] == "_" and n[0] != "_"} for e in (ours, theirs)]
    assert names[0] == names[1] | {"n_distances_"}


def test_it_is_a_clusterer():
    assert is_clusterer(scratchml.cluster.DBSCAN())
    for metric, pairwise in (("euclidean", False), ("precomputed", True)):
        tags, theirs = (
            m.DBSCAN(metric=metric).__sklearn_tags__() for m in (scratchml.cluster, sklearn.cluster)
        )
        assert tags.input_tags.sparse == theirs.input_tags.sparse
        assert tags.input_tags.pairwise == theirs.input_tags.pairwise == pairwise


# --- tables and pipelines -------------------------------------------------------------------------


def test_tables_bring_their_names():
    clusters = scratchml.cluster.DBSCAN().fit(FRAME)
    assert clusters.feature_names_in_.tolist() == ["a", "b", "c"]
    plain = scratchml.cluster.DBSCAN().fit(X)
    np.testing.assert_array_equal(clusters.labels_, plain.labels_)
    np.testing.assert_array_equal(clusters.predict(FRAME), plain.labels_)
    with pytest.raises(ValueError, match=r"^The feature names should match those that were passed"):
        clusters.predict(FRAME[["b", "a", "c"]])
    with pytest.warns(UserWarning, match=r"^X does not have valid feature names, but DBSCAN was"):
        clusters.predict(X)
    assert not hasattr(clusters.fit(X), "feature_names_in_")


def test_in_a_pipeline():
    ours, theirs = (
        make_pipeline(StandardScaler(), m.DBSCAN(eps=0.3))
        for m in (scratchml.cluster, sklearn.cluster)
    )
    np.testing.assert_array_equal(ours.fit_predict(X), theirs.fit_predict(X))
    np.testing.assert_array_equal(ours.predict(X), ours[-1].labels_)


def test_weights_reach_it_in_a_pipeline():
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = scratchml.cluster.DBSCAN(eps=0.3).set_fit_request(sample_weight=True)
        pipe = make_pipeline(scaler, routed).fit(X, sample_weight=WEIGHT)
    scaled = StandardScaler().fit_transform(X)
    plain = scratchml.cluster.DBSCAN(eps=0.3).fit(scaled, sample_weight=WEIGHT)
    np.testing.assert_array_equal(pipe[-1].labels_, plain.labels_)


def test_diagrams():
    page = estimator_html_repr(scratchml.cluster.DBSCAN(eps=0.7).fit(X))
    row = '<tr class="user-set"><td class="param">eps</td><td class="value">0.7</td></tr>'
    assert row in page
    assert '<td class="param">labels_</td>' in page
    assert repr(scratchml.cluster.DBSCAN(eps=0.7)) == "DBSCAN(eps=0.7)"


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copied",
    [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
@pytest.mark.parametrize("algorithm", ["kd_tree", "brute", "grid"])
def test_copies(copied, algorithm):
    weight = None if algorithm == "grid" else WEIGHT
    fitted = scratchml.cluster.DBSCAN(algorithm=algorithm).fit(X, sample_weight=weight)
    again = copied(fitted)
    assert state(again) == state(fitted)
    np.testing.assert_array_equal(again.predict(X), fitted.labels_)
    np.testing.assert_array_equal(again.predict_nearest(X), fitted.predict_nearest(X))


def test_clone():
    fitted = scratchml.cluster.DBSCAN(eps=0.7, p=3).fit(X)
    cloned = clone(fitted)
    assert repr(cloned) == repr(fitted)
    assert not hasattr(cloned, "labels_")


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute", "grid"])
def test_input_is_not_modified(algorithm):
    data, weight = X.copy(), WEIGHT.copy()
    clusters = scratchml.cluster.DBSCAN(algorithm=algorithm)
    clusters.fit(data, sample_weight=None if algorithm == "grid" else weight)
    clusters.predict(data), clusters.predict_nearest(data), clusters.predict_nearest_proba(data)
    np.testing.assert_array_equal(data, X)
    np.testing.assert_array_equal(weight, WEIGHT)
    # What is fitted does not change with the data, either.
    labels = clusters.predict(X)
    data[:] = 0
    np.testing.assert_array_equal(clusters.predict(X), labels)


# --- what is loaded -------------------------------------------------------------------------------


def test_a_fit_never_loads_scikit_learn():
    code = """
import sys
import numpy as np
from scratchml.cluster import DBSCAN, dbscan

X = np.random.default_rng(0).normal(size=(50, 3))
clusters = DBSCAN(eps=1).fit(X)
clusters.predict(X), clusters.predict_nearest(X), clusters.predict_nearest_proba(X)
dbscan(X, 1), repr(clusters), clusters.get_params()
print({name.partition(".")[0] for name in sys.modules} & {"sklearn", "pandas", "polars", "joblib"})
"""
    assert run_python(code) == "set()\n"
