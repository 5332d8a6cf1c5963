"""Warm-up: after it, no fit compiles anything."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec

import pytest
from helpers import run_python

import scratchml
from scratchml.core import jit, warmup

# Fits in all their forms. Shapes are on both sides of every threshold that chooses a kernel.
FITS = """
import warnings
import numpy as np
from scipy.sparse import csr_matrix
from scratchml import cluster, metrics
from scratchml.cluster import DBSCAN, DBSCANPath, KMeans, k_means, kmeans_plusplus, suggest_eps
from scratchml.mixture import GaussianMixture

rng = np.random.default_rng(0)
public = [getattr(cluster, name) for name in cluster.__all__]
classes = [value for value in public if isinstance(value, type) and value is not KMeans]
others = [value for value in classes if "n_clusters" in value._parameter_constraints]
algorithms = sorted(KMeans._parameter_constraints["algorithm"][0].options)
# On a line there are two directions, fewer than SphericalKMeans is asked for.
warnings.filterwarnings("ignore", "Number of distinct clusters")
warnings.filterwarnings("ignore", "All .* samples are noise|Nearly all samples|cannot use tree")

def use(X, k=3, estimator=KMeans, **params):
    for weight in (None, rng.uniform(0.5, 2, X.shape[0])):
        model = estimator(k, random_state=0, n_init=1, max_iter=3, **params)
        model.fit(X, sample_weight=weight)
        model.predict(X), model.transform(X), model.score(X, sample_weight=weight)
        if hasattr(model, "partial_fit"):
            model.partial_fit(X, sample_weight=weight)
        kmeans_plusplus(X, k, sample_weight=weight, random_state=0)

def use_density(X):
    weights = rng.uniform(0.5, 2, X.shape[0])
    for algorithm in ("auto", "brute", "kd_tree")[: 2 if isinstance(X, csr_matrix) else 3]:
        for weight in (None, weights):
            DBSCAN(0.9, min_samples=3, algorithm=algorithm).fit(X, sample_weight=weight).predict(X)

def use_metrics(X):
    few, many = rng.integers(0, 5, len(X)), rng.integers(0, 300, len(X)).astype(np.int8)
    for labels in (few, many, few.astype(str)):
        for metric in ("euclidean", "manhattan", "sqeuclidean", "cosine", "canberra"):
            metrics.silhouette_samples(X, labels, metric=metric)
            metrics.silhouette_interval(X, labels, sample_size=9, metric=metric)
            metrics.medoid_silhouette(X, labels, metric=metric)
        metrics.silhouette_samples(csr_matrix(X), labels, metric="manhattan")
        metrics.silhouette_samples(abs(X[:, :1] - X[:, 0]), labels, metric="precomputed")
        metrics.simplified_silhouette(X, labels)
        metrics.calinski_harabasz_score(X, labels), metrics.davies_bouldin_score(X, labels)
        metrics.adjusted_mutual_info_score(few, labels), metrics.adjusted_rand_score(labels, few)
    metrics.adjusted_rand_score(10**9 * few, many), metrics.entropy(few)
    metrics.rand_score(np.arange(70_000), np.arange(70_000))

def use_mixtures(X):
    for covariance_type in ("full", "tied", "diag", "spherical"):
        for weight in (None, rng.uniform(0.5, 2, len(X))):
            mixture = GaussianMixture(3, covariance_type=covariance_type, tol=0.1, random_state=0)
            mixture.set_params(init_params="random", on_collapse="prior")
            mixture.fit(X, sample_weight=weight).explain(X)
            mixture.predict(X), mixture.predict_proba(X), mixture.score(X, sample_weight=weight)

def use_all(dtype):
    for n_features in (1, 2, 3, 5, 17):
        use_mixtures(rng.normal(size=(300, n_features)).astype(dtype))
    use_metrics(rng.normal(size=(400, 5)).astype(dtype))
    closed = rng.normal(size=(400, 1)).astype(dtype)
    closed.flags.writeable = False
    use_metrics(closed)
    for n_features in (1, 2, 3, 4, 9):
        X = rng.normal(size=(700, n_features)).astype(dtype)
        use_density(X), use_density(csr_matrix(X))
        DBSCANPath(3).fit(X).labels(0.9), DBSCANPath(3).fit(X).ranges(5)
        suggest_eps(X)
    angles = rng.uniform(-1, 1, size=(700, 2)).astype(dtype)
    DBSCAN(0.05, metric="haversine").fit(angles).predict(angles)
    distances = abs(X[:, :1] - X[:, 0])
    for given in (distances, csr_matrix(distances)):
        DBSCAN(0.2, metric="precomputed").fit(given).predict(given)
    for n_features in (1, 2, 4, 5, 128, 129):
        X = rng.normal(size=(500, n_features)).astype(dtype)
        empty = X[:3].copy()
        empty[2] = 1e4  # a cluster without rows: it is relocated
        closed = X.copy()
        closed.flags.writeable = False
        for data in (X, csr_matrix(X)):
            for algorithm in algorithms:
                use(data, algorithm=algorithm)
            use(data, init=empty)
            use(data, init="random", k=1)
            for estimator in others:
                use(data, estimator=estimator)
                use(data, 40, estimator, init="random")
        for estimator in (KMeans, *others):
            use(closed, 40, estimator)
        use(np.asfortranarray(X))
        k_means(X[::2], 2, random_state=0)
    use(rng.normal(size=(100_000, 16)).astype(dtype), k=8)  # bounds pay

