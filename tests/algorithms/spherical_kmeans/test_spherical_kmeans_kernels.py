"""Kernels against the reference, exactly: labels are those of the plain cosines."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from spherical_cases import TRICKY, clusters_for, each_dtype, each_tricky, in_dtype

from scratchml.algorithms.kmeans import (
    as_rows,
    assign_all,
    greedy_kmeans_plusplus,
    inertia,
    update_centers,
)
from scratchml.algorithms.spherical_kmeans import reference
from scratchml.algorithms.spherical_kmeans.iteration import SphericalLloyd, unit_vectors
from scratchml.algorithms.spherical_kmeans.rows import as_directions

# Uncompiled kernels warn where squares overflow, which is then seen to.
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")

FORMATS = {"dense": np.asarray, "csr": scipy.sparse.csr_array}
each_format = pytest.mark.parametrize("layout", list(FORMATS))


def directions(X, layout="dense", w=None):
    return as_directions(as_rows(FORMATS[layout](X), w))


def some_centers(X, k):
    """Samples as unit centres: cosines of one and, in the data with ties, equal ones."""
    U = reference.unit_rows(X)
    U = U[U.any(axis=1)]
    return U[np.random.default_rng(0).choice(len(U), k, replace=False)].astype(X.dtype)


def plain_labels(X, centers):
    return reference.cosines(reference.unit_rows(X), centers).argmax(axis=1)


@each_tricky
@each_dtype
@each_format
def test_labels_are_the_reference_s(name, dtype, layout):
    X = in_dtype(name, dtype)
    centers = some_centers(X, clusters_for(X))
    labels = assign_all(directions(X, layout), centers)
    np.testing.assert_array_equal(labels, plain_labels(X, centers))


@each_dtype
@pytest.mark.parametrize("n_features", [1, 2, 3, 5, 8, 12, 130])
@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4, 5, 21, 40])
def test_labels_for_every_padding(n_features, n_clusters, dtype):
    # Values on a coarse grid: exact ties between centres, in every kind of arithmetic.
    rng = np.random.default_rng(n_features)
    X = rng.integers(-1, 2, (520, n_features)).astype(dtype)
    centers = unit_vectors(rng.integers(1, 3, (n_clusters, n_features))).astype(dtype)
    np.testing.assert_array_equal(assign_all(directions(X), centers), plain_labels(X, centers))


@pytest.mark.parametrize("n_features", [6, 40, 200])
def test_near_ties_are_settled_by_plain_cosines(n_features):
    # float32 dot products cannot tell these centres apart; float64 sums can.
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, size=(600, n_features)).astype(np.float32)
    centers = unit_vectors(1 + rng.normal(size=(8, n_features)) * 1e-6).astype(np.float32)
    np.testing.assert_array_equal(assign_all(directions(X), centers), plain_labels(X, centers))


@pytest.mark.parametrize("n_features", [6, 200])
def test_float32_products_that_overflow_or_vanish(n_features):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, n_features)).astype(np.float32)
    centers = some_centers(X, 6)
    for factor in (2.0**125, 2.0**-140):
        scaled = X * np.float32(factor)
        np.testing.assert_array_equal(
            assign_all(directions(scaled), centers), plain_labels(scaled, centers)
        )


@each_tricky
@each_format
def test_lengths_are_the_reference_s(name, layout):
    X = TRICKY[name]
    rows = directions(X, layout)
    U = reference.unit_rows(X)
    assert rows.points(np.arange(len(X))).tobytes() == U.tobytes()
    assert rows.n_without == (~U.any(axis=1)).sum()


@each_tricky
@each_dtype
@each_format
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
def test_iterations_equal_the_reference(name, dtype, layout, weighted):
    X = in_dtype(name, dtype)
    w = np.random.default_rng(1).uniform(0, 3, len(X)).astype(dtype) if weighted else None
    centers = some_centers(X, clusters_for(X))
    rows = directions(X, layout, w)
    step = SphericalLloyd(rows, len(centers))
    labels = np.full(len(X), -1, np.int32)
    for expected in reference.spherical_kmeans(X, centers, w, max_iter=5):
        statistics = step(centers, labels)
        before, centers = centers, update_centers(rows, statistics, centers, labels)
        np.testing.assert_array_equal(labels, expected.labels)
        assert statistics.n_changed == expected.n_changed
        tolerance = 1e-13 if dtype == np.float64 else 1e-6
        if name != "opposite":  # where directions cancel, what rounding leaves has any direction
            np.testing.assert_allclose(centers, expected.C, atol=tolerance)
        np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1, rtol=tolerance)
        assert inertia(rows, before, labels) == pytest.approx(expected.J, rel=1e-12, abs=1e-12)
        centers = expected.C  # so that rounding does not add up


@each_format
@pytest.mark.parametrize("weighted", [False, True], ids=["unit", "weighted"])
@pytest.mark.parametrize("name", ["directions", "several_tiles", "wide", "zero_rows", "text_like"])
def test_seeding_equals_the_reference(name, layout, weighted, seed):
    X = TRICKY[name]
    w = np.random.default_rng(1).uniform(0, 3, len(X)) if weighted else None
    expected = list(reference.kmeans_plusplus(X, 6, np.random.RandomState(seed), w))
    rows = directions(X, layout, w)
    centers, indices = greedy_kmeans_plusplus(rows, 6, None, np.random.RandomState(seed))
    assert indices.tolist() == [step.sample for step in expected]
    np.testing.assert_array_equal(centers, reference.unit_rows(X)[indices])


@each_dtype
@each_format
def test_distances_to_centers(dtype, layout):
    X = in_dtype("zero_rows", dtype)
    centers = some_centers(X, 5)
    out = np.empty((len(X), 5), dtype)
    directions(X, layout).distances_to_centers(slice(0, len(X)), centers, out)
    expected = reference.cosine_distances(reference.unit_rows(X), centers)
    np.testing.assert_allclose(out, expected, atol=1e-7 if dtype == np.float32 else 1e-15)
    assert (out[[0, 7, 59]] == 1).all()


def test_unit_vectors_of_any_length():
    V = np.array([[3.0, 4.0], [3e300, 4e300], [3e-300, 4e-300], [0.0, -5e-324]])
    np.testing.assert_allclose(unit_vectors(V), [[0.6, 0.8]] * 3 + [[0, -1]], rtol=1e-15)
