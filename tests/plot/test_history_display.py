"""HistoryDisplay: a line for each run, the best standing out."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sklearn.cluster
from texts import shown

from scratchml.callbacks import History
from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.mixture import GaussianMixture
from scratchml.plot import HistoryDisplay

X = make_blobs(200, centers=6, random_state=0)[0]
HISTORY = {
    "run": np.array([0, 0, 1, 1, 1, 2]),
    "iteration": np.array([1, 2, 1, 2, 3, 1]),
    "inertia": np.array([9.0, 7.0, 8.0, 5.0, 4.5, 6.0]),
    "shift": np.array([1.0, np.nan, 3.0, 2.0, np.nan, 5.0]),
}


def lines_of(display):
    return [line.get_xydata().tolist() for line in display.lines_]


def test_lines_are_the_runs():
    display = HistoryDisplay.from_history(HISTORY)
    assert lines_of(display) == [
        [[1, 9], [2, 7]],
        [[1, 8], [2, 5], [3, 4.5]],
        [[1, 6]],
    ]
    assert display.best_run == 1
    assert display.ax_.get_xlabel() == "iteration"
    assert display.ax_.get_ylabel() == "inertia"
    assert display.ax_.get_yscale() == "linear"


def test_best_run_stands_out():
    display = HistoryDisplay.from_history(HISTORY)
    thick = [line.get_linewidth() for line in display.lines_]
    assert thick[1] > thick[0] == thick[2]
    assert display.lines_[1].get_zorder() > display.lines_[0].get_zorder()
    assert display.lines_[1].get_color() != display.lines_[0].get_color()
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["run 1, the best: 4.5", "the other 2"]


def test_highest_may_be_best():
    assert HistoryDisplay.from_history(HISTORY, mode="max").best_run == 0


def test_lower_bounds_rise():
    rising = {**HISTORY, "lower_bound": -HISTORY["inertia"]}
    assert HistoryDisplay.from_history(rising).name == "inertia"
    display = HistoryDisplay.from_history(rising, "lower_bound")
    assert display.best_run == 1
    assert HistoryDisplay.from_history(rising, "lower_bound", mode="min").best_run == 0
    del rising["inertia"]
    other = HistoryDisplay.from_history(rising)
    assert (other.name, other.mode, other.best_run) == ("lower_bound", "max", 1)


def test_the_legend_is_where_curves_leave_room():
    legends = [HistoryDisplay.from_history(HISTORY, mode=mode).legend_ for mode in ("min", "max")]
    middles = []
    for legend in legends:
        frame, box = legend.axes.get_window_extent(), legend.get_window_extent()
        middles.append(((box.y0 + box.y1) / 2 - frame.y0) / frame.height)
    assert middles[0] > 0.7
    assert middles[1] < 0.3


def test_mixtures_show_what_they_make_better():
    mixture = GaussianMixture(3, n_init=3, init_params="random", random_state=0)
    history = History()
    assert history.objective is None
    mixture.set_callbacks(history).fit(X)
    assert history.objective == history.run(0).objective == "lower_bound"
    display = HistoryDisplay.from_history(history)
    assert display.name == "lower_bound"
    bounds = [history.run(run)["lower_bound"][-1] for run in range(3)]
    assert display.best_run == np.argmax(bounds)
    assert bounds[display.best_run] == mixture.lower_bound_
    other = HistoryDisplay.from_estimator(mixture, X)
    np.testing.assert_array_equal(other.values, display.values)
    KMeans(2, random_state=0).set_callbacks(history).fit(X)
    assert HistoryDisplay.from_history(history).name == "inertia"


def test_iterations_without_a_record_are_left_out():
    display = HistoryDisplay.from_history(HISTORY, "shift")
    assert lines_of(display) == [[[1, 1]], [[1, 3], [2, 2]], [[1, 5]]]
    assert display.ax_.get_ylabel() == "shift"


def test_single_run_has_no_legend():
    history = {name: array[:2] for name, array in HISTORY.items()}
    assert HistoryDisplay.from_history(history).legend_ is None


def test_large_values_are_written_out():
    history = {**HISTORY, "inertia": HISTORY["inertia"] * 1e6}
    legend = HistoryDisplay.from_history(history).legend_
    assert legend.get_texts()[0].get_text() == "run 1, the best: 4,500,000"


def test_options_and_axes_given():
    figure, (left, right) = plt.subplots(1, 2)
    display = HistoryDisplay.from_history(HISTORY, ax=right, log=True, line_kwargs={"ls": ":"})
    assert display.ax_ is right
    assert display.figure_ is figure
    assert right.get_yscale() == "log"
    assert {line.get_linestyle() for line in display.lines_} == {":"}
    assert not left.has_data()


def test_estimator_is_left_as_it_is():
    seen = []
    random_state = np.random.RandomState(0)
    kmeans = KMeans(4, n_init=3, random_state=random_state).set_callbacks(seen.append)
    before = dict(vars(kmeans))
    display = HistoryDisplay.from_estimator(kmeans, X)
    assert vars(kmeans) == before
    assert seen == []
    assert random_state.randint(1 << 30) == np.random.RandomState(0).randint(1 << 30)
    fitted = KMeans(4, n_init=3, random_state=np.random.RandomState(0)).fit(X)
    assert len(display.lines_) == 3
    best = display.lines_[display.best_run]
    assert best.get_xdata()[-1] == fitted.n_iter_


def test_recorded_history_is_drawn():
    history = History()
    KMeans(4, n_init=2, random_state=0).set_callbacks(history).fit(X)
    display = HistoryDisplay.from_history(history, "shift")
    np.testing.assert_array_equal(display.values, history["shift"])
    np.testing.assert_array_equal(display.runs, history["run"])


def test_weights_are_passed_on():
    weights = np.linspace(0.1, 2, len(X))
    kmeans = KMeans(3, random_state=0)
    display = HistoryDisplay.from_estimator(kmeans, X, sample_weight=weights)
    history = History()
    kmeans.set_callbacks(history).fit(X, sample_weight=weights)
    np.testing.assert_array_equal(display.values, history["inertia"])


def test_estimators_without_callbacks_are_refused():
    message = (
        "HistoryDisplay.from_estimator needs an estimator with set_callbacks, got DBSCAN(). Record"
        " its values yourself and pass them to from_history."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        HistoryDisplay.from_estimator(sklearn.cluster.DBSCAN(), X)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"mode": "best"}, "mode should be 'min' or 'max', got 'best'."),
        (
            {"run": np.zeros(2)},
            {},
            "values, runs and iterations should be one-dimensional and of equal length, got shapes"
            " (6,), (2,) and (6,).",
        ),
        ({"inertia": np.full(6, np.nan)}, {}, "There is no record of 'inertia' to draw."),
        (
            {"inertia": np.full(6, "lloyd")},
            {},
            "The values of 'inertia' should be numbers, got dtype <U5.",
        ),
        (
            {"inertia": [None] * 6},
            {},
            "The values of 'inertia' should be numbers, got dtype object.",
        ),
        ({"run": list("aabbbc")}, {}, "The runs should be numbers, got dtype <U1."),
        ({"iteration": list("121231")}, {}, "The iterations should be numbers, got dtype <U1."),
    ],
    ids=["mode", "lengths", "no-record", "strings", "objects", "runs", "iterations"],
)
def test_what_does_not_fit_is_refused(changes, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        HistoryDisplay.from_history({**HISTORY, **changes}, **options)


def test_records_that_are_no_numbers_are_refused():
    message = r"^The values of 'stage' should be numbers, got dtype <U\d\.$"
    with pytest.raises(ValueError, match=message):
        HistoryDisplay.from_estimator(KMeans(2, random_state=0), X, name="stage")


def test_name_is_shown_as_it_is():
    display = HistoryDisplay.from_history({**HISTORY, "$x_1$": HISTORY["inertia"]}, "$x_1$")
    display.figure_.canvas.draw()
    assert shown(display.ax_.yaxis.label) == "$x_1$"


def test_logarithmic_axis_leaves_out_what_is_not_positive():
    history = {**HISTORY, "shift": np.array([1.0, 0.0, 3.0, 2.0, 0.0, 5.0])}
    display = HistoryDisplay.from_history(history, "shift", log=True)
    display.figure_.canvas.draw()
    heights = [display.ax_.transData.transform(line.get_xydata())[:, 1] for line in display.lines_]
    drawn = [np.isfinite(height).tolist() for height in heights]
    assert drawn == [[True, False], [True, True, False], [True]]


def test_unknown_names_are_refused():
    with pytest.raises(KeyError, match=r"^'energy'$"):
        HistoryDisplay.from_history(HISTORY, "energy")
