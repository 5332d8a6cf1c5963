"""What holds for any points: properties, on small data."""

from __future__ import annotations

import numpy as np
from dbscan_cases import of_any_eps, suits
from helpers import same_clustering
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from scratchml.algorithms.dbscan import reference
from scratchml.cluster import DBSCAN
from scratchml.core.jit import compilation_is_on

pytestmark = of_any_eps

EXAMPLES = 80 if compilation_is_on() else 20
few = settings(max_examples=EXAMPLES, deadline=None, derandomize=True)

# Few values, so that points coincide and lie at eps of one another.
coordinates = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-2, 2, width=32),
    st.sampled_from([0.1, 0.2, 0.3, -0.0]),
)
point_sets = st.tuples(st.integers(1, 30), st.integers(1, 4)).flatmap(
    lambda shape: npst.arrays(np.float64, shape, elements=coordinates)
)
radii = st.sampled_from([0.1, 0.5, 1.0, float(np.sqrt(2)), 2.0])
algorithms = st.sampled_from(["auto", "kd_tree", "brute", "grid"])


def cluster(X, eps, min_samples, algorithm="auto"):
    if not suits(algorithm, X):
        algorithm = "auto"
    return DBSCAN(eps=eps, min_samples=min_samples, algorithm=algorithm).fit(X)


@few
@given(point_sets, radii, st.integers(1, 6), algorithms)
def test_equal_to_the_reference(X, eps, min_samples, algorithm):
    clusters = cluster(X, eps, min_samples, algorithm)
    core_indices, labels = reference.dbscan(X, eps, min_samples)
    np.testing.assert_array_equal(clusters.core_sample_indices_, core_indices)
    np.testing.assert_array_equal(clusters.labels_, labels)
    np.testing.assert_array_equal(clusters.predict(X), labels)


@few
@given(point_sets, radii, st.integers(1, 6), algorithms)
def test_clusters_are_what_the_paper_defines(X, eps, min_samples, algorithm):
    clusters = cluster(X, eps, min_samples, algorithm)
    labels, core = clusters.labels_, np.isin(np.arange(len(X)), clusters.core_sample_indices_)
    near = np.array([reference.sq_distances(X, q) <= eps * eps for q in X])
    np.testing.assert_array_equal(core, near.sum(axis=1) >= min_samples)
    # All neighbours of a core point are in a cluster; core points among them, in its own.
    assert (labels[near[core].any(axis=0)] >= 0).all()
    i, j = np.nonzero(near & core & core[:, np.newaxis])
    np.testing.assert_array_equal(labels[i], labels[j])
    # Nobody else is in a cluster, and each one has a core point.
    np.testing.assert_array_equal(labels >= 0, near[core].any(axis=0))
    assert set(labels[core].tolist()) == set(range(labels.max() + 1))
    first = [np.flatnonzero(core & (labels == k))[0] for k in range(labels.max() + 1)]
    assert first == sorted(first)


@few
@given(point_sets, radii, st.integers(1, 6), algorithms, st.randoms(use_true_random=False))
def test_another_order_of_the_points_changes_numbers_alone(X, eps, min_samples, algorithm, random):
    order = np.array(random.sample(range(len(X)), len(X)))
    plain, other = (cluster(data, eps, min_samples, algorithm) for data in (X, X[order]))
    core = plain.core_sample_indices_
    assert sorted(order[other.core_sample_indices_]) == core.tolist()
    back = np.empty_like(other.labels_)
    back[order] = other.labels_
    assert same_clustering(plain.labels_[core], back[core])
    # Border points may change sides, but noise is noise.
    np.testing.assert_array_equal(plain.labels_ == -1, back == -1)


@few
@given(point_sets, radii, st.integers(1, 6), algorithms)
def test_each_point_twice_is_each_with_twice_the_weight(X, eps, min_samples, algorithm):
    algorithm = algorithm if suits(algorithm, X, weighted=True) else "auto"
    parameters = {"eps": eps, "min_samples": min_samples, "algorithm": algorithm}
    weighted = DBSCAN(**parameters).fit(X, sample_weight=np.full(len(X), 2))
    repeated = DBSCAN(**parameters).fit(np.repeat(X, 2, axis=0))
    np.testing.assert_array_equal(np.repeat(weighted.labels_, 2), repeated.labels_)


@few
@given(point_sets, st.integers(1, 6), algorithms)
def test_a_larger_eps_keeps_core_points_together(X, min_samples, algorithm):
    small, large = (cluster(X, eps, min_samples, algorithm) for eps in (0.5, 1.0))
    core = small.core_sample_indices_
    assert set(core) <= set(large.core_sample_indices_)
    pairs = set(zip(small.labels_[core].tolist(), large.labels_[core].tolist(), strict=True))
    assert len(pairs) == len(set(small.labels_[core].tolist()))
    assert (large.labels_[small.labels_ >= 0] >= 0).all()
