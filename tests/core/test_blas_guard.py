"""The guard that holds BLAS to one thread."""

from __future__ import annotations

import contextlib
import threading

import pytest
import threadpoolctl
from helpers import run_python
from threading_helpers import FORK

from scratchml.core.blocks import (
    single_threaded_blas,
)


def blas_threads():
    (blas,) = {
        library["num_threads"]
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    }
    return blas


@pytest.fixture
def _two_blas_threads():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        yield


@pytest.mark.usefixtures("_two_blas_threads")
def test_blas_guard_nested():
    assert blas_threads() == 2
    with single_threaded_blas():
        assert blas_threads() == 1
        with single_threaded_blas():
            assert blas_threads() == 1
        assert blas_threads() == 1
    assert blas_threads() == 2


@pytest.mark.usefixtures("_two_blas_threads")
def test_blas_guard_ends_with_an_error():
    with pytest.raises(ZeroDivisionError), single_threaded_blas():
        raise ZeroDivisionError
    assert blas_threads() == 2


@pytest.mark.usefixtures("_two_blas_threads")
@pytest.mark.parametrize("first_to_leave", ["first_to_come", "last_to_come"])
def test_blas_guards_overlap(first_to_leave):
    entered, leave = threading.Event(), threading.Event()

    def other_fit():
        with single_threaded_blas():
            entered.set()
            leave.wait(20)

    other = threading.Thread(target=other_fit)
    with contextlib.ExitStack() as mine:
        if first_to_leave == "first_to_come":
            mine.enter_context(single_threaded_blas())
            other.start()
            entered.wait(20)
        else:
            other.start()
            entered.wait(20)
            mine.enter_context(single_threaded_blas())
        mine.close()
        assert blas_threads() == 1
        leave.set()
        other.join()
    assert blas_threads() == 2


@pytest.mark.usefixtures("_two_blas_threads")
def test_blas_guard_under_load():
    def fits():
        for _ in range(50):
            with single_threaded_blas():
                seen.add(blas_threads())

    seen = set()
    others = [threading.Thread(target=fits) for _ in range(4)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join()
    assert seen == {1}
    assert blas_threads() == 2


BLAS = """
import os, sys, threading, time
import numpy, threadpoolctl
from scratchml.core.blocks import single_threaded_blas
sys.path.insert(0, {path!r})
from work import in_child

threadpoolctl.threadpool_limits(2, user_api="blas")

def count(user_api="blas"):
    info = threadpoolctl.threadpool_info()
    return {{library["num_threads"] for library in info if library["user_api"] == user_api}}

def check():
    assert count() == {{2}}, count()
    with single_threaded_blas():
        assert count() == {{1}}, count()
    assert count() == {{2}}, count()
"""


@pytest.mark.parametrize("held_by", ["nobody", "another_thread", "the_forking_thread"])
def test_blas_guard_after_a_fork(total_module, held_by):
    code = {
        "nobody": "check(); in_child(check); check()",
        "another_thread": """
entered, leave = threading.Event(), threading.Event()
def fit():
    with single_threaded_blas():
        entered.set()
        leave.wait(20)
other = threading.Thread(target=fit)
other.start()
entered.wait(20)
in_child(check)
leave.set()
other.join()
check()
""",
        "the_forking_thread": """
guard = single_threaded_blas()
def leave_guard():
    guard.__exit__(None, None, None)
    check()
    check()
guard.__enter__()
in_child(leave_guard)
assert count() == {1}
leave_guard()
""",
    }[held_by]
    run_python(FORK + BLAS.format(path=str(total_module["cwd"])) + code, **total_module)


def test_blas_guard_has_nothing_to_restore_where_blas_has_one_thread():
    # A limit that somebody else lifts while the guard holds must not come back.
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        other = threadpoolctl.threadpool_limits(1, user_api="blas")
        with single_threaded_blas():
            other.restore_original_limits()
        assert blas_threads() == 2


@pytest.mark.usefixtures("_two_blas_threads")
def test_blas_guard_works_in_a_thread_that_did_not_set_blas_before():
    # From threadpoolctl 3.8 on, the thread that set it first is the only one that may.
    seen = []

    def fit():
        with single_threaded_blas():
            seen.append(blas_threads())
        seen.append(blas_threads())

    thread = threading.Thread(target=fit)
    thread.start()
    thread.join()
    assert seen == [1, 2]


def test_blas_guard_leaves_other_libraries_alone(total_module):
    code = """
import sklearn.utils._openmp_helpers
threadpoolctl.threadpool_limits(2, user_api="openmp")
with single_threaded_blas():
    assert count("openmp") == {2}
    threadpoolctl.threadpool_limits(1, user_api="openmp")
assert count("openmp") == {1}
"""
    run_python(BLAS.format(path=str(total_module["cwd"])) + code, **total_module)
