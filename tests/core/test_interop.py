from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.base
from sklearn import config_context
from sklearn.base import clone, is_clusterer
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.metadata_routing import UNCHANGED

from scratchml.core.estimator import Estimator
from scratchml.core.interop import ClusterMixin, TransformerMixin, wrap_output
from scratchml.core.params import Interval
from scratchml.core.validation import check_sample_weight


class Centers(TransformerMixin, ClusterMixin, Estimator):
    """Toy: weighted Lloyd from the first distinct samples, in order of the first feature."""

    _parameter_constraints = {  # noqa: RUF012
        "n_clusters": [Interval(int, 1, None, closed="left")],
        "max_iter": [Interval(int, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_clusters=3, *, max_iter=20, random_state=None):
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None):
        self._check_params()
        X, attributes = self._check_fit_input(X)
        if len(X) < self.n_clusters:
            raise ValueError(f"n_samples={len(X)} should be >= n_clusters={self.n_clusters}.")
        weight = check_sample_weight(sample_weight, len(X), X.dtype)
        weight = np.ones(len(X)) if weight is None else weight
        distinct = np.unique(X[weight > 0], axis=0)
        spread = np.linspace(0, len(distinct) - 1, self.n_clusters).astype(int)
        centers = distinct[spread]
        for n_iter in range(1, self.max_iter + 1):  # noqa: B007
            labels = _nearest(X, centers)
            new = [
                np.average(X[labels == k], axis=0, weights=weight[labels == k])
                if weight[labels == k].sum() > 0
                else centers[k]
                for k in range(self.n_clusters)
            ]
            done = np.allclose(new, centers)
            centers = np.array(new, dtype=X.dtype)
            if done:
                break
        self._set_fitted(
            **attributes,
            cluster_centers_=centers,
            labels_=_nearest(X, centers),
            n_iter_=n_iter,
        )
        return self

    @property
    def _n_features_out(self):
        return len(self.cluster_centers_)

    def predict(self, X):
        return _nearest(self._check_predict_input(X), self.cluster_centers_)

    @wrap_output
    def transform(self, X):
        X = self._check_predict_input(X)
        return np.sqrt(_sq_distances(X, self.cluster_centers_)).astype(X.dtype, copy=False)

    def score(self, X, y=None, sample_weight=None):
        X = self._check_predict_input(X)
        weight = check_sample_weight(sample_weight, len(X), X.dtype)
        return -np.average(_sq_distances(X, self.cluster_centers_).min(1), weights=weight)


def _sq_distances(X, centers):
    return ((X[:, None].astype(float) - centers[None].astype(float)) ** 2).sum(-1)


def _nearest(X, centers):
    return _sq_distances(X, centers).argmin(1).astype(np.int32)


# scikit-learn runs its clustering checks only for what inherits from its own mixin.
class Clusterer(sklearn.base.ClusterMixin, Centers):
    pass


X = np.random.default_rng(0).normal(size=(40, 3)) + 4 * np.arange(40)[:, None] // 14
WEIGHT = np.arange(1.0, 41.0)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(100, 140))
COLUMNS = ["centers0", "centers1", "centers2"]


@parametrize_with_checks([Centers(), Clusterer()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# What check_estimator keeps for estimators that inherit from scikit-learn's base. Some of it fits a
# dataframe and transforms an array, or the other way round.
@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        "check_dataframe_column_names_consistency",
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_get_feature_names_out_error",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_global_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_global_set_output_transform_polars",
        "check_inplace_ensure_writeable",
    ],
)
def test_scikit_learn_checks_for_insiders(check):
    getattr(estimator_checks, check)("Centers", Centers())


def test_tags():
    tags = Centers().__sklearn_tags__()
    assert is_clusterer(Centers())
    assert tags.transformer_tags.preserves_dtype == ["float64", "float32"]
    assert not tags.input_tags.sparse
    assert not tags.target_tags.required

    class Sparse(Estimator):
        _accepts_sparse = True

    tags = Sparse().__sklearn_tags__()
    assert tags.input_tags.sparse
    assert tags.transformer_tags is None
    assert tags.estimator_type is None


def test_clone_keeps_parameters_output_and_requests():
    with config_context(enable_metadata_routing=True):
        est = Centers(4).set_output(transform="pandas").set_fit_request(sample_weight="w").fit(X)
        copied = clone(est)
        assert copied.get_params() == est.get_params()
        assert not copied.__sklearn_is_fitted__()
        assert isinstance(copied.fit_transform(X), pd.DataFrame)
        assert copied.get_metadata_routing().fit.requests == {"sample_weight": "w"}


