"""ElbowDisplay, GapDisplay and the criteria side by side: what choose_k found, drawn."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pytest
from texts import shown

from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.model_selection import choose_k
from scratchml.plot import ElbowDisplay, GapDisplay
from scratchml.plot.criteria import draw_criteria
from scratchml.plot.curves import draw_reason

X = make_blobs(120, centers=4, cluster_std=0.7, random_state=3)[0]
KS = np.array([1, 2, 3, 4, 5])
INERTIA = np.array([100.0, 50.0, 10.0, 8.0, 7.0])
GAP = np.array([0.0, 0.5, 1.0, 0.9, 0.8])
ERRORS = np.array([0.1, 0.1, 0.1, 0.2, 0.1])


class Found(NamedTuple):
    k: int | None
    reason: str


@pytest.fixture(scope="module")
def choice():
    return choose_k(KMeans(n_init=3), X, range(1, 8), n_refs=3, n_splits=3, random_state=0)


def drawn(line):
    return line.get_xydata().tolist()


# --- elbow ----------------------------------------------------------------------------------------


def test_elbow():
    display = ElbowDisplay(KS, INERTIA, k=3, reason="It bends.").plot()
    assert drawn(display.line_) == np.column_stack([KS, INERTIA]).tolist()
    assert drawn(display.mark_) == [[3, 10]]
    assert (display.ax_.get_xscale(), display.ax_.get_yscale()) == ("log", "log")
    # On logarithmic axes the chord is straight.
    slopes = np.diff(np.log(display.chord_.get_ydata())) / np.diff(
        np.log(display.chord_.get_xdata())
    )
    np.testing.assert_allclose(slopes, slopes[0])
    np.testing.assert_allclose(display.chord_.get_xydata()[[0, -1]], [[1, 100], [5, 7]])
    assert display.ax_.get_title() == "k = 3"
    assert [text.get_text() for text in display.ax_.texts] == ["It bends."]
    display.figure_.canvas.draw()
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == list("12345")


def test_elbow_of_a_choice(choice):
    display = ElbowDisplay.from_choice(choice)
    assert display.k == choice.choices["inertia"].k
    np.testing.assert_array_equal(display.line_.get_ydata(), choice.scores["inertia"])
    estimator = KMeans(n_init=3)
    again = ElbowDisplay.from_estimator(estimator, X, range(1, 8))
    assert (again.k, again.reason) == (display.k, display.reason)
    assert not hasattr(estimator, "labels_")


def test_elbow_without_a_knee():
    display = ElbowDisplay(KS, INERTIA, reason="It does not bend.").plot(log=False)
    assert display.mark_ is None
    assert display.ax_.get_title() == "no k chosen"
    assert display.ax_.get_yscale() == "linear"


@pytest.mark.parametrize("log", [True, False], ids=["log", "linear"])
@pytest.mark.parametrize(
    ("inertia", "n_points"),
    [([np.nan, 3.0, 2.0, 1.0, 0.0], 4), ([np.nan] * 5, 0), ([3.0, *[np.nan] * 4], 1)],
    ids=["zero", "none", "one"],
)
@pytest.mark.filterwarnings("error")
def test_elbow_of_what_is_not_all_known(inertia, n_points, log):
    display = ElbowDisplay(KS, inertia).plot(log=log)
    assert len(display.line_.get_xdata()) == n_points
    assert (display.chord_ is None) == (n_points < 2)
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    assert low < 1
    assert high > 5


def test_one_number_of_clusters():
    for log in (True, False):
        display = ElbowDisplay([4], [2.0]).plot(log=log)
        display.figure_.canvas.draw()
        low, high = display.ax_.get_xlim()
        assert low < 4 < high
        shown_ticks = [tick for tick in display.ax_.get_xticks() if low <= tick <= high]
        assert shown_ticks == [4]


def test_ticks_do_not_cover_each_other():
    ks = np.arange(1, 60)
    for log, inches in itertools.product((True, False), (2, 3.4, 6.4)):
        ax = plt.figure(figsize=(inches, inches), layout="constrained").add_subplot()
        display = ElbowDisplay(ks, 100 / ks).plot(ax=ax, log=log)
        display.figure_.canvas.draw()
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
        if log and inches > 3:
            assert {label.get_text() for label in ax.get_xticklabels()} >= {"1", "59"}


# --- gap ------------------------------------------------------------------------------------------


def test_gap():
    expected = np.array([5.0, 4, 3, 2.5, 2])
    display = GapDisplay(
        KS,
        GAP,
        ERRORS,
        log_dispersion=expected - GAP,
        expected_log_dispersion=expected,
        k=3,
        reason="It is the first.",
    ).plot()
    left, right = display.axes_
    assert not display.ax_.axison
    assert [drawn(line) for line in display.dispersion_lines_] == [
        np.column_stack([KS, values]).tolist() for values in (expected, expected - GAP)
    ]
    assert drawn(display.line_) == np.column_stack([KS, GAP]).tolist()
    assert drawn(display.mark_) == [[3, 1]]
    # From the gap that was chosen to the next one.
    assert drawn(display.rule_line_) == [[3, 1], [4, 1]]
    (bars,) = right.collections
    np.testing.assert_allclose(
        bars.get_segments(),
        [[[k, g - e], [k, g + e]] for k, g, e in zip(KS, GAP, ERRORS, strict=True)],
    )
    assert right.get_title() == "k = 3"
    texts = [text.get_text() for text in left.get_legend().get_texts()]
    assert texts == ["expected without clusters", "of the data"]
    display.figure_.canvas.draw()


def test_gap_of_a_choice(choice):
    display = GapDisplay.from_choice(choice)
    assert display.k == choice.choices["gap"].k
    np.testing.assert_array_equal(display.line_.get_ydata(), choice.scores["gap"])
    np.testing.assert_array_equal(display.errors, choice.errors["gap"])
    again = GapDisplay.from_estimator(KMeans(n_init=3), X, range(1, 8), n_refs=3)
    assert (again.k, again.reason) == (display.k, display.reason)


def test_gap_takes_what_choose_k_takes(capsys):
    options = {"sample_size": 60, "n_refs": 2, "reference": "uniform", "random_state": 3}
    display = GapDisplay.from_estimator(KMeans(), X, [1, 2, 3], verbose=True, **options)
    assert capsys.readouterr().out.startswith("Step 1 of 12: fit, k=1\n")
    found = choose_k(KMeans(), X, [1, 2, 3], criteria=["gap"], **options)
    np.testing.assert_array_equal(display.gap, found.scores["gap"])
    ElbowDisplay.from_estimator(KMeans(), X, [2, 3], verbose=True)
    assert capsys.readouterr().out.startswith("Step 1 of 2: fit, k=2\n")


def test_gap_alone():
    ax = plt.figure().add_subplot()
    display = GapDisplay(KS, GAP, ERRORS, k=5).plot(ax=ax, line_kwargs={"color": "red"})
    assert display.ax_ is ax
    assert display.axes_.tolist() == [ax]
    assert display.dispersion_lines_ == []
    assert display.line_.get_color() == "red"
    assert display.rule_line_ is None  # the last has no next one
    assert GapDisplay(KS, GAP, ERRORS).plot().mark_ is None
    message = "The dispersion and what is expected of it are not known."
    with pytest.raises(ValueError, match=f"^{message}$"):
        display.plot(dispersion=True)


@pytest.mark.filterwarnings("error")
def test_gap_that_is_not_known_everywhere():
    gap, errors = np.where(KS == 4, np.nan, GAP), np.where(KS == 4, np.nan, ERRORS)
    display = GapDisplay(KS, gap, errors, k=3).plot()
    assert len(display.line_.get_xdata()) == 4
    assert drawn(display.rule_line_) == [[3, 1], [5, 1]]
    GapDisplay(KS, np.full(5, np.nan), np.full(5, np.nan)).plot().figure_.canvas.draw()


# --- what both check ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda: ElbowDisplay(KS, INERTIA[1:]),
            "ks and inertia should be one-dimensional and of equal length, got shapes (5,) and"
            " (4,).",
        ),
        (
            lambda: GapDisplay(KS, GAP, ERRORS[1:]),
            "ks and errors should be one-dimensional and of equal length, got shapes (5,) and"
            " (4,).",
        ),
        (
            lambda: GapDisplay(KS, GAP, ERRORS, log_dispersion=GAP, expected_log_dispersion=[1]),
            "ks and expected_log_dispersion should be one-dimensional and of equal length, got"
            " shapes (5,) and (1,).",
        ),
        (lambda: GapDisplay([], [], []), "ks should be ascending, and at least one."),
        (lambda: ElbowDisplay([2, 1], [1, 2]), "ks should be ascending, and at least one."),
        (lambda: ElbowDisplay(KS, INERTIA, k=9), "k=9 is none of ks."),
    ],
    ids=["inertia", "errors", "dispersion", "empty", "order", "k"],
)
def test_what_does_not_fit_is_refused(draw, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        draw()


def test_criteria_that_were_not_computed():
    choice = choose_k(KMeans(), X, [2, 3, 4], criteria=["silhouette"], random_state=0)
    for display, name in ((ElbowDisplay, "inertia"), (GapDisplay, "gap")):
        message = f"{display.__name__} draws '{name}', but the criteria computed are 'silhouette'."
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            display.from_choice(choice)


@pytest.mark.parametrize("width", [3, 8])
def test_long_reasons_stay_beside_the_title(width):
    ax = plt.figure(figsize=(width, 4), layout="constrained").add_subplot()
    draw_reason(ax, 3, "The gap of $k=3$ is the first that is no less than the next one. " * 3)
    ax.figure.canvas.draw()
    (reason,) = ax.texts
    assert shown(reason).startswith("The gap of $k=3$")
    box, title = reason.get_window_extent(), ax.title.get_window_extent()
    assert box.y0 >= ax.get_window_extent().y1
    assert title.y0 >= box.y1 - 1
    assert title.y1 <= ax.figure.bbox.height
    assert 0 <= box.x0 < box.x1 <= ax.figure.bbox.width


def test_small_axes_have_no_legend_and_no_reason(choice):
    for inches, is_there in ((2, False), (8, True)):
        figure = plt.figure(figsize=(inches, 0.75 * inches), layout="constrained")
        display = GapDisplay.from_choice(choice, ax=figure.add_subplot())
        left, right = display.axes_
        assert (left.get_legend() is not None) == is_there
        assert (right.texts[0].get_text() != "") == is_there
        assert right.get_title() == f"k = {display.k}"


# --- all criteria ---------------------------------------------------------------------------------


def test_criteria_side_by_side(choice):
    panels = draw_criteria(choice)
    assert panels.shape == (6,)
    for panel, (name, values) in zip(panels, choice.scores.items(), strict=True):
        line = panel.lines[0]
        np.testing.assert_array_equal(line.get_ydata(), values[np.isfinite(values)])
        k = choice.choices[name].k
        assert panel.get_title().endswith(": none" if k is None else f": k = {k}")
        assert len(panel.collections) == (name in choice.errors)
    assert [panel.get_title().split(":")[0] for panel in panels] == [
        "inertia",
        "silhouette",
        "Calinski-Harabasz",
        "Davies-Bouldin",
        "gap",
        "stability",
    ]
    assert [panel.get_xlabel() != "" for panel in panels] == [False] * 3 + [True] * 3
    panels[0].figure.canvas.draw()
    boxes = [panel.get_window_extent() for panel in panels]
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[i + 1 :]) == 0


def test_a_choice_draws_itself(choice):
    _, (left, right) = plt.subplots(1, 2)
    panels = choice.plot(ax=right)
    assert len(panels) == 6
    assert not right.axison
    assert not left.has_data()
