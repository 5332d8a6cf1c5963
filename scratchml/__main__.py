"""``python -m scratchml``: the same as the command ``scratchml``."""

from __future__ import annotations

import sys

from scratchml.cli import main

if __name__ == "__main__":
    sys.exit(main())