for dtype in (np.float32, np.float64):
    use_all(dtype)
use(rng.integers(0, 9, size=(50, 3)))
"""

IMPORT_ALL_KERNELS = """
import importlib, json
from pathlib import Path
import scratchml
from scratchml.core import jit

root = Path(scratchml.__file__).resolve().parent.parent
for path in jit.kernel_sources():
    importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
"""


@pytest.mark.jit
@pytest.mark.timeout(600)  # on an empty cache everything is compiled
def test_fits_after_a_warm_up_bring_no_new_specialisation():
    code = f"""
import json
import scratchml
from scratchml.core import jit

def specialisations():
    return {{name: set(map(str, kernel.signatures)) for name, kernel in jit.kernels().items()}}

scratchml.warmup()
before = specialisations()
{FITS}
after = specialisations()
print(json.dumps([len(after), {{n: sorted(after[n] - before.get(n, set())) for n in after
    if after[n] != before.get(n)}}]))
"""
    n_kernels, new = json.loads(run_python(code, timeout=580))
    assert n_kernels > 30
    assert new == {}


@pytest.mark.jit
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_warm_up_of_an_empty_cache_is_all_that_fits_need(tmp_path):
    env = {"SCRATCHML_CACHE_DIR": str(tmp_path), "NUMBA_BOUNDSCHECK": None}
    code = f"""
{IMPORT_ALL_KERNELS}
n_compiled, n_found, _, _ = scratchml.warmup()
left_out = [name for name, kernel in jit.kernels().items() if not kernel.signatures]
print(json.dumps([n_compiled, n_found, left_out]))
"""
    n_compiled, n_found, left_out = json.loads(run_python(code, env=env, timeout=580))
    files = sorted(tmp_path.iterdir())
    assert (n_compiled, n_found) == (len(files), 0)
    assert left_out == []

    code = f"""
{FITS}
import json
from scratchml.core import jit
stats = {{name: kernel.stats for name, kernel in jit.kernels().items()}}
print(json.dumps([sum(sum(s.cache_hits.values()) for s in stats.values()),
    [name for name, s in stats.items() if s.cache_misses]]))
"""
    n_found, compiled = json.loads(run_python(code, env=env, timeout=280))
    assert n_found > 30
    assert compiled == []
    assert sorted(tmp_path.iterdir()) == files


def test_every_room_with_kernels_has_workloads():
    rooms = {
        path.parts[path.parts.index("algorithms") + 1]
        for path in jit.kernel_sources()
        if "algorithms" in path.parts
    }
    assert "kmeans" in rooms
    missing = {room for room in rooms if find_spec(f"scratchml.algorithms.{room}.warmup") is None}
    assert missing == set()
    assert rooms == {room for room, workloads in warmup._rooms() if workloads}


@pytest.fixture
def ran(monkeypatch):
    """A room of two workloads; what they were called with."""
    calls = []
    workloads = {
        "one": lambda dtype: calls.append(("one", dtype.__name__)),
        "two": lambda dtype: calls.append(("two", dtype.__name__)),
    }
    monkeypatch.setattr(warmup, "_rooms", lambda: [("toy", workloads)])
    monkeypatch.setattr(jit, "compilation_is_on", lambda: True)
    return calls


def test_each_workload_runs_once_for_each_dtype(ran):
    steps = []
    report = scratchml.warmup(lambda *step: steps.append(step))
    assert ran == [
        ("one", "float32"),
        ("one", "float64"),
        ("two", "float32"),
        ("two", "float64"),
    ]
    assert steps == [
        ("toy: one, float32", 0, 4),
        ("toy: one, float64", 1, 4),
        ("toy: two, float32", 2, 4),
        ("toy: two, float64", 3, 4),
    ]
    assert report[:2] == (0, 0)
    assert report.seconds > 0
    assert report.directory == jit.cache_directory()


def test_what_the_listener_raises_ends_the_warm_up(ran):
    def stop(name, n_done, n_steps):
        if n_done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scratchml.warmup(stop)
    assert ran == [("one", "float32"), ("one", "float64")]


def test_nothing_runs_where_nothing_is_compiled(ran, monkeypatch):
    monkeypatch.setattr(jit, "compilation_is_on", lambda: False)
    assert scratchml.warmup()[:2] == (0, 0)
    assert ran == []


def test_clean_cache_removes_kernels_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", str(tmp_path))
    (tmp_path / "scratchml.a.f-1.kernel").write_bytes(b"123")
    (tmp_path / "scratchml.a.f-1.22.part").write_bytes(b"45")
    (tmp_path / "notes.txt").write_text("kept")
    assert warmup.clean_cache() == (2, 5)
    assert os.listdir(tmp_path) == ["notes.txt"]
    assert warmup.clean_cache() == (0, 0)
