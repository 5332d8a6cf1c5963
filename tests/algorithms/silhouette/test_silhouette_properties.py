"""Properties on small data that hypothesis makes up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from silhouette_cases import METRICS, by_matrix

from scratchml.algorithms.silhouette import reference
from scratchml.metrics import medoid_silhouette, silhouette_samples, simplified_silhouette


@st.composite
def problems(draw):
    """Data of small integers, which have ties and duplicates, and labels of 2 to n - 1 clusters."""
    n, d = draw(st.integers(3, 12)), draw(st.integers(1, 5))
    cells = st.lists(st.integers(-3, 3), min_size=n * d, max_size=n * d)
    X = np.array(draw(cells), float).reshape(n, d)
    labels = np.array(draw(st.lists(st.integers(-2, 4), min_size=n, max_size=n)))
    assume(1 < len(np.unique(labels)) < n)
    return X, labels


few = settings(max_examples=40, deadline=None)


@pytest.mark.parametrize("metric", METRICS)
@few
@given(problem=problems())
def test_equal_to_the_reference(metric, problem):
    X, labels = problem
    found = silhouette_samples(X, labels, metric=metric)
    expected = reference.silhouette_samples(X, labels, metric)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert np.abs(found).max() <= 1


@few
@given(problem=problems(), offset=st.sampled_from([-1e7, 1.0, 1e5]), exponent=st.integers(-30, 30))
def test_place_and_scale_do_not_matter(problem, offset, exponent):
    # Small integers, moved and scaled by powers of two, lose no digit.
    X, labels = problem
    s = silhouette_samples(X, labels)
    moved = silhouette_samples((X + offset) * 2.0**exponent, labels)
    np.testing.assert_allclose(moved, s, rtol=1e-10, atol=1e-10)


@few
@given(problem=problems(), data=st.data())
def test_order_does_not_matter(problem, data):
    X, labels = problem
    order = np.array(data.draw(st.permutations(range(len(X)))))
    shuffled = silhouette_samples(X[order], labels[order])
    np.testing.assert_allclose(shuffled, silhouette_samples(X, labels)[order], atol=1e-10)


@few
@given(problem=problems())
def test_every_sample_twice(problem):
    # Own distances have one more 0 among them; those to other clusters stay.
    X, labels = problem
    doubled = silhouette_samples(np.repeat(X, 2, axis=0), np.repeat(labels, 2))
    expected = by_matrix(np.repeat(X, 2, axis=0), np.repeat(labels, 2))
    np.testing.assert_allclose(doubled, expected, atol=1e-10)
    np.testing.assert_array_equal(doubled[::2], doubled[1::2])


@few
@given(problem=problems())
def test_by_centers_and_by_medoids(problem):
    X, labels = problem
    _, s = simplified_silhouette(X, labels, return_samples=True)
    np.testing.assert_allclose(s, reference.simplified_silhouette(X, labels), atol=1e-9)
    medoids = reference.medoids_of(X, labels)
    _, s = medoid_silhouette(X, labels, medoids=medoids, return_samples=True)
    np.testing.assert_allclose(s, reference.medoid_silhouette(X, labels, medoids), atol=1e-9)