def test_not_fitted_error_is_scikit_learns():
    with pytest.raises(NotFittedError):
        Centers().predict(X)
    with pytest.raises(NotFittedError):
        Centers().get_feature_names_out()


def test_fit_predict_and_fit_transform():
    est = Centers()
    labels = est.fit_predict(X, None, WEIGHT)
    assert labels is est.labels_
    weighted = est.cluster_centers_
    assert not np.array_equal(weighted, Centers().fit(X).cluster_centers_)
    np.testing.assert_array_equal(est.fit_transform(X, sample_weight=WEIGHT), est.transform(X))
    np.testing.assert_array_equal(est.cluster_centers_, weighted)


def test_fit_predict_of_an_estimator_without_weights():
    class Zeros(ClusterMixin, Estimator):
        def fit(self, X, y=None):
            self._set_fitted(labels_=np.zeros(len(X)))
            return self

    assert Zeros().fit_predict(X).sum() == 0
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'sample_weight'$"):
        Zeros().fit_predict(X, sample_weight=WEIGHT)


def test_pipeline_and_grid_search():
    pipe = make_pipeline(StandardScaler(), Centers())
    assert pipe.fit_predict(X).shape == (40,)
    assert pipe.transform(X).shape == (40, 3)
    search = GridSearchCV(pipe, {"centers__n_clusters": [1, 3]}, cv=2).fit(X)
    assert search.best_params_ == {"centers__n_clusters": 3}


# ---------------------------------------------------------------------- output containers


def test_output_containers():
    est = Centers().fit(FRAME)
    array = est.transform(FRAME)
    frame = est.set_output(transform="pandas").transform(FRAME)
    assert list(frame.columns) == COLUMNS
    assert list(frame.index) == list(FRAME.index)
    np.testing.assert_array_equal(frame, array)
    assert est.set_output(transform=None).transform(FRAME).equals(frame)
    table = est.set_output(transform="polars").transform(FRAME)
    assert isinstance(table, pl.DataFrame)
    assert table.columns == COLUMNS
    assert isinstance(est.set_output(transform="default").transform(FRAME), np.ndarray)


@pytest.mark.parametrize(("name", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_output_follows_the_global_configuration(name, kind):
    with config_context(transform_output=name):
        assert isinstance(Centers().fit_transform(X), kind)
        own = Centers().set_output(transform="default")
        assert isinstance(own.fit_transform(X), np.ndarray)
    assert isinstance(Centers().fit_transform(X), np.ndarray)


def test_unknown_output_container():
    message = r"^output config must be in \['default', 'pandas', 'polars'\], got bad$"
    with pytest.raises(ValueError, match=message):
        Centers().set_output(transform="bad")
    est = Centers().fit(X)
    with config_context(transform_output="bad"), pytest.raises(ValueError, match=message):
        est.transform(X)


def test_missing_container_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    est = Centers().set_output(transform="polars")
    message = "^Setting output container to 'polars' requires polars to be installed$"
    with pytest.raises(ImportError, match=message):
        est.fit_transform(X)


def test_feature_names_out_checks_the_input_names():
    est = Centers().fit(FRAME)
    assert est.get_feature_names_out(["a", "b", "c"]).tolist() == COLUMNS
    with pytest.raises(ValueError, match=r"^input_features is not equal to feature_names_in_$"):
        est.get_feature_names_out(["a", "b", "z"])
    message = r"^input_features should have length equal to number of features \(3\), got 2$"
    with pytest.raises(ValueError, match=message):
        Centers().fit(X).get_feature_names_out(["a", "b"])


def test_column_transformer_and_feature_union():
    columns = ColumnTransformer([("k", Centers(2), ["a", "b"])]).set_output(transform="pandas")
    assert list(columns.fit_transform(FRAME).columns) == ["k__centers0", "k__centers1"]
    union = FeatureUnion([("k", Centers(2)), ("s", StandardScaler())])
    union.set_output(transform="pandas")
    out = union.fit_transform(FRAME)
    assert list(out.columns) == ["k__centers0", "k__centers1", "s__a", "s__b", "s__c"]


# ---------------------------------------------------------------------- metadata routing


def test_request_setters_exist_for_what_takes_metadata():
    assert str(inspect.signature(Centers().set_fit_request)).startswith("(*, sample_weight=")
    assert hasattr(Centers, "set_score_request")
    assert not hasattr(Centers, "set_predict_request")
    assert not hasattr(Centers, "set_transform_request")


def test_request_setter_errors():
    message = (
        "This method is only available when metadata routing is enabled. You can enable it using "
        "sklearn.set_config(enable_metadata_routing=True)."
    )
    with pytest.raises(RuntimeError, match=f"^{re.escape(message)}$"):
        Centers().set_fit_request(sample_weight=True)
    message = "Unexpected args: {'other'} in fit. Accepted arguments are: {'sample_weight'}"
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(TypeError, match=f"^{re.escape(message)}$"),
    ):
        Centers().set_fit_request(other=True)


def test_requests_accumulate():
    with config_context(enable_metadata_routing=True):
        est = Centers().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        est.set_fit_request(sample_weight=UNCHANGED)
    routing = est.get_metadata_routing()
    assert routing.fit.requests == {"sample_weight": True}
    assert routing.score.requests == {"sample_weight": False}
    assert Centers().get_metadata_routing().fit.requests == {"sample_weight": None}


@config_context(enable_metadata_routing=True)
def test_weights_are_routed():
    weighted = Centers().fit(X, sample_weight=WEIGHT)
    est = Centers().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), est)
    pipe.fit(X, sample_weight=WEIGHT)
    plain = make_pipeline(StandardScaler(), Centers()).fit(X)
    assert not np.array_equal(pipe[-1].cluster_centers_, plain[-1].cluster_centers_)

    search = GridSearchCV(est, {"n_clusters": [3]}, cv=2).fit(X, sample_weight=WEIGHT)
    np.testing.assert_array_equal(
        search.best_estimator_.cluster_centers_, weighted.cluster_centers_
    )


