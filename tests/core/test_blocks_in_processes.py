"""Blocks after a fork, in worker processes and at the exit of the interpreter."""

from __future__ import annotations

import pytest
from helpers import run_python
from threading_helpers import FORK

BUSY = """
stop = threading.Event()
busy = [
    threading.Thread(target=lambda: [total() for _ in iter(stop.is_set, True)]) for _ in range(3)
]
for thread in busy:
    thread.start()
for _ in range(40):
    in_child(check)
stop.set()
for thread in busy:
    thread.join()
"""


@pytest.mark.parametrize("parent", ["fresh", "used", "in_use", "from_a_helper"])
def test_map_after_a_fork(total_module, parent):
    code = {
        "fresh": "in_child(check)",
        "used": "check(); in_child(check)",
        "in_use": BUSY,
        "from_a_helper": """
both = threading.Barrier(2, timeout=20)
def step(index, block):
    both.wait()
    in_child(check)
with threads(2):
    map_blocks(step, [slice(0)] * 2)
""",
    }[parent]
    check = """
from work import *
def check():
    answer, n_threads = total()
    assert answer == 435
    assert n_threads > 1  # the child has helpers of its own
"""
    run_python(FORK + check + code, **total_module)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_map_in_multiprocessing_workers(total_module, method):
    code = f"""
import multiprocessing
from work import total
total()
with multiprocessing.get_context({method!r}).Pool(2) as pool:
    assert [answer for answer, _ in pool.map(total, [1, 2, 3, 4])] == [435] * 4
    pool.close()
    pool.join()
"""
    run_python(FORK + code, **total_module)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_map_in_joblib_workers(total_module, backend):
    code = f"""
from joblib import Parallel, delayed
from work import total
total()
answers = Parallel(n_jobs=2, backend={backend!r})(delayed(total)(n) for n in [1, 2, 3, 4])
assert [answer for answer, _ in answers] == [435] * 4
"""
    run_python(FORK + code, **total_module)


def test_joblib_workers_share_the_processors(total_module):
    code = """
from joblib import Parallel, delayed, parallel_config
from work import get_num_threads
with parallel_config("loky", inner_max_num_threads=1):
    assert Parallel(n_jobs=2)(delayed(get_num_threads)() for _ in range(2)) == [1, 1]
"""
    run_python(FORK + code, **total_module)


@pytest.mark.parametrize("before", ["", "total()"], ids=["first", "again"])
def test_map_at_interpreter_exit(total_module, before):
    code = f"""
import atexit
from work import total
atexit.register(lambda: print(total()))
{before}
"""
    assert run_python(code, **total_module) == "(435, 1)\n"


def test_importing_is_light():
    code = """
import sys, threading
import scratchml.core.blocks
assert threading.active_count() == 1
assert not {"threadpoolctl", "numpy", "numba", "scipy"} & set(sys.modules)
"""
    run_python(code)
