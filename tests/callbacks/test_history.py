from __future__ import annotations

import copy
import doctest
import pickle
import re
import sys
import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scripted import Scripted, showing
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from scratchml.callbacks import History, history
from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError

X, _ = make_blobs(200, 2, centers=4, random_state=0)


def recorded(est, **parameters):
    callback = History(**parameters)
    est.set_callbacks(callback).fit(X)
    return callback


def test_examples():
    outcome = doctest.testmod(history)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_what_is_recorded():
    shown = recorded(showing([3.5, 2.5], [1.5]))
    assert list(shown) == ["stage", "run", "iteration", "seconds", "inertia"]
    assert shown["stage"].tolist() == ["play"] * 3
    assert shown["run"].tolist() == [0, 0, 1]
    assert shown["iteration"].tolist() == [1, 2, 1]
    assert shown["inertia"].tolist() == [3.5, 2.5, 1.5]
    assert np.all(np.diff([0, *shown["seconds"]]) > 0)
    assert [shown[name].dtype.kind for name in shown] == ["U", "i", "i", "f", "f"]
    assert shown.n_runs == 2
    assert repr(shown) == (
        "History(n_runs=2, n_iterations=3, "
        "names=['stage', 'run', 'iteration', 'seconds', 'inertia'])"
    )


def test_it_is_a_mapping():
    shown = recorded(showing([2, 1]))
    assert "inertia" in shown
    assert "shift" not in shown
    assert len(shown) == 5
    assert dict(shown).keys() == shown.keys()
    assert shown == shown
    assert shown != recorded(showing([2, 1]))
    assert len({shown}) == 1
    message = (
        "'shift' is not in the history, which has "
        "['stage', 'run', 'iteration', 'seconds', 'inertia']."
    )
    with pytest.raises(KeyError) as raised:
        shown["shift"]
    assert raised.value.args == (message,)


def test_before_the_first_fit():
    assert list(History()) == []
    assert not History()
    assert History().n_runs == 0


def test_each_fit_begins_anew():
    shown = History()
    showing([3, 2, 1]).set_callbacks(shown).fit()
    showing([5]).set_callbacks(shown).fit()
    assert shown["inertia"].tolist() == [5]


def test_one_run():
    shown = recorded(showing([3, 2], [9, 8, 7]))
    assert shown.run(1)["inertia"].tolist() == [9, 8, 7]
    assert list(shown.run(0)) == list(shown)
    assert shown.run(0).n_runs == 1
    with pytest.raises(IndexError, match=r"^The history has no run 2: it has 2 runs\.$"):
        shown.run(2)


def test_stages_that_show_different_values():
    stages = {
        "seed": [[{"potential": 9.0}]],
        "refine": [[{"inertia": 4.0, "n_moved": 3}, {"inertia": 2.0, "n_moved": 0}]],
    }
    shown = recorded(Scripted(stages))
    assert shown["stage"].tolist() == ["seed", "refine", "refine"]
    np.testing.assert_array_equal(shown["potential"], [9, np.nan, np.nan])
    np.testing.assert_array_equal(shown["inertia"], [np.nan, 4, 2])
    np.testing.assert_array_equal(shown["n_moved"], [np.nan, 3, 0])


def test_arrays_are_no_scalars_and_are_read_once():
    calls = []

    def labels():
        calls.append(1)
        return np.zeros(3)

    states = [[{"inertia": lambda: 1.5, "converged": np.False_, "labels": labels}] * 3]
    shown = recorded(Scripted({"play": states}))
    assert list(shown)[4:] == ["converged", "inertia"]
    assert shown["inertia"].tolist() == [1.5] * 3
    assert len(calls) == 1


