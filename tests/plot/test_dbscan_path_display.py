"""DBSCANPathDisplay: clusters and noise over eps."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from scratchml.cluster import DBSCANPath, KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import NotFittedError
from scratchml.plot import DBSCANPathDisplay

LINE = np.array([[1.0], [2.0], [3.0], [7.0], [8.0], [20.0]])
X = make_blobs(120, centers=3, cluster_std=0.6, random_state=3)[0]


def test_line_is_the_number_of_clusters():
    display = DBSCANPathDisplay.from_path(DBSCANPath(2).fit(LINE))
    # From 1 on two clusters, from 4 on one; the levels go from 1 to 12.
    assert display.line_.get_xydata().tolist() == [[0.5, 0], [1, 2], [4, 1], [24, 1]]
    assert display.line_.get_drawstyle() == "steps-post"
    assert display.ax_.get_xlim() == (0.5, 24)
    assert display.ax_.get_xscale() == "log"
    assert [display.ax_.get_xlabel(), display.ax_.get_ylabel()] == ["eps", "clusters"]


def test_noise_is_its_share():
    path = DBSCANPath().fit(X)
    display = DBSCANPathDisplay.from_path(path)
    eps, noise = display.noise_line_.get_data()
    np.testing.assert_array_equal(noise, path.n_noise(eps) / len(X))
    assert (noise[0], noise[-1]) == (1, 0)
    assert display.noise_ax_.get_ylabel() == "noise"
    assert display.noise_ax_.bbox.bounds == display.ax_.bbox.bounds


def test_stable_range_is_shaded():
    path = DBSCANPath().fit(X)
    display = DBSCANPathDisplay.from_path(path)
    stable = path.stable_range()
    assert display.stable_range == stable
    corners = display.ax_.transData.inverted().transform(display.span_.get_window_extent())
    np.testing.assert_allclose(corners[:, 0], stable[:2])
    texts = [text.get_text() for text in display.legend_.get_texts()]
    label = f"{stable.n_clusters} clusters: {stable.eps_low:.3g} to {stable.eps_high:.3g}"
    assert texts == ["clusters", label, "noise"]
    display.figure_.canvas.draw()


def test_without_a_stable_range():
    display = DBSCANPathDisplay.from_path(DBSCANPath(2).fit(LINE[:3]))
    assert display.span_ is None
    assert [text.get_text() for text in display.legend_.get_texts()] == ["clusters", "noise"]


def test_clusters_of_a_size():
    path = DBSCANPath().fit(X)
    display = DBSCANPathDisplay.from_path(path, min_cluster_size=20)
    np.testing.assert_array_equal(display.ranges, path.ranges(20))
    assert display.stable_range == path.stable_range(20)


def test_copy_of_the_estimator_is_fitted():
    estimator = DBSCANPath(7, "manhattan")
    display = DBSCANPathDisplay.from_estimator(estimator, X)
    assert not hasattr(estimator, "core_distances_")
    assert display.stable_range == DBSCANPath(7, "manhattan").fit(X).stable_range()


def test_where_and_how_it_is_drawn():
    ax = plt.figure().add_subplot()
    display = DBSCANPathDisplay.from_estimator(
        DBSCANPath(), X, ax=ax, log=True, line_kwargs={"color": "red"}
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_yscale() == "log"
    assert display.line_.get_color() == "red"
    assert display.plot() is display
    assert display.ax_ is not ax


def test_errors():
    with pytest.raises(TypeError, match=r"^DBSCANPathDisplay\.from_path needs a DBSCANPath, got"):
        DBSCANPathDisplay.from_path(KMeans())
    with pytest.raises(TypeError, match=r"^DBSCANPathDisplay\.from_estimator needs a DBSCANPath"):
        DBSCANPathDisplay.from_estimator(KMeans(), X)
    with pytest.raises(NotFittedError, match=r"^This DBSCANPath instance is not fitted yet"):
        DBSCANPathDisplay.from_path(DBSCANPath())
    message = "There is no path to draw: the clusters are the same at every eps."
    for points in (np.ones((9, 2)), X[:3]):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            DBSCANPathDisplay.from_path(DBSCANPath().fit(points))
