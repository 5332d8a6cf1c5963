"""K-means under hard conditions: threads, forks, interrupts, cold caches, odd data."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
import scipy.sparse
from helpers import HEARD, finish_python, run_python, start_python

import scratchml
from scratchml.algorithms.kmeans.iterations import Lloyd
from scratchml.algorithms.kmeans.rows import as_rows
from scratchml.cluster import KMeans
from scratchml.core.blocks import row_blocks
from scratchml.core.jit import kernels
from scratchml.datasets import make_blobs
from scratchml.exceptions import ConvergenceWarning

each_algorithm = pytest.mark.parametrize("algorithm", ["lloyd", "hamerly", "yinyang", "elkan"])


def fitted_bytes(kmeans):
    """Every fitted attribute, to the last bit."""
    return {name: np.asarray(v).tobytes() for name, v in vars(kmeans).items() if name[-1] == "_"}


def csr(n_samples):
    """Five values in each row, one in each fifth of the twenty columns."""
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 4, size=(n_samples, 5)) + 4 * np.arange(5)
    indptr = 5 * np.arange(n_samples + 1)
    return scipy.sparse.csr_array((rng.normal(size=5 * n_samples), columns.ravel(), indptr))


@pytest.fixture(scope="module")
def large():
    """Data of which every pass takes several blocks, by name: one for each way to find labels."""
    rng = np.random.default_rng(0)
    return {
        "direct": rng.normal(size=(800_000, 2)),
        "tiled": rng.normal(size=(100_000, 16)),
        "wide": rng.normal(size=(8_000, 200)),
        "csr": csr(160_000),
    }


N_CLUSTERS = 8
each_large = pytest.mark.parametrize("name", ["direct", "tiled", "wide", "csr"])

# --- threads --------------------------------------------------------------------------------------


@pytest.mark.jit
@each_large
@pytest.mark.parametrize(
    ("algorithm", "weighted"),
    [("lloyd", False), ("lloyd", True), ("hamerly", False), ("yinyang", False), ("elkan", True)],
    ids=["lloyd", "lloyd_weighted", "hamerly", "yinyang", "elkan_weighted"],
)
def test_any_number_of_threads_gives_the_same_bits(large, name, algorithm, weighted):
    X = large[name]
    rows = as_rows(X, None)
    for operations in (4, 12):  # of the inertia, of the seeding
        assert len(row_blocks(rows.n_samples, rows.operations_per_distance * operations)) > 1
    assert len(Lloyd(rows, N_CLUSTERS).blocks) > 3
    weight = np.random.default_rng(1).uniform(0, 2, X.shape[0]) if weighted else None
    kmeans = KMeans(N_CLUSTERS, random_state=0, max_iter=2, algorithm=algorithm)
    results = []
    for n_threads in (1, 2, 3, 8):
        with scratchml.threads(n_threads):
            results.append(fitted_bytes(kmeans.fit(X, sample_weight=weight)))
            new = X[: X.shape[0] // 2]
            results[-1]["distances"] = kmeans.transform(new).tobytes()
            results[-1]["score"] = kmeans.score(new)
    assert results[0].keys() >= {"cluster_centers_", "labels_", "inertia_", "n_iter_"}
    for result in results[1:]:
        assert result == results[0]


@pytest.mark.jit
@pytest.mark.parametrize("name", ["tiled", "wide", "csr"])
def test_fits_from_eight_threads_at_once(large, name):
    X = large[name][:20_000]
    with scratchml.threads(1):
        expected = [fitted_bytes(KMeans(5, random_state=s, max_iter=5).fit(X)) for s in range(8)]
    together = threading.Barrier(8)
    results = [None] * 8

    def fit(seed):
        together.wait(20)
        results[seed] = fitted_bytes(KMeans(5, random_state=seed, max_iter=5).fit(X))

    fits = [threading.Thread(target=fit, args=[seed]) for seed in range(8)]
    for thread in fits:
        thread.start()
    for thread in fits:
        thread.join()
    assert results == expected


# --- processes ------------------------------------------------------------------------------------

WORK = """
import hashlib, os
import numpy as np
from scratchml import threads
from scratchml.cluster import KMeans

def digest(n_threads=4):
    result = hashlib.sha256()
    for shape in ((50_000, 16), (4_000, 200)):
        X = np.random.default_rng(0).normal(size=shape)
        with threads(n_threads):
            kmeans = KMeans(8, random_state=0, max_iter=3).fit(X)
            result.update(kmeans.predict(X).tobytes() + kmeans.cluster_centers_.tobytes())
    return result.hexdigest()

def in_child(action):
    child = os.fork()
    if child == 0:
        try:
            action()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture(scope="module")
