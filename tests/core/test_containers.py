"""Containers: every kind of array and table, and what is refused among them."""

from __future__ import annotations

import re
import subprocess
import sys

import dask
import dask.array
import dask.dataframe
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from scratchml.core.containers import as_sparse, column_names, is_instance, is_sparse, to_ndarray
from scratchml.core.validation import check_array

INT_THEN_FLOAT = np.array([[1.0, 0.5], [2.0, 1.5]])
NUMBERS = {"a": [1, 2], "b": [0.5, 1.5]}
RESHAPE_HINT = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or"
    " array.reshape(1, -1) if it contains a single sample."
)


class HasArray:
    """Seen by NumPy only."""

    def __array__(self, dtype=None, copy=None):
        return np.array(INT_THEN_FLOAT, dtype=dtype)


class HasToNumpy:
    def to_numpy(self):
        return INT_THEN_FLOAT


class HasInterchange:
    """Seen through the dataframe interchange protocol only."""

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return pa.table(NUMBERS).__dataframe__()


CONTAINERS = {
    "list": [[1, 0.5], [2, 1.5]],
    "tuple": ((1, 0.5), (2, 1.5)),
    "list_of_arrays": [np.array([1, 0.5]), np.array([2, 1.5])],
    "masked_array": np.ma.masked_array(INT_THEN_FLOAT, mask=False),
    "has_array": HasArray(),
    "has_to_numpy": HasToNumpy(),
    "interchange": HasInterchange(),
    "pandas": pd.DataFrame(NUMBERS),
    "pandas_nullable": pd.DataFrame(NUMBERS).astype({"a": "Int64", "b": "Float64"}),
    "pandas_arrow": pd.DataFrame(NUMBERS).astype({"a": "int64[pyarrow]", "b": "double[pyarrow]"}),
    "pandas_one_nullable": pd.DataFrame(NUMBERS).astype({"a": "Int64"}),
    "pandas_categories": pd.DataFrame(NUMBERS).astype({"a": "category"}),
    "pandas_some_sparse": pd.DataFrame(
        {"a": pd.arrays.SparseArray([1, 2]), "b": np.array([0.5, 1.5])}
    ),
    "polars": pl.DataFrame(NUMBERS),
    "pyarrow": pa.table(NUMBERS),
    "pyarrow_batch": pa.record_batch(NUMBERS),
    "pyarrow_chunked": pa.concat_tables(
        [pa.table({"a": [1], "b": [0.5]}), pa.table({"a": [2], "b": [1.5]})]
    ),
}


@pytest.mark.parametrize("X", CONTAINERS.values(), ids=CONTAINERS)
def test_read(X):
    array = to_ndarray(X, "X")
    assert type(array) is np.ndarray
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, INT_THEN_FLOAT)


MISSING = {
    "pandas_nullable": pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
    "pandas_nullable_bool": pd.DataFrame({"a": pd.array([True, None], dtype="boolean")}),
    "pandas_arrow": pd.DataFrame({"a": pd.array([1, None], dtype="int64[pyarrow]")}),
    "pandas_object": pd.DataFrame({"a": [1, pd.NA]}, dtype=object),
    "pandas_categories": pd.DataFrame({"a": pd.Categorical([1, None])}),
    "pandas_series": pd.Series([1, None], dtype="Int64"),
    "polars": pl.DataFrame({"a": [1, None]}),
    "polars_bool": pl.DataFrame({"a": [True, None]}),
    "pyarrow": pa.table({"a": [1, None]}),
    "pyarrow_bool": pa.table({"a": [True, None]}),
}


@pytest.mark.parametrize("X", MISSING.values(), ids=MISSING)
def test_missing_values_become_nan(X):
    values = to_ndarray(X, "X").astype(np.float64).ravel()
    np.testing.assert_array_equal(values, [1.0, np.nan])


FLOAT32 = np.array([[1, 2], [3, 4]], dtype=np.float32)


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame(FLOAT32),
        pd.DataFrame(FLOAT32).astype("Float32"),
        pl.DataFrame(FLOAT32),
        pa.table({"a": FLOAT32[:, 0], "b": FLOAT32[:, 1]}),
        pd.DataFrame(FLOAT32).astype({0: np.int8}),
    ],
    ids=["pandas", "pandas_nullable", "polars", "pyarrow", "beside_int8"],
)
def test_float32_is_kept(X):
    array = to_ndarray(X, "X")
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, FLOAT32)


def test_bool_beside_int_is_no_object():
    assert to_ndarray(pd.DataFrame({"a": [True, False], "b": [1, 2]}), "X").dtype == np.int64


