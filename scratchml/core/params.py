"""Parameter constraints: declared beside a class, checked in its ``fit``, readable by tools.

A class declares what each parameter may be, as alternatives::

    _parameter_constraints = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [Options({"k-means++", "random"}), callable, "array-like"],
        "random_state": ["random_state"],
    }

An alternative is a constraint, or a shorthand that :func:`as_constraint` reads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from scratchml.core.containers import is_sparse
from scratchml.core.exceptions import InvalidParameterError, compatible


class Constraint(ABC):
    """What a parameter may be."""

    @abstractmethod
    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is allowed."""

    @abstractmethod
    def __str__(self) -> str:
        """Text that completes the sentence "must be ..."."""


@dataclass(frozen=True)
class Interval(Constraint):
    """Numbers between two bounds.

    NaN lies in no interval. A bool is not an int.

    Parameters
    ----------
    type : type
        ``numbers.Integral``, ``numbers.Real`` (ints included), or ``float`` (ints excluded).
    left, right : number or None
        Bounds; None is minus or plus infinity.
    closed : {"left", "right", "both", "neither"}
        Which of the bounds belong to the interval.

    Raises
    ------
    ValueError
        When `closed` is none of its options.
    """

    type: type
    left: float | None
    right: float | None
    closed: Literal["left", "right", "both", "neither"] = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.closed not in ("left", "right", "both", "neither"):
            raise ValueError(
                f"closed must be 'left', 'right', 'both' or 'neither'. Got {self.closed!r} instead."
            )

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is a number of the type between the bounds."""
        if not isinstance(value, self.type) or value != value:
            return False
        if self.type is Integral and isinstance(value, bool):
            return False
        number: Any = value
        left = -np.inf if self.left is None else self.left
        right = np.inf if self.right is None else self.right
        above = number >= left if self.closed in ("left", "both") else number > left
        below = number <= right if self.closed in ("right", "both") else number < right
        return bool(above and below)

    def __str__(self) -> str:
        kind, number = ("an int", int) if self.type is Integral else ("a float", float)
        left = "-inf" if self.left is None else number(self.left)
        right = "inf" if self.right is None else number(self.right)
        opening = "[" if self.closed in ("left", "both") else "("
        closing = "]" if self.closed in ("right", "both") else ")"
        return f"{kind} in the range {opening}{left}, {right}{closing}"


@dataclass(frozen=True)
class Options(Constraint):
    """A finite set of values of one type.

    Parameters
    ----------
    options : iterable
        The values; kept as a sorted tuple, so that messages and menus have one order.

    Raises
    ------
    ValueError
        When there is no value, or values of several types.
    """

    options: tuple[Any, ...]

    def __init__(self, options: Iterable[Any]) -> None:
        values = list(options)
        if len({type(value) for value in values}) != 1:
            raise ValueError(f"options must be values of one type. Got {values!r} instead.")
        object.__setattr__(self, "options", tuple(sorted(values)))

    @property
    def type(self) -> type:
        """Type of the values."""
        return type(self.options[0])

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is one of the options."""
        return isinstance(value, self.type) and value in self.options

    def __str__(self) -> str:
        return f"a {_type_name(self.type)} among {{{', '.join(map(repr, self.options))}}}"


@dataclass(frozen=True)
class InstanceOf(Constraint):
    """Instances of a type."""

    type: type

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is an instance of the type."""
        return isinstance(value, self.type)

    def __str__(self) -> str:
        return f"an instance of {_type_name(self.type)!r}"


@dataclass(frozen=True)
class HasMethods(Constraint):
    """Objects that have all of the named methods."""

    methods: tuple[str, ...]

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` has each method."""
        return all(callable(getattr(value, method, None)) for method in self.methods)

    def __str__(self) -> str:
        return f"an object implementing {_join([repr(name) for name in self.methods], 'and')}"