def test_weights_are_passed_by_step_name_without_routing():
    pipe = make_pipeline(Centers()).fit(X, centers__sample_weight=WEIGHT)
    weighted = Centers().fit(X, sample_weight=WEIGHT)
    np.testing.assert_array_equal(pipe[-1].cluster_centers_, weighted.cluster_centers_)


# ---------------------------------------------------------------------- display


def test_diagram_of_a_pipeline_shows_our_parameters():
    pipe = make_pipeline(StandardScaler(), Centers(n_clusters=7))
    page = estimator_html_repr(pipe)
    row = '<tr class="user-set"><td class="param">n_clusters</td><td class="value">7</td></tr>'
    assert row in page
    assert '<tr class="default"><td class="param">max_iter</td>' in page
    assert "cluster_centers_" not in page
    assert '<td class="param">cluster_centers_</td>' in estimator_html_repr(pipe.fit(X))


def test_own_display(monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn.utils")
    bundle = Centers(max_iter="<b>")._repr_mimebundle_()
    assert bundle["text/plain"] == "Centers(max_iter='<b>')"
    assert "<b>" not in bundle["text/html"]
    assert bundle["text/html"].index("max_iter") < bundle["text/html"].index("n_clusters")
    assert "Fitted attributes" not in bundle["text/html"]
    assert "Fitted attributes" in Centers().fit(X)._repr_html_()


def test_display_is_scikit_learns_where_it_is_loaded():
    bundle = Centers()._repr_mimebundle_()
    assert "sk-container" in bundle["text/html"]
    with config_context(display="text"):
        assert list(Centers()._repr_mimebundle_()) == ["text/plain"]


# ---------------------------------------------------------------------- independence


def test_scikit_learn_is_never_loaded():
    program = """
        import sys
        from scratchml.core.estimator import Estimator
        from scratchml.core.interop import ClusterMixin, TransformerMixin, wrap_output
        heavy = {"sklearn", "scipy", "numba", "pandas", "polars"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)

        class Toy(TransformerMixin, ClusterMixin, Estimator):
            _n_features_out = 2
            def fit(self, X, y=None, sample_weight=None):
                X, attributes = self._check_fit_input(X)
                self._set_fitted(**attributes, labels_=X[:, 0])
                return self
            @wrap_output
            def transform(self, X):
                return self._check_predict_input(X)

        X = [[1.0, 2.0], [3.0, 4.0]]
        toy = Toy()
        toy.fit_predict(X), toy.fit_transform(X), toy._repr_mimebundle_(), repr(toy)
        try:
            Toy().transform(X)
        except ValueError:
            pass
        try:
            toy.set_fit_request(sample_weight=True)
        except RuntimeError:
            pass
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        print("done")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
    )
    assert run.stdout == "done\n", run.stderr
