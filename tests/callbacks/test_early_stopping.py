from __future__ import annotations

import copy
import doctest
import math
import pickle
import re
import threading
import time

import numpy as np
import pytest
from scripted import Scripted, showing
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from scratchml.callbacks import EarlyStopping, History, early_stopping
from scratchml.cluster import KMeans
from scratchml.core.objective import LOWER_BOUND
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning, InvalidParameterError
from scratchml.mixture import GaussianMixture

X, _ = make_blobs(400, 3, centers=6, cluster_std=3.0, random_state=0)


def test_examples():
    outcome = doctest.testmod(early_stopping)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(
    ("parameters", "values", "n_iter"),
    [
        ({"min_delta": 0}, [9, 8, 8, 7], 3),
        ({"min_delta": 0}, [9, 8, 7, 6], 4),
        ({"min_delta": 0, "patience": 2}, [9, 9, 8, 8, 8, 1], 5),
        ({"min_delta": 0.1}, [100, 89, 81, 1], 3),
        ({"min_delta": 0.1}, [100, 89, 80, 71, 1], 5),
        ({"min_delta": 0.1}, [-100, -111, -120, -200], 3),
        ({"min_delta": 2, "relative": False}, [100, 97, 95, 1], 3),
        ({"min_delta": 2, "relative": False, "patience": 2}, [100, 99, 97, 96, 95, 1], 5),
        ({"min_delta": 0, "mode": "max"}, [1, 2, 2, 3], 3),
        ({"min_delta": 0.1, "mode": "max"}, [-100, -89, -81, 0], 3),
        ({"min_delta": 0}, [1, 0, 0, -1], 3),
        ({"min_delta": 0}, [5, math.nan, 1], 2),
        ({"min_delta": 0}, [math.nan, 1, 0], 2),
        ({"min_delta": 0}, [np.float32(2), np.int64(1), np.float64(1), 0], 3),
    ],
    ids=[
        "equal",
        "always-better",
        "patience-counts-in-a-row",
        "relative",
        "relative-to-the-best",
        "relative-of-negative",
        "absolute",
        "small-gains-add-up",
        "max",
        "max-of-negative",
        "best-is-zero",
        "nan",
        "nan-at-first",
        "numpy-scalars",
    ],
)
def test_when_a_run_stops(parameters, values, n_iter):
    est = showing(values).set_callbacks(EarlyStopping(**parameters)).fit()
    assert est.n_iter_ == [n_iter]


def test_each_run_and_each_fit_starts_anew():
    est = showing([1, 1, 0], [9, 8, 8, 0]).set_callbacks(EarlyStopping())
    assert est.fit().n_iter_ == [2, 3]
    assert est.fit().n_iter_ == [2, 3]


def test_each_stage_starts_anew():
    states = [[{"inertia": value} for value in (5, 5, 5)]]
    est = Scripted({"a": states, "b": states}).set_callbacks(EarlyStopping())
    assert est.fit().n_iter_ == [2, 2]


@pytest.mark.parametrize(
    ("monitor", "options", "n_iter"),
    [
        pytest.param("lower_bound", {}, 4, id="rises-by-differences"),
        pytest.param("lower_bound", {"relative": True}, 2, id="rises-by-fractions"),
        pytest.param("lower_bound", {"mode": "min"}, 2, id="falls"),
        pytest.param("energy", {"mode": "max"}, 2, id="any-other-is-relative"),
        pytest.param("energy", {"mode": "max", "relative": False}, 4, id="any-other-absolute"),
        pytest.param("energy", {"relative": False}, 2, id="any-other-falls"),
    ],
)
def test_which_way_is_up_depends_on_the_name(monitor, options, n_iter):
    est = showing([-100, -80, -71.5, -71.2, 5], name=monitor)
    est.set_callbacks(EarlyStopping(monitor, min_delta=0.5, **options))
    assert est.fit().n_iter_ == [n_iter]


@pytest.mark.parametrize(
    ("options", "n_iter"),
    [({}, 4), ({"mode": "min"}, 2), ({"relative": True}, 2), ({"monitor": "inertia"}, 5)],
    ids=["objective", "mode", "relative", "monitor"],
)
def test_unless_told_otherwise_it_is_the_objective_of_the_estimator(options, n_iter):
    class Climbing(Scripted):
        _objective = LOWER_BOUND

    bounds, inertias = [-100, -90, -85, -84.9, 5], [64, 16, 4, 1, 1]
    shown = [
        {"lower_bound": bound, "inertia": inertia}
        for bound, inertia in zip(bounds, inertias, strict=True)
    ]
    est = Climbing({"play": [shown]}).set_callbacks(EarlyStopping(min_delta=0.5, **options))
    assert est.fit().n_iter_ == [n_iter]


def test_mixtures_are_stopped_without_a_warning():
    shown = History()
    mixture = GaussianMixture(6, tol=0, random_state=0)
    mixture.set_callbacks(EarlyStopping(min_delta=0.01, patience=2), shown).fit(X)
    gains = np.diff(shown["lower_bound"])
    assert 2 < mixture.n_iter_ < 100
    assert gains[-2:].sum() < 0.02
    assert (gains[:-2] > 0.01).any()
    assert not mixture.converged_  # and no warning, which would be an error here
    mixture.set_callbacks(EarlyStopping(max_seconds=0)).fit(X)
    assert mixture.n_iter_ == 1
    with pytest.warns(ConvergenceWarning, match=r"did not converge"):
        mixture.set_callbacks(EarlyStopping(patience=1000)).set_params(max_iter=3).fit(X)


