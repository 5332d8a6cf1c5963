"""After the workloads of the room no query compiles anything."""

from __future__ import annotations

import json

import pytest
from helpers import run_python

CODE = """
import json
import numpy as np
from scipy.sparse import csr_array
from scratchml.algorithms.nearest_neighbors.warmup import WORKLOADS
from scratchml.algorithms.kd_tree.warmup import WORKLOADS as OF_TREE
from scratchml.core import jit
from scratchml.neighbors import KNeighborsClassifier, NearestNeighbors

def specialisations():
    return {name: sorted(map(str, kernel.signatures)) for name, kernel in jit.kernels().items()}

for workloads in (WORKLOADS, OF_TREE):
    for run in workloads.values():
        for dtype in (np.float32, np.float64):
            run(dtype)
before = specialisations()
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    for n_features in (1, 4, 5, 130):
        X = rng.normal(size=(300, n_features)).astype(dtype)
        closed = X.copy()
        closed.flags.writeable = False
        for points in (X, closed, csr_array(X), np.asfortranarray(X)):
            for metric in ("euclidean", "manhattan", "cosine"):
                neighbors = NearestNeighbors(metric=metric, algorithm="brute").fit(points)
                for queries in (points, closed[:5], X.astype(np.float64), None):
                    neighbors.kneighbors(queries)
                    neighbors.kneighbors(queries, 200)
                    neighbors.radius_neighbors(queries)
        for parameters in ({"metric": "nan_euclidean"}, {"metric": "canberra"}, {"p": 3}):
            for algorithm in ("auto", "brute"):
                neighbors = NearestNeighbors(algorithm=algorithm, **parameters).fit(closed)
                neighbors.kneighbors(), neighbors.radius_neighbors(X)
        KNeighborsClassifier().fit(closed, np.arange(300) % 3).predict(X)
after = specialisations()
print(json.dumps({name: after[name] for name in after if after[name] != before.get(name)}))
"""


@pytest.mark.jit
def test_queries_after_a_warm_up_bring_no_new_specialisation():
    assert json.loads(run_python(CODE, timeout=280)) == {}
