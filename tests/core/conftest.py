"""Fixtures of the tests of threads, wherever they run."""

from __future__ import annotations

import os

import pytest

from scratchml.core.blocks import set_num_threads

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


@pytest.fixture(autouse=True)
def _default_thread_count():
    """Leave no number of threads behind."""
    yield
    set_num_threads(None)


@pytest.fixture
def total_module(tmp_path):
    """A folder with the module `work`, which other processes can import."""
    (tmp_path / "work.py").write_text(TOTAL)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    return {"cwd": tmp_path, "env": {"PYTHONPATH": path}}
