"""Blocks and threads: the cut, the map, interrupts, forks, thread counts, the BLAS guard."""

from __future__ import annotations

import contextlib
import gc
import io
import itertools
import os
import re
import threading
import time
import weakref

import numpy as np
import pytest
import threadpoolctl
from helpers import run_python
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml.core import blocks
from scratchml.core.blocks import (
    get_num_threads,
    map_blocks,
    row_blocks,
    row_pieces,
    set_num_threads,
    single_threaded_blas,
    threads,
)


@pytest.fixture(autouse=True)
def _default_thread_count():
    """Leave no number of threads behind."""
    yield
    set_num_threads(None)


def on_two_threads(step):
    """Map ``step(index)`` so that blocks 1 and 2 run at once, in the caller and in a helper."""
    barrier = threading.Barrier(2, timeout=20)

    def meet(index, block):
        if index:
            barrier.wait()
        return step(index)

    with threads(2):
        return map_blocks(meet, [slice(0)] * 3)


# ---------------------------------------------------------------- the cut


@given(
    n_rows=st.integers(0, 10**7),
    operations=st.floats(0, 1e7),
    partial_bytes=st.integers(0, 2**31),
)
@settings(deadline=None)
def test_row_blocks_cover_all_rows(n_rows, operations, partial_bytes):
    cut = row_blocks(n_rows, operations, partial_bytes)
    assert cut[0].start == 0
    assert cut[-1].stop == n_rows
    assert all(a.stop == b.start for a, b in itertools.pairwise(cut))
    assert all(block.start % blocks.ROW_ALIGNMENT == 0 for block in cut)
    assert len(cut) <= blocks.MAX_BLOCKS == 64
    assert len(cut) == 1 or len(cut) * partial_bytes <= blocks.PARTIALS_BYTES
    assert len(cut) == 1 or all(block.start < block.stop for block in cut)
    with threads(5):
        assert row_blocks(n_rows, operations, partial_bytes) == cut


@pytest.mark.parametrize(
    ("shape", "n_blocks"),
    [
        ((0, 10), 1),
        ((150, 12), 1),
        ((10**6, 16), 5),
        ((10**6, 10**4), 64),
        ((10**6, 10**4, 2**20), 64),
        ((10**6, 10**4, 2**21), 32),
        ((10**6, 10**4, 2**40), 1),
        ((960, 10**9), 2),
    ],
    ids=["empty", "small", "light", "heavy", "just_fits", "memory", "huge_partial", "few_rows"],
)
def test_number_of_row_blocks(shape, n_blocks):
    assert len(row_blocks(*shape)) == n_blocks


def test_row_blocks_are_of_nearly_equal_size():
    sizes = [block.stop - block.start for block in row_blocks(10**6, 10**4)]
    assert max(sizes[:-1]) - min(sizes[:-1]) <= blocks.ROW_ALIGNMENT


@given(
    start=st.integers(0, 100),
    n_rows=st.integers(0, 10**5),
    operations=st.floats(0, 1e8),
)
@settings(deadline=None)
def test_row_pieces_cover_a_block(start, n_rows, operations):
    block = slice(480 * start, 480 * start + n_rows)
    pieces = list(row_pieces(block, operations))
    rows = [row for piece in pieces for row in (piece.start, piece.stop)]
    assert rows[:1] + rows[-1:] == ([block.start, block.stop] if n_rows else [])
    assert rows[1:-1:2] == rows[2:-1:2]
    assert all(piece.start % blocks.ROW_ALIGNMENT == 0 for piece in pieces)
    for piece in pieces:
        size = piece.stop - piece.start
        assert size <= 480 or size * operations <= blocks.PIECE_OPERATIONS


# ---------------------------------------------------------------- the map


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8, 100])
@pytest.mark.parametrize("n_blocks", [0, 1, 2, 3, 64, 500])
def test_results_are_in_block_order(n_blocks, n_threads):
    cut = [slice(i, i + 1) for i in range(n_blocks)]

    def step(index, block):
        time.sleep((index % 3) * 1e-5)
        return index, block

    with threads(n_threads):
        assert map_blocks(step, cut) == list(enumerate(cut))


def test_caller_and_helper_run_at_once():
    idents = on_two_threads(lambda index: threading.get_ident())
    assert idents[0] == threading.get_ident()
    assert threading.get_ident() in idents[1:]
    assert len(set(idents)) == 2


