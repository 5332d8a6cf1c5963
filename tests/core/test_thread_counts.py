"""How many threads a fit may use."""

from __future__ import annotations

import io
import os
import re
import threading

import numpy as np
import pytest
from helpers import run_python
from threading_helpers import on_two_threads

from scratchml.core import blocks
from scratchml.core.blocks import (
    get_num_threads,
    set_num_threads,
    threads,
)

COUNT = """
import builtins, os
from scratchml.core import blocks

def no_file(path):
    raise FileNotFoundError(path)

blocks.open = no_file  # no container
os.sched_getaffinity = lambda process: set(range(48))
print(blocks.get_num_threads())
"""


UNSET = dict.fromkeys(("SCRATCHML_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"))


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        pytest.param({}, 48, id="none"),
        pytest.param({"SCRATCHML_NUM_THREADS": "7"}, 7, id="own"),
        pytest.param({"SCRATCHML_NUM_THREADS": "96", "OMP_NUM_THREADS": "2"}, 96, id="own_wins"),
        pytest.param({"OMP_NUM_THREADS": "5"}, 5, id="omp"),
        pytest.param({"OMP_NUM_THREADS": "4,2"}, 4, id="omp_list"),
        pytest.param({"OMP_NUM_THREADS": " 4 , 2"}, 4, id="omp_spaced_list"),
        pytest.param({"OMP_NUM_THREADS": "96"}, 48, id="omp_above"),
        pytest.param({"NUMBA_NUM_THREADS": "3"}, 3, id="numba"),
        pytest.param({"OMP_NUM_THREADS": "5", "NUMBA_NUM_THREADS": "3"}, 3, id="lowest"),
        pytest.param({"OMP_NUM_THREADS": "many"}, 48, id="omp_word"),
        pytest.param({"OMP_NUM_THREADS": "0", "NUMBA_NUM_THREADS": "-1"}, 48, id="not_positive"),
        pytest.param({"OMP_NUM_THREADS": "", "SCRATCHML_NUM_THREADS": ""}, 48, id="empty"),
    ],
)
def test_default_number_of_threads(env, expected):
    assert int(run_python(COUNT, env={**UNSET, **env})) == expected


def test_default_number_of_threads_follows_affinity():
    code = """
import os
from scratchml.core.blocks import get_num_threads
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
print(get_num_threads())
"""
    assert run_python(code, env=UNSET) == "1\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 48),
        ({"cpu.max": "max 100000\n"}, 48),
        ({"cpu.max": "300000 100000\n"}, 3),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": "9000000 100000\n"}, 48),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 48),
        ({"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
    ids=["none", "max", "three", "one_and_a_half", "a_fifth", "above", "v1_max", "v1"],
)
def test_container_quota(monkeypatch, files, expected):
    def fake_open(path):
        try:
            return io.StringIO(files[path.removeprefix("/sys/fs/cgroup/")])
        except KeyError:
            raise FileNotFoundError(path) from None

    monkeypatch.setattr(blocks, "open", fake_open, raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # as on macOS and Windows
    monkeypatch.setattr(os, "cpu_count", lambda: 48)
    assert blocks.available_processors() == expected


def test_nearer_settings_win():
    set_num_threads(3)
    assert get_num_threads() == 3
    with threads(np.int64(5)):
        assert get_num_threads() == 5
        with threads(1):
            assert get_num_threads() == 1
        set_num_threads(4)
        assert get_num_threads() == 5
    assert get_num_threads() == 4
    set_num_threads(None)
    assert get_num_threads() == blocks._default_threads()


def test_threads_ends_with_an_error():
    set_num_threads(3)
    with pytest.raises(ZeroDivisionError), threads(5):
        raise ZeroDivisionError
    assert get_num_threads() == 3


def test_threads_holds_in_its_own_thread_and_its_helpers():
    counts = []
    set_num_threads(3)
    with threads(2):
        assert on_two_threads(lambda index: get_num_threads()) == [2, 2]
        stranger = threading.Thread(target=lambda: counts.append(get_num_threads()))
        stranger.start()
        stranger.join()
    assert counts == [3]


@pytest.mark.parametrize(
    "count", [0, -1, 1.5, 2.0, np.float64(2), "2", True, int, [2]], ids=lambda count: repr(count)
)
@pytest.mark.parametrize("setter", [set_num_threads, lambda n: threads(n).__enter__()])
def test_bad_number_of_threads(setter, count):
    before = get_num_threads()
    text = f"The number of threads must be an integer of at least 1. Got {count!r} instead."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        setter(count)
    assert get_num_threads() == before


def test_none_is_no_number_of_threads_in_a_with_statement():
    text = r"^The number of threads must be an integer of at least 1\. Got None instead\.$"
    with pytest.raises(ValueError, match=text), threads(None):
        pass


@pytest.mark.parametrize("value", ["0", "-2", "two", "1.5"])
def test_own_variable_must_be_a_number_of_threads(value):
    code = """
from scratchml.core.blocks import get_num_threads
try:
    get_num_threads()
except ValueError as error:
    print(error)
"""
    given = "0" if value == "0" else repr(value)
    assert run_python(code, env={"SCRATCHML_NUM_THREADS": value}) == (
        f"The number of threads must be an integer of at least 1. Got {given} instead.\n"
    )