@dataclass(frozen=True)
class ArrayLike(Constraint):
    """Anything with a length, a shape or ``__array__`` that is neither sparse nor a scalar."""

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is an array-like."""
        return (
            any(hasattr(value, name) for name in ("__len__", "shape", "__array__"))
            and not np.isscalar(value)
            and not is_sparse(value)
        )

    def __str__(self) -> str:
        return "an array-like"


@dataclass(frozen=True)
class SparseContainer(Constraint):
    """SciPy's sparse arrays and matrices."""

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is sparse."""
        return is_sparse(value)

    def __str__(self) -> str:
        return "a sparse array or matrix"


@dataclass(frozen=True)
class Callable(Constraint):
    """Functions and other callables."""

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` can be called."""
        return callable(value)

    def __str__(self) -> str:
        return "a callable"


@dataclass(frozen=True)
class IsNone(Constraint):
    """None itself."""

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` is None."""
        return value is None

    def __str__(self) -> str:
        return "None"


@dataclass(frozen=True)
class AnyOf(Constraint):
    """Values that satisfy at least one of several constraints."""

    constraints: tuple[Constraint, ...]

    def is_satisfied_by(self, value: object) -> bool:
        """Whether `value` satisfies one of the constraints."""
        return any(constraint.is_satisfied_by(value) for constraint in self.constraints)

    def __str__(self) -> str:
        return _join([str(constraint) for constraint in self.constraints], "or")


_BOOLEANS = (InstanceOf(bool), InstanceOf(np.bool_))

_SHORTHANDS: dict[object, Constraint] = {
    None: IsNone(),
    callable: Callable(),
    "array-like": ArrayLike(),
    "sparse matrix": SparseContainer(),
    "boolean": AnyOf(_BOOLEANS),
    "verbose": AnyOf((Interval(Integral, 0, None, closed="left"), *_BOOLEANS)),
    "random_state": AnyOf(
        (
            Interval(Integral, 0, 2**32 - 1, closed="both"),
            InstanceOf(np.random.RandomState),
            IsNone(),
        )
    ),
}


def as_constraint(spec: Any) -> Constraint:
    """Constraint that a declaration stands for.

    Parameters
    ----------
    spec : Constraint, type, None, callable or str
        A constraint is returned as it is; a type stands for its instances; None and the builtin
        ``callable`` for themselves; the strings are "array-like", "sparse matrix", "boolean",
        "verbose" and "random_state".

    Raises
    ------
    ValueError
        When `spec` is none of these: a mistake in a declaration, not in a parameter.
    """
    if isinstance(spec, Constraint):
        return spec
    if isinstance(spec, type):
        return InstanceOf(spec)
    if spec not in _SHORTHANDS:
        raise ValueError(f"Unknown constraint: {spec!r}")
    return _SHORTHANDS[spec]


def check_params(
    constraints: Mapping[str, Iterable[Any]], params: Mapping[str, Any], owner: str
) -> None:
    """Check parameters against their declared constraints.

    Parameters
    ----------
    constraints : mapping of str to iterable
        Name -> alternatives, each as :func:`as_constraint` takes it.
    params : mapping of str to object
        Name -> value. Names without a constraint are not checked.
    owner : str
        Name of the class or function, for the message.

    Raises
    ------
    InvalidParameterError
        When a value satisfies none of its alternatives; the first such parameter is named.
    """
    for name, value in params.items():
        if name not in constraints:
            continue
        for spec in constraints[name]:
            if as_constraint(spec).is_satisfied_by(value):
                break
        else:
            allowed = AnyOf(tuple(map(as_constraint, constraints[name])))
            raise compatible(InvalidParameterError)(
                f"The {name!r} parameter of {owner} must be {allowed}. Got {value!r} instead."
            )


def _type_name(cls: type) -> str:
    if cls.__module__ == "builtins":
        return cls.__qualname__
    abstract: dict[type, str] = {Integral: "int", Real: "float"}
    return abstract.get(cls, f"{cls.__module__}.{cls.__qualname__}")


def _join(parts: list[str], word: str) -> str:
    *head, last = parts
    return f"{', '.join(head)} {word} {last}" if head else last
