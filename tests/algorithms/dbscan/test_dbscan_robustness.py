"""DBSCAN under hard conditions: forks, fits at once, interrupts."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from helpers import HEARD, run_python

import scratchml
from scratchml.cluster import DBSCAN

pytestmark = pytest.mark.jit

ENGINES = {
    "grid": ((30_000, 2), 0.03, "grid"),
    "kd_tree": ((10_000, 5), 0.6, "kd_tree"),
    "brute": ((2_000, 16), 3.5, "brute"),
}


@pytest.mark.parametrize("name", list(ENGINES))
def test_fits_from_eight_threads_at_once(name):
    shape, eps, algorithm = ENGINES[name]
    sets = [np.random.default_rng(seed).normal(size=shape) for seed in range(8)]
    clusters = [DBSCAN(eps=eps, algorithm=algorithm) for _ in range(8)]
    with scratchml.threads(1):
        expected = [c.fit(X).labels_ for c, X in zip(clusters, sets, strict=True)]
    together = threading.Barrier(8)
    results = [None] * 8

    def fit(i):
        together.wait(20)
        results[i] = clusters[i].fit(sets[i]).labels_

    fits = [threading.Thread(target=fit, args=[i]) for i in range(8)]
    for thread in fits:
        thread.start()
    for thread in fits:
        thread.join()
    np.testing.assert_array_equal(results, expected)


@pytest.mark.parametrize("before", ["", "first = digest()"], ids=["first_use", "after_use"])
def test_a_forked_child(before):
    code = f"""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: it is meant
import hashlib, os
import numpy as np
from scratchml import threads
from scratchml.cluster import DBSCAN

def digest(n_threads=4):
    result = hashlib.sha256()
    with threads(n_threads):
        for n_features, eps in ((2, 0.03), (5, 0.6)):
            X = np.random.default_rng(0).normal(size=(10_000, n_features))
            clusters = DBSCAN(eps=eps).fit(X)
            result.update(clusters.labels_.tobytes() + clusters.predict(X).tobytes())
    return result.hexdigest()

{before}
child = os.fork()
if child == 0:
    try:
        print(digest(), flush=True)
        os._exit(0)
    finally:
        os._exit(1)
assert os.waitpid(child, 0)[1] == 0
print(digest(1))
"""
    in_child, in_parent = run_python(code).split()
    assert in_child == in_parent


@pytest.mark.clock
def test_interrupts_are_heard_within_half_a_second():
    code = (
        HEARD
        + """
import warnings
import numpy as np
import scratchml
from scratchml.cluster import DBSCAN

warnings.simplefilter("ignore", UserWarning)  # of few points, eps is too small

rng = np.random.default_rng(0)
scratchml.set_num_threads(2)
for shape, eps, min_samples, algorithm in (
    ((400_000, 2), 0.02, 10, "grid"),
    ((400_000, 3), 0.1, 10, "grid"),
    ((400_000, 3), 0.1, 10, "kd_tree"),
    ((100_000, 6), 1.0, 10_000, "kd_tree"),  # long counts
    ((100_000, 16), 4.0, 10, "brute"),
):
    X = rng.normal(size=shape)
    clusters = DBSCAN(eps=eps, min_samples=min_samples, algorithm=algorithm).fit(X[:500])
    assert heard(lambda: clusters.fit(X)), (shape, algorithm)
    # Of some whole fit, this one or the one before.
    assert len(clusters.labels_) in (500, len(X))
    assert (clusters.predict(X[:100]) == clusters.labels_[:100]).all()
many = DBSCAN(eps=0.05).fit(rng.normal(size=(100_000, 2)))
queries = rng.normal(size=(1_000_000, 2))
assert heard(lambda: many.predict(queries)), "predict"
assert heard(lambda: many.predict_nearest(queries)), "predict_nearest"
"""
    )
    run_python(code)
