"""Threads, forks, interrupts: the same bits, and no deadlock."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from helpers import HEARD, run_python

import scratchml
from scratchml.neighbors import KDTree

pytestmark = pytest.mark.jit

RNG = np.random.default_rng(0)
LARGE = {
    "few_features": RNG.normal(size=(60_000, 3)),
    "more_features": RNG.normal(size=(8_000, 9)),
    "single_precision": RNG.normal(size=(30_000, 4)).astype(np.float32),
    "ties": RNG.integers(0, 25, size=(40_000, 3)).astype(float),
}


def bits(X, leaf_size=40):
    """The tree and its answers to all kinds of queries, as bytes."""
    tree = KDTree(X, leaf_size)
    Q = X[::3]
    indices, distances = tree.query_radius(Q[:2000], 0.3, return_distance=True)
    results = [
        *tree.get_arrays()[1:],
        *tree.query(Q, 5),
        tree.query_radius(Q, 0.2, count_only=True),
        *indices,
        *distances,
        np.array([tree.get_n_calls()]),
    ]
    return b"".join(result.tobytes() for result in results)


@pytest.mark.parametrize("name", list(LARGE))
def test_any_number_of_threads_gives_the_same_bits(name):
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            results.append(bits(LARGE[name]))
    assert all(result == results[0] for result in results)


def test_queries_from_eight_threads_at_once():
    X = LARGE["few_features"]
    tree = KDTree(X)
    with scratchml.threads(1):
        expected = [tree.query(X[i::40], 4) for i in range(8)]
    together = threading.Barrier(8)
    results = [None] * 8

    def query(i):
        together.wait(20)
        results[i] = tree.query(X[i::40], 4)

    queries = [threading.Thread(target=query, args=[i]) for i in range(8)]
    for thread in queries:
        thread.start()
    for thread in queries:
        thread.join()
    for found, known in zip(results, expected, strict=True):
        np.testing.assert_array_equal(found[0], known[0])
        np.testing.assert_array_equal(found[1], known[1])


def test_distances_are_counted_from_eight_threads_at_once():
    X = LARGE["few_features"][:20_000]
    tree = KDTree(X)
    tree.query(X, 3)
    once = tree.get_n_calls()
    tree.reset_n_calls()
    queries = [threading.Thread(target=tree.query, args=[X, 3]) for _ in range(8)]
    for thread in queries:
        thread.start()
    for thread in queries:
        thread.join()
    assert tree.get_n_calls() == 8 * once


WORK = """
import hashlib, os
import numpy as np
from scratchml import threads
from scratchml.neighbors import KDTree

X = np.random.default_rng(0).normal(size=(40_000, 3))

def digest(n_threads=4):
    with threads(n_threads):
        tree = KDTree(X)
        distances, indices = tree.query(X, 4)
        return hashlib.sha256(distances.tobytes() + indices.tobytes()).hexdigest()
"""


@pytest.mark.parametrize("before", ["", "first = digest()"], ids=["first_use", "after_use"])
def test_a_forked_child(before):
    code = f"""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: it is meant
{WORK}
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


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_of_processes(method):
    code = f"""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import functools, multiprocessing
{WORK}
if __name__ == "__main__":
    tree = KDTree(X)
    expected = tree.query(X[:100], 4, return_distance=False)
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        parts = pool.map(functools.partial(tree.query, k=4), [X[:50], X[50:100]])
        pool.close()
        pool.join()
    print(np.array_equal(np.concatenate([indices for _, indices in parts]), expected))
"""
    assert run_python(code) == "True\n"


@pytest.mark.clock
def test_interrupts_are_heard_within_half_a_second():
    code = (
        HEARD
        + """
import numpy as np
import scratchml
from scratchml.neighbors import KDTree

X = np.random.default_rng(0).normal(size=(300_000, 6))
scratchml.set_num_threads(2)
few = KDTree(X[:100])  # compiles
before = few.query(X[:5], 3)
few.query_radius(X[:5], 1.0, return_distance=True)
tree = KDTree(X)
assert heard(lambda: tree.query(X, 10)), "query"
# Queries from the middle of a sphere, of which all points are equally far, after easy ones.
sphere = X / np.linalg.norm(X, axis=1, keepdims=True)
hard = np.concatenate([sphere[:20_000] + 1e-3, 1e-9 * X[:20_000]])
round_tree, power_tree = KDTree(sphere), KDTree(X, p=3)
assert heard(lambda: round_tree.query(hard, 5)), "sphere"
assert heard(lambda: power_tree.query(X, 5)), "powers"
assert heard(lambda: tree.query(X[:9] + 0.1, 200_000)), "long lists"
assert heard(
    lambda: tree.query_radius(X[:300], 4.0, return_distance=True, sort_results=True)
), "sorted"
assert heard(lambda: tree.query_radius(X, 0.5, count_only=True)), "counts"
assert heard(lambda: tree.query_radius(X[:20_000], 0.5)), "radius"
assert all(map(np.array_equal, few.query(X[:5], 3), before))
"""
    )
    run_python(code)
