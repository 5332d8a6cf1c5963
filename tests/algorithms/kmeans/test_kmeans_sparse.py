"""Labels of CSR rows, found in float32, are those of float64."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from cases import each_dtype

from scratchml.algorithms.kmeans import reference
from scratchml.algorithms.kmeans.passes import assign_all
from scratchml.algorithms.kmeans.rows import SparseRows


def sparse_rows(n_samples: int, n_features: int, density: float, dtype: type = np.float64):
    """Random CSR rows, and some that are empty."""
    X = scipy.sparse.random_array((n_samples, n_features), density=density, format="lil", rng=0)
    X[::17] = 0
    return scipy.sparse.csr_array(X.astype(dtype))


def nearest(X, centers) -> np.ndarray:
    """Labels by plain sums in float64."""
    return reference.sq_distances(X.toarray().astype(float), centers.astype(float)).argmin(axis=1)


@each_dtype
@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-9, 1e-12, 0])
def test_centers_that_float32_cannot_tell_apart(apart, dtype):
    X = sparse_rows(300, 70, 0.1, dtype)
    base = X[:1].toarray() + np.random.default_rng(1).uniform(size=(1, 70))
    centers = base + apart * np.random.default_rng(2).normal(size=(7, 70))
    centers = centers.astype(dtype)
    np.testing.assert_array_equal(assign_all(SparseRows(X, None), centers), nearest(X, centers))


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("far", [1e18, 1e20, 1e30])
def test_one_centre_that_float32_cannot_hold(far):
    # The scores of the near centre are numbers, those of the far one are none.
    X = scipy.sparse.csr_array([[0.0, far], [10 * far, far], [0.0, 2 * far], [10 * far, 2 * far]])
    for centers in (X[:2].toarray(), np.array([[0.0, 0.0], [10 * far, 0.0]])):
        labels = assign_all(SparseRows(X, None), centers)
        np.testing.assert_array_equal(labels, nearest(X, centers))


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e-20, 1e15, 1e25, 1e150])
def test_numbers_that_float32_cannot_hold(scale):
    X = sparse_rows(200, 40, 0.2)
    X.data *= scale
    centers = X[1:9].toarray()
    np.testing.assert_array_equal(assign_all(SparseRows(X, None), centers), nearest(X, centers))


@pytest.mark.parametrize("n_stored", range(10))
@pytest.mark.parametrize("n_clusters", [1, 3, 8, 17])
def test_every_length_of_a_row(n_stored, n_clusters):
    rng = np.random.default_rng(n_stored)
    dense = np.zeros((50, 12))
    for row in dense:
        row[rng.choice(12, n_stored, replace=False)] = rng.normal(size=n_stored)
    X = scipy.sparse.csr_array(dense)
    centers = rng.normal(size=(n_clusters, 12))
    np.testing.assert_array_equal(assign_all(SparseRows(X, None), centers), nearest(X, centers))
