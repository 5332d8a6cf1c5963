"""Parameter constraints."""

from __future__ import annotations

import re
from decimal import Decimal
from numbers import Integral, Real

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.cluster import KMeans
from sklearn.utils._param_validation import (
    InvalidParameterError as SklearnInvalidParameterError,
)
from sklearn.utils._param_validation import validate_parameter_constraints

from scratchml.core.params import (
    AnyOf,
    ArrayLike,
    Callable,
    Constraint,
    HasMethods,
    InstanceOf,
    Interval,
    IsNone,
    Options,
    SparseContainer,
    as_constraint,
    check_params,
)
from scratchml.exceptions import InvalidParameterError

POSITIVE = Interval(Integral, 1, None, closed="left")

KMEANS = {
    "n_clusters": [POSITIVE],
    "init": [Options({"k-means++", "random"}), callable, "array-like"],
    "n_init": [Options({"auto"}), POSITIVE],
    "max_iter": [POSITIVE],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
    "copy_x": ["boolean"],
    "algorithm": [Options({"lloyd", "elkan"})],
}

VALUES = {
    "zero": 0,
    "one": 1,
    "minus_one": -1,
    "int64": np.int64(3),
    "uint8": np.uint8(2),
    "huge_int": 2**32,
    "beyond_float": 10**400,
    "float": 1.5,
    "float32": np.float32(0.5),
    "negative_float": -1e-6,
    "nan": float("nan"),
    "nan32": np.float32("nan"),
    "inf": float("inf"),
    "minus_inf": float("-inf"),
    "decimal": Decimal("1.5"),
    "complex": 1j,
    "numpy_bool": np.True_,
    "none": None,
    "kmeans++": "k-means++",
    "numpy_str": np.str_("random"),
    "lloyd": "lloyd",
    "auto": "auto",
    "other_str": "other",
    "bytes": b"auto",
    "list": [[0.0, 1.0]],
    "tuple": (1, 2),
    "dict": {},
    "array": np.ones((2, 2)),
    "zero_d": np.array(1),
    "frame": pd.DataFrame({"a": [1.0]}),
    "sparse": scipy.sparse.csr_array((2, 2)),
    "random_state": np.random.RandomState(0),
    "generator": np.random.default_rng(0),
    "numpy_random": np.random,
    "function": len,
    "class": int,
    "object": object(),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("name", KMEANS)
def test_same_decisions_as_scikit_learn(name, value):
    def verdict(check, error, constraints):
        try:
            check(constraints, {name: value}, "KMeans")
        except error as err:
            # The order of a set of strings is not settled there.
            return re.sub(r"a str among \{.*?\}", "a str among {}", str(err))
        return "accepted"

    theirs = verdict(
        validate_parameter_constraints, SklearnInvalidParameterError, KMeans._parameter_constraints
    )
    assert verdict(check_params, InvalidParameterError, KMEANS) == theirs


@pytest.mark.parametrize("name", ["n_clusters", "n_init", "max_iter", "random_state"])
def test_bool_is_not_an_int(name):
    with pytest.raises(InvalidParameterError, match="Got True instead"):
        check_params(KMEANS, {name: True}, "KMeans")


@pytest.mark.parametrize("name", ["verbose", "copy_x"])
def test_bool_where_it_belongs(name):
    check_params(KMEANS, {name: True}, "KMeans")


MESSAGES = {
    "n_clusters": (0, "an int in the range [1, inf). Got 0 instead."),
    "tol": (-1, "a float in the range [0.0, inf). Got -1 instead."),
    "algorithm": ("full", "a str among {'elkan', 'lloyd'}. Got 'full' instead."),
    "n_init": (0, "a str among {'auto'} or an int in the range [1, inf). Got 0 instead."),
    "init": (
        "kmeans",
        "a str among {'k-means++', 'random'}, a callable or an array-like. Got 'kmeans' instead.",
    ),
    "copy_x": (
        1,
        "an instance of 'bool' or an instance of 'numpy.bool'. Got 1 instead.",
    ),
    "verbose": (
        -1,
        "an int in the range [0, inf), an instance of 'bool' or an instance of 'numpy.bool'."
        " Got -1 instead.",
    ),
    "random_state": (
        "seed",
        "an int in the range [0, 4294967295], an instance of 'numpy.random.mtrand.RandomState'"
        " or None. Got 'seed' instead.",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_message(name):
    value, text = MESSAGES[name]
    with pytest.raises(InvalidParameterError) as caught:
        check_params(KMEANS, {name: value}, "KMeans")
    assert str(caught.value) == f"The {name!r} parameter of KMeans must be {text}"
    assert isinstance(caught.value, SklearnInvalidParameterError)


def test_first_wrong_parameter_is_named():
    with pytest.raises(InvalidParameterError, match=r"^The 'max_iter' parameter of DBSCAN must"):
        check_params(KMEANS, {"tol": 1, "max_iter": 0, "n_clusters": 0}, "DBSCAN")


def test_parameters_without_constraint_are_not_checked():
    check_params(KMEANS, {"other": object()}, "KMeans")


@pytest.mark.parametrize(
    ("closed", "text", "inside"),
    [
        ("left", "a float in the range [0.0, 1.0)", [True, False]),
        ("right", "a float in the range (0.0, 1.0]", [False, True]),
        ("both", "a float in the range [0.0, 1.0]", [True, True]),
        ("neither", "a float in the range (0.0, 1.0)", [False, False]),
    ],
)
def test_interval_ends(closed, text, inside):
    interval = Interval(Real, 0, 1, closed=closed)
    assert str(interval) == text
    assert [interval.is_satisfied_by(end) for end in (0, 1)] == inside
    assert interval.is_satisfied_by(0.5)
    assert not interval.is_satisfied_by(-0.1)
    assert not interval.is_satisfied_by(1.1)


def test_interval_without_bounds():
    interval = Interval(Real, None, None, closed="neither")
    assert str(interval) == "a float in the range (-inf, inf)"
    assert interval.is_satisfied_by(-1e300)
    assert not interval.is_satisfied_by(np.inf)


def test_interval_of_float_leaves_ints_out():
    interval = Interval(float, 0, 1, closed="both")
    assert interval.is_satisfied_by(1.0)
    assert not interval.is_satisfied_by(1)


def test_interval_closed_is_checked():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        Interval(Real, 0, 1, closed="left-ish")
    assert str(caught.value) == (
        "closed must be 'left', 'right', 'both' or 'neither'. Got 'left-ish' instead."
    )


@pytest.mark.parametrize(
    ("options", "shown"), [([], "[]"), ([1, "auto"], "[1, 'auto']")], ids=["none", "mixed"]
)
def test_options_of_one_type(options, shown):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text follows
        Options(options)
    assert str(caught.value) == f"options must be values of one type. Got {shown} instead."


@pytest.mark.parametrize(
    ("spec", "expected", "text"),
    [
        (None, IsNone(), "None"),
        (callable, Callable(), "a callable"),
        ("array-like", ArrayLike(), "an array-like"),
        ("sparse matrix", SparseContainer(), "a sparse array or matrix"),
        (dict, InstanceOf(dict), "an instance of 'dict'"),
        (Real, InstanceOf(Real), "an instance of 'float'"),
        (POSITIVE, POSITIVE, "an int in the range [1, inf)"),
        (HasMethods(("fit",)), HasMethods(("fit",)), "an object implementing 'fit'"),
        (
            HasMethods(("a", "b", "c")),
            HasMethods(("a", "b", "c")),
            "an object implementing 'a', 'b' and 'c'",
        ),
    ],
    ids=str,
)
def test_shorthands(spec, expected, text):
    constraint = as_constraint(spec)
    assert isinstance(constraint, Constraint)
    assert constraint == expected
    assert str(constraint) == text


def test_unknown_shorthand():
    with pytest.raises(ValueError, match=r"^Unknown constraint: 'arraylike'$"):
        as_constraint("arraylike")


@pytest.mark.parametrize("container", [scipy.sparse.csr_array, scipy.sparse.coo_matrix])
def test_sparse_container(container):
    assert SparseContainer().is_satisfied_by(container((2, 2)))
    assert not ArrayLike().is_satisfied_by(container((2, 2)))
    assert not SparseContainer().is_satisfied_by(np.ones((2, 2)))


def test_has_methods():
    assert HasMethods(("append", "pop")).is_satisfied_by([])
    assert not HasMethods(("append", "fit")).is_satisfied_by([])


def test_constraints_can_be_read():
    interval = as_constraint(KMEANS["n_clusters"][0])
    assert (interval.type, interval.left, interval.right, interval.closed) == (
        Integral,
        1,
        None,
        "left",
    )
    assert Options({"b", "a"}).options == ("a", "b")
    assert Options({"b", "a"}).type is str
    verbose = as_constraint("verbose")
    assert isinstance(verbose, AnyOf)
    assert verbose.constraints[0] == Interval(Integral, 0, None, closed="left")
    assert verbose.constraints[1].type is bool