def test_first_block_is_done_before_any_other_starts():
    events = []

    def step(index, block):
        events.append(("start", index, threading.get_ident()))
        time.sleep(0.02)
        events.append(("stop", index, threading.get_ident()))

    with threads(4):
        map_blocks(step, [slice(0)] * 6)
    here = threading.get_ident()
    assert events[:2] == [("start", 0, here), ("stop", 0, here)]
    assert len(events) == 12


def test_one_thread_starts_no_other():
    with threads(1):
        idents = map_blocks(lambda i, b: threading.get_ident(), [slice(0)] * 10)
    assert set(idents) == {threading.get_ident()}


def test_ordered_sum_has_the_same_bits_for_any_number_of_threads(seed):
    random_state = np.random.RandomState(seed)
    X = random_state.lognormal(sigma=8, size=50_000)
    cut = row_blocks(len(X), 5000)
    assert len(cut) > 20

    def total():
        partial = map_blocks(lambda index, block: np.add.reduce(X[block]), cut)
        result = 0.0
        for value in partial:
            result += value
        return result.hex()

    totals = set()
    for n_threads in (1, 2, 3, 8):
        with threads(n_threads):
            totals.update(total() for _ in range(5))
    assert len(totals) == 1


def test_map_from_eight_threads_at_once():
    barrier = threading.Barrier(8, timeout=20)
    answers = {}

    def fit(name):
        barrier.wait()
        with threads(8):
            for _ in range(5):
                answers.setdefault(name, []).append(
                    map_blocks(lambda i, b: (time.sleep(1e-4), name * i)[1], [slice(0)] * 40)
                )

    fits = [threading.Thread(target=fit, args=(name,)) for name in range(8)]
    for thread in fits:
        thread.start()
    for thread in fits:
        thread.join()
    assert answers == {name: [[name * i for i in range(40)]] * 5 for name in range(8)}


def test_map_inside_a_helper_runs_inline():
    caller = threading.get_ident()

    def step(index):
        with threads(8):
            inner = map_blocks(lambda i, b: threading.get_ident(), [slice(0)] * 30)
        return threading.get_ident(), set(inner)

    helper_runs = [run for run in on_two_threads(step) if run[0] != caller]
    assert [inner for _, inner in helper_runs] == [{helper_runs[0][0]}]


def test_nested_maps_do_not_wait_for_each_other():
    def leaf(index, block):
        time.sleep(1e-4)
        return index

    def step(index, block):
        return map_blocks(leaf, [slice(0)] * 8)

    with threads(8):
        assert map_blocks(step, [slice(0)] * 64) == [list(range(8))] * 64


def test_helpers_see_the_callers_context():
    with np.errstate(divide="raise", over="call"), threads(2):
        states = on_two_threads(lambda index: (np.geterr()["divide"], np.geterr()["over"]))
    assert states == [("raise", "call")] * 3


def test_helpers_keep_their_context_to_themselves():
    caller = threading.get_ident()

    def change(index):
        if threading.get_ident() != caller:
            np.seterr(divide="raise")

    with np.errstate(divide="ignore"):
        on_two_threads(change)
        assert np.geterr()["divide"] == "ignore"
        assert on_two_threads(lambda index: np.geterr()["divide"]) == ["ignore"] * 3


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("n_threads", [1, 4])
def test_error_of_a_step_is_raised(n_threads):
    def step(index, block):
        if index == 3:
            raise ZeroDivisionError("block 3")

    with threads(n_threads), pytest.raises(ZeroDivisionError, match=r"^block 3$"):
        map_blocks(step, [slice(0)] * 4)


def test_error_of_the_lowest_block_wins_and_later_blocks_do_not_start():
    barrier = threading.Barrier(2, timeout=20)
    two_failed = threading.Event()
    started = []

    def step(index, block):
        started.append(index)
        if index == 0:
            return
        barrier.wait()
        if index == 1:
            two_failed.wait(20)
            time.sleep(0.02)
        else:
            two_failed.set()
        raise ValueError(f"block {index}")

    with threads(2), pytest.raises(ValueError, match=r"^block 1$"):
        map_blocks(step, [slice(0)] * 40)
    assert sorted(started) == [0, 1, 2]


def test_blocks_that_run_are_waited_for():
    done = []

    def step(index):
        if index == 1:
            raise ValueError("block 1")
        time.sleep(0.1)
        done.append(index)

    with pytest.raises(ValueError, match=r"^block 1$"):
        on_two_threads(step)
    assert done == [0, 2]


def test_interrupt_of_the_caller_comes_before_errors():
    caller = threading.get_ident()

    def step(index):
        if index:
            raise KeyboardInterrupt if threading.get_ident() == caller else ValueError("helper")

    with pytest.raises(KeyboardInterrupt):
        on_two_threads(step)


