"""SilhouetteDisplay: a band for each cluster, in its colour, under the score of the labeling."""

from __future__ import annotations

import itertools
import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.cluster
from matplotlib.colors import to_rgb
from texts import shown

from scratchml.cluster import KMeans, SphericalKMeans
from scratchml.datasets import make_blobs
from scratchml.exceptions import InvalidParameterError, NotFittedError
from scratchml.metrics import silhouette_samples, silhouette_score
from scratchml.model_selection import choose_k
from scratchml.plot import SilhouetteDisplay
from scratchml.plot.palette import NOISE, cluster_colors, shade

X, LABELS = make_blobs([60, 30, 10], n_features=3, centers=None, random_state=3)


@pytest.fixture(scope="module")
def fits():
    return [KMeans(k, random_state=0).fit(X) for k in (2, 3, 5)]


def faces(collection):
    return collection.get_facecolors()[:, :3]


def names_of(ax):
    return [shown(label) for label in ax.get_yticklabels()]


def heights(collection):
    return [np.ptp(path.vertices[:, 1]) for path in collection.get_paths()]


def test_bands_are_the_clusters():
    display = SilhouetteDisplay.from_labels(X, LABELS)
    scores = silhouette_samples(X, LABELS)
    assert display.labelings[0].scores.tolist() == scores.tolist()
    np.testing.assert_allclose(display.mean_scores, [silhouette_score(X, LABELS)])
    assert display.ax_.get_title() == f"k = 3,  score {scores.mean():.3f}"
    assert display.ax_.get_xlabel() == "silhouette score"
    assert names_of(display.ax_) == ["0", "1", "2"]
    np.testing.assert_array_equal(faces(display.bands_[0]), cluster_colors(3))
    means = [scores[c == LABELS].mean() for c in range(3)]
    np.testing.assert_allclose(display.mean_marks_[0].get_offsets()[:, 0], means)
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts == ["mean", *(f"{mean:.2f}" for mean in means)]
    np.testing.assert_allclose(display.mean_lines_[0].get_xdata(), scores.mean())
    assert display.axes_.tolist() == [[display.ax_]]
    display.figure_.canvas.draw()


def test_bands_are_as_high_as_clusters_are_large():
    scores = np.array([0.5, -0.2, 0.1, -0.4, 0.3, 0.2])
    display = SilhouetteDisplay(scores, [0, 0, 0, 1, 2, 2]).plot()
    np.testing.assert_allclose(heights(display.bands_[0]), [2, 2])
    np.testing.assert_allclose(heights(display.negative_bands_[0]), [1, 1])
    colors = cluster_colors(3)
    np.testing.assert_array_equal(faces(display.bands_[0]), colors[[0, 2]])
    np.testing.assert_array_equal(faces(display.negative_bands_[0]), shade(colors[[0, 1]], 0.55))
    low, high = display.ax_.get_xlim()
    assert low < -0.4
    assert high == 1
    assert display.ax_.get_ylim()[1] == 0  # the first cluster on top


def test_cluster_of_one_sample_is_seen():
    points = np.array([[0.0], [0.1], [5.0], [5.1], [20.0]])
    display = SilhouetteDisplay.from_labels(points, [0, 0, 1, 1, 2])
    assert names_of(display.ax_) == ["0", "1", "2"]
    place = display.mean_marks_[0].get_offsets()[2]
    assert place[0] == 0
    assert heights(display.bands_[0])[2] == 1


def test_several_are_side_by_side(fits):
    display = SilhouetteDisplay.from_estimator(fits, X)
    assert not display.ax_.axison
    assert display.axes_.shape == (1, 3)
    scores = [silhouette_score(X, fit.labels_) for fit in fits]
    np.testing.assert_allclose(display.mean_scores, scores)
    titles = [ax.get_title() for ax in display.axes_.flat]
    assert titles == [
        f"k = {k},  score {score:.3f}" for k, score in zip((2, 3, 5), scores, strict=True)
    ]
    assert [len(faces(bands)) for bands in display.bands_] == [2, 3, 5]
    assert len({ax.get_xlim() for ax in display.axes_.flat}) == 1
    display.figure_.canvas.draw()
    boxes = [ax.get_window_extent() for ax in display.axes_.flat]
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[i + 1 :]) == 0


def test_one_estimator_is_drawn_as_its_labels(fits):
    display = SilhouetteDisplay.from_estimator(fits[1], X)
    again = SilhouetteDisplay.from_labels(X, fits[1].labels_)
    assert display.mean_scores.tolist() == again.mean_scores.tolist()


def test_clusters_have_the_colors_of_other_pictures(fits):
    few = X[fits[2].labels_ != 1]
    display = SilhouetteDisplay.from_estimator(fits[2], few)
    np.testing.assert_array_equal(faces(display.bands_[0]), cluster_colors(5)[[0, 2, 3, 4]])
    assert names_of(display.ax_) == list("01234")