@pytest.mark.parametrize(
    ("X", "shape"),
    [
        (pd.DataFrame(index=[0, 1]), (2, 0)),
        (pl.DataFrame(), (0, 0)),
        (pa.table({}), (0, 0)),
        (pd.DataFrame({"a": []}, dtype=float), (0, 1)),
    ],
    ids=["pandas", "polars", "pyarrow", "no_rows"],
)
def test_empty_tables(X, shape):
    assert to_ndarray(X, "X").shape == shape


def test_arrays_are_not_copied(tmp_path):
    array = np.ones((4, 3))
    on_disk = np.memmap(tmp_path / "data", dtype=np.float64, mode="w+", shape=(4, 3))
    for X in (array, on_disk, np.ma.masked_array(array)):
        seen = to_ndarray(X, "X")
        assert type(seen) is np.ndarray
        assert np.shares_memory(seen, X)


def test_masked_values_are_refused():
    X = np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        to_ndarray(X, "X")
    assert str(caught.value) == (
        "Input X is a masked array with masked values. Remove the rows or columns that hold them,"
        " or fill them in with its filled() method."
    )


def test_matrix_is_refused():
    with pytest.raises(TypeError) as caught:
        to_ndarray(np.ones((2, 2)).view(np.matrix), "X")
    assert str(caught.value) == (
        "np.matrix is not supported. Please convert to a numpy array with np.asarray. For more"
        " information see: https://numpy.org/doc/stable/reference/generated/numpy.matrix.html"
    )


def fail_if_computed(*args, **kwargs):
    raise AssertionError("a lazy collection was computed")


@pytest.mark.parametrize(
    ("X", "name", "method"),
    [
        (dask.array.ones((2, 2)), "dask.array.core.Array", "compute"),
        (pl.LazyFrame(NUMBERS), "polars.lazyframe.frame.LazyFrame", "collect"),
    ],
    ids=["dask_array", "polars_lazy"],
)
def test_lazy_collections_are_refused(X, name, method):
    message = (
        f"Input X is a lazy {name}, whose data is not in memory. Call its .{method}() method and"
        " pass the result."
    )
    for read in (column_names, lambda X: to_ndarray(X, "X")):
        with dask.config.set(scheduler=fail_if_computed), pytest.raises(TypeError) as caught:
            read(X)
        assert str(caught.value) == message


def test_dask_dataframe_is_refused():
    X = dask.dataframe.from_pandas(pd.DataFrame(NUMBERS), npartitions=1)
    with pytest.raises(TypeError, match=r"^Input X is a lazy dask.*Call its \.compute\(\) method"):
        to_ndarray(X, "X")


@pytest.mark.parametrize(
    ("X", "dtype"),
    [
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"]).astype("M8[s]"), "b": [1.0]}), "<M8[s]"),
        (pl.DataFrame({"b": [1.0]}).with_columns(a=pl.date(2020, 1, 1)), "<M8[D]"),
        (pa.table({"a": pa.array([0], type=pa.timestamp("ms")), "b": [1.0]}), "<M8[ms]"),
    ],
    ids=["pandas", "polars", "pyarrow"],
)
def test_dates_beside_numbers_are_refused(X, dtype):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        to_ndarray(X, "X")
    assert str(caught.value) == (
        f"Input X has dtype('{dtype}'), which is not numeric. Convert your data to numeric values"
        " explicitly instead."
    )


def test_as_sparse():
    matrix = scipy.sparse.coo_array((2, 2))
    assert is_sparse(matrix)
    assert as_sparse(matrix) is matrix
    assert as_sparse(np.ones((2, 2))) is None
    assert as_sparse(pd.DataFrame(NUMBERS)) is None
    assert as_sparse(pd.DataFrame()) is None


