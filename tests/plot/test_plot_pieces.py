"""What the displays share: colours, axes, labels, thinning, principal axes, regions."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import scipy.sparse
from helpers import run_python
from texts import shown

import scratchml.plot
from scratchml.plot.axes import (
    axes_or_new,
    divide_axes,
    dot_legend,
    draw_titles,
    grid_shape,
    literal,
    percent,
    require_matplotlib,
)
from scratchml.plot.groups import (
    Clusters,
    check_labels,
    cluster_means,
    cluster_names,
    draw_samples,
    encode,
    middle_points,
)
from scratchml.plot.palette import (
    N_COLORS,
    OKABE_ITO,
    VISIONS,
    cluster_colors,
    differences,
    perceived,
    shade,
    tint,
)
from scratchml.plot.projection import check_magnitude, float64_blocks, principal_axes
from scratchml.plot.regions import Regions, boundaries, predict_regions


def exactly(text):
    return f"^{re.escape(text)}$"


# --- the door and matplotlib


def test_door_loads_no_matplotlib():
    run_python(
        "import sys; from scratchml.plot import *; import scratchml.plot as door; dir(door)\n"
        "assert 'matplotlib' not in sys.modules and 'scipy' not in sys.modules"
    )


def test_door_lists_its_names():
    for name in scratchml.plot.__all__:
        assert getattr(scratchml.plot, name).__name__ == name


@pytest.mark.parametrize(
    ("name", "method", "arguments"),
    [
        ("ClusterDisplay", "from_estimator", (None, None)),
        ("ClusterDisplay", "from_predictions", (None, None)),
        ("CentersDisplay", "from_estimator", (None,)),
        ("CentersDisplay", "from_predictions", (None, None)),
        ("HistoryDisplay", "from_estimator", (None, None)),
        ("HistoryDisplay", "from_history", (None,)),
        ("SilhouetteDisplay", "from_estimator", (None, None)),
        ("SilhouetteDisplay", "from_labels", (None, None)),
        ("SilhouetteDisplay", "from_choice", (None, None)),
        ("ElbowDisplay", "from_estimator", (None, None, None)),
        ("ElbowDisplay", "from_choice", (None,)),
        ("GapDisplay", "from_estimator", (None, None, None)),
        ("GapDisplay", "from_choice", (None,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_matplotlib(monkeypatch, name, method, arguments):
    display = getattr(scratchml.plot, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = (
        f"{name}.{method} requires matplotlib. Install it with `pip install 'scratchml[plot]'`."
    )
    with pytest.raises(ImportError, match=exactly(message)):
        getattr(display, method)(*arguments)


def test_with_matplotlib():
    require_matplotlib("anyone")


# --- colours


@pytest.mark.parametrize("n_clusters", [0, 1, 8, 30, N_COLORS])
def test_colors_begin_with_okabe_and_ito_and_never_change(n_clusters):
    colors = cluster_colors(n_clusters)
    assert colors.shape == (n_clusters, 3)
    np.testing.assert_array_equal(colors, cluster_colors(N_COLORS)[:n_clusters])
    as_hex = ["#" + bytes(np.rint(c * 255).astype(np.uint8)).hex().upper() for c in colors[:8]]
    assert as_hex == list(OKABE_ITO[:n_clusters])


def test_colors_begin_anew():
    colors = cluster_colors(N_COLORS + 3)
    np.testing.assert_array_equal(colors[N_COLORS:], colors[:3])


@pytest.mark.parametrize(
    ("n_clusters", "least"), [pytest.param(8, 0.07, id="8"), pytest.param(30, 0.05, id="30")]
)
def test_colors_differ_for_every_kind_of_vision(n_clusters, least):
    colors = cluster_colors(n_clusters)
    for i in range(1, n_clusters):
        assert differences(colors[:i], colors[i]).min() > least


def test_simulated_vision_confuses_what_it_should():
    red, green = np.array([0.80, 0.20, 0.10]), np.array([0.43, 0.43, 0.10])
    seen = {v: np.linalg.norm(perceived(red, v) - perceived(green, v)) for v in VISIONS}
    assert seen["normal"] > 0.15
    assert min(seen, key=lambda vision: seen[vision]) == "deuteranopia"
    assert seen["deuteranopia"] < 0.5 * seen["normal"]
    assert differences(red[None], green)[0] == seen["deuteranopia"]


@pytest.mark.parametrize("vision", list(VISIONS))
def test_white_stays_white(vision):
    np.testing.assert_allclose(perceived(np.ones(3), vision), [1, 0, 0], atol=1e-5)


def test_tint_and_shade():
    color = np.array([1.0, 0.5, 0.0])
    np.testing.assert_allclose(tint(color, 0.2), [1, 0.9, 0.8])
    np.testing.assert_allclose(shade(color, 0.5), [0.5, 0.25, 0])


# --- axes


def test_axes_given_are_used():
    given = axes_or_new(None, (3, 2))
    assert axes_or_new(given) is given
    assert tuple(given.figure.get_size_inches()) == (3, 2)


@pytest.mark.parametrize("n_cells", range(1, 101))
def test_grid_has_room_and_no_empty_row(n_cells):
    n_rows, n_columns = grid_shape(n_cells, 1.6)
    assert (n_rows - 1) * n_columns < n_cells <= n_rows * n_columns
    assert n_rows <= n_columns


def test_grid_is_full_where_it_can_be():
    assert [grid_shape(n, 1.6) for n in (2, 10, 50, 100)] == [(1, 2), (2, 5), (5, 10), (10, 10)]


def test_divided_axes_stay_in_their_place():
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    cells = divide_axes(left, 5, 2, 3)
    assert cells.shape == (2, 3)
    assert cells[1, 2] is None
    place = left.get_position()
    for cell in cells.flat[:5]:
        box = cell.get_position()
        assert place.x0 <= box.x0 + 1e-9
        assert box.x1 <= place.x1 + 1e-9
    assert len(figure.axes) == 2 + 5
    assert right.axison
    message = "ax is turned off: it was divided by an earlier plot. Pass another one."
    with pytest.raises(ValueError, match=exactly(message)):
        divide_axes(left, 5, 2, 3)


def test_axes_that_are_no_subplot_are_not_divided():
    import matplotlib.pyplot as plt

    message = (
        "ax has no place in a grid of subplots. Make it with plt.subplots or Figure.add_subplot."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        divide_axes(plt.figure().add_axes([0, 0, 1, 1]), 2, 1, 2)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.004, "0.4 %"), (0.00002, "0.002 %"), (0.126, "13 %"), (1, "100 %")],
    ids=["none", "below-one", "tiny", "rounded", "all"],
)
def test_percent(share, text):
    assert percent(share) == text


# Names that matplotlib would typeset, or could not.
ODD_NAMES = ["$x_1$", "a$", r"b$$^", r"\$c\$", "$", "_d", "e"]


@pytest.mark.parametrize("parse_math", [True, False], ids=["parsed", "unparsed"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_text_is_shown_as_it_is(name, parse_math):
    import matplotlib

    with matplotlib.rc_context({"text.parse_math": parse_math}):
        ax = axes_or_new(None)
        assert shown(ax.set_xlabel(literal(name))) == name
    assert literal(3) == "3"


def test_titles_are_as_small_as_they_must_be():
    wide, narrow = axes_or_new(None, (6.4, 4)), axes_or_new(None, (1.5, 4))
    texts = ["k = 12,  score 0.123", "$x_1$,  score 0.123"]
    draw_titles([wide], texts[:1])
    before = wide.title.get_fontsize()
    draw_titles([wide, narrow], texts, pad=20)
    assert before > wide.title.get_fontsize() == narrow.title.get_fontsize() >= 7
    for ax, text in zip([wide, narrow], texts, strict=True):
        assert shown(ax.title) == text
        ax.figure.canvas.draw()
        assert ax.title.get_window_extent().width <= ax.figure.bbox.width


def test_legend_shows_each_text_as_it_is():
    ax = axes_or_new(None)
    legend = dot_legend(ax, [(name, "red", 2 + i) for i, name in enumerate(ODD_NAMES)], "title")
    assert [shown(text) for text in legend.get_texts()] == ODD_NAMES
    assert [line.get_markersize() for line in legend.get_lines()] == [2, 3, 4, 5, 6, 7, 8]
    assert {line.get_markerfacecolor() for line in legend.get_lines()} == {"red"}
    assert legend.get_title().get_text() == "title"
    ax.figure.canvas.draw()


# --- labels


@pytest.mark.parametrize(
    ("labels", "n_centers", "names", "codes"),
    [
        pytest.param([2, 0, 2], None, [0, 2], [1, 0, 1], id="integers"),
        pytest.param([2, -1, 0], None, [0, 2], [1, -1, 0], id="noise"),
        pytest.param(["b", "a", "b"], None, ["a", "b"], [1, 0, 1], id="strings"),
        pytest.param([True, False], None, [False, True], [1, 0], id="booleans"),
        pytest.param([0, 2, -1], 4, [0, 1, 2, 3], [0, 2, -1], id="centre-without-sample"),
        pytest.param([-1, -1], 2, [0, 1], [-1, -1], id="all-noise"),
        pytest.param([5, 9], 2, [5, 9], [0, 1], id="other-numbers-of-centres"),
        pytest.param(["b", "a"], 2, ["a", "b"], [1, 0], id="names-of-centres"),
    ],
)
def test_names_and_codes(labels, n_centers, names, codes):
    labels = np.array(labels)
    found = cluster_names(labels, n_centers)
    assert list(found) == names
    assert list(encode(labels, found)) == codes


def test_labels_of_objects():
    labels = np.array([3, -1, 3], dtype=object)
    assert list(encode(labels, cluster_names(labels))) == [0, -1, 0]


def test_labels_and_centers_that_do_not_fit():
    message = "There are 2 centers, but labels of 3 clusters."
    with pytest.raises(ValueError, match=exactly(message)):
        cluster_names(np.array([0, 1, 2]), 2)


def test_labels_of_another_length():
    with pytest.raises(ValueError, match=exactly("labels has shape (3,), expected (4,).")):
        check_labels([0, 1, 2], 4)


def test_sizes_and_shares_count_noise_as_samples():
    clusters = Clusters(np.arange(3), np.array([0, 2, 2, -1]))
    assert list(clusters.sizes) == [1, 0, 2]
    assert list(clusters.shares) == [0.25, 0, 0.5]


@pytest.mark.parametrize("container", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
def test_means_of_clusters(container, monkeypatch):
    monkeypatch.setattr("scratchml.plot.projection._BLOCK_BYTES", 7 * 3 * 8)
    X = np.random.RandomState(0).randn(50, 3)
    codes = np.arange(50) % 4 - 1
    means = cluster_means(container(X), Clusters(np.arange(3), codes))
    np.testing.assert_allclose(means, [X[codes == c].mean(axis=0) for c in range(3)])


def test_middle_of_a_cluster_is_the_point_nearest_to_its_mean():
    points = np.array([[0, 0], [10, 0], [4, 0], [7, 7], [0, 1000], [9, 9]])
    middles = middle_points(points, np.array([0, 0, 0, 2, 2, -1]))
    assert {code: list(place) for code, place in middles.items()} == {0: [4, 0], 2: [7, 7]}
    assert middle_points(points, np.full(6, -1)) == {}


# --- thinning


def test_few_samples_are_all_drawn():
    for limit in (6, 7, None):
        drawn = draw_samples(np.array([0, 1, -1, 0, 0, 1]), limit, np.random.RandomState(0))
        assert sorted(drawn) == list(range(6))


@pytest.mark.parametrize("max_points", [4, 50, 400])
def test_thinning_keeps_every_cluster_and_noise(max_points, seed):
    codes = np.repeat([0, 1, 2, -1], [100_000, 30, 3, 10])
    drawn = draw_samples(codes, max_points, np.random.RandomState(seed))
    assert len(drawn) == len(np.unique(drawn)) == max_points
    kept = {code: np.count_nonzero(codes[drawn] == code) for code in (0, 1, 2, -1)}
    least = max(min(max_points // 8, 20), 1)
    for code, size in [(1, 30), (2, 3), (-1, 10)]:
        assert min(size, least) <= kept[code]
    again = draw_samples(codes, max_points, np.random.RandomState(seed))
    np.testing.assert_array_equal(drawn, again)


def test_thinning_is_even_but_for_small_clusters(seed):
    codes = np.repeat([0, 1], [60_000, 20_000])
    drawn = draw_samples(codes, 8_000, np.random.RandomState(seed))
    # 2000 of the second expected, with a standard deviation of 37.
    assert abs(np.count_nonzero(codes[drawn] == 1) - 2_000) < 200


def test_thinning_needs_a_point_for_each_cluster():
    message = "max_points=2 should be >= 3, so that each cluster can be seen."
    with pytest.raises(ValueError, match=exactly(message)):
        draw_samples(np.array([0, 0, 1, -1]), 2, np.random.RandomState(0))


# --- principal axes


@pytest.mark.parametrize("container", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e4], ids=["at-origin", "far-away"])
def test_principal_axes_are_those_of_svd(container, dtype, offset, seed, monkeypatch):
    monkeypatch.setattr("scratchml.plot.projection._BLOCK_BYTES", 31 * 6 * 8)
    random_state = np.random.RandomState(seed)
    X = (random_state.randn(200, 6) * [5, 3, 1, 1, 0.5, 0.1]) @ random_state.randn(6, 6) + offset
    X = X.astype(dtype)
    plane = principal_axes(container(X))
    centred = X.astype(np.float64) - X.mean(axis=0, dtype=np.float64)
    _, singular, vectors = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(vectors[np.arange(2), np.abs(vectors[:2]).argmax(axis=1)])
    expected = vectors[:2] * signs[:, None]
    np.testing.assert_allclose(plane.axes, expected, atol=1e-6)
    np.testing.assert_allclose(plane.shares, singular[:2] ** 2 / (singular**2).sum())
    np.testing.assert_allclose(
        plane.project(container(X)), centred @ expected.T, rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("container", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("exponent", [-600, 5, 600, 990])
def test_principal_axes_do_not_depend_on_the_scale(container, exponent):
    X = np.random.RandomState(0).randn(40, 4) + 3
    scaled = np.ldexp(X, exponent)
    plane, expected = principal_axes(container(scaled)), principal_axes(X)
    np.testing.assert_array_equal(plane.axes, expected.axes)
    np.testing.assert_array_equal(plane.shares, expected.shares)
    np.testing.assert_array_equal(plane.mean, np.ldexp(expected.mean, exponent))
    projected = np.ldexp(plane.project(container(scaled)), -exponent)
    np.testing.assert_array_equal(projected, expected.project(X))


@pytest.mark.parametrize("value", [1.2e300, -1.2e300], ids=["above", "below"])
@pytest.mark.parametrize("container", [np.asarray, scipy.sparse.csr_array], ids=["dense", "csr"])
def test_values_too_large_for_any_axis(container, value):
    check_magnitude(container([[1e300, -1e300]]), "X", "Picture")
    message = (
        "Picture draws values up to 1e+300 in size, but X has one of 1.2e+300. Scale the data"
        " first."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        check_magnitude(container([[0, value]]), "X", "Picture")


def test_principal_axes_of_what_does_not_vary():
    plane = principal_axes(np.ones((4, 3)))
    np.testing.assert_array_equal(plane.shares, [0, 0])
    np.testing.assert_array_equal(plane.project(np.ones((1, 3))), [[0, 0]])


def test_blocks_cover_all_rows_and_are_small(monkeypatch):
    monkeypatch.setattr("scratchml.plot.projection._BLOCK_BYTES", 100)
    X = np.arange(44, dtype=np.float32).reshape(11, 4)
    blocks = [block for _, block in float64_blocks(X)]
    assert {block.dtype for block in blocks} == {np.dtype(np.float64)}
    assert max(len(block) for block in blocks) == 3
    np.testing.assert_array_equal(np.concatenate(blocks), X)


# --- regions


def test_boundary_runs_from_edge_to_edge():
    regions = Regions(np.repeat([[0, 0, 1, 1]], 3, axis=0), (0.0, 4.0, 0.0, 3.0))
    for line in boundaries(regions):
        np.testing.assert_allclose(line[:, 0], 2)
        assert line[:, 1].min() <= 0
        assert line[:, 1].max() >= 3
    assert len(boundaries(regions)) == 2  # seen from either side


def test_one_region_has_no_boundary():
    assert boundaries(Regions(np.zeros((5, 5)), (0.0, 1.0, 0.0, 1.0))) == []


class Sign:
    """Predicts on which side of zero the first feature is."""

    def predict(self, X):
        return (np.asarray(X)[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1e300, 1e300), (1e300, 1e300), (-1e300, -1e300), (1e17, 1e17), (3, 3), (0, 0)],
    ids=["wide", "constant", "negative", "beyond-integers", "small", "zero"],
)
def test_regions_surround_the_data(low, high):
    X = np.array([[low, 0.0], [high, 1.0]])
    labels, limits = predict_regions(Sign(), X, X, 4)
    assert np.isfinite(limits).all()
    assert limits[0] < low <= high < limits[1]
    assert labels.shape == (4, 4)