def test_labels_where_there_is_no_predict():
    model = sklearn.cluster.AgglomerativeClustering(3).fit(X)
    display = SilhouetteDisplay.from_estimator(model, X)
    np.testing.assert_allclose(display.mean_scores, silhouette_score(X, model.labels_))
    with pytest.raises(NotFittedError):
        SilhouetteDisplay.from_estimator(KMeans(), X)


def test_every_k_of_a_choice_that_has_silhouettes(fits):
    ones = np.zeros(len(X), dtype=int)
    labels = np.array([ones, *(fit.labels_ for fit in fits), np.arange(len(X))])
    choice = SimpleNamespace(ks=np.array([1, 2, 3, 5, len(X)]), labels=labels, metric="euclidean")
    display = SilhouetteDisplay.from_choice(choice, X)
    assert display.titles == ["k = 2", "k = 3", "k = 5"]
    choice.ks, choice.labels = choice.ks[:1], labels[:1]
    message = "There are silhouettes for 2 to n_samples - 1 clusters only."
    with pytest.raises(ValueError, match=f"^{message}$"):
        SilhouetteDisplay.from_choice(choice, X)
    choice.labels = None
    message = r"The labels were not kept: call choose_k with keep_fits=True\."
    with pytest.raises(ValueError, match=f"^{message}$"):
        SilhouetteDisplay.from_choice(choice, X)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_a_choice_of_fewer_clusters_than_asked_for_is_left_out():
    places = np.repeat([[0.0, 0.0], [1, 1], [5, 5]], 30, axis=0)
    choice = choose_k(KMeans(), places, range(1, 6), criteria=["silhouette"], random_state=0)
    display = SilhouetteDisplay.from_choice(choice, places)
    assert display.titles == ["k = 2", "k = 3"]
    np.testing.assert_allclose(display.mean_scores, choice.scores["silhouette"][1:3])


def test_a_choice_is_drawn_with_its_metric():
    choice = choose_k(
        SphericalKMeans(), X, [2, 3], criteria=["silhouette"], metric="cosine", random_state=0
    )
    display = SilhouetteDisplay.from_choice(choice, X)
    np.testing.assert_allclose(display.mean_scores, choice.scores["silhouette"])
    display = SilhouetteDisplay.from_choice(choice, X, metric="euclidean", titles=["a", "b"])
    expected = [silhouette_score(X, labels) for labels in choice.labels]
    np.testing.assert_allclose(display.mean_scores, expected)
    assert display.titles == ["a", "b"]


def test_rows_of_labels_are_several_labelings(fits):
    rows = np.array([fit.labels_ for fit in fits])
    display = SilhouetteDisplay.from_labels(X, rows)
    again = SilhouetteDisplay.from_labels(X, list(rows))
    assert display.titles == again.titles == ["k = 2", "k = 3", "k = 5"]
    assert display.mean_scores.tolist() == again.mean_scores.tolist()


def test_no_estimator_is_refused():
    message = r"There is no estimator to draw the clusters of\."
    with pytest.raises(ValueError, match=f"^{message}$"):
        SilhouetteDisplay.from_estimator([], X)


def test_noise_is_grey_and_scored_as_a_cluster():
    labels = np.where(LABELS == 2, -1, LABELS)
    display = SilhouetteDisplay.from_labels(X, labels)
    assert names_of(display.ax_) == ["0", "1", "noise"]
    assert display.ax_.get_title().startswith("k = 2,")
    assert display.ax_.get_xlabel() == "silhouette score\n(noise is scored as one cluster)"
    np.testing.assert_array_equal(faces(display.bands_[0])[2], to_rgb(NOISE))
    np.testing.assert_allclose(display.mean_scores, silhouette_score(X, labels))


def test_labels_may_be_strings():
    labels = np.array(["$x_1$", "b", "a_c"])[LABELS]
    display = SilhouetteDisplay.from_labels(X, labels, titles="by $hand$")
    assert names_of(display.ax_) == ["$x_1$", "a_c", "b"]
    assert shown(display.ax_.title).startswith("by $hand$,  score 0.")
    display.figure_.canvas.draw()


def test_a_sample_of_many_is_scored():
    display = SilhouetteDisplay.from_labels(X, LABELS, sample_size=40, random_state=7)
    assert display.labelings[0].scores.shape == (40,)
    expected = silhouette_score(X, LABELS, sample_size=40, random_state=7)
    np.testing.assert_allclose(display.mean_scores, expected)
    assert display.ax_.get_xlabel() == "silhouette score\n(40 of 100 samples)"
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    precomputed = SilhouetteDisplay.from_labels(
        distances, LABELS, metric="precomputed", sample_size=40, random_state=7
    )
    np.testing.assert_allclose(precomputed.mean_scores, expected)


def test_clusters_without_a_sample_keep_their_names_and_colors():
    labels = np.zeros(100, dtype=int)
    labels[3], labels[50:] = 1, 2
    drawn = np.random.RandomState(0).permutation(100)[:20]
    assert 3 not in drawn
    display = SilhouetteDisplay.from_labels(X, labels, sample_size=20)
    assert names_of(display.ax_) == ["0", "1", "2"]
    np.testing.assert_array_equal(faces(display.bands_[0]), cluster_colors(3)[[0, 2]])
    assert len(display.mean_marks_[0].get_offsets()) == 2