def test_as_sparse_of_pandas():
    around_zero = pd.DataFrame({"a": pd.arrays.SparseArray([0, 3])})
    assert as_sparse(around_zero).toarray().tolist() == [[0], [3]]
    around_one = pd.DataFrame({"a": pd.arrays.SparseArray([1, 3], fill_value=1)})
    assert as_sparse(around_one) is None
    assert to_ndarray(around_one, "X").tolist() == [[1], [3]]


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (pd.DataFrame({"column_names": [1], "columns": [2]}), ["column_names", "columns"]),
        (pd.DataFrame([[1, 2]]), [0, 1]),
        (pd.Series([1.0], index=["columns"]), None),
        (pl.DataFrame(NUMBERS), ["a", "b"]),
        (pa.table(NUMBERS), ["a", "b"]),
        (pa.record_batch(NUMBERS), ["a", "b"]),
        (HasInterchange(), ["a", "b"]),
        (np.ones((1, 2)), None),
        ([[1, 2]], None),
        (scipy.sparse.csr_array((1, 2)), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_column_names(X, names):
    assert column_names(X) == names


def test_is_instance_of_what_is_not_loaded():
    assert not is_instance([], "a_module_that_does_not_exist", "Frame")
    assert not is_instance([], "pandas", "NoSuchClass")


def test_nothing_is_imported():
    code = """
import sys
import scratchml.core.exceptions, scratchml.core.params, scratchml.core.validation
import numpy as np
scratchml.core.validation.check_array([[1.0]])
scratchml.core.params.check_params({"a": ["array-like", None]}, {"a": None}, "owner")
heavy = {"scipy", "numba", "pandas", "polars", "pyarrow", "dask", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# ---------------------------------------------------------------- sparse, through check_array

DENSE = np.array([[0, 1, 0], [2, 0, 3]])


@pytest.mark.parametrize("family", ["array", "matrix"])
@pytest.mark.parametrize("fmt", ["csr", "csc", "coo", "bsr", "dia", "dok", "lil"])
@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.int64, np.int8], ids=lambda d: d.__name__
)
def test_sparse_to_csr(fmt, family, dtype):
    X = getattr(scipy.sparse, f"{fmt}_{family}")(DENSE.astype(dtype))
    matrix = check_array(X, accept_sparse=("csr",))
    assert type(matrix).__name__ == f"csr_{family}"
    assert matrix.dtype == (np.float32 if dtype is np.float32 else np.float64)
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
    assert matrix.has_canonical_format
    np.testing.assert_array_equal(matrix.toarray(), DENSE)


def test_sparse_csc():
    X = scipy.sparse.csc_array(DENSE.astype(float))
    matrix = check_array(X, accept_sparse=("csc",))
    assert matrix.format == "csc"
    assert np.shares_memory(matrix.data, X.data)
    assert check_array(X.tocoo(), accept_sparse=("csr", "csc")).format == "csr"


def test_canonical_csr_is_not_copied():
    X = scipy.sparse.csr_array(DENSE.astype(float))
    matrix = check_array(X, accept_sparse=("csr",))
    for name in ("data", "indices", "indptr"):
        assert np.shares_memory(getattr(matrix, name), getattr(X, name))
    copied = check_array(X, accept_sparse=("csr",), copy=True)
    for name in ("data", "indices", "indptr"):
        assert not np.shares_memory(getattr(copied, name), getattr(X, name))


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_unsorted_and_duplicate_entries(index_dtype):
    parts = (
        np.array([3.0, 1.0, 4.0]),
        np.array([2, 0, 2], dtype=index_dtype),
        np.array([0, 3], dtype=index_dtype),
    )
    X = scipy.sparse.csr_array((1, 3))
    X.data, X.indices, X.indptr = (part.copy() for part in parts)
    for part in (X.data, X.indices, X.indptr):
        part.flags.writeable = False
    state = set(vars(X))
    matrix = check_array(X, accept_sparse=("csr",))
    assert matrix.indices.tolist() == [0, 2]
    assert matrix.data.tolist() == [1.0, 7.0]
    assert matrix.indices.dtype == np.int32
    assert set(vars(X)) == state
    for part, mine in zip((X.data, X.indices, X.indptr), parts, strict=True):
        np.testing.assert_array_equal(part, mine)


def test_index_out_of_range_is_refused():
    X = scipy.sparse.csr_array(DENSE.astype(float))
    X.indices[0] = 7
    with pytest.raises(ValueError, match="ind"):
        check_array(X, accept_sparse=("csr",))


def test_sparse_errors():
    nan = scipy.sparse.csr_array(np.array([[np.nan, 0.0]]))
    with pytest.raises(ValueError, match=r"^Input X contains NaN\.$"):
        check_array(nan, accept_sparse=("csr",))
    assert np.isnan(check_array(nan, accept_sparse=("csr",), ensure_all_finite=False).data).all()
    with pytest.raises(ValueError, match=re.escape("Found array with 0 sample(s) (shape=(0, 3))")):
        check_array(scipy.sparse.csr_array((0, 3)), accept_sparse=("csr",))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array(scipy.sparse.coo_array(np.array([1.0, 2.0])), accept_sparse=("csr",))
    assert str(caught.value) == f"Expected 2D input, got input with shape (2,).\n{RESHAPE_HINT}"


def test_sparse_columns_of_pandas():
    X = pd.DataFrame({"a": pd.arrays.SparseArray([0, 3]), "b": pd.arrays.SparseArray([2, 0])})
    matrix = check_array(X, accept_sparse=("csr",))
    assert matrix.format == "csr"
    np.testing.assert_array_equal(matrix.toarray(), [[0.0, 2.0], [3.0, 0.0]])
