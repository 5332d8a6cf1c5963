"""The one place where data is checked. Functions are pure: nothing is set on an estimator."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.containers import as_sparse, column_names, require_numeric, to_ndarray
from scratchml.core.warn import warn_user

# Elements tested for finiteness at a time: large enough for speed, a temporary of 64 KiB.
_FINITE_CHUNK = 65_536

_RESHAPE_HINT = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or"
    " array.reshape(1, -1) if it contains a single sample."
)


def check_array(
    X: Any,
    *,
    dtype: Any = (np.float64, np.float32),
    copy: bool = False,
    accept_sparse: tuple[str, ...] = (),
    ensure_2d: bool = True,
    ensure_all_finite: bool = True,
    min_samples: int = 1,
    min_features: int = 1,
    input_name: str = "X",
    estimator_name: str | None = None,
) -> Any:
    """Check data and give it the one form that kernels take.

    An ndarray that has this form already is returned as it is. `X` is never modified.

    Parameters
    ----------
    X : array-like or sparse of shape (n_samples, n_features)
        Sequences, arrays, tables (pandas, polars, pyarrow), objects with ``__array__``.
    dtype : floating dtype or tuple of them
        Accepted dtypes. Data of another one is converted to the first.
    copy : bool
        Whether the result must not share memory with `X`.
    accept_sparse : tuple of {"csr", "csc"}
        Accepted sparse formats. Sparse data of another one is converted to the first; when empty,
        sparse data is refused.
    ensure_2d : bool
        Whether scalars and one-dimensional arrays are refused.
    ensure_all_finite : bool
        Whether NaN and infinity are refused.
    min_samples, min_features : int
        Least length of the two axes.
    input_name : str
        Name of the data, for messages.
    estimator_name : str or None
        Who asks, for messages.

    Returns
    -------
    ndarray or sparse
        C-contiguous, aligned and native-endian; or compressed sparse with sorted indices, no
        duplicates, and int32 indices where they fit. It may be read-only.

    Raises
    ------
    TypeError
        For sparse data that is not accepted, ``np.matrix``, lazy collections (dask), and objects
        that are no number.
    ValueError
        For strings, dates, complex numbers, masked values, NaN, infinity and values that overflow
        the dtype, and wrong shapes.

    Notes
    -----
    One pass over the data and O(1) memory where no conversion is needed.
    """
    dtypes = dtype if isinstance(dtype, tuple) else (dtype,)
    if type(X) is np.ndarray:
        source = X
    else:
        sparse = as_sparse(X)
        if sparse is not None:
            result = _to_compressed(sparse, dtypes, copy, accept_sparse, input_name)
            if ensure_all_finite:
                _check_finite(result.data, input_name, estimator_name)
            _check_shape(result.shape, min_samples, min_features, estimator_name)
            return result
        source = to_ndarray(X, input_name)

    array = _to_dtype(source, dtypes, input_name)
    if ensure_2d and array.ndim < 2:
        raise ValueError(_not_2d_message(X, array))
    if array.ndim > 2:
        context = f" by {estimator_name}" if estimator_name else ""
        raise ValueError(f"Found array with dim {array.ndim}, while dim <= 2 is required{context}.")
    flags = array.flags
    if not (flags.c_contiguous and flags.aligned) or (copy and array is source):
        array = array.copy(order="C")
    if ensure_all_finite:
        _check_finite(array, input_name, estimator_name)
    _check_shape(array.shape, min_samples, min_features, estimator_name)
    return array


def _to_dtype(array: np.ndarray, dtypes: tuple[Any, ...], input_name: str) -> np.ndarray:
    """Return `array` itself when its dtype is accepted, else converted to the first dtype."""
    if array.dtype in dtypes:
        return array
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{array}\n")
    require_numeric(array.dtype, input_name)
    # A value too large for the dtype becomes infinite, which the finiteness check reports.
    with np.errstate(over="ignore"):
        return array.astype(dtypes[0], order="C")


def _to_compressed(
    X: Any, dtypes: tuple[Any, ...], copy: bool, accept_sparse: tuple[str, ...], input_name: str
) -> Any:
    """Canonical compressed sparse form of `X`, which shares its arrays where it may."""
    import scipy.sparse

    if X.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{X}\n")
    if not accept_sparse:
        raise TypeError(
            f"Sparse data was passed for {input_name}, but dense data is required. "
            "Use '.toarray()' to convert to a dense numpy array."
        )
    if X.ndim != 2:
        raise ValueError(f"Expected 2D input, got input with shape {X.shape}.\n{_RESHAPE_HINT}")
    matrix = X if X.format in accept_sparse else X.asformat(accept_sparse[0])
    family = "array" if isinstance(X, scipy.sparse.sparray) else "matrix"
    container = getattr(scipy.sparse, f"{matrix.format}_{family}")
    data = np.ascontiguousarray(_to_dtype(matrix.data, dtypes, input_name))
    # A container of its own: asking the user's whether it is canonical would store the answer
    # there.
    result = container(
        (data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=copy and matrix is X
    )
    # Kernels do not check bounds: an index out of range would read another's memory.
    result.check_format(full_check=True)
    if max(result.nnz, *result.shape) <= np.iinfo(np.int32).max:
        result.indices = result.indices.astype(np.int32, copy=False)
        result.indptr = result.indptr.astype(np.int32, copy=False)
    if not result.has_canonical_format:
        result = result.copy()
        result.sum_duplicates()
    return result


def _check_finite(array: np.ndarray, input_name: str, estimator_name: str | None) -> None:
    """Raise ValueError if a C-contiguous floating array holds NaN or infinity.

    A sum is finite only if every term is, so that clean data costs one reduction. A sum of finite
    terms may overflow: only then, or on bad data, are elements looked at, chunk by chunk.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.add.reduce(array, axis=None)):
            return
    flat = array.reshape(-1)
    infinite = False
    for start in range(0, flat.size, _FINITE_CHUNK):
        chunk = flat[start : start + _FINITE_CHUNK]
        if np.isfinite(chunk).all():
            continue
        if np.isnan(chunk).any():
            message = f"Input {input_name} contains NaN."
            if input_name == "X" and estimator_name:
                message += (
                    f"\n{estimator_name} does not accept missing values. Remove the rows or"
                    " columns that hold them, or fill them in (with the mean of their column, for"
                    " instance) before passing X."
                )
            raise ValueError(message)
        infinite = True
    if infinite:
        raise ValueError(
            f"Input {input_name} contains infinity or a value too large for {array.dtype!r}."
        )


