"""KDistanceDisplay: the sorted k-distances, the knees, and eps."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sklearn.cluster

from scratchml.cluster import DBSCAN, KMeans, suggest_eps
from scratchml.datasets import make_blobs, make_moons
from scratchml.plot import ClusterDisplay, KDistanceDisplay, k_distances

CLEAN = make_moons(200, noise=0.05, random_state=1)[0]
NOISE = np.random.default_rng(0).uniform([-1.5, -1], [2.5, 1.5], size=(40, 2))
NOISY = np.concatenate([CLEAN, NOISE])
DENSITIES = make_blobs(
    [200, 200], centers=np.array([[0.0, 0.0], [20.0, 0.0]]), cluster_std=[0.1, 2], random_state=0
)[0]


def texts_of(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_curve_knee_and_eps():
    display = KDistanceDisplay.from_data(NOISY, min_samples=4)
    suggestion = suggest_eps(NOISY, 4)
    x, y = display.line_.get_data()
    assert x.tolist() == list(range(1, 241))
    assert y.tolist() == suggestion.k_distances.tolist()
    knee = suggestion.knee
    assert knee.is_sharp
    assert display.knee_mark_.get_xydata().tolist() == [[knee.index + 1, knee.k_distance]]
    assert display.eps_line_.get_ydata() == [suggestion.eps] * 2
    assert texts_of(display) == [f"eps suggested: {suggestion.eps:g}", "knee"]
    assert display.candidate_marks_ is display.other_line_ is None
    assert display.ax_.get_ylabel() == "k-distance, k = 4"
    assert display.ax_.get_yscale() == "linear"


def test_a_bend_is_hollow():
    sharp, hollow = KDistanceDisplay.from_data(NOISY), KDistanceDisplay.from_data(CLEAN)
    assert sharp.knee_mark_.get_markerfacecolor() == sharp.knee_mark_.get_markeredgecolor()
    assert hollow.knee_mark_.get_markerfacecolor() == "white"
    assert "bend, no knee" in texts_of(hollow)


def test_further_knees_are_marked():
    display = KDistanceDisplay.from_data(DENSITIES)
    (denser,) = display.suggestion.candidates
    assert display.candidate_marks_.get_xydata().tolist() == [[denser.index + 1, denser.k_distance]]
    assert texts_of(display)[-1] == "further knee"


def test_eps_of_an_estimator_is_drawn_beside():
    for dbscan in (DBSCAN(eps=0.3, min_samples=7), sklearn.cluster.DBSCAN(eps=0.3, min_samples=7)):
        display = KDistanceDisplay.from_estimator(dbscan, NOISY)
        assert display.suggestion.min_samples == 7
        assert display.suggestion.eps == suggest_eps(NOISY, 7).eps
        assert display.other_line_.get_ydata() == [0.3, 0.3]
        assert "eps: 0.3" in texts_of(display)


def test_metric_of_an_estimator_is_taken():
    dbscan = DBSCAN(metric="minkowski", p=1)
    found = KDistanceDisplay.from_estimator(dbscan, NOISY).suggestion
    assert found.eps == suggest_eps(NOISY, metric="manhattan").eps


def test_a_suggestion_is_drawn_as_it_is():
    suggestion = suggest_eps(NOISY)
    _, (left, right) = plt.subplots(1, 2)
    display = KDistanceDisplay.from_suggestion(
        suggestion, eps=0.2, ax=right, log=True, line_kwargs={"linewidth": 5}
    )
    assert display.suggestion is suggestion
    assert display.ax_ is right
    assert display.figure_ is right.figure
    assert right.get_yscale() == "log"
    assert display.line_.get_linewidth() == 5
    assert display.other_line_.get_ydata() == [0.2, 0.2]
    assert not left.has_data()


def test_far_outliers_make_the_axis_logarithmic():
    X = np.append(CLEAN, [[1e3, 0.0]], axis=0)
    assert KDistanceDisplay.from_data(X).ax_.get_yscale() == "log"
    assert KDistanceDisplay.from_data(X, log=False).ax_.get_yscale() == "linear"


def test_duplicates_on_a_logarithmic_axis():
    display = KDistanceDisplay.from_data(np.append(CLEAN, np.zeros((20, 2)), axis=0), log=True)
    display.figure_.canvas.draw()
    heights = display.ax_.transData.transform(display.line_.get_xydata())[:, 1]
    assert np.isfinite(heights[20:]).all()


def test_no_more_points_than_can_be_seen(monkeypatch):
    monkeypatch.setattr(k_distances, "_MOST_POINTS", 50)
    display = KDistanceDisplay.from_data(NOISY)
    x, y = display.line_.get_data()
    assert (len(x), x[0], x[-1]) == (50, 1, 240)
    assert y[-1] == display.suggestion.k_distances[-1]


def test_a_sample_may_be_drawn():
    first = KDistanceDisplay.from_data(NOISY, sample_size=50)
    again = KDistanceDisplay.from_estimator(DBSCAN(), NOISY, sample_size=50)
    assert len(first.suggestion.k_distances) == 50
    assert first.suggestion.eps == again.suggestion.eps


def test_estimators_of_other_kinds_are_refused():
    message = (
        "KDistanceDisplay.from_estimator needs an estimator with the parameters eps, min_samples,"
        " metric, p, metric_params, got KMeans(). Use KDistanceDisplay.from_data."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        KDistanceDisplay.from_estimator(KMeans(), NOISY)


# --- DBSCAN in the picture of clusters ------------------------------------------------------------


def test_noise_is_drawn_apart():
    dbscan = DBSCAN(eps=suggest_eps(NOISY).eps).fit(NOISY)
    display = ClusterDisplay.from_estimator(dbscan, NOISY, grid_resolution=40)
    n_noise = np.count_nonzero(dbscan.labels_ < 0)
    assert n_noise > 0
    assert len(display.noise_scatter_.get_offsets()) == n_noise
    assert len(display.scatter_.get_offsets()) == len(NOISY) - n_noise
    assert display.names.tolist() == list(range(dbscan.labels_.max() + 1))
    assert set(np.unique(display.regions.labels)) == {-1, *display.names}
    assert texts_of(display)[-1].startswith("noise")


@pytest.mark.filterwarnings("ignore:All 240 samples are noise")
def test_nothing_but_noise_is_drawn():
    dbscan = DBSCAN(eps=1e-4).fit(NOISY)
    display = ClusterDisplay.from_estimator(dbscan, NOISY, grid_resolution=10)
    display.figure_.canvas.draw()
    assert len(display.noise_scatter_.get_offsets()) == len(NOISY)
    assert texts_of(display) == ["noise  (100 %)"]
