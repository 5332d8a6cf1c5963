"""The shapes of a silhouette picture."""

from __future__ import annotations

import numpy as np
import pytest

from scratchml.plot import bands as module
from scratchml.plot.bands import names_with_room, outline, stack_bands


def spans(bands):
    """Top and bottom of everything that each band consists of."""
    found = {}
    for band, polygon in [*bands.good, *bands.bad]:
        top, bottom = polygon[:, 1].min(), polygon[:, 1].max()
        before = found.get(band, (top, bottom))
        found[band] = (min(before[0], top), max(before[1], bottom))
    return found


def area(polygon):
    """By the shoelace formula."""
    x, y = polygon.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def test_outline_goes_down_in_steps():
    polygon = outline(np.array([0.5, 0.25]), 10.0, 100)
    corners = [[0, 10], [0.5, 10], [0.5, 11], [0.25, 11], [0.25, 12], [0, 12]]
    assert polygon.tolist() == corners


def test_outline_of_many_scores_is_thinned():
    scores = np.linspace(1, 0, 1_000_000)
    polygon = outline(scores, 0.0, 100)
    assert len(polygon) == 202
    assert polygon[0].tolist() == [0, 0]
    assert polygon[-1].tolist() == [0, 1_000_000]
    np.testing.assert_allclose(area(polygon), scores.sum(), rtol=0.02)


def test_bands_of_two_clusters():
    scores = np.array([0.5, -0.25, 0.75, 0.0, 1.0])
    codes = np.array([0, 0, 1, 0, 1])
    bands = stack_bands(scores, codes, 2, 10)
    assert [band for band, _ in bands.good] == [0, 1]
    assert [band for band, _ in bands.bad] == [0]
    # The best sample first, each as high as any other.
    assert bands.good[0][1][[1, 3], 0].tolist() == [0.5, 0.0]
    assert bands.bad[0][1][1, 0] == -0.25
    assert bands.good[1][1][[1, 3], 0].tolist() == [1.0, 0.75]
    np.testing.assert_allclose(bands.means, [0.25 / 3, 0.875])
    np.testing.assert_allclose(bands.middles - bands.tops, [1.5, 1])
    for (top, bottom), size in zip(spans(bands).values(), [3, 2], strict=True):
        np.testing.assert_allclose(bottom - top, size)


@pytest.mark.parametrize("n_lines", [1, 10, 60, 500])
@pytest.mark.parametrize(
    "sizes", [[1], [1, 1, 1], [1000, 1, 1, 1, 5], [100] * 30, [0, 3, 0]], ids=str
)
def test_bands_do_not_touch_and_fill_at_least_half(sizes, n_lines):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    scores = np.random.default_rng(0).uniform(-1, 1, len(codes))
    bands = stack_bands(scores, codes, len(sizes), n_lines)
    found = spans(bands)
    edges = [edge for band in sorted(found) for edge in found[band]]
    assert edges[0] > 0
    assert edges[-1] < bands.height
    assert (np.diff(edges) > 0).all()
    assert bands.height <= len(codes) * 2.8
    assert sorted(found) == np.flatnonzero(sizes).tolist()
    np.testing.assert_array_equal(np.isnan(bands.means), np.array(sizes) == 0)


@pytest.mark.parametrize("sizes", [[1000, 1, 1, 1, 5], [1, 500, 1] + [2] * 17], ids=["5", "20"])
def test_small_bands_have_room_for_their_names(sizes):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    n_lines = 2 * len(sizes) + 1
    bands = stack_bands(np.zeros(len(codes)), codes, len(sizes), n_lines)
    assert (np.diff(bands.middles) >= bands.height / n_lines).all()


def test_few_vertices_for_many_samples():
    rng = np.random.default_rng(0)
    sizes = [200_000, 50_000, 10, 1]
    codes = rng.permutation(np.repeat(np.arange(4), sizes))
    scores = rng.uniform(-0.3, 1, len(codes))
    bands = stack_bands(scores, codes, 4, 40)
    assert sum(len(polygon) for _, polygon in [*bands.good, *bands.bad]) < 5 * module._MOST_STEPS
    for band in range(2):
        drawn = sum(area(polygon) for own, polygon in [*bands.good, *bands.bad] if own == band)
        np.testing.assert_allclose(drawn, np.abs(scores[codes == band]).sum(), rtol=0.01)


@pytest.mark.parametrize(
    ("middles", "sizes", "least", "named"),
    [
        ([0, 1, 2], [1, 1, 1], 1, [0, 1, 2]),
        ([0, 1, 2], [1, 1, 1], 1.5, [0, 2]),
        ([0, 1, 2], [1, 2, 1], 1.5, [1]),
        ([], [], 1, []),
    ],
    ids=["all", "every-second", "the-largest", "none"],
)
def test_names_with_room(middles, sizes, least, named):
    assert names_with_room(np.array(middles), np.array(sizes), least).tolist() == named
