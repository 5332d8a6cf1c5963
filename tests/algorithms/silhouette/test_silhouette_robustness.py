"""Silhouettes under hard conditions: interrupts, forks, calls at once, memory."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from helpers import HEARD, run_python

import scratchml
from scratchml.metrics import silhouette_samples

pytestmark = pytest.mark.jit


@pytest.mark.clock
def test_interrupts_are_heard_within_half_a_second():
    code = (
        HEARD
        + """
import numpy as np
import scratchml
from scratchml.metrics import medoid_silhouette, silhouette_interval, silhouette_samples

rng = np.random.default_rng(0)
scratchml.set_num_threads(2)
for n, d, k, metric in (
    (200_000, 2, 5, "euclidean"),
    (200_000, 2, 50_000, "euclidean"),
    (50_000, 100, 5, "manhattan"),
    (500_000, 16, 500, "sqeuclidean"),
    (20_000, 4, 5, "chebyshev"),
):
    X, labels = rng.normal(size=(n, d)), rng.integers(0, k, n)
    silhouette_samples(X[:300], labels[:300] % 3, metric=metric)
    assert heard(lambda: silhouette_samples(X, labels, metric=metric)), (n, d, k, metric)
X, labels = rng.normal(size=(1_000_000, 4)), rng.integers(0, 20, 1_000_000)
for function in (silhouette_interval, medoid_silhouette):
    function(X[:300], labels[:300] % 3)
    assert heard(lambda: function(X, labels)), function
"""
    )
    run_python(code)


def test_calls_from_eight_threads_at_once():
    rng = np.random.default_rng(0)
    sets = [(rng.normal(size=(2000, 3)), rng.integers(0, 4, 2000)) for _ in range(8)]
    with scratchml.threads(1):
        expected = [silhouette_samples(*one) for one in sets]
    together = threading.Barrier(8)
    results = [None] * 8

    def call(i):
        together.wait(20)
        results[i] = silhouette_samples(*sets[i])

    calls = [threading.Thread(target=call, args=[i]) for i in range(8)]
    for thread in calls:
        thread.start()
    for thread in calls:
        thread.join()
    np.testing.assert_array_equal(results, expected)


def test_a_forked_child():
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: it is meant
import hashlib, os
import numpy as np
from scratchml import threads
from scratchml.metrics import silhouette_samples

def digest(n_threads=4):
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(5000, 3)), rng.integers(0, 4, 5000)
    with threads(n_threads):
        return hashlib.sha256(silhouette_samples(X, labels).tobytes()).hexdigest()

first = digest()
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_far_below_that_of_all_distances():
    code = """
import re
import numpy as np
from scratchml import threads
from scratchml.metrics import silhouette_samples

def peak():
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", file.read())[1])

rng = np.random.default_rng(0)
X, labels = rng.normal(size=(20_000, 4)), rng.integers(0, 5, 20_000)
with threads(2):
    silhouette_samples(X[:1000], labels[:1000])
    before = peak()
    silhouette_samples(X, labels)
print(1024 * (peak() - before))
"""
    # All distances of 20,000 samples are 3.2 GB.
    assert int(run_python(code)) < 40 * 2**20
