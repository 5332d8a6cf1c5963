"""K-means among other libraries: scikit-learn's checks and meta-estimators, tables, pickles."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn.base
import sklearn.cluster
from helpers import run_python
from sklearn import config_context
from sklearn.base import clone, is_clusterer
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, train_test_split
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, estimator_html_repr
from sklearn.utils._param_validation import generate_invalid_param_val, make_constraint
from sklearn.utils.estimator_checks import parametrize_with_checks

import scratchml.cluster
from scratchml.datasets import load_digits, make_blobs

X, Y = make_blobs(120, 3, centers=4, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0.1, 3, len(X))
FRAME = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(1000, 1120))
COLUMNS = ["kmeans0", "kmeans1", "kmeans2"]


def kmeans(n_clusters=3, **parameters):
    return scratchml.cluster.KMeans(n_clusters, random_state=0, **parameters)


def same_fit(a, b):
    """Whether two estimators hold the same fitted attributes, to the last bit."""
    fits = [
        {name: np.asarray(value).tobytes() for name, value in vars(e).items() if name[-1] == "_"}
        for e in (a, b)
    ]
    return fits[0] == fits[1] and "cluster_centers_" in vars(a)


# --- scikit-learn's checks ------------------------------------------------------------------------

# scikit-learn runs its clustering checks only for what inherits from its own mixin; the checks of
# pickling look the class up by its name.
KMeans = type(
    "KMeans", (sklearn.base.ClusterMixin, scratchml.cluster.KMeans), {"__module__": __name__}
)

REASON = "draws depend on the order and the number of rows, as those of scikit-learn's KMeans do"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": REASON,
    "check_sample_weight_equivalence_on_sparse_data": REASON,
}


@pytest.mark.filterwarnings("ignore:algorithm='elkan' doesn't make sense:RuntimeWarning")
@parametrize_with_checks(
    [KMeans(3), KMeans(3, algorithm="elkan")],
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
    getattr(estimator_checks, check)("KMeans", KMeans(3))


# --- the same interface ---------------------------------------------------------------------------


def signature(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", ["KMeans", "k_means", "kmeans_plusplus"])
def test_signatures_are_scikit_learns(name):
    ours, theirs = (
        signature(getattr(module, name)) for module in (scratchml.cluster, sklearn.cluster)
    )
    # The one default that differs.
    ours = [
        ("algorithm", kind, "lloyd") if p == "algorithm" else (p, kind, d) for p, kind, d in ours
    ]
    assert ours == theirs


METHODS = [
    name
    for name in dir(sklearn.cluster.KMeans)
    if not name.startswith("_") and callable(getattr(sklearn.cluster.KMeans, name))
]


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_scikit_learns_signatures(name):
    ours, theirs = (getattr(m.KMeans, name) for m in (scratchml.cluster, sklearn.cluster))
    assert signature(ours) == signature(theirs)


def test_fitted_attributes_are_scikit_learns_and_one_more():
    ours, theirs = (m.KMeans(3).fit(FRAME) for m in (scratchml.cluster, sklearn.cluster))
    names = [{n for n in vars(e) if n[-1] == "_" and n[0] != "_"} for e in (ours, theirs)]
    assert names[0] == names[1] | {"n_distances_"}


class Nothing:
    """Of no type that any parameter takes."""

    def __repr__(self):
        return "Nothing()"


@pytest.mark.parametrize("name", list(scratchml.cluster.KMeans._parameter_constraints))
def test_invalid_parameters_get_scikit_learns_messages(name):
    values = [Nothing()]
    for constraint in sklearn.cluster.KMeans._parameter_constraints[name]:
        try:
            values.append(generate_invalid_param_val(make_constraint(constraint)))
        except NotImplementedError:  # a type, of which every value is valid
            continue
    for value in values:
        messages = []
        for module in (sklearn.cluster, scratchml.cluster):
            with pytest.raises(ValueError, match=f"^The '{name}' parameter of KMeans") as caught:
                module.KMeans().set_params(**{name: value}).fit(X)
            messages.append(str(caught.value))
        # scikit-learn lists the members of a set as they come.
        theirs, ours = (re.findall(r"[\w'.+-]+", message) for message in messages)
        more = ["'auto'", "'hamerly'", "'yinyang'"] if name == "algorithm" else []
        assert sorted(ours) == sorted([*theirs, *more])


def test_it_is_a_clusterer():
    assert is_clusterer(kmeans())
    tags = kmeans().__sklearn_tags__()
    assert tags.input_tags.sparse
    assert tags.transformer_tags.preserves_dtype == ["float64", "float32"]


# --- tables ---------------------------------------------------------------------------------------

WHOLE = FRAME.round()
TABLES = {
    "pandas": WHOLE,
    "pandas_Float64": WHOLE.astype("Float64"),
    "pandas_Int64": WHOLE.astype("Int64"),
    "pandas_pyarrow": WHOLE.astype("float64[pyarrow]"),
    "pandas_mixed": WHOLE.astype({"a": "int8", "b": "Float32"}),
    "pandas_sparse": WHOLE.astype(pd.SparseDtype(float, 0)),
    "polars": pl.DataFrame({name: WHOLE[name].to_numpy() for name in WHOLE}),
    "pyarrow": pa.table({name: WHOLE[name].to_numpy() for name in WHOLE}),
}


@pytest.mark.parametrize("name", list(TABLES))
def test_tables(name):
    table = TABLES[name]
    plain, fitted = kmeans().fit(WHOLE.to_numpy()), kmeans().fit(table)
    assert fitted.feature_names_in_.tolist() == ["a", "b", "c"]
    # Rows of a sparse table are summed otherwise.
    np.testing.assert_allclose(fitted.cluster_centers_, plain.cluster_centers_, rtol=1e-13)
    np.testing.assert_array_equal(fitted.labels_, plain.labels_)
    np.testing.assert_array_equal(fitted.predict(table), plain.labels_)
    assert fitted.score(table) == pytest.approx(-plain.inertia_, rel=1e-13)


@pytest.mark.parametrize(
    "table",
    [
        WHOLE.astype("Float64").mask(WHOLE > 0),
        WHOLE.mask(WHOLE > 0),
        TABLES["polars"].with_columns(b=None),
    ],
    ids=["pandas_NA", "pandas_nan", "polars_null"],
)
def test_missing_values_are_refused(table):
    message = (
        "Input X contains NaN.\nKMeans does not accept missing values. Remove the rows or columns "
        "that hold them, or fill them in (with the mean of their column, for instance) before "
        "passing X."
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        kmeans().fit(table)
    assert str(caught.value) == message


def test_other_columns_than_fitted_are_refused():
    fitted = kmeans().fit(FRAME)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        fitted.predict(FRAME[["a", "c", "b"]])
    assert str(caught.value) == (
        "The feature names should match those that were passed during fit.\n"
        "Feature names must be in the same order as they were in fit.\n"
    )
    message = "^X does not have valid feature names, but KMeans was fitted with feature names$"
    for call in (fitted.predict, fitted.transform, fitted.score):
        with pytest.warns(UserWarning, match=message):
            call(X)


def test_a_fit_without_names_forgets_them():
    fitted = kmeans().fit(FRAME).fit(X)
    assert not hasattr(fitted, "feature_names_in_")


def test_output_in_pandas():
    fitted = kmeans().set_output(transform="pandas")
    frame = fitted.fit_transform(FRAME)
    assert frame.columns.tolist() == COLUMNS
    assert frame.index.tolist() == FRAME.index.tolist()
    np.testing.assert_array_equal(frame, kmeans().fit_transform(X))


def test_output_in_polars():
    table = kmeans().set_output(transform="polars").fit_transform(TABLES["polars"])
    assert isinstance(table, pl.DataFrame)
    assert table.columns == COLUMNS
    np.testing.assert_array_equal(table, kmeans().fit_transform(WHOLE.to_numpy()))


@pytest.mark.parametrize(("name", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_output_follows_the_global_configuration(name, kind):
    with config_context(transform_output=name):
        table = kmeans().fit_transform(X)
        assert isinstance(kmeans().fit_predict(X), np.ndarray)
    assert isinstance(table, kind)
    assert list(table.columns) == COLUMNS
    assert isinstance(kmeans().fit_transform(X), np.ndarray)


# --- meta-estimators ------------------------------------------------------------------------------


@pytest.mark.jit
def test_before_a_logistic_regression():
    # Distances to centres are better features than pixels.
    digits = load_digits()
    split = train_test_split(digits.data / 16, digits.target, random_state=0, train_size=500)
    X_train, X_test, y_train, y_test = split
    plain = LogisticRegression(max_iter=5000).fit(X_train, y_train)
    pipe = make_pipeline(kmeans(60), LogisticRegression(max_iter=5000, C=10))
    assert pipe.fit(X_train, y_train).score(X_test, y_test) > plain.score(X_test, y_test)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search(n_jobs):
    grid = {"n_clusters": [2, 3, 4], "algorithm": ["lloyd", "elkan"]}
    ours = GridSearchCV(kmeans(), grid, cv=3, n_jobs=n_jobs).fit(X)
    theirs = GridSearchCV(sklearn.cluster.KMeans(random_state=0), grid, cv=3).fit(X)
    assert ours.best_params_["n_clusters"] == theirs.best_params_["n_clusters"] == 4
    for column in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(ours.cv_results_[column], theirs.cv_results_[column], rtol=1e-9)


def test_grid_search_over_a_pipeline():
    pipe = make_pipeline(StandardScaler(), kmeans(), LogisticRegression())
    search = GridSearchCV(pipe, {"kmeans__n_clusters": [1, 4]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"kmeans__n_clusters": 4}


def test_column_transformer():
    columns = ColumnTransformer(
        [("near", kmeans(2), ["a", "b"]), ("rest", "passthrough", ["c"])]
    ).set_output(transform="pandas")
    frame = columns.fit_transform(FRAME)
    assert frame.columns.tolist() == ["near__kmeans0", "near__kmeans1", "rest__c"]
    np.testing.assert_array_equal(frame.iloc[:, :2], kmeans(2).fit_transform(X[:, :2]))


def test_feature_union():
    union = FeatureUnion([("two", kmeans(2)), ("three", kmeans(3))])
    expected = np.hstack([kmeans(2).fit_transform(X), kmeans(3).fit_transform(X)])
    np.testing.assert_array_equal(union.fit_transform(X), expected)
    assert union.get_feature_names_out().tolist() == [
        *(f"two__kmeans{i}" for i in range(2)),
        *(f"three__kmeans{i}" for i in range(3)),
    ]


def test_cross_val_predict():
    ours = cross_val_predict(kmeans(4), X, cv=3)
    theirs = cross_val_predict(sklearn.cluster.KMeans(4, random_state=0), X, cv=3)
    np.testing.assert_array_equal(ours, theirs)


# --- copies ---------------------------------------------------------------------------------------

COPIES = {
    **{f"pickle_{p}": lambda e, p=p: pickle.loads(pickle.dumps(e, p)) for p in (2, 5)},
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("name", list(COPIES))
def test_copies(name):
    fitted = kmeans(init=X[:3], algorithm="elkan").fit(FRAME)
    copied = COPIES[name](fitted)
    assert same_fit(copied, fitted)
    assert repr(copied) == repr(fitted)
    np.testing.assert_array_equal(copied.predict(FRAME), fitted.labels_)
    before = fitted.cluster_centers_.copy()
    copied.fit(X[::-1] * 2)
    np.testing.assert_array_equal(fitted.cluster_centers_, before)


@pytest.mark.parametrize("mmap_mode", [None, "r"], ids=["read", "mapped"])
def test_joblib_files(tmp_path, mmap_mode):
    fitted = kmeans().fit(X)
    joblib.dump(fitted, tmp_path / "kmeans.joblib")
    loaded = joblib.load(tmp_path / "kmeans.joblib", mmap_mode=mmap_mode)
    assert same_fit(loaded, fitted)
    np.testing.assert_array_equal(loaded.predict(X), fitted.labels_)


def test_clone():
    fitted = kmeans(init=X[:3], tol=0.5).set_output(transform="pandas").fit(X)
    cloned = clone(fitted)
    assert "cluster_centers_" not in vars(cloned)
    assert cloned.init is not fitted.init
    assert repr(cloned) == repr(fitted)
    assert isinstance(cloned.fit_transform(X), pd.DataFrame)
    assert same_fit(cloned, fitted)


# --- weights on their way through -----------------------------------------------------------------


@config_context(enable_metadata_routing=True)
def test_weights_reach_kmeans_in_a_pipeline():
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    routed = kmeans().set_fit_request(sample_weight=True)
    pipe = make_pipeline(scaler, routed).fit(X, sample_weight=WEIGHT)
    scaled = StandardScaler().fit_transform(X)
    assert same_fit(pipe[-1], kmeans().fit(scaled, sample_weight=WEIGHT))
    assert not same_fit(pipe[-1], kmeans().fit(scaled))


@config_context(enable_metadata_routing=True)
def test_weights_reach_kmeans_in_a_grid_search():
    routed = kmeans().set_fit_request(sample_weight="w").set_score_request(sample_weight="w")
    search = GridSearchCV(routed, {"n_clusters": [2, 4]}, cv=2).fit(X, w=WEIGHT)
    assert same_fit(search.best_estimator_, kmeans(4).fit(X, sample_weight=WEIGHT))
    half = len(X) // 2
    fold = kmeans(4).fit(X[half:], sample_weight=WEIGHT[half:])
    expected = fold.score(X[:half], sample_weight=WEIGHT[:half])
    assert search.cv_results_["split0_test_score"][1] == expected


# --- callbacks and display ------------------------------------------------------------------------


def test_progress_bar(capsys):
    watched = kmeans(n_init=2).set_callbacks(ProgressBar()).fit(X)
    shown = capsys.readouterr().out
    assert "KMeans - fit" in shown
    assert "KMeans - lloyd #0" in shown
    assert "KMeans - lloyd #1" in shown
    assert same_fit(watched, kmeans(n_init=2).fit(X))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_bar_on_a_grid_search(capsys, n_jobs):
    search = GridSearchCV(kmeans(), {"n_clusters": [2, 4]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X)
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "KMeans - fit" in shown
    assert "KMeans - lloyd #0" in shown
    assert same_fit(search.best_estimator_, kmeans(4).fit(X))


@pytest.mark.parametrize("algorithm", ["lloyd", "elkan"])
def test_scoring_monitor(algorithm):
    monitor = ScoringMonitor(scoring={"score": lambda estimator, X, y: estimator.score(X)})
    watched = kmeans(9, init="random", n_init=1, algorithm=algorithm).set_callbacks(monitor)
    watched.fit(X, Y)  # without a y the monitor scores nothing
    rows = monitor.get_logs().data
    scores = [row["score"] for row in rows if row["task_name"] == "iteration"]
    assert watched.n_iter_ == len(scores) >= 3
    # After each iteration it sees what a fit that stops there publishes.
    expected = [
        -kmeans(9, init="random", n_init=1, max_iter=n).fit(X).inertia_
        for n in range(1, watched.n_iter_ + 1)
    ]
    assert scores == expected
    assert [row["score"] for row in rows if row["task_name"] == "fit"] == [-watched.inertia_]


def test_diagrams():
    pipe = make_pipeline(StandardScaler(), kmeans(7))
    page = estimator_html_repr(pipe)
    row = '<tr class="user-set"><td class="param">n_clusters</td><td class="value">7</td></tr>'
    assert row in page
    assert '<td class="param">inertia_</td>' not in page
    assert '<td class="param">inertia_</td>' in estimator_html_repr(pipe.fit(X))
    assert repr(pipe) == (
        "Pipeline(steps=[('standardscaler', StandardScaler()),\n"
        "                ('kmeans', KMeans(n_clusters=7, random_state=0))])"
    )


# --- what is loaded -------------------------------------------------------------------------------


def test_a_fit_never_loads_scikit_learn():
    code = """