def _check_shape(
    shape: tuple[int, ...], min_samples: int, min_features: int, estimator_name: str | None
) -> None:
    for length, minimum, unit in zip(
        shape, (min_samples, min_features), ("sample", "feature"), strict=False
    ):
        if length < minimum:
            context = f" by {estimator_name}" if estimator_name else ""
            raise ValueError(
                f"Found array with {length} {unit}(s) (shape={shape}) while a minimum of"
                f" {minimum} is required{context}."
            )


def _not_2d_message(X: object, array: np.ndarray) -> str:
    if hasattr(X, "iloc"):
        return (
            f"Expected a 2-dimensional container but got {type(X)} instead. Pass a DataFrame"
            " containing a single row (i.e. single sample) or a single column (i.e. single"
            " feature) instead."
        )
    found = "1D" if array.ndim else "scalar"
    return f"Expected 2D array, got {found} array instead:\narray={array}.\n{_RESHAPE_HINT}"


def check_sample_weight(
    sample_weight: Any, n_samples: int, dtype: Any, *, allow_negative: bool = False
) -> np.ndarray | None:
    """Check sample weights.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), scalar or None
        Weights. None, which stands for unit weights, stays None and costs nothing.
    n_samples : int
        Number of samples.
    dtype : floating dtype
        Dtype of the result.
    allow_negative : bool
        Whether weights may be negative.

    Returns
    -------
    ndarray of shape (n_samples,) or None
        C-contiguous; may share memory with `sample_weight`.

    Raises
    ------
    ValueError
        For a wrong dimension or length, NaN, infinity, weights that are all zero, negative
        weights where they are not allowed, and weights whose sum overflows. And whatever
        :func:`check_array` raises.
    """
    if sample_weight is None:
        return None
    weights = check_array(sample_weight, dtype=dtype, ensure_2d=False, input_name="sample_weight")
    if weights.ndim > 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected"
            f" either a scalar value or a 1D array of length {n_samples}."
        )
    if weights.ndim == 0:
        weights = np.full(n_samples, weights)
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n_samples,)}!")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if not allow_negative and weights.min() < 0:
        raise ValueError("Negative values in data passed to `sample_weight`.")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not np.isfinite(total):
        raise ValueError(f"The sum of the sample weights is too large for {weights.dtype!r}.")
    return weights


