"""Errors and warnings, each of which scikit-learn's own handlers also catch when it is loaded."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

_Raisable = TypeVar("_Raisable", bound=BaseException)

# A public name is what tracebacks and pickles should show.
_PUBLIC_MODULE = "scratchml.exceptions"

_SKLEARN_HOMES = {
    "NotFittedError": "sklearn.exceptions",
    "InvalidParameterError": "sklearn.utils._param_validation",
    "ConvergenceWarning": "sklearn.exceptions",
    "DataConversionWarning": "sklearn.exceptions",
}

# (our class, scikit-learn's) -> the class that derives from both, so that there is only one.
_derived: dict[tuple[type, type], Any] = {}


def compatible(cls: type[_Raisable]) -> type[_Raisable]:
    """Class to raise or warn with in place of `cls`.

    Parameters
    ----------
    cls : type
        One of the classes of this module.

    Returns
    -------
    type
        `cls` itself, or, where the module of scikit-learn that holds the class of the same name is
        already loaded, a class that derives from both, so that ``except`` clauses and warning
        filters written for either library see it. scikit-learn is never imported for it.

    Examples
    --------
    >>> raise compatible(NotFittedError)("fit first")  # doctest: +SKIP
    """
    home = sys.modules.get(_SKLEARN_HOMES.get(cls.__name__, ""))
    theirs = getattr(home, cls.__name__, None)
    if theirs is None:
        return cls
    if (cls, theirs) not in _derived:
        namespace = {"__module__": cls.__module__, "__doc__": cls.__doc__, "_portable_class": cls}
        both = type(cls.__name__, (cls, theirs), namespace)
        # Of two threads that come here at once, both get the class of the first.
        _derived.setdefault((cls, theirs), both)
    return _derived[cls, theirs]


def _reduce(self: BaseException) -> tuple[Any, ...]:
    """Pickle as the class of this module; the reading process decides what it is compatible with.

    A class that derives from both exists only where scikit-learn is loaded, so it cannot itself be
    named in a pickle.
    """
    cls = type(self)
    return _rebuild, (vars(cls).get("_portable_class", cls), self.args), vars(self) or None


def _rebuild(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    return compatible(cls)(*args)


class NotFittedError(ValueError, AttributeError):
    """Raised when an estimator is used before it is fitted."""

    __module__ = _PUBLIC_MODULE
    __reduce__ = _reduce


class InvalidParameterError(ValueError, TypeError):
    """Raised when a parameter of an estimator has a wrong type or a value out of range."""

    __module__ = _PUBLIC_MODULE
    __reduce__ = _reduce


class ConvergenceWarning(UserWarning):
    """Warned with when an iterative fit stops short of what it was asked for."""

    __module__ = _PUBLIC_MODULE
    __reduce__ = _reduce


class DataConversionWarning(UserWarning):
    """Warned with when data are taken in another form than they were given in."""

    __module__ = _PUBLIC_MODULE
    __reduce__ = _reduce
