"""Errors and warnings: ours always, scikit-learn's too where it is loaded."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings

import pytest
import sklearn.exceptions
from sklearn.utils import _param_validation

import scratchml.exceptions
from scratchml.core import exceptions
from scratchml.core.exceptions import compatible

PAIRS = [
    pytest.param(scratchml.exceptions.NotFittedError, sklearn.exceptions.NotFittedError, id="nf"),
    pytest.param(
        scratchml.exceptions.InvalidParameterError,
        _param_validation.InvalidParameterError,
        id="param",
    ),
    pytest.param(
        scratchml.exceptions.ConvergenceWarning, sklearn.exceptions.ConvergenceWarning, id="conv"
    ),
]


class CustomError(scratchml.exceptions.NotFittedError):
    """A user's own subclass."""


def run_python(code: str, stdin: bytes = b"") -> bytes:
    """Standard output of `code` in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", code], input=stdin, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_builtin_bases():
    assert exceptions.NotFittedError.__bases__ == (ValueError, AttributeError)
    assert exceptions.InvalidParameterError.__bases__ == (ValueError, TypeError)
    assert exceptions.ConvergenceWarning.__bases__ == (UserWarning,)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_both_libraries_see_it(ours, theirs):
    cls = compatible(ours)
    assert issubclass(cls, ours)
    assert issubclass(cls, theirs)
    assert cls.__name__ == ours.__name__
    assert cls is compatible(ours)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_scikit_learn_still_being_imported(ours, theirs, monkeypatch):
    monkeypatch.delattr(sys.modules[theirs.__module__], theirs.__name__)
    assert compatible(ours) is ours


def test_warning_filters_of_both():
    for category in (
        scratchml.exceptions.ConvergenceWarning,
        sklearn.exceptions.ConvergenceWarning,
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category)
            warnings.warn("stopped", compatible(exceptions.ConvergenceWarning), stacklevel=1)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("duplicate", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_round_trip_keeps_everything(ours, theirs, duplicate):
    error = compatible(ours)("message", 3)
    error.add_note("note")
    again = duplicate(error)
    assert type(again) is type(error)
    assert again.args == ("message", 3)
    assert again.__notes__ == ["note"]


def test_subclass_round_trip():
    again = pickle.loads(pickle.dumps(CustomError("message")))
    assert type(again) is CustomError
    assert str(again) == "message"


def test_pickle_into_a_process_without_scikit_learn():
    errors = [compatible(parameter.values[0])("message") for parameter in PAIRS]
    code = """
import pickle, sys
errors = pickle.load(sys.stdin.buffer)
import scratchml.exceptions as door
expected = [door.NotFittedError, door.InvalidParameterError, door.ConvergenceWarning]
assert [type(error) for error in errors] == expected, errors
assert {str(error) for error in errors} == {"message"}
assert "sklearn" not in sys.modules
"""
    run_python(code, stdin=pickle.dumps(errors))


def test_pickle_from_a_process_without_scikit_learn():
    code = """
import pickle, sys
import scratchml.exceptions as door
from scratchml.core.exceptions import compatible
classes = [door.NotFittedError, door.InvalidParameterError, door.ConvergenceWarning]
assert [compatible(cls) for cls in classes] == classes
assert "sklearn" not in sys.modules
sys.stdout.buffer.write(pickle.dumps([compatible(cls)("message") for cls in classes]))
"""
    for error, parameter in zip(pickle.loads(run_python(code)), PAIRS, strict=True):
        assert isinstance(error, parameter.values)
        assert isinstance(error, parameter.values[1])
        assert str(error) == "message"


def test_door_lists_its_names():
    assert set(scratchml.exceptions.__all__) <= set(dir(scratchml.exceptions))
    for name in scratchml.exceptions.__all__:
        assert getattr(scratchml.exceptions, name) is getattr(exceptions, name)
        assert getattr(exceptions, name).__module__ == "scratchml.exceptions"