import sys
import numpy as np
from scratchml.cluster import KMeans, k_means, kmeans_plusplus

X = np.random.default_rng(0).normal(size=(50, 3))
kmeans = KMeans(3, n_init=2).set_callbacks(lambda event: event.inertia < 0).fit(X)
kmeans.predict(X), kmeans.transform(X), kmeans.score(X), kmeans.fit_predict(X)
kmeans.fit_transform(X), kmeans.get_feature_names_out(), kmeans.get_params(), repr(kmeans)
kmeans._repr_mimebundle_(), k_means(X, 3), kmeans_plusplus(X, 3)
for call in (lambda: KMeans(0).fit(X), lambda: KMeans().predict(X)):
    try:
        call()
    except ValueError:
        continue
    raise AssertionError
print({name.partition(".")[0] for name in sys.modules} & {"sklearn", "pandas", "polars", "joblib"})
"""
    assert run_python(code) == "set()\n"


def test_the_door_loads_neither_numba_nor_scipy():
    code = """
import sys
import scratchml, scratchml.cluster
dir(scratchml.cluster)
print({name.partition(".")[0] for name in sys.modules} & {"numba", "scipy", "sklearn"})
"""
    assert run_python(code) == "set()\n"


def test_the_door():
    door = scratchml.cluster
    assert {"KMeans", "k_means", "kmeans_plusplus"} <= set(door.__all__) <= set(dir(door))
    for name in door.__all__:
        public = getattr(door, name)
        assert public.__name__ == name
        assert public.__module__.startswith("scratchml.algorithms.")
    message = r"^module 'scratchml\.cluster' has no attribute 'KMedoids'$"
    with pytest.raises(AttributeError, match=message):
        scratchml.cluster.KMedoids  # noqa: B018