def test_error_holds_nothing_back():
    class Data:
        pass

    data = Data()
    gone = weakref.ref(data)

    def step(index, data=data):
        if index == 1:
            raise ValueError("block 1")

    gc.disable()  # what is freed is freed without it: no cycles
    try:
        with contextlib.suppress(ValueError):
            on_two_threads(step)
        del step, data
        assert gone() is None
    finally:
        gc.enable()


def test_map_works_where_no_thread_can_be_started(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(blocks, "_pool", None)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with threads(4):
        assert map_blocks(lambda i, b: i, [slice(0)] * 9) == list(range(9))


# ---------------------------------------------------------------- Ctrl-C

INTERRUPT = """
import hashlib, os, signal, threading, time
from scratchml.core.blocks import map_blocks, threads

data = bytes(8_000_000)
sent = None
running = 0

def interrupt(after):
    def send():
        global sent
        time.sleep(after)
        sent = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send).start()

def interrupted(step, n_blocks):
    try:
        with threads(2):
            map_blocks(step, [slice(0)] * n_blocks)
    except KeyboardInterrupt:
        return time.monotonic() - sent
    raise AssertionError("no KeyboardInterrupt")
"""


def test_interrupt_stops_a_long_map_within_half_a_second():
    code = """
def step(index, block):
    global running
    running += 1
    hashlib.sha256(data)  # as in a kernel: no GIL, deaf to signals
    running -= 1

interrupt(0.2)
assert interrupted(step, 100_000) < 0.5
assert running == 0
with threads(2):
    assert map_blocks(lambda i, b: i, [slice(0)] * 9) == list(range(9))
"""
    run_python(INTERRUPT + code)


def test_interrupt_of_a_caller_that_waits_for_a_helper():
    # The helper writes into the caller's arrays: it must not outlive the map.
    code = """
both = threading.Barrier(2, timeout=20)
main = threading.get_ident()
done = []

def step(index, block):
    if index == 0:
        return
    both.wait()
    if threading.get_ident() != main:
        interrupt(0.1)
        interrupt(0.2)  # an impatient user
        time.sleep(0.4)
        done.append(index)

interrupted(step, 3)
assert len(done) == 1
with threads(2):
    assert map_blocks(lambda i, b: i, [slice(0)] * 9) == list(range(9))
"""
    run_python(INTERRUPT + code)


# ---------------------------------------------------------------- forks, processes, shutdown

TOTAL = """
import threading, time
from scratchml.core.blocks import get_num_threads, map_blocks, threads

def total(n_threads=4):
    idents = set()
    def step(index, block):
        idents.add(threading.get_ident())
        time.sleep(0.001)
        return index
    with threads(n_threads):
        return sum(map_blocks(step, [slice(0)] * 30)), len(idents)

def in_child(action):
    import os
    child = os.fork()
    if child == 0:
        try:
            action()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def total_module(tmp_path):
    """A folder with the module `work`, which other processes can import."""
    (tmp_path / "work.py").write_text(TOTAL)
    return {"cwd": tmp_path, "env": {"PYTHONPATH": str(tmp_path)}}


# Python 3.12 and later warn of any fork of a process with threads: that is what is tested here.
FORK = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"


@pytest.mark.parametrize("parent", ["fresh", "used", "in_use", "from_a_helper"])
def test_map_after_a_fork(total_module, parent):
    code = {
        "fresh": "in_child(check)",
        "used": "check(); in_child(check)",
        "in_use": """
stop = threading.Event()
busy = [
    threading.Thread(target=lambda: [total() for _ in iter(stop.is_set, True)]) for _ in range(3)
]
for thread in busy:
    thread.start()
for _ in range(20):
    in_child(check)
stop.set()
for thread in busy:
    thread.join()
""",
        "from_a_helper": """
both = threading.Barrier(2, timeout=20)
def step(index, block):
    if index:
        both.wait()
        in_child(check)
with threads(2):
    map_blocks(step, [slice(0)] * 3)
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


def test_importing_starts_and_loads_nothing():
    code = """
import sys, threading
import scratchml.core.blocks
assert threading.active_count() == 1
assert not {"concurrent.futures", "threadpoolctl", "numpy", "numba", "scipy"} & set(sys.modules)
"""
    run_python(code)


# ---------------------------------------------------------------- how many threads

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
    assert blocks._available_processors() == expected


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
        assert on_two_threads(lambda index: get_num_threads()) == [2, 2, 2]
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


# ---------------------------------------------------------------- BLAS


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