@pytest.mark.parametrize(
    ("monitor", "state", "numbers"),
    [
        ("inertia", {"shift": 1, "scale": 2, "centers": np.zeros((2, 3))}, "scale, shift"),
        ("centers", {"shift": np.float32(1), "centers": np.zeros((2, 3))}, "shift"),
        ("centers", {"centers": np.zeros(1)}, "none"),
        ("inertia", {}, "none"),
    ],
    ids=["unknown", "array", "array-alone", "nothing"],
)
def test_value_that_is_not_shown(monitor, state, numbers):
    est = Scripted({"play": [[state]]}).set_callbacks(EarlyStopping(monitor))
    message = (
        f"EarlyStopping cannot monitor {monitor!r}: the fit of Scripted shows no number of that "
        f"name. The numbers it shows: {numbers}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        est.fit()


def test_max_seconds_stops_the_whole_fit():
    values = [[9, 8, 7]] * 3
    est = showing(*values, pause=0.02).set_callbacks(EarlyStopping(max_seconds=0))
    assert est.fit().n_iter_ == [1]
    est = showing(*values, pause=0.02).set_callbacks(EarlyStopping(max_seconds=0.07))
    assert sum(est.fit().n_iter_) < 6
    est = showing(*values).set_callbacks(EarlyStopping(max_seconds=60))
    assert est.fit().n_iter_ == [3, 3, 3]


def test_stopped_kmeans_is_that_of_fewer_iterations():
    kmeans = KMeans(12, tol=0, random_state=0)
    full = clone(kmeans).fit(X)
    kmeans.set_callbacks(EarlyStopping(min_delta=0.01)).fit(X)
    assert 1 < kmeans.n_iter_ < full.n_iter_
    short = KMeans(12, tol=0, random_state=0, max_iter=kmeans.n_iter_).fit(X)
    assert short.cluster_centers_.tobytes() == kmeans.cluster_centers_.tobytes()
    assert short.inertia_ == kmeans.inertia_
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


def test_changes_no_bit_of_a_run_that_it_does_not_stop():
    plain = KMeans(6, n_init=2, random_state=0).fit(X)
    heard = KMeans(6, n_init=2, random_state=0)
    heard.set_callbacks(EarlyStopping(patience=1000, max_seconds=1000)).fit(X)
    assert heard.n_iter_ == plain.n_iter_
    assert heard.cluster_centers_.tobytes() == plain.cluster_centers_.tobytes()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"monitor": 3},
            "The 'monitor' parameter of EarlyStopping must be an instance of 'str' or None. "
            "Got 3 instead.",
        ),
        (
            {"min_delta": -1},
            "The 'min_delta' parameter of EarlyStopping must be a float in the range [0.0, inf). "
            "Got -1 instead.",
        ),
        (
            {"patience": 0},
            "The 'patience' parameter of EarlyStopping must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"mode": "auto"},
            "The 'mode' parameter of EarlyStopping must be a str among {'max', 'min'} or None. "
            "Got 'auto' instead.",
        ),
        (
            {"relative": "no"},
            "The 'relative' parameter of EarlyStopping must be an instance of 'bool' or an "
            "instance of 'numpy.bool' or None. Got 'no' instead.",
        ),
        (
            {"max_seconds": "1"},
            "The 'max_seconds' parameter of EarlyStopping must be a float in the range [0.0, inf) "
            "or None. Got '1' instead.",
        ),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_parameters_are_checked(parameters, message):
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        EarlyStopping(**parameters)


def test_repr():
    assert repr(EarlyStopping("shift", patience=3)) == (
        "EarlyStopping(monitor='shift', min_delta=0.0001, patience=3, mode=None, relative=None, "
        "max_seconds=None)"
    )


# ---------------------------------------------------------------------- shared and copied


def test_fits_in_threads_share_one_object():
    stopping = EarlyStopping(min_delta=0)
    shown = [[9, 8, 7, 6, 5], [9, 8, 8, 7, 6], [9, 8, 7, 7, 6]]
    fits = [showing(values, pause=0.01).set_callbacks(stopping) for values in shown]
    threads = [threading.Thread(target=est.fit) for est in fits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [est.n_iter_ for est in fits] == [[5], [3], [4]]
    assert stopping._fits == {}


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda est: pickle.loads(pickle.dumps(est)), clone]
)
def test_copies_work(again):
    est = again(showing([5, 5, 5]).set_callbacks(EarlyStopping(min_delta=0.5)))
    assert est.fit().n_iter_ == [2]
    assert est._skl_callbacks[0].min_delta == 0.5


def test_failed_fit_leaves_nothing_behind():
    stopping = EarlyStopping()
    est = Scripted({"play": [[{"inertia": 1}, KeyboardInterrupt()]]}).set_callbacks(stopping)
    stopping.patience = 5
    with pytest.raises(KeyboardInterrupt):
        est.fit()
    assert stopping._fits == {}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_grid_search(n_jobs):
    kmeans = KMeans(12, tol=0, random_state=0).set_callbacks(EarlyStopping(min_delta=0.5))
    search = GridSearchCV(kmeans, {"n_clusters": [3, 4]}, cv=2, n_jobs=n_jobs).fit(X)
    assert search.best_estimator_.n_iter_ <= 3


def test_set_on_an_estimator_that_shows_nothing():
    search = GridSearchCV(KMeans(), {"n_clusters": [2]}, cv=2).set_callbacks(EarlyStopping())
    message = (
        "EarlyStopping follows the iterations of an estimator of scratchml: set it on that "
        "estimator, not on GridSearchCV, which does not show any."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        search.fit(X)


def test_time_counts_from_the_begin_of_the_fit():
    seconds = []
    est = showing([3, 2], [1], pause=0.01).set_callbacks(lambda event: seconds.append(event))
    began = time.perf_counter()
    est.fit()
    passed = time.perf_counter() - began
    times = [event.seconds for event in seconds]
    assert 0.01 <= times[0] < times[1] < times[2] <= passed
