"""Validation: forms of data, wording of errors, sample weights, names, random states."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import sklearn.utils
import sklearn.utils.validation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchml.core.validation import (
    check_array,
    check_feature_names,
    check_n_features,
    check_random_state,
    check_sample_weight,
    get_feature_names,
)

BASE = np.arange(12, dtype=np.float64).reshape(4, 3)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def misaligned(array):
    buffer = np.zeros(array.nbytes + 1, dtype=np.uint8)
    view = buffer[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


def assert_kernel_form(array, dtype=np.float64):
    assert type(array) is np.ndarray
    assert array.dtype == dtype
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.flags.aligned


# ---------------------------------------------------------------- forms of dense data


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [np.copy, read_only], ids=["plain", "read_only"])
def test_ready_arrays_pass_through(make, dtype):
    X = make(BASE.astype(dtype))
    assert check_array(X) is X


def test_memmap_is_not_copied(tmp_path):
    X = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=(4, 3))
    array = check_array(X)
    assert_kernel_form(array, np.float32)
    assert np.shares_memory(array, X)


CONVERTED = {
    "fortran": np.asfortranarray(BASE),
    "strided": np.repeat(np.repeat(BASE, 2, axis=0), 2, axis=1)[::2, ::2],
    "negative_strides": BASE[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": BASE.T.copy().T,
    "byte_swapped": BASE.astype(BASE.dtype.newbyteorder()),
    "misaligned": misaligned(BASE),
    "int64": BASE.astype(np.int64),
    "uint8": BASE.astype(np.uint8),
    "float16": BASE.astype(np.float16),
    "longdouble": BASE.astype(np.longdouble),
    "object": BASE.astype(object),
    "object_of_str": BASE.astype(str).astype(object),
    "list": BASE.tolist(),
    "tuple": tuple(map(tuple, BASE.astype(int).tolist())),
    "pandas": pd.DataFrame(BASE),
    "polars": pl.DataFrame(BASE),
    "fortran_int": np.asfortranarray(BASE.astype(np.int32)),
}


@pytest.mark.parametrize("X", CONVERTED.values(), ids=CONVERTED)
@pytest.mark.parametrize("copy", [False, True], ids=["", "copy"])
def test_conversions(X, copy):
    array = check_array(X, copy=copy)
    assert_kernel_form(array)
    np.testing.assert_array_equal(array, BASE)


@pytest.mark.parametrize("dtype", [bool, np.int8], ids=["bool", "int8"])
def test_small_dtypes_become_the_first(dtype):
    X = np.eye(2, dtype=dtype)
    assert_kernel_form(check_array(X, dtype=(np.float32, np.float64)), np.float32)
    assert_kernel_form(check_array(X), np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32"), "float32"], ids=str)
def test_single_dtype(dtype):
    assert_kernel_form(check_array(BASE, dtype=dtype), np.float32)


@pytest.mark.parametrize(
    "X",
    [BASE.copy(), read_only(BASE), np.ma.masked_array(BASE), pd.DataFrame(BASE), BASE[:1]],
    ids=["plain", "read_only", "masked", "pandas", "view"],
)
def test_copy_shares_nothing(X):
    array = check_array(X, copy=True)
    assert not np.shares_memory(array, np.asarray(X))
    assert array.flags.writeable


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        dtype=st.sampled_from(["f8", "f4", "i4", "u1", ">f8", ">i2", "f2"]),
        shape=hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    st.sampled_from([slice(None), slice(None, None, -1)]),
    st.booleans(),
)
def test_same_values_as_scikit_learn(array, step, transpose):
    X = (array.T if transpose else array)[step]
    theirs = sklearn.utils.check_array(X, dtype=[np.float64, np.float32], order="C")
    before = X.copy()
    ours = check_array(X)
    assert_kernel_form(ours, theirs.dtype)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(X, before)


# ---------------------------------------------------------------- refused: scikit-learn's wording

SAME_ERROR = {
    "scalar": 3.0,
    "none": None,
    "zero_d": np.array(2.0),
    "one_d": np.array([1.0, 2.0]),
    "one_d_ints": [1, 2],
    "series": pd.Series([1.0, 2.0]),
    "three_d": np.ones((2, 2, 2)),
    "no_rows": np.ones((0, 3)),
    "no_columns": np.ones((3, 0)),
    "nothing": np.ones((0, 0)),
    "empty_list": [],
    "list_of_empty": [[]],
    "ragged": [[1, 2], [3]],
    "object_str": np.array([["a", 1]], dtype=object),
    "pandas_str": pd.DataFrame({"a": ["x", "y"]}),
    "object_dict": np.array([[{"foo": "bar"}, 1]], dtype=object),
    "object_complex": np.array([[1j, 1]], dtype=object),
    "dict": {"a": [1, 2]},
    "set": {1, 2},
    "complex": np.array([[1j, 2]]),
    "matrix": np.ones((2, 2)).view(np.matrix),
    "inf": np.array([[1.0, np.inf]]),
    "minus_inf": np.array([[1.0, -np.inf]]),
    "inf_float32": np.array([[np.inf]], dtype=np.float32),
    "huge_int": [[10**400]],
    "sparse": scipy.sparse.csr_array((2, 2)),
    "sparse_complex": scipy.sparse.csr_array(np.array([[1j]])),
    "pandas_all_sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
}


@pytest.mark.parametrize("X", SAME_ERROR.values(), ids=SAME_ERROR)
def test_errors_of_scikit_learn(X):
    def error(check, **options):
        with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
            check(X, input_name="X", **options)
        return type(caught.value), str(caught.value)

    theirs = error(sklearn.utils.check_array, dtype=[np.float64, np.float32], estimator="KMeans")
    assert error(check_array, estimator_name="KMeans") == theirs


@pytest.mark.parametrize("min_samples", [2, 5])
def test_min_samples(min_samples):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array([[1.0, 2.0]], min_samples=min_samples)
    assert str(caught.value) == (
        f"Found array with 1 sample(s) (shape=(1, 2)) while a minimum of {min_samples} is required."
    )


def test_min_features():
    assert check_array(np.ones((2, 0)), min_features=0).shape == (2, 0)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array([[1.0, 2.0]], min_features=3, estimator_name="KMeans")
    assert str(caught.value) == (
        "Found array with 2 feature(s) (shape=(1, 2)) while a minimum of 3 is required by KMeans."
    )


NOT_NUMERIC = {
    "str": (np.array([["1", "2"]]), "dtype('<U1')"),
    "list_of_str": ([["a", "b"]], "dtype('<U1')"),
    "str_beside_number": ([["ab", 1.0]], "dtype('<U32')"),
    "bytes": (np.array([[b"1"]]), "dtype('S1')"),
    "plain_str": ("abc", "dtype('<U3')"),
    "datetime": (np.array([["2020-01-01"]], dtype="M8[D]"), "dtype('<M8[D]')"),
    "timedelta": (np.array([[1]], dtype="m8[s]"), "dtype('<m8[s]')"),
    "structured": (np.zeros((2, 2), dtype=[("a", "<f8")]), "dtype([('a', '<f8')])"),
    "variable_str": (np.array([["a"]], dtype=np.dtypes.StringDType()), "StringDType()"),
}


@pytest.mark.parametrize(("X", "dtype"), NOT_NUMERIC.values(), ids=NOT_NUMERIC)
def test_not_numeric(X, dtype):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array(X)
    assert str(caught.value) == (
        f"Input X has {dtype}, which is not numeric. Convert your data to numeric values"
        " explicitly instead."
    )


# ---------------------------------------------------------------- NaN, infinity, overflow


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.0, np.nan]]),
        np.array([[np.nan]], dtype=np.float32),
        np.array([[np.inf, np.nan]]),
        [[1.0, None]],
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
        pl.DataFrame({"a": [1.0, None]}),
    ],
    ids=["float64", "float32", "beside_inf", "none", "pandas_na", "polars_null"],
)
def test_nan(X):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array(X, estimator_name="KMeans")
    assert str(caught.value) == (
        "Input X contains NaN.\nKMeans does not accept missing values. Remove the rows or columns"
        " that hold them, or fill them in (with the mean of their column, for instance) before"
        " passing X."
    )


def test_nan_elsewhere():
    with pytest.raises(ValueError, match=r"^Input centers contains NaN\.$"):
        check_array([[np.nan]], input_name="centers", estimator_name="KMeans")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 65_535, 65_536, -1])
def test_one_bad_value_is_found_anywhere(value, position):
    X = np.zeros((70_000, 2))
    X.ravel()[position] = value
    with pytest.raises(ValueError, match="NaN" if np.isnan(value) else "infinity"):
        check_array(X)


def test_nan_far_behind_infinity_is_named():
    X = np.zeros((70_000, 2))
    X[0, 0], X[-1, -1] = np.inf, np.nan
    with pytest.raises(ValueError, match=r"^Input X contains NaN\.$"):
        check_array(X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_finite_values_whose_sum_overflows(dtype):
    X = np.full((1000, 2), np.finfo(dtype).max, dtype=dtype)
    assert check_array(X) is X


@pytest.mark.parametrize("X", [[[1e300]], np.array([[-1e39]])], ids=["list", "array"])
def test_overflow_of_float32(X):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_array(X, dtype=np.float32)
    assert str(caught.value) == (
        "Input X contains infinity or a value too large for dtype('float32')."
    )


def test_overflow_of_longdouble():
    X = np.full((1, 1), np.finfo(np.longdouble).max)
    with pytest.raises(ValueError, match=r"value too large for dtype\('float64'\)\.$"):
        check_array(X)


def test_opposite_infinities():
    with pytest.raises(ValueError, match=r"^Input X contains infinity or a value too large for"):
        check_array(np.array([[np.inf, -np.inf]]))


def test_finiteness_can_be_left_unchecked():
    X = np.array([[np.nan, np.inf]])
    assert check_array(X, ensure_all_finite=False) is X


@pytest.mark.parametrize("scale", [1.0, 1e308], ids=["clean", "overflowing"])
def test_finiteness_takes_constant_memory(scale):
    X = np.full((500_000, 2), scale)
    check_array(X)
    tracemalloc.start()
    check_array(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 50


# ---------------------------------------------------------------- sample weights


def test_weights_stay_none():
    assert check_sample_weight(None, 3, np.float64) is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "weights",
    [
        [1, 2, 0],
        np.array([1, 2, 0], dtype=np.int8),
        np.array([1.0, 9.0, 2.0, 9.0, 0.0, 9.0])[::2],
        pd.Series([1.0, 2.0, 0.0]),
        pl.Series([1, 2, 0]),
    ],
    ids=["list", "int8", "strided", "pandas", "polars"],
)
def test_weights(weights, dtype):
    array = check_sample_weight(weights, 3, dtype)
    assert_kernel_form(array, dtype)
    assert array.tolist() == [1.0, 2.0, 0.0]


def test_ready_weights_are_not_copied():
    weights = np.ones(3)
    assert check_sample_weight(weights, 3, np.float64) is weights


@pytest.mark.parametrize("scalar", [2, 2.0, np.float32(2), np.array(2)], ids=str)
def test_scalar_weight(scalar):
    array = check_sample_weight(scalar, 3, np.float32)
    assert_kernel_form(array, np.float32)
    assert array.tolist() == [2.0, 2.0, 2.0]


SAME_WEIGHT_ERROR = {
    "two_d": np.ones((3, 1)),
    "three_d": np.ones((3, 1, 1)),
    "short": np.ones(2),
    "one": [1.0],
    "empty": [],
    "nan": [1.0, np.nan, 1.0],
    "inf": [1.0, np.inf, 1.0],
    "zeros": np.zeros(3),
    "zero": 0,
    "negative": [1.0, -1.0, 1.0],
    "negative_scalar": -1.0,
    "complex": np.array([1j, 1, 1]),
}


@pytest.mark.parametrize("weights", SAME_WEIGHT_ERROR.values(), ids=SAME_WEIGHT_ERROR)
def test_weight_errors_of_scikit_learn(weights):
    with pytest.raises(ValueError) as theirs:  # noqa: PT011 - the whole text follows
        sklearn.utils.validation._check_sample_weight(
            weights, BASE[:3], dtype=np.float64, ensure_non_negative=True
        )
    with pytest.raises(ValueError) as ours:  # noqa: PT011 - the whole text follows
        check_sample_weight(weights, 3, np.float64)
    assert str(ours.value) == str(theirs.value)


def test_nan_scalar_weight():
    with pytest.raises(ValueError, match=r"^Input sample_weight contains NaN\.$"):
        check_sample_weight(np.nan, 3, np.float64)


# ---------------------------------------------------------------- names and counts of features


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (pd.DataFrame({"b": [1], "a": [2]}), ["b", "a"]),
        (pl.DataFrame({"b": [1], "a": [2]}), ["b", "a"]),
        (pd.DataFrame([[1, 2]]), None),
        (pd.DataFrame(), None),
        (BASE, None),
        (BASE.tolist(), None),
    ],
    ids=["pandas", "polars", "int_names", "no_columns", "array", "list"],
)
def test_get_feature_names(X, names):
    found = get_feature_names(X)
    theirs = sklearn.utils.validation._get_feature_names(X)
    if names is None:
        assert found is None
        assert theirs is None
    else:
        assert found.dtype == object
        assert found.tolist() == theirs.tolist() == names


def test_mixed_names():
    X = pd.DataFrame({"a": [1], 2: [2]})
    with pytest.raises(TypeError) as theirs:
        sklearn.utils.validation._get_feature_names(X)
    with pytest.raises(TypeError) as ours:
        get_feature_names(X)
    assert str(ours.value) == str(theirs.value)


def names_array(text):
    return None if text is None else np.array(list(text), dtype=object)


@pytest.mark.parametrize(
    ("names", "fitted"),
    [
        (None, None),
        ("ab", "ab"),
        ("ab", None),
        (None, "ab"),
        ("ba", "ab"),
        ("abc", "ab"),
        ("a", "ab"),
        ("xb", "ab"),
        ("abcdefgh", "i"),
        ("i", "abcdefgh"),
        ("abcde", "fghij"),
    ],
)
def test_feature_names_as_scikit_learn(names, fitted):
    names, fitted = names_array(names), names_array(fitted)

    class KMeans:
        if fitted is not None:
            feature_names_in_ = fitted

    def outcome(check, *args, **options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                check(*args, **options)
            except ValueError as error:
                return str(error)
        return [(w.category, str(w.message)) for w in caught]

    X = BASE if names is None else pd.DataFrame([range(len(names))], columns=names)
    theirs = outcome(sklearn.utils.validation._check_feature_names, KMeans(), X, reset=False)
    assert outcome(check_feature_names, names, fitted, "KMeans") == theirs


def test_feature_names_warning_points_at_the_caller():
    with pytest.warns(UserWarning, match="without feature names") as caught:
        check_feature_names(names_array("ab"), None, "KMeans")
    assert caught[0].filename == __file__


def test_n_features():
    check_n_features(4, 4, "KMeans")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        check_n_features(1, 4, "KMeans")
    assert str(caught.value) == "X has 1 features, but KMeans is expecting 4 features as input."


# ---------------------------------------------------------------- random state


@pytest.mark.parametrize("seed", [None, np.random], ids=["none", "module"])
def test_global_random_state(seed):
    assert check_random_state(seed) is sklearn.utils.check_random_state(seed)


@pytest.mark.parametrize("seed", [0, 42, np.int64(7), np.uint8(3), 2**32 - 1], ids=str)
def test_seed(seed):
    expected = np.random.RandomState(seed).uniform(size=3)
    np.testing.assert_array_equal(check_random_state(seed).uniform(size=3), expected)


def test_weights_whose_sum_overflows():
    with pytest.raises(ValueError, match=r"^The sum of the sample weights is too large for dtype"):
        check_sample_weight(np.full(64, 1e308), 64, np.float64)


def test_random_state_is_passed_on():
    state = np.random.RandomState(0)
    assert check_random_state(state) is state


@pytest.mark.parametrize(
    "seed", ["seed", 1.0, np.random.default_rng(0), [1, 2], -1, 2**32], ids=str
)
def test_bad_seed(seed):
    with pytest.raises(ValueError) as theirs:  # noqa: PT011 - the whole text follows
        sklearn.utils.check_random_state(seed)
    with pytest.raises(ValueError) as ours:  # noqa: PT011 - the whole text follows
        check_random_state(seed)
    assert str(ours.value) == str(theirs.value)
