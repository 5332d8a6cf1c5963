"""What several files of thread tests share."""

from __future__ import annotations

import threading

from scratchml.core.blocks import map_blocks, threads

# Python 3.12 and later warn of any fork of a process with threads: that is what is tested here.
FORK = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"


def on_two_threads(step):
    """Map ``step(index)`` over two blocks at once: one in the caller, the other in a helper."""
    barrier = threading.Barrier(2, timeout=20)

    def meet(index, block):
        barrier.wait()
        return step(index)

    with threads(2):
        return map_blocks(meet, [slice(0)] * 2)