def expected_digest():
    namespace = {}
    exec(WORK, namespace)
    return namespace["digest"](1)


PROCESSES = {
    "fork": """
first = digest()
def check():
    assert digest() == first
in_child(check)
print([digest()])
""",
    "fork_before_any_fit": """
def check():
    print([digest()], flush=True)
in_child(check)
""",
    "fork_in_use": """
import threading
stop = threading.Event()
busy = threading.Thread(target=lambda: [digest() for _ in iter(stop.is_set, True)])
first = digest()
def check():
    assert digest() == first
busy.start()
for _ in range(3):
    in_child(check)
stop.set()
busy.join()
print([digest()])
""",
    "pool_fork": """
import multiprocessing
digest()
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(digest, [1, 2, 3]))
    pool.close()
    pool.join()
""",
    "pool_spawn": """
import multiprocessing
with multiprocessing.get_context("spawn").Pool(2) as pool:
    print(pool.map(digest, [1, 2, 3]))
    pool.close()
    pool.join()
""",
    "joblib_loky": """
from joblib import Parallel, delayed
print(Parallel(n_jobs=2)(delayed(digest)(n) for n in [1, 2, 3]))
""",
    "joblib_threading": """
from joblib import Parallel, delayed
print(Parallel(n_jobs=2, backend="threading")(delayed(digest)(n) for n in [1, 2, 3]))
""",
    "atexit": """
import atexit
atexit.register(lambda: print([digest()]))
""",
    "atexit_after_a_fit": """
import atexit
atexit.register(lambda: print([digest()]))
digest()
""",
}


