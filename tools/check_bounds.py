"""Run the tests of kernels and algorithms with every array index checked.

    python tools/check_bounds.py [pytest options]

Machine code compiled earlier, without the checks, must not be taken from a cache: the run has an
empty one of its own. That the checks are there at all is shown first, by a kernel that reads past
the end of its array and must raise.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any

# Folders, files and tests with these words in their names. How long something takes is no question
# for slow code.
SELECTION = "algorithms or kernels"
MARKED = "not slow and not clock"


def read_past_end(values: Any) -> float:
    """Return the element that follows the last one: an IndexError where indices are checked."""
    return values[values.shape[0]]


def require_checks() -> None:
    """Exit unless a kernel compiled now raises on an index out of bounds."""
    import numpy as np

    from scratchml.core.jit import kernel

    try:
        kernel()(read_past_end)(np.zeros(3))
    except IndexError:
        return
    sys.exit("check_bounds: a kernel read past the end of its array and nothing was raised.")


def main(options: list[str]) -> int:
    """Return pytest's exit code."""
    with tempfile.TemporaryDirectory() as cache:
        # numba reads these when it is first imported, here and in the processes of the tests.
        os.environ.update(NUMBA_BOUNDSCHECK="1", SCRATCHML_CACHE_DIR=cache)
        require_checks()
        pytest = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile"]
        pytest += ["-k", SELECTION, "-m", MARKED, *options]
        return subprocess.run(pytest).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
