"""DBSCANPath as an estimator: ranges, errors, inputs, scikit-learn's checks."""

from __future__ import annotations

import itertools
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from dbscan_path_cases import cuts_of
from sklearn.base import clone, is_clusterer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from benchmarks.scale import SCALINGS, path_of_uniform
from scratchml.algorithms.dbscan_path import EpsRange
from scratchml.cluster import DBSCAN, DBSCANPath
from scratchml.core.jit import compilation_is_on
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError, NotFittedError

LINE = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [20.0]])
X = make_blobs(150, centers=3, cluster_std=0.6, random_state=3)[0]
NOISY = np.concatenate([X, np.random.default_rng(0).uniform(-10, 10, (60, 2))])


# --- ranges ---------------------------------------------------------------------------------------


def test_ranges_of_a_toy():
    path = DBSCANPath(min_samples=2).fit(LINE)
    # Pairs at 1, {1 2 3} and {7 8} at 4, 20 becomes a core point of theirs at 12.
    assert path.ranges().tolist() == [(1.0, 4.0, 2), (4.0, np.inf, 1)]
    assert path.ranges().dtype.names == ("eps_low", "eps_high", "n_clusters")
    assert path.ranges(min_cluster_size=3).tolist() == [(1.0, np.inf, 1)]
    assert path.ranges(min_cluster_size=6).tolist() == [(12.0, np.inf, 1)]
    assert len(path.ranges(min_cluster_size=7)) == 0
    assert path.stable_range() == EpsRange(1.0, 4.0, 2)
    assert path.stable_range().eps == 2


def sets_of(labels, cores):
    """The core points of each cluster."""
    return [frozenset(cores[labels[cores] == c].tolist()) for c in range(labels.max() + 1)]


@pytest.mark.parametrize("min_samples", [1, 4])
@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_within_a_range_clusters_only_grow(min_samples, decimals):
    rng = np.random.default_rng(decimals)
    path = DBSCANPath(min_samples).fit(np.round(3 * rng.normal(size=(60, 2)), decimals))
    ranges = path.ranges()
    assert (ranges["eps_high"][:-1] == ranges["eps_low"][1:]).all()
    for low, high, n_clusters in ranges.tolist():
        cuts = cuts_of(path, rng, 30)
        cuts = np.sort(cuts[(cuts >= low) & (cuts < high)])
        found = [sets_of(path.labels(eps), path.core_sample_indices(eps)) for eps in cuts]
        assert all(len(clusters) == n_clusters for clusters in found)
        for before, after in itertools.pairwise(found):
            # Each has come out of exactly one.
            assert all(sum(old <= new for old in before) == 1 for new in after)


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_ranges_count_clusters_of_a_size(size):
    path = DBSCANPath(4).fit(NOISY)
    ranges = path.ranges(size)
    for eps in cuts_of(path, np.random.default_rng(0), 20):
        cores = path.core_sample_indices(eps)
        expected = (np.bincount(path.labels(eps)[cores], minlength=1) >= size).sum()
        place = np.searchsorted(ranges["eps_low"], eps, "right") - 1
        assert (ranges["n_clusters"][place] if place >= 0 else 0) == expected


def test_stable_range_sees_through_noise():
    path = DBSCANPath(5).fit(NOISY)
    stable = path.stable_range()
    assert stable.n_clusters == 3
    ratios = {r: r[1] / r[0] for r in path.ranges(5).tolist() if r[2] > 1 and r[1] < np.inf}
    assert ratios[tuple(stable)] == max(ratios.values())
    assert stable.eps_low <= stable.eps < stable.eps_high
    sizes = np.bincount(path.labels(stable.eps)[path.core_sample_indices(stable.eps)])
    assert (sizes >= 5).sum() == 3


def test_first_of_equally_stable_ranges():
    path = DBSCANPath(1).fit(np.array([[0.0], [1], [3], [7], [15]]))
    assert path.ranges().tolist() == [
        (0.0, 1.0, 5),
        (1.0, 2.0, 4),
        (2.0, 4.0, 3),
        (4.0, 8.0, 2),
        (8.0, np.inf, 1),
    ]
    assert path.stable_range() == EpsRange(1.0, 2.0, 4)


