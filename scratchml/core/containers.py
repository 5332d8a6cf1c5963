"""Containers of data (arrays, tables, sparse matrices) read by what they are, without imports.

An object of a library's class can exist only where that library is loaded, so ``sys.modules`` is
asked instead of importing pandas, polars, pyarrow, dask or SciPy.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_instance(X: object, module: str, *class_names: str) -> bool:
    """Whether `X` is an instance of one of a module's classes, without importing the module.

    Parameters
    ----------
    X : object
        What to look at.
    module : str
        Name of the module as its users import it, such as ``"pandas"``.
    *class_names : str
        Names of classes in the module.
    """
    loaded = sys.modules.get(module)
    # An empty tuple of classes: a module that is still being imported has no instances.
    return isinstance(X, tuple(getattr(loaded, name, ()) for name in class_names))


def is_sparse(X: object) -> bool:
    """Whether `X` is one of SciPy's sparse arrays or matrices."""
    return is_instance(X, "scipy.sparse", "sparray", "spmatrix")


def as_sparse(X: Any) -> Any | None:
    """Sparse array or matrix that `X` is, or None.

    A pandas DataFrame whose columns are all sparse around zero is taken as a COO matrix. Columns
    that are sparse around another value have no such form and are read as dense.
    """
    if is_sparse(X):
        return X
    if is_instance(X, "pandas", "DataFrame") and X.shape[1]:
        sparse_dtype = sys.modules["pandas"].SparseDtype
        if all(isinstance(dt, sparse_dtype) and dt.fill_value == 0 for dt in X.dtypes):
            return X.sparse.to_coo()
    return None


def to_ndarray(X: Any, input_name: str) -> np.ndarray:
    """Read a dense container as a base-class ndarray, of whatever dtype and shape it has.

    No copy where NumPy can see the memory. Missing values of tables become NaN, or None in an
    object array.

    Parameters
    ----------
    X : array-like
        Nested sequences, ndarray and subclasses, pandas, polars and pyarrow tables and columns,
        objects with ``__array__``, ``to_numpy`` or ``__dataframe__``.
    input_name : str
        Name of the data, for messages.

    Returns
    -------
    ndarray
        May share memory with `X`.

    Raises
    ------
    TypeError
        For ``np.matrix``, and for lazy collections (dask, polars' LazyFrame), which NumPy would
        load whole without a word.
    ValueError
        For masked arrays with masked values, and for sequences of uneven length.
    """
    if isinstance(X, np.matrix):
        raise TypeError(
            "np.matrix is not supported. Please convert to a numpy array with np.asarray. For more"
            " information see: https://numpy.org/doc/stable/reference/generated/numpy.matrix.html"
        )
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):
            raise ValueError(
                f"Input {input_name} is a masked array with masked values. Remove the rows or"
                " columns that hold them, or fill them in with its filled() method."
            )
        return np.asarray(X.data)
    if isinstance(X, (np.ndarray, list, tuple)):
        return np.asarray(X)
    _refuse_lazy(X, input_name)
    if is_instance(X, "pandas", "DataFrame"):
        dtypes = set(X.dtypes)
        if all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in dtypes):
            # Named, because pandas' own common dtype of bool and number is object. np.bool
            # promotes to whatever it meets, and serves a table without columns.
            return X.to_numpy(dtype=np.result_type(np.bool, *dtypes))
    if is_instance(X, "pandas", "Series"):
        return _series_to_ndarray(X)
    if not hasattr(X, "__array__"):
        if hasattr(X, "to_numpy"):
            return np.asarray(X.to_numpy())
        if hasattr(X, "__dataframe__"):
            from pyarrow.interchange import from_dataframe

            X = from_dataframe(X)
    columns = _table_columns(X)
    if columns is None:
        return np.asarray(X)
    for column in columns:
        require_numeric(column.dtype, input_name)
    return np.stack(columns, axis=1) if columns else np.empty((len(X), 0))


def require_numeric(dtype: np.dtype, input_name: str) -> None:
    """Raise ValueError for strings, bytes, dates and structures; objects may yet be numbers."""
    if dtype.kind not in "biufcO":
        raise ValueError(
            f"Input {input_name} has {dtype!r}, which is not numeric."
            " Convert your data to numeric values explicitly instead."
        )


def column_names(X: Any) -> list[Any] | None:
    """Names of a table's columns, or None for what is not a table.

    Raises
    ------
    TypeError
        For lazy collections, as :func:`to_ndarray`.
    """
    if isinstance(X, (np.ndarray, list, tuple)):
        return None
    _refuse_lazy(X, "X")
    if hasattr(X, "iloc"):
        # pandas reaches a column as an attribute: X.column_names could be one.
        return list(X.columns) if len(X.shape) == 2 else None
    # pyarrow's `columns` are the data, hence this order.
    for attribute in ("column_names", "columns"):
        names = getattr(X, attribute, None)
        if names is not None:
            return list(names)
    if hasattr(X, "__dataframe__"):
        return list(X.__dataframe__().column_names())
    return None


def _refuse_lazy(X: object, input_name: str) -> None:
    if "dask" in sys.modules and sys.modules["dask"].is_dask_collection(X):
        method = "compute"
    elif is_instance(X, "polars", "LazyFrame"):
        method = "collect"
    else:
        return
    cls = type(X)
    raise TypeError(
        f"Input {input_name} is a lazy {cls.__module__}.{cls.__qualname__}, whose data is not in"
        f" memory. Call its .{method}() method and pass the result."
    )


def _table_columns(X: Any) -> list[np.ndarray] | None:
    """Columns of a table, each with a dtype of its own, or None for what is not a table.

    Column by column, because the common dtype that a library picks may turn dates into numbers,
    or everything into objects.
    """
    if is_instance(X, "pandas", "DataFrame"):
        return [_series_to_ndarray(X.iloc[:, j]) for j in range(X.shape[1])]
    if is_instance(X, "polars", "DataFrame"):
        return [column.to_numpy() for column in X.get_columns()]
    if is_instance(X, "pyarrow", "Table", "RecordBatch"):
        return [np.asarray(column) for column in X.columns]
    return None


def _series_to_ndarray(series: Any) -> np.ndarray:
    # A fill value is refused by categories of ints even where nothing is missing.
    return series.to_numpy(na_value=np.nan) if series.hasnans else series.to_numpy()
