"""BICDisplay: criteria of Gaussian mixtures over the number of components."""

from __future__ import annotations

import re
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from scratchml.datasets import make_blobs
from scratchml.model_selection import select_mixture
from scratchml.plot import BICDisplay
from scratchml.plot.bic import draw_mixture_criteria

X = make_blobs(60, centers=3, cluster_std=0.7, random_state=0)[0]
KS = [1, 2, 4]
SCORES = {"full": [9.0, 5.0, 7.0], "diag": [8.0, 4.0, 6.0]}
CHOSEN = {"n_components": 2, "covariance_type": "diag", "family": "VVI", "reason": "It is least."}


@pytest.fixture(scope="module")
def selection():
    return select_mixture(X, range(1, 5), ["full", "diag"], criterion="icl", random_state=0)


def drawn(line):
    return line.get_xydata().tolist()


def test_curves_and_mark():
    display = BICDisplay(KS, SCORES, **CHOSEN).plot()
    assert list(display.lines_) == ["full", "diag"]
    for kind, line in display.lines_.items():
        assert drawn(line) == np.column_stack([KS, SCORES[kind]]).tolist()
    assert drawn(display.mark_) == [[2, 4]]
    assert display.ax_.get_title() == "diag (VVI), 2 components"
    assert [text.get_text() for text in display.ax_.texts] == ["It is least."]
    assert display.ax_.get_ylabel() == "BIC (less is better)"
    assert [text.get_text() for text in display.legend_.get_texts()] == ["full", "diag"]
    display.figure_.canvas.draw()


def test_curves_are_told_apart_without_colours():
    kinds = ("full", "tied", "diag", "spherical")
    lines = BICDisplay([1, 2], {kind: [2, 1] for kind in kinds}).plot().lines_.values()
    assert len({line.get_marker() for line in lines}) == 4
    assert len({line.get_color() for line in lines}) == 4


def test_the_mark_is_on_the_curve_that_was_chosen():
    display = BICDisplay(KS, SCORES, n_components=4, covariance_type="full").plot()
    assert drawn(display.mark_) == [[4, 7]]
    assert display.ax_.get_title() == "full, 4 components"
    one = BICDisplay([1], {"tied": [3]}, n_components=1, covariance_type="tied", family="XXX")
    assert one.plot().ax_.get_title() == "tied (XXX), 1 component"


def test_nothing_chosen():
    display = BICDisplay(KS, SCORES).plot()
    assert display.mark_ is None
    assert display.ax_.get_title() == "none chosen"


@pytest.mark.filterwarnings("error")
def test_failed_fits_are_gaps():
    values = {"full": [9.0, np.nan, 7.0], "diag": [np.nan] * 3}
    display = BICDisplay(KS, values).plot()
    np.testing.assert_array_equal(display.lines_["full"].get_ydata(), values["full"])
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    assert low < 1
    assert high > 4


def test_ticks_are_numbers_that_were_tried():
    tried = [1, 3, 5, 7, 20]
    display = BICDisplay(tried, {"full": np.zeros(5)}).plot()
    assert display.ax_.get_xticks().tolist() == tried


def test_many_numbers_have_ticks_as_far_as_there_is_room():
    tried = np.arange(1, 201)
    chosen = {"n_components": 77, "covariance_type": "full"}
    display = BICDisplay(tried, {"full": np.zeros(200)}, **chosen).plot()
    ticks = display.ax_.get_xticks()
    assert {77}.issubset(ticks)
    assert {*ticks} < {*tried}
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
    assert len(boxes) > 5
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_nothing_touches_the_edge_of_the_figure(selection):
    display = BICDisplay.from_selection(selection)
    display.figure_.canvas.draw()
    box, edge = display.ax_.get_tightbbox(), display.figure_.bbox
    assert box.y1 < edge.y1 - 6
    assert box.x1 < edge.x1 - 6


def test_options_of_the_curves():
    ax = plt.figure().add_subplot()
    display = BICDisplay(KS, SCORES).plot(ax=ax, line_kwargs={"lw": 5})
    assert display.ax_ is ax
    assert {line.get_linewidth() for line in display.lines_.values()} == {5}


def test_of_a_selection(selection):
    for name in (None, "bic", "aic"):
        display = BICDisplay.from_selection(selection, name)
        choice = selection.choice(name)
        assert display.criterion == (name or "icl")
        assert (display.n_components, display.covariance_type) == choice[:2]
        assert (display.family, display.reason) == choice[2:]
        for i, kind in enumerate(selection.covariance_types):
            expected = selection.scores[name or "icl"][i]
            np.testing.assert_array_equal(display.lines_[kind].get_ydata(), expected)
        ((_, lowest),) = drawn(display.mark_)
        assert lowest == np.min(selection.scores[name or "icl"])


def test_of_data(selection, capsys):
    options = {"criterion": "icl", "verbose": True}
    display = BICDisplay.from_data(X, range(1, 5), ["full", "diag"], **options)
    assert capsys.readouterr().out.startswith("Step 1 of 8: diag, k=1\n")
    for i, kind in enumerate(selection.covariance_types):
        np.testing.assert_array_equal(display.scores[kind], selection.scores["icl"][i])


def test_small_axes_have_no_legend(selection):
    for inches, is_there in ((1.2, False), (8, True)):
        figure = plt.figure(figsize=(inches, 0.75 * inches), layout="constrained")
        display = BICDisplay.from_selection(selection, ax=figure.add_subplot())
        assert (display.legend_ is not None) == is_there


def test_criteria_side_by_side(selection):
    panels = draw_mixture_criteria(selection, ["bic", "icl"])
    for panel, name in zip(panels, ("bic", "icl"), strict=True):
        choice = selection.choices[name]
        expected = f"{name.upper()}: {choice.covariance_type}, k = {choice.n_components}"
        assert panel.get_title() == expected
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), selection.scores[name][0])
    assert [panel.get_legend() is not None for panel in panels] == [True, False]
    panels[0].figure.canvas.draw()
    left, right = (panel.get_window_extent() for panel in panels)
    assert left.x1 < right.x0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BICDisplay(KS, {}), "scores should be of at least one kind of covariances."),
        (
            lambda: BICDisplay(KS, {"full": [1, 2]}),
            "ks and scores of 'full' should be one-dimensional and of equal length, got shapes (3,)"
            " and (2,).",
        ),
        (lambda: BICDisplay([2, 1], {"full": [1, 2]}), "ks should be ascending, and at least one."),
        (
            lambda: BICDisplay(KS, SCORES, n_components=3, covariance_type="full"),
            "k=3 is none of ks.",
        ),
        (
            lambda: BICDisplay(KS, SCORES, n_components=2, covariance_type="tied"),
            "covariance_type='tied' is none of ['full', 'diag'].",
        ),
        (
            lambda: BICDisplay(KS, SCORES, n_components=2),
            "n_components and covariance_type should be given together.",
        ),
    ],
    ids=["none", "length", "order", "k", "kind", "half"],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make()


def test_a_criterion_that_there_is_not(selection):
    message = "criterion must be one of ['bic', 'aic', 'icl']. Got 'gap' instead."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        BICDisplay.from_selection(selection, "gap")
