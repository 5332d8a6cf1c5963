"""DensityDisplay: what is drawn is what the mixture says."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.cluster
import sklearn.mixture
from matplotlib.colors import to_rgb
from scipy.stats import multivariate_normal, norm
from texts import shown

from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError, NotFittedError
from scratchml.mixture import GaussianMixture
from scratchml.plot import DensityDisplay
from scratchml.plot.gaussians import Gaussians, boundaries_in_plane, grid_lines, marginal
from scratchml.plot.palette import NOISE, cluster_colors

TYPES = ["full", "tied", "diag", "spherical"]


def blobs(n_features=2, n_samples=150, centers=3):
    X, _ = make_blobs(n_samples, n_features=n_features, centers=centers, random_state=4)
    return X @ np.triu(np.full((n_features, n_features), 0.4) + 0.6 * np.eye(n_features))


def fitted(X, k=3, covariance_type="full"):
    mixture = sklearn.mixture.GaussianMixture(k, covariance_type=covariance_type, random_state=0)
    return mixture.fit(X)


def draw(X, k=3, covariance_type="full", **options):
    mixture = fitted(X, k, covariance_type)
    return mixture, DensityDisplay.from_estimator(mixture, X, grid_resolution=40, **options)


def rows_of(points):
    """Rows as a set, for the order of drawing is random."""
    return sorted(map(tuple, np.asarray(points)))


def full_covariances(mixture, n_features):
    """Covariance matrices of any type, each written out."""
    covariances = mixture.covariances_
    return {
        "full": lambda: covariances,
        "tied": lambda: np.stack([covariances] * mixture.n_components),
        "diag": lambda: np.stack([np.diag(row) for row in covariances]),
        "spherical": lambda: np.stack([c * np.eye(n_features) for c in covariances]),
    }[mixture.covariance_type]()


def mesh(grid):
    return np.stack(np.meshgrid(grid.x, grid.y), axis=-1).reshape(-1, 2)


# --- two features


@pytest.mark.parametrize("covariance_type", TYPES)
def test_density_is_that_of_the_mixture(covariance_type):
    X = blobs()
    mixture, display = draw(X, covariance_type=covariance_type)
    scores = mixture.score_samples(mesh(display.grid))
    np.testing.assert_allclose(display.grid.log_density.ravel(), scores, rtol=1e-9, atol=1e-9)
    left, right = display.ax_.get_xlim()
    bottom, top = display.ax_.get_ylim()
    assert (display.grid.x[[0, -1]] == [left, right]).all()
    assert (display.grid.y[[0, -1]] == [bottom, top]).all()
    assert left < X[:, 0].min() < X[:, 0].max() < right
    assert bottom < X[:, 1].min() < X[:, 1].max() < top


@pytest.mark.parametrize("covariance_type", TYPES)
def test_ellipses_are_at_so_many_standard_deviations(covariance_type):
    mixture, display = draw(blobs(), covariance_type=covariance_type, deviations=(0.5, 2, 3))
    assert len(display.ellipses_) == 3
    covariances = full_covariances(mixture, 2)
    for radius, ellipses in zip((0.5, 2, 3), display.ellipses_, strict=True):
        for mean, covariance, line in zip(
            mixture.means_, covariances, ellipses.get_segments(), strict=True
        ):
            offsets = line - mean
            sq_distances = np.einsum("ij,ij->i", offsets @ np.linalg.inv(covariance), offsets)
            np.testing.assert_allclose(sq_distances, radius**2, rtol=1e-8)
            np.testing.assert_allclose(line[0], line[-1], atol=1e-9)


def test_boundaries_are_where_responsibilities_are_equal():
    mixture, display = draw(blobs(centers=4), k=4)
    lines = display.boundary_lines_.get_segments()
    assert lines
    vertices = np.concatenate(lines)
    first, second = np.sort(mixture.predict_proba(vertices), axis=1).T[[-1, -2]]
    assert np.median(first - second) < 0.02  # but for the straight lines between those of the grid
    # Each is drawn once: no vertex of one line lies inside another.
    assert len(np.unique(vertices.round(9), axis=0)) > 0.95 * len(vertices)


def test_a_single_component_has_no_boundary():
    _, display = draw(blobs(), k=1)
    assert display.boundary_lines_.get_segments() == []


def test_samples_have_the_colours_of_their_components():
    X = blobs()
    mixture, display = draw(X)
    assert rows_of(display.points) == rows_of(X)
    np.testing.assert_array_equal(display.codes, mixture.predict(display.points))
    np.testing.assert_array_equal(display.scatter_.get_offsets(), display.points)
    faces = display.scatter_.get_facecolors()[:, :3]
    np.testing.assert_array_equal(faces, cluster_colors(3)[display.codes])
    np.testing.assert_array_equal(display.shares, mixture.weights_)
    assert [text.get_text() for text in display.texts_] == ["0", "1", "2"]
    np.testing.assert_allclose([t.get_position() for t in display.texts_], mixture.means_)
    entries = [text.get_text() for text in display.legend_.get_texts()]
    assert entries == [f"{i}  ({100 * w:.0f} %)" for i, w in enumerate(mixture.weights_)]
    assert display.legend_.get_title().get_text() == "component"
    assert display.ax_.get_xlabel() == "feature 0"
    assert display.ax_.get_ylabel() == "feature 1"
    assert display.figure_ is display.ax_.figure
    assert display.outlier_scatter_ is display.threshold_lines_ is display.curve_ is None


def test_each_shade_holds_as_many_samples_as_any_other():
    X = blobs(n_samples=600)
    mixture, display = draw(X, levels=5)
    scores = mixture.score_samples(X)
    assert len(display.contours_.levels) == 6  # the last one is an end
    inside = [np.mean(scores >= level) for level in display.contours_.levels]
    np.testing.assert_allclose(inside, [0.99, 0.792, 0.594, 0.396, 0.198, 0], atol=0.002)
    ticks = display.colorbar_.get_ticks()
    assert set(ticks) <= set(display.contours_.levels)
    assert ticks[0] == display.contours_.levels[0]
    assert ticks[-1] == display.contours_.levels[-1]
    highest = display.grid.log_density.max()
    assert display.colorbar_.ax.get_xticklabels()[-1].get_text() == f"{highest:.2f}"
    assert display.colorbar_.ax.get_xlabel() == "log-density"


def test_an_outlier_far_away_leaves_the_shades():
    X = blobs(n_samples=600)
    mixture = fitted(X)
    steps = [
        DensityDisplay.from_estimator(mixture, data).contours_.levels
        for data in (X, np.vstack([X, [[40.0, 900.0]]]))
    ]
    np.testing.assert_allclose(steps[0], steps[1], atol=0.15)


@pytest.mark.parametrize("n_features", [1, 2])
def test_the_axes_end_before_what_is_far_away(n_features):
    X = blobs(n_features, n_samples=600)
    mixture = fitted(X)
    far = np.vstack([X, np.full((2, n_features), 900.0)])
    near, cut, whole = (
        DensityDisplay.from_estimator(mixture, data, grid_resolution=20, holds_all=holds_all)
        for data, holds_all in ((X, False), (far, False), (far, True))
    )
    assert cut.ax_.get_xlim() == near.ax_.get_xlim() == (near.grid.x[0], near.grid.x[-1])
    assert [display.n_outside for display in (near, cut, whole)] == [0, 2, 0]
    assert near.ax_.get_title(loc="right") == whole.ax_.get_title(loc="right") == ""
    assert cut.ax_.get_title(loc="right") == "2 far outside the axes"
    assert whole.ax_.get_xlim()[1] > 900
    assert len(cut.points) == 602


def test_a_small_cluster_far_away_is_seen():
    X = np.vstack([blobs(n_samples=300), np.random.default_rng(0).normal(300, 1, size=(9, 2))])
    _, display = draw(X, k=4)
    assert display.n_outside == 0
    assert display.ax_.get_xlim()[1] > 300


def test_a_component_of_its_own_does_not_keep_an_outlier():
    mixture, display = draw(np.vstack([blobs(n_samples=300), [[900.0, 0.0]]]), k=4)
    assert mixture.means_.max() > 899
    assert display.n_outside == 1
    assert display.ax_.get_xlim()[1] < 100


def test_samples_that_are_mostly_equal_are_all_seen():
    X = np.zeros((400, 2))
    X[:2] = [[1.0, 5.0], [2.0, 6.0]]
    _, display = draw(X, k=1)
    assert display.n_outside == 0
    assert display.ax_.get_ylim()[1] > 6


def test_the_scale_is_as_wide_as_the_axes():
    for stretch in ([1, 1], [1, 100], [5, 1]):
        _, display = draw(blobs() * stretch)
        display.figure_.canvas.draw()
        frame, scale = (ax.get_window_extent() for ax in (display.ax_, display.colorbar_.ax))
        np.testing.assert_allclose([scale.x0, scale.x1], [frame.x0, frame.x1], atol=0.5)
        assert scale.y1 < display.ax_.xaxis.get_tightbbox().y0
        assert display.colorbar_.ax.xaxis.get_tightbbox().y0 > 0


def test_numbers_below_curves_do_not_hide_each_other():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1))
    mixture = fitted(X)
    mixture.means_[:], mixture.weights_[:] = 0, [0.3, 0.3, 0.4]
    mixture.covariances_[:] = np.reshape([1, 1.4, 3], (3, 1, 1))
    display = DensityDisplay.from_estimator(mixture, X)
    display.figure_.canvas.draw()
    boxes = [text.get_bbox_patch().get_window_extent() for text in display.texts_]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_levels_may_be_given():
    _, display = draw(blobs(), levels=[-9, -6.5, -5])
    assert display.contours_.levels[:-1].tolist() == [-9, -6.5, -5]
    assert display.contours_.levels[-1] > display.grid.log_density.max()


def test_narrow_components_are_seen():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(200, 2)), rng.normal(500, 1e-2, size=(200, 2))])
    mixture, display = draw(X, k=2)
    narrow = int(np.argmin(mixture.covariances_[:, 0, 0]))
    highest = mixture.score_samples(mixture.means_[[narrow]])[0]
    assert display.grid.log_density.max() > highest - 0.5
    assert len(display.grid.x) < 200


def test_one_scale_where_ranges_are_alike():
    X = blobs()
    _, display = draw(X)
    assert display.ax_.get_aspect() == 1
    _, display = draw(X * [1, 100])
    assert display.ax_.get_aspect() == "auto"


# --- more features, and fewer


@pytest.mark.parametrize("covariance_type", TYPES)
def test_two_of_the_features_show_the_marginal_mixture(covariance_type):
    X = blobs(n_features=5)
    mixture, display = draw(X, covariance_type=covariance_type, features=[3, 0])
    assert rows_of(display.points) == rows_of(X[:, [3, 0]])
    points = mesh(display.grid)
    pair = np.ix_([3, 0], [3, 0])
    density = sum(
        weight * multivariate_normal(mean[[3, 0]], covariance[pair]).pdf(points)
        for weight, mean, covariance in zip(
            mixture.weights_, mixture.means_, full_covariances(mixture, 5), strict=True
        )
    )
    near = density > 1e-200
    np.testing.assert_allclose(
        np.exp(display.grid.log_density.ravel()[near]), density[near], rtol=1e-8
    )
    assert display.ax_.get_xlabel() == "feature 3"
    assert display.ax_.get_ylabel() == "feature 0"


@pytest.mark.parametrize("covariance_type", TYPES)
def test_principal_axes_show_the_marginal_mixture(covariance_type):
    X = blobs(n_features=5)
    mixture, display = draw(X, covariance_type=covariance_type)
    centred = X - X.mean(axis=0)
    _, _, vectors = np.linalg.svd(centred, full_matrices=False)
    vectors = vectors[:2]
    vectors *= np.sign(vectors[np.arange(2), np.abs(vectors).argmax(axis=1)])[:, None]
    np.testing.assert_allclose(rows_of(display.points), rows_of(centred @ vectors.T), atol=1e-9)
    np.testing.assert_allclose(
        display.gaussians.means, (mixture.means_ - X.mean(axis=0)) @ vectors.T, atol=1e-9
    )
    np.testing.assert_allclose(
        display.gaussians.covariances,
        vectors @ full_covariances(mixture, 5) @ vectors.T,
        atol=1e-9,
    )
    assert display.ax_.get_xlabel().startswith("first principal axis (")


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("n_features", [1, 3])
def test_one_feature_is_a_curve(covariance_type, n_features):
    X = blobs(n_features)
    mixture, display = draw(X, covariance_type=covariance_type, features=0)
    x, curves = display.grid.x, []
    deviations = np.sqrt(full_covariances(mixture, n_features)[:, 0, 0])
    for component, line in enumerate(display.component_curves_):
        curves.append(
            mixture.weights_[component]
            * norm(mixture.means_[component, 0], deviations[component]).pdf(x)
        )
        np.testing.assert_allclose(line.get_ydata(), curves[-1], rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(display.curve_.get_ydata(), sum(curves), rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(np.sort(display.points[:, 0]), np.sort(X[:, 0]))
    assert (display.scatter_.get_offsets()[:, 1] < 0).all()  # below the curve
    winners = np.argmax(curves, axis=0)
    changes = np.flatnonzero(np.diff(winners))
    places = [line[0, 0] for line in display.boundary_lines_.get_segments()]
    assert len(places) == len(changes) > 0
    assert all(x[i] <= place <= x[i + 1] for i, place in zip(changes, places, strict=True))
    assert display.ax_.get_xlabel() == "feature 0"
    assert display.ax_.get_ylabel() == "density"
    assert min(display.ax_.get_yticks()) >= 0
    assert display.contours_ is display.colorbar_ is None
    assert display.ellipses_ == []


def test_features_by_name():
    X = pd.DataFrame(blobs(n_features=4), columns=["a", "b", "c$", "d"])
    _, display = draw(X, features=("c$", "a"))
    assert rows_of(display.points) == rows_of(X[["c$", "a"]].to_numpy())
    assert (shown(display.ax_.xaxis.label), shown(display.ax_.yaxis.label)) == ("c$", "a")
    _, other = draw(X.to_numpy(), features=("z", "x"), feature_names=list("xyzw"))
    np.testing.assert_array_equal(other.points, display.points)
    _, last = draw(X.to_numpy(), features=-1)
    assert last.ax_.get_xlabel() == "feature 3"


# --- samples


def test_labels_give_the_colours():
    X = blobs()
    labels = np.where(X[:, 0] > np.median(X[:, 0]), "right", "left")
    _, display = draw(X, y=list(labels))
    right = display.points[:, 0] > np.median(X[:, 0])
    np.testing.assert_array_equal(display.names[display.codes] == "right", right)
    assert [t.get_text() for t in display.legend_.get_texts()] == ["left  (50 %)", "right  (50 %)"]
    assert display.legend_.get_title().get_text() == "label"
    assert len(np.unique(display.ellipses_[0].get_edgecolors(), axis=0)) == 1


def test_noise_among_the_labels_is_grey():
    X = blobs()
    y = np.zeros(150, dtype=int)
    y[:15] = -1
    _, display = draw(X, y=y)
    grey = (display.scatter_.get_facecolors()[:, :3] == to_rgb(NOISE)).all(axis=1)
    assert rows_of(display.points[grey]) == rows_of(X[:15])
    assert display.legend_.get_texts()[-1].get_text() == "noise  (10 %)"


@pytest.mark.parametrize("n_features", [1, 2, 4])
def test_outliers_are_where_the_density_is_lowest(n_features):
    X = blobs(n_features)
    mixture, display = draw(X, contamination=0.1, features=range(min(n_features, 2)))
    scores = mixture.score_samples(X)
    outliers = X[scores < np.quantile(scores, 0.1)]
    assert len(outliers) == 15
    marked = display.points[display.is_outlier]
    assert len(display.outlier_scatter_.get_offsets()) == 15
    assert len(display.scatter_.get_offsets()) == 135
    np.testing.assert_array_equal(np.sort(marked[:, 0]), np.sort(outliers[:, 0]))
    entries = [text.get_text() for text in display.legend_.get_texts()]
    handles = display.legend_.legend_handles
    assert handles[entries.index("outlier  (10 %)")].get_marker() == "x"
    assert (entries[-1] == "density threshold") == (n_features < 4)
    assert (handles[-1].get_linestyle() == "-") == (n_features < 4)
    if n_features == 4:  # the density in two features says nothing of that in all
        assert display.threshold_lines_ is None
    elif n_features == 2:
        np.testing.assert_allclose(display.threshold_lines_.levels, np.quantile(scores, 0.1))
    else:
        (line,) = display.threshold_lines_.get_segments()
        np.testing.assert_allclose(line[:, 1], np.exp(np.quantile(scores, 0.1)))


def test_thinned_pictures_say_so():
    X = blobs(n_samples=3_000)
    _, display = draw(X, max_points=500, contamination=0.01)
    assert len(display.points) == 500
    assert np.count_nonzero(display.is_outlier) >= 20  # of 30: they do not disappear
    assert display.ax_.get_title(loc="right") == "500 of 3,000 points drawn"


# --- any mixture, any picture


@pytest.mark.parametrize("n_components", [2, 9, 101])
def test_legend_and_numbers_are_for_few(n_components):
    means = np.random.default_rng(0).uniform(-9, 9, size=(n_components, 2))
    mixture = sklearn.mixture.GaussianMixture(
        n_components, covariance_type="spherical", means_init=means, max_iter=1, reg_covar=1
    )
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):
        mixture.fit(np.vstack([means, means]))
    display = DensityDisplay.from_estimator(mixture, means, grid_resolution=20)
    assert (display.legend_ is None) == (n_components > 8)
    assert len(display.texts_) == (0 if n_components > 100 else n_components)
    assert len(display.ellipses_[0].get_segments()) == n_components


@pytest.mark.parametrize("covariance_type", TYPES)
def test_both_libraries_have_the_same_picture(covariance_type):
    X = blobs()
    _, display = draw(X, covariance_type=covariance_type, contamination=0.1)
    ours = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    other = DensityDisplay.from_estimator(ours, X, grid_resolution=40, contamination=0.1)
    np.testing.assert_allclose(other.grid.log_density, display.grid.log_density, rtol=1e-6)
    np.testing.assert_array_equal(other.codes, display.codes)
    np.testing.assert_array_equal(other.is_outlier, display.is_outlier)
    np.testing.assert_array_equal(ours.outliers(other.points, 0.1) == -1, other.is_outlier)
    np.testing.assert_allclose(other.threshold, display.threshold, rtol=1e-9)


def test_bayesian_mixtures_are_drawn():
    X = blobs()
    mixture = sklearn.mixture.BayesianGaussianMixture(n_components=4, random_state=0).fit(X)
    display = DensityDisplay.from_estimator(mixture, X, grid_resolution=20)
    np.testing.assert_allclose(display.gaussians.means, mixture.means_, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-100, 1e100])
@pytest.mark.parametrize("n_features", [1, 2])
def test_scale_does_not_matter(scale, n_features):
    X = blobs(n_features)
    mixture, display = draw(X)
    scaled = sklearn.mixture.GaussianMixture(3)
    scaled.weights_, scaled.means_ = mixture.weights_, mixture.means_ * scale
    scaled.covariances_ = mixture.covariances_ * scale**2
    scaled.precisions_cholesky_ = mixture.precisions_cholesky_ / scale
    other = DensityDisplay.from_estimator(scaled, X * scale, grid_resolution=40)
    other.figure_.canvas.draw()
    np.testing.assert_allclose(other.grid.x / scale, display.grid.x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        other.grid.log_density + n_features * np.log(scale), display.grid.log_density, rtol=1e-6
    )


def test_axes_given_are_drawn_on_alone():
    figure, (left, right) = plt.subplots(1, 2)
    _, display = draw(blobs(), ax=right, colorbar=False)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.has_data()
    assert figure.axes == [left, right]
    assert display.plot(ax=left, legend=False, point_size=7, scatter_kwargs={"marker": "^"})
    assert display.ax_ is left
    assert display.legend_ is None
    assert list(display.scatter_.get_sizes()) == [7]


def test_small_axes_have_no_colour_bar():
    _, axes = plt.subplots(5, 2)
    _, display = draw(blobs(), ax=axes[0, 0])
    assert display.colorbar_ is None
    assert display.plot(ax=axes[0, 1], colorbar=True).colorbar_ is not None


def test_figures_without_pyplot():
    from matplotlib.figure import Figure

    _, display = draw(blobs(), ax=Figure(layout="constrained").add_subplot())
    display.figure_.canvas.draw()
    assert plt.get_fignums() == []


def test_nothing_is_cut_off():
    rng = np.random.default_rng(0)
    tilted = rng.normal(size=(300, 2)) @ [[2, 0.5], [0, 0.5]]
    upright = rng.normal([4, 3], [0.4, 1.5], size=(200, 2))
    _, display = draw(np.vstack([tilted, upright]), k=2)
    display.figure_.canvas.draw()
    width, height = display.figure_.canvas.get_width_height()
    for text in (display.ax_.xaxis.label, display.ax_.yaxis.label, display.legend_):
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height


def test_settings_are_left_as_they_are():
    before = dict(plt.rcParams)
    draw(blobs())[1].figure_.canvas.draw()
    assert dict(plt.rcParams) == before


# --- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"features": (0, 3)},
            "features has 3, which is neither a name of a feature nor a number below 3.",
            id="no-such-number",
        ),
        pytest.param(
            {"features": "width"},
            "features has 'width', which is neither a name of a feature nor a number below 3.",
            id="no-such-name",
        ),
        pytest.param(
            {"features": (0, 1, 2)},
            "features should be one feature or two different ones, got (0, 1, 2).",
            id="three",
        ),
        pytest.param(
            {"features": [1, -2]},
            "features should be one feature or two different ones, got [1, -2].",
            id="twice-the-same",
        ),
        pytest.param(
            {"feature_names": ["a"]},
            "There are 1 feature_names, but X has 3.",
            id="names-too-few",
        ),
        pytest.param({"y": [0, 1]}, "labels has shape (2,), expected (150,).", id="y-too-few"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        draw(blobs(n_features=3), **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"contamination": 0.6},
            "The 'contamination' parameter of DensityDisplay.from_estimator must be a float in the"
            " range (0.0, 0.5] or None. Got 0.6 instead.",
            id="contamination",
        ),
        pytest.param(
            {"grid_resolution": 1},
            "The 'grid_resolution' parameter of DensityDisplay.from_estimator must be an int in the"
            " range [2, inf). Got 1 instead.",
            id="grid_resolution",
        ),
    ],
)
def test_parameters_are_checked(options, message):
    X = blobs()
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        DensityDisplay.from_estimator(fitted(X), X, **options)


def test_other_estimators_are_refused():
    X = blobs()
    message = (
        "DensityDisplay draws Gaussian mixtures, got KMeans. ClusterDisplay draws any clusterer."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DensityDisplay.from_estimator(sklearn.cluster.KMeans(2, n_init=1).fit(X), X)
    message = (
        "This GaussianMixture instance is not fitted yet. Call 'fit' with appropriate arguments"
        " before using this estimator."
    )
    with pytest.raises(NotFittedError, match=f"^{re.escape(message)}$"):
        DensityDisplay.from_estimator(sklearn.mixture.GaussianMixture(2), X)
    with pytest.raises(TypeError, match=r"^Sparse data"):
        DensityDisplay.from_estimator(fitted(X), scipy.sparse.csr_array(X))


# --- the pieces


def test_a_covariance_without_volume():
    flat = Gaussians(np.ones(1), np.zeros((1, 2)), np.array([[[4.0, 2.0], [2.0, 1.0]]]))
    ranking = flat.rank(np.array([[2.0, 1.0], [0.0, 1.0]]))
    assert np.isfinite(ranking.log_density).all()
    assert ranking.log_density[0] > ranking.log_density[1]


def test_a_component_without_weight_is_never_the_likeliest():
    mixture = Gaussians(np.array([0.0, 1.0]), np.zeros((2, 2)), np.stack([np.eye(2)] * 2))
    x = y = np.linspace(-1, 1, 5)
    ranking = mixture.rank(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    assert (ranking.first == 1).all()
    assert boundaries_in_plane(mixture, x, y, ranking) == []


def test_ties_go_to_the_lower_component():
    mixture = Gaussians(np.full(3, 1 / 3), np.zeros((3, 1)), np.ones((3, 1, 1)))
    ranking = mixture.rank(np.linspace(-1, 1, 5)[:, None])
    assert (ranking.first == 0).all()
    assert (ranking.second == 1).all()


def test_grid_lines_are_bounded():
    n = 500
    mixture = Gaussians(
        np.full(n, 1 / n),
        np.linspace(0, 1, n)[:, None] * [1, 0],
        np.stack([1e-8 * np.eye(2)] * n),
    )
    lines = grid_lines((0, 1), mixture, 0, 50)
    assert 50 < len(lines) <= 50 + 400
    assert (np.diff(lines) > 0).all()


def test_marginal_of_float32():
    X = blobs().astype(np.float32)
    gaussians = marginal(fitted(X, covariance_type="tied"), np.eye(2), np.zeros(2))
    assert {part.dtype for part in gaussians} == {np.dtype(np.float64)}