def get_feature_names(X: Any) -> np.ndarray | None:
    """Names of the columns of a table.

    Returns
    -------
    ndarray of shape (n_features,), dtype object, or None
        None for what is not a table, and for tables without a string name.

    Raises
    ------
    TypeError
        When some names are strings and others are not.
    """
    names = column_names(X)
    if not names:
        return None
    types = sorted({type(name).__qualname__ for name in names})
    if "str" not in types:
        return None
    if len(types) > 1:
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your"
            f" input has {types} as feature name / column name types. If you want feature names to"
            " be stored and validated, you must convert them all to strings, by using X.columns ="
            " X.columns.astype(str) for example. Otherwise you can remove feature / column names"
            " from your input data, or convert them all to a non-string data type."
        )
    return np.array(names, dtype=object)


def check_feature_names(
    names: np.ndarray | None,
    fitted_names: np.ndarray | None,
    estimator_name: str,
) -> None:
    """Compare the column names of new data with those seen by ``fit``.

    Parameters
    ----------
    names, fitted_names : ndarray of str or None
        As :func:`get_feature_names` gives them.
    estimator_name : str
        Name of the estimator, for messages.

    Warns
    -----
    UserWarning
        When only one of the two has names.

    Raises
    ------
    ValueError
        When the names, or their order, differ.
    """
    if names is None and fitted_names is None:
        return
    if fitted_names is None:
        warn_user(
            f"X has feature names, but {estimator_name} was fitted without feature names",
        )
        return
    if names is None:
        warn_user(
            f"X does not have valid feature names, but {estimator_name} was fitted with feature"
            " names",
        )
        return
    if np.array_equal(names, fitted_names):
        return
    unseen = sorted(set(names) - set(fitted_names))
    missing = sorted(set(fitted_names) - set(names))
    message = "The feature names should match those that were passed during fit.\n"
    if unseen:
        message += f"Feature names unseen at fit time:\n{_bullets(unseen)}"
    if missing:
        message += f"Feature names seen at fit time, yet now missing:\n{_bullets(missing)}"
    if not (unseen or missing):
        message += "Feature names must be in the same order as they were in fit.\n"
    raise ValueError(message)


def _bullets(names: list[str], limit: int = 5) -> str:
    shown = [*names[:limit], "..."] if len(names) > limit else names
    return "".join(f"- {name}\n" for name in shown)


def check_n_features(n_features: int, n_features_fitted: int, estimator_name: str) -> None:
    """Raise ValueError when new data has another number of features than the data of ``fit``."""
    if n_features != n_features_fitted:
        raise ValueError(
            f"X has {n_features} features, but {estimator_name} is expecting"
            f" {n_features_fitted} features as input."
        )


def check_random_state(seed: Any) -> np.random.RandomState:
    """Random state that a ``random_state`` parameter stands for.

    Parameters
    ----------
    seed : None, int or RandomState
        None (or the module ``numpy.random``) is NumPy's global state, an int seeds a new one, a
        RandomState is returned as it is.

    Raises
    ------
    ValueError
        For anything else, and for ints outside [0, 2**32 - 1].
    """
    if seed is None or seed is np.random:
        return np.random.mtrand._rand
    if isinstance(seed, Integral):
        return np.random.RandomState(seed)  # type: ignore[arg-type]
    if isinstance(seed, np.random.RandomState):
        return seed
    raise ValueError(f"{seed!r} cannot be used to seed a numpy.random.RandomState instance")