def test_no_stable_range():
    message = (
        "There are never two clusters of 2 core samples at once, but at eps=0. "
        "Try a smaller min_cluster_size."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DBSCANPath(2).fit([[0.0], [1.0], [2.0]]).stable_range()


# --- what is counted ------------------------------------------------------------------------------


def test_counts_of_scalars_and_arrays():
    path = DBSCANPath(5).fit(NOISY)
    table = np.array([[0.1, 0.5, 1], [2, 3, 40]])
    for count, of_labels in (
        (path.n_clusters, lambda labels: labels.max() + 1),
        (path.n_noise, lambda labels: (labels == -1).sum()),
    ):
        numbers = count(table)
        assert numbers.dtype == np.int64
        assert numbers.tolist() == [[of_labels(path.labels(e)) for e in row] for row in table]
        assert type(count(0.5)) is int
        assert count(0.5) == numbers[0, 1]
        assert count([]).tolist() == []


def test_path_is_that_of_the_estimator():
    path = DBSCANPath(5).fit(NOISY)
    for eps in (0.3, 0.7, 2.0):
        model = DBSCAN(eps=eps, min_samples=5).fit(NOISY)
        np.testing.assert_array_equal(path.labels(eps), model.labels_)
        np.testing.assert_array_equal(path.core_sample_indices(eps), model.core_sample_indices_)


@pytest.mark.jit
@pytest.mark.parametrize(("n_features", "min_samples"), [(1, 5), (2, 10), (3, 2), (3, 40)])
def test_work_is_that_of_the_formula(n_features, min_samples):
    case = path_of_uniform(10_000, n_features, min_samples)
    points, parameters = case.problem()
    path = DBSCANPath(**parameters).fit(points)
    expected = SCALINGS["dbscan_path"].work(case, 0)
    assert 0.2 * expected < path.n_distances_ < 1.5 * expected
    assert DBSCANPath(5).fit(LINE[:3]).n_distances_ == 0


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"min_samples": 0},
            "The 'min_samples' parameter of DBSCANPath must be an int in the range [1, inf)."
            " Got 0 instead.",
        ),
        (
            {"metric": "cosine"},
            "The 'metric' parameter of DBSCANPath must be a str among {'chebyshev', 'cityblock',"
            " 'euclidean', 'l1', 'l2', 'manhattan', 'minkowski'}. Got 'cosine' instead.",
        ),
        (
            {"p": 0.5},
            "The 'p' parameter of DBSCANPath must be a float in the range [1.0, inf) or None."
            " Got 0.5 instead.",
        ),
        (
            {"n_jobs": 1.5},
            "The 'n_jobs' parameter of DBSCANPath must be an instance of 'int' or None."
            " Got 1.5 instead.",
        ),
    ],
)
def test_invalid_parameters(parameters, message):
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        DBSCANPath(**parameters).fit(X)


@pytest.mark.parametrize("method", ["labels", "core_sample_indices", "n_clusters", "n_noise"])
def test_invalid_eps(method):
    path = DBSCANPath().fit(X)
    for eps in (0, -1.0, np.inf, np.nan, "auto"):
        message = (
            f"The 'eps' parameter of DBSCANPath.{method} must be a float in the range (0.0, inf)."
            f" Got {eps!r} instead."
        )
        with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
            getattr(path, method)(eps)
    if method.startswith("n_"):
        message = (
            f"The values of 'eps' of DBSCANPath.{method} must be a float in the range (0.0, inf)."
            " Got -2.0 among them."
        )
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            getattr(path, method)([1, -2, np.nan])


def test_invalid_size():
    message = (
        "The 'min_cluster_size' parameter of DBSCANPath.ranges must be an int in the range"
        " [1, inf). Got 0 instead."
    )
    for method in ("ranges", "stable_range"):
        with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
            getattr(DBSCANPath().fit(X), method)(0)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("labels", [1]),
        ("core_sample_indices", [1]),
        ("n_clusters", [1]),
        ("n_noise", [[1]]),
        ("ranges", []),
        ("stable_range", []),
    ],
)
def test_before_a_fit(method, arguments):
    with pytest.raises(NotFittedError, match=r"^This DBSCANPath instance is not fitted yet\. "):
        getattr(DBSCANPath(), method)(*arguments)


def test_failed_fit_leaves_the_estimator_alone():
    path = DBSCANPath().fit(X)
    before = pickle.dumps(vars(path))
    with pytest.raises(ValueError, match=r"^Input X contains NaN"):
        path.fit([[np.nan]])
    with pytest.raises(TypeError, match=r"^Sparse data was passed"):
        path.fit(scipy.sparse.csr_array(X))
    assert pickle.dumps(vars(path)) == before


# --- inputs ---------------------------------------------------------------------------------------


def same_path(a, b):
    fits = [{k: v for k, v in vars(p).items() if k[-1] == "_" and "names" not in k} for p in (a, b)]
    return pickle.dumps(fits[0]) == pickle.dumps(fits[1]) and (a.labels(0.5) == b.labels(0.5)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_forms_of_the_data(tmp_path, dtype):
    data = X.astype(dtype)
    expected = DBSCANPath().fit(data)
    frozen = data.copy()
    frozen.flags.writeable = False
    mapped = np.memmap(tmp_path / "X", dtype, "w+", shape=data.shape)
    mapped[:] = data
    frame = pd.DataFrame(data, columns=["a", "b"])
    for form in (frozen, np.asfortranarray(data), mapped, data[::-1][::-1], data.tolist(), frame):
        if dtype == np.float64 or not isinstance(form, list):
            assert same_path(DBSCANPath().fit(form), expected)
    assert (data == X.astype(dtype)).all()
    assert DBSCANPath().fit(frame).feature_names_in_.tolist() == ["a", "b"]


def test_pickle_and_clone():
    path = DBSCANPath(3, "minkowski", p=1.5, n_jobs=1).fit(X)
    again = pickle.loads(pickle.dumps(path))
    assert same_path(path, again)
    assert repr(clone(path)) == "DBSCANPath(metric='minkowski', min_samples=3, n_jobs=1, p=1.5)"
    assert not hasattr(clone(path), "core_distances_")


def test_is_no_clusterer():
    path = DBSCANPath().fit(X)
    assert not is_clusterer(path)
    assert not hasattr(path, "labels_")


# --- scikit-learn's checks ------------------------------------------------------------------------


@parametrize_with_checks([DBSCANPath()])
def test_scikit_learn_checks(estimator, check):
    if not compilation_is_on() and "dtypes" in str(check):
        pytest.skip("as plain Python it takes long")
    check(estimator)


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
    getattr(estimator_checks, check)("DBSCANPath", DBSCANPath())
