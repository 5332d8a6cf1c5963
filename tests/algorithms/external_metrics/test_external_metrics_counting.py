"""Pairs of labels are counted the same by a table and by sorting, of any kind, in any threads."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from external_cases import SCORES, TRICKY, all_scores, each_tricky
from helpers import run_python

import scratchml
from scratchml import metrics
from scratchml.algorithms.external_metrics import contingency, reference
from scratchml.algorithms.external_metrics.kernels import count_pairs, distribute
from scratchml.algorithms.external_metrics.labelings import check_pair
from scratchml.core import blocks
from scratchml.exceptions import InvalidParameterError

COUNTERS = [contingency._count_in_table, contingency._count_by_sorting]


def dense(cells):
    """The matrix of the cells."""
    matrix = np.zeros((len(cells.class_sizes), len(cells.cluster_sizes)), int)
    matrix[cells.classes, cells.clusters] = cells.counts
    return matrix


def test_kernels_by_hand():
    table = np.zeros(6, np.int32)
    count_pairs(np.array([5, 5, 6]), np.array([-1, 1, 1]), 5, -1, 3, table)
    assert table.tolist() == [1, 0, 1, 0, 0, 1]
    next_places, out = np.array([0, 2]), np.zeros(3, np.int32)
    keys, values = np.array([1, 0, 0], np.int32), np.array([7, 8, 9], np.int32)
    distribute(keys, values, next_places, out)
    assert out.tolist() == [8, 9, 7]
    assert next_places.tolist() == [2, 3]


# --- the matrix -----------------------------------------------------------------------------------


@each_tricky
def test_matrix_equals_the_reference(name):
    labels = TRICKY[name]
    expected = reference.contingency(*map(list, labels))
    matrix = metrics.contingency_matrix(*labels)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == expected.tolist()


@each_tricky
@pytest.mark.parametrize("count", COUNTERS, ids=["table", "sorting"])
def test_cells_and_margins(name, count):
    true, pred = (contingency._as_indices(labels) for labels in check_pair(*TRICKY[name]))
    if true.width * pred.width > 10**6:
        pytest.skip("no table would be made")
    expected = reference.contingency(*map(list, TRICKY[name]))
    cells = count(true, pred)
    assert dense(cells).tolist() == expected.tolist()
    assert (cells.counts > 0).all()
    assert cells.counts.dtype == cells.class_sizes.dtype == cells.cluster_sizes.dtype == np.int64
    assert cells.class_sizes.tolist() == expected.sum(axis=1).tolist()
    assert cells.cluster_sizes.tolist() == expected.sum(axis=0).tolist()
    order = cells.classes * expected.shape[1] + cells.clusters
    assert (np.diff(order) > 0).all()
    assert cells.n_samples == expected.sum()


def test_many_classes_and_clusters_make_no_table(monkeypatch):
    monkeypatch.delattr(contingency, "_count_in_table")
    n_samples = 20_000
    matrix = metrics.contingency_matrix(range(n_samples), np.arange(n_samples) // 2, sparse=True)
    assert matrix.shape == (n_samples, n_samples // 2)
    assert matrix.nnz == n_samples
    assert metrics.homogeneity_score(range(n_samples), np.arange(n_samples) // 2) < 1
    assert metrics.completeness_score(range(n_samples), np.arange(n_samples) // 2) == 1


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float64, np.float32, np.uint8])
def test_sparse_matrix(dtype):
    labels = TRICKY["noisy"]
    matrix = metrics.contingency_matrix(*labels, dtype=dtype)
    sparse = metrics.contingency_matrix(*labels, sparse=True, dtype=dtype)
    assert isinstance(sparse, scipy.sparse.csr_matrix)
    assert sparse.dtype == matrix.dtype == dtype
    assert sparse.has_canonical_format
    assert (sparse.data > 0).all()
    assert np.array_equal(sparse.toarray(), matrix)


def test_eps_is_added():
    matrix = metrics.contingency_matrix([0, 0, 1], ["b", "a", "a"], eps=0.5, dtype=np.int8)
    assert matrix.tolist() == [[1.5, 1.5], [1.5, 0.5]]


def test_empty():
    assert metrics.contingency_matrix([], []).shape == (0, 0)
    assert metrics.contingency_matrix([], [], sparse=True).shape == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        pytest.param(
            ([0], [0], {"eps": -1.0}),
            InvalidParameterError,
            "The 'eps' parameter of contingency_matrix must be a float in the range [0.0, inf) or"
            " None. Got -1.0 instead.",
            id="eps",
        ),
        pytest.param(
            ([0], [0], {"eps": 0.1, "sparse": True}),
            ValueError,
            "Cannot set 'eps' when sparse=True",
            id="sparse-eps",
        ),
        pytest.param(
            ([0], [0], {"sparse": 1}),
            InvalidParameterError,
            "The 'sparse' parameter of contingency_matrix must be an instance of 'bool' or an"
            " instance of 'numpy.bool'. Got 1 instead.",
            id="sparse",
        ),
        pytest.param(
            ([0, 1], [0], {}),
            ValueError,
            "Found input variables with inconsistent numbers of samples: [2, 1]",
            id="lengths",
        ),
    ],
)
def test_errors(arguments, error, message):
    true, pred, options = arguments
    with pytest.raises(error) as caught:
        metrics.contingency_matrix(true, pred, **options)
    assert str(caught.value) == message


# --- kinds of labels ------------------------------------------------------------------------------

DTYPES = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
DTYPES += [np.float16, np.float32, np.float64, ">i2", ">u8", ">f4", object, str]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).str[1:])
def test_labels_of_any_dtype_score_the_same(dtype):
    true, pred = TRICKY["noisy"]
    expected = all_scores(true, pred)
    assert all_scores(true.astype(dtype), pred.astype(dtype)) == expected
    assert all_scores(true, pred.astype(dtype)) == expected


def test_labels_are_neither_modified_nor_need_to_be_writeable(tmp_path):
    true, pred = (np.array(labels) for labels in TRICKY["noisy"])
    expected = all_scores(true, pred)
    before = true.copy(), pred.copy()
    true.flags.writeable = False
    np.save(tmp_path / "labels.npy", pred)
    mapped = np.load(tmp_path / "labels.npy", mmap_mode="r")
    assert all_scores(true, mapped) == expected
    assert np.array_equal(true, before[0])
    assert np.array_equal(mapped, before[1])


def test_tables_of_labels():
    pandas = pytest.importorskip("pandas")
    true, pred = TRICKY["strings"]
    expected = all_scores(true, pred)
    assert all_scores(pandas.Series(true), pandas.Series(pred, dtype="category")) == expected


# --- blocks and threads ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_labels", [9, 90], ids=["table", "sorting"])
def test_same_bits_for_any_number_of_blocks_and_threads(monkeypatch, n_labels):
    rng = np.random.default_rng(1)
    true = rng.integers(0, n_labels, 3000)
    pred = np.where(rng.random(3000) < 0.5, true, rng.integers(0, n_labels, 3000)).astype(np.int32)
    monkeypatch.setattr(contingency, "CHEAP_CELLS", 0)
    whole = metrics.contingency_matrix(true, pred).tolist()
    monkeypatch.setattr(blocks, "BLOCK_OPERATIONS", 300)
    monkeypatch.setattr(blocks, "ROW_ALIGNMENT", 50)
    assert len(blocks.row_blocks(3000, 1)) > 5
    results = []
    for n_threads in (1, 2, 5):
        with scratchml.threads(n_threads):
            assert metrics.contingency_matrix(true, pred).tolist() == whole
            results.append(all_scores(true, pred))
    assert results[0] == results[1] == results[2]


@pytest.mark.jit
def test_ten_million_labels():
    # Squares of the pair counts pass 2^53; those of a multiple of few labels are known exactly.
    true, pred = TRICKY["noisy"]
    true, pred = np.tile(true, 100_000), np.tile(pred, 100_000).astype(np.int8)
    n = metrics.contingency_matrix(*TRICKY["noisy"]) * 100_000
    assert metrics.contingency_matrix(true, pred).tolist() == n.tolist()
    assert metrics.pair_confusion_matrix(true, pred).ravel().tolist() == [
        2 * count for count in reference.pairs(n)
    ]
    assert metrics.adjusted_rand_score(true, pred) == float(reference.adjusted_rand(n))


CODE = """
import numpy as np
from scratchml import metrics
from scratchml.algorithms.external_metrics.warmup import WORKLOADS
from scratchml.core import jit

def specialisations():
    return {name: sorted(map(str, kernel.signatures)) for name, kernel in jit.kernels().items()}

for run in WORKLOADS.values():
    for dtype in (np.float32, np.float64):
        run(dtype)
before = specialisations()
for dtype in (np.int8, np.int32, np.int64, np.uint64, float, str, object):
    labels = (np.arange(500) % 7).astype(dtype)
    closed = labels.copy()
    closed.flags.writeable = False
    for true in (labels, closed, labels[::2].repeat(2), list(range(500))):
        for name in SCORES:
            getattr(metrics, name)(true, closed)
print({name: found for name, found in specialisations().items() if found != before[name]})
"""


@pytest.mark.jit
def test_warm_up_is_all_that_metrics_need():
    assert run_python(CODE.replace("SCORES", repr(SCORES))).strip() == "{}"
