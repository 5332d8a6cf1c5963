"""Blocks: the cut, the map, errors, interrupts."""

from __future__ import annotations

import contextlib
import gc
import itertools
import threading
import time
import weakref

import numpy as np
import pytest
from helpers import run_python
from hypothesis import given, settings
from hypothesis import strategies as st
from threading_helpers import on_two_threads

from scratchml.core import blocks
from scratchml.core.blocks import (
    map_blocks,
    row_blocks,
    row_pieces,
    stop_if_cancelled,
    threads,
)

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
        ((10**6, 16), 10),
        ((10**6, 200), 16),
        ((10**6, 1000), 50),
        ((10**6, 10**4), 64),
        ((10**6, 10**4, 2**20), 64),
        ((10**6, 10**4, 2**21), 32),
        ((10**6, 10**4, 2**40), 1),
        ((960, 10**9), 2),
    ],
    ids=[
        "empty",
        "small",
        "light",
        "few",
        "more",
        "heavy",
        "just_fits",
        "memory",
        "huge_partial",
        "few_rows",
    ],
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
    assert threading.get_ident() in idents
    assert len(set(idents)) == 2


def test_one_thread_starts_no_other():
    with threads(1):
        idents = map_blocks(lambda i, b: threading.get_ident(), [slice(0)] * 10)
    assert set(idents) == {threading.get_ident()}


def test_ordered_sum_has_the_same_bits_for_any_number_of_threads(seed):
    random_state = np.random.RandomState(seed)
    X = random_state.lognormal(sigma=8, size=50_000)
    cut = row_blocks(len(X), 12_000)
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

    def inner_step(index, block):
        time.sleep(1e-3)  # time enough for helpers to come
        return threading.get_ident()

    def step(index):
        with threads(8):
            return threading.get_ident(), set(map_blocks(inner_step, [slice(0)] * 30))

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
    with np.errstate(divide="raise", over="call"):
        states = on_two_threads(lambda index: (np.geterr()["divide"], np.geterr()["over"]))
    assert states == [("raise", "call")] * 2


def test_helpers_keep_their_context_to_themselves():
    caller = threading.get_ident()

    def change(index):
        if threading.get_ident() != caller:
            np.seterr(divide="raise")

    with np.errstate(divide="ignore"):
        on_two_threads(change)
        assert np.geterr()["divide"] == "ignore"
        assert on_two_threads(lambda index: np.geterr()["divide"]) == ["ignore"] * 2


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
    other_failed = threading.Event()
    started = []

    def step(index, block):
        started.append(index)
        barrier.wait()
        if index == 0:
            other_failed.wait(20)
            time.sleep(0.02)
        else:
            other_failed.set()
        raise ValueError(f"block {index}")

    with threads(2), pytest.raises(ValueError, match=r"^block 0$"):
        map_blocks(step, [slice(0)] * 40)
    assert sorted(started) == [0, 1]


@pytest.mark.parametrize("caller_fails", [True, False], ids=["caller", "helper"])
def test_blocks_that_run_are_waited_for(caller_fails):
    caller = threading.get_ident()
    done = []

    def step(index):
        if (threading.get_ident() == caller) == caller_fails:
            raise ValueError("failed")
        time.sleep(0.1)
        done.append(index)

    with pytest.raises(ValueError, match=r"^failed$"):
        on_two_threads(step)
    assert len(done) == 1


def test_a_long_block_ends_when_another_one_fails():
    begun = threading.Event()

    def step(index, block):
        if threading.current_thread() is threading.main_thread():
            assert begun.wait(10)
            raise ValueError("this block failed")
        begun.set()
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            stop_if_cancelled()
        return "nobody stopped it"

    before = time.monotonic()
    with threads(2), pytest.raises(ValueError, match="this block failed"):
        map_blocks(step, [slice(0, 1), slice(1, 2)])
    assert time.monotonic() - before < 10


def test_outside_a_map_nothing_is_cancelled():
    stop_if_cancelled()


def test_interrupt_of_the_caller_comes_before_errors():
    caller = threading.get_ident()

    def step(index):
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
main = threading.get_ident()

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


@pytest.mark.clock
def test_interrupt_stops_a_long_map_within_half_a_second():
    code = """
started, done = set(), set()

def step(index, block):
    if threading.get_ident() != main:
        started.add(index)
    hashlib.sha256(data)  # as in a kernel: no GIL, deaf to signals
    done.add(index)

interrupt(0.2)
assert interrupted(step, 100_000) < 0.5
assert started
assert started <= done
with threads(2):
    assert map_blocks(lambda i, b: i, [slice(0)] * 9) == list(range(9))
"""
    run_python(INTERRUPT + code)


@pytest.mark.clock
def test_interrupt_of_a_caller_that_waits_for_a_helper():
    # The helper writes into the caller's arrays: it must not outlive the map.
    code = """
both = threading.Barrier(2, timeout=20)
done = []

def step(index, block):
    both.wait()
    if threading.get_ident() != main:
        interrupt(0.1)
        interrupt(0.2)  # an impatient user
        time.sleep(0.4)
        done.append(index)

interrupted(step, 2)
assert len(done) == 1
with threads(2):
    assert map_blocks(lambda i, b: i, [slice(0)] * 9) == list(range(9))
"""
    run_python(INTERRUPT + code)
