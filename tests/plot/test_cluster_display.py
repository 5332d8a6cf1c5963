"""ClusterDisplay: what is drawn is what was computed."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import sklearn.cluster
import sklearn.mixture
from matplotlib.colors import to_rgb
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from texts import shown

from scratchml.cluster import KMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError, NotFittedError
from scratchml.plot import ClusterDisplay
from scratchml.plot.palette import NOISE, cluster_colors


def blobs(n_features=2, n_samples=120, centers=4):
    return make_blobs(n_samples, n_features=n_features, centers=centers, random_state=0)[0]


def draw(X, k=4, **options):
    kmeans = KMeans(k, random_state=0).fit(X)
    return kmeans, ClusterDisplay.from_estimator(kmeans, X, grid_resolution=40, **options)


def rows_of(points):
    """Rows as a set, for the order of drawing is random."""
    return sorted(map(tuple, np.asarray(points)))


def test_two_features_are_drawn_as_they_are():
    X = blobs()
    kmeans, display = draw(X)
    assert rows_of(display.points) == rows_of(X)
    np.testing.assert_array_equal(display.codes, kmeans.predict(display.points))
    np.testing.assert_array_equal(display.centers, kmeans.cluster_centers_)
    np.testing.assert_array_equal(display.shares, np.bincount(kmeans.labels_) / len(X))
    np.testing.assert_array_equal(display.scatter_.get_offsets(), display.points)
    faces = display.scatter_.get_facecolors()[:, :3]
    np.testing.assert_array_equal(faces, cluster_colors(4)[display.codes])
    assert [text.get_text() for text in display.texts_] == ["0", "1", "2", "3"]
    np.testing.assert_array_equal([t.get_position() for t in display.texts_], display.centers)
    assert display.ax_.get_xlabel() == "feature 0"
    assert display.ax_.get_ylabel() == "feature 1"
    assert display.figure_ is display.ax_.figure
    assert display.noise_scatter_ is None
    assert display.scatter_.get_rasterized()


def test_regions_are_what_is_predicted():
    X = blobs()
    kmeans, display = draw(X)
    labels, (left, right, bottom, top) = display.regions
    assert labels.shape == (40, 40)
    assert left < X[:, 0].min() < X[:, 0].max() < right
    assert bottom < X[:, 1].min() < X[:, 1].max() < top
    x = left + (np.arange(40) + 0.5) * (right - left) / 40
    y = bottom + (np.arange(40) + 0.5) * (top - bottom) / 40
    for row, y_row in enumerate(y):
        points = np.column_stack([x, np.full(40, y_row)])
        np.testing.assert_array_equal(labels[row], kmeans.predict(points))
    tints = np.asarray(display.region_image_.get_array())
    assert len(np.unique(tints.reshape(-1, 3), axis=0)) == 4
    assert display.region_image_.origin == "lower"
    assert display.region_image_.get_extent() == [left, right, bottom, top]
    assert len(display.boundary_lines_.get_segments()) > 0
    assert display.ax_.get_xlim() == (left, right)
    assert display.ax_.get_ylim() == (bottom, top)


def test_more_features_are_projected():
    X = blobs(n_features=5)
    _, display = draw(X)
    centred = X - X.mean(axis=0)
    _, singular, vectors = np.linalg.svd(centred, full_matrices=False)
    vectors = (
        vectors[:2] * np.sign(vectors[np.arange(2), np.abs(vectors[:2]).argmax(axis=1)])[:, None]
    )
    np.testing.assert_allclose(rows_of(display.points), rows_of(centred @ vectors.T), atol=1e-9)
    first, second = 100 * singular[:2] ** 2 / (singular**2).sum()
    assert display.ax_.get_xlabel() == f"first principal axis ({first:.0f} % of the variance)"
    assert display.ax_.get_ylabel() == f"second principal axis ({second:.0f} % of the variance)"
    assert display.regions is display.region_image_ is display.boundary_lines_ is None


def test_one_feature_is_a_strip():
    X = blobs(n_features=1)
    kmeans, display = draw(X)
    np.testing.assert_array_equal(np.sort(display.points[:, 0]), np.sort(X[:, 0]))
    assert np.ptp(display.points[:, 1]) > 0.5
    assert np.abs(display.points[:, 1]).max() <= 0.4
    np.testing.assert_array_equal(display.centers[:, 0], kmeans.cluster_centers_[:, 0])
    assert display.regions.labels.shape == (1, 40)
    assert list(display.ax_.get_yticks()) == []
    assert display.ax_.get_ylim() == (-0.5, 0.5)


def test_sparse_data_look_as_dense():
    X = blobs(n_features=5)
    kmeans, display = draw(X)
    sparse = ClusterDisplay.from_estimator(kmeans, scipy.sparse.csr_array(X))
    np.testing.assert_allclose(sparse.points, display.points, atol=1e-9)
    assert sparse.axis_labels == display.axis_labels
    narrow = ClusterDisplay.from_predictions(scipy.sparse.csc_array(X[:, :2]), kmeans.labels_)
    assert rows_of(narrow.points) == rows_of(X[:, :2])


@pytest.mark.parametrize(
    "table",
    [
        lambda X: pd.DataFrame(X, columns=["width", "height"]),
        lambda X: pl.DataFrame(X, schema=["width", "height"]),
        lambda X: pa.table({"width": X[:, 0], "height": X[:, 1]}),
    ],
    ids=["pandas", "polars", "pyarrow"],
)
def test_column_names_label_the_axes(table):
    X = blobs()
    _, display = draw(table(X))
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("width", "height")
    np.testing.assert_array_equal(display.regions.labels, draw(X)[1].regions.labels)


@pytest.mark.parametrize("given", ["estimator", "predictions"])
def test_feature_names_label_the_axes(given):
    X, names = blobs(), ["width", "height"]
    if given == "estimator":
        display = ClusterDisplay.from_estimator(
            KMeans(2, random_state=0).fit(X), X, feature_names=names
        )
    else:
        display = ClusterDisplay.from_predictions(X, np.zeros(len(X)), feature_names=names)
    assert [display.ax_.get_xlabel(), display.ax_.get_ylabel()] == names


def test_noise_is_small_grey_and_named():
    X = np.vstack([blobs(centers=2), [[50.0, 50.0], [-50.0, 50.0]]])
    display = ClusterDisplay.from_estimator(sklearn.cluster.DBSCAN(eps=2).fit(X), X)
    assert rows_of(display.noise_scatter_.get_offsets()) == rows_of(X[-2:])
    np.testing.assert_array_equal(display.noise_scatter_.get_facecolors()[0, :3], to_rgb(NOISE))
    assert display.noise_scatter_.get_sizes()[0] < display.scatter_.get_sizes()[0]
    assert len(display.scatter_.get_offsets()) == len(X) - 2
    entries = [text.get_text() for text in display.legend_.get_texts()]
    assert entries[-1] == "noise  (2 %)"
    assert display.centers is display.regions is None
    places = [text.get_position() for text in display.texts_]
    assert set(places) <= set(rows_of(X[:-2]))  # at a point of the cluster


def test_only_noise():
    display = ClusterDisplay.from_predictions(blobs(), np.full(120, -1))
    assert len(display.scatter_.get_offsets()) == 0
    assert [text.get_text() for text in display.legend_.get_texts()] == ["noise  (100 %)"]


def test_labels_may_be_strings():
    X = blobs()
    labels = np.where(X[:, 0] > 0, "right", "left")
    centers = [X[labels == name].mean(axis=0) for name in ("left", "right")]
    display = ClusterDisplay.from_predictions(X, list(labels), centers=centers)
    assert [text.get_text() for text in display.texts_] == ["left", "right"]
    np.testing.assert_array_equal(display.names[display.codes] == "right", display.points[:, 0] > 0)
    np.testing.assert_array_equal(display.centers, centers)


def test_thinned_pictures_say_so():
    X = blobs(n_samples=5_000)
    labels = np.zeros(5_000, dtype=int)
    labels[:3] = 1
    display = ClusterDisplay.from_predictions(X, labels, max_points=1_000)
    assert len(display.points) == 1_000
    assert np.count_nonzero(display.codes == 1) == 3
    assert display.ax_.get_title(loc="right") == "1,000 of 5,000 points drawn"
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        "0  (100 %)",
        "1  (0.06 %)",
    ]
    whole = ClusterDisplay.from_predictions(X, labels, max_points=None)
    assert len(whole.points) == 5_000
    assert whole.ax_.get_title(loc="right") == ""


def test_same_seed_same_picture():
    X = blobs(n_features=1)
    labels = np.zeros(120)
    first, same, other = (
        ClusterDisplay.from_predictions(X, labels, max_points=50, random_state=seed).points
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("n_clusters", "legend", "n_entries"),
    [(8, None, 8), (9, None, None), (9, True, 9), (2, False, None)],
    ids=["short", "long", "wanted", "unwanted"],
)
def test_legend_is_short_unless_wanted(n_clusters, legend, n_entries):
    display = ClusterDisplay.from_predictions(blobs(), np.arange(120) % n_clusters, legend=legend)
    assert (display.legend_ and len(display.legend_.get_texts())) == n_entries
    assert len(display.texts_) == n_clusters


def test_very_many_clusters_have_no_numbers():
    display = ClusterDisplay.from_predictions(blobs(), np.arange(120))
    assert display.texts_ == []


def test_axes_given_are_drawn_on_alone():
    figure, (left, right) = plt.subplots(1, 2)
    _, display = draw(blobs(), ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.has_data()
    assert plt.get_fignums() == [figure.number]
    assert display.plot(ax=left, scatter_kwargs={"marker": "^"}, point_size=7) is display
    assert display.ax_ is left
    assert list(display.scatter_.get_sizes()) == [7]


def test_figures_without_pyplot():
    from matplotlib.figure import Figure

    display = ClusterDisplay.from_predictions(blobs(), np.zeros(120), ax=Figure().add_subplot())
    display.figure_.canvas.draw()
    assert plt.get_fignums() == []


def test_settings_are_left_as_they_are():
    before = dict(plt.rcParams)
    draw(blobs())[1].figure_.canvas.draw()
    assert dict(plt.rcParams) == before


def test_other_estimators():
    X = blobs()
    mixture = sklearn.mixture.GaussianMixture(3, random_state=0).fit(X)
    display = ClusterDisplay.from_estimator(mixture, X, grid_resolution=20)
    np.testing.assert_array_equal(display.centers, mixture.means_)
    pipeline = make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(X)
    display = ClusterDisplay.from_estimator(pipeline, X, grid_resolution=20)
    assert display.centers is None  # those of the last step are elsewhere
    np.testing.assert_array_equal(display.codes, pipeline.predict(display.points))
    assert display.regions.labels.shape == (20, 20)


def test_centre_without_samples_is_shown():
    X = blobs()
    kmeans = KMeans(4, random_state=0).fit(X)
    one = X[kmeans.labels_ == 2]
    display = ClusterDisplay.from_estimator(kmeans, one, grid_resolution=20)
    assert list(display.shares) == [0, 0, 1, 0]
    assert len(display.texts_) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"labels": [0, 1]}, "labels has shape (2,), expected (120,).", id="labels-too-few"
        ),
        pytest.param(
            {"centers": [[0.0]]}, "centers has 1 features, but X has 2.", id="centers-too-narrow"
        ),
        pytest.param(
            {"centers": [[0.0, 0.0]]},
            "There are 1 centers, but labels of 2 clusters.",
            id="centers-too-few",
        ),
        pytest.param(
            {"feature_names": ["x"]}, "There are 1 feature_names, but X has 2.", id="names-too-few"
        ),
        pytest.param({"X": [[np.nan]]}, None, id="nan"),
        pytest.param(
            {"max_points": 1},
            "max_points=1 should be >= 2, so that each cluster can be seen.",
            id="max_points-too-few",
        ),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    arguments = {"X": blobs(), "labels": np.arange(120) % 2, **options}
    if message is None:
        message = (
            "Input X contains NaN.\nClusterDisplay does not accept missing values. Remove the rows"
            " or columns that hold them, or fill them in (with the mean of their column, for"
            " instance) before passing X."
        )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ClusterDisplay.from_predictions(**arguments)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("resolution", [0, -1, 2.5, None])
def test_grid_resolution_is_checked(resolution):
    X = blobs()
    message = (
        "The 'grid_resolution' parameter of ClusterDisplay.from_estimator must be an int in the "
        f"range [1, inf). Got {resolution!r} instead."
    )
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        ClusterDisplay.from_estimator(KMeans(2).fit(X), X, grid_resolution=resolution)


def test_single_pixel():
    X = blobs()
    display = ClusterDisplay.from_estimator(KMeans(2).fit(X), X, grid_resolution=1)
    display.figure_.canvas.draw()
    assert display.regions.labels.shape == (1, 1)


def test_names_are_shown_as_they_are():
    labels = np.array(["$x_1$", "b$$^"])[np.arange(120) % 2]
    display = ClusterDisplay.from_predictions(blobs(), labels, feature_names=["a$", "$y^"])
    display.figure_.canvas.draw()
    entries = display.legend_.get_texts()
    assert list(map(shown, display.texts_)) == ["$x_1$", "b$$^"]
    assert list(map(shown, entries)) == ["$x_1$  (50 %)", "b$$^  (50 %)"]
    assert shown(display.ax_.xaxis.label) == "a$"
    assert shown(display.ax_.yaxis.label) == "$y^"


def test_feature_without_a_name_is_no_strip():
    display = ClusterDisplay.from_predictions(blobs(), np.zeros(120), feature_names=["x", ""])
    assert display.ax_.get_ylabel() == ""
    assert display.ax_.get_ylim()[1] > display.points[:, 1].max()


@pytest.mark.parametrize("n_features", [1, 2, 5])
@pytest.mark.parametrize("scale", [1e-200, 1e200, 1e298])
def test_scale_does_not_matter(n_features, scale):
    X = blobs(n_features)
    labels = np.arange(120) % 3
    display = ClusterDisplay.from_predictions(X * scale, labels)
    display.figure_.canvas.draw()
    expected = ClusterDisplay.from_predictions(X, labels)
    assert display.axis_labels == expected.axis_labels
    np.testing.assert_allclose(display.points[:, 0] / scale, expected.points[:, 0], rtol=1e-9)


@pytest.mark.parametrize("n_features", [1, 2, 5])
@pytest.mark.parametrize("given", ["X", "centers"])
def test_what_no_axis_can_show_is_refused(n_features, given):
    data = {"X": np.ones((2, n_features)), "centers": np.ones((2, n_features))}
    data[given] = data[given] * 1.5e308
    message = (
        f"ClusterDisplay draws values up to 1e+300 in size, but {given} has one of 1.5e+308. Scale "
        "the data first."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ClusterDisplay.from_predictions(labels=[0, 1], **data)


def test_region_without_samples_has_no_number():
    X = blobs()
    pipeline = make_pipeline(StandardScaler(), KMeans(4, random_state=0)).fit(X)
    one = X[pipeline.predict(X) == 2]
    ends = np.vstack([one, X.min(axis=0), X.max(axis=0)])
    present = np.unique(pipeline.predict(ends))
    display = ClusterDisplay.from_estimator(pipeline, ends, grid_resolution=20)
    assert len(present) < len(display.names)
    assert [text.get_text() for text in display.texts_] == list(map(str, present))


def test_unfitted_estimators_are_refused():
    message = (
        "This KMeans instance is not fitted yet. Call 'fit' with appropriate arguments before"
        " using this estimator."
    )
    with pytest.raises(NotFittedError, match=f"^{re.escape(message)}$"):
        ClusterDisplay.from_estimator(KMeans(2), blobs())
    message = (
        "This DBSCAN instance has neither predict nor labels_. Call 'fit' with the data to be drawn"
        " first."
    )
    with pytest.raises(NotFittedError, match=f"^{re.escape(message)}$"):
        ClusterDisplay.from_estimator(sklearn.cluster.DBSCAN(), blobs())