@pytest.mark.parametrize(
    "given",
    [scipy.sparse.csr_array, pd.DataFrame, np.asfortranarray, np.ndarray.tolist],
    ids=["csr", "pandas", "fortran", "list"],
)
def test_samples_of_any_kind(given):
    display = SilhouetteDisplay.from_labels(given(X), LABELS)
    np.testing.assert_allclose(display.mean_scores, silhouette_score(X, LABELS), rtol=1e-5)


def test_metric_and_its_parameters():
    display = SilhouetteDisplay.from_labels(X, LABELS, metric="minkowski", metric_params={"p": 1})
    np.testing.assert_allclose(display.mean_scores, silhouette_score(X, LABELS, metric="manhattan"))


@pytest.mark.parametrize("n_clusters", [2, 30, 300])
@pytest.mark.parametrize("sizes", ["even", "uneven"])
def test_names_do_not_cover_each_other(n_clusters, sizes):
    n_each = [20] * n_clusters if sizes == "even" else [2000] + [1] * (n_clusters - 1)
    labels = np.repeat(np.arange(n_clusters), n_each)
    scores = np.random.default_rng(0).uniform(-0.2, 0.8, len(labels))
    display = SilhouetteDisplay(scores, labels).plot()
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for above, below in itertools.pairwise(boxes))
    assert len(boxes) == n_clusters if n_clusters <= 30 else len(boxes) > 30
    width, height = display.figure_.get_size_inches() * display.figure_.dpi
    for box in [*boxes, *(text.get_window_extent() for text in display.ax_.texts)]:
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


def test_a_million_scores_are_drawn_by_a_few_lines():
    rng = np.random.default_rng(0)
    scores, labels = rng.uniform(-0.2, 1, 1_000_000), rng.integers(0, 5, 1_000_000)
    display = SilhouetteDisplay(scores, labels).plot()
    paths = [*display.bands_[0].get_paths(), *display.negative_bands_[0].get_paths()]
    assert sum(len(path.vertices) for path in paths) < 30_000


def test_columns_and_axes_given(fits):
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    display = SilhouetteDisplay.from_estimator(
        fits, X, ax=right, n_columns=2, band_kwargs={"alpha": 0.5}
    )
    assert display.ax_ is right
    assert display.figure_ is figure
    assert display.axes_.shape == (2, 2)
    assert display.axes_[1, 1] is None
    assert display.bands_[0].get_alpha() == 0.5
    assert not left.has_data()
    # Under each column that ends there.
    assert [ax.get_xlabel() != "" for ax in display.axes_.flat[:3]] == [False, True, True]
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            ([[[0.5]]], [0]),
            {},
            "scores should have shape (n_scored,) or (n_labelings, n_scored), got (1, 1, 1).",
        ),
        (([0.5, np.nan], [0, 1]), {}, "scores should be numbers from -1 to 1."),
        (([0.5, 1.5], [0, 1]), {}, "scores should be numbers from -1 to 1."),
        (([0.5, 0.1], [0, 1, 1]), {}, "labels has shape (3,), expected (2,)."),
        (([[0.5, 0.1]], [[0, 1]] * 2), {}, "There are 2 labels, but scores of 1 labelings."),
        (
            ([0.5, 0.1], [0, 1]),
            {"titles": ["a", "b"]},
            "There are 2 titles, but scores of 1 labelings.",
        ),
        (
            ([0.5, 0.1], [0, 1]),
            {"names": [0]},
            "There are labels of clusters that are not among the names.",
        ),
    ],
    ids=["shape", "nan", "range", "length", "labelings", "titles", "names"],
)
def test_what_does_not_fit_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SilhouetteDisplay(*arguments, **options)


def test_what_cannot_be_scored_is_refused():
    message = "Number of labels is 1. Valid values are 2 to n_samples - 1 (inclusive)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SilhouetteDisplay.from_labels(X, np.zeros(100))
    message = (
        "Precomputed metric requires shape (n_queries, n_indexed). Got (50, 3) for 50 indexed."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SilhouetteDisplay.from_labels(X, LABELS, metric="precomputed", sample_size=50)
    message = "labels has shape (99,), expected (100,)."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SilhouetteDisplay.from_labels(X, LABELS[1:])


@pytest.mark.parametrize(
    ("method", "options"),
    [("SilhouetteDisplay", {"sample_size": 0}), ("SilhouetteDisplay.plot", {"n_columns": 0})],
    ids=["sample_size", "n_columns"],
)
def test_parameters_are_checked(method, options):
    ((name, value),) = options.items()
    message = (
        f"The '{name}' parameter of {method} must be an int in the range"
        f" [1, inf) or None. Got {value} instead."
    )
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        SilhouetteDisplay.from_labels(X, LABELS, **options)
    assert plt.get_fignums() == []
