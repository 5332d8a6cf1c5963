"""CentersDisplay: each centre once, on one scale, in its place."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
import sklearn.mixture
from texts import shown

from scratchml.cluster import KMeans
from scratchml.datasets import load_digits, make_blobs
from scratchml.exceptions import InvalidParameterError, NotFittedError
from scratchml.plot import CentersDisplay
from scratchml.plot.palette import cluster_colors

X = make_blobs(90, n_features=4, centers=3, random_state=0)[0]
NAMES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def kmeans():
    return KMeans(3, random_state=0).fit(X)


def titles(display):
    return [ax.get_title() for ax in display.axes_.flat if ax is not None]


def widths(bars):
    return [bar.get_width() for bar in bars]


def test_images_are_the_centres():
    digits = load_digits().data[:300]
    kmeans = KMeans(7, random_state=0).fit(digits)
    display = CentersDisplay.from_estimator(kmeans, image_shape=(8, 8))
    assert len(display.images_) == 7
    for image, center in zip(display.images_, kmeans.cluster_centers_, strict=True):
        np.testing.assert_array_equal(image.get_array(), center.reshape(8, 8))
    scales = {image.get_clim() for image in display.images_}
    assert scales == {(kmeans.cluster_centers_.min(), kmeans.cluster_centers_.max())}
    shares = 100 * np.bincount(kmeans.labels_) / 300
    assert titles(display) == [f"{i}  ({share:.0f} %)" for i, share in enumerate(shares)]
    assert display.axes_.shape == (2, 4)
    assert display.axes_[1, 3] is None
    assert display.bars_ == []
    assert display.colorbar_.mappable is display.images_[0]


def test_bars_are_the_centres(kmeans):
    display = CentersDisplay.from_estimator(kmeans, feature_names=NAMES)
    axes = display.axes_.ravel()
    for i, center in enumerate(kmeans.cluster_centers_):
        np.testing.assert_array_equal(widths(display.bars_[i]), center)
        np.testing.assert_array_equal(display.bars_[i][0].get_facecolor()[:3], cluster_colors(3)[i])
    assert [label.get_text() for label in axes[0].get_yticklabels()] == NAMES
    assert len({ax.get_xlim() for ax in axes}) == 1
    low, high = axes[0].get_xlim()
    assert low < kmeans.cluster_centers_.min() < kmeans.cluster_centers_.max() < high
    assert axes[0].get_ylim()[0] > axes[0].get_ylim()[1]  # the first feature on top
    assert display.images_ == []
    assert display.colorbar_ is None


@pytest.mark.parametrize("n_clusters", [2, 30, 100])
def test_any_number_of_centres_has_room(n_clusters):
    centers = np.random.RandomState(0).rand(n_clusters, 4)
    display = CentersDisplay(centers, np.arange(n_clusters), image_shape=(2, 2)).plot()
    assert titles(display) == [str(i) for i in range(n_clusters)]
    display.figure_.canvas.draw()
    boxes = [ax.get_window_extent() for ax in display.axes_.flat if ax is not None]
    assert min(box.width for box in boxes) > 25
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[i + 1 :]) == 0


def test_columns_as_wanted(kmeans):
    display = CentersDisplay.from_estimator(kmeans, n_columns=1)
    assert display.axes_.shape == (3, 1)


def test_means_of_predictions():
    frame = pd.DataFrame(X, columns=NAMES)
    labels = np.array(["x", "y", "z"])[np.arange(90) % 3]
    display = CentersDisplay.from_predictions(frame, labels)
    np.testing.assert_allclose(display.centers, frame.groupby(labels).mean())
    assert titles(display) == ["x  (33 %)", "y  (33 %)", "z  (33 %)"]
    assert list(display.feature_names) == NAMES


def test_noise_has_no_mean():
    labels = np.repeat([4, -1], [30, 60])
    display = CentersDisplay.from_predictions(X, labels)
    np.testing.assert_allclose(display.centers, [X[:30].mean(axis=0)])
    assert titles(display) == ["4  (33 %)"]
    message = "All samples are noise (label -1): there is no cluster to draw."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CentersDisplay.from_predictions(X, np.full(90, -1))


def test_names_of_the_fit_are_used():
    frame = pd.DataFrame(X, columns=NAMES)
    display = CentersDisplay.from_estimator(KMeans(3, random_state=0).fit(frame))
    assert list(display.feature_names) == NAMES


def test_weights_of_a_mixture_are_its_shares():
    mixture = sklearn.mixture.GaussianMixture(2, random_state=0).fit(X)
    display = CentersDisplay.from_estimator(mixture)
    np.testing.assert_array_equal(display.shares, mixture.weights_)
    np.testing.assert_array_equal(display.centers, mixture.means_)


def test_the_place_of_the_axes_given_is_divided(kmeans):
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    display = CentersDisplay.from_estimator(kmeans, image_shape=(2, 2), ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not right.axison
    assert not left.has_data()
    figure.canvas.draw()
    assert all(ax.get_position().x0 > left.get_position().x1 for ax in display.axes_.flat)
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (3, 2)}, "image_shape=(3, 2) does not fit centers of 4 features."),
        ({"feature_names": ["a"]}, "There are 1 feature_names, but centers of 4 features."),
    ],
    ids=["image_shape", "feature_names"],
)
def test_what_does_not_fit_is_refused(kmeans, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CentersDisplay.from_estimator(kmeans, **options)


def test_names_are_shown_as_they_are():
    labels = np.array(["$x_1$", "b$$^"])[np.arange(90) % 2]
    names = ["$a$", "b$", "$$^", "d"]
    display = CentersDisplay.from_predictions(X, labels, feature_names=names)
    display.figure_.canvas.draw()
    first, second = display.axes_.ravel()
    assert [shown(ax.title) for ax in (first, second)] == ["$x_1$  (50 %)", "b$$^  (50 %)"]
    assert list(map(shown, first.get_yticklabels())) == names


@pytest.mark.parametrize("n_columns", [0, 1.5])
def test_columns_are_checked(kmeans, n_columns):
    message = (
        "The 'n_columns' parameter of CentersDisplay.plot must be an int in the range [1, inf) or "
        f"None. Got {n_columns!r} instead."
    )
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        CentersDisplay.from_estimator(kmeans, n_columns=n_columns)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("given", ["X", "centers"])
def test_what_no_axis_can_show_is_refused(given):
    huge = np.full((2, 3), 1.5e308)
    draw = {
        "X": lambda X: CentersDisplay.from_predictions(X, [0, 0]),
        "centers": lambda centers: CentersDisplay(centers, np.arange(2)),
    }
    message = (
        f"CentersDisplay draws values up to 1e+300 in size, but {given} has one of 1.5e+308. Scale "
        "the data first."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        draw[given](huge)


@pytest.mark.parametrize(
    "estimator", [KMeans(2), sklearn.cluster.DBSCAN().fit(X)], ids=["unfitted", "without-centres"]
)
def test_estimators_without_centres_are_refused(estimator):
    message = (
        f"This {type(estimator).__name__} instance has neither cluster_centers_ nor means_. Call"
        " 'fit' first, or draw the means of its clusters with"
        " CentersDisplay.from_predictions(X, labels)."
    )
    with pytest.raises(NotFittedError, match=f"^{re.escape(message)}$"):
        CentersDisplay.from_estimator(estimator)
