"""A duel of estimators: ours against scikit-learn's of the same name, or against any other."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from scratchml.core.blocks import get_num_threads
from scratchml.core.params import Interval, check_params

from .contestants import EstimatorContestant
from .duels import Duel
from .measure import measure
from .outcomes import UnfairDuelError

_CONSTRAINTS = {
    name: [Interval(Integral, 1, None, closed="left"), None] for name in ("rounds", "threads")
}
_SKLEARN_DOORS = ("cluster", "mixture", "neighbors", "semi_supervised")
_LIBRARIES = {"sklearn": "scikit-learn", "sklearnex": "scikit-learn-intelex"}

# Parameters that change how the work is done, but not what it is.
_HOW = {
    "algorithm",
    "copy",
    "copy_x",
    "leaf_size",
    "n_jobs",
    "verbose",
    "verbose_interval",
}


def duel(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    against: Any = None,
    method: str = "fit",
    rounds: int | None = None,
    threads: int | None = None,
) -> Duel | list[Duel]:
    """Race an estimator against an opponent on the same work.

    Each runs in a fresh process of its own, with the same threads, in turn: in every round each
    runs once on the way there and once on the way back, so that a drifting machine favours
    neither. Results are compared before times are believed.

    Parameters
    ----------
    estimator : estimator
        Not necessarily fitted; it is copied.
    X, y : array-like
        The data.
    against : estimator, list of estimators or None, default=None
        The opponent or opponents. None is scikit-learn's class of the same name with the same
        parameters; a value that it does not have ('auto', say) becomes its own default.
    method : str, default="fit"
        What to time; but for those that fit, it is called on an estimator fitted before.
    rounds : int or None, default=None
        Number of rounds. None takes as many as go into twenty seconds, and no fewer than ten.
    threads : int or None, default=None
        Threads of each contestant, in every pool that it has; None is what a fit uses here.

    Returns
    -------
    Duel or list of Duel
        A list if `against` is one. `print` it; see `Duel` for what it holds.

    Raises
    ------
    UnfairDuelError
        If the contestants would not do the same work under the same conditions, or have not found
        the same.
    ContestantError
        If one of them fails.
    ImportError
        If scikit-learn is the opponent and is not installed.
    ValueError
        If an argument is not valid, there is no class of that name in scikit-learn, or a contestant
        cannot be sent to a process of its own.

    Notes
    -----
    A `random_state` of None becomes 0 for everyone, and `n_jobs` the number of threads.
    Where two did not run as many iterations, the times compared are those of an iteration.

    Examples
    --------
    >>> from scratchml.bench import duel
    >>> from scratchml.cluster import KMeans
    >>> from scratchml.datasets import make_blobs
    >>> X, _ = make_blobs(20_000, n_features=8, centers=10, random_state=0)
    >>> print(duel(KMeans(10, random_state=0), X))  # doctest: +SKIP
    """
    check_params(_CONSTRAINTS, {"rounds": rounds, "threads": threads}, "duel")
    if not callable(getattr(estimator, method, None)):
        raise ValueError(f"{type(estimator).__name__} has no method {method!r}")
    if isinstance(against, list | tuple):
        return [
            _duel(estimator, opponent, X, y, method=method, rounds=rounds, threads=threads)
            for opponent in against
        ]
    opponent = counterpart(estimator) if against is None else against
    return _duel(estimator, opponent, X, y, method=method, rounds=rounds, threads=threads)


def _duel(
    estimator: Any,
    opponent: Any,
    X: Any,
    y: Any,
    *,
    method: str,
    rounds: int | None,
    threads: int | None,
) -> Duel:
    n_threads = threads or get_num_threads()
    ours, theirs = (_prepared(each, n_threads) for each in (estimator, opponent))
    check_same_work(_params(ours), _params(theirs))
    our_name, their_name = _name(type(ours)), _name(type(theirs))
    if our_name == their_name:
        their_name += " (opponent)"
    contestants = [
        EstimatorContestant(our_name, ours, method),
        EstimatorContestant(their_name, theirs, method),
    ]
    measurement = measure(contestants, X, y, rounds=rounds, threads=n_threads)
    return measurement.duel(our_name, their_name)


def _prepared(estimator: Any, n_threads: int) -> Any:
    """A copy with a seed, and with the threads that everyone has where it can be told."""
    estimator = copy.deepcopy(estimator)
    given = _params(estimator)
    changes: dict[str, Any] = {"n_jobs": n_threads} if "n_jobs" in given else {}
    if "random_state" in given and given["random_state"] is None:
        changes["random_state"] = 0
    return estimator.set_params(**changes) if changes else estimator


def _params(estimator: Any) -> dict[str, Any]:
    return estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}


def _name(cls: type) -> str:
    library = cls.__module__.split(".")[0]
    return f"{_LIBRARIES.get(library, library)} {cls.__name__}"


def counterpart(estimator: Any, cls: Any = None) -> Any:
    """An estimator of another class with the same parameters.

    Parameters
    ----------
    estimator : estimator
    cls : type or None, default=None
        The other class; None is scikit-learn's of the same name. A value that scikit-learn's
        constraints do not allow becomes its default.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    ValueError
        If it has no class of that name.
    UnfairDuelError
        If a parameter that the other class does not have was set.
    """
    cls = _sklearn_class(type(estimator).__name__) if cls is None else cls
    theirs = inspect.signature(cls).parameters
    defaults = {p.name: p.default for p in inspect.signature(type(estimator)).parameters.values()}
    params = {}
    for parameter, value in _params(estimator).items():
        if parameter not in theirs:
            if not _same(value, defaults[parameter]):
                raise UnfairDuelError(
                    f"{_name(cls)} has no parameter {parameter!r}, which is {value!r}"
                )
        elif _is_allowed(cls, parameter, value):
            params[parameter] = value
    return cls(**params)


def _sklearn_class(name: str) -> Any:
    try:
        doors = [importlib.import_module(f"sklearn.{door}") for door in _SKLEARN_DOORS]
    except ImportError as error:
        raise ImportError(
            "The default opponent is scikit-learn's: pip install scikit-learn, or name another"
            " with against=..."
        ) from error
    cls = next((getattr(door, name) for door in doors if hasattr(door, name)), None)
    if cls is None:
        raise ValueError(f"scikit-learn has no {name}: name an opponent with against=...")
    return cls


def _is_allowed(cls: Any, parameter: str, value: Any) -> bool:
    """Whether a class of scikit-learn's kind allows a value, by the constraints it declares."""
    if cls.__module__.split(".")[0] not in _LIBRARIES:
        return True
    constraints = cls._parameter_constraints.get(parameter, "no_validation")
    if isinstance(constraints, str):
        return True
    from sklearn.utils._param_validation import make_constraint

    return any(make_constraint(each).is_satisfied_by(value) for each in constraints)


def check_same_work(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Refuse parameters under which the work would not be the same.

    Raises
    ------
    UnfairDuelError
        When a parameter that both have, and that changes what is computed, differs.
    """
    for name in ours.keys() & theirs.keys() - _HOW:
        if not _same(ours[name], theirs[name]):
            raise UnfairDuelError(
                f"unequal work: {name} is {ours[name]!r} for one and {theirs[name]!r} for the other"
            )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, np.random.RandomState) and isinstance(b, np.random.RandomState):
        return True  # what they draw shows in the results
    return bool(a == b)