def test_copies_of_centers_and_labels():
    kmeans = KMeans(4, n_init=2, init="random", random_state=3)
    shown = recorded(kmeans, centers=True, labels=True)
    assert list(shown) == ["stage", "run", "iteration", "seconds", "inertia", "shift"]
    assert len(shown.centers) == len(shown.labels) == len(shown["run"])
    assert shown.n_runs == 2
    best = max(
        range(2), key=lambda i: np.array_equal(shown.run(i).centers[-1], kmeans.cluster_centers_)
    )
    np.testing.assert_array_equal(shown.run(best).centers[-1], kmeans.cluster_centers_)
    np.testing.assert_array_equal(shown.run(best).labels[-1], kmeans.labels_)
    assert not np.array_equal(shown.centers[0], shown.centers[1])
    assert recorded(kmeans, labels=True).centers == [None] * len(shown["run"])


def test_kmeans_values():
    kmeans = KMeans(4, random_state=0, tol=0)
    shown = recorded(kmeans)
    assert len(shown["inertia"]) == kmeans.n_iter_
    assert shown["inertia"][-1] == kmeans.inertia_
    assert shown["shift"][-1] == 0
    assert np.all(np.diff(shown["inertia"]) <= 0)


def test_changes_no_bit():
    plain = KMeans(4, n_init=3, random_state=0).fit(X)
    heard = KMeans(4, n_init=3, random_state=0)
    heard.set_callbacks(History(centers=True, labels=True)).fit(X)
    for name in ("cluster_centers_", "labels_", "inertia_", "n_iter_", "n_distances_"):
        assert np.array_equal(getattr(heard, name), getattr(plain, name)), name


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_dataframe(container):
    shown = recorded(showing([3.5, 2.5], [1.5]), centers=True)
    frame = shown.to_dataframe(container)
    assert isinstance(frame, {"pandas": pd.DataFrame, "polars": pl.DataFrame}[container])
    assert list(frame.columns) == list(shown)
    assert list(frame["inertia"]) == [3.5, 2.5, 1.5]
    assert list(frame["stage"]) == ["play"] * 3


def test_dataframe_errors(monkeypatch):
    message = (
        "The 'container' parameter of History.to_dataframe must be a str among "
        "{'pandas', 'polars'}. Got 'numpy' instead."
    )
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        History().to_dataframe("numpy")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError):
        History().to_dataframe("polars")


def test_parameters_are_checked():
    message = (
        "The 'labels' parameter of History must be an instance of 'bool' or an instance of "
        "'numpy.bool'. Got 3 instead."
    )
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        History(labels=3)


# ---------------------------------------------------------------------- shared and copied


def test_fits_in_threads_do_not_mix():
    shown = History()
    long = showing(range(100, 80, -1), pause=0.01).set_callbacks(shown)
    short = showing(range(50, 45, -1), pause=0.01).set_callbacks(shown)
    thread = threading.Thread(target=long.fit)
    thread.start()
    while not len(shown):  # the first iteration of the long fit
        thread.join(0.001)
    short.fit()
    thread.join()
    assert shown["inertia"].tolist() == [50, 49, 48, 47, 46]


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_keep_what_was_recorded(again):
    shown = again(recorded(showing([2, 1])))
    assert shown["inertia"].tolist() == [2, 1]
    showing([7]).set_callbacks(shown).fit()
    assert shown["inertia"].tolist() == [7]


def test_a_fitted_estimator_is_pickled_with_its_history():
    kmeans = KMeans(4, random_state=0).set_callbacks(History()).fit(X)
    again = pickle.loads(pickle.dumps(kmeans))
    assert len(again._skl_callbacks[0]["inertia"]) == kmeans.n_iter_


def test_failed_fit_keeps_what_it_reached():
    shown = History()
    est = Scripted({"play": [[{"inertia": 1}, RuntimeError("no")]]}).set_callbacks(shown)
    with pytest.raises(RuntimeError, match=r"^no$"):
        est.fit()
    assert shown["inertia"].tolist() == [1]
    assert shown._fits == {}


def test_grid_search_leaves_the_history_of_the_refit():
    shown = History()
    kmeans = KMeans(random_state=0).set_callbacks(shown)
    assert clone(kmeans)._skl_callbacks == [shown]
    search = GridSearchCV(kmeans, {"n_clusters": [2, 4]}, cv=2).fit(X)
    assert len(shown["inertia"]) == search.best_estimator_.n_iter_