@pytest.mark.jit
@pytest.mark.parametrize("where", list(PROCESSES))
def test_fit_in_other_processes(where, tmp_path, expected_digest):
    (tmp_path / "work.py").write_text(WORK)
    # Python 3.12 and later warn of any fork of a process with threads: that is tested here.
    code = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"
    code += "from work import *\n" + PROCESSES[where]
    printed = run_python(code, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    digests = {text.strip("[]', \n") for text in printed.split(",")}
    assert digests == {expected_digest}


# --- interrupts and errors ------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.clock
def test_interrupts_are_heard_within_half_a_second():
    code = (
        HEARD
        + """
import numpy as np, scipy.sparse
import scratchml
from scratchml.cluster import KMeans

rng = np.random.default_rng(0)
X = rng.normal(size=(200_000, 16))
wide = rng.normal(size=(20_000, 200))
csr = scipy.sparse.csr_array(X * (rng.random(X.shape) < 0.3))
scratchml.set_num_threads(2)
for name, data, k, algorithm in [
    ("tiled", X, 2000, "lloyd"),
    ("elkan", X, 200, "elkan"),
    ("wide", wide, 2000, "lloyd"),
    ("csr", csr, 1000, "lloyd"),
]:
    few = data[:200]
    kmeans = KMeans(4, random_state=0, algorithm=algorithm).fit(few)  # compiles
    kmeans.transform(few)
    before = dict(vars(kmeans))
    again = kmeans.predict(few)
    seeds = KMeans(k, init="random", n_init=1, max_iter=1, random_state=0).fit(data[: 2 * k])
    iterating = {"n_clusters": k, "init": seeds.cluster_centers_, "tol": 0}
    assert heard(lambda: kmeans.set_params(**iterating).fit(data)), name
    assert heard(lambda: kmeans.set_params(init="k-means++").fit(data)), name
    assert heard(lambda: seeds.predict(data)), name
    assert heard(lambda: seeds.transform(data[:2000])), name
    kmeans.set_params(**{name: before[name] for name in kmeans.get_params()})
    after = vars(kmeans)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    np.testing.assert_array_equal(kmeans.predict(few), again)
    np.testing.assert_array_equal(kmeans.fit(few).labels_, again)
"""
    )
    run_python(code)


@each_algorithm
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_callback_that_raises_leaves_the_estimator_as_it_was(algorithm, error):
    X = np.random.default_rng(0).normal(size=(300, 3))
    kmeans = KMeans(4, random_state=0, algorithm=algorithm).fit(X)
    before = pickle.dumps(kmeans)

    def fail(event):
        if event.iteration == 2:
            raise error("enough")

    with pytest.raises(error, match=r"^enough$"):
        kmeans.set_callbacks(fail).fit(X[::-1])
    assert pickle.dumps(kmeans.set_callbacks()) == before


# --- compilation ----------------------------------------------------------------------------------

# CSR rows and given centres: the fit that compiles the fewest kernels.
SMALL_FIT = """
import numpy as np, scipy.sparse
from scratchml.cluster import KMeans
X = np.random.RandomState(0).normal(size=(60, 2))
print(KMeans(3, init=X[:3]).fit(scipy.sparse.csr_array(X)).labels_.tolist())
"""


@pytest.fixture(scope="module")
def expected_labels():
    X = np.random.RandomState(0).normal(size=(60, 2))
    return f"{KMeans(3, init=X[:3]).fit(X).labels_.tolist()}\n"


@pytest.mark.jit
def test_eight_cold_processes_at_once(tmp_path, expected_labels):
    cold = {"SCRATCHML_CACHE_DIR": str(tmp_path / "cache")}
    processes = [start_python(SMALL_FIT, env=cold) for _ in range(8)]
    assert [finish_python(process, 120) for process in processes] == [expected_labels] * 8
    files = [path.name for path in (tmp_path / "cache").iterdir()]
    assert files
    assert all(name.endswith(".kernel") for name in files)
    before = sorted(files)
    assert run_python(SMALL_FIT, env=cold) == expected_labels
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == before


NO_HOME = """
import pwd

def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = getpwuid
"""


@pytest.mark.jit
@pytest.mark.parametrize("cache", ["off", None], ids=["off", "no_home"])
def test_fit_without_a_cache(tmp_path, cache, expected_labels):
    tmp_path.chmod(0o555)
    env = {"SCRATCHML_CACHE_DIR": cache, "HOME": None, "XDG_CACHE_HOME": None}
    assert run_python(NO_HOME + SMALL_FIT, env=env, cwd=tmp_path) == expected_labels
    assert list(tmp_path.iterdir()) == []


@pytest.mark.jit
def test_plain_python_gives_the_labels_of_compiled_code():
    code = """
import numpy as np, scipy.sparse
from scratchml.cluster import KMeans
rng = np.random.RandomState(0)
for X in (
    rng.normal(size=(60, 2)),
    rng.normal(size=(60, 7)),
    rng.normal(size=(40, 130)).astype(np.float32),
    scipy.sparse.csr_array(rng.normal(size=(60, 7)) * (rng.uniform(size=(60, 7)) < 0.5)),
):
    for algorithm in ("lloyd", "elkan"):
        kmeans = KMeans(4, random_state=0, algorithm=algorithm).fit(X)
        print(kmeans.labels_.tolist(), kmeans.n_iter_, kmeans.n_distances_)
"""
    plain, compiled = (start_python(code, env={"NUMBA_DISABLE_JIT": jit}) for jit in ("1", None))
    assert finish_python(plain) == finish_python(compiled)


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.jit
def test_a_fit_takes_little_memory():
    # Linux tells the peak of a process and forgets it on request.
    code = """
import re
import numpy as np
from scratchml.cluster import KMeans

def kilobytes(quantity):
    with open("/proc/self/status") as file:
        return int(re.search(quantity + r":\\s+(\\d+) kB", file.read())[1])

def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

X = np.empty((1_000_000, 2))
np.random.default_rng(0).standard_normal(out=X)
kmeans = KMeans(8, random_state=0, max_iter=10)
kmeans.fit(X[:500_000])
kmeans.fit(X[:1000])
forget_peak()
before = kilobytes("VmRSS")
kmeans.fit(X)
assert kilobytes("VmHWM") - before < 20 * 1024, kilobytes("VmHWM") - before
forget_peak()
before = kilobytes("VmRSS")
copied = X + 1  # a canary: 15.3 MiB, which must be seen
assert kilobytes("VmHWM") - before > 15 * 1024, kilobytes("VmHWM") - before
"""
    # Freed memory returns to the system at once, where glibc would keep some for later.
    run_python(code, env={"MALLOC_MMAP_THRESHOLD_": "65536"})


def data_that_kernels_see(X):
    received = []

    def init(X, n_clusters, random_state):
        received.append(X)
        return X[:n_clusters]

    KMeans(3, init=init, n_init=1, max_iter=2).fit(X)
    return received[0]


def test_contiguous_data_are_not_copied():
    X = np.random.default_rng(0).normal(size=(100, 16))
    assert data_that_kernels_see(X) is X
    X.flags.writeable = False
    assert data_that_kernels_see(X) is X
    assert not np.shares_memory(data_that_kernels_see(np.asfortranarray(X)), X)


@pytest.mark.jit
@each_algorithm
def test_mapped_file_of_several_blocks(tmp_path, large, algorithm):
    X = large["tiled"]
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.shares_memory(data_that_kernels_see(mapped), mapped)
    kmeans = KMeans(N_CLUSTERS, random_state=0, max_iter=3, algorithm=algorithm)
    with scratchml.threads(2):
        from_file, from_memory = (fitted_bytes(kmeans.fit(data)) for data in (mapped, X))
    assert from_file == from_memory


# --- odd data -------------------------------------------------------------------------------------


@pytest.mark.jit
@each_algorithm
@pytest.mark.parametrize("n_features", [2, 16])
def test_as_many_clusters_as_samples(algorithm, n_features):
    X = np.random.default_rng(0).normal(size=(2000, n_features))
    kmeans = KMeans(2000, random_state=0, algorithm=algorithm).fit(X)
    np.testing.assert_array_equal(np.sort(kmeans.labels_), np.arange(2000))
    np.testing.assert_array_equal(kmeans.cluster_centers_[kmeans.labels_], X)
    assert kmeans.inertia_ == 0


@pytest.mark.jit
@each_algorithm
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
def test_one_feature(algorithm, sparse):
    X = np.arange(1.0, 10_001.0)[:, np.newaxis]
    kmeans = KMeans(4, init=[[1.0], [2.0], [3.0], [9000.0]], tol=0, max_iter=1000)
    kmeans.set_params(algorithm=algorithm).fit(scipy.sparse.csr_array(X) if sparse else X)
    # Quarters of a line.
    np.testing.assert_allclose(kmeans.cluster_centers_[:, 0], [1250, 3750, 6250, 8750], atol=40)
    assert (np.diff(kmeans.labels_) >= 0).all()


@each_algorithm
@pytest.mark.parametrize("n_features", [2, 16, pytest.param(140, marks=pytest.mark.jit)])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize(("dtype", "scale"), [(np.float64, 1e300), (np.float32, 1e37)])
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_squares_that_overflow(algorithm, n_features, sparse, dtype, scale):
    X = (np.random.default_rng(0).normal(size=(60, n_features)) * scale).astype(dtype)
    data = scipy.sparse.csr_array(X) if sparse else X
    kmeans = KMeans(3, random_state=0, algorithm=algorithm).fit(data)
    assert np.isfinite(kmeans.cluster_centers_).all()
    assert set(kmeans.labels_.tolist()) <= {0, 1, 2}
    if not sparse:  # sums over stored entries meet infinity minus infinity
        np.testing.assert_array_equal(kmeans.predict(data), kmeans.labels_)


@each_algorithm
@pytest.mark.parametrize("n_features", [2, 16, 140])
def test_subnormal_values_are_equal_points(algorithm, n_features):
    X = np.random.default_rng(0).integers(-5, 6, size=(60, n_features)) * 5e-324
    with pytest.warns(ConvergenceWarning, match=r"^Number of distinct clusters \(1\) found"):
        kmeans = KMeans(3, random_state=0, algorithm=algorithm).fit(X)
    assert kmeans.inertia_ == 0
    assert kmeans.labels_.max() == 0


@each_algorithm
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_duplicates_without_weight(algorithm, init):
    # Five of ten points count, each through one of its six copies.
    points = np.random.default_rng(0).normal(size=(10, 3))
    X = np.repeat(points, 6, axis=0)
    weight = np.tile([0, 0, 0, 1.0, 0, 0], 10)
    weight[30:] = 0
    kmeans = KMeans(5, init=init, n_init=1, random_state=0, algorithm=algorithm)
    kmeans.fit(X, sample_weight=weight)
    assert sorted(kmeans.cluster_centers_.tolist()) == sorted(points[:5].tolist())
    assert kmeans.inertia_ == 0
    np.testing.assert_array_equal(kmeans.labels_, kmeans.predict(X))


@each_algorithm
def test_more_clusters_than_points_that_count(algorithm):
    points = np.random.default_rng(0).normal(size=(10, 3))
    weight = np.repeat([1.0, 0.0], [5, 5])
    kmeans = KMeans(7, random_state=0, algorithm=algorithm)
    with pytest.warns(ConvergenceWarning, match=r"^Number of distinct clusters \(5\) found"):
        kmeans.fit(points, sample_weight=weight)
    assert kmeans.inertia_ == 0
    assert np.isfinite(kmeans.cluster_centers_).all()


@pytest.mark.jit
def test_read_only_centers_compile_nothing():
    # As of a model that joblib maps into memory.
    X = make_blobs(200, n_features=8, centers=3, random_state=0)[0]
    kmeans = KMeans(3, random_state=0).fit(X)

    def use():
        kmeans.predict(X), kmeans.transform(X), kmeans.score(X)

    use()
    before = {name: len(kernel.signatures) for name, kernel in kernels().items()}
    kmeans.cluster_centers_.flags.writeable = False
    use()
    assert {name: len(kernel.signatures) for name, kernel in kernels().items()} == before
